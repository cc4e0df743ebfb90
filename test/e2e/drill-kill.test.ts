import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  annasTexts,
  annaWrites,
  beyondOnePerKill,
  Gate,
  MsnTalker,
  type Scene,
  setScene,
  talkThrough,
  tally,
  textsInRedis,
  waitForLast,
} from "../support/drill.ts";
import { useWorld } from "../support/world.ts";

const KILLS = 20;
const LONG = process.env.MSNBRIDGE_LONG === "1";
const EACH_WAY = LONG ? 5000 : 500;
const PACE_MS = 90;
/** For as many starts of the bridge, on however busy a machine, ms. */
const PATIENCE_MS = LONG ? 3_600_000 : 900_000;

const there = useWorld();

test(`${EACH_WAY} messages each way, the bridge killed ${KILLS} times: nothing lost, nothing doubled on Matrix, order kept`, {
  timeout: PATIENCE_MS,
}, async () => {
  const { world } = there;
  const scene = await setScene(world);
  const gate = new Gate();
  const perPair = EACH_WAY / scene.pairs.length;
  const { email } = world.account("alice");
  const talkers = scene.pairs.map((pair) => new MsnTalker({ pair, to: email, count: perPair, gate, paceMs: PACE_MS }));
  const annas = annasTexts(scene, perPair);

  const anna = { run: async () => await annaWrites(scene, annas, PACE_MS) };
  const kills = await talkThrough([anna, ...talkers], async () => await killAtRandom(scene, talkers, gate));
  await waitForLast(scene, talkers, annas);

  for (const { room } of scene.pairs) {
    expect(scene.anna.room(room).texts(world.bridge.setup.bot), "notices of failure").toEqual([]);
  }
  const repeats: { readonly text: string; readonly at: number }[] = [];
  for (const [i, pair] of scene.pairs.entries()) {
    expect(scene.anna.room(pair.room).texts(pair.ghost), `Matrix, from ${pair.name}`).toEqual(talkers[i]?.texts);
    const seen = tally(pair.person.messages.filter(({ from }) => from === email));
    expect(seen.order, `MSN, to ${pair.name}`).toEqual(annas[i]);
    repeats.push(...seen.repeats);
  }
  const lost = talkers.reduce((sum, { lostOnTheWire }) => sum + lostOnTheWire, 0);
  console.log(
    `drill: ${KILLS} kills, ${EACH_WAY} messages each way: 0 lost, 0 doubled on Matrix, ${repeats.length} repeated on MSN; ${lost} never read by the bridge and said again by their sender`,
  );
  expect(beyondOnePerKill(repeats, kills), "repeats on MSN").toEqual([]);
});

/** SIGKILLs the bridge at random moments under traffic; gives the moments at which nothing of each came any more (Unix ms). */
async function killAtRandom(scene: Scene, talkers: readonly MsnTalker[], gate: Gate): Promise<number[]> {
  const { world, trace } = there;
  const kills: number[] = [];
  for (let i = 0; i < KILLS; i += 1) {
    await pause(300 + Math.random() * 1700);
    gate.close();
    await world.bridge.kill();
    trace.add("drill", `kill ${i + 1}`);
    await takeUp(world.redis.url, scene, talkers);
    // By now its people have read what it had sent: what comes from here on is of the next one.
    kills.push(Date.now());
    await world.bridge.start();
    gate.open();
  }
  return kills;
}

async function takeUp(redisUrl: string, scene: Scene, talkers: readonly MsnTalker[]): Promise<void> {
  const waiting = await textsInRedis(redisUrl);
  for (const [i, pair] of scene.pairs.entries()) {
    const onMatrix = new Set(await scene.anna.history(pair.room, pair.ghost));
    await talkers[i]?.takeUp((text) => waiting.includes(text) || onMatrix.has(text));
  }
}
