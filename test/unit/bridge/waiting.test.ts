import fc from "fast-check";
import { expect, test } from "vitest";
import { backOff, Gate, pause } from "../../../src/bridge/waiting.ts";
import { cases } from "../../support/property.ts";

test("back-off lies between half its base and its cap, and below what the attempt allows", () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 5000, max: 600_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, base, cap, dice) => {
        const ms = backOff(attempt, base, cap, () => dice);
        expect(ms).toBeGreaterThanOrEqual(base / 2);
        expect(ms).toBeLessThanOrEqual(Math.max(base / 2, Math.min(cap, base * 2 ** Math.min(attempt, 30))));
      },
    ),
    cases(100, 20_000),
  );
});

test("a pause ends by its time, and at once when it is aborted before or meanwhile", async () => {
  await pause(1);
  await pause(60_000, AbortSignal.abort());
  const stop = new AbortController();
  const paused = pause(60_000, stop.signal);
  stop.abort();
  await paused;
});

test("a gate lets so many in at once, the others in the order of their coming", async () => {
  const gate = new Gate(2);
  const entered: number[] = [];
  const doors = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const runs = doors.map((door, i) =>
    gate.run(async () => {
      entered.push(i);
      await door.promise;
    }),
  );
  expect(entered).toEqual([0, 1]);
  doors[1]?.resolve();
  await runs[1];
  await Promise.resolve();
  expect(entered).toEqual([0, 1, 2]);
  for (const door of doors) door.resolve();
  await Promise.all(runs);
  expect(entered).toEqual([0, 1, 2, 3, 4]);
});

test("a task that fails leaves its place to the next", async () => {
  const gate = new Gate(1);
  await expect(
    gate.run(async () => {
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await gate.run(async () => "next")).toBe("next");
});

test("who leaves the queue does not hold up those behind", async () => {
  const gate = new Gate(1);
  const door = Promise.withResolvers<void>();
  const first = gate.run(() => door.promise);
  const leave = new AbortController();
  const second = gate.run(async () => "second", leave.signal);
  const third = gate.run(async () => "third");
  leave.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  door.resolve();
  await first;
  expect(await third).toBe("third");
  await expect(gate.run(async () => "late", AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
});
