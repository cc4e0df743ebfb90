/** What this home stores in the core's lanes, and what it means (the home's `read`). Pure. */
import {
  type GhostRef,
  type HomeEvent,
  type HomeName,
  type MessageId,
  messageId,
  type ResidentId,
  residentId,
  roomId,
} from "../../bridge/model.ts";
import { correctionLine } from "../../bridge/text/correction.ts";
import { firstStrong, readDirection } from "../../bridge/text/direction.ts";
import { concat, plainRich, type RichText, storable, textOf } from "../../bridge/text/model.ts";
import { plainText } from "../../bridge/text/plain.ts";
import { quotedReply } from "../../bridge/text/quote.ts";
import { slice } from "../../bridge/text/split.ts";
import type { Via } from "../../bridge/via.ts";
import { type BareJid, bare, type Jid, readJid } from "../jid.ts";
import { type GhostJids, residentJid } from "./ghost.ts";
import { messageName, nameOf, nameQuoted } from "./message-id.ts";
import { richOfStyling } from "./styling.ts";

interface Sent {
  /** Who: the person's full address. */
  readonly from: Jid;
  /** The ghost, or the gateway. */
  readonly to: BareJid;
  /** The stanza's id. */
  readonly id?: string;
  /** The conference in which it was said; absent: in the chat of the two. */
  readonly room?: string;
  /** Whose words they count as, where the sender may be anybody. */
  readonly resident?: string;
  /** Who said it in the resident's stead. */
  readonly speaker?: string;
  /** In a group's room: where a bridge has carried it from. */
  readonly via?: Via;
  /** How the core calls it, in a group's room; absent: by what else is here. */
  readonly as?: string;
}

type InGroup = Sent & { readonly room: string };
type Reshaping = (HomeEvent & { kind: "reshaped" })["change"];

/** What a person does to their contact list. */
export type Act =
  | "subscribe"
  | "subscribed"
  | "unsubscribe"
  | "unsubscribed"
  | "block"
  | "unblock"
  | "roster-rename"
  | "roster-groups"
  | "roster-remove"
  /** The gateway alone: after everything is unlinked (XEP-0100 §4.3.1). */
  | "unregister";

export type Stored =
  | (Sent & {
      readonly kind: "message";
      readonly body: string;
      /** There are no signs in the body. */
      readonly unstyled?: true;
      /** The same words with their looks. */
      readonly rich?: RichText;
      /** It corrects other words. */
      readonly fixes?: true;
      /** The words that are corrected or answered, as far as they are known. */
      readonly about?: string;
      /** Who has said the words that are answered. */
      readonly of?: string;
      /** The body only names what was sent, and this is what it is for its sender. */
      readonly instead?: string;
      /** In a group's room: what it does to another message there, by the core's name of that. */
      readonly relation?: { readonly kind: "reply" | "edit" | "removal"; readonly target: string };
      readonly receipt?: true;
    })
  | (Sent & { readonly kind: "nudge"; readonly receipt?: true })
  /** `text` is what the message says that is reacted to. */
  | (Sent & {
      readonly kind: "reaction";
      readonly target: string;
      readonly text: string;
      readonly key: string;
      readonly removed?: true;
    })
  /** In a group's room, as all of these. */
  | (InGroup & { readonly kind: "asked" | "removed"; readonly ghost: GhostRef })
  | (InGroup & { readonly kind: "reshaped"; readonly change: Reshaping })
  | (InGroup & { readonly kind: "left" | "shut-out" })
  | (InGroup & { readonly kind: "moved"; readonly where: string })
  | (Sent & { readonly kind: "unsupported"; readonly what: string })
  /** A message that is stored already, said again by a client that has heard nothing of it. */
  | (Sent & { readonly kind: "again"; readonly id: string; readonly receipt?: true })
  /** The first word of a chat: its room comes about. */
  | (Sent & { readonly kind: "open"; readonly ghost?: GhostRef })
  | (Sent & { readonly kind: "command"; readonly line: string; readonly room: string })
  | (Sent & { readonly kind: "act"; readonly act: Act; readonly text?: string; readonly groups?: readonly string[] });

export type StoredAct = Stored & { kind: "act" };

const KINDS: ReadonlySet<string> = new Set<Stored["kind"]>([
  ...(["message", "nudge", "unsupported", "again", "open", "command", "act"] as const),
  ...(["reaction", "asked", "removed", "reshaped", "left", "shut-out", "moved"] as const),
]);

/** What came out of a lane, checked; `undefined` for what no version of this home has stored. */
export function parseStored(raw: unknown): Stored | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { kind, from, to } = raw as Record<string, unknown>;
  if (typeof kind !== "string" || !KINDS.has(kind) || typeof from !== "string" || typeof to !== "string")
    return undefined;
  return readJid(from) !== undefined && readJid(to) !== undefined ? (raw as Stored) : undefined;
}

/** See {@link Home.read}. */
export function readStored(raw: unknown, home: HomeName, names: GhostJids): HomeEvent | undefined {
  const stored = parseStored(raw);
  if (stored === undefined) return undefined;
  if (stored.kind === "act") return { kind: "own" };
  const event = readWords(stored, home, names);
  const isSaid = event?.kind === "text" || event?.kind === "nudge" || event?.kind === "reaction";
  return isSaid && stored.via !== undefined ? { ...event, via: stored.via } : event;
}

