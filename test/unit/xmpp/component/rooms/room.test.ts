import { expect, onTestFinished, test } from "vitest";
import { BridgeError } from "../../../../../src/bridge/errors.ts";
import { circleKey, groupId } from "../../../../../src/bridge/groups/model.ts";
import type { SecretStore } from "../../../../../src/bridge/ports/store.ts";
import { Secret } from "../../../../../src/bridge/secret.ts";
import { RoomKeys } from "../../../../../src/xmpp/component/rooms/keys.ts";
import { DEFAULT_FOREIGN_LIMITS } from "../../../../../src/xmpp/component/rooms/limits.ts";
import type { TieNote } from "../../../../../src/xmpp/component/rooms/notes.ts";
import { ForeignRoom } from "../../../../../src/xmpp/component/rooms/room.ts";
import { plainSpeech } from "../../../../../src/xmpp/component/rooms/words.ts";
import { parseBareJid, parseJid } from "../../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../../src/xmpp/link/requests.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { el, elements, NS, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { NET, silent } from "../../support.ts";

const ROOM = parseBareJid("room@muc.test");
const GATEWAY = parseBareJid("msn.example.org");
const BOB = { jid: parseBareJid("bob\\40msn.test@msn.example.org"), name: "Bob" };
const USER = "http://jabber.org/protocol/muc#user";
const GROUP = groupId(NET, circleKey("5"));

/** A conference that does as it is told: lets everybody in, and gives back what is said unless it is to be lost. */
class Conference {
  readonly said: string[] = [];
  readonly pings: string[] = [];
  /** What becomes of the next messages. */
  readonly fates: ("lost" | "late" | "refused" | "forgotten")[] = [];
  readonly nicks = new Map<string, string>();
  readonly late: (() => void)[] = [];
  isOnline = true;
  room: ForeignRoom | undefined;
  /** Somebody stands before the door. */
  knocked: () => void = () => {};

  send = (stanza: XmlElement): void => {
    if (!this.isOnline) throw new BridgeError("home-down");
    queueMicrotask(() => this.#take(stanza));
  };

  sendLoosely = (stanza: XmlElement): void => this.send(stanza);
  sendSurely = async (...stanzas: XmlElement[]): Promise<void> => {
    for (const one of stanzas) this.send(one);
  };

  request = async (ask: { to?: string; from?: string }, child: XmlElement): Promise<XmlElement> => {
    if (child.getNS() !== NS.ping) throw new StanzaRefusal("feature-not-implemented", undefined);
    this.pings.push(ask.from ?? "");
    for (const act of this.late.splice(0)) act();
    return el("iq");
  };

  #take(stanza: XmlElement): void {
    const { from = "", to = "", type, id } = stanza.attrs;
    if (stanza.name === "presence") {
      const nick = to.slice(ROOM.length + 1);
      if (type === "unavailable") return;
      this.knocked();
      this.nicks.set(from, nick);
      const about = el("x", { xmlns: USER }, el("item", { role: "participant" }), el("status", { code: "110" }));
      this.#tell(from, el("presence", { from: `${ROOM}/${nick}`, to: from }, about));
      if (elements(stanza)[0]?.getChild("history") !== undefined)
        this.#tell(from, el("message", { from: ROOM, to: from, type: "groupchat" }, el("subject")));
      return;
    }
    const fate = this.fates.shift();
    const error = (condition: string): XmlElement =>
      el(
        "message",
        { from: ROOM, to: from, type: "error", id },
        el("error", { type: "auth" }, el(condition, { xmlns: NS.stanzas })),
      );
    if (fate === "lost") return;
    if (fate === "refused" || fate === "forgotten") {
      this.#tell(from, error(fate === "refused" ? "forbidden" : "not-acceptable"));
      return;
    }
    const reflect = (): void => {
      this.said.push(`${this.nicks.get(from)}: ${stanza.getChildText("body")}`);
      const bot = `${GATEWAY}/bridge`;
      this.#tell(
        bot,
        el("message", { ...stanza.attrs, from: `${ROOM}/${this.nicks.get(from)}`, to: bot }, ...stanza.children),
      );
    };
    if (fate === "late") this.late.push(reflect);
    else reflect();
  }

  #tell(to: string, stanza: XmlElement): void {
    this.room?.stanza(stanza, parseJid(to));
  }
}

const NO_SECRETS: SecretStore = {
  keepSecret: async () => {},
  secret: async () => undefined,
  dropSecret: async () => {},
};

function roomIn(muc: Conference, secrets = NO_SECRETS, note?: TieNote): ForeignRoom {
  const shared = {
    home: XMPP,
    wire: muc,
    gateway: GATEWAY,
    server: undefined,
    name: "MSN",
    secret: new Secret("s3cret"),
    keys: new RoomKeys(XMPP, secrets),
    store: { keepRoomNote: async () => {}, dropRoomNote: async () => {}, roomNotes: async () => new Map() },
    limits: { ...DEFAULT_FOREIGN_LIMITS, echoMs: 50, historyMs: 50, enterMs: 200 },
    log: silent,
    said: async () => {},
    typing: () => {},
    subject: () => {},
    aside: () => {},
    changed: () => {},
    putOut: () => {},
  };
  const room = new ForeignRoom(ROOM, shared, note);
  muc.room = room;
  onTestFinished(() => room.close());
  return room;
}

