import fc from "fast-check";
import { expect, test } from "vitest";
import { ECHO, echoMark, readMark } from "../../../../src/matrix/convert/echo.ts";
import { cases } from "../../../support/property.ts";

const ANNA = "@anna:home.test";
const ROOM = "!room:home.test";
const MARK = { id: "m123", at: 1_115_000_000_000 };
const marked = () => ({ msgtype: "m.text", body: "hi", [ECHO]: echoMark("secret", ROOM, ANNA, MARK) });

test("what was marked is known again, in the room and by the person it was made for", () => {
  expect(readMark("secret", ROOM, ANNA, marked())).toEqual(MARK);
  expect(readMark("secret", "!other:home.test", ANNA, marked())).toBeUndefined();
  expect(readMark("secret", ROOM, "@eve:home.test", marked())).toBeUndefined();
  expect(readMark("another secret", ROOM, ANNA, marked())).toBeUndefined();
});

test("a mark cannot be given to another message's name or time", () => {
  const mark = echoMark("secret", ROOM, ANNA, MARK);
  const later = mark.replace(MARK.at.toString(36), (MARK.at + 1).toString(36));
  for (const forged of [mark.replace("m123", "m124"), later, `${mark}.x`, mark.slice(0, -1)])
    expect(readMark("secret", ROOM, ANNA, { [ECHO]: forged })).toBeUndefined();
});

test("whatever else stands there is no mark, and nothing throws", () => {
  for (const value of [undefined, null, 1, {}, [], "", ".", "..", "m123", "m123.", "x".repeat(10_000)])
    expect(readMark("secret", ROOM, ANNA, { [ECHO]: value })).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (value) => readMark("secret", ROOM, ANNA, { [ECHO]: value }) === undefined),
    cases(100, 20_000),
  );
});
