/** One group over three networks under traffic, for each version of MSNP: shared by the e2e files, which run side by side. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { World } from "../../src/cli/sandbox/world.ts";
import type { DialectName } from "../../src/msnp/index.ts";
import { Gate, talkThrough, textsInRedis } from "./drill.ts";
import {
  beyondPromise,
  faults,
  GROUP_WORLD,
  type GroupScene,
  gather,
  letGuestsIn,
  readings,
  talkers,
  untilRead,
} from "./group-scene.ts";
import type { Talker } from "./group-talk.ts";
import { useWorld } from "./world.ts";

const TEXTS = 300;
const SPEAKERS = 7;
const EACH = Math.ceil(TEXTS / SPEAKERS);
const LONG = process.env.MSNBRIDGE_LONG === "1";
const KILLS = LONG ? 20 : 4;
const PACE_MS = 100;
/** How long what still waits may take to arrive, ms. */
const LAST_MS = 180_000;
/** For all of it on however busy a machine, ms. */
const PATIENCE = { timeout: LONG ? 3_600_000 : 900_000 };

/** Declares the tests of one version of MSNP, in a world of its own. */
export function groupDrill(dialect: DialectName): void {
  const there = useWorld({ ...GROUP_WORLD, dialects: [dialect] });
  let scene: GroupScene;

  test(`${dialect}: seven people of three networks come together in one conversation`, async () => {
    scene = await gather(there.world, dialect);
    await letGuestsIn(scene);
  });

  test(
    `${dialect}: ${TEXTS} texts by all of them at once: every reader has each once, and each speaker's in order`,
    PATIENCE,
    async () => {
      const speakers = talkers(scene, { round: "a", count: EACH, paceMs: PACE_MS, gate: new Gate() });
      await Promise.all(speakers.map((one) => one.run()));
      await untilRead(scene, speakers, "a", LAST_MS);
      await pause(1000);
      expect(faults(readings(scene, "a"), speakers)).toEqual([]);
    },
  );

  test(`${dialect}: the same with the bridge killed every few seconds`, PATIENCE, async () => {
    const gate = new Gate();
    const speakers = talkers(scene, { round: "b", count: EACH, paceMs: 2 * PACE_MS, gate });
    const kills = await talkThrough(speakers, async () => await killSometimes(there.world, scene, speakers, gate));
    await untilRead(scene, speakers, "b", LAST_MS);
    await pause(1500);
    // What somebody on MSN says again is read again there; what the bridge says again is counted by account and kill.
    const mayRepeat = (reader: string, { name, lostOnTheWire = 0, failed = 0 }: Talker): number => {
      if (!(reader in scene.msn)) return 0;
      return name in scene.msn ? lostOnTheWire + failed : Number.POSITIVE_INFINITY;
    };
    expect(faults(readings(scene, "b"), speakers, mayRepeat)).toEqual([]);
    expect(beyondPromise(scene, "b", kills)).toEqual([]);
  });
}

/**
 * SIGKILLs the bridge under traffic; whoever said what it had not read says it again. Gives the moments at which nothing of
 * each came any more (Unix ms).
 */
async function killSometimes(
  world: World,
  scene: GroupScene,
  speakers: readonly Talker[],
  gate: Gate,
): Promise<number[]> {
  const kills: number[] = [];
  for (let i = 0; i < KILLS; i += 1) {
    await pause(2000 + Math.random() * 2000);
    gate.close();
    await world.bridge.kill();
    const waiting = await textsInRedis(world.redis.url);
    for (const one of speakers) {
      const shown = new Set(one.takeUp && (await scene.anna.history(scene.room, world.ghost(one.name))));
      await one.takeUp?.((text) => waiting.includes(text) || shown.has(text));
    }
    // By now its people have read what it had sent: what comes from here on is of the next one.
    kills.push(Date.now());
    await world.bridge.start();
    gate.open();
  }
  return kills;
}
