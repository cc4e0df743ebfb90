import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseHomeName } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppRoom } from "../../../src/cli/sandbox/xmpp-room.ts";
import { type Stanza, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { Conference, type ConferenceSnapshot, type Room, type RoomEvent } from "../../../src/xmpp/conference/index.ts";
import { type BareJid, parseBareJid } from "../../../src/xmpp/jid.ts";
import { ComponentLink } from "../../../src/xmpp/link/component-link.ts";
import { el } from "../../../src/xmpp/stanza/xml.ts";
import { useXmppServer } from "../../support/xmpp.ts";

const MUC = "http://jabber.org/protocol/muc";
const fixture = useXmppServer("prosody", { privileged: false });
const log = pino({ level: "silent" });

/** The network: takes what is said, and does what is wished. */
class Service {
  readonly events: RoomEvent[] = [];
  readonly link: ComponentLink;
  readonly conference: Conference;
  readonly jid: BareJid;
  readonly alice: BareJid;

  constructor(name: string) {
    const { server } = fixture;
    this.jid = parseBareJid(`${name}@${server.component}`);
    this.alice = parseBareJid(`alice\\40msn.test@${server.component}`);
    const secret = new Secret(server.secret);
    this.link = new ComponentLink({
      service: { host: server.host, port: server.componentPort, domain: server.component, secret },
      home: parseHomeName("xmpp"),
      stanza: (stanza) => void this.conference.take(stanza),
      online: () => {},
      offline: () => {},
      meter: noMeter,
      log,
      limits: { firstWaitMs: 50, longestWaitMs: 200 },
    });
    this.conference = new Conference({
      domain: parseBareJid(server.component),
      link: this.link,
      secret: new Secret("of the installation"),
      newId: randomUUID,
      told: (room, event) => this.#told(room, event),
      log,
    });
  }

  #told(room: Room, event: RoomEvent): void {
    this.events.push(event);
    const wish = "wish" in event ? event.wish : undefined;
    if (wish !== undefined) this.conference.loosely(room, (one, now) => one.grant(wish, now));
  }

  get room(): Room {
    const room = this.conference.room(this.jid, { rules: { "ban-ghost": { refused: "MSN bans nobody." } } });
    if (!room) throw new Error("there are too many rooms");
    return room;
  }

  async start(stored?: ConferenceSnapshot): Promise<this> {
    if (stored) this.conference.restore(stored, () => ({ rules: {} }));
    this.link.start();
    onTestFinished(async () => await this.link.stop());
    await this.link.attached();
    return this;
  }

  async aliceSays(text: string): Promise<void> {
    const speech = { who: this.alice, name: "Alice", id: randomUUID(), parts: [el("body", {}, text)] };
    await this.conference.surely(this.room, (room, now) => room.speak(speech, now));
  }
}

interface Scene {
  readonly service: Service;
  readonly anna: XmppPerson;
  readonly bert: XmppPerson;
}

let regulars: Promise<[XmppPerson, XmppPerson]> | undefined;

/** Signing in takes longer than anything else here: the two who are in every test do it once. */
async function annaAndBert(): Promise<[XmppPerson, XmppPerson]> {
  regulars ??= Promise.all([fixture.newPerson("anna"), fixture.newPerson("bert")]);
  return await regulars;
}

/** A circle with a ghost in it; Anna owns it, Bert is a member. Nobody of them is in yet. */
async function scene(): Promise<Scene> {
  const service = await new Service(`circle-${randomUUID().slice(0, 8)}`).start();
  const [anna, bert] = await annaAndBert();
  const { conference, room, alice } = service;
  conference.loosely(room, (one) => one.rank(parseBareJid(anna.jid), "owner"));
  conference.loosely(room, (one) => one.rank(parseBareJid(bert.jid), "member"));
  conference.loosely(room, (one) => one.seatGhost({ who: alice, name: "Alice", shown: [] }));
  conference.loosely(room, (one) => one.configure({ name: "Family" }));
  return { service, anna, bert };
}

const said = async (person: XmppPerson, room: XmppRoom, text: string) =>
  await person.waitFor(`"${text}" in the room`, () => room.messages.find(({ body }) => body === text));
const admin = (item: Stanza) => xml("query", { xmlns: `${MUC}#admin` }, item);

test("people and a ghost talk; each word comes once to each client, in the same order, and back to who said it", async () => {
  const { service, anna, bert } = await scene();
  const jid = service.jid;
  const [phone, laptop] = [
    await anna.joinRoom(jid, "Anna"),
    await fixture.newPerson({ jid: anna.jid, password: "correct horse battery" }),
  ];
  const second = await laptop.joinRoom(jid, "Anna");
  const berts = await bert.joinRoom(jid, "Bert");
  await laptop.waitFor("Bert to come", () => second.occupants.has("Bert"));
  for (const room of [second, berts]) expect(room.nicks()).toEqual(["Alice", "Anna", "Bert"]);
  expect(berts.occupants.get("Alice")).toMatchObject({ jid: service.alice, role: "participant" });
  await anna.sayInRoom(jid, "from the phone");
  await laptop.sayInRoom(jid, "from the laptop");
  await said(laptop, second, "from the laptop");
  await service.aliceSays("from MSN");
  await bert.sayInRoom(jid, "last");
  const all = ["from the phone", "from the laptop", "from MSN", "last"];
  for (const [person, room] of [
    [anna, phone],
    [laptop, second],
    [bert, berts],
  ] as const) {
    await said(person, room, "last");
    expect(room.texts()).toEqual(all);
  }
  expect(berts.texts("Alice")).toEqual(["from MSN"]);
  const ids = [phone, second, berts].map((room) => room.messages.map(({ stanzaId }) => stanzaId));
  expect(ids[0]?.every((id) => id !== undefined)).toBe(true);
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[2]).toEqual(ids[0]);
  expect(service.events.filter(({ kind }) => kind === "said")).toHaveLength(3);
});

