import { expect, test, vi } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import type { Presence } from "../../../../src/bridge/model.ts";
import type { HomeHost, RosterDesk } from "../../../../src/bridge/ports/home.ts";
import { Marks } from "../../../../src/xmpp/component/marks.ts";
import { People } from "../../../../src/xmpp/component/people.ts";
import { Registration } from "../../../../src/xmpp/component/register.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import { IntakeSpool } from "../../../../src/xmpp/intake.ts";
import { parseJid } from "../../../../src/xmpp/jid.ts";
import { Barriers } from "../../../../src/xmpp/link/barriers.ts";
import { IqTable } from "../../../../src/xmpp/link/requests.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { el, NS } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, annaPhone, bob, contact, gateway, NET, names, Profiles, silent } from "../support.ts";

test("a mark outlives the one who made it, and can be taken away", async () => {
  const profiles = new Profiles();
  const marks = new Marks(profiles, "asked");
  await marks.add(anna, bob);
  await marks.add(anna, bob);
  const later = new Marks(profiles, "asked");
  expect(await later.has(anna, bob)).toBe(true);
  expect(await later.has(anna, gateway)).toBe(false);
  expect(await new Marks(profiles, "named").has(anna, bob)).toBe(false);
  await later.remove(anna, bob);
  expect(await new Marks(profiles, "asked").has(anna, bob)).toBe(false);
});

test("what the store did not take is not taken for kept: said again, it is", async () => {
  const profiles = new Profiles();
  const marks = new Marks(profiles, "asked");
  const { updateResident } = profiles;
  const failing = async (change: () => Promise<void>): Promise<void> => {
    profiles.updateResident = async () => {
      throw new BridgeError("store-down");
    };
    await expect(change()).rejects.toMatchObject({ code: "store-down" });
    profiles.updateResident = updateResident;
    await change();
  };
  const kept = async (): Promise<boolean> => await new Marks(profiles, "asked").has(anna, bob);
  await failing(() => marks.add(anna, bob));
  expect(await kept()).toBe(true);
  await failing(() => marks.remove(anna, bob));
  expect(await kept()).toBe(false);
  await marks.add(anna, bob);
  await failing(() => marks.clear(anna));
  expect(await kept()).toBe(false);
});

test("marks of thousands fit into a profile, and the oldest go first", async () => {
  const profiles = new Profiles();
  const marks = new Marks(profiles, "asked");
  for (let i = 0; i < 12_000; i += 1) await marks.add(anna, `ghost-${i}`);
  const fields = Object.values(await profiles.resident(anna));
  expect(fields.length).toBeLessThanOrEqual(16);
  expect(Math.max(...fields.map((field) => field.length))).toBeLessThanOrEqual(4096);
  expect(await marks.has(anna, "ghost-11999")).toBe(true);
});

test("all marks of a person go at once, and no others", async () => {
  const profiles = new Profiles();
  const [asked, named] = [new Marks(profiles, "asked"), new Marks(profiles, "named")];
  await asked.add(anna, bob);
  await asked.add(anna, gateway);
  await named.add(anna, bob);
  await asked.clear(anna);
  expect(await new Marks(profiles, "asked").has(anna, bob)).toBe(false);
  expect(await asked.has(anna, gateway)).toBe(false);
  expect(await new Marks(profiles, "named").has(anna, bob)).toBe(true);
});

function people(stayOn = true) {
  const seen: Presence[] = [];
  const did: string[] = [];
  const profiles = new Profiles();
  const host = { presence: (_: unknown, presence: Presence) => seen.push(presence) } as unknown as HomeHost;
  const desk = {
    accounts: async () => [account()],
    signIn: async (id: string) => void did.push(`in ${id}`),
    signOut: async (id: string) => void did.push(`out ${id}`),
  } as unknown as RosterDesk;
  const side = new People({
    home: XMPP,
    host: () => host,
    desk: () => desk,
    profiles,
    stayOn,
    limit: 5000,
    leaveMs: 20,
    isKnown: (who) => who === anna,
    came: () => {},
    log: silent,
  });
  const say = (resource: string, type = "available", status = "", priority = 0, who = "anna") =>
    side.heard({
      from: parseJid(`${who}@example.org/${resource}`),
      to: gateway as never,
      id: undefined,
      type,
      show: undefined,
      status,
      priority,
    });
  return { side, say, seen, did, profiles };
}

test("clients come and go, and the person is gone with the last", () => {
  const { say, seen, side } = people();
  say("a", "available", "one");
  say("b", "available", "two", 5);
  say("b", "unavailable");
  expect(seen.map(({ text }) => text)).toEqual(["one", "two", "one"]);
  expect(side.isOn(parseJid("anna@example.org/a"))).toBe(true);
  say("a", "unavailable");
  expect(seen.at(-1)?.availability).toBe("offline");
});

