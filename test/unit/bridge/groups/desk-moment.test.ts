/** What commands find is not always what was stored: power that is lost meanwhile, people who are away, names like numbers. */
import { expect, test } from "vitest";
import { asBridgeError, BridgeError } from "../../../../src/bridge/errors.ts";
import { roomId } from "../../../../src/bridge/model.ts";
import { account, alice, contact, HOME } from "../support.ts";
import { anna, DeskWorld, member, xavier } from "./desk-world.ts";

async function refusal(asked: Promise<string>): Promise<string> {
  return await asked.then(
    (answer) => `not refused: ${answer}`,
    (error: unknown) => asBridgeError(error).person,
  );
}

const ruled = [member("alice", "admin"), member("bob", "admin", "Bob"), member("carol")];
const demoted = [member("alice"), member("bob", "admin", "Bob"), member("carol")];
const NO_ADMIN = "you are no admin of this circle, so an admin of it (Bob <bob@msn.test>) has to do it";

test("who was an admin at the last word and is none any more ties no room and sets no relay", async () => {
  const w = new DeskWorld();
  const { id } = w.circle("77", "Club", ruled);
  w.powers.set(roomId("!r"), { allowed: true });
  w.now.set(id, demoted);
  expect(await refusal(w.desk.bridge(w.as(), "Club", "#r"))).toBe(`That was not done: ${NO_ADMIN}.`);
  expect(await refusal(w.desk.setRelay(w.as(), "Club", undefined))).toBe(`That was not done: ${NO_ADMIN}.`);
  expect(w.group(id)).toMatchObject({ rooms: [] });
  expect(w.group(id).relay).toBeUndefined();
  w.now.set(id, ruled);
  expect(await w.desk.bridge(w.as(), "Club", "#r")).toMatch(/is tied to !r now/);
});

test("who is no admin any more undoes and deletes nothing of others; what is their own they may still undo", async () => {
  const w = new DeskWorld();
  w.owners.set(account("carol"), [anna]);
  const relay = { account: account("carol"), by: anna, prefix: false };
  const { id } = w.circle("77", "Club", ruled, { rooms: [{ home: HOME, room: roomId("!r"), by: anna }], relay });
  w.now.set(id, demoted);
  expect(await refusal(w.desk.unbridge(w.as(), "Club"))).toContain(NO_ADMIN);
  expect(await refusal(w.desk.setRelayPrefix(w.as(), "Club", true))).toContain(NO_ADMIN);
  expect(await refusal(w.desk.unsetRelay(w.as(), "Club"))).toContain(NO_ADMIN);
  expect(await refusal(w.desk.deletePortal(w.as(), "Club", undefined))).toContain(NO_ADMIN);
  expect(await w.desk.unsetRelay(w.as(anna), "Club")).toMatch(/speaks for nobody else/);
  expect(await w.desk.unbridge(w.as(anna), "Club")).toMatch(/are apart now/);
});

test("what will be missing in a room that is tied all the same is said", async () => {
  const w = new DeskWorld();
  w.circle("77", "Club", ruled);
  w.powers.set(roomId("!r"), { allowed: true, but: "I may not change that room's settings." });
  expect(await w.desk.bridge(w.as(), "Club", "#r")).toMatch(
    /lets one of your accounts speak for them\. I may not change that room's settings\. `unbridge` undoes it\.$/,
  );
});

test("while nobody is signed in, nobody can see who rules a circle: nothing is tied, and it is said why", async () => {
  const w = new DeskWorld();
  const { id } = w.circle("77", "Club", ruled);
  w.powers.set(roomId("!r"), { allowed: true });
  w.away.add(account());
  expect(await refusal(w.desk.bridge(w.as(), "Club", "#r"))).toBe(
    "That was not done: alice@msn.test is not signed in, so nobody can see whether you are an admin of this circle; say `resume`, then this again.",
  );
  expect(w.group(id).rooms).toEqual([]);
  w.admins.add(alice);
  expect(await w.desk.bridge(w.as(), "Club", "#r")).toMatch(/is tied to !r now/);
});

