import { afterEach, expect, test } from "vitest";
import { groupHandle } from "../../../src/bridge/groups/model.ts";
import { parseContactAddress } from "../../../src/bridge/model.ts";
import { listsDevices } from "../../../src/bridge/ports/network.ts";
import { plainRich, rich } from "../../../src/bridge/text/model.ts";
import type { DialectName } from "../../../src/msnp/index.ts";
import { until } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, eventually, next } from "../msnp-client/stage.ts";
import { GroupStage, type Ours, peopleOf, reading } from "./group-stage.ts";

const [alice, bob, carol] = [ALICE, BOB, CAROL].map((email) => parseContactAddress(email)) as [never, never, never];
const DIALECTS: readonly DialectName[] = ["MSNP11", "MSNP15", "MSNP18", "MSNP21"];
const ON_BOARDS: readonly DialectName[] = ["MSNP11", "MSNP15", "MSNP18"];

let world: GroupStage;
afterEach(() => world.close());

test.each(DIALECTS)(
  "%s: three people talk in a group that alice has called together from the bridge",
  async (dialect) => {
    world = await GroupStage.open(dialect);
    const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
    const ours = await world.ours(ALICE);
    const [atBob, atCarol] = [reading(his), reading(hers)];
    const joined = [next(his, "conversation"), next(hers, "conversation")];
    const group = await ours.session.startGroup([bob, carol]);
    const [bobs, carols] = (await Promise.all(joined)).map(([conversation]) => conversation);
    expect(group).toMatchObject({ kind: "several", name: "" });
    expect(group.members.map(({ address, name }) => [address, name])).toEqual([
      [alice, "Alice A"],
      [bob, "Bob é B"],
      [carol, "Carol"],
    ]);
    expect([...ours.session.liveGroups()]).toEqual([group]);
    await ours.session.sendToGroup(group.handle, "hello both", undefined, "mark-1");
    await Promise.all([atBob.heard("alice: hello both"), atCarol.heard("alice: hello both")]);
    await bobs?.sendText("hello alice");
    await atCarol.heard("bob: hello alice");
    await carols?.sendTyping();
    await carols?.sendNudge();
    await ours.session.typeInGroup(group.handle);
    await ours.session.nudgeGroup(group.handle, "mark-2");
    await Promise.all([atBob.heard("alice: nudge"), ours.heard("message carol: sent a nudge !")]);
    expect(ours.log).toEqual([
      "group alice,bob,carol",
      "message bob: hello alice",
      "typing carol",
      "message carol: sent a nudge !",
    ]);
  },
);

test.each(DIALECTS)("%s: who leaves is gone from the group, and with the last it has ended", async (dialect) => {
  world = await GroupStage.open(dialect);
  const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
  const ours = await world.ours(ALICE);
  const joined = [next(his, "conversation"), next(hers, "conversation")];
  const { handle } = await ours.session.startGroup([bob, carol]);
  const [bobs, carols] = (await Promise.all(joined)).map(([conversation]) => conversation);
  await bobs?.leave();
  await ours.heard("group alice,carol");
  await carols?.leave();
  await ours.heard("ended");
  expect([...ours.session.liveGroups()]).toEqual([]);
  await expect(ours.session.sendToGroup(handle, "anybody?", undefined, "m")).rejects.toMatchObject({
    code: "group-gone",
    certainty: "not-sent",
  });
});

test.each(DIALECTS)("%s: alice leaves from the bridge, and the others go on", async (dialect) => {
  world = await GroupStage.open(dialect);
  const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
  const ours = await world.ours(ALICE);
  const joined = next(his, "conversation");
  const { handle } = await ours.session.startGroup([bob, carol]);
  const [bobs] = await joined;
  await eventually(() => bobs.members.size).toBe(2);
  await ours.session.leaveGroup(handle);
  await ours.heard("ended");
  await eventually(() => [...bobs.members]).toEqual([CAROL]);
  const atCarol = reading(hers);
  await bobs.sendText("she is gone");
  await atCarol.heard("bob: she is gone");
  expect(ours.log).toEqual(["group alice,bob,carol", "ended"]);
});

