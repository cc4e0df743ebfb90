import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inTime } from "../../../../src/msnp/client/storing.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("who stores messages has two minutes for it", async () => {
  const never = inTime(new Promise<void>(() => undefined));
  const failure = expect(never).rejects.toMatchObject({ code: "timeout" });
  await vi.advanceTimersByTimeAsync(120_000);
  await failure;
});

it("nothing is left behind of one who has done it", async () => {
  await inTime(Promise.resolve());
  expect(vi.getTimerCount()).toBe(0);
});
