import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { linkAccount, openChat } from "../../src/cli/sandbox/conversation.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import type { World } from "../../src/cli/sandbox/world.ts";

/** How long Redis may take to notice that a process is dead, ms. */
const READ_OUT_MS = 60_000;
/** How long what still waits may take to arrive, ms. */
const LAST_MS = 180_000;

/** A gate that senders pass before each message; closed while something is broken on purpose. */
export class Gate {
  #open = Promise.resolve();
  #release = (): void => {};

  close(): void {
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  open(): void {
    this.#release();
  }

  async pass(): Promise<void> {
    await this.#open;
  }
}

/** Anna on Matrix, linked as alice, with one room per MSN person. */
export interface Scene {
  readonly anna: MatrixPerson;
  readonly pairs: readonly Pair[];
}

/** Somebody on MSN with whom the owner of the account talks. */
export interface Friend {
  readonly name: string;
  readonly person: MsnPerson;
}

export interface Pair extends Friend {
  readonly room: string;
  readonly ghost: string;
}

/** Who talks with the owner of the account, and with which dialect. */
export const FRIENDS = [
  ["bob", "MSNP18"],
  ["carol", "MSNP11"],
] as const;

/** Links alice to Anna and opens her rooms with Bob (MSNP18) and Carol (MSNP11). */
export async function setScene(world: World): Promise<Scene> {
  const anna = await world.matrix("anna");
  const management = await linkAccount(world, anna, "alice");
  const pairs: Pair[] = [];
  for (const [name, dialect] of FRIENDS) {
    const person = await world.messenger(name, dialect);
    const room = await openChat(world, anna, management, name);
    pairs.push({ name, person, room, ghost: world.ghost(name) });
  }
  return { anna, pairs };
}

/**
 * Every text that waits in a lane of a bridge that was killed, read from Redis without the bridge's own code, once Redis has
 * read what the dead process had written.
 */
export async function textsInRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const others = async () =>
      String(await redis.client("LIST"))
        .trim()
        .split("\n").length - 1;
    const deadline = Date.now() + READ_OUT_MS;
    while ((await others()) > 0) {
      if (Date.now() > deadline) throw new Error("somebody else is still connected to Redis");
      await pause(5);
    }
    const found: string[] = [];
    for (const key of await redis.keys("*")) {
      if ((await redis.type(key)) === "stream") found.push(JSON.stringify(await redis.xrange(key, "-", "+")));
    }
    return found.join("\n");
  } finally {
    redis.disconnect();
  }
}

/**
 * Somebody who says numbered texts one after another, like someone at a keyboard: each when the server has acknowledged the
 * one before, and again when their client says that it did not go.
 */
export abstract class Speaker {
  abstract readonly name: string;
  /** Texts that the MSN server has acknowledged. */
  said = 0;
  /** Texts that never left the MSN network because the bridge was killed before it could read them. */
  lostOnTheWire = 0;
  /** How often their client said that a text had not gone, or did not know. */
  failed = 0;
  readonly texts: readonly string[];
  readonly #gate: Gate;
  readonly #paceMs: number;
  #saying = false;

  constructor(o: { texts: readonly string[]; gate: Gate; paceMs: number }) {
    this.texts = o.texts;
    this.#gate = o.gate;
    this.#paceMs = o.paceMs;
  }

  /** Resolves when the server has taken the text. */
  protected abstract say(text: string): Promise<void>;

  /** Waits until somebody can be spoken to. */
  protected async ready(): Promise<void> {}

