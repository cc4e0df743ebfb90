import { pino } from "pino";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { type Jid, parseBareJid, parseJid } from "../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import { MucRoom } from "../../../../src/xmpp/muc/muc.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";

const ROOM = "room@muc.test";
const USER = "http://jabber.org/protocol/muc#user";

afterEach(() => {
  vi.useRealTimers();
});

function letIn(room: MucRoom): void {
  const to = "relay@xmpp.test/bridge";
  const self = el("x", { xmlns: USER }, el("status", { code: "110" }));
  void room.stanza(el("presence", { from: `${ROOM}/relay`, to }, self));
  void room.stanza(el("message", { from: ROOM, to, type: "groupchat" }, el("subject")));
}

test("only the room can say that words were not said: another occupant's error is nothing", async () => {
  const to = "relay@xmpp.test/bridge";
  const sent = Promise.withResolvers<void>();
  const room = new MucRoom({
    link: {
      send: () => queueMicrotask(() => letIn(room)),
      sendLoosely: () => {},
      sendSurely: async () => sent.resolve(),
      arrived: () => {},
      isOnline: true,
      jid: parseJid(to),
      request: async () => el("iq"),
    },
    room: parseBareJid(ROOM),
    nick: "relay",
    isOurs: () => false,
    said: () => {},
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => room.close());
  await room.enter();
  const speaking = room.speak("id-1", "hello");
  await sent.promise;
  const error = el("error", { type: "cancel" }, el("not-acceptable", { xmlns: NS.stanzas }));
  await room.stanza(el("message", { from: `${ROOM}/eve`, to, type: "error", id: "id-1" }, error));
  const echo = { from: `${ROOM}/relay`, to, type: "groupchat", id: "id-1" };
  await room.stanza(el("message", echo, el("body", {}, "hello")));
  expect((await speaking).body).toBe("hello");
  expect(room.isIn).toBe(true);
});

test.each(["gone", "item-not-found"])(
  "words into a room of ours that was destroyed a moment ago (%s) are not refused for good: they find another",
  async (condition) => {
    const to = "relay@xmpp.test/bridge";
    const sent = Promise.withResolvers<void>();
    const isLost = Promise.withResolvers<boolean>();
    const failed = (name: string): XmlElement =>
      el(
        name,
        { from: ROOM, to, type: "error", id: "id-1" },
        el("error", { type: "cancel" }, el(condition, { xmlns: NS.stanzas })),
      );
    let knocks = 0;
    const room = new MucRoom({
      link: {
        send: () => {
          knocks += 1;
          const gone = el("error", { type: "cancel" }, el("gone", { xmlns: NS.stanzas }));
          if (knocks === 1) queueMicrotask(() => letIn(room));
          else
            queueMicrotask(() => void room.stanza(el("presence", { from: `${ROOM}/relay`, to, type: "error" }, gone)));
        },
        sendLoosely: () => {},
        sendSurely: async () => sent.resolve(),
        arrived: () => {},
        isOnline: true,
        jid: parseJid(to),
        request: async () => el("iq"),
      },
      room: parseBareJid(ROOM),
      nick: "relay",
      isOwn: true,
      isOurs: () => false,
      said: () => {},
      changed: ({ isIn, triesAgain }) => {
        if (!isIn && !triesAgain) isLost.resolve(room.isLost);
      },
      log: pino({ level: "silent" }),
      limits: { firstWaitMs: 1, longestWaitMs: 1 },
    });
    onTestFinished(() => room.close());
    await room.enter();
    const speaking = expect(room.speak("id-1", "where did you go?")).rejects.toMatchObject({ code: "home-down" });
    await sent.promise;
    await room.stanza(failed("message"));
    await speaking;
    expect(await isLost.promise).toBe(true);
  },
);

/** A room whose server answers the question of XEP-0410 with an error, which no real one does at will. */
async function forgetful(
  condition: string,
): Promise<{ knocks: () => number; pings: () => number; changes: boolean[] }> {
  vi.useFakeTimers();
  const changes: boolean[] = [];
  let [knocks, pings] = [0, 0];
  const send = (stanza: XmlElement): void => {
    if (stanza.name !== "presence" || stanza.attrs.type !== undefined) return;
    knocks += 1;
    letIn(room);
  };
  const room = new MucRoom({
    link: {
      send: (stanza) => queueMicrotask(() => send(stanza)),
      sendLoosely: () => {},
      sendSurely: async () => {},
      arrived: () => {},
      isOnline: true,
      jid: parseJid("relay@xmpp.test/bridge"),
      request: async (ask: { to?: Jid }) => {
        // Its archive has nothing new.
        if (ask.to === ROOM) return el("iq", {}, el("fin", { xmlns: "urn:xmpp:mam:2", complete: "true" }));
        expect(ask.to).toBe(`${ROOM}/relay`);
        pings += 1;
        throw new StanzaRefusal(condition, undefined);
      },
    },
    room: parseBareJid(ROOM),
    nick: "relay",
    isOurs: () => false,
    said: () => {},
    changed: ({ isIn }) => changes.push(isIn),
    log: pino({ level: "silent" }),
    limits: { selfPingMs: 10_000, firstWaitMs: 100, longestWaitMs: 100 },
  });
  await room.enter();
  await vi.advanceTimersByTimeAsync(16_000);
  room.close();
  return { knocks: () => knocks, pings: () => pings, changes };
}

test.each(["not-acceptable", "remote-server-not-found"])(
  "a silent room that answers %s is entered again",
  async (condition) => {
    const { knocks, pings, changes } = await forgetful(condition);
    expect(pings()).toBe(1);
    expect(knocks()).toBe(2);
    expect(changes).toEqual([true, false, true]);
  },
);

test.each(["service-unavailable", "feature-not-implemented"])(
  "a room that answers %s still knows us",
  async (condition) => {
    const { knocks, pings, changes } = await forgetful(condition);
    expect(pings()).toBe(1);
    expect(knocks()).toBe(1);
    expect(changes).toEqual([true]);
  },
);
