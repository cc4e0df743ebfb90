/**
 * MSN's states on XMPP and back. XMPP has fewer: what a `show` cannot say stands before the status in words, and the same
 * words in a person's own status are understood. Source: msnp-chat §9. Pure.
 */
import type { Availability, Presence } from "../../bridge/model.ts";
import { MOST_PRESENT_FIRST } from "../../bridge/model.ts";
import type { ReadPresence, Show, Shown } from "../stanza/presence.ts";

const SHOWS: Readonly<Record<Availability, { show: Show | undefined; words: string } | undefined>> = {
  online: { show: undefined, words: "" },
  busy: { show: "dnd", words: "" },
  idle: { show: "xa", words: "" },
  "be-right-back": { show: "away", words: "Be right back" },
  away: { show: "away", words: "" },
  "on-the-phone": { show: "dnd", words: "On the phone" },
  "out-to-lunch": { show: "away", words: "Out to lunch" },
  hidden: undefined,
  offline: undefined,
};

/** How a contact is shown; `undefined`: as gone. */
export function toShown({ availability, text }: Presence): Shown | undefined {
  const row = SHOWS[availability];
  if (row === undefined) return undefined;
  return { show: row.show, status: [row.words, text].filter((part) => part !== "").join(" – ") };
}

const FROM_SHOW: Readonly<Record<Show, Availability>> = { chat: "online", away: "away", xa: "away", dnd: "busy" };

/** A person's presence, from one of their clients. */
export function fromPresence({ type, show, status }: Pick<ReadPresence, "type" | "show" | "status">): Presence {
  if (type === "invisible") return { availability: "hidden", text: status };
  if (type !== "available") return { availability: "offline", text: "" };
  for (const [availability, row] of Object.entries(SHOWS)) {
    if (row === undefined || row.words === "") continue;
    const rest = status.slice(row.words.length);
    if (!status.toLowerCase().startsWith(row.words.toLowerCase()) || !/^(\s*[–-]\s*|$)/.test(rest)) continue;
    return { availability: availability as Availability, text: rest.replace(/^\s*[–-]\s*/, "") };
  }
  return { availability: show === undefined ? "online" : FROM_SHOW[show], text: status };
}

/** A client that its owner is signed in with. */
export interface Resource {
  readonly presence: Presence;
  readonly priority: number;
  /** When it said so last; grows. */
  readonly seq: number;
}

/** Several clients are one person: the one with the highest priority speaks, of equals the most present, then the newest. */
export function mergeResources(resources: Iterable<Resource>): Presence {
  let best: Resource | undefined;
  for (const one of resources) if (best === undefined || isBefore(one, best)) best = one;
  return best?.presence ?? { availability: "offline", text: "" };
}

function isBefore(a: Resource, b: Resource): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  const [of, than] = [
    MOST_PRESENT_FIRST.indexOf(a.presence.availability),
    MOST_PRESENT_FIRST.indexOf(b.presence.availability),
  ];
  return of === than ? a.seq > b.seq : of < than;
}
