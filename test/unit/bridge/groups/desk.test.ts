import { expect, test } from "vitest";
import { asBridgeError, BridgeError } from "../../../../src/bridge/errors.ts";
import { groupParts } from "../../../../src/bridge/groups/model.ts";
import { roomId } from "../../../../src/bridge/model.ts";
import { account, alice, contact, HOME } from "../support.ts";
import { anna, DeskWorld, member, XHOME, xavier } from "./desk-world.ts";

/** What a refused request says. */
async function refusal(asked: Promise<string>): Promise<string> {
  const outcome = await asked.then(
    (answer) => `not refused: ${answer}`,
    (error: unknown) => asBridgeError(error).person,
  );
  return outcome;
}

const trio = [member("alice"), member("bob", "member", "Bob"), member("carol")];
const club = [member("alice", "admin"), member("bob", "member", "Bob"), member("carol", "admin")];

test("`portals` numbers chats with contacts first, then groups, with people, rooms, relay and what has stopped", async () => {
  const w = new DeskWorld();
  w.several(trio, { rooms: [{ home: HOME, room: roomId("!three") }] });
  w.circle("77", "Book club", club, {
    rooms: [
      { home: HOME, room: roomId("!books"), by: alice },
      { home: XHOME, room: roomId("books@x"), parked: "The bridge was thrown out." },
    ],
    relay: { account: account(), by: alice, prefix: true },
  });
  w.chatWith("bob");
  const lines = (await w.desk.portals(w.as(), undefined)).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe("1. Bob <bob@msn.test>: one contact, in Toyhome");
  expect(lines[1]).toMatch(
    /^2\. Bob, carol@msn\.test: several people \(set-[0-9a-f]{8}\); with alice@msn\.test, Bob <bob@msn\.test>, carol@msn\.test; Toyhome: !three$/,
  );
  expect(lines[2]).toBe(
    "3. Book club: circle (circle-77); with alice@msn.test (admin), Bob <bob@msn.test>, carol@msn.test (admin); Toyhome: !books (tied by @alice:toy); Xhome: books@x, stopped: The bridge was thrown out. `portal resume` goes on with it; relay alice@msn.test, with the speaker's name in front (set by @alice:toy from Toyhome)",
  );
  expect(await w.desk.portals(w.as(), "BOOK")).toMatch(/^3\. Book club/);
  expect(await w.desk.portals(w.as(), "nobody")).toBe('None of your rooms matches "nobody".');
  expect(await w.desk.portals(w.as(anna), undefined)).toMatch(/You have no rooms yet/);
});

test("a group is named by number, name, key or what its key begins with; what is not clear is refused with the candidates", async () => {
  const w = new DeskWorld();
  const one = w.circle("aaaa1111", "Club", club);
  const two = w.circle("bbbb2222", "Club", club);
  w.powers.set(roomId("!r"), { allowed: true });
  const ask = (name: string) => w.desk.bridge(w.as(alice, "!r"), name, undefined);
  expect(await refusal(ask("Club"))).toMatch(
    /several are called so: 1\. Club \(circle-aaaa1111\); 2\. Club \(circle-bbbb2222\)\. Name one by its number/,
  );
  expect(await refusal(ask("Klub"))).toMatch(/no chat called "Klub".*in quotes/);
  expect(await refusal(ask("7"))).toMatch(/no number 7/);
  await w.desk.portals(w.as(), undefined);
  expect(await ask("2")).toMatch(/is tied to the room in which you said that/);
  expect(w.group(two.id).rooms).toMatchObject([{ room: "!r", by: alice }]);
  expect(await w.desk.unbridge(w.as(), "circle-bbbb")).toMatch(/are apart now/);
  expect(await ask("aaaa11")).toMatch(/is tied to the room in which you said that/);
  expect(w.group(one.id).rooms).toHaveLength(1);
});

