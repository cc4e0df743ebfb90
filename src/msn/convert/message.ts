import type { NetworkMessage } from "../../bridge/model.ts";
import type { IncomingMessage } from "../../msnp/index.ts";
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
      return { ...common, kind: "notice", text: "sent you a nudge" };
    default:
      return undefined;
  }
}
