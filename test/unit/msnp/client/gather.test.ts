import { expect, test } from "vitest";
import { gathered } from "../../../../src/msnp/client/gather.ts";

const never = new Promise<void>(() => {});
const refused = (reason: string): Promise<void> => Promise.reject(new Error(reason));

test("who has come does not wait for long for those who may never", async () => {
  const began = performance.now();
  await gathered([never, Promise.resolve(), refused("offline")], 30);
  expect(performance.now() - began).toBeGreaterThanOrEqual(25);
});

test("nobody waits when all have answered", async () => {
  await gathered([Promise.resolve(), refused("offline")], 3_600_000);
});

test("when nobody comes, the first refusal says why", async () => {
  await expect(gathered([refused("first"), refused("second")], 10)).rejects.toThrow("first");
});