test.each(DIALECTS)(
  "%s: two accounts of the bridge see one group, and know their own words by the mark",
  async (dialect) => {
    world = await GroupStage.open(dialect);
    const his = await world.person(BOB);
    const [anna, cara] = [await world.ours(ALICE, 1), await world.ours(CAROL, 2)];
    const joined = next(his, "conversation");
    const { handle } = await anna.session.startGroup([bob, carol]);
    await cara.heard("group alice,bob,carol");
    await anna.session.sendToGroup(handle, "from anna", undefined, "first.MARK_1");
    await cara.heard("message alice: from anna #first.MARK_1");
    await (await joined)[0].sendText("from bob");
    await Promise.all([anna.heard("message bob: from bob"), cara.heard("message bob: from bob")]);
    const [hers] = [...cara.session.liveGroups()];
    expect(hers && peopleOf(hers)).toBe("alice,bob,carol");
    await cara.session.sendToGroup(hers?.handle ?? handle, "from cara", plainRich("from cara"), "second");
    await cara.session.nudgeGroup(hers?.handle ?? handle, "third");
    await anna.heard("message carol: from cara #second");
    await anna.heard("message carol: sent a nudge #third !");
    // The whole set was known before the first words.
    expect(cara.log.indexOf("group alice,bob,carol")).toBeLessThan(
      cara.log.findIndex((line) => line.startsWith("message")),
    );
  },
);

test.each(DIALECTS)("%s: no part of a long text looks as if another had said it", async (dialect) => {
  world = await GroupStage.open(dialect);
  await world.person(BOB);
  const [anna, cara] = [await world.ours(ALICE, 1), await world.ours(CAROL, 2)];
  const { handle } = await anna.session.startGroup([bob, carol]);
  for (let filling = 1180; filling < 1420; filling += 6) {
    const text = `[Mallory] ${"a".repeat(filling)} [Boss] pay him`;
    for (const looks of [undefined, rich([{ text, italic: true }])])
      await anna.session.sendToGroup(handle, text, looks, "m", "[Mallory] ");
  }
  await anna.session.sendToGroup(handle, "that is all", undefined, "m");
  await until("all of it", () => cara.words.at(-1)?.text === "that is all");
  const said = cara.words.map(({ text }) => text).slice(0, -1);
  expect(said.filter((text) => !text.startsWith("[Mallory] "))).toEqual([]);
  // At MSNP21 each of the texts is one message.
  expect(said.length === 80).toBe(dialect === "MSNP21");
});

test.each(DIALECTS)(
  "%s: a long text carries its mark in each part; at MSNP21 its parts come as one",
  async (dialect) => {
    world = await GroupStage.open(dialect);
    await world.person(BOB);
    const [anna, cara] = [await world.ours(ALICE, 1), await world.ours(CAROL, 2)];
    const { handle } = await anna.session.startGroup([bob, carol]);
    const long = "lange Wörter ".repeat(400);
    await anna.session.sendToGroup(handle, long, rich([{ text: long, bold: true }]), "m".repeat(64));
    await until("all of it", () => cara.words.map(({ text }) => text).join("").length >= long.length);
    expect(cara.words.map(({ text }) => text).join("")).toBe(long);
    expect(new Set(cara.words.map(({ mark }) => mark))).toEqual(new Set(["m".repeat(64)]));
    expect(cara.words.length === 1).toBe(dialect === "MSNP21");
    for (const { rich: looks } of cara.words) expect(looks?.runs.every(({ bold }) => bold)).toBe(true);
  },
);

const EACH = process.env.MSNBRIDGE_LONG === "1" ? 150 : 20;

test.each(DIALECTS)("%s: all talk at once, and each hears everything once, in its speaker's order", async (dialect) => {
  world = await GroupStage.open(dialect);
  const his = await world.person(BOB);
  const atBob = reading(his);
  const [anna, cara] = [await world.ours(ALICE, 1), await world.ours(CAROL, 2)];
  const joined = next(his, "conversation");
  const { handle } = await anna.session.startGroup([bob, carol]);
  const [bobs] = await joined;
  await eventually(() => bobs.members.size).toBe(2);
  await cara.heard("group alice,bob,carol");
  const [hers] = [...cara.session.liveGroups()];
  const all = (letter: string) => Array.from({ length: EACH }, (_, i) => `${letter}${i}`);
  await Promise.all([
    ...all("a").map((text) => anna.session.sendToGroup(handle, text, undefined, `mark-${text}`)),
    ...all("c").map((text) => cara.session.sendToGroup(hers?.handle ?? handle, text, plainRich(text), `mark-${text}`)),
    ...all("b").map((text) => bobs.sendText(text)),
  ]);
  await eventually(() => [atBob.lines.length, anna.words.length, cara.words.length]).toEqual(Array(3).fill(2 * EACH));
  const heard = ({ words }: Ours, letter: string) =>
    words.filter(({ text }) => text.startsWith(letter)).map(({ text, mark }) => `${text} ${mark ?? "-"}`);
  expect(heard(anna, "b")).toEqual(all("b").map((text) => `${text} -`));
  expect(heard(anna, "c")).toEqual(all("c").map((text) => `${text} mark-${text}`));
  expect(heard(cara, "a")).toEqual(all("a").map((text) => `${text} mark-${text}`));
  const lines = (name: string) => atBob.lines.filter((line) => line.startsWith(name));
  expect(lines("alice")).toEqual(all("a").map((text) => `alice: ${text}`));
  expect(lines("carol")).toEqual(all("c").map((text) => `carol: ${text}`));
});

