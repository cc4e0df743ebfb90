import type { NetworkMessage } from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { OfflineWords, OwnWords } from "../../bridge/ports/network.ts";
import { concat, isPlain, plainRich, type RichText } from "../../bridge/text/model.ts";
import { plainText } from "../../bridge/text/plain.ts";
import type { Conversation, Email, IncomingMessage, OfflineMessage, TextFormat } from "../../msnp/index.ts";
import { addressOf } from "./contact.ts";
import { type Pictures, richOfMsn, wordsOfMsn } from "./rich.ts";

/** Characters of a circle's name in front of what is said there. */
const LONGEST_NAME = 60;

/** How the words of one who speaks are read. */
export interface Reading extends Pictures {
  /** Shortcuts that stand for pictures of their own. */
  readonly custom?: readonly string[];
}

const AS_USUAL: Reading = { emoticons: true };

/**
 * A message of the network in the bridge's words; undefined for what is not meant for people (client capabilities and the
 * like). What is said among several stands in the chat with who said it, marked, because groups have no chat of their own.
 */
export function networkMessage(message: IncomingMessage, reading: Reading = AS_USUAL): NetworkMessage | undefined {
  const common = { from: addressOf(message.from), fromName: wordsOfMsn(message.fromName), at: message.receivedAt };
  const { body, conversation } = message;
  const among = amongSeveral(conversation);
  switch (body.kind) {
    case "text":
      return { ...common, kind: "text", ...words(body.text, body.format ?? {}, among, reading) };
    case "action":
      return { ...common, kind: "notice", text: among + wordsOfMsn(body.text) };
    case "nudge":
      if (conversation.isGroup) return { ...common, kind: "notice", text: `${among}sent a nudge` };
      return { ...common, kind: "notice", text: "sent you a nudge", nudge: true };
    default:
      return undefined;
  }
}

/** What is said, and the same with its looks where it has any. */
function words(
  text: string,
  format: TextFormat,
  among: string,
  { custom = [], ...pictures }: Reading,
): Pick<NetworkMessage, "text" | "rich"> {
  const said = richOfMsn({ text, format }, custom, pictures);
  return lookless(among === "" ? said : concat(plainRich(among), said));
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

/** A message that waited, with the time at which it was said and the server's own name of it. */
export function offlineWords(message: OfflineMessage, reading: Reading = AS_USUAL): OfflineWords {
  const { id, from, text, sentAt } = message;
  const common = { from: addressOf(from), fromName: wordsOfMsn(message.fromName), at: sentAt };
  return { id: id.slice(0, LONGEST_ID), message: { ...common, kind: "text", ...words(text, {}, "", reading) } };
}