test("a number means what was shown last, also when other chats have come since", async () => {
  const w = new DeskWorld();
  const shown = w.circle("77", "Rowing", club);
  await w.desk.portals(w.as(), undefined);
  w.circle("88", "Art", club);
  w.powers.set(roomId("!r"), { allowed: true });
  await w.desk.bridge(w.as(alice, "!r"), "1", undefined);
  expect(w.group(shown.id).rooms).toHaveLength(1);
  w.records.delete(shown.id);
  expect(await refusal(w.desk.leave(w.as(), "1"))).toMatch(/number 1 is gone/);
});

test("`bridge` needs power on both sides, and says which is lacking", async () => {
  const w = new DeskWorld();
  w.circle("77", "Club", [member("alice"), member("carol", "admin", "Carol")]);
  const ask = () => w.desk.bridge(w.as(), "Club", "#r");
  expect(await refusal(ask())).toBe(
    "That was not done: you are no admin of this circle, so an admin of it (Carol <carol@msn.test>) has to do it; and you need power level 50 in that room.",
  );
  w.powers.set(roomId("!r"), { allowed: true });
  expect(await refusal(ask())).toMatch(/no admin of this circle/);
  w.powers.delete(roomId("!r"));
  w.circle("77", "Club", club);
  expect(await refusal(ask())).toBe("That was not done: you need power level 50 in that room.");
  expect(await refusal(w.desk.bridge(w.as(), "Club", "#nowhere"))).toMatch(/no such room: #nowhere was not found/);
  expect(w.did).toEqual([]);
  w.powers.set(roomId("!r"), { allowed: true });
  expect(await ask()).toMatch(/^"Club" is tied to !r now/);
  expect(w.did).toEqual([`tie toyhome !r by ${alice}`]);
});

test("the operator's admin ties groups of others, by key, where the room lets them", async () => {
  const w = new DeskWorld();
  const found = w.circle("f00dfeed", "Club", club);
  w.powers.set(roomId("!r"), { allowed: true });
  const ask = () => w.desk.bridge(w.as(anna, "!r"), "f00dfe", undefined);
  expect(await refusal(ask())).toMatch(/no chat called/);
  w.admins.add(anna);
  expect(await ask()).toMatch(/is tied to the room in which you said that/);
  expect(w.group(found.id).rooms).toMatchObject([{ by: anna }]);
  expect(w.did).toContainEqual(expect.stringMatching(/^say toyhome:@alice:toy: @anna:toy has tied the group "Club"/));
});

test("a room that is a chat already, or another group's, is not tied; nor is the same once more", async () => {
  const w = new DeskWorld();
  const one = w.circle("77", "Club", club, { rooms: [{ home: HOME, room: roomId("!own") }] });
  w.circle("88", "Art", club, { rooms: [{ home: HOME, room: roomId("!art"), by: anna }] });
  w.chatWith("bob");
  for (const room of ["!own", "!art", "!bob"]) w.powers.set(roomId(room), { allowed: true });
  const ask = (room: string) => w.desk.bridge(w.as(alice, room), "Club", undefined);
  expect(await refusal(ask("!bob"))).toMatch(/chat with one contact/);
  expect(await refusal(ask("!art"))).toMatch(/belongs to the group "Art" already\. Say `unbridge` in it first/);
  expect(await ask("!own")).toMatch(/its own room already/);
  expect(w.group(one.id).rooms).toMatchObject([{ room: "!own" }]);
});

test("who is not in a group hears neither its name nor who is in it by naming its room", async () => {
  const w = new DeskWorld();
  w.circle("88", "Art", club, { rooms: [{ home: HOME, room: roomId("!r"), by: alice }] });
  w.owners.set(account("anna"), [anna]);
  w.circle("77", "Annas", [member("anna", "admin")]);
  const stranger = w.as(anna);
  const told = [
    await refusal(w.desk.unbridge(stranger, "#r")),
    await refusal(w.desk.bridge(stranger, "Annas", "#r")),
  ].join("\n");
  expect(told).toMatch(/no account in this group.*\n.*belongs to another group already/);
  expect(told).not.toMatch(/Art|bob|carol|@msn/i);
});

test("one room per home: the one that the bridge made gets a last word and is let go", async () => {
  const w = new DeskWorld();
  w.circle("77", "Club", club, { rooms: [{ home: HOME, room: roomId("!own") }] });
  w.powers.set(roomId("!new"), { allowed: true });
  expect(await w.desk.bridge(w.as(), "Club", "!new")).toMatch(/It was in !own before/);
  expect(w.did).toEqual([
    `tie toyhome !new by ${alice}`,
    'say !own: The group "Club" goes on in !new. Nothing is passed on here any more.',
    "unbridge !own",
  ]);
});

test("`unbridge` undoes the tie, named by group, by room, or said in the room; without power it is refused", async () => {
  const w = new DeskWorld();
  const tied = () => w.circle("77", "Club", club, { rooms: [{ home: HOME, room: roomId("!r"), by: alice }] });
  for (const [who, what] of [
    [w.as(), "Club"],
    [w.as(), "#r"],
    [w.as(alice, "!r"), undefined],
  ] as const) {
    const { id } = tied();
    w.did.length = 0;
    expect(await w.desk.unbridge(who, what)).toMatch(/!r \(Toyhome\) and the group "Club" are apart now/);
    expect(w.did).toEqual(["untie toyhome", "unbridge !r"]);
    expect(w.group(id).rooms).toEqual([]);
  }
  tied();
  expect(await refusal(w.desk.unbridge(w.as(anna, "!r"), undefined))).toMatch(/no account in this group.*power level/);
  w.powers.set(roomId("!r"), { allowed: true });
  expect(await w.desk.unbridge(w.as(anna, "!r"), undefined)).toMatch(/are apart now/);
  expect(await refusal(w.desk.unbridge(w.as(), "Club"))).toMatch(/no room is tied to "Club"/);
});

test("a room of the bridge's own is not untied, and a room that cannot be left is said", async () => {
  const w = new DeskWorld();
  w.circle("77", "Club", club, { rooms: [{ home: HOME, room: roomId("!own") }] });
  expect(await refusal(w.desk.unbridge(w.as(), "Club"))).toMatch(/made by the bridge.*`portal delete`/);
  const { id } = w.circle("88", "Art", club, { rooms: [{ home: XHOME, room: roomId("art@x"), by: xavier }] });
  expect(await w.desk.unbridge(w.as(), "Art")).toMatch(/art@x \(Xhome\) and the group "Art" are apart/);
  expect(w.group(id).rooms).toEqual([]);
});

test("a room that had stopped goes on when the bridge is in it again", async () => {
  const w = new DeskWorld();
  const parked = { home: HOME, room: roomId("!r"), by: alice, parked: "The bridge was removed." };
  const { id } = w.circle("77", "Club", club, { rooms: [parked] });
  w.lost.add(roomId("!r"));
  expect(await refusal(w.desk.resume(w.as(), "Club"))).toMatch(/still not in !r\. Invite its bot.*`unbridge`/);
  w.lost.clear();
  expect(await w.desk.bridge(w.as(), "Club", "!r")).toMatch(/goes on in !r; what has waited/);
  expect(w.group(id).rooms).toEqual([{ home: HOME, room: "!r", by: alice }]);
  expect(await w.desk.resume(w.as(), "Club")).toBe('Nothing has stopped in "Club".');
  w.circle("88", "Art", club, { rooms: [{ home: HOME, room: roomId("!own"), parked: "The bridge was removed." }] });
  expect(await w.desk.unbridge(w.as(), "Art")).toMatch(/!own \(Toyhome\) and the group "Art" are apart now/);
});

test("a relay is one's own account in the group, without names in front until one asks for them", async () => {
  const w = new DeskWorld();
  const { id } = w.several(trio);
  const set = () => w.desk.setRelay(w.as(), groupParts(id).key, undefined);
  expect(await set()).toMatch(/alice@msn\.test speaks in "Bob, carol@msn\.test" for those.*look like those of alice/);
  expect(w.group(id).relay).toEqual({ account: account(), by: alice, prefix: false });
  expect(await w.desk.relays(w.as())).toMatch(/^1\. Bob, carol@msn\.test: relay alice@msn\.test, without/);
  expect(await w.desk.setRelayPrefix(w.as(), "1", true)).toMatch(/\[Ann\] hello/);
  expect(await set()).toMatch(/begin with their names/);
  expect(w.group(id).relay?.prefix).toBe(true);
  expect(await w.desk.unsetRelay(w.as(), "1")).toMatch(/speaks for nobody else/);
  expect(w.group(id).relay).toBeUndefined();
  expect(await refusal(w.desk.unsetRelay(w.as(), "1"))).toMatch(/has no relay/);
});

test("nobody makes another's account a relay, nor one that is not in the group, nor without power over group or room", async () => {
  const w = new DeskWorld();
  w.owners.set(account("anna"), [anna]);
  const { id } = w.circle("77", "Club", [member("alice"), member("anna"), member("carol", "admin")]);
  expect(await refusal(w.desk.setRelay(w.as(), "Club", contact("anna")))).toMatch(/not an account of yours/);
  expect(await refusal(w.desk.setRelay(w.as(), "Club", undefined))).toMatch(/no admin of this circle/);
  w.records.set(id, { ...w.group(id), rooms: [{ home: HOME, room: roomId("!r"), by: anna }] });
  w.powers.set(roomId("!r"), { allowed: true });
  expect(await w.desk.setRelay(w.as(), "Club", undefined)).toMatch(/alice@msn\.test speaks/);
  w.owners.set(account("work"), [alice]);
  expect(await refusal(w.desk.setRelay(w.as(), "Club", contact("work")))).toMatch(
    /work@msn\.test is not in this group/,
  );
  w.lent.add(account("anna"));
  expect(await w.desk.setRelay(w.as(), "Club", contact("anna"))).toMatch(/anna@msn\.test speaks/);
  expect(await w.desk.unsetRelay(w.as(anna), "Club")).toMatch(/nobody else/);
});

test("`portal delete` first says what would go, and does it for the word that it names, as long as nothing has changed", async () => {
  const w = new DeskWorld();
  w.circle("77", "Club", club, {
    rooms: [
      { home: HOME, room: roomId("!own") },
      { home: XHOME, room: roomId("books@x"), by: alice },
    ],
  });
  w.depths.set("in", 2);
  const plan = await w.desk.deletePortal(w.as(), "Club", undefined);
  expect(plan).toMatch(
    /^This would go: the room in Toyhome: !own, which its one person and 2 contacts leave; the tie of the room in Xhome: books@x, which 3 contacts leave and which its people keep; 4 message\(s\) that wait in it\. You stay in the group\. The conversation on MSN stays as it is.*Say `portal delete circle-77 [0-9a-f]{4}` to do it\.$/,
  );
  const code = /circle-77 ([0-9a-f]{4})/.exec(plan)?.[1];
  expect(await w.desk.deletePortal(w.as(), "Club", "yes")).toMatch(/^Nothing was deleted/);
  expect(w.did).toEqual([]);
  expect(await w.desk.deletePortal(w.as(), "Club", code)).toMatch(/^The portal of "Club" is deleted here\./);
  expect(w.did).toEqual(["drop", "delete !own", "unbridge books@x"]);
});

test("a group's portal is not deleted by who does not rule it while others are in it", async () => {
  const w = new DeskWorld();
  w.owners.set(account("anna"), [anna]);
  w.circle("77", "Club", [member("alice"), member("anna"), member("carol", "admin")]);
  expect(await refusal(w.desk.deletePortal(w.as(), "Club", undefined))).toMatch(/no admin.*`leave` the group/);
});

test("the room with one contact is deleted with what waits in it", async () => {
  const w = new DeskWorld();
  w.chatWith("bob");
  w.depths.set("out", 1);
  const plan = await w.desk.deletePortal(w.as(alice, "!bob"), undefined, undefined);
  expect(plan).toMatch(/your room with Bob \(Toyhome\), which Bob leaves; 1 message\(s\) that wait in it/);
  const code = /bob@msn\.test ([0-9a-f]{4})/.exec(plan)?.[1];
  expect(await w.desk.deletePortal(w.as(), "bob@msn.test", code)).toMatch(/^Your room with Bob is deleted here/);
  expect(w.did).toEqual([
    "unbind toyhome !bob",
    "drop lane out",
    "drop lane in",
    "bob@msn.test leaves !bob: This chat has ended here: it was deleted at your word. The next words in it open a new one.",
  ]);
});

test("a chat with several opens a room, and says who did not come; the same people find their group again", async () => {
  const w = new DeskWorld();
  w.absent.add(contact("dan"));
  const asker = w.as();
  const [me] = asker.accounts;
  if (!me) throw new Error("alice has an account");
  expect(await w.desk.start(asker, me, [contact("bob"), contact("carol"), contact("dan")])).toMatch(
    /Your room with bob@msn\.test, carol@msn\.test is open;.*dan@msn\.test did not come; `invite`/,
  );
  expect(w.did).toEqual(["start bob@msn.test carol@msn.test", "open for 3", "tie toyhome !made"]);
  w.did.length = 0;
  await w.desk.start(asker, me, [contact("carol"), contact("bob")]);
  expect(w.did).toEqual(["live alice@msn.test"]);
  expect(await refusal(w.desk.start(asker, me, [contact("bob"), contact("bob")]))).toMatch(/needs two contacts/);
});

test("`invite` and `leave` go to the conversation; who has no account in it is refused", async () => {
  const w = new DeskWorld();
  const { id } = w.circle("77", "Club", club, { rooms: [{ home: HOME, room: roomId("!own") }] });
  expect(await w.desk.invite(w.as(), contact("dan"), "Club")).toMatch(/invited into the circle "Club"/);
  expect(await refusal(w.desk.invite(w.as(), contact("bob"), "Club"))).toMatch(/is in "Club" already/);
  expect(await refusal(w.desk.invite(w.as(anna, "!own"), contact("dan"), undefined))).toMatch(/you have no account in/);
  expect(await refusal(w.desk.leave(w.as(anna, "!own"), undefined))).toMatch(/leave the room/);
  expect(await w.desk.leave(w.as(alice, "!own"), undefined)).toMatch(/left the circle "Club" for good/);
  expect(w.did).toEqual(["live alice@msn.test", "invite dan@msn.test", "live alice@msn.test", "leave"]);
  expect(w.group(id).seats).toEqual([]);
});

test("one nudges a contact or a group once in ten seconds, and is told how long to wait", async () => {
  const w = new DeskWorld();
  w.owners.set(account("alice"), [alice, xavier]);
  w.chatWith("bob");
  w.circle("77", "Club", club, {
    rooms: [
      { home: HOME, room: roomId("!own") },
      { home: XHOME, room: roomId("books@x") },
    ],
  });
  expect(await w.desk.nudge(w.as(), "bob@msn.test")).toBe("You have nudged bob@msn.test.");
  w.clock = 6500;
  expect(await w.desk.nudge(w.as(alice, "!bob"), undefined)).toBe(
    "bob@msn.test was not nudged again. MSN takes one nudge in 10 seconds. Nudge again in 4 s.",
  );
  expect(await w.desk.nudge(w.as(alice, "!own"), undefined)).toBe('You have nudged everybody in "Club".');
  expect(await w.desk.nudge(w.as(), "Club")).toMatch(/was not nudged again/);
  w.clock = 10_000;
  await w.desk.nudge(w.as(), "1");
  expect(w.did.filter((one) => !one.startsWith("live"))).toEqual([
    "nudge bob@msn.test",
    "append xhome",
    "nudge group a-mark",
    "append xhome",
    "nudge bob@msn.test",
    "append xhome",
  ]);
});

test("a nudge that did not go out does not count", async () => {
  const w = new DeskWorld();
  w.refusal = new BridgeError("contact-offline", { address: "bob@msn.test" });
  expect(await refusal(w.desk.nudge(w.as(), "bob@msn.test"))).toMatch(/is offline/);
  w.refusal = undefined;
  expect(await w.desk.nudge(w.as(), "bob@msn.test")).toMatch(/You have nudged/);
  expect(await refusal(w.desk.nudge(w.as(), undefined))).toMatch(/say this in its room/);
});

test("circles show with the invitations that wait, which are answered by name, or alone without one", async () => {
  const w = new DeskWorld();
  w.live.push({ handle: "h" as never, kind: "circle", circle: "77", name: "Book club", members: club });
  expect(await w.desk.circles(w.as())).toBe("• Book club: 3 in it, you are an admin");
  w.invitations.push({ circle: "88", name: "Rowing", inviter: contact("bob"), message: "come\nalong" });
  expect((await w.desk.circles(w.as())).split("\n").slice(1)).toEqual([
    "• Rowing: bob@msn.test invites alice@msn.test – come along",
    "Say `circle accept <name>` or `circle decline <name>`.",
  ]);
  expect(await w.desk.answerCircle(w.as(), undefined, true)).toMatch(/You are in the circle "Rowing" now/);
  w.invitations.push({ circle: "99", name: "" });
  expect(await refusal(w.desk.answerCircle(w.as(), undefined, true))).toMatch(
    /several wait: Rowing \(88\), a circle without a name \(99\)/,
  );
  expect(await refusal(w.desk.answerCircle(w.as(), "Chess", true))).toMatch(/no invitation into "Chess" waits/);
  await w.desk.answerCircle(w.as(), "99", false);
  expect(w.did).toEqual(["answer 88 true", "answer 99 false"]);
});

test("a circle in which nobody has spoken can be named like others", async () => {
  const w = new DeskWorld();
  w.live.push({ handle: "h" as never, kind: "circle", circle: "77", name: "Book club", members: club });
  expect(await w.desk.portals(w.as(), undefined)).toBe(
    "1. Book club: circle (circle-77), no room until somebody speaks in it",
  );
  expect(await refusal(w.desk.deletePortal(w.as(), "1", undefined))).toMatch(/nothing of "Book club" here yet/);
  expect(await w.desk.invite(w.as(), contact("dan"), "book club")).toMatch(/invited into the circle/);
});

test("circles are changed by their admins; what the network refuses is said with who could", async () => {
  const w = new DeskWorld();
  const { id } = w.circle("77", "Club", club);
  expect(await w.desk.renameCircle(w.as(), "Club", "Readers")).toBe('The circle "Club" is "Readers" now.');
  expect(w.group(id).name).toBe("Readers");
  expect(await w.desk.setCircleRole(w.as(), "Readers", contact("bob"), "admin")).toMatch(/bob@msn\.test is an admin/);
  expect(await w.desk.removeFromCircle(w.as(), "Readers", contact("bob"))).toMatch(/taken out/);
  expect(w.did.filter((one) => !one.startsWith("live"))).toEqual([
    "rename Readers",
    "role bob@msn.test admin",
    "remove bob@msn.test",
  ]);
  expect(await refusal(w.desk.removeFromCircle(w.as(), "Readers", contact("zoe")))).toMatch(/zoe@msn\.test is not in/);
  w.circle("77", "Club", [member("alice"), member("bob"), member("carol", "admin")]);
  w.refusal = new BridgeError("change-refused", { detail: "403" });
  expect(await refusal(w.desk.removeFromCircle(w.as(), "Club", contact("bob")))).toBe(
    "That was not done: you are no admin of this circle; ask carol@msn.test (403).",
  );
  w.several(trio);
  expect(await refusal(w.desk.renameCircle(w.as(), "Bob, carol@msn.test", "X"))).toMatch(/is no circle/);
});

test("a circle is made with its maker as its admin", async () => {
  const w = new DeskWorld();
  const [me] = w.as().accounts;
  if (!me) throw new Error("alice has an account");
  expect(await w.desk.createCircle(me, "Readers")).toMatch(/There is a circle "Readers" now, and you are its admin/);
  expect([...w.records.values()]).toMatchObject([{ kind: "circle", name: "Readers", seats: [account()] }]);
});