test.each(DIALECTS)(
  "%s: a chat of two becomes a group when somebody else is called, also by the bridge",
  async (dialect) => {
    world = await GroupStage.open(dialect);
    const his = await world.person(BOB);
    const ours = await world.ours(ALICE);
    await his.conversation(ALICE).sendText("just us");
    await ours.heard("direct bob: just us");
    const hers = await world.person(CAROL);
    const atCarol = reading(hers);
    await his.conversation(ALICE).invite(CAROL);
    await ours.heard("group alice,bob,carol");
    const [group] = [...ours.session.liveGroups()];
    await ours.session.sendToGroup(group?.handle ?? groupHandle("none"), "welcome", undefined, "m");
    await atCarol.heard("alice: welcome");
  },
);

test.each(DIALECTS)("%s: alice calls somebody into a group that is under way", async (dialect) => {
  world = await GroupStage.open(dialect);
  const his = await world.person(BOB);
  const ours = await world.ours(ALICE);
  const { handle } = await ours.session.startGroup([bob]);
  await expect(ours.session.inviteToGroup(handle, carol)).rejects.toMatchObject({ code: "contact-offline" });
  const hers = await world.person(CAROL);
  await eventually(() => his.contacts.get(CAROL)?.status).toBe("NLN");
  const atCarol = reading(hers);
  await ours.session.inviteToGroup(handle, carol);
  await ours.heard("group alice,bob,carol");
  await ours.session.sendToGroup(handle, "now we are three", undefined, "m");
  await atCarol.heard("alice: now we are three");
});

test.each(DIALECTS)("%s: who does not come is left out, and a group of nobody does not begin", async (dialect) => {
  world = await GroupStage.open(dialect);
  const ours = await world.ours(ALICE);
  await expect(ours.session.startGroup([bob, carol])).rejects.toMatchObject({ code: "group-gone" });
  expect(ours.log).toEqual([]);
  const hers = await world.person(CAROL);
  await eventually(() => hers.contacts.get(ALICE)?.status).toBe("NLN");
  const { members } = await ours.session.startGroup([bob, carol]);
  expect(members.map(({ address }) => address)).toEqual([alice, carol]);
});

test("MSNP18: somebody whose client does not answer the call is not waited for long", async () => {
  world = await GroupStage.open("MSNP18");
  const ours = await world.ours(ALICE);
  const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
  await eventually(() => hers.contacts.get(ALICE)?.status).toBe("NLN");
  world.stage.network.faults.arm({ place: "SB", at: "ANS", fault: { kind: "drop" } });
  const { members } = await ours.session.startGroup([bob, carol]);
  expect(members).toHaveLength(2);
  expect(his.state).toBe("signed-in");
});

test.each(ON_BOARDS)("%s: a group goes on as the same one when its board is lost", async (dialect) => {
  world = await GroupStage.open(dialect);
  const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
  const ours = await world.ours(ALICE);
  const { handle } = await ours.session.startGroup([bob, carol]);
  const [atBob, atCarol] = [reading(his), reading(hers)];
  world.stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
  await expect(ours.session.sendToGroup(handle, "lost", undefined, "m1")).rejects.toMatchObject({
    code: "send-uncertain",
  });
  await ours.session.sendToGroup(handle, "there again", undefined, "m2");
  await Promise.all([atBob.heard("alice: there again"), atCarol.heard("alice: there again")]);
  // Told again as it is in no place for a while, and then in another: the same people, and the same group.
  expect([...new Set(ours.log)]).toEqual(["group alice,bob,carol"]);
  expect([...ours.session.liveGroups()].map((live) => live.handle)).toEqual([handle]);
});

test("MSNP18: who is not there any more when a lost board is called together again is left out", async () => {
  world = await GroupStage.open("MSNP18");
  const [his, hers] = [await world.person(BOB), await world.person(CAROL)];
  const ours = await world.ours(ALICE);
  const { handle } = await ours.session.startGroup([bob, carol]);
  world.stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
  await expect(ours.session.sendToGroup(handle, "lost", undefined, "m1")).rejects.toMatchObject({
    code: "send-uncertain",
  });
  await hers.signOut();
  await eventually(() => his.contacts.get(CAROL)?.status).toBe("FLN");
  await ours.session.sendToGroup(handle, "who is left?", undefined, "m2");
  await ours.heard("group alice,bob");
  await his.signOut();
  await ours.heard("ended");
});

