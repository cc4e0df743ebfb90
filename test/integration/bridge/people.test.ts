import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { ResidentId } from "../../../src/bridge/model.ts";
import { residentId, roomId } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { HOME, NET } from "../../unit/bridge/support.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
const dora: ResidentId = residentId(HOME, "@dora:toy");
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function linked(options: ConstructorParameters<typeof World>[1] = {}): Promise<World> {
  world = new World(redis, options);
  await world.start();
  await world.link();
  return world;
}

/** What the home was told last of a contact. */
const shown = (name: string): string | undefined =>
  world.home.presences.findLast((one) => one.contact === contact(name))?.presence.availability;
const session = () => world.network.sessions.get(contact("alice"));

test("only contacts with a room are shown", async () => {
  const { network } = await linked();
  network.contact(contact("carol"), "busy");
  await world.chat("bob");
  await until("bob to be shown", () => shown("bob") === "online");
  network.contact(contact("bob"), "away", "lunch");
  await until("bob's change", () => shown("bob") === "away");
  expect(shown("carol")).toBeUndefined();
  expect(world.home.presences.at(-1)?.presence.text).toBe("lunch");
});

test("a contact's name is set when a room is there and when it changes", async () => {
  const { home, network } = await linked();
  await world.chat("bob");
  await until("the name", () => home.names.get("bob@msn.test") === "Bob");
  network.contact(contact("bob"), "online", "", "Bob the Great");
  await until("the new name", () => home.names.get("bob@msn.test") === "Bob the Great");
});

test("when the account is signed out its contacts go offline, and come back with it", async () => {
  await linked();
  await world.chat("bob");
  await until("bob to be shown", () => shown("bob") === "online");
  expect(await world.ask("presence offline")).toMatch(/is signed out/);
  await until("bob to be offline", () => shown("bob") === "offline");
  expect(await world.ask("presence online")).toBe("alice@msn.test is now online.");
  await until("bob to be back", () => shown("bob") === "online");
});

test("after a restart contacts with a room are shown again", async () => {
  await linked();
  await world.chat("bob");
  await until("bob to be shown", () => shown("bob") === "online");
  world.home.presences.length = 0;
  await world.restart();
  await until("bob to be shown again", () => shown("bob") === "online");
});

test("a contact whose room alice has left is shown offline and then no more", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"));
  await until("bob to be shown", () => shown("bob") === "online");
  home.event({ kind: "left", resident: alice, room });
  await until("bob to be offline", () => shown("bob") === "offline");
  network.contact(contact("bob"), "busy");
  network.contact(contact("bob"), "online");
  await world.ask("status");
  expect(shown("bob")).toBe("offline");
});

test("two owners see bob: the most present view counts, and the last of them takes it with them", async () => {
  const { home, network } = await linked();
  network.account(contact("dora"));
  await world.link(dora, "dora");
  await world.chat("bob");
  home.invite(dora, ghost("bob"));
  await until("dora's room", async () => world.room("bob", "dora"));
  network.contact(contact("bob"), "busy");
  const blocked = {
    ...must(network.contacts.get(contact("bob"))),
    presence: { availability: "offline", text: "" },
  } as const;
  const doras = must(network.sessions.get(contact("dora")));
  doras.contact = () => blocked;
  doras.hooks.contact(blocked);
  await until("bob to be busy", () => shown("bob") === "busy");
  await world.ask("presence offline");
  await until("bob to be offline for want of a better view", () => shown("bob") === "offline");
});

test("an owner without a room does not keep a contact online by an old view", async () => {
  const { network } = await linked();
  network.account(contact("dora"));
  await world.link(dora, "dora");
  await world.chat("bob");
  network.contact(contact("bob"), "busy");
  await until("bob to be busy", () => shown("bob") === "busy");
  await world.ask("presence offline", dora);
  await until("dora to be signed out", () => !network.sessions.has(contact("dora")));
  network.contact(contact("bob"), "offline");
  await until("bob to be offline", () => shown("bob") === "offline");
});

test("a home that forgets is told again and again, as long as bob is not offline", async () => {
  world = new World(redis);
  world.home.presenceRefreshMs = 50;
  await world.start();
  await world.link();
  await world.chat("bob");
  await until("several refreshes", () => world.home.presences.length > 5);
  world.network.contact(contact("bob"), "offline");
  await until("offline", () => shown("bob") === "offline");
  const told = world.home.presences.length;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(world.home.presences.length).toBe(told);
});

