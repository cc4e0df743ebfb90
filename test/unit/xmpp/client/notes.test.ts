import { expect, test } from "vitest";
import { parseContactAddress, parseNetworkName, residentId } from "../../../../src/bridge/model.ts";
import { type RoomNote, readNote, writeNote } from "../../../../src/xmpp/client/notes.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";

const ghost = { network: parseNetworkName("msn"), contact: parseContactAddress("bob@msn.test") };
const chat: RoomNote = {
  kind: "chat",
  resident: residentId(XMPP, "anna@xmpp.test"),
  ghost,
  name: "Bob",
  nickname: "Bobby",
  position: { id: "x", at: 5 },
  isReady: true,
  seenAs: "anna",
};

test("what is kept of a room is read as it was written", () => {
  expect(readNote(writeNote(chat))).toEqual(chat);
  const relay: RoomNote = { kind: "relay", position: { at: 7 } };
  expect(readNote(writeNote(relay))).toEqual(relay);
});

test.each([
  "",
  "null",
  "[]",
  "{}",
  '{"kind":"chat","position":{"at":1}}',
  '{"kind":"other","position":{"at":1}}',
  '{"kind":"relay","position":{"id":"x"}}',
  writeNote({ ...chat, ghost: { ...ghost, contact: "nobody" as never } }),
])("what nobody has written is nothing: %s", (text) => {
  expect(readNote(text)).toBeUndefined();
});
