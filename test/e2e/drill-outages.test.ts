import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { annasTexts, annaWrites, Gate, MsnTalker, type Scene, setScene, tally, waitForLast } from "../support/drill.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld();
const REDIS_KILLS = 5;
/** For all of it on however busy a machine, ms. */
const PATIENCE = { timeout: process.env.MSNBRIDGE_LONG === "1" ? 3_600_000 : 900_000 };
let scene: Scene | undefined;

/** Traffic both ways while `disturb` runs; then everything must have arrived once and in order. */
async function trafficDuring(
  topic: string,
  count: number,
  paceMs: number,
  disturb: () => Promise<void>,
): Promise<void> {
  const { world } = there;
  scene ??= await setScene(world);
  const { anna, pairs } = scene;
  const { email } = world.account("alice");
  const annas = annasTexts(scene, count, topic);
  const talkers = pairs.map((pair) => new MsnTalker({ pair, to: email, count, gate: new Gate(), paceMs, topic }));
  await Promise.all([annaWrites(scene, annas, paceMs), ...talkers.map((talker) => talker.run()), disturb()]);
  await waitForLast(scene, talkers, annas);
  for (const [i, { room, ghost, person, name }] of pairs.entries()) {
    const onMatrix = anna
      .room(room)
      .texts(ghost)
      .filter((text) => text.startsWith(topic));
    expect(onMatrix, `Matrix, from ${name}`).toEqual(talkers[i]?.texts);
    const onMsn = tally(person.messages.filter(({ from, text }) => from === email && text.startsWith(topic)));
    expect(onMsn.order, `MSN, to ${name}`).toEqual(annas[i]);
    expect(onMsn.repeats, `repeats at ${name}`).toEqual([]);
    expect(anna.room(room).texts(world.bridge.setup.bot), "notices of failure").toEqual([]);
  }
}

test("Synapse is away for a minute under traffic: nothing lost, nothing doubled, order kept", PATIENCE, async () => {
  await trafficDuring("one: ", 120, 580, async () => {
    await pause(4000);
    await there.world.synapse.stop();
    there.trace.add("drill", "Synapse stopped");
    await pause(60_000);
    await there.world.synapse.restart();
    there.trace.add("drill", "Synapse back");
  });
});

test(
  `redis-server is killed and comes back ${REDIS_KILLS} times under traffic: nothing lost, nothing doubled, order kept`,
  PATIENCE,
  async () => {
    await trafficDuring("two: ", 150, 150, async () => {
      for (let i = 0; i < REDIS_KILLS; i += 1) {
        await pause(1500 + Math.random() * 1500);
        await there.world.redis.kill();
        there.trace.add("drill", `redis-server killed, ${i + 1}`);
        await pause(500 + Math.random() * 1500);
        await there.world.redis.restart();
      }
    });
  },
);