test("the same presence told twice is written once", async () => {
  const { home, network } = await linked();
  await world.chat("bob");
  await until("bob to be shown", () => shown("bob") === "online");
  const before = home.presences.length;
  for (let i = 0; i < 5; i += 1) network.contact(contact("bob"), "online");
  network.contact(contact("bob"), "busy");
  await until("the change", () => shown("bob") === "busy");
  expect(home.presences.length).toBe(before + 1);
});

test("many changes in a moment end with the newest, also where the home is slow", async () => {
  const { home, network } = await linked();
  await world.chat("bob");
  await until("bob to be shown", () => shown("bob") === "online");
  home.slowMs = 5;
  for (const state of ["busy", "away", "idle", "busy", "away"] as const) {
    network.contact(contact("bob"), state);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until("the newest", () => shown("bob") === "away");
  await new Promise((resolve) => setTimeout(resolve, 40));
  await until("it to stay", () => shown("bob") === "away");
});

test("alice's presence goes to the network, and an explicit wish stands above it", async () => {
  const { home } = await linked();
  home.shows(alice, { availability: "busy", text: "working" });
  await until("busy", () => session()?.shown.availability === "busy");
  expect(session()?.shown.text).toBe("working");
  await world.ask("presence away");
  await until("away", () => session()?.shown.availability === "away");
  await world.ask("presence automatic");
  await until("busy again", () => session()?.shown.availability === "busy");
});

test("alice's presence of before is what a restart shows", async () => {
  const { home } = await linked();
  home.shows(alice, { availability: "busy", text: "working" });
  await until("busy", () => session()?.shown.availability === "busy");
  await until("it to be kept", async () => (await world.store.resident(alice)).presence);
  await world.restart();
  await world.on();
  expect(session()?.shown).toEqual({ availability: "busy", text: "working" });
});

test("a presence that is no presence in the store does not keep the account out", async () => {
  await linked();
  await world.store.updateResident(alice, { presence: "{" });
  await world.restart();
  await world.on();
  expect(session()?.shown.availability).toBe("online");
});

test("`presence offline` survives a restart; `presence online` brings the account back", async () => {
  await linked();
  await world.ask("presence offline");
  await world.restart();
  expect(await world.ask("accounts")).toBe("• alice@msn.test on Toynet: signed out");
  expect(world.network.sessions.size).toBe(0);
  await world.ask("presence online");
  await world.on();
});

test("a personal message is set by `psm` on all of alice's accounts, and follows her client again without text", async () => {
  const { home, network } = await linked();
  network.account(contact("alice2"));
  await world.link(alice, "alice2");
  home.shows(alice, { availability: "online", text: "from my client" });
  await until("the client's text", () => session()?.shown.text === "from my client");
  expect(await world.ask("psm gone fishing")).toBe("Your personal message is now: gone fishing");
  const texts = () => [...network.sessions.values()].map((one) => one.shown.text).join();
  await until("the wish", () => texts() === "gone fishing,gone fishing");
  await world.ask("psm");
  await until("the client's text again", () => texts() === "from my client,from my client");
});

test("the account signs in somewhere else: alice is told once, her words are refused with a reason, `presence online` comes back", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.drop(contact("alice"), { kind: "elsewhere", detail: "OUT OTH" });
  await until("the news", () =>
    home.told(alice).some((text) => text.startsWith("Your MSN account signed in somewhere else")),
  );
  home.write(alice, room, "hi");
  await until("the notice", () =>
    home.chat(room).some((line) => line.startsWith("bot: Not sent: your MSN account signed in somewhere else")),
  );
  await world.restart();
  expect(await world.ask("accounts")).toBe("• alice@msn.test on Toynet: signed in somewhere else");
  await world.ask("presence online");
  await world.on();
  expect(home.told(alice).filter((text) => text.includes("signed in somewhere else and"))).toHaveLength(1);
});

test("the password is refused: alice is told once and it is not tried again, also after a restart", async () => {
  const { home, network } = await linked();
  network.account(contact("alice"), "changed");
  network.drop(contact("alice"));
  await until("the news", () => home.told(alice).some((text) => text.startsWith("Toynet refused the password")));
  const tries = network.signIns.length;
  await world.restart();
  expect(await world.ask("status")).toMatch(/password refused/);
  expect(network.signIns.length).toBe(tries);
  expect(home.told(alice).filter((text) => text.startsWith("Toynet refused the password"))).toHaveLength(1);
});

test("linking with a wrong password names it and leaves a linked account as it was", async () => {
  const { network } = await linked();
  const request = {
    network: NET,
    address: contact("alice"),
    spelling: contact("alice"),
    password: new Secret("wrong"),
  };
  const linking = world.bridge.linker.linkAccount(alice, request, () => {}, new AbortController().signal);
  await expect(linking).rejects.toMatchObject({ code: "bad-password" });
  await world.on();
  expect(network.sessions.size).toBe(1);
});

