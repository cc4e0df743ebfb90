/**
 * Where a word that the bridge posts in a group's room has been (bridge/via.ts), in the event. It is bound to the room and to who is
 * posting, because clients copy keys that they do not know when somebody forwards a message: a copy is that person's own words.
 * Pure.
 */

import { createHash } from "node:crypto";
import { readVia, type Via } from "../../bridge/via.ts";

/** The key in the event's content. */
export const VIA = "msnbridge.via";

/** For an event's content; nothing for words that have been nowhere. */
export function viaContent(room: string, sender: string, via: Via | undefined): Readonly<Record<string, unknown>> {
  return via === undefined || via.length === 0 ? {} : { [VIA]: { as: binding(room, sender), places: via } };
}

/** `undefined`: the sender says it. */
export function viaIn(room: string, sender: string, content: Readonly<Record<string, unknown>>): Via | undefined {
  const note = content[VIA];
  if (typeof note !== "object" || note === null) return undefined;
  const { as, places } = note as { readonly as?: unknown; readonly places?: unknown };
  const via = readVia(places);
  return via.length > 0 && as === binding(room, sender) ? via : undefined;
}

function binding(room: string, sender: string): string {
  return createHash("sha256").update(`${room}\n${sender}`).digest("base64url").slice(0, 12);
}
