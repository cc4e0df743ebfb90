import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function linked(): Promise<World> {
  world = new World(redis);
  await world.start();
  await world.link();
  return world;
}

const requests = (): string[] => world.home.told(alice).filter((text) => /would like to be a contact/.test(text));

test("a friend request shows itself once, with the way to answer it; not at the next sign-in, not after a restart", async () => {
  const { network } = await linked();
  network.ask(contact("carol"), "Carol \u202E\n evil");
  await until("the request", () => requests().length === 1);
  expect(requests()[0]).toBe(
    "Carol   evil <carol@msn.test> would like to be a contact of alice@msn.test. Say `accept carol@msn.test` or `decline carol@msn.test`; until then they do not see when you are online.",
  );
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  network.drop(contact("alice"));
  await until("the next sign-in", () => network.signIns.length === 2);
  await world.restart();
  await until("the one after it", () => network.signIns.length === 3);
  await world.ask("status");
  expect(requests()).toHaveLength(1);
  expect(await world.ask("requests")).toContain("carol@msn.test");
});

test("those that waited before the account was linked are in the one notice of its first sign-in, and told no more", async () => {
  world = new World(redis);
  const { network, home } = world;
  network.ask(contact("carol"));
  network.ask(contact("dan"));
  await world.start();
  await world.link();
  await until("the marks", async () => (await world.store.told(world.account())).length === 2);
  expect(home.told(alice)).toEqual([
    expect.stringMatching(
      /^alice@msn\.test on Toynet is linked\. It has 1 contact\. Your answer is waited for: 2 friend requests \(`requests`\)\. No room is opened before/,
    ),
  ]);
  network.drop(contact("alice"));
  await until("the next sign-in", () => network.signIns.length === 2);
  network.ask(contact("eve"));
  await until("the request", () => requests().length > 0);
  expect(requests()).toEqual([expect.stringMatching(/^eve@msn\.test would like/)]);
  expect(home.told(alice)).toHaveLength(2);
});

test("a welcome that could not be said comes after a restart", async () => {
  world = new World(redis);
  const { network, home } = world;
  await world.start();
  home.mode = "down";
  await world.link();
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  await world.stop();
  home.mode = "up";
  await world.start();
  await until("the welcome", () => home.told(alice).length === 1);
  await until("the end of it", async () => (await world.store.told(world.account())).length === 0);
  network.drop(contact("alice"));
  await until("the next sign-in", () => network.signIns.length === 3);
  await world.ask("status");
  expect(home.told(alice).filter((text) => text.includes("is linked"))).toHaveLength(1);
});

test("very many that ask at once are told of in one notice, once, and the next one by itself", async () => {
  const { network } = await linked();
  for (let i = 0; i < 60; i += 1) network.ask(contact(`stranger${i}`), `Stranger ${i}`);
  await until("the marks", async () => (await world.store.told(world.account())).length === 60);
  const many = world.home.told(alice).filter((text) => /would like to be/.test(text));
  expect(many).toEqual([
    expect.stringMatching(
      /^60 people would like to be contacts of alice@msn\.test\. Say `requests`.*`accept <address>` or `decline <address>`/,
    ),
  ]);
  network.drop(contact("alice"));
  await until("the next sign-in", () => network.signIns.length === 2);
  network.ask(contact("carol"), "Carol");
  await until("the request", () => requests().length === 1);
  expect(requests()[0]).toContain("Carol <carol@msn.test>");
  expect(world.home.told(alice).filter((text) => /60 people/.test(text))).toHaveLength(1);
});

test("an answer settles it; who asks again later is news again", async () => {
  const { network } = await linked();
  network.ask(contact("carol"));
  await until("the request", () => requests().length === 1);
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  expect(await world.ask("decline carol@msn.test")).toContain("is turned down");
  network.ask(contact("carol"));
  await until("the next request", () => requests().length === 2);
  expect(await world.ask("accept")).toContain("carol@msn.test is your contact now");
  expect(await world.ask("contacts")).toContain("carol@msn.test");
});

