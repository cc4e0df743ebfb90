import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { Afterwards } from "../../../src/xmpp/afterwards.ts";
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

test("what came back is said after a restart, too, in its order, and then no more", async () => {
  const kept = new Map<RoomId, string>([["room@muc.example.org" as RoomId, "of a room"]]);
  const store = {
    keepRoomNote: async (_: string, key: RoomId, note: string) => void kept.set(key, note),
    dropRoomNote: async (_: string, key: RoomId) => void kept.delete(key),
    roomNotes: async () => kept,
  };
  const sent: (string | undefined)[] = [];
  const start = async () => {
    const notes = new WaitingNotes({ home: XMPP, store, log: silent });
    const afterwards = new Afterwards({
      send: (stanza) => sent.push(`${stanza.attrs.id} ${stanza.getChildText("body")}`) > 0,
      hears: () => false,
      giveUp: () => {},
      notes,
    });
    await afterwards.restore();
    return afterwards;
  };
  const first = await start();
  const ids = Array.from({ length: 12 }, (_, i) => `words-${i}`);
  for (const id of ids) first.said(id, el("message", { id, from: bob, to: annaJid }, el("body", {}, `text of ${id}`)));
  const error = errorElement({ type: "cancel", condition: "service-unavailable" });
  for (const id of ids) first.refused(el("message", { id, type: "error", from: annaJid, to: bob }, error));
  const second = await start();
  second.came(annaJid);
  expect(sent).toEqual(ids.map((id) => `${id} text of ${id}`));
  (await start()).came(annaJid);
  expect(sent).toHaveLength(ids.length);
  expect([...kept.keys()]).toEqual(["room@muc.example.org"]);
});
