/** What is kept of the messages that people send. */
import { createHash, randomUUID } from "node:crypto";
import { storable, textOf } from "../../bridge/text/model.ts";
import { type BareJid, bare } from "../jid.ts";
import type { ReadMessage } from "../stanza/message.ts";
import { standIn } from "./others.ts";
import type { Stored, StoredMessage } from "./stored.ts";
import { richOfXhtml } from "./xhtml.ts";

/** Bytes of a text that is taken; MSN splits what is longer than 1.4 kB as it is. */
const LONGEST = 64 * 1024;
/** Characters of a command. */
const LONGEST_LINE = 4000;
/** An id this long is no counter: no other message of this person has it. */
const UNIQUE = 16;

export type StoredWords = Stored & { readonly kind: "message" | "nudge" | "unsupported" | "reaction" };

/** What is stored of a message to a contact; `undefined`: nothing is said in it. Pure. */
export function storedOf(message: ReadMessage, us: BareJid): StoredWords | undefined {
  const { from, id, body, corrects, wantsReceipt, isNudge, isEncrypted, reacts } = message;
  const sent = { from, to: us, ...(id === undefined ? {} : { id }) };
  const receipt = wantsReceipt ? ({ receipt: true } as const) : {};
  if (isNudge) return { kind: "nudge", ...sent, ...receipt };
  if (isEncrypted) return { kind: "unsupported", ...sent, what: "an encrypted message" };
  // Words beside a reaction say it to those who know none.
  if (reacts !== undefined) return undefined;
  if (Buffer.byteLength(body ?? "") > LONGEST)
    return { kind: "unsupported", ...sent, what: "a message of more than 64 kB" };
  const fixes = corrects === undefined ? {} : ({ fixes: true } as const);
  const other = standIn(message);
  if (other !== undefined) {
    const instead = other.what === undefined ? {} : { instead: other.what };
    return { kind: "message", ...sent, body: other.line, unstyled: true, ...instead, ...fixes, ...receipt };
  }
  if (body === undefined || body.trim() === "") return undefined;
  return { kind: "message", ...sent, ...wordsOf(message, body), ...fixes, ...receipt };
}

const QUOTED = 500;

/** What is said, how it looks, and what it answers where that is quoted. */
function wordsOf({ html, unstyled, quoteEnd, corrects }: ReadMessage, body: string) {
  const signs = unstyled ? ({ unstyled: true } as const) : {};
  const formatted = html === undefined ? undefined : richOfXhtml(html);
  if (formatted !== undefined && textOf(formatted).trim() !== "") {
    const rich = storable(formatted);
    // Who says beside it how it looks means no signs.
    return rich === undefined ? ({ body, unstyled: true } as const) : { body, rich };
  }
  if (quoteEnd === undefined) return { body, ...signs };
  const points = [...body];
  const answer = points.slice(quoteEnd).join("");
  const about = points.slice(0, Math.min(quoteEnd, QUOTED)).join("").replace(/^> ?/gm, "").trim();
  if (answer.trim() === "" || about === "") return { body, ...signs };
  // A correction is about what its sender has said, and no answer any more.
  return corrects === undefined ? { body: answer, about, ...signs } : { body: answer, ...signs };
}

/** As {@link storedOf}, in the order in which it goes to the network: attention may come with words, which MSN says apart. */
export function allStoredOf(message: ReadMessage, us: BareJid): StoredWords[] {
  const raw = storedOf(message, us);
  const words = raw?.kind === "nudge" ? storedOf({ ...message, isNudge: false }, us) : undefined;
  return [words, raw].filter((one) => one !== undefined);
}

/** What is said to the bridge begins with this, in a room in which everything else is said to all. */
const TO_BRIDGE = /^!msn(?:\s|$)/i;

/** Whether words in a room are for the bridge alone: nobody else has them, nor what is said about them. Pure. */
export function isToBridge(text: string | undefined): boolean {
  return text !== undefined && TO_BRIDGE.test(text);
}

/** What is remembered of them: that there were some. */
export const ASIDE = "!msn";

/** Whether what is remembered is that; others than who may give commands are heard by all, whatever they begin with. Pure. */
export function wasToBridge(remembered: string | undefined): boolean {
  return remembered === ASIDE;
}

/** Words that were about such words, by themselves. Pure. */
export function unrelated<T extends StoredMessage>({ fixes: _fixes, about: _about, ...words }: T) {
  return words;
}

/** The command in words to the bridge itself. Pure. */
export function commandOf(body: string): string {
  return body
    .slice(0, LONGEST_LINE)
    .replace(/^!msn\s+/i, "")
    .trim();
}

/**
 * The name of a stanza, under which it is stored once. A client that lost its connection sends again under the same id; but
 * some count their ids from 1 at each start, so only what is unique for sure counts. What goes to several at once has one id
 * for all of them (XEP-0033). `otherwise`: the name of what has none that is unique.
 */
export function batchOf({ from, to, originId, id }: ReadMessage, otherwise: string = randomUUID()): string {
  const name = originId ?? (id !== undefined && id.length >= UNIQUE ? id : undefined);
  if (name === undefined) return otherwise;
  return createHash("sha256")
    .update(`${bare(from)}\n${bare(to)}\n${name}`)
    .digest("base64url");
}
