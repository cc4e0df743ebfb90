import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import type { ResidentId } from "../../../../src/bridge/model.ts";
import { residentId } from "../../../../src/bridge/model.ts";
import { Asking } from "../../../../src/xmpp/component/asking.ts";
import { Blocks } from "../../../../src/xmpp/component/blocks.ts";
import { Lists } from "../../../../src/xmpp/component/lists.ts";
import { Marks } from "../../../../src/xmpp/component/marks.ts";
import type { PrivilegedRosters } from "../../../../src/xmpp/component/privileged.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import { residentJid } from "../../../../src/xmpp/convert/ghost.ts";
import type { StoredAct } from "../../../../src/xmpp/convert/stored.ts";
import { parseJid } from "../../../../src/xmpp/jid.ts";
import type { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { errorElement } from "../../../../src/xmpp/stanza/errors.ts";
import type { Grants } from "../../../../src/xmpp/stanza/privilege.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, annaJid, bob, contact, gateway, NET, names, Profiles, silent } from "../support.ts";

const carl = residentId(XMPP, "carl@example.org");
const dora = residentId(XMPP, "dora@elsewhere.test");

/** People with lists, and a link that keeps what is asked. */
function stage(paceMs = 0) {
  const views = new Views(names);
  const sent: XmlElement[] = [];
  const link = { isOnline: true, sendSurely: async (...stanzas: XmlElement[]) => void sent.push(...stanzas) };
  const asked = new Marks(new Profiles(), "asked");
  const set = new Set<string>();
  const asking = new Asking({
    link: link as unknown as ComponentLink,
    names,
    name: "MSN",
    views,
    asked,
    isSet: (domain) => set.has(domain),
    paceMs,
    log: silent,
  });
  const has = (who: ResidentId, own: string, ...friends: string[]): void => {
    views.setState(account(own, who), who, "on");
    const contacts = friends.map((name) => contact(name, { displayName: name }));
    views.setContacts(account(own, who), who, contacts);
    asking.contacts(who);
  };
  const lines = () => sent.map(({ attrs: { from, to } }) => `${from?.split("\\40")[0]} > ${to}`);
  return { views, sent, link, asked, set, asking, has, lines };
}

test("each asks once, the people of one server in turn, those of another meanwhile", async () => {
  const { has, lines, asking } = stage(5);
  has(anna, "alice", "bob", "ben");
  has(carl, "cal", "bob");
  has(dora, "dd", "bob");
  await expect.poll(() => lines()).toHaveLength(7);
  const [here, there] = [
    lines().filter((line) => line.endsWith("example.org")),
    lines().filter((line) => line.endsWith("elsewhere.test")),
  ];
  expect(here).toEqual([
    `${gateway} > anna@example.org`,
    `${gateway} > carl@example.org`,
    "bob > anna@example.org",
    "bob > carl@example.org",
    "ben > anna@example.org",
  ]);
  expect(there).toEqual([`${gateway} > dora@elsewhere.test`, "bob > dora@elsewhere.test"]);
  asking.contacts(anna);
  await new Promise((wake) => setTimeout(wake, 60));
  expect(lines()).toHaveLength(7);
});

test("what could not be asked is asked when the link is there; who is gone meanwhile does not ask", async () => {
  const { has, lines, asking, link, views } = stage();
  link.isOnline = false;
  has(anna, "alice", "bob", "ben");
  await new Promise(setImmediate);
  views.setContact(account("alice"), anna, contact("ben", { listed: false }));
  link.isOnline = true;
  asking.online();
  await expect.poll(() => lines()).toEqual([`${gateway} > ${annaJid}`, `bob > ${annaJid}`]);
});

test("where lists are set nobody is asked, but who asks on MSN does ask, unless that is answered already", async () => {
  const { has, sent, asking, set, views } = stage();
  set.add("example.org");
  has(anna, "alice", "bob");
  const [eve, fred] = ["eve", "fred"].map((name) => names.jid({ network: NET, contact: contact(name).address }));
  if (eve === undefined || fred === undefined) throw new Error("no JIDs");
  for (const jid of [eve, fred]) {
    views.ask(account(), anna, { network: NET, contact: contact("eve").address }, jid);
    asking.request(anna, jid, { nick: "Eve", text: "Eve would like to be a contact" });
  }
  views.answered(anna, fred);
  await expect.poll(() => sent).toHaveLength(1);
  expect(sent[0]?.attrs).toMatchObject({ type: "subscribe", from: eve, to: annaJid });
  expect(sent[0]?.getChildText("nick", NS.nick)).toBe("Eve");
});

const grants = (type: string): Grants => ({
  namespace: NS.privilege[0],
  roster: "both",
  message: "none",
  presence: "none",
  iq: new Map([[NS.blocking, type]]),
});

/** A server with a list of whom anna blocks, and a network with bob. */
function blocking(type = "both") {
  const server = new Set<string>();
  const network = { blocked: false };
  const views = new Views(names);
  const state = { refuses: false, refusesInside: "", isStoreDown: false, asked: 0, freed: [] as readonly string[] };
  const stored: string[] = [];
  const toPerson = (answer: XmlElement): XmlElement =>
    el("iq", {}, el("privilege", { xmlns: NS.privilege[0] }, el("forwarded", { xmlns: NS.forward }, answer)));
  const request = async (_: unknown, child: XmlElement): Promise<XmlElement> => {
    state.asked += 1;
    if (state.refuses) throw new StanzaRefusal("forbidden", undefined);
    const inner = child.getChild("iq");
    if (inner?.attrs.type === state.refusesInside) {
      const error = errorElement({ type: "cancel", condition: "service-unavailable" });
      return toPerson(el("iq", { xmlns: NS.client, type: "error" }, error));
    }
    for (const kind of ["block", "unblock"] as const)
      for (const item of inner?.getChild(kind, NS.blocking)?.getChildren("item") ?? [])
        server[kind === "block" ? "add" : "delete"](item.attrs.jid ?? "");
    const list = el(
      "blocklist",
      { xmlns: NS.blocking },
      [...server].map((jid) => el("item", { jid })),
    );
    return toPerson(el("iq", { xmlns: NS.client, type: "result" }, list));
  };
  const blocks = new Blocks({
    link: { request } as unknown as ComponentLink,
    views,
    alike: new Marks(new Profiles(), "blocked"),
    store: async (acts) => {
      if (state.isStoreDown) throw new BridgeError("store-down");
      for (const { act, to } of acts) {
        network.blocked = act === "block";
        stored.push(`${act} ${to}`);
      }
    },
    log: silent,
  });
  views.setState(account(), anna, "on");
  const look = async (): Promise<string[]> => {
    views.setContacts(account(), anna, [contact("bob", network)]);
    state.freed = await blocks.look(anna, grants(type));
    return stored.splice(0);
  };
  return { server, network, look, blocks, state };
}

test("blocked at the server: blocked on MSN; and the end of it", async () => {
  const { server, network, look } = blocking();
  expect(await look()).toEqual([]);
  server.add(bob);
  expect(await look()).toEqual([`block ${bob}`]);
  expect(await look()).toEqual([]);
  server.delete(bob);
  expect(await look()).toEqual([`unblock ${bob}`]);
  expect(network.blocked).toBe(false);
});

test("blocked on MSN: blocked at the server; and the end of it, from when on the contact can be told of again", async () => {
  const { server, network, look, state } = blocking();
  network.blocked = true;
  expect(await look()).toEqual([]);
  expect([...server]).toEqual([bob]);
  expect(state.freed).toEqual([]);
  network.blocked = false;
  expect(await look()).toEqual([]);
  expect([...server]).toEqual([]);
  expect(state.freed).toEqual([bob]);
});

test("a server that only tells is told nothing; one that refuses is not asked again on this link", async () => {
  const told = blocking("get");
  told.network.blocked = true;
  expect(await told.look()).toEqual([]);
  expect([...told.server]).toEqual([]);
  expect(await blocking("set").look()).toEqual([]);
  const { look, state, blocks } = blocking();
  state.refuses = true;
  await look();
  await look();
  expect(state.asked).toBe(1);
  blocks.reset();
  await look();
  expect(state.asked).toBe(2);
});

test("a list that the person's server would not show says nothing: nobody is unblocked on MSN", async () => {
  const { server, look, blocks, state } = blocking();
  server.add(bob);
  await look();
  state.refusesInside = "get";
  expect(await look()).toEqual([]);
  state.refusesInside = "";
  blocks.reset();
  expect(await look()).toEqual([]);
});

test("a block that the server does not take over stays on MSN", async () => {
  const { network, look, blocks, state } = blocking();
  network.blocked = true;
  state.refusesInside = "set";
  for (let i = 0; i < 3; i += 1) {
    expect(await look()).toEqual([]);
    blocks.reset();
  }
  expect(network.blocked).toBe(true);
});

test("a block that could not be stored is not undone, but stored at the next look", async () => {
  const { server, look, state } = blocking();
  server.add(bob);
  state.isStoreDown = true;
  await expect(look()).rejects.toMatchObject({ code: "store-down" });
  state.isStoreDown = false;
  expect(await look()).toEqual([`block ${bob}`]);
  expect([...server]).toEqual([bob]);
});

test("what was alike with one account says nothing of the next", async () => {
  const { server, network, look, blocks } = blocking();
  server.add(bob);
  await look();
  await blocks.forget(anna);
  network.blocked = false;
  expect(await look()).toEqual([`block ${bob}`]);
});

test("who is on no list is known only when all lists are", () => {
  const views = new Views(names);
  const [one, two] = [account("alice"), account("alice2")];
  expect(views.isOnNoList(anna, bob)).toBe(false);
  views.setState(one, anna, "on");
  expect(views.isOnNoList(anna, bob)).toBe(false);
  views.setContacts(one, anna, [contact("ben")]);
  expect(views.isOnNoList(anna, bob)).toBe(true);
  views.setState(two, anna, "waiting");
  expect(views.isOnNoList(anna, bob)).toBe(false);
  views.setState(two, anna, "on");
  views.setContacts(two, anna, [contact("bob")]);
  expect(views.isOnNoList(anna, bob)).toBe(false);
  expect([...views.listed(anna)]).toHaveLength(2);
});

/** Lists that are set by `sync`. */
function setting(
  sync: (resident: ResidentId) => Promise<boolean>,
  look: (resident: ResidentId) => Promise<StoredAct[]> = async () => [],
) {
  const views = new Views(names);
  const introduced: ResidentId[] = [];
  const asked: ResidentId[] = [];
  const stored: string[] = [];
  const lists = new Lists({
    link: { isOnline: true } as ComponentLink,
    views,
    asking: { contacts: (who: ResidentId) => asked.push(who), stop: () => {} } as unknown as Asking,
    privileged: { works: () => true, sync, look } as unknown as PrivilegedRosters,
    blocks: { look: async () => [] } as unknown as Blocks,
    grants: (domain) => (domain === "example.org" ? grants("none") : undefined),
    lookMs: 100,
    isThere: () => true,
    store: async (acts) => void stored.push(...acts.map(({ act, from }) => `${act} ${from}`)),
    introduced: (who) => introduced.push(who),
    freed: () => {},
    log: silent,
  });
  for (const who of [anna, carl, dora]) views.setState(account("alice", who), who, "on");
  return { lists, introduced, asked, stored, views };
}

test("a list that takes long holds up nobody else's, and what changes meanwhile is set behind it", async () => {
  const slow = Promise.withResolvers<boolean>();
  const began: ResidentId[] = [];
  const { lists, introduced, asked } = setting((who) => {
    began.push(who);
    return who === anna && began.length === 1 ? slow.promise : Promise.resolve(true);
  });
  for (const who of [anna, carl, dora]) lists.due(who);
  await expect.poll(() => introduced).toEqual([carl]);
  expect(asked).toEqual([dora]);
  lists.due(anna);
  lists.due(anna);
  slow.resolve(false);
  await expect.poll(() => introduced).toEqual([carl, anna]);
  expect(began).toEqual([anna, carl, anna]);
  lists.stop();
});

test("a list that could not be set is set again", async () => {
  let tries = 0;
  const { lists, introduced } = setting(async () => {
    tries += 1;
    if (tries === 1) throw new BridgeError("home-down");
    return true;
  });
  lists.due(anna);
  await expect.poll(() => introduced).toEqual([anna]);
  expect(tries).toBe(2);
  lists.stop();
});

test("a server that answers nothing keeps nobody else's changes from being seen", async () => {
  // More people than are looked at in one step, so that some come behind the silent one.
  const people = Array.from({ length: 11 }, (_, i) => residentId(XMPP, `p${i}@example.org`));
  const { lists, stored, views } = setting(
    async () => false,
    async (who) => {
      if (who === anna) throw new BridgeError("home-down");
      const from = parseJid(residentJid(who));
      return [{ kind: "act", act: "roster-remove", from, to: bob }];
    },
  );
  for (const who of people) views.setState(account("alice", who), who, "on");
  await expect.poll(() => stored).toContain(`roster-remove ${residentJid(carl)}`);
  for (const who of people) await expect.poll(() => stored).toContain(`roster-remove ${residentJid(who)}`);
  lists.stop();
});