test("of two who tie a group at once the second lets go of the room of the first", async () => {
  const w = new DeskWorld();
  w.owners.set(account("bob"), [anna]);
  w.circle("77", "Club", ruled);
  for (const room of ["!a", "!b"]) w.powers.set(roomId(room), { allowed: true });
  const [first, second] = await Promise.all([
    w.desk.bridge(w.as(), "Club", "#a"),
    w.desk.bridge(w.as(anna), "Club", "#b"),
  ]);
  expect(first).toMatch(/is tied to !a now/);
  expect(second).toMatch(/is tied to !b now.*It was in !a before/);
  expect(w.did).toContain("unbridge !a");
});

test("circles of MSN, whose ids begin all alike, are told apart by what is shown of them", async () => {
  const w = new DeskWorld();
  w.circle("00000000-0000-0000-0009-5e1f2a3b4c5d", "Club", ruled);
  const other = w.circle("00000000-0000-0000-0009-77aa66bb55cc", "Club", ruled);
  const lines = await w.desk.portals(w.as(), undefined);
  expect(lines).toMatch(/Club: circle \(circle-5e1f2a3b4c5d\).*\n.*Club: circle \(circle-77aa66bb55cc\)/);
  for (const key of ["circle-77aa66bb55cc", "77aa66", other.id, "circle-00000000-0000-0000-0009-77"]) {
    const asked = await refusal(w.desk.deletePortal(w.as(), key, undefined));
    expect(asked).toMatch(/portal delete 2 /);
  }
  expect(await refusal(w.desk.deletePortal(w.as(), "circle-00000000", undefined))).toMatch(/several are called so/);
});

test("a circle that is called like a year is found by its name; a number that was shown is a number", async () => {
  const w = new DeskWorld();
  w.circle("77", "2024", ruled);
  w.circle("88", "1", ruled);
  expect(await w.desk.deletePortal(w.as(), "2024", undefined)).toContain('what is kept of "2024"');
  await w.desk.portals(w.as(), undefined);
  expect(await w.desk.deletePortal(w.as(), "2", undefined)).toContain('what is kept of "2024"');
  expect(await refusal(w.desk.deletePortal(w.as(), "7", undefined))).toMatch(/no number 7/);
});

test("a group chat that nobody answers is not begun, and who was asked is said; nothing waits for a `retry`", async () => {
  const w = new DeskWorld();
  const asker = w.as();
  const [me] = asker.accounts;
  if (!me) throw new Error("alice has an account");
  w.refusal = new BridgeError("group-gone");
  const told = await refusal(w.desk.start(asker, me, [contact("bob"), contact("carol")]));
  expect(told).toBe(
    "That was not done: bob@msn.test, carol@msn.test cannot be reached now, and a group chat begins with somebody who is there; `contacts` shows who is.",
  );
  w.circle("77", "Club", ruled);
  expect(await refusal(w.desk.invite(asker, contact("dan"), "Club"))).toBe(
    "That was not done: nobody of this group can be reached now. Say it again when somebody is there.",
  );
});

test.each([
  ["contact-offline", { address: "bob@msn.test" }, "bob@msn.test is offline. Nudge again when they are back."],
  ["contact-offline", { address: "bob@msn.test", because: "stranger" }, /is not in your contact list; `add bob@/],
  ["contact-refused", { address: "bob@msn.test", because: "blocked" }, /you have blocked bob@msn.test; `unblock bob@/],
  ["contact-refused", { address: "bob@msn.test" }, "bob@msn.test takes nothing from you."],
  ["network-down", { network: "Toynet" }, "Toynet cannot be reached right now. Nudge again when it is back."],
  ["rate-limited", { network: "Toynet" }, "Toynet asks to go slower. Nudge again in a minute."],
  ["send-uncertain", {}, "the network has not confirmed it; it may have arrived all the same."],
  ["send-failed", { detail: "no route" }, "no route."],
  ["group-gone", {}, "nobody of this group can be reached now. Nudge again when somebody is there."],
] as const)(
  "a nudge that fails (%s) says what to do, and offers no `retry`, which has nothing to send",
  async (code, context, told) => {
    const w = new DeskWorld();
    w.owners.set(account("alice"), [alice, xavier]);
    w.refusal = new BridgeError(code, context);
    const text = await refusal(w.desk.nudge(w.as(), "bob@msn.test"));
    if (typeof told === "string") expect(text).toBe(`Not nudged: ${told}`);
    else expect(text).toMatch(told);
    expect(text).not.toContain("retry");
  },
);