  /** Says what is not said yet. */
  async run(): Promise<void> {
    while (this.said < this.texts.length) {
      await this.#gate.pass();
      await this.ready();
      await this.#gate.pass();
      this.#saying = true;
      // Read now, for what was said may have been taken back while it waited.
      const text = this.texts[this.said];
      const sent =
        text !== undefined &&
        (await this.say(text).then(
          () => true,
          () => false,
        ));
      if (sent) this.said += 1;
      else this.failed += 1;
      this.#saying = false;
      await pause(sent ? this.#paceMs : 50);
    }
  }

  /**
   * After a kill: MSNP has no way for a client to acknowledge what it has read, so the server may have acknowledged a
   * text that lay unread in the dead process's socket. Such a text was never accepted by the bridge; its sender says it
   * again (docs/delivery.md). What is in Redis or in the home was accepted and must arrive by itself.
   */
  async takeUp(stored: (text: string) => boolean): Promise<void> {
    while (this.#saying) await pause(5);
    const accepted = this.texts.findIndex((text) => !stored(text));
    const first = accepted < 0 ? this.texts.length : accepted;
    if (first < this.said) this.lostOnTheWire += this.said - first;
    this.said = first;
  }
}

/** Somebody on MSN who talks with one person. */
export class MsnTalker extends Speaker {
  readonly name: string;
  readonly #pair: Friend;
  readonly #to: string;

  constructor(o: { pair: Friend; to: string; count: number; gate: Gate; paceMs: number; topic?: string }) {
    const texts = Array.from(
      { length: o.count },
      (_, i) => `${o.topic ?? ""}${o.pair.name} says ${String(i + 1).padStart(4, "0")}.`,
    );
    super({ ...o, texts });
    this.name = o.pair.name;
    this.#pair = o.pair;
    this.#to = o.to;
  }

  protected override async say(text: string): Promise<void> {
    await this.#pair.person.say(this.#to, text);
  }
}

/**
 * Lets everybody talk while something is done to the bridge. Who had said everything before the last kill says after it what
 * that took with it.
 *
 * @returns what `disturb` gives
 */
export async function talkThrough<T>(
  talkers: readonly { run(): Promise<void>; takeUp?(stored: (text: string) => boolean): Promise<void> }[],
  disturb: () => Promise<T>,
): Promise<T> {
  const [done] = await Promise.all([disturb(), ...talkers.map(async (one) => await one.run())]);
  await Promise.all(talkers.filter(({ takeUp }) => takeUp !== undefined).map(async (one) => await one.run()));
  return done;
}

/** How often each text came, in the order of first arrival; `repeats` with the time of each. */
export function tally(arrived: readonly { readonly text: string; readonly at: number }[]): {
  readonly order: readonly string[];
  readonly repeats: readonly { readonly text: string; readonly at: number }[];
} {
  const seen = new Set<string>();
  const repeats: { text: string; at: number }[] = [];
  for (const { text, at } of arrived) {
    if (seen.has(text)) repeats.push({ text, at });
    seen.add(text);
  }
  return { order: [...seen], repeats };
}

/**
 * What goes beyond the promise of one repeat for each kill, of what one account has said and one reader or all have read
 * (docs/delivery.md); times in Unix ms. None is as it should be.
 */
export function beyondOnePerKill(
  repeats: readonly { readonly text: string; readonly at: number }[],
  kills: readonly number[],
): string[] {
  const lives = [Number.NEGATIVE_INFINITY, ...kills];
  return lives.flatMap((from, k) => {
    const until = kills[k] ?? Number.POSITIVE_INFINITY;
    const came = repeats.filter(({ at }) => at >= from && at < until);
    if (came.length <= (k === 0 ? 0 : 1)) return [];
    const when = k === 0 ? "before the first kill" : `after kill ${k}`;
    return [`${when}: ${came.map(({ text, at }) => `"${text}"${k === 0 ? "" : ` after ${at - from} ms`}`).join(", ")}`];
  });
}

/** Anna writes numbered texts to everyone in turn; one that her homeserver does not take is sent again as the same event. */
export async function annaWrites(scene: Scene, texts: readonly (readonly string[])[], paceMs: number): Promise<void> {
  for (let n = 0; n < (texts[0]?.length ?? 0); n += 1) {
    for (const [i, { room }] of scene.pairs.entries()) {
      await sendUntilTaken(scene.anna, room, texts[i]?.[n] ?? "");
      await pause(paceMs / scene.pairs.length);
    }
  }
}

async function sendUntilTaken(anna: MatrixPerson, room: string, text: string): Promise<void> {
  const txnId = randomUUID();
  for (let tries = 0; tries < 2000; tries += 1) {
    const taken = await anna.sendText(room, text, txnId).then(
      () => true,
      () => false,
    );
    if (taken) return;
    await pause(100);
  }
  throw new Error(`the homeserver never took "${text}"`);
}

/** What Anna writes: `count` texts to each. */
export function annasTexts(scene: Scene, count: number, topic = ""): string[][] {
  return scene.pairs.map(({ name }) =>
    Array.from({ length: count }, (_, i) => `${topic}to ${name} ${String(i + 1).padStart(4, "0")}.`),
  );
}

/** Waits until the last text of every row has arrived on the other side, and a moment longer for doubles. */
export async function waitForLast(
  scene: Scene,
  fromMsn: readonly MsnTalker[],
  fromAnna: readonly (readonly string[])[],
): Promise<void> {
  for (const [i, { room, ghost, person, name }] of scene.pairs.entries()) {
    const last = fromMsn[i]?.texts.at(-1) ?? "";
    await scene.anna.waitFor(`"${last}" of ${name}`, () => scene.anna.room(room).texts(ghost).includes(last), LAST_MS);
    await person.waitForText(fromAnna[i]?.at(-1) ?? "", LAST_MS);
  }
  await pause(1500);
}
