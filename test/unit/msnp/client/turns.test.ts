import { expect, test } from "vitest";
import { Turns } from "../../../../src/msnp/client/turns.ts";

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
