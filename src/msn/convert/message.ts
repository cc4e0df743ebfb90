import type { GroupWords } from "../../bridge/groups/model.ts";
import type { NetworkMessage, OwnPlace } from "../../bridge/model.ts";
import { isVisible, oneLine } from "../../bridge/plain.ts";
import type { OfflineWords, OwnWords } from "../../bridge/ports/network.ts";
import { concat, isPlain, plainRich, type RichText, textOf } from "../../bridge/text/model.ts";
import { plainText } from "../../bridge/text/plain.ts";
import { readVia } from "../../bridge/via.ts";
import type { Conversation, Email, IncomingMessage, OfflineMessage, TextFormat } from "../../msnp/index.ts";
import { addressOf } from "./contact.ts";
import { otherLine } from "./others.ts";
import { type Pictures, richOfMsn, wordsOfMsn } from "./rich.ts";

/** Characters of a circle's name in front of what is said there. */
const LONGEST_NAME = 60;

/** How the words of one who speaks are read. */
export interface Reading extends Pictures {
  /** Shortcuts that stand for pictures of their own. */
  readonly custom?: readonly string[];
}

const AS_USUAL: Reading = { emoticons: true };

/** What was said, without who said it. */
type Said = Pick<NetworkMessage, "kind" | "text" | "rich" | "nudge">;

/**
 * A message of the network in the bridge's words; undefined for what is not meant for people (client capabilities and the
 * like), and for words of which MSN's own clients show nothing either (codes around nothing, control characters). What is said among several stands in the chat with who said it, marked, where groups have no chat of their own.
 */
export function networkMessage(message: IncomingMessage, reading: Reading = AS_USUAL): GroupWords | undefined {
  const { conversation } = message;
  const { isGroup } = conversation;
  const nudge = isGroup ? { text: "sent a nudge" } : { text: "sent you a nudge", nudge: true as const };
  const heard = said(message, reading, nudge, amongSeveral(conversation));
  return heard && { ...heard, ...spokenBy(message) };
}

/** The same for the chat of the group in which it was said. `own`: by the account's owner, at that place. */
export function groupWords(
  message: IncomingMessage,
  reading: Reading,
  own: OwnPlace | undefined,
): GroupWords | undefined {
  const heard = said(message, reading, { text: "sent a nudge", nudge: true });
  const via = readVia(message.via);
  return heard && { ...heard, ...spokenBy(message), ...(own && { own }), ...(via.length > 0 && { via }) };
}

function spokenBy({ from, fromName, receivedAt, mark }: IncomingMessage): Omit<GroupWords, "kind" | "text"> {
  const who = { from: addressOf(from), fromName: wordsOfMsn(fromName), at: receivedAt };
  return mark === undefined ? who : { ...who, mark };
}

function said(
  { body }: IncomingMessage,
  reading: Reading,
  nudge: Pick<NetworkMessage, "text" | "nudge">,
  among = "",
): Said | undefined {
  switch (body.kind) {
    case "text":
      return words(body.text, body.format ?? {}, among, reading);
    case "action": {
      const text = wordsOfMsn(body.text);
      return isVisible(text) ? { kind: "notice", text: among + text } : undefined;
    }
    case "nudge":
      return { kind: "notice", ...nudge, text: among + nudge.text };
    default: {
      const line = otherLine(body);
      return line === undefined ? undefined : { kind: "notice", text: among + line };
    }
  }
}

/** What is said, and the same with its looks where it has any; undefined when nothing is to be seen in it. */
function words(
  text: string,
  format: TextFormat,
  among: string,
  { custom = [], ...pictures }: Reading,
): Said | undefined {
  const said = richOfMsn({ text, format }, custom, pictures);
  if (!isVisible(textOf(said))) return undefined;
  return { kind: "text", ...lookless(among === "" ? said : concat(plainRich(among), said)) };
}

function lookless(said: RichText): Pick<NetworkMessage, "text" | "rich"> {
  const text = plainText(said);
  return isPlain(said) && !said.rightToLeft ? { text } : { text, rich: said };
}

/** Where something was said, unless it was between two. */
function amongSeveral({ kind, name = "", isGroup }: Conversation): string {
  if (!isGroup) return "";
  const shown = kind === "circle" ? oneLine(name, LONGEST_NAME) : "";
  return shown === "" ? "(in a group chat) " : `(in the circle ${shown}) `;
}

/**
 * What the owner said at another place; undefined for what is not meant for people, or has nobody to stand with. `device`:
 * how that place is called. `lastSpeaker`: of others in that conversation; what is said among several stands with them.
 */
export function ownWords(
  message: IncomingMessage,
  device: string | undefined,
  lastSpeaker: Email | undefined,
  reading: Reading = AS_USUAL,
): OwnWords | undefined {
  const { conversation, body } = message;
  const to = message.to ?? addressee(message, lastSpeaker);
  const said = networkMessage(message, reading);
  if (to === undefined || said === undefined) return undefined;
  const text = body.kind === "nudge" && !conversation.isGroup ? "sent a nudge" : said.text;
  const { kind, fromName, rich, at } = said;
  return {
    kind,
    to: addressOf(to),
    fromName,
    text,
    ...(rich && { rich }),
    at,
    ...(device === undefined ? {} : { device }),
  };
}

function addressee({ conversation, from }: IncomingMessage, lastSpeaker: Email | undefined): Email | undefined {
  const [first, second] = [...conversation.members].filter((member) => member !== from);
  if (conversation.isGroup) return lastSpeaker ?? first;
  return second === undefined ? first : undefined;
}

/** Servers' ids are GUIDs; nothing may come of a longer one than that it is cut. */
const LONGEST_ID = 200;

/** A message that waited, with the time at which it was said and the server's own name of it; undefined when it shows nothing. */
export function offlineWords(message: OfflineMessage, reading: Reading = AS_USUAL): OfflineWords | undefined {
  const { id, from, text, sentAt } = message;
  const heard = words(text, {}, "", reading);
  if (heard === undefined) return undefined;
  const common = { from: addressOf(from), fromName: wordsOfMsn(message.fromName), at: sentAt };
  return { id: id.slice(0, LONGEST_ID), message: { ...common, ...heard } };
}
