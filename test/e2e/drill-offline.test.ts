import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Scene, setScene } from "../support/drill.ts";
import { useWorld } from "../support/world.ts";

const MESSAGES = 1000;
const KILLS = 6;
const DAY = 24 * 3600_000;
/** For as many starts of the bridge, on however busy a machine, ms. */
const PATIENCE_MS = 900_000;

const there = useWorld();

interface Left {
  readonly from: string;
  readonly text: string;
  /** Whole seconds: what the network's dates can say. */
  readonly at: number;
}

test(`${MESSAGES} offline messages waiting, the bridge killed ${KILLS} times while it fetches them: all arrive once, in order, with their dates`, {
  timeout: PATIENCE_MS,
}, async () => {
  const { world } = there;
  const scene = await setScene(world);
  for (const { person } of scene.pairs) await person.signOut();
  await world.bridge.kill();
  const { email } = world.account("alice");
  const left = messagesOf(scene);
  world.msn.leaveOfflineMessages(email, left);

  await world.bridge.start();
  for (let kill = 1; kill <= KILLS; kill += 1) {
    // Each life gets some of the work done, and none all of it.
    const goal = Math.floor((MESSAGES * kill) / (KILLS + 2));
    await scene.anna.waitFor(`${goal} messages before kill ${kill}`, () => arrived(scene) >= goal, 120_000);
    await pause(Math.random() * 150);
    await world.bridge.kill();
    there.trace.add(
      "drill",
      `kill ${kill}: ${arrived(scene)} on Matrix, ${world.msn.offlineMessages(email).length} waiting`,
    );
    await world.bridge.start();
  }
  await scene.anna.waitFor("all of them", () => arrived(scene) >= MESSAGES, 120_000);
  await expect.poll(() => world.msn.offlineMessages(email).length).toBe(0);
  await pause(1500);

  for (const pair of scene.pairs) {
    const { email: from } = world.account(pair.name);
    const expected = left.filter((one) => one.from === from).map(({ text, at }) => ({ text, at }));
    const got = scene.anna.room(pair.room).messages(pair.ghost);
    expect(got.map((event) => ({ text: event.content.body, at: event.origin_server_ts }))).toEqual(expected);
  }
});

/** Bob and Carol wrote by turns over ten days, some of it within one second. */
function messagesOf(scene: Scene): Left[] {
  const begun = Math.floor((Date.now() - 10 * DAY) / 1000) * 1000;
  return Array.from({ length: MESSAGES }, (_, i) => {
    const { name } = scene.pairs[i % scene.pairs.length] ?? { name: "" };
    const number = String(i + 1).padStart(4, "0");
    return {
      from: there.world.account(name).email,
      text: `${name} left ${number} ä€😀`,
      at: begun + Math.floor(i / 7) * 6 * 60_000,
    };
  });
}

function arrived(scene: Scene): number {
  return scene.pairs.reduce((sum, { room, ghost }) => sum + scene.anna.room(room).messages(ghost).length, 0);
}
