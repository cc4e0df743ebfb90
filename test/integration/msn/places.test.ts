import { afterEach, expect, test } from "vitest";
import type { ContactAddress, ContactSnapshot } from "../../../src/bridge/model.ts";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import type { OfflineWords, OwnWords, Session, SessionHooks } from "../../../src/bridge/ports/network.ts";
import { editsContacts, listsDevices } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import { type DialectName, parseMachineGuid } from "../../../src/msnp/index.ts";
import { deaf, silent, until } from "../../unit/bridge/support.ts";
import { ACCOUNTS, ALICE, BOB, eventually, hearing, Stage } from "../msnp-client/stage.ts";
import { hasCome } from "./board-trace.ts";

const LAPTOP = parseMachineGuid("{aaaaaaaa-0000-4000-8000-000000000002}");
const MACHINE = "11111111-2222-4333-8444-555555555555";
const bob = parseContactAddress(BOB);
const eve = parseContactAddress("eve@msn.test");

let stage: Stage;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await stage.close();
});

async function signIn(dialect: DialectName, hooks: Partial<SessionHooks> = {}) {
  const side = createMsnNetwork({
    name: parseNetworkName("toynet"),
    title: "Toynet",
    services: stage.network.services,
    dialects: [dialect],
    log: silent,
  });
  const credentials = {
    address: parseContactAddress(ALICE),
    spelling: ALICE,
    password: new Secret(ACCOUNTS[0]?.password ?? ""),
  };
  const options = {
    machineGuid: MACHINE,
    availability: "online",
    text: "",
  } as const;
  const all = { ...deaf, closed: () => {}, ...hooks };
  const session = await side.signIn(credentials, options, all, new AbortController().signal);
  sessions.push(session);
  if (!editsContacts(session) || !listsDevices(session)) throw new Error("an MSN session has lists and places");
  return session;
}

async function open(): Promise<void> {
  stage = await Stage.open();
}

test.each(["MSNP13", "MSNP18"] as const)(
  "%s: words for who is away are left on the server, those for who is there are said",
  async (dialect) => {
    await open();
    const session = await signIn(dialect);
    expect(await session.sendText(bob, "until later")).toEqual({ via: "offline" });
    expect(stage.network.offlineMessages(BOB).map(({ text }) => text)).toEqual(["until later"]);
    const there = await stage.signedIn(BOB, dialect);
    const heard = hearing(there);
    expect(await session.sendText(bob, "now")).toEqual({ via: "chat" });
    expect(await heard.until(1)).toEqual(["alice: now"]);
  },
);

test.each(["MSNP13", "MSNP18"] as const)(
  "%s: words for who has just gone are left on the server, although presence does not show it yet",
  async (dialect) => {
    stage = await Stage.open({ quirks: { presenceDelayMs: 700 } });
    const there = await stage.signedIn(BOB, dialect);
    const session = await signIn(dialect);
    await eventually(() => session.contact(bob)?.presence.availability).toBe("online");
    expect(await session.sendText(bob, "now")).toEqual({ via: "chat" });
    await there.signOut();
    // The server learns of each of his connections by itself.
    await eventually(() => stage.network.load.connections).toBeLessThanOrEqual(2);
    expect(await session.sendText(bob, "until later")).toEqual({ via: "offline" });
    expect(stage.network.offlineMessages(BOB).map(({ text }) => text)).toEqual(["until later"]);
  },
);

test.each(["MSNP13", "MSNP18"] as const)(
  "%s: somebody who cannot be called, although they are there, gets the words once, one way or the other",
  async (dialect) => {
    await open();
    const session = await signIn(dialect);
    const there = await stage.signedIn(BOB, dialect);
    await until("bob to be seen", () => session.contact(bob)?.presence.availability === "online");
    const heard = hearing(there);
    const fault = { kind: "error", code: 217 } as const;
    for (let i = 0; i < 3; i += 1) stage.network.faults.arm({ place: "SB", account: ALICE, at: "CAL", fault });
    const { via } = await session.sendText(bob, "just in time");
    if (via === "chat") expect(await heard.until(1)).toEqual(["alice: just in time"]);
    else expect(stage.network.offlineMessages(BOB).map(({ text }) => text)).toEqual(["just in time"]);
  },
);

