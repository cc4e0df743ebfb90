/**
 * Presence in both directions. Matrix knows three states (`busy` is refused unless an experiment is switched on, stack A3),
 * MSN eight: what gets lost is said in words in front of the personal message, e.g. `Be right back – gone fishing`.
 */
import type { Availability, Presence } from "../../bridge/model.ts";

export type MatrixState = "online" | "unavailable" | "offline";

interface Row {
  readonly state: MatrixState;
  /** Said in front of the personal message; empty when the state says it all. */
  readonly word: string;
}

/** Every state of MSN as Matrix shows it (msnp-core §6.1). */
export const SHOWN: Readonly<Record<Availability, Row>> = {
  online: { state: "online", word: "" },
  busy: { state: "unavailable", word: "Busy" },
  idle: { state: "unavailable", word: "Idle" },
  "be-right-back": { state: "unavailable", word: "Be right back" },
  away: { state: "unavailable", word: "Away" },
  "on-the-phone": { state: "unavailable", word: "On the phone" },
  "out-to-lunch": { state: "unavailable", word: "Out to lunch" },
  hidden: { state: "offline", word: "" },
  offline: { state: "offline", word: "" },
};

const DASH = " – ";

/** What is put as a ghost's presence. An empty `status_msg` clears the one before. */
export function toMatrixPresence(presence: Presence): { presence: MatrixState; status_msg: string } {
  const row = SHOWN[presence.availability];
  if (row.state === "offline") return { presence: "offline", status_msg: "" };
  const media = presence.media ? `♫ ${presence.media}` : "";
  const parts = [row.word, presence.text.trim(), media].filter((part) => part !== "");
  return { presence: row.state, status_msg: parts.join(DASH) };
}

const WORDS: readonly (readonly [string, Availability])[] = Object.entries(SHOWN)
  .filter(([, row]) => row.word !== "")
  .map(([availability, row]) => [row.word.toLowerCase(), availability as Availability] as const);

/** `Busy – until five` as a state and what is left; `undefined` when the text starts with no word of ours. */
function spoken(text: string): { availability: Availability; text: string } | undefined {
  const lower = text.toLowerCase();
  for (const [word, availability] of WORDS) {
    if (lower === word) return { availability, text: "" };
    const rest = /^\s*[–—:-]\s+/.exec(text.slice(word.length));
    if (lower.startsWith(word) && rest) return { availability, text: text.slice(word.length + rest[0].length) };
  }
  return undefined;
}

/**
 * A resident's presence in neutral words. A status that starts with one of our own words means that state, so that a
 * person can be `Busy` or `Out to lunch` from a client with three states. `undefined`: not a presence.
 */
export function fromMatrixPresence(content: unknown): Presence | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  const { presence, status_msg: status } = content as { presence?: unknown; status_msg?: unknown };
  const text = typeof status === "string" ? status.trim().slice(0, 1000) : "";
  if (presence === "offline") return { availability: "offline", text };
  const word = spoken(text);
  switch (presence) {
    case "online":
      return word ?? { availability: "online", text };
    case "unavailable":
      return word ?? { availability: "idle", text };
    case "busy":
    case "org.matrix.msc3026.busy":
      return word ?? { availability: "busy", text };
    default:
      return undefined;
  }
}
