/** Redis has lost everything: `msnbridge rebuild` finds the rooms again, on a real Synapse and with a MUC on a real Prosody. */
import { execFile } from "node:child_process";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { findLink, linkByPage } from "../../src/cli/sandbox/link-page.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import { profileEnvironment } from "../../src/cli/sandbox/profile-env.ts";
import { registerAccount } from "../../src/cli/sandbox/xmpp-conversation.ts";
import { acceptCircle, reads } from "../support/bot-talk.ts";
import { email, GROUP_WORLD, type GroupScene, gather, mucOf } from "../support/group-scene.ts";
import { enter, readInMuc } from "../support/group-talk.ts";
import { useWorld } from "../support/world.ts";

const PROGRAM = new URL("../../bin/msnbridge.mjs", import.meta.url).pathname;
const CROSS_MS = 60_000;

const there = useWorld({ ...GROUP_WORLD, dialects: ["MSNP18"] });
let scene: GroupScene;
/** Anna's chat with Bob. */
let chat = "";
/** Anna's circle with Bob and Emma: her room, Emma's MUC, and what Bob sees of it. */
let club: { readonly room: string; readonly muc: string; readonly bobs: MsnGroup };

function rebuild(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { bridge, msn } = there.world;
  const env = { ...process.env, ...profileEnvironment(msn.services) };
  const line = ["--disable-warning=DEP0060", PROGRAM, "rebuild", "--config", bridge.setup.configFile, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, line, { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function inRedis<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(there.world.redis.url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** A Matrix room names the MUC that was made about the same time. */
async function named(room: string, muc: string): Promise<void> {
  const [, network, key] = /^([^.]+)\.([^@]+)@/.exec(muc) ?? [];
  const note = () => scene.anna.room(room).state("m.bridge", `msn://${network}/~${key}`);
  await scene.anna.waitFor(
    "the MUC to be named in the room",
    () => JSON.stringify(note() ?? {}).includes(muc),
    CROSS_MS,
  );
}

/** Anna links alice again, in the room in which she always talks with the bot. */
async function linkAgain(): Promise<void> {
  const { world } = there;
  const { anna, management } = scene;
  const { bot } = world.bridge.setup;
  const before = anna.room(management).texts(bot).length;
  const news = (): readonly string[] => anna.room(management).texts(bot).slice(before);
  await anna.sendText(management, "link");
  const url = await anna.waitFor("a link", () => findLink(news().join("\n")), CROSS_MS);
  await linkByPage(url, world.account("alice"));
  await anna.waitFor("the account to be linked", () => news().some((text) => /is linked/.test(text)), CROSS_MS);
}

test("Anna has a chat with Bob, and a group of people of three networks that Emma has in a MUC", async () => {
  const { world } = there;
  scene = await gather(world, "MSNP18");
  const { anna, msn, room, muc } = scene;
  await msn.bob.say(email("alice"), "Just the two of us");
  const invite = await anna.waitForInvite(world.ghost("bob"), CROSS_MS);
  chat = invite.roomId;
  await anna.join(chat);
  await anna.waitForMessage(chat, "Just the two of us", world.ghost("bob"), CROSS_MS);
  await anna.sendText(chat, "I am here");
  await msn.bob.waitForText("I am here", CROSS_MS);
  await named(room, muc);
});

test("Anna has a circle with Bob and Emma, who has it in a MUC", async () => {
  const { world } = there;
  const { anna, emma, msn, management, muc: known } = scene;
  const gateway = world.xmpp?.component ?? "";
  const command = async (line: string, answer: RegExp): Promise<void> => {
    await anna.sendText(management, line);
    await anna.waitForMessage(management, answer, world.bridge.setup.bot, CROSS_MS);
  };
  await command("circle create Club", /There is a circle "Club" now/);
  for (const name of ["bob", "emily"])
    await command(`circle invite ${email(name)} Club`, new RegExp(`${name}.* is invited`));
  const bobs = await acceptCircle(msn.bob, "Club");
  await emma.waitForMessage(/circle accept Club/, gateway, CROSS_MS);
  await emma.say(gateway, "circle accept Club");
  await emma.waitForMessage(/You are in the circle "Club" now/, gateway, CROSS_MS);
  await msn.bob.waitFor("Emma in the circle", () => bobs.members.includes(email("emily")), CROSS_MS);
  // Alice's session may be the one that reads: it must have seen her, too.
  const circles = async (): Promise<string> => {
    const answers = () => anna.room(management).texts(world.bridge.setup.bot);
    const before = answers().length;
    await anna.sendText(management, "circles");
    return anna.waitFor("her circles", () => answers()[before], CROSS_MS);
  };
  await expect.poll(circles, { timeout: CROSS_MS }).toMatch(/Club: 3 in it/);
  await bobs.say("Welcome to the club");
  const { roomId: room } = await anna.waitForInvite(world.bridge.setup.bot, CROSS_MS);
  await anna.join(room);
  const muc = await mucOf(emma, known);
  await enter(emma, muc, "emma");
  await anna.waitForMessage(room, "Welcome to the club", world.ghost("bob"), CROSS_MS);
  await emma.waitFor("Bob's words", () => readInMuc(emma, muc).includes("Welcome to the club"), CROSS_MS);
  await named(room, muc);
  club = { room, muc, bobs };
});

test("while the bridge runs, nothing is rebuilt", async () => {
  const { code, err } = await rebuild();
  expect(code).toBe(69);
  expect(err).toMatch(/bridge/);
});

test("with accounts in Redis, nothing is rebuilt without --merge", async () => {
  await there.world.bridge.stop();
  const { code, err } = await rebuild();
  expect(code).toBe(73);
  expect(err).toContain("--merge");
  expect(err).toContain("2 linked account(s) and 2 group(s)");
});

test("while a bridge on another machine works on this Redis, nothing is rebuilt", async () => {
  await inRedis((redis) => redis.set("msnb:{s5}:lease", "1 another", "PX", 120_000));
  const { code, err } = await rebuild();
  expect(code).toBe(69);
  expect(err).toContain("it holds 1 of 64 shards");
  await inRedis((redis) => redis.del("msnb:{s5}:lease"));
});

test("a dry run says what would be restored, and writes no portal", async () => {
  await inRedis((redis) => redis.flushall());
  const { code, out } = await rebuild("--dry-run");
  expect(out).toContain(`would       ${chat}: chat of ${scene.anna.userId} with ${email("bob")}`);
  expect(out).toContain(`would       ${scene.room}: group of 5 people on sandbox, also xmpp: ${scene.muc}`);
  expect(out).toContain(`would       ${club.room}: group "Club" on sandbox, also xmpp: ${club.muc}`);
  expect(code).toBe(0);
  const keys = await inRedis((redis) => redis.keys("*"));
  expect(keys.filter((key) => !key.endsWith("fence"))).toEqual([]);
});

test("what is in the rooms is restored, and the report says what is not", async () => {
  const { code, out } = await rebuild();
  const { anna, room, muc, management } = scene;
  expect(out).toContain(`restored    ${chat}: chat of ${anna.userId} with ${email("bob")}`);
  expect(out).toContain(`restored    ${room}: group of 5 people on sandbox, also xmpp: ${muc}`);
  expect(out).toContain(`restored    ${club.room}: group "Club" on sandbox, also xmpp: ${club.muc}`);
  expect(out).toContain(`restored    ${management}: where ${anna.userId} talks with the bot`);
  expect(out).toMatch(/Restored: chats 1, groups 2, rooms in which people talk with the bot 1, names of contacts \d\./);
  expect(out).toContain(`sandbox/${email("alice")} (${anna.userId})`);
  expect(out).toContain(`sandbox/${email("emily")}`);
  expect(out).toContain("each must be linked again");
  expect(code).toBe(0);
});

test("once more with --merge, everything is there already", async () => {
  const { code, out } = await rebuild("--merge");
  expect(out).toContain(`there       ${chat}: chat of`);
  expect(out).toContain("chats 0 (and 1 that were there already), groups 0 (and 2 that were there already)");
  expect(code).toBe(0);
});

test("linked again, the next words of each old chat are in its old room", async () => {
  const { world } = there;
  await world.bridge.start();
  const { anna, emma, msn, room, muc } = scene;
  await linkAgain();
  await anna.sendText(chat, "Redis was empty");
  await msn.bob.waitForText("Redis was empty", CROSS_MS);
  await msn.bob.say(email("alice"), "And now it is not");
  await anna.waitForMessage(chat, "And now it is not", world.ghost("bob"), CROSS_MS);

  await anna.sendText(room, "Is everybody here?");
  const isRead = (person: (typeof msn)["bob"], text: string) => () =>
    person.groups.some((group) => group.texts().includes(text));
  await msn.bob.waitFor("Anna's words in the group", isRead(msn.bob, "Is everybody here?"), CROSS_MS);

  await anna.sendText(club.room, "Is the club open?");
  await reads(msn.bob, club.bobs, "Is the club open?", email("alice"));

  const before = emma.messages.length;
  await registerAccount(world, emma, "emily");
  for (const one of [muc, club.muc]) {
    const isAsked = () => emma.messages.slice(before).some(({ element }) => `${element}`.includes(one));
    await emma.waitFor(`to be asked into ${one} again`, isAsked, CROSS_MS);
    await emma.joinRoom(one, "emma");
  }
  const group = await msn.carol.startGroup(...["alice", "emily", "bob", "dave"].map(email));
  await msn.carol.waitFor("all to be there", () => group.members.length === 4, CROSS_MS);
  await group.say("I am, at any rate");
  await anna.waitForMessage(room, "I am, at any rate", world.ghost("carol"), CROSS_MS);
  await emma.waitFor("Carol's words", () => readInMuc(emma, muc).includes("I am, at any rate"), CROSS_MS);
  await emma.sayInRoom(muc, "Me, too");
  await anna.waitForMessage(room, "Me, too", world.ghost("emily"), CROSS_MS);
  await msn.dave.waitFor("Emma's words", isRead(msn.dave, "Me, too"), CROSS_MS);

  await club.bobs.say("It is");
  await anna.waitForMessage(club.room, "It is", world.ghost("bob"), CROSS_MS);
  await emma.waitFor("Bob's words in the club", () => readInMuc(emma, club.muc).includes("It is"), CROSS_MS);
  await emma.sayInRoom(club.muc, "Then I am coming");
  await anna.waitForMessage(club.room, "Then I am coming", world.ghost("emily"), CROSS_MS);
  await reads(msn.bob, club.bobs, "Then I am coming", email("emily"));
});

test("nobody was asked into another room, and everybody is still in theirs", async () => {
  const { world } = there;
  const { anna, ben, room } = scene;
  const asked = [...anna.invites.values(), ...ben.invites.values()].filter(({ space }) => !space);
  expect(asked.map(({ roomId }) => roomId).filter((id) => ![room, chat, club.room].includes(id))).toEqual([]);
  const ours = ["bob", "carol", "dave", "emily"].map((name) => world.ghost(name));
  await expect
    .poll(() => anna.room(room).members().toSorted())
    .toEqual([anna.userId, world.bridge.setup.bot, ...ours].toSorted());
  await expect
    .poll(() => anna.room(club.room).members().toSorted())
    .toEqual([anna.userId, world.bridge.setup.bot, world.ghost("bob"), world.ghost("emily")].toSorted());
  await expect.poll(() => anna.room(room).displayName(world.ghost("bob"))).toBe("Bob");
});
