import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Afterwards } from "../../../src/xmpp/afterwards.ts";
import { errorElement } from "../../../src/xmpp/stanza/errors.ts";
import { el } from "../../../src/xmpp/stanza/xml.ts";
import { annaJid, bob } from "./support.ts";

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
