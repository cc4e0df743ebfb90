import { expect, test } from "vitest";
import { circleKey, groupId } from "../../../../../src/bridge/groups/model.ts";
import { parseNetworkName } from "../../../../../src/bridge/model.ts";
import { rulesOf } from "../../../../../src/xmpp/component/groups/rules.ts";

const group = groupId(parseNetworkName("toynet"), circleKey("77"));
const refusal = (plumbed: boolean): unknown => rulesOf({ group, kind: "circle", plumbed }, "msn.x.test").rules.destroy;

test("who would destroy a group's room hears the command that does what they want, of either kind of room", () => {
  expect(refusal(true)).toEqual({ refused: expect.stringContaining("Say `unbridge` to msn.x.test first") });
  // `unbridge` refuses a room that the bridge has made.
  expect(refusal(false)).toEqual({ refused: expect.stringContaining("`portal delete`, said to msn.x.test, ends it") });
});