test("strangers take the place of strangers, never of those with an account", () => {
  const { say, side } = people();
  say("a");
  for (let i = 0; i < 1001; i += 1) say("x", "available", "", 0, `stranger${i}`);
  const isThere = (name: string) => side.isThere(`${name}@example.org` as never);
  expect([isThere("anna"), isThere("stranger0"), isThere("stranger1"), isThere("stranger1000")]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("a client that takes no messages in does not hear", () => {
  const { say, side } = people();
  say("a", "available", "", -1);
  expect(side.hears("anna@example.org" as never)).toBe(false);
  say("b");
  expect(side.hears("anna@example.org" as never)).toBe(true);
});

test("accounts stay on unless the person wants them to follow, and come back when they come back", async () => {
  const { say, did, side } = people();
  say("a");
  say("a", "unavailable");
  await new Promise((wake) => setTimeout(wake, 60));
  expect(did).toEqual([]);
  await side.setFollows(anna, true);
  say("a");
  say("a", "unavailable");
  await expect.poll(() => did).toEqual([`out ${account().id}`]);
  say("a");
  await expect.poll(() => did.at(-1)).toBe(`in ${account().id}`);
});

test("after the link was down, who does not turn out to be there has left", async () => {
  const { say, seen, side, did } = people(false);
  say("a");
  side.online();
  expect(side.isThere("anna@example.org" as never)).toBe(false);
  expect(seen).toHaveLength(1);
  say("a");
  side.online();
  await expect.poll(() => seen.at(-1)?.availability).toBe("offline");
  await expect.poll(() => did).toEqual([`out ${account().id}`]);
});

test("a short absence is none", async () => {
  const { say, did } = people(false);
  say("a");
  say("a", "unavailable");
  say("a");
  await new Promise((wake) => setTimeout(wake, 60));
  expect(did).toEqual([]);
});

test("of two accounts the one that is on and has the contact listed shows it", () => {
  const views = new Views(names);
  const [one, two] = [account("alice"), account("alice2")];
  views.setState(one, anna, "on");
  views.setState(two, anna, "on");
  views.setContacts(one, anna, [contact("bob", { listed: false, displayName: "stranger" })]);
  views.setContacts(two, anna, [contact("bob", { displayName: "Bob" })]);
  expect(views.contact(anna, bob)?.contact.displayName).toBe("Bob");
  views.setState(two, anna, "waiting");
  expect(views.contact(anna, bob)?.contact.displayName).toBe("stranger");
  views.drop(one, anna);
  views.drop(two, anna);
  expect([...views.residents()]).toEqual([]);
});

const host = (intake: HomeHost["intake"]) => () => ({ intake }) as unknown as HomeHost;

test("stanzas wait for a store that is away, in their order, and nothing is sent back", async () => {
  const stored: string[] = [];
  let isDown = true;
  const spool = new IntakeSpool({
    home: XMPP,
    host: host(async (_, batch) => {
      if (isDown) throw new BridgeError("store-down");
      stored.push(batch);
      return "stored";
    }),
    perResident: 10,
    log: silent,
  });
  const item = { resident: anna, room: names.room(bob, "anna@example.org" as never), control: false, raw: {} };
  const refused = vi.fn();
  const done = ["1", "2", "3"].map((id) => {
    const end = Promise.withResolvers<void>();
    spool.put({ id, resident: anna, items: async () => [item], stored: end.resolve, refused });
    return end.promise;
  });
  isDown = false;
  await Promise.all(done);
  expect(stored).toEqual(["1", "2", "3"]);
  expect(refused).not.toHaveBeenCalled();
});

test("what is too much, and what the core refuses, is sent back with the reason", async () => {
  const spool = new IntakeSpool({
    home: XMPP,
    host: host(async () => {
      throw new BridgeError("store-down");
    }),
    perResident: 2,
    log: silent,
  });
  const why: string[] = [];
  const put = (id: string, items: () => Promise<never[]>) =>
    spool.put({ id, resident: anna, items, refused: ({ code }) => why.push(code) });
  const item = async () => [{ resident: anna, room: "x", control: true, raw: {} }] as never[];
  for (const id of ["1", "2", "3"]) put(id, item);
  expect(why).toEqual(["lane-full"]);
  await spool.stop(10);
  expect(why).toEqual(["lane-full", "store-down", "store-down"]);
  put("4", item);
  expect(why).toHaveLength(4);
});

test("many people together cannot fill the memory either", async () => {
  const held = Promise.withResolvers<"stored">();
  const spool = new IntakeSpool({ home: XMPP, host: host(() => held.promise), perResident: 10, inAll: 3, log: silent });
  const why: string[] = [];
  const put = (name: string) => {
    const resident = `xmpp:${name}@example.org` as never;
    const items = async () => [{ resident, room: "x", control: true, raw: {} }] as never[];
    return new Promise<void>((stored) =>
      spool.put({ id: name, resident, items, stored, refused: ({ code }) => why.push(code) }),
    );
  };
  const kept = ["a", "b", "c"].map(put);
  void put("d");
  expect(why).toEqual(["lane-full"]);
  held.resolve("stored");
  await Promise.all(kept);
  await put("e");
  expect(why).toHaveLength(1);
});

test("one ping serves all who ask in the same turn, and an answer is for those before it too", async () => {
  const sent: string[] = [];
  const barriers = new Barriers({ send: (id) => sent.push(id) > 0, answerMs: 1000, dead: () => {} });
  const first = [barriers.pass(), barriers.pass()];
  await new Promise(setImmediate);
  const second = barriers.pass();
  await new Promise(setImmediate);
  expect(sent).toHaveLength(2);
  expect(barriers.passed("not one of them")).toBe(false);
  expect(barriers.passed(sent[1] ?? "")).toBe(true);
  await Promise.all([...first, second]);
  const lost = barriers.pass();
  barriers.fail("the link is down");
  await expect(lost).rejects.toMatchObject({ code: "home-down" });
});

test("a server that does not answer a ping is dead", async () => {
  const dead = Promise.withResolvers<void>();
  const barriers = new Barriers({ send: () => true, answerMs: 10, dead: dead.resolve });
  const pass = barriers.pass();
  await dead.promise;
  barriers.fail("dead");
  await expect(pass).rejects.toMatchObject({ code: "home-down" });
});

test("answers count by id and by who gives them; the end of the link ends all waiting", async () => {
  const table = new IqTable();
  const { id, answer } = table.add(annaPhone, 1000);
  expect(table.settle(el("iq", { type: "result", id, from: gateway }))).toBe(false);
  expect(table.settle(el("iq", { type: "result", id, from: annaPhone }))).toBe(true);
  expect((await answer).attrs.id).toBe(id);
  const other = table.add(annaPhone, 1000);
  const lost = expect(other.answer).rejects.toMatchObject({ code: "home-down" });
  table.fail("down");
  await lost;
  expect(table.size).toBe(0);
});

function registration(change: { passwordForm?: boolean; mayLink?: boolean } = {}) {
  const linked: string[] = [];
  const side = new Registration({
    desk: () => ({ issue: async () => ({ url: "https://x.test/link/1", minutes: 10 }) }),
    linker: () => ({
      networks: [{ name: NET, title: "Testnet" }],
      linkAccount: async (resident, { address, password }) => {
        if (password.open() !== "right") throw new BridgeError("bad-password", { address });
        linked.push(`${resident} ${address}`);
        return account();
      },
    }),
    networks: [NET],
    passwordForm: change.passwordForm ?? false,
    mayLink: () => change.mayLink ?? true,
    unlinkAll: async () => void linked.push("unlinked"),
    isLinked: async () => false,
  });
  return { side, linked };
}

const filled = (username: string, password: string) =>
  el("query", { xmlns: NS.register }, el("username", {}, username), el("password", {}, password));

test("registration gives the page, and takes no password unless the operator says so", async () => {
  const { side } = registration();
  const query = await side.get(anna);
  expect(query.getChild("x", NS.oob)?.getChildText("url")).toBe("https://x.test/link/1");
  expect(query.getChild("password")).toBeUndefined();
  await expect(side.set(anna, filled("alice@msn.test", "right"))).rejects.toThrow("bad-input");
  await expect(registration({ mayLink: false }).side.get(anna)).rejects.toMatchObject({ code: "not-allowed" });
});

test("pages are given out, but not without end", async () => {
  const { side } = registration();
  for (let i = 0; i < 20; i += 1) await side.get(anna);
  await expect(side.get(anna)).rejects.toMatchObject({ code: "too-many-tries" });
});

test("where it takes one, it links, says what is wrong, and ends guessing", async () => {
  const { side, linked } = registration({ passwordForm: true });
  expect((await side.get(anna)).getChild("x", NS.data)).toBeDefined();
  await side.set(anna, filled("Alice@msn.test", "right"));
  expect(linked).toEqual([`${anna} alice@msn.test`]);
  for (let i = 0; i < 4; i += 1)
    await expect(side.set(anna, filled("alice@msn.test", "wrong"))).rejects.toMatchObject({ code: "bad-password" });
  await expect(side.set(anna, filled("alice@msn.test", "right"))).rejects.toMatchObject({ code: "too-many-tries" });
  await side.set(anna, el("query", { xmlns: NS.register }, el("remove")));
  expect(linked.at(-1)).toBe("unlinked");
});
