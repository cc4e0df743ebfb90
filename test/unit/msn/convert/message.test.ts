/** What an MSN client says, as the bridge's words. */
import { expect, test } from "vitest";
import { groupWords, networkMessage, offlineWords, ownWords } from "../../../../src/msn/convert/message.ts";
import type { Conversation, IncomingMessage } from "../../../../src/msnp/index.ts";
import { parseEmail } from "../../../../src/msnp/index.ts";
import { decodeMessage } from "../../../../src/msnp/message/index.ts";

const BOB = parseEmail("bob@msn.test");
const CAROL = parseEmail("carol@msn.test");
const AS_USUAL = { emoticons: true };

/** Bob says something, to Alice alone or on a switchboard with Carol. */
function heard(type: string, words: string, isGroup = false): IncomingMessage {
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
  const body = decodeMessage(Buffer.from(`MIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${words}`));
  return { from: BOB, fromName: "Bob", conversation, receivedAt: 1, body };
}

const TEXT = "text/plain; charset=UTF-8";
const ACTION = "text/x-msnmsgr-datacast";

test.each([
  ["an empty text", TEXT, ""],
  ["blanks", TEXT, " \r\n\t"],
  ["a tag around nothing", TEXT, "[b][/b]"],
  ["a sign that holds for nothing", TEXT, "·$4"],
  ["a control character", TEXT, "\u0007"],
  ["the sign that ends all others", TEXT, "\u000f"],
  ["a character of no width", TEXT, "\u200b"],
  ["an action of nothing", ACTION, "ID: 4\r\nData: \r\n\r\n"],
])("%s shows nothing on MSN, and says nothing here", (_what, type, text) => {
  expect(networkMessage(heard(type, text))).toBeUndefined();
  expect(networkMessage(heard(type, text, true)), "with where it was said").toBeUndefined();
  expect(groupWords(heard(type, text, true), AS_USUAL, undefined)).toBeUndefined();
  expect(ownWords({ ...heard(type, text), to: CAROL }, "Laptop", undefined)).toBeUndefined();
});

test("what is little is said", () => {
  for (const little of [".", "·", "[b]", ":)"]) expect(networkMessage(heard(TEXT, little))).toBeDefined();
});

test("words that have waited and show nothing say nothing", () => {
  const waited = { id: "{1}", from: BOB, fromName: "Bob", sentAt: 1 };
  expect(offlineWords({ ...waited, text: "·$4" })).toBeUndefined();
  expect(offlineWords({ ...waited, text: "hi" })).toMatchObject({ id: "{1}", message: { text: "hi" } });
});