test.each(["MSNP13", "MSNP18"] as const)(
  "%s: what a server would lose without a word is refused: words for whom the owner has blocked, or has not on the list",
  async (dialect) => {
    await open();
    stage.network.addAccount({ email: eve, password: "eve's", displayName: "Eve" });
    const there = await stage.signedIn(BOB, dialect);
    const session = await signIn(dialect);
    await eventually(() => session.contact(bob)?.presence.availability).toBe("online");
    await session.block(bob);
    await expect(session.sendText(bob, "can you hear me?")).rejects.toMatchObject({
      code: "contact-refused",
      person: "Not sent: you have blocked bob@msn.test. Say `unblock bob@msn.test`, then `retry`.",
    });
    await session.unblock(bob);
    const heard = hearing(there);
    await session.sendText(bob, "and now?");
    expect(await heard.until(1)).toEqual(["alice: and now?"]);
    await expect(session.sendText(eve, "hello stranger")).rejects.toMatchObject({
      code: "contact-offline",
      person: expect.stringContaining("Say `add eve@msn.test`, then `retry`."),
    });
    expect(stage.network.offlineMessages(eve)).toEqual([]);
  },
);

test("MSNP11: a dialect that cannot leave words says that the contact is offline", async () => {
  await open();
  const session = await signIn("MSNP11");
  await expect(session.sendText(bob, "until later")).rejects.toMatchObject({ code: "contact-offline" });
});

test.each(["MSNP13", "MSNP18"] as const)(
  "%s: words that waited come with their dates, in order, and stay on the server until they are stored",
  async (dialect) => {
    await open();
    const at = Date.parse("2005-05-01T12:00:00Z");
    const left = Array.from({ length: 70 }, (_, i) => ({ from: BOB, text: `m${i}`, at: at + i * 1000 }));
    stage.network.leaveOfflineMessages(ALICE, left);
    const got: OfflineWords[] = [];
    let tries = 0;
    const away = async (): Promise<void> => {
      tries += 1;
      throw new Error("the store is away");
    };
    const first = await signIn(dialect, { offline: away });
    await until("the store to be asked", () => tries > 0, 15_000);
    await first.close();
    expect(stage.network.offlineMessages(ALICE)).toHaveLength(70);
    await signIn(dialect, { offline: async (words) => void got.push(...words) });
    await until("all of them", () => got.length >= 70, 15_000);
    expect(got.map(({ message }) => [message.text, message.at])).toEqual(left.map(({ text, at }) => [text, at]));
    expect(got[0]?.message).toMatchObject({ kind: "text", from: bob });
    await eventually(() => stage.network.offlineMessages(ALICE).length).toBe(0);
  },
);

test.each(["MSNP16", "MSNP18"] as const)(
  "%s: what the owner says at another place is told as their own, with that place's name, once",
  async (dialect) => {
    await open();
    const own: OwnWords[] = [];
    const foreign: string[] = [];
    const session = await signIn(dialect, {
      ownMessage: (words) => own.push(words),
      message: ({ from, text }) => foreign.push(`${from}: ${text}`),
    });
    const laptop = await stage.signedIn(ALICE, dialect, { machineGuid: LAPTOP, endpointName: "Laptop" });
    await until("the place", () => session.devices().some(({ name }) => name === "Laptop"));
    expect(session.devices().map(({ name, isSelf }) => [name, isSelf])).toEqual([
      ["msnbridge", true],
      ["Laptop", false],
    ]);
    const there = await stage.signedIn(BOB, dialect);
    const heard = hearing(there);
    await laptop.conversation(BOB).sendTyping();
    await until("the bridge in the chat", () => hasCome(stage, ALICE, ALICE, MACHINE));
    await laptop.conversation(BOB).sendText("from my laptop");
    await heard.until(1);
    await there.conversation(ALICE).sendText("hi");
    await until("bob's words", () => foreign.length === 1);
    await until("the own words", () => own.length === 1);
    expect(own).toMatchObject([
      { kind: "text", to: bob, text: "from my laptop", fromName: "Alice A", device: "Laptop" },
    ]);
    await session.sendText(bob, "from the bridge");
    await heard.until(2);
    expect(own).toHaveLength(1);
    await session.signOutDevice(session.devices().find(({ isSelf }) => !isSelf)?.id ?? "");
    await until("the laptop to be out", () => laptop.state === "signed-out");
    await until("the place to go", () => session.devices().length === 1);
  },
);