test("words written while the account is being linked again are not refused", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const verified = Promise.withResolvers<void>();
  network.verify = async () => {
    await verified.promise;
    return { displayName: "alice" };
  };
  const linking = world.link();
  await until("the old session to be closed", () => network.sessions.size === 0);
  home.write(alice, room, "hi");
  await home.pushed();
  verified.resolve();
  await linking;
  await until("the words", () => network.received.length === 1);
  expect(home.chat(room).filter((line) => line.startsWith("bot:"))).toEqual([]);
});

test("someone else's account cannot be linked, and stays signed in", async () => {
  const { network } = await linked();
  const request = {
    network: NET,
    address: contact("alice"),
    spelling: contact("alice"),
    password: new Secret("secret"),
  };
  const linking = world.bridge.linker.linkAccount(dora, request, () => {}, new AbortController().signal);
  await expect(linking).rejects.toMatchObject({ code: "already-linked" });
  expect(network.signIns).toHaveLength(1);
});

test("who may not link gets no page", async () => {
  world = new World(redis, { mayLink: (resident) => resident === alice });
  await world.start();
  expect(await world.ask("link")).toContain("https://bridge.test/link/x");
  expect(await world.ask("link", dora)).toMatch(/^You may not link accounts/);
});

test("alice's typing is told at once and again while it lasts, and ends when she sends", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.types(alice, room, true);
  await until("repeated typing", () => network.typed.length >= 3);
  expect(network.typed[0]).toBe("alice@msn.test > bob@msn.test");
  home.write(alice, room, "done");
  await until("the words", () => network.received.length === 1);
  const told = network.typed.length;
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(network.typed.length).toBe(told);
});

test("alice stops typing without sending: the repeating ends", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.types(alice, room, true);
  await until("typing", () => network.typed.length >= 1);
  home.types(alice, room, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const told = network.typed.length;
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(network.typed.length).toBe(told);
});

test("alice types before anything was said: bob is told where the home says whom she writes to", async () => {
  const { home, network } = await linked();
  const room = roomId("!not-opened:toy");
  home.types(alice, room, true);
  home.types(dora, room, true, ghost("bob"));
  home.types(alice, room, true, ghost("bob"));
  await until("typing", () => network.typed.length > 0);
  home.types(alice, room, false, ghost("bob"));
  expect(new Set(network.typed)).toEqual(new Set(["alice@msn.test > bob@msn.test"]));
});

test("bob types: alice sees it where she has a room, and nowhere else", async () => {
  const { home, network } = await linked();
  await world.chat("bob");
  session()?.hooks.typing(contact("bob"));
  session()?.hooks.typing(contact("carol"));
  await until("bob's typing", () => home.typing.length > 0);
  network.say(contact("bob"), contact("alice"), "hi");
  await until("the end of it with his words", () => home.typing.some(({ typing }) => !typing));
  expect(home.typing.map((one) => one.contact)).not.toContain("carol@msn.test");
});

test("someone else's typing in alice's room is not told to bob", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.types(dora, room, true);
  home.types(alice, room, true);
  await until("alice's typing", () => network.typed.length >= 1);
  expect(network.typed.every((line) => line.startsWith("alice@msn.test"))).toBe(true);
});

test("a command that the home is too busy for is carried out when it has time", async () => {
  const { home } = await linked();
  const open = home.openDirect.bind(home);
  let busy = 2;
  home.openDirect = async (...args) => {
    if (busy-- > 0) throw new BridgeError("home-busy", {}, { retryAfterMs: 10 });
    return open(...args);
  };
  expect(await world.ask("chat bob@msn.test")).toMatch(/^Your room with <bob@msn.test> is open/);
});

test("a command that breaks the bridge is answered, and the operator finds it in the log", async () => {
  const lines: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => void lines.push(line) });
  const { home } = await linked({ log });
  home.openDirect = async () => {
    throw new TypeError("of undefined");
  };
  expect(await world.ask("chat bob@msn.test")).toMatch(/^Something went wrong inside the bridge/);
  expect(lines.join("")).toContain("of undefined");
});

test("a command is carried out once although its answer could not be said at once", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.away.add(contact("bob"));
  home.write(alice, room, "hi");
  await until("it to be parked", async () => (await world.store.parked(world.account())).length === 1);
  network.away.clear();
  home.mode = "down";
  home.command(alice, "retry");
  await until("the words", () => network.received.length === 1);
  home.mode = "up";
  await until("the answer", () => home.told(alice).includes("Sending 1 message(s) again."));
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}
