import { expect, test } from "vitest";
import { messageId } from "../../../../src/bridge/model.ts";
import { Secret } from "../../../../src/bridge/secret.ts";
import { ECHO } from "../../../../src/matrix/convert/echo.ts";
import { Echoes } from "../../../../src/matrix/puppets/echoes.ts";

const ANNA = "@anna:home.test";
const ROOM = "!room:home.test";
const MINUTE = 60_000;
const run = (): Echoes => new Echoes(new Secret("secret"));

/** Posts as anna and gives the mark that the event carries. */
async function posted(echoes: Echoes, event: string, id = "m1"): Promise<string> {
  let used = "";
  await echoes.send(ROOM, ANNA, id, async (mark) => {
    used = mark;
    return messageId(event);
  });
  return used;
}

const head = (event: string, mark: string, at = Date.now(), room = ROOM, sender = ANNA) => {
  const content = { msgtype: "m.text", body: "hi", [ECHO]: mark };
  return { type: "m.room.message", room, sender, event, at, stateKey: undefined, content };
};

test("a mark counts for the event it was made for, and for no copy of it", async () => {
  const echoes = run();
  const mark = await posted(echoes, "$first");
  expect(echoes.isEcho(head("$copy", mark))).toBe(false);
  expect(echoes.isEcho(head("$first", mark))).toBe(true);
  expect(echoes.isEcho(head("$copy", mark))).toBe(false);
});

test("an event that is brought before the answer to its sending is known, and so is a second one of a repeat", async () => {
  const echoes = run();
  await echoes.send(ROOM, ANNA, "m1", async (mark) => {
    expect(echoes.isEcho(head("$early", mark))).toBe(true);
    return messageId("$early");
  });
  const again = await posted(echoes, "$repeat");
  expect([head("$early", again), head("$repeat", again)].map((one) => echoes.isEcho(one))).toEqual([true, true]);
  expect(echoes.isEcho(head("$copy", again))).toBe(false);
});

test("after a crash the first event with a mark is the echo, however late it is brought; copies are not", async () => {
  const mark = await posted(run(), "$first");
  const echoes = run();
  expect(echoes.isEcho(head("$first", mark, Date.now() + MINUTE))).toBe(true);
  expect(echoes.isEcho(head("$first", mark, Date.now() + MINUTE))).toBe(true);
  expect(echoes.isEcho(head("$copy", mark, Date.now() + MINUTE))).toBe(false);
});

test("a copy that is made an hour later, after a restart, is no echo; words with an old date are", async () => {
  const mark = await posted(run(), "$first");
  expect(run().isEcho(head("$copy", mark, Date.now() + 60 * MINUTE))).toBe(false);
  expect(run().isEcho(head("$first", mark, Date.parse("2009-02-13T23:31:30Z")))).toBe(true);
});

test("a mark in another room, or of another person, is no echo", async () => {
  const echoes = run();
  const mark = await posted(echoes, "$first");
  expect(echoes.isEcho(head("$x", mark, Date.now(), "!other:home.test"))).toBe(false);
  expect(echoes.isEcho(head("$x", mark, Date.now(), ROOM, "@eve:home.test"))).toBe(false);
});