function readWords(stored: Exclude<Stored, StoredAct>, home: HomeName, names: GhostJids): HomeEvent | undefined {
  const resident = (stored.resident as ResidentId | undefined) ?? residentId(home, bare(stored.from));
  const room = stored.room === undefined ? names.room(stored.to, residentJid(resident)) : roomId(stored.room);
  const who = { resident, room };
  if (stored.kind === "open") {
    const ghost = stored.ghost ?? names.parse(stored.to);
    return ghost === undefined ? undefined : { kind: "invited", ...who, ghost, direct: true };
  }
  const message = nameStored(stored);
  const speaker = stored.speaker === undefined ? {} : { speaker: stored.speaker };
  switch (stored.kind) {
    case "message":
      return said(stored, { ...who, message, ...speaker, ...(stored.instead && { instead: stored.instead }) });
    case "nudge":
      return { kind: "nudge", ...who, message, ...speaker };
    case "again":
      return { kind: "again", ...who, message, is: (name) => messageName(name)?.id === stored.id };
    case "unsupported":
      return { kind: "unsupported", ...who, message, what: stored.what };
    case "command":
      return { kind: "command", ...who, message, line: stored.line };
    case "reaction": {
      const { key, text, removed } = stored;
      const target = messageId(stored.target);
      return { kind: "reaction", ...who, message, target, text, key, ...(removed && { removed }), ...speaker };
    }
    default:
      return inGroup(stored, who, message);
  }
}

/** What happens in rooms of groups alone. */
function inGroup(
  stored: Extract<Stored, InGroup>,
  who: Pick<Text, "resident" | "room">,
  message: MessageId,
): HomeEvent | undefined {
  switch (stored.kind) {
    case "asked":
      return { kind: "invited", ...who, ghost: stored.ghost, direct: false };
    case "removed":
      return { kind: "removed", ...who, message, ghost: stored.ghost };
    case "reshaped":
      return { kind: "reshaped", ...who, message, change: stored.change };
    case "moved":
      return { kind: "moved", ...who, to: roomId(stored.where) };
    case "left":
    case "shut-out":
      return { kind: stored.kind, ...who };
    default:
      return undefined;
  }
}

function nameStored(stored: Stored): MessageId {
  if (stored.as !== undefined) return messageId(stored.as);
  const isPublic = stored.room !== undefined && stored.kind !== "command";
  if (isPublic) return nameQuoted(stored.id, stored.kind === "message" ? stored.body : "");
  return nameOf(stored.from, stored.id, "receipt" in stored && stored.receipt === true);
}

type Text = HomeEvent & { kind: "text" };
export type StoredMessage = Stored & { kind: "message" };

const SIGNS = /[*_~`]/;
const STAR = plainRich("* ");

/** MSN has neither actions nor corrections in its texts: a star stands for both, as people write it. */
function said(stored: StoredMessage, who: Omit<Text, "kind" | "text" | "rich">): HomeEvent | undefined {
  const { body, fixes, about, rich, relation } = stored;
  if (relation !== undefined) return related(stored, relation, who);
  // Plain words, which most are, cost nothing more.
  const isPlainly = rich === undefined && about === undefined && (stored.unstyled || !SIGNS.test(body));
  if (isPlainly && firstStrong(body) !== "rtl") {
    const words = body.startsWith("/me ") ? `* ${body.slice(4)}` : body;
    return { kind: "text", ...who, text: fixes ? `* ${words}` : words };
  }
  const words = wordsOf(stored);
  if (!fixes)
    return spoken(about === undefined ? words : quotedReply(words, { name: stored.of ?? "", text: about }), who);
  const whole = concat(STAR, words);
  const line = about === undefined ? undefined : correctionLine(about, plainText(words));
  if (about !== undefined && line === undefined) return undefined;
  return line === undefined || line === plainText(whole) ? spoken(whole, who) : { kind: "text", ...who, text: line };
}

/** The text for those who know nothing of the kind, and what it is to those who do. */
function related(
  stored: StoredMessage,
  { kind, target }: NonNullable<StoredMessage["relation"]>,
  who: Omit<Text, "kind" | "text" | "rich">,
): HomeEvent | undefined {
  const { relation: _, ...plainly } = stored;
  const line = said(plainly, who);
  // No word has changed.
  const isOfLooks = line === undefined && kind === "edit";
  const text = isOfLooks ? spoken(concat(STAR, wordsOf(stored)), { ...who, looksAlone: true }) : line;
  if (text?.kind !== "text") return undefined;
  if (kind === "removal") return { ...text, about: { kind, target: messageId(target) } };
  const words = wordsOf(stored);
  const rich = storable(words);
  return { ...text, about: { kind, target: messageId(target), text: plainText(words), ...(rich && { rich }) } };
}

/** The words as those read them who see no looks: so they are remembered, quoted and compared. */
export function plainWords(stored: StoredMessage): string {
  return plainText(wordsOf(stored));
}

function wordsOf({ body, rich, unstyled }: StoredMessage): RichText {
  const words = rich ?? (unstyled ? readDirection(plainRich(body)) : richOfStyling(body));
  const text = textOf(words);
  return text.startsWith("/me ") ? concat(STAR, slice(words, 4, text.length)) : words;
}

function spoken(words: RichText, who: Omit<Text, "kind" | "text" | "rich">): HomeEvent {
  const rich = storable(words);
  return { kind: "text", ...who, text: plainText(words), ...(rich && { rich }) };
}
