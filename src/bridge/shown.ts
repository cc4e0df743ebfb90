import type { AccountRecord, Availability, Presence, ResidentId } from "./model.ts";
import { AVAILABILITIES } from "./model.ts";
import { OFFLINE, ownPresence } from "./presence.ts";

/** What the network sees of an account. */
export interface Shown {
  readonly availability: Availability;
  readonly text: string;
  readonly media?: string;
}

/**
 * The owners' explicit wish, else what their homes say; nothing known, or gone from all that say something while they may
 * be in one that does not: online. Pure.
 */
export function shownPresence(
  member: { record: AccountRecord; homes: ReadonlyMap<ResidentId, Presence> },
  ownerOffline: Availability,
  mayBeElsewhere = false,
): Shown {
  const { wishedAvailability, wishedText } = member.record;
  const told = ownPresence(member.homes.values());
  const isThere = told === undefined || (told.availability === "offline" && mayBeElsewhere);
  const home = { ...OFFLINE, ...told, ...(isThere ? { availability: "online" as const } : {}) };
  const automatic = home.availability === "offline" ? ownerOffline : home.availability;
  return {
    availability: wishedAvailability === "automatic" ? automatic : wishedAvailability,
    text: wishedText ?? home.text,
    ...(home.media === undefined ? {} : { media: home.media }),
  };
}

/** What {@link Fleet.homePresence} kept; anything else is as good as nothing. */
export function parsePresence(text: string | undefined): Presence | undefined {
  if (!text) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("availability" in value) || !("text" in value)) return undefined;
  const availability = AVAILABILITIES.find((one) => one === value.availability);
  return availability && typeof value.text === "string" ? { availability, text: value.text } : undefined;
}
