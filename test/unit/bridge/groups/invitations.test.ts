import { expect, test } from "vitest";
import { Invitations } from "../../../../src/bridge/groups/invitations.ts";
import type { CircleInvitation } from "../../../../src/bridge/ports/groups.ts";
import type { Session } from "../../../../src/bridge/ports/network.ts";
import { Told } from "../../../../src/bridge/told.ts";
import { contact, record, silent, until } from "../support.ts";

const rowing: CircleInvitation = { circle: "88", name: "Row\ning", inviter: contact("bob"), message: "come along" };

/** What the owner of alice's account hears, over restarts of the bridge. */
function owner() {
  const marks = new Set<string>();
  const heard: string[] = [];
  let isHeld = false;
  const bridge = (settledMs = 1) => {
    const told = new Told({
      tell: async (_, what) => void marks.add(what),
      untell: async (_, what) => {
        for (const one of what) marks.delete(one);
      },
      told: async () => [...marks],
    });
    return new Invitations({
      told,
      log: silent,
      say: async (_, text) => void heard.push(text),
      holds: async () => isHeld,
      settledMs,
    });
  };
  return { bridge, heard, marks, hold: (held: boolean) => (isHeld = held) };
}

const session = (invitations: readonly CircleInvitation[]): Session =>
  ({ sendToGroup: async () => {}, circleInvitations: () => invitations }) as unknown as Session;

test("an invitation into a circle is told once, with what to say, also over restarts", async () => {
  const { bridge, heard, marks } = owner();
  bridge().show(record(), rowing);
  await until("the mark", () => marks.size === 1);
  expect(heard).toEqual([
    'bob@msn.test invites alice@msn.test into the circle "Row ing": come along – say `circle accept Row ing` or `circle decline Row ing`.',
  ]);
  const again = bridge();
  again.show(record(), rowing);
  again.show(record(), { circle: "99", name: "" });
  await until("the next", () => marks.size === 2);
  expect(heard.slice(1)).toEqual([
    'Somebody invites alice@msn.test into the circle "a circle without a name" – say `circle accept a circle without a name` or `circle decline a circle without a name`.',
  ]);
});

test("what was answered, here or elsewhere, is news when it comes again", async () => {
  const { bridge, heard, marks } = owner();
  const invitations = bridge();
  invitations.show(record(), rowing);
  await until("the mark", () => marks.size === 1);
  await invitations.answered(record(), "88");
  invitations.show(record(), rowing);
  await until("the second time", () => heard.length === 2 && marks.size === 1);
  await invitations.look(record(), session([rowing]));
  expect(marks.size).toBe(1);
  await invitations.look(record(), session([]));
  expect(marks.size).toBe(0);
});

test("what a session does not know of yet is not taken for answered: it is told no second time", async () => {
  const { bridge, heard, marks } = owner();
  bridge().show(record(), rowing);
  await until("the mark", () => marks.size === 1);
  const known: CircleInvitation[] = [];
  const after = bridge(50);
  const looked = after.look(record(), session(known));
  known.push(rowing);
  after.show(record(), rowing);
  await looked;
  expect(marks.size).toBe(1);
  expect(heard).toHaveLength(1);
});

test("of two sign-ins shortly one after the other the later says what was answered", async () => {
  const { bridge, marks } = owner();
  const invitations = bridge(50);
  invitations.show(record(), rowing);
  await until("the mark", () => marks.size === 1);
  await Promise.all([invitations.look(record(), session([])), invitations.look(record(), session([rowing]))]);
  expect(marks.size).toBe(1);
});

test("many at once are one notice; what another notice tells of is not told", async () => {
  const { bridge, heard, marks, hold } = owner();
  const many = Array.from({ length: 7 }, (_, i) => ({ circle: `c${i}`, name: `Circle ${i}` }));
  const invitations = bridge();
  for (const one of many) invitations.show(record(), one);
  await until("the marks", () => marks.size === 7);
  expect(heard).toEqual([expect.stringMatching(/^alice@msn\.test is invited into 7 circles\. Say `circles`/)]);
  hold(true);
  invitations.show(record(), rowing);
  await invitations.heard(record(), [rowing]);
  hold(false);
  invitations.show(record(), { circle: "last", name: "Last" });
  await until("the last", () => heard.length === 2);
  expect(heard[1]).toContain('"Last"');
});
