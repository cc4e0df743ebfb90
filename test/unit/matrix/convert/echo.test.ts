import fc from "fast-check";
import { expect, test } from "vitest";
import { ECHO, echoMark, isEcho } from "../../../../src/matrix/convert/echo.ts";

const ANNA = "@anna:home.test";
const ROOM = "!room:home.test";
const marked = (id = "m123") => ({ msgtype: "m.text", body: "hi", [ECHO]: echoMark("secret", ROOM, ANNA, id) });

test("what was marked is known again, in the room and by the person it was made for", () => {
  expect(isEcho("secret", ROOM, ANNA, marked())).toBe(true);
  expect(isEcho("secret", "!other:home.test", ANNA, marked())).toBe(false);
  expect(isEcho("secret", ROOM, "@eve:home.test", marked())).toBe(false);
  expect(isEcho("another secret", ROOM, ANNA, marked())).toBe(false);
});

test("a mark cannot be given to another message's name", () => {
  const mark = echoMark("secret", ROOM, ANNA, "m123").replace("m123", "m124");
  expect(isEcho("secret", ROOM, ANNA, { [ECHO]: mark })).toBe(false);
});

test("whatever else stands there is no mark, and nothing throws", () => {
  for (const value of [undefined, null, 1, {}, [], "", ".", "m123", "m123.", "x".repeat(10_000)])
    expect(isEcho("secret", ROOM, ANNA, { [ECHO]: value })).toBe(false);
  fc.assert(fc.property(fc.string(), (value) => !isEcho("secret", ROOM, ANNA, { [ECHO]: value })));
});