test.each(["MSNP11", "MSNP18"] as const)("%s: the contact list is changed, and follows changes", async (dialect) => {
  await open();
  stage.network.addAccount({ email: eve, password: "eve's", displayName: "Eve" });
  const changes: ContactSnapshot[] = [];
  const session = await signIn(dialect, { contact: (contact) => changes.push(contact) });
  const seen = (address: ContactAddress) => session.contact(address);
  await session.addContact(eve, "hi");
  expect(seen(eve)).toMatchObject({ listed: true, blocked: false });
  await expect(session.addContact(eve, undefined)).rejects.toMatchObject({ code: "contact-known" });
  await session.block(eve);
  expect(seen(eve)?.blocked).toBe(true);
  await session.unblock(eve);
  await session.rename(eve, "The boss");
  expect(seen(eve)?.nickname).toBe("The boss");
  await session.createGroup("Pals");
  await expect(session.createGroup("Pals")).rejects.toMatchObject({ code: "group-known" });
  await session.addToGroup(eve, "Pals");
  expect(seen(eve)?.groups).toEqual(["Pals"]);
  await session.renameGroup("Pals", "Friends");
  expect(session.groups()).toContain("Friends");
  await session.removeFromGroup(eve, "Friends");
  await session.deleteGroup("Friends");
  await expect(session.deleteGroup("Friends")).rejects.toMatchObject({ code: "group-unknown" });
  await session.setPrivacy("allowed");
  expect(session.privacy()).toBe("allowed");
  await session.removeContact(eve);
  expect(seen(eve)?.listed ?? false).toBe(false);
  await expect(session.removeContact(eve)).rejects.toMatchObject({ code: "contact-unknown" });
  expect(changes.some(({ address, nickname }) => address === eve && nickname === "The boss")).toBe(true);
});

test.each(["MSNP11", "MSNP18"] as const)("%s: who asks is told of, and accepted", async (dialect) => {
  await open();
  stage.network.addAccount({
    email: eve,
    password: "eve's",
    displayName: "Eve",
    contacts: [{ email: ALICE, lists: ["FL", "AL"] }],
  });
  const asked: ContactAddress[] = [];
  const session = await signIn(dialect, { request: ({ address }) => asked.push(address) });
  await until("the request", () => asked.length > 0);
  expect(asked).toEqual([eve]);
  expect(session.requests().map(({ address }) => address)).toEqual([eve]);
  await session.accept(eve);
  expect(session.requests()).toEqual([]);
  expect(session.contact(eve)).toMatchObject({ listed: true });
});

test("MSNP18: a contact list that cannot be fetched is a failed sign-in, not an empty list", async () => {
  await open();
  const fault = { kind: "status", status: 500 } as const;
  for (let i = 0; i < 5; i += 1) stage.network.faults.arm({ place: "HTTP", account: ALICE, at: "ABFindAll", fault });
  const changes: ContactSnapshot[] = [];
  await expect(signIn("MSNP18", { contact: (contact) => changes.push(contact) })).rejects.toMatchObject({
    code: "sign-in-failed",
    context: { stage: "lists" },
  });
  expect(changes.filter(({ listed }) => !listed)).toEqual([]);
});
