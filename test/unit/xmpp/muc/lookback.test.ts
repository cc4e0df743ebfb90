import { expect, test } from "vitest";
import { LookBack } from "../../../../src/xmpp/muc/lookback.ts";

test("a position counts when it is old enough, and only once", () => {
  const back = new LookBack(1000);
  back.reach({ id: "a", at: 1 }, 0);
  expect(back.settled(999)).toBeUndefined();
  expect(back.settled(1000)).toEqual({ id: "a", at: 1 });
  expect(back.settled(5000)).toBeUndefined();
});

test("in a busy room the newest of the old ones counts, and few are remembered", () => {
  const back = new LookBack(1000);
  for (let now = 0; now <= 2000; now += 10) back.reach({ id: `${now}`, at: now }, now);
  const settled = back.settled(2000);
  expect(settled?.at).toBeGreaterThan(850);
  expect(settled?.at).toBeLessThanOrEqual(1000);
});

test("in a room that has fallen silent the last word counts in its turn", () => {
  const back = new LookBack(1000);
  back.reach({ id: "a", at: 1 }, 0);
  back.reach({ id: "b", at: 2 }, 10);
  expect(back.settled(1500)).toEqual({ id: "a", at: 1 });
  expect(back.settled(2500)).toEqual({ id: "b", at: 2 });
  expect(back.settled(9000)).toBeUndefined();
});