async function tied(): Promise<{ room: ForeignRoom; muc: Conference }> {
  const muc = new Conference();
  const room = roomIn(muc);
  await room.tie(GROUP);
  await room.expectIn();
  return { room, muc };
}

test("what did not come back in time is not said twice when it was only late", async () => {
  const { room, muc } = await tied();
  muc.fates.push("late");
  await expect(room.say(BOB, "key", plainSpeech("hello"))).rejects.toMatchObject({ code: "home-down" });
  expect(muc.said).toEqual([]);
  await room.say(BOB, "key", plainSpeech("hello"));
  expect(muc.pings).toEqual([`${BOB.jid}/bridge`]);
  expect(muc.said).toEqual(["Bob: hello"]);
});

test("of more words than can be doubted at once, the last are the ones that are looked after", async () => {
  const { room, muc } = await tied();
  const many = Array.from({ length: 1000 }, (_, i) => `old ${i}`);
  muc.fates.push(...many.map(() => "lost" as const));
  await Promise.allSettled(many.map((text) => room.say(BOB, text, plainSpeech(text))));
  muc.fates.push("late");
  await expect(room.say(BOB, "key", plainSpeech("hello"))).rejects.toMatchObject({ code: "home-down" });
  await room.say(BOB, "key", plainSpeech("hello"));
  for (const act of muc.late) act();
  expect(muc.said).toEqual(["Bob: hello"]);
});

test("a password that cannot be opened stays sealed when its room comes to another group", async () => {
  const dropped: string[] = [];
  const secret = async (): Promise<Secret> => {
    throw new BridgeError("internal", { detail: "sealing key 1 is missing" });
  };
  const dropSecret = async (_: string, name: string): Promise<void> => void dropped.push(name);
  const note: TieNote = { kind: "tied", group: GROUP, since: 0, position: { at: 0 }, voices: [], locked: true };
  const room = roomIn(new Conference(), { ...NO_SECRETS, secret, dropSecret }, note);
  await room.recallPassword();
  await room.tie(groupId(NET, circleKey("6")));
  expect(dropped).toEqual([]);
  expect(room.note).toMatchObject({ group: groupId(NET, circleKey("6")), locked: true });
});

test("what was lost on its way is said again", async () => {
  const { room, muc } = await tied();
  muc.fates.push("lost");
  await expect(room.say(BOB, "key", plainSpeech("hello"))).rejects.toMatchObject({ code: "home-down" });
  await room.say(BOB, "key", plainSpeech("hello"));
  expect(muc.said).toEqual(["Bob: hello"]);
});

test("what was said once is not said again", async () => {
  const { room, muc } = await tied();
  await room.say(BOB, "key", plainSpeech("hello"));
  await room.say(BOB, "key", plainSpeech("hello"));
  expect(muc.said).toEqual(["Bob: hello"]);
});

test("the bot says what the room does not take from a ghost, and goes on to speak for it", async () => {
  const { room, muc } = await tied();
  muc.fates.push("refused");
  await room.say(BOB, "1", { own: plainSpeech("one").own, spokenFor: plainSpeech("[Bob] one").own });
  await room.say(BOB, "2", { own: plainSpeech("two").own, spokenFor: plainSpeech("[Bob] two").own });
  expect(muc.said).toEqual(["MSN: [Bob] one", "MSN: [Bob] two"]);
});

test("a ghost that the room has forgotten enters again", async () => {
  const { room, muc } = await tied();
  await room.say(BOB, "1", plainSpeech("one"));
  muc.fates.push("forgotten");
  await expect(room.say(BOB, "2", plainSpeech("two"))).rejects.toMatchObject({ code: "home-down" });
  await room.say(BOB, "2", plainSpeech("two"));
  expect(muc.said).toEqual(["Bob: one", "Bob: two"]);
});

test("a ghost that has been silent for long is not sent away in the moment in which it comes back to speak", async () => {
  const { room, muc } = await tied();
  await room.say(BOB, "1", plainSpeech("one"));
  room.forget();
  muc.knocked = () => room.mark(Date.now() + 2 * DEFAULT_FOREIGN_LIMITS.voiceIdleMs);
  await room.say(BOB, "2", plainSpeech("two"));
  expect(muc.said).toEqual(["Bob: one", "Bob: two"]);
});

test("without a link nothing is said, and it is known to pass", async () => {
  const { room, muc } = await tied();
  muc.isOnline = false;
  await expect(room.say(BOB, "1", plainSpeech("one"))).rejects.toMatchObject({ code: "home-down" });
  muc.isOnline = true;
});

test("who has nothing to say says nothing, and need not come in for it; what the bot need not say for them is nothing, too", async () => {
  const { room, muc } = await tied();
  expect(await room.say(BOB, "1", plainSpeech(""))).toBeUndefined();
  expect([...muc.nicks.values()]).toEqual(["MSN"]);
  muc.fates.push("refused");
  expect(await room.say(BOB, "2", { own: plainSpeech("x").own, spokenFor: [] })).toBeUndefined();
  await room.say(BOB, "3", plainSpeech("hello"));
  expect(muc.said).toEqual(["MSN: hello"]);
});