test("who comes later hears what was said and the subject, set by Anna and kept by the network", async () => {
  const { service, anna, bert } = await scene();
  await anna.joinRoom(service.jid, "Anna");
  await service.aliceSays("before Bert came");
  await anna.send(xml("message", { to: service.jid, type: "groupchat" }, xml("subject", {}, "Holidays")));
  await anna.waitFor("the subject", () => anna.rooms.get(service.jid)?.subject === "Holidays");
  const room = await bert.joinRoom(service.jid, "Bert");
  await bert.waitFor("the subject", () => room.subject === "Holidays");
  expect(room.texts()).toEqual(["before Bert came"]);
  expect(room.messages[0]?.element.getChild("delay", "urn:xmpp:delay")?.attrs.from).toBe(service.jid);
});

test("strangers and taken names are refused; one who was asked in comes in", async () => {
  const { service, anna, bert } = await scene();
  const carl = await fixture.newPerson("carl");
  await expect(carl.joinRoom(service.jid, "Carl")).rejects.toThrow("registration-required");
  await expect(bert.joinRoom(service.jid, "alice")).rejects.toThrow("conflict");
  await anna.joinRoom(service.jid, "Anna");
  const invite = xml("invite", { to: carl.jid }, xml("reason", {}, "come in"));
  await anna.send(xml("message", { to: service.jid, id: "inv" }, xml("x", { xmlns: `${MUC}#user` }, invite)));
  await carl.waitFor("the invitation", () =>
    carl.messages.some(({ element }) => element.getChild("x", "jabber:x:conference")?.attrs.jid === service.jid),
  );
  expect((await carl.joinRoom(service.jid, "Carl")).nicks()).toEqual(["Alice", "Anna", "Carl"]);
});

test("a kick by who may: out with the reason; a ping to oneself tells it, too", async () => {
  const { service, anna, bert } = await scene();
  const room = await bert.joinRoom(service.jid, "Bert");
  await anna.joinRoom(service.jid, "Anna");
  await bert.ask.ping(`${service.jid}/Bert`);
  const kick = admin(xml("item", { nick: "Bert", role: "none" }, xml("reason", {}, "too loud")));
  await expect(bert.ask.query("set", service.jid, kick)).rejects.toThrow("forbidden");
  await anna.send(xml("iq", { type: "set", to: service.jid, id: "kick" }, kick));
  const left = await bert.waitFor("to be out", () => room.left);
  expect(left).toEqual({ codes: ["110", "307"], reason: "too loud" });
  await expect(bert.ask.ping(`${service.jid}/Bert`)).rejects.toThrow("not-acceptable");
  const ban = admin(xml("item", { jid: service.alice, affiliation: "outcast" }));
  await expect(anna.ask.query("set", service.jid, ban)).rejects.toThrow("MSN bans nobody.");
});

test("the room says what it is, and its owner's form can be read and filled in", async () => {
  const { service, anna } = await scene();
  const { identities, features, forms } = await anna.ask.discoInfo(service.jid);
  expect(identities).toEqual([{ category: "conference", type: "text", name: "Family" }]);
  expect(features).toEqual(expect.arrayContaining([MUC, "muc_membersonly", "urn:xmpp:occupant-id:0"]));
  expect(forms[0]?.fields.map(({ name }) => name)).toContain("muc#roominfo_occupants");
  const form = await anna.ask.query("get", service.jid, xml("query", { xmlns: `${MUC}#owner` }));
  expect(
    form
      .getChild("x", "jabber:x:data")
      ?.getChildren("field")
      .map(({ attrs }) => attrs.var),
  ).toContain("muc#roomconfig_roomname");
});

test("a client whose connection ends leaves by itself, and the person stays as long as another is there", async () => {
  const { service, anna, bert } = await scene();
  const laptop = await fixture.newPerson({ jid: anna.jid, password: "correct horse battery" });
  await anna.joinRoom(service.jid, "Anna");
  await laptop.joinRoom(service.jid, "Anna");
  const room = await bert.joinRoom(service.jid, "Bert");
  await laptop.close();
  await expect.poll(() => service.room.occupants.find(({ nick }) => nick === "Anna")?.clients).toEqual([anna.fullJid]);
  expect(room.nicks()).toEqual(["Alice", "Anna", "Bert"]);
  await anna.leaveRoom(service.jid);
  await bert.waitFor("Anna to be gone", () => !room.occupants.has("Anna"));
});

test("the component was away: people sit where they sat and notice nothing; who left meanwhile is found", async () => {
  const { service, anna, bert } = await scene();
  const room = await anna.joinRoom(service.jid, "Anna");
  await bert.joinRoom(service.jid, "Bert");
  await service.aliceSays("before");
  const stored = JSON.parse(JSON.stringify(service.conference.snapshot())) as ConferenceSnapshot;
  await service.link.stop();
  // The server finds nobody to tell.
  await bert.close();
  const again = await new Service(service.jid.split("@")[0] ?? "").start(stored);
  await again.conference.check(0);
  await anna.waitFor("Bert to be gone", () => !room.occupants.has("Bert"));
  await again.aliceSays("after");
  await anna.sayInRoom(service.jid, "I have noticed nothing");
  await said(anna, room, "I have noticed nothing");
  expect(room.texts()).toEqual(["before", "after", "I have noticed nothing"]);
  expect([room.joined, room.left]).toEqual([true, undefined]);
});