test("a request answered elsewhere while the bridge was away is news when it comes again", async () => {
  const { network } = await linked();
  network.ask(contact("carol"));
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  await world.stop();
  network.asking.clear();
  await world.start();
  await until("the mark to go", async () => (await world.store.told(world.account())).length === 0);
  network.ask(contact("carol"));
  await until("the request", () => requests().length === 2);
});

test("a request answered at another place while the bridge is on is news when it comes again", async () => {
  const { network } = await linked();
  network.ask(contact("carol"));
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  network.asking.clear();
  network.contact(contact("carol"));
  await until("the mark to go", async () => (await world.store.told(world.account())).length === 0);
  network.ask(contact("carol"));
  await until("the request", () => requests().length === 2);
});

test("add, block, rename, groups and remove change the list, and what is stored follows", async () => {
  const { network } = await linked();
  expect(await world.ask("add dave@msn.test Hi!")).toContain("dave@msn.test is in your contact list now");
  await world.ask("groups new Old friends");
  await world.ask("groups put dave@msn.test Old friends");
  await world.ask("rename dave@msn.test Davy");
  await world.ask("block dave@msn.test");
  expect(await world.ask("contacts davy")).toBe("• Davy (dave@msn.test) <dave@msn.test>: blocked");
  expect(await world.ask("groups")).toBe("• Old friends: dave@msn.test");
  await until("the stored contact", async () =>
    (await world.store.contactsOf(world.account())).some(
      ({ address, blocked, nickname }) => address === "dave@msn.test" && blocked && nickname === "Davy",
    ),
  );
  await world.ask("remove dave@msn.test");
  expect(await world.ask("contacts dave")).toContain("No contact matches");
  expect(network.groups).toEqual(new Set(["Old friends"]));
});

test("a contact that is taken off the list elsewhere is gone from `contacts` at once", async () => {
  const { network } = await linked();
  expect(await world.ask("contacts")).toContain("bob@msn.test");
  const bob = network.contacts.get(contact("bob"));
  if (!bob) throw new Error("bob is not there");
  const gone = { ...bob, listed: false };
  network.contacts.set(contact("bob"), gone);
  for (const session of network.sessions.values()) session.hooks.contact(gone);
  expect(await world.ask("contacts")).toBe("Your contact list is empty.");
  await until("the stored list", async () =>
    (await world.store.contactsOf(world.account())).every(({ listed }) => !listed),
  );
});

test("a sign-in that fails, with the list unread, leaves the stored list as it was", async () => {
  const { network } = await linked();
  await until("the stored list", async () => (await world.store.contactsOf(world.account())).length === 1);
  network.down = true;
  network.drop(contact("alice"));
  await world.restart();
  await until("a failed sign-in", () => network.signIns.length >= 2);
  expect(await world.ask("contacts")).toContain("bob@msn.test");
});

test("a change that the network refuses changes nothing and says why; one while signed out says so", async () => {
  const { network } = await linked();
  network.refusal = new BridgeError("list-full", { network: "Toynet" });
  expect(await world.ask("add dave@msn.test")).toMatch(/^Toynet does not take more: your contact list is full/);
  expect(network.contacts.has(contact("dave"))).toBe(false);
  await world.ask("presence offline");
  expect(await world.ask("block bob@msn.test")).toContain("is not signed in right now");
});

test("an own name for a contact is shown in the owner's room alone, and goes when it is taken away", async () => {
  const { home } = await linked();
  const room = await world.chat("bob");
  await world.ask("rename bob@msn.test The boss");
  await until("the own name", () => home.nicknames.get(`bob@msn.test in ${room}`) === "The boss");
  expect(home.names.get("bob@msn.test")).toBe("Bob");
  await world.ask("rename bob@msn.test");
  await until("the contact's name", () => home.nicknames.get(`bob@msn.test in ${room}`) === "");
});
