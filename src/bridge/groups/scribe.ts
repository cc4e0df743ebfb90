import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { LaneRunner } from "../lanes.ts";
import type { AccountRecord, HomeName, NetworkMessage } from "../model.ts";
import type { ReadTurn, WordsToRead } from "../ports/groups.ts";
import type { Store } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import { inLane } from "./groups.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId, LiveGroup } from "./model.ts";
import { writePrint } from "./prints.ts";
import type { Kept } from "./tally.ts";
import { shapeOf, whole } from "./view.ts";

/** Groups whose shape at the last word is remembered. */
const REMEMBERED = 20_000;

/** Words that a session has heard in a group. */
export interface GroupWord extends Kept {
  readonly account: AccountRecord;
  readonly group: GroupId;
  readonly live: LiveGroup;
  readonly message: NetworkMessage;
  /** Ours, the same in all homes; it is also what makes a repeat add nothing. */
  readonly id: string;
  /** Unix ms. */
  readonly heardAt: number;
}

/** A group as a session sees it, when nobody says anything. */
export type GroupSight = Pick<GroupWord, "account" | "group" | "live" | "id" | "heardAt">;

export interface ScribeOptions {
  readonly store: Store;
  readonly memory: GroupMemory;
  readonly lanes: () => Pick<LaneRunner, "wake">;
  /** Names this process among the workers: `owner boot`. */
  readonly reader: string;
  readonly leaseMs: number;
  readonly log: Logger;
}

type Asked = Omit<WordsToRead, "lanes" | "group" | "place" | "reader" | "leaseMs">;

/** Puts what is read in groups into the lanes of the homes, when it is this worker's turn to read. */
export class Scribe {
  readonly #o: ScribeOptions;
  /** As the lanes have been told. */
  readonly #shapes = new RecentMap<GroupId, string>(REMEMBERED);

  constructor(o: ScribeOptions) {
    this.#o = o;
  }

  /** Who is there stands before the words, when that is not known yet. As {@link ReadingOptions.append}. */
  async append(word: GroupWord, after: string): Promise<ReadTurn> {
    const homes = this.#homes(word) ?? (await this.#look(word));
    const shape = this.#due(word);
    if (shape !== undefined) {
      const turn = await this.#tell(word, homes, shape, { after, sinceMs: performance.now() - word.at });
      if (turn.kind !== "read") return turn;
    }
    const body = { from: "network", message: word.message, id: word.id } as const;
    const turn = await this.#give(word, homes, {
      body,
      once: word.id,
      sinceMs: performance.now() - word.at,
      after,
      print: writePrint(word.print),
    });
    if (turn.kind !== "read") this.#shapes.delete(word.group);
    return turn;
  }

  /** Tells of a group as it is, when that is news and it is this worker's turn. */
  async shape(sight: GroupSight): Promise<void> {
    const homes = this.#homes(sight) ?? (await this.#look(sight));
    const shape = this.#due(sight);
    if (shape !== undefined) await this.#tell(sight, homes, shape, {});
  }

  #homes({ group, live, account }: GroupSight): ReadonlySet<HomeName> | undefined {
    return this.#o.memory.homes(group, live, account.network);
  }

  #look({ group, live, account }: GroupSight): Promise<ReadonlySet<HomeName>> {
    return this.#o.memory.look(group, live, account.network);
  }

  /** `undefined`: the lanes know. */
  #due({ account, group, live }: GroupSight): string | undefined {
    const record = this.#o.memory.peek(group);
    const shape = shapeOf(whole(live, record));
    // Of a group that is not known (any more) it is said with all words, until it is.
    if (record?.seats.includes(account.id) !== true) return shape;
    return (this.#shapes.get(group) ?? shapeOf(record)) === shape ? undefined : shape;
  }

  async #tell(
    { account, group, live, id, heardAt }: GroupSight,
    homes: ReadonlySet<HomeName>,
    shape: string,
    place: Pick<WordsToRead, "after" | "sinceMs">,
  ): Promise<ReadTurn> {
    const body = { from: "group", at: heardAt, account: account.id, live } as const;
    const turn = await this.#give({ group, live }, homes, { ...place, body, once: `shape ${id}` });
    // Another worker's lane entries say what the group is; this one's may have to be said again when it reads again.
    if (turn.kind === "read") this.#shapes.set(group, shape);
    else this.#shapes.delete(group);
    return turn;
  }

  async #give(
    { group, live }: Pick<GroupSight, "group" | "live">,
    homes: ReadonlySet<HomeName>,
    asked: Asked,
  ): Promise<ReadTurn> {
    const { store, lanes, reader, leaseMs, log } = this.#o;
    const place = live.place ?? "";
    let to = [...homes].map((home) => inLane(group, home));
    while (to.length > 0) {
      try {
        const turn = store.appendRead({ ...asked, group, place, reader, leaseMs, lanes: to });
        for (const lane of to) lanes().wake(lane);
        return await turn;
      } catch (error) {
        if (asBridgeError(error).code !== "lane-full" || to.length === 1) throw error;
        // A home that has been away for so long must not stop the words for the others.
        const depths = await Promise.all(to.map((lane) => store.depth(lane)));
        const full = to[depths.indexOf(Math.max(...depths))];
        log.error({ group, home: full?.home }, "words lost for one of several homes: its lane is full");
        to = to.filter((lane) => lane !== full);
      }
    }
    return { kind: "read", after: asked.after ?? "" };
  }
}
