import { expect, test } from "vitest";
import { worthGivingBack } from "../../../src/cli/give-back.ts";

const MIB = 1024 * 1024;

test.each([
  ["after a wave, when it is quiet", 400, 180, 0.02, true],
  ["not while there is work", 400, 180, 0.5, false],
  ["not for a little", 226, 180, 0.02, false],
  ["not for a small part of much", 1000, 880, 0.02, false],
])("memory is given back: %s", (_, rss, kept, utilization, worth) => {
  expect(worthGivingBack(rss * MIB, kept * MIB, utilization)).toBe(worth);
});
