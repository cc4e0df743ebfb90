import type { NetworkMessage } from "../../bridge/model.ts";
import type { OfflineWords, OwnWords } from "../../bridge/ports/network.ts";
import type { Email, IncomingMessage, OfflineMessage } from "../../msnp/index.ts";
import { addressOf } from "./contact.ts";

/** A message of the network in the bridge's words; undefined for what is not meant for people (client capabilities and the like). */
export function networkMessage(message: IncomingMessage): NetworkMessage | undefined {
  const common = { from: addressOf(message.from), fromName: message.fromName, at: message.receivedAt };
  const { body } = message;
  switch (body.kind) {
    case "text":
      return {
        ...common,
        kind: "text",
        text: message.conversation.isGroup ? `(in a group chat) ${body.text}` : body.text,
      };
    case "action":
      return { ...common, kind: "notice", text: body.text };
    case "nudge":
      return { ...common, kind: "notice", text: "sent you a nudge", nudge: true };
    default:
      return undefined;
  }
}

/**
 * What the owner said at another place to one person; undefined for anything else. `device`: how that place is called.
 * What was said to several at once has no chat with one contact to stand in.
 */
export function ownWords(message: IncomingMessage, device: string | undefined): OwnWords | undefined {
  const to = message.to ?? onlyMember(message);
  const said = to === undefined || message.conversation.isGroup ? undefined : networkMessage(message);
  if (to === undefined || said === undefined) return undefined;
  const text = message.body.kind === "nudge" ? "sent a nudge" : said.text;
  const { kind, fromName, at } = said;
  return { kind, to: addressOf(to), fromName, text, at, ...(device === undefined ? {} : { device }) };
}

function onlyMember({ conversation, from }: IncomingMessage): Email | undefined {
  const [first, second] = [...conversation.members].filter((member) => member !== from);
  return second === undefined ? first : undefined;
}

/** Servers' ids are GUIDs; nothing may come of a longer one than that it is cut. */
const LONGEST_ID = 200;

/** A message that waited, with the time at which it was said and the server's own name of it. */
export function offlineWords(message: OfflineMessage): OfflineWords {
  const { id, from, fromName, text, sentAt } = message;
  return { id: id.slice(0, LONGEST_ID), message: { kind: "text", from: addressOf(from), fromName, text, at: sentAt } };
}
