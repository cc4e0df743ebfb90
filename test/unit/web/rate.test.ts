import { expect, test } from "vitest";
import { createRateLimiter } from "../../../src/web/rate.ts";

test("so many a minute, then a wait until the minute is over", () => {
  let now = 0;
  const limiter = createRateLimiter(2, 10, () => now);
  expect([limiter.take("a"), limiter.take("a")]).toEqual([0, 0]);
  now = 20_000;
  expect(limiter.take("a")).toBe(40);
  expect(limiter.take("b")).toBe(0);
  now = 60_000;
  expect(limiter.take("a")).toBe(0);
});

test("only so many keys are remembered", () => {
  const limiter = createRateLimiter(1, 2, () => 0);
  limiter.take("a");
  limiter.take("b");
  limiter.take("c");
  expect(limiter.take("c")).toBeGreaterThan(0);
  expect(limiter.take("a")).toBe(0);
});
