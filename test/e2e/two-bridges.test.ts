/** Two bridges in one room and one circle, both with a relay: what is said there ends. */
import { expect, test } from "vitest";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { acceptCircle, BotTalk, CROSS_MS } from "../support/bot-talk.ts";
import { enter, state } from "../support/matrix-groups.ts";
import { useTwoBridges } from "../support/two-bridges.ts";

const there = useTwoBridges({ matrix: ["anna", "ben", "cleo"], msn: ["alice", "benny", "bob"] });

/** Anna has alice on the first bridge, Ben has benny on the second, Cleo and Bob are where they are. */
let alice: BotTalk;
let benny: BotTalk;
let anna: MatrixPerson;
let ben: MatrixPerson;
let cleo: MatrixPerson;
let bob: MsnPerson;
let bobs: MsnGroup;
let room = "";
const email = (name: string): string => `${name}@msn.test`;
const bots = (): string[] => [there.both.first, there.both.second].map(({ bridge }) => bridge.setup.bot);
/** Bob's ghosts, one of each bridge. */
const ghosts = (): string[] =>
  [there.both.first, there.both.second].map(
    ({ bridge: { setup } }) => `@${setup.ghostPrefix}sandbox_bob=40msn.test:${setup.serverName}`,
  );
const EACH = 20;

/** The room as Anna sees it, but for what bots tell. */
function said(): { readonly by: string; readonly text: string }[] {
  return anna
    .room(room)
    .messages()
    .filter(({ content }) => content.msgtype === "m.text")
    .map(({ sender, content }) => ({ by: sender, text: String(content.body) }));
}

/** How often each of these people has said that in the room. */
function timesInRoom(text: string): Record<string, number> {
  return counted(said().flatMap((one) => (one.text === text ? [one.by] : [])));
}

/** The same in the circle, as Bob sees it. */
function timesInCircle(text: string): Record<string, number> {
  return counted(bobs.messages.flatMap((one) => (one.text === text ? [one.from] : [])));
}

function counted(all: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(all)].map((one) => [one, all.filter((other) => other === one).length]));
}

async function setPower(levels: Readonly<Record<string, number>>): Promise<void> {
  const now = anna.room(room).state("m.room.power_levels");
  await state(anna, room, "m.room.power_levels", { ...now, users: { ...(now?.users as object), ...levels } });
}

test("the second bridge is refused a room that the first has tied to the same circle, with who it is and what to do", async () => {
  const { first, second, msn, messenger } = there.both;
  [alice, benny, bob] = await Promise.all([
    BotTalk.link(first, "anna", "alice"),
    BotTalk.link(second, "ben", "benny"),
    messenger("bob"),
  ]);
  [anna, ben, cleo] = [alice.person, benny.person, await first.matrix("cleo")];
  await alice.command("circle create Shared", /There is a circle "Shared" now/);
  for (const name of ["bob", "benny"])
    await alice.command(`circle invite ${email(name)} Shared`, /is invited into the circle/);
  bobs = await acceptCircle(bob, "Shared");
  await benny.hear(/into the circle "Shared"/);
  await benny.command("circle accept Shared", /You are in the circle "Shared" now/);
  await bob.waitFor("both to be there", () => bobs.members.length === 2, CROSS_MS);
  msn.setCircleRole(/^9:(.*)@live\.com$/.exec(bobs.id ?? "")?.[1] ?? "", email("benny"), "Admin");
  const made = await anna.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
    body: { preset: "private_chat", name: "shared", invite: [ben.userId, cleo.userId, bots()[0]] },
  });
  room = made.room_id;
  for (const person of [ben, cleo]) await enter(person, room);
  await ben.invite(room, bots()[1] ?? "");
  await anna.waitFor("the bots", () => bots().every((bot) => anna.room(room).members().includes(bot)), CROSS_MS);
  await setPower({ [ben.userId]: 50, [bots()[0] ?? ""]: 50 });
  await alice.command(`bridge Shared ${room}`, /"Shared" is tied to/);
  const refused = await benny.ask(`bridge Shared ${room}`, /another bridge/);
  expect(refused).toMatch(
    /another bridge, .*@_msnbot:matrix\.test.*, has tied that room to the same conversation already/,
  );
  expect(refused).toMatch(/Say `unbridge` to that bridge first; when it runs no more, remove its bot from the room/);
});

test("where neither may write that it is there both are in the room, and nothing that is said goes round", async () => {
  await setPower({ [bots()[0] ?? ""]: 0 });
  const notes = anna.room(room).timeline.filter(({ type }) => ["m.bridge", "uk.half-shot.bridge"].includes(type));
  expect(notes).not.toEqual([]);
  for (const { type, state_key } of notes) await state(anna, room, type, {}, state_key);
  await benny.ask(`bridge Shared ${room}`, /"Shared" is tied to/);
  for (const [talk, name] of [
    [alice, "alice"],
    [benny, "benny"],
  ] as const)
    await talk.command("relay set Shared", new RegExp(`${email(name)} speaks in "Shared"`));
  const texts = (who: string): string[] => Array.from({ length: EACH }, (_, i) => `${who} ${i}`);
  await Promise.all([
    ...texts("cleo").map((text) => cleo.sendText(room, text)),
    (async () => {
      for (const text of texts("bob")) await bobs.say(text);
    })(),
    anna.sendText(room, "anna herself"),
  ]);
  // By both relays; and Anna by her own account and the other bridge's relay.
  const byBoth = { [email("alice")]: 1, [email("benny")]: 1 };
  const byGhosts = Object.fromEntries(ghosts().map((ghost) => [ghost, 1]));
  const isThere = (times: Record<string, number>): boolean => Object.keys(times).length >= 2;
  const inCircle = (text: string) =>
    bob.waitFor(`"${text}" twice in the circle`, () => isThere(timesInCircle(text)), CROSS_MS);
  const inRoom = (text: string) =>
    anna.waitFor(`"${text}" twice in the room`, () => isThere(timesInRoom(text)), CROSS_MS);
  for (const text of [...texts("cleo"), "anna herself"]) await inCircle(text);
  for (const text of texts("bob")) await inRoom(text);
  // What had gone round would stand before these: each of them takes the way of all that was said before.
  for (const round of ["first", "second"]) {
    await bobs.say(`bob's ${round} last`);
    await inRoom(`bob's ${round} last`);
    await cleo.sendText(room, `cleo's ${round} last`);
    await inCircle(`cleo's ${round} last`);
    await anna.waitForMessage(room, `cleo's ${round} last`, cleo.userId);
  }
  for (const text of texts("bob")) expect([timesInRoom(text), timesInCircle(text)]).toEqual([byGhosts, {}]);
  for (const text of texts("cleo"))
    expect([timesInRoom(text), timesInCircle(text)]).toEqual([{ [cleo.userId]: 1 }, byBoth]);
  expect([timesInRoom("anna herself"), timesInCircle("anna herself")]).toEqual([{ [anna.userId]: 1 }, byBoth]);
  expect(said()).toHaveLength(3 * EACH + 1 + 6);
  expect(bobs.messages).toHaveLength(2 * (EACH + 1 + 2));
});
