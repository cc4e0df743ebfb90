/** What an MSN client says, as the bridge's words. */
import { expect, test } from "vitest";
import { groupWords, networkMessage, offlineWords, ownWords } from "../../../../src/msn/convert/message.ts";
import { CAROL, heard, MSN_NOTHING, text } from "./golden/nothing.ts";

test.each(MSN_NOTHING.cases.filter(({ to }) => to === undefined))(
  "$name says nothing among several, at another place of one's own, and after a wait",
  ({ from }) => {
    expect(networkMessage(heard(from, true))).toBeUndefined();
    expect(groupWords(heard(from, true), { emoticons: true }, undefined)).toBeUndefined();
    expect(ownWords({ ...heard(from), to: CAROL }, "Laptop", undefined)).toBeUndefined();
  },
);

test("words that have waited and show nothing say nothing", () => {
  const waited = { id: "{1}", from: CAROL, fromName: "Carol", sentAt: 1 };
  expect(offlineWords({ ...waited, text: text("·$4").body })).toBeUndefined();
  expect(offlineWords({ ...waited, text: "hi" })).toMatchObject({ id: "{1}", message: { text: "hi" } });
});
