import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { HomeName, RoomId } from "../bridge/model.ts";
import type { RecallStore } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import type { SealingKeys } from "./sealing.ts";

/** Of a piece, and of the pieces that are sealed together. */
const MAX_BYTES = 32 * 1024;
const MAX_ROWS = 200;
/** Between pieces that are sealed together; in no JSON. */
const BETWEEN = "\0";
const LIFE_MS = 7 * 24 * 3600_000;

/** What was said lately, sealed. A row moved to another chat does not open. */
export class RedisRecall implements RecallStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #seals: SealingKeys;
  readonly #log: Logger;

  constructor(link: RedisLink, keys: Keyspace, seals: SealingKeys, log: Logger) {
    this.#link = link;
    this.#keys = keys;
    this.#seals = seals;
    this.#log = log;
  }

  async keepRecall(home: HomeName, chat: RoomId, pieces: readonly string[]): Promise<void> {
    const rows = packed(pieces).slice(-MAX_ROWS);
    if (rows.length === 0) return;
    const name = bound(home, chat);
    const sealed = rows.map((row) => this.#seals.seal(new Secret(row), name));
    await this.#link.script("recallKeep", [this.#keys.recall(home, chat)], [MAX_ROWS, LIFE_MS, ...sealed]);
  }

  async recall(home: HomeName, chat: RoomId): Promise<string[]> {
    const rows = await this.#link.command("recall", (r) => r.lrange(this.#keys.recall(home, chat), 0, -1));
    return rows.flatMap((sealed) => this.#open(sealed, bound(home, chat))?.split(BETWEEN) ?? []);
  }

  async dropRecall(home: HomeName, chat: RoomId): Promise<void> {
    await this.#link.command("recallDrop", (r) => r.del(this.#keys.recall(home, chat)));
  }

  /** Words about words do without what cannot be read any more. */
  #open(sealed: string, name: string): string | undefined {
    try {
      return this.#seals.open(sealed, name).open();
    } catch (error) {
      this.#log.debug({ err: error }, "a piece of a chat cannot be opened");
      return undefined;
    }
  }
}

/** As few rows as hold the pieces in their order: each is sealed, which takes longer than all else. @throws BridgeError `bad-input`. */
function packed(pieces: readonly string[]): string[] {
  const rows: string[] = [];
  for (const piece of pieces) {
    const bytes = Buffer.byteLength(piece);
    if (bytes > MAX_BYTES) throw new BridgeError("bad-input", { detail: `a piece of a chat of ${bytes} bytes` });
    if (piece.includes(BETWEEN)) throw new BridgeError("bad-input", { detail: "a piece of a chat with a NUL" });
    const together = [...rows.slice(-1), piece].join(BETWEEN);
    if (Buffer.byteLength(together) <= MAX_BYTES) rows.splice(-1, 1, together);
    else rows.push(piece);
  }
  return rows;
}

function bound(home: HomeName, chat: RoomId): string {
  return `recall\n${home}\n${chat}`;
}
