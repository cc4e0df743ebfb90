import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { Afterwards } from "../../../src/xmpp/afterwards.ts";
import type { BareJid } from "../../../src/xmpp/jid.ts";
import { XMPP } from "../../../src/xmpp/name.ts";
import { errorElement } from "../../../src/xmpp/stanza/errors.ts";
import { el } from "../../../src/xmpp/stanza/xml.ts";
import { WaitingNotes } from "../../../src/xmpp/waiting-notes.ts";
import { annaJid, bob, silent } from "./support.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Anna, who has been told ten things that her server has taken. */
function stage() {
  const sent: (string | undefined)[] = [];
  const state = { isOpen: true, hears: true, tries: 0 };
  const afterwards = new Afterwards({
    send: ({ attrs }) => {
      state.tries += 1;
      if (state.tries > 1000) throw new Error("it is tried without end");
      if (state.isOpen) sent.push(attrs.id);
      return state.isOpen;
    },
    hears: () => state.hears,
    giveUp: () => {},
  });
  const ids = Array.from({ length: 10 }, (_, i) => `words-${i}`);
  for (const id of ids) afterwards.said(id, el("message", { id, from: bob, to: annaJid }));
  const refuseAll = () => {
    const error = errorElement({ type: "cancel", condition: "service-unavailable" });
    for (const id of ids) afterwards.refused(el("message", { id, type: "error", from: annaJid, to: bob }, error));
  };
  return { afterwards, sent, state, ids, refuseAll };
}

test("what came back is said again in the order in which it was said", () => {
  const { sent, ids, refuseAll } = stage();
  for (let i = 1; i <= 3; i += 1) {
    refuseAll();
    vi.runAllTimers();
    expect(sent.splice(0)).toEqual(ids);
  }
});

test("while the link takes nothing, what came back waits for it, and is not tried without end", () => {
  const { afterwards, sent, ids, state, refuseAll } = stage();
  state.hears = false;
  refuseAll();
  state.hears = true;
  state.isOpen = false;
  afterwards.came(annaJid);
  expect(sent).toEqual([]);
  state.isOpen = true;
  vi.runAllTimers();
  expect(sent).toEqual(ids);
});

/** A bridge that is started again and again with the same store, while anna is away. */
class Runs {
  readonly kept = new Map<RoomId, string>([["room@muc.example.org" as RoomId, "of a room"]]);
  readonly sealed = new Map<RoomId, string[]>();
  readonly sent: string[] = [];

  async start(): Promise<Afterwards> {
    const { kept, sealed, sent } = this;
    const store = {
      keepRoomNote: async (_: string, key: RoomId, note: string) => void kept.set(key, note),
      dropRoomNote: async (_: string, key: RoomId) => void kept.delete(key),
      roomNotes: async () => kept,
      keepRecall: async (_: string, key: RoomId, pieces: readonly string[]) => {
        for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(32 * 1024);
        sealed.set(key, [...(sealed.get(key) ?? []), ...pieces]);
      },
      recall: async (_: string, key: RoomId) => sealed.get(key) ?? [],
      dropRecall: async (_: string, key: RoomId) => void sealed.delete(key),
    };
    const afterwards = new Afterwards({
      send: (stanza) => sent.push(`${stanza.attrs.id} ${stanza.getChildText("body")}`) > 0,
      hears: () => false,
      giveUp: () => {},
      notes: new WaitingNotes({ home: XMPP, store, log: silent }),
    });
    await afterwards.restore();
    return afterwards;
  }

  /** Nothing waits in the store. */
  expectEmpty(): void {
    expect([...this.kept.keys(), ...this.sealed.keys()]).toEqual(["room@muc.example.org"]);
  }
}

/** Words to anna, which her server takes, and sends back later. */
function sentBack(afterwards: Afterwards, id: string, text: string, from = bob): void {
  afterwards.said(id, el("message", { id, from, to: annaJid }, el("body", {}, text)));
  refuse(afterwards, id, from);
}

function refuse(afterwards: Afterwards, id: string, from = bob): void {
  const error = errorElement({ type: "cancel", condition: "service-unavailable" });
  afterwards.refused(el("message", { id, type: "error", from: annaJid, to: from }, error));
}

test("what came back is said after a restart, too, in its order, and then no more", async () => {
  const runs = new Runs();
  const first = await runs.start();
  const ids = Array.from({ length: 12 }, (_, i) => `words-${i}`);
  for (const id of ids) sentBack(first, id, `text of ${id}`);
  expect([...runs.kept.values()].join()).not.toContain("text of");
  (await runs.start()).came(annaJid);
  expect(runs.sent).toEqual(ids.map((id) => `${id} text of ${id}`));
  (await runs.start()).came(annaJid);
  expect(runs.sent).toHaveLength(ids.length);
  runs.expectEmpty();
});

test("words as long as they may be wait over a restart", async () => {
  const runs = new Runs();
  const long = '"\u{1f600}'.repeat(12_000);
  sentBack(await runs.start(), "long", long);
  (await runs.start()).came(annaJid);
  expect(runs.sent).toEqual([`long ${long}`]);
});

test("who has not come for seven days is not told any more, and nothing is left of it", async () => {
  const runs = new Runs();
  const first = await runs.start();
  sentBack(first, "early", "hello");
  vi.advanceTimersByTime(6 * 24 * 3600_000);
  sentBack(first, "late", "are you there?");
  vi.advanceTimersByTime(24 * 3600_000);
  (await runs.start()).came(annaJid);
  expect(runs.sent).toEqual(["late are you there?"]);
  runs.expectEmpty();

  sentBack(first, "old", "hello");
  vi.advanceTimersByTime(7 * 24 * 3600_000);
  sentBack(first, "new", "hello again");
  expect([...runs.kept.keys()]).toEqual(["room@muc.example.org", "waiting new"]);
});

test("what waits from contacts of an account that is unlinked is not said any more, nor what comes back later", async () => {
  const runs = new Runs();
  const first = await runs.start();
  const carl = "carl\\40hotmail.com@msn.example.org" as BareJid;
  sentBack(first, "b1", "from bob");
  sentBack(first, "c1", "from carl", carl);
  first.said("b2", el("message", { id: "b2", from: bob, to: annaJid }, el("body", {}, "more from bob")));
  first.forget(annaJid, (from) => from === bob);
  refuse(first, "b2");
  (await runs.start()).came(annaJid);
  expect(runs.sent).toEqual(["c1 from carl"]);
  runs.expectEmpty();
});
