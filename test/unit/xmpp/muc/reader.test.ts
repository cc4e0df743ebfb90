import { pino } from "pino";
import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import { parseBareJid, parseJid } from "../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import type { Position } from "../../../../src/xmpp/muc/archive.ts";
import { RoomReader } from "../../../../src/xmpp/muc/reader.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";

const ROOM = parseBareJid("room@muc.test");
const US = parseJid("relay@xmpp.test/bridge");
const MAM = "urn:xmpp:mam:2";

function message(id: string): XmlElement {
  const attrs = { from: `${ROOM}/anna`, to: US, type: "groupchat", id: `client-${id}` };
  return el("message", attrs, el("body", {}, id), el("stanza-id", { xmlns: NS.sid, by: ROOM, id }));
}

function archived(id: string, queryid: string | undefined): XmlElement {
  const delay = el("delay", { xmlns: NS.delay, stamp: "2024-01-01T00:00:00Z" });
  const forwarded = el("forwarded", { xmlns: NS.forward }, delay, message(id));
  return el("message", { from: ROOM, to: US }, el("result", { xmlns: MAM, queryid, id }, forwarded));
}

/** A reader whose archive does what is said, one query after the other. */
function readerWith(...answers: ((ask: { after: string | undefined; give: (id: string) => void }) => void)[]) {
  const said: string[] = [];
  const echoes: (string | undefined)[] = [];
  const reached: Position[] = [];
  const asked: (string | undefined)[] = [];
  let failing: string | undefined;
  const reader = new RoomReader({
    room: ROOM,
    nick: () => "relay",
    from: { id: "0", at: 1000 },
    said: async ({ body }) => {
      if (body === failing) throw new Error("not now");
      said.push(body);
    },
    isEcho: ({ id }) => id?.startsWith("ours-") === true && echoes.push(id) > 0,
    reached: (position) => reached.push(position),
    log: pino({ level: "silent" }),
    link: {
      request: async (_, query) => {
        const after = query.getChild("set", "http://jabber.org/protocol/rsm")?.getChildText("after") ?? undefined;
        asked.push(after);
        answers.shift()?.({ after, give: (id) => void reader.answers(archived(id, query.attrs.queryid)) });
        return el("iq", { type: "result" }, el("fin", { xmlns: MAM, complete: "true" }));
      },
    },
  });
  const catchUp = async (): Promise<boolean> =>
    reader.mayCatchUp &&
    (await reader.catchUp(
      async () => {},
      () => US,
    ));
  const fail = (body: string | undefined): void => {
    failing = body;
  };
  return { reader, said, echoes, reached, asked, catchUp, fail };
}

test("what is said while the archive is read comes behind it", async () => {
  const { reader, said, catchUp } = readerWith(({ give }) => {
    void reader.take(message("3"), "live");
    give("1");
    give("2");
    give("3");
  });
  expect(await catchUp()).toBe(true);
  await reader.take(message("4"), "live");
  expect(said).toEqual(["1", "2", "3", "4"]);
});

test("when the archive cannot be read, nothing is taken before it was read at the next time", async () => {
  const { reader, said, asked, catchUp } = readerWith(
    () => {
      void reader.take(message("2"), "live");
      throw new BridgeError("home-down");
    },
    ({ give }) => {
      give("1");
      give("2");
    },
  );
  await expect(catchUp()).rejects.toThrow("home-down");
  await reader.take(message("2"), "live");
  expect(said).toEqual([]);
  expect(await catchUp()).toBe(true);
  expect(said).toEqual(["1", "2"]);
  expect(asked).toEqual(["0", "0"]);
});

test("an archive that does not know where we were is asked by time; without one, the history has to do", async () => {
  const { said, asked, catchUp } = readerWith(
    () => {
      throw new StanzaRefusal("item-not-found", undefined);
    },
    ({ give }) => give("1"),
  );
  expect(await catchUp()).toBe(true);
  expect(said).toEqual(["1"]);
  expect(asked).toEqual(["0", undefined]);
  const none = readerWith(() => {
    throw new StanzaRefusal("feature-not-implemented", undefined);
  });
  expect(await none.catchUp()).toBe(false);
  expect(none.reader.mayCatchUp).toBe(false);
});

test("what could not be taken is no place to go on from", async () => {
  const { reader, reached, catchUp, fail, said } = readerWith(({ give }) => give("2"));
  fail("2");
  await reader.take(message("1"), "live");
  await expect(reader.take(message("2"), "live")).rejects.toThrow("not now");
  await reader.take(message("3"), "live");
  expect(reached.map(({ id }) => id)).toEqual(["1"]);
  fail(undefined);
  await catchUp();
  await reader.take(message("4"), "live");
  expect(said).toEqual(["1", "3", "2", "4"]);
  expect(reached.at(-1)?.id).toBe("4");
});

test("what we have said is known again by its name, also when nothing is to be seen in it; of others that is nothing", async () => {
  const { reader, said, echoes } = readerWith();
  const silent = (id: string): XmlElement =>
    el("message", { from: `${ROOM}/relay`, to: US, type: "groupchat", id }, el("body", {}, ""));
  await reader.take(silent("ours-1"), "live");
  await reader.take(silent("theirs-1"), "live");
  expect([echoes, said]).toEqual([["ours-1"], []]);
});
