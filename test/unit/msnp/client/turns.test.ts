import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { Turns } from "../../../../src/msnp/client/turns.ts";

afterEach(() => vi.useRealTimers());

test("what somebody does when their turn is over comes before the next turn", async () => {
  const turns = new Turns(1);
  const done: string[] = [];
  const noted = async (): Promise<void> => {
    await turns.take(async () => {
      done.push("first sent");
    });
    for (let layer = 0; layer < 50; layer += 1) await Promise.resolve();
    done.push("first noted");
  };
  const second = async (): Promise<void> =>
    await turns.take(async () => {
      done.push("second sent");
    });
  await Promise.all([noted(), second()]);
  expect(done).toEqual(["first sent", "first noted", "second sent"]);
});

test("a turn that fails is passed on, too", async () => {
  const turns = new Turns(1);
  const failing = turns.take(async () => await Promise.reject(new Error("lost")));
  const second = turns.take(async () => "sent");
  await expect(failing).rejects.toThrow("lost");
  expect(await second).toBe("sent");
});

test("a turn that is held is passed on when what was done is noted, not before", async () => {
  const turns = new Turns(1);
  const noted = Promise.withResolvers<void>();
  const done: string[] = [];
  await turns.take(async () => {});
  turns.hold(noted.promise);
  const second = turns.take(async () => {
    done.push("second sent");
  });
  await pause(20);
  expect(done).toEqual([]);
  noted.resolve();
  await second;
  expect(done).toEqual(["second sent"]);
});

test("a note that fails lets the next go, too", async () => {
  const turns = new Turns(1);
  await turns.take(async () => {});
  turns.hold(Promise.reject(new Error("Redis is away")));
  expect(await turns.take(async () => "sent")).toBe("sent");
});

test("a note that never comes holds the next for half a minute", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const turns = new Turns(1);
  await turns.take(async () => {});
  turns.hold(new Promise(() => {}));
  const second = turns.take(async () => performance.now());
  const since = performance.now();
  // The turn ends behind what runs now.
  await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await second) - since).toBe(30_000);
});
