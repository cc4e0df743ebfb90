import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { afterRunning } from "../../../../src/msnp/transport/running-time.ts";

let clock: number;
beforeEach(() => {
  clock = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(performance, "now").mockImplementation(() => clock);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The process runs: each of its timers is heard at its time. */
function runs(ms: number): void {
  for (let i = 0; i < ms; i++) {
    clock += 1;
    vi.advanceTimersByTime(1);
  }
}

/** The process stands still: the clock goes on, and no timer is heard. */
function standsStill(ms: number): void {
  clock += ms;
}

test("a wait is over after its time, and once", () => {
  const late = vi.fn();
  afterRunning(800, late);
  runs(799);
  expect(late).not.toHaveBeenCalled();
  runs(1);
  expect(late).toHaveBeenCalledOnce();
  runs(5000);
  expect(late).toHaveBeenCalledOnce();
});

test("what is called off does not come", () => {
  const late = vi.fn();
  const callOff = afterRunning(800, late);
  runs(700);
  callOff();
  runs(5000);
  expect(late).not.toHaveBeenCalled();
});

test("time in which the process stood still does not count: what came meanwhile is read first", () => {
  const late = vi.fn();
  afterRunning(800, late);
  runs(750);
  standsStill(60_000);
  runs(149);
  expect(late).not.toHaveBeenCalled();
  runs(1);
  expect(late).toHaveBeenCalledOnce();
});

test("a process that stands still again and again waits at most as long again", () => {
  const late = vi.fn();
  afterRunning(800, late);
  for (let i = 0; i < 15; i++) {
    standsStill(1000);
    runs(100);
  }
  expect(late).not.toHaveBeenCalled();
  standsStill(1000);
  runs(100);
  expect(late).toHaveBeenCalledOnce();
});
