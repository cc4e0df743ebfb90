import { networkMessage } from "../../../../../src/msn/convert/message.ts";
import { type Conversation, type IncomingMessage, parseEmail } from "../../../../../src/msnp/index.ts";
import { decodeMessage } from "../../../../../src/msnp/message/index.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

const BOB = parseEmail("bob@msn.test");
export const CAROL = parseEmail("carol@msn.test");

interface Wire {
  readonly type: string;
  readonly body: string;
}

export const text = (body: string): Wire => ({ type: "text/plain; charset=UTF-8", body });

/** Bob says something, to Alice alone or on a switchboard with Carol. */
export function heard({ type, body }: Wire, isGroup = false): IncomingMessage {
  const never = (): Promise<void> => Promise.reject(new Error("nothing is said here"));
  const people = new Set(isGroup ? [BOB, CAROL] : [BOB]);
  const conversation: Conversation = {
    kind: isGroup ? "switchboard" : "direct",
    id: undefined,
    name: undefined,
    members: people,
    participants: people,
    isGroup,
    isOver: false,
    joinsParts: false,
    nameOf: () => undefined,
    sendText: never,
    sendTyping: never,
    sendNudge: never,
    sendBody: never,
    invite: never,
    close: never,
    leave: never,
  };
  const message = decodeMessage(Buffer.from(`MIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${body}`));
  return { from: BOB, fromName: "Bob", conversation, receivedAt: 1, body: message };
}

export const MSN_NOTHING: OneWayTable<Wire> = {
  title: "MSN messages in which nothing is to be seen",
  about: "empty messages",
  from: "a message",
  loss: "What MSN's own clients show nothing of is said nowhere",
  convert: (wire) => networkMessage(heard(wire))?.text,
  showFrom: ({ body }) => body,
  cases: [
    { name: "an empty text", from: text(""), to: undefined },
    { name: "blanks", from: text(" \r\n\t"), to: undefined },
    { name: "a tag around nothing", from: text("[b][/b]"), to: undefined },
    { name: "a sign that holds for nothing", from: text("·$4"), to: undefined },
    { name: "a control character", from: text("\u0007"), to: undefined },
    { name: "the sign that ends all others", from: text("\u000f"), to: undefined },
    { name: "a character of no width", from: text("\u200b"), to: undefined },
    {
      name: "an action of nothing",
      from: { type: "text/x-msnmsgr-datacast", body: "ID: 4\r\nData: \r\n\r\n" },
      to: undefined,
    },
    { name: "a full stop", from: text("."), to: "." },
    { name: "a tag that is never closed", from: text("[b]"), to: "[b]" },
  ],
};
