import pino from "pino";
import { afterEach, expect, test, vi } from "vitest";
import type { HomeHost } from "../../../src/bridge/ports/home.ts";
import { Transactions } from "../../../src/matrix/listener/transactions.ts";
import { resident } from "../../support/matrix-home.ts";
import { MemoryProfiles } from "../../support/matrix-host.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("a homeserver that was set up anew, and counts from 1, is not asked behind each transaction what it has left behind", async () => {
  vi.useFakeTimers();
  let asked = 0;
  const transactions = new Transactions({
    intake: { take: () => Promise.resolve() },
    profiles: new MemoryProfiles(),
    self: resident("@bot:example.org"),
    again: () => {
      asked += 1;
    },
    log: pino({ enabled: false }),
  });
  const take = (id: number) => transactions.take({} as HomeHost, { id: `${id}`, events: [], ephemeral: [] });
  await take(1);
  await expect(take(9)).rejects.toMatchObject({ code: "store-down" });
  await take(9);
  await vi.advanceTimersByTimeAsync(60_000);
  // For the one that was refused, and whether another was left behind it.
  expect(asked).toBe(2);
  for (const id of [1, 2, 3]) {
    await take(id);
    await vi.advanceTimersByTimeAsync(60_000);
  }
  expect(asked).toBe(2);
  transactions.stop();
});