test.each(["MSNP18", "MSNP21"] as const)(
  "%s: what alice says in a group at her laptop is her own, with the place where it is known",
  async (dialect) => {
    world = await GroupStage.open(dialect);
    const [his] = [await world.person(BOB), await world.person(CAROL)];
    const ours = await world.ours(ALICE);
    const laptop = await world.laptop(ALICE);
    await until(
      "the laptop",
      () => listsDevices(ours.session) && ours.session.devices().some(({ name }) => name === "Laptop"),
    );
    const atLaptop = next(laptop, "conversation");
    await his.startGroup([ALICE, CAROL]);
    const [hers] = await atLaptop;
    await eventually(() => hers.members.size).toBe(2);
    await ours.heard("group alice,bob,carol");
    await hers.sendText("from my laptop");
    await hers.sendNudge();
    await ours.heard("message alice: from my laptop at Laptop");
    await ours.heard("message alice: sent a nudge ! at Laptop");
    expect(ours.words[0]).toMatchObject({ from: alice, fromName: "Alice A" });
  },
);

test.each(ON_BOARDS)("%s: what is no text is named, and what programs tell each other is not", async (dialect) => {
  world = await GroupStage.open(dialect);
  const his = await world.person(BOB);
  await world.person(CAROL);
  const ours = await world.ours(ALICE);
  const group = await his.startGroup([ALICE, CAROL]);
  await ours.heard("group alice,bob,carol");
  await group.sendBody({ kind: "client-caps", client: "Demo 1.0" });
  await group.sendBody({ kind: "keepalive" });
  await group.sendBody({ kind: "p2p", to: ALICE, data: Buffer.alloc(52) });
  await group.sendBody({ kind: "ink", format: "gif", data: Buffer.alloc(4000, 7) });
  await group.sendBody({ kind: "wink", object: '<msnobj Friendly="RgByAG8AZwAAAA=="/>' });
  await group.sendText("did you see?");
  await ours.heard("message bob: did you see?");
  expect(ours.log.slice(1)).toEqual([
    "message bob: sent handwriting, which cannot be shown here",
    "message bob: sent a wink, which cannot be shown here: “Frog”",
    "message bob: did you see?",
  ]);
});

test("what the others' clients see as a chat of two carries its mark, too", async () => {
  world = await GroupStage.open("MSNP18");
  const [anna, cara] = [await world.ours(ALICE, 1), await world.ours(CAROL, 2)];
  const { handle } = await anna.session.startGroup([bob, carol]);
  await anna.session.sendToGroup(handle, "only you are there", undefined, "m1");
  await cara.heard("direct alice: only you are there #m1");
});

test.each(DIALECTS)("%s: what MSN has nothing of is refused with the reason", async (dialect) => {
  world = await GroupStage.open(dialect);
  await world.person(BOB);
  const { session } = await world.ours(ALICE);
  const { handle } = await session.startGroup([bob]);
  const refused = (detail: string) => ({ code: "not-offered", context: { network: "Toynet", detail } });
  await expect(session.removeMember(handle, bob)).rejects.toMatchObject(
    refused("nobody can be removed from a group chat"),
  );
  await expect(session.nameGroup(handle, "Us")).rejects.toMatchObject(refused("a group chat has no name"));
  await expect(session.setGroupRole(handle, bob, "admin")).rejects.toMatchObject(refused("a group chat has no roles"));
  await expect(session.sendToGroup(handle, "x", undefined, "no mark!")).rejects.toMatchObject({ code: "bad-input" });
  const gone = groupHandle("board-of-yesterday");
  await expect(session.sendToGroup(gone, "x", undefined, "m")).rejects.toMatchObject({ code: "group-gone" });
  await session.typeInGroup(gone);
});

test.each(DIALECTS)("%s: of what ends with the session nothing is told", async (dialect) => {
  world = await GroupStage.open(dialect);
  const [his] = [await world.person(BOB), await world.person(CAROL)];
  const ours = await world.ours(ALICE);
  const { handle } = await ours.session.startGroup([bob, carol]);
  await ours.session.close();
  await expect(ours.session.sendToGroup(handle, "x", undefined, "m")).rejects.toMatchObject({ code: "group-gone" });
  expect([...ours.session.liveGroups()]).toEqual([]);
  const again = await world.ours(ALICE);
  await eventually(() => his.contacts.get(ALICE)?.status).toBe("NLN");
  await again.session.startGroup([bob, carol]);
  expect([ours.log, again.log]).toEqual([["group alice,bob,carol"], ["group alice,bob,carol"]]);
});
