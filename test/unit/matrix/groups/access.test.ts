import { expect, it } from "vitest";
import { roomReference } from "../../../../src/matrix/groups/access.ts";

it.each([
  ["#ours:example.org", "#ours:example.org"],
  [" !abc:example.org ", "!abc:example.org"],
  ["!without-a-server-as-in-version-12", "!without-a-server-as-in-version-12"],
  ["https://matrix.to/#/#ours:example.org", "#ours:example.org"],
  ["https://matrix.to/#/%23ours%3Aexample.org?via=x.org", "#ours:example.org"],
  ["https://matrix.to/#/!abc:example.org/$event", "!abc:example.org"],
  ["matrix:r/ours:example.org", "#ours:example.org"],
  ["matrix:roomid/abc:example.org?action=join", "!abc:example.org"],
  ["ours", undefined],
  ["#ours", undefined],
  ["@anna:example.org", undefined],
  ["https://matrix.to/#/%zz", undefined],
  ["", undefined],
])("%j names the room %j", (text, room) => {
  expect(roomReference(text)).toBe(room);
});
