/** What a worker has heard at one place of a group, until it is read. */
import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import { Reading } from "../../../../src/bridge/groups/reading.ts";
import type { ReadTurn } from "../../../../src/bridge/ports/groups.ts";
import { contact } from "../support.ts";

const ALICE = contact("alice");
const heard = (text: string) => ({
  print: { speaker: "bob", there: "*", word: text },
  account: { address: ALICE },
  at: performance.now(),
  bytes: 10,
});

test("words behind one that is refused for good are read, although nothing more is said", async () => {
  const coming = { at: performance.now(), left: 0 };
  const asked: (() => Promise<void>)[] = [];
  const read: string[] = [];
  const answers: ((text: string) => Promise<ReadTurn>)[] = [
    async () => ({ kind: "other", forMs: 60_000, words: [] }),
    async () => ({ kind: "other", forMs: 60_000, words: [] }),
    () => Promise.reject(new BridgeError("bad-input", { detail: "too large" })),
  ];
  const reading = new Reading<ReturnType<typeof heard>>({
    self: ALICE,
    coming,
    append: ({ print }) => {
      const answer = answers.shift();
      if (answer) return answer(print.word);
      read.push(print.word);
      return Promise.resolve({ kind: "read", after: "1-0" });
    },
    inTurn: (_, run) => asked.push(run) > 0,
    lost: () => {},
    over: () => {},
  });
  for (const text of ["large", "small"]) {
    reading.hear(heard(text), coming);
    await asked.shift()?.();
  }
  // The other has died, and this worker asks again.
  await expect.poll(() => asked.length).toBe(1);
  await expect(asked.shift()?.()).rejects.toThrow("too large");
  for (let run = asked.shift(); run; run = asked.shift()) await run();
  reading.stop();
  expect(read).toEqual(["small"]);
});
