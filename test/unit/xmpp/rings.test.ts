import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rings } from "../../../src/xmpp/rings.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const nudge = { nudge: true } as const;

test("a nudge rings; of more within ten seconds the words alone are shown, until it is quiet for a while", () => {
  const rings = new Rings();
  expect(["k1", "k2", "k3"].map((key) => rings.has("bob anna", nudge, key))).toEqual([true, false, false]);
  expect(rings.has("carol anna", nudge, "k4")).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(rings.has("bob anna", nudge, "k5")).toBe(true);
});

test("a nudge that is said again, because nobody knows whether it arrived, rings again", () => {
  const rings = new Rings();
  expect([rings.has("bob", nudge, "k"), rings.has("bob", nudge, "k")]).toEqual([true, true]);
  expect(rings.has("bob", {}, "k")).toBe(false);
});
