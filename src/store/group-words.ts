import { randomBytes } from "node:crypto";
import { BridgeError } from "../bridge/errors.ts";
import type { GroupId } from "../bridge/groups/model.ts";
import type { HomeName, MessageId } from "../bridge/model.ts";
import { laneName, messageId } from "../bridge/model.ts";
import type { GroupStore, NotedWord, ReadTurn, WordsToRead } from "../bridge/ports/groups.ts";
import { TALK_MS } from "../bridge/ports/groups.ts";
import { Secret } from "../bridge/secret.ts";
import { encodeBody } from "./body.ts";
import { shardOfGroup } from "./groups.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLanes } from "./lanes.ts";
import { laneFull, MAX_LANE, MAX_RECENT } from "./lanes.ts";
import type { RedisLink } from "./link.ts";
import type { SealingKeys } from "./sealing.ts";

const MAX_READER = 200;
/** So long after its last word a group counts as read by who has read it, ms. */
const READER_MS = 10_000;
/** Who was refused and asks again within this reads before those who have heard less, ms. */
const HEIR_MS = 1_000;
/** What was read at a place is noted so long: longer than any worker waits to see whether a word of its own was. */
const NOTED_MS = 60_000;
const MAX_NOTED = 256;
const MAX_PRINT = 1_000;
/** Of what was not said by anybody: what was read before does not matter. */
const NEVER_MIND = "*";
const MAX_MESSAGES = 2_000;
/** Names that one message may have; long ones that a home cuts into several have more than one there. */
const MAX_NAMES = 16;
const MAX_NAME_BYTES = 1_000;
/** So long one worker alone calls a group together, ms. */
const CALL_MS = 60_000;
const MARK = "mark";
const SECRET_BYTES = 32;

export type GroupWordStore = Pick<
  GroupStore,
  "appendRead" | "talked" | "claimCall" | "releaseReader" | "sameMessage" | "messageIn" | "markSecret"
>;

/** Who reads a group and what was read, which messages of different homes are one, and the secret of our marks. */
export class RedisGroupWords implements GroupWordStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #lanes: RedisLanes;
  readonly #seals: SealingKeys;

  constructor(o: { link: RedisLink; keys: Keyspace; lanes: RedisLanes; seals: SealingKeys }) {
    this.#link = o.link;
    this.#keys = o.keys;
    this.#lanes = o.lanes;
    this.#seals = o.seals;
  }

  async appendRead(words: WordsToRead): Promise<ReadTurn> {
    const { group, place, reader, leaseMs, lanes, body, once, after = NEVER_MIND, print = "" } = words;
    const sinceMs = Math.max(0, Math.trunc(words.sinceMs ?? 0));
    if (once.length < 1 || once.length > 64) throw new BridgeError("bad-input", { detail: "an append without its id" });
    if (lanes.some(({ portal }) => portal !== group))
      throw new BridgeError("bad-input", { detail: `a lane that is not one of ${group}` });
    const owner = ownerOf(reader);
    if (!Number.isSafeInteger(leaseMs) || leaseMs < 1)
      throw new BridgeError("bad-input", { detail: "a lease without an end" });
    if (print.length > MAX_PRINT) throw new BridgeError("bad-input", { detail: "a print of words that is too long" });
    const k = this.#keys;
    const s = shardOfGroup(group);
    const text = encodeBody(body);
    const keys = [k.placeReader(group, place), k.placeHeirs(group, place), k.placeWords(group, place)];
    const reply = await this.#lanes.appending(s, lanes.length, () =>
      this.#link.script(
        "groupAppendRead",
        [
          ...keys,
          k.groupReader(group),
          k.waiting(s),
          k.last(s),
          k.recent(s),
          k.recentOrder(s),
          ...lanes.map((l) => k.lane(l)),
        ],
        [
          ...[reader, owner, leaseMs, HEIR_MS, READER_MS, text, once, MAX_LANE, MAX_RECENT, print],
          ...[after, MAX_NOTED, NOTED_MS, sinceMs, ...lanes.map(laneName)],
        ],
      ),
    );
    if (typeof reply === "number") throw laneFull(lanes[reply]);
    return toTurn((reply as unknown[]).map(String));
  }

  async talked(group: GroupId, at: number): Promise<boolean> {
    return (await this.#link.script("groupTalked", [this.#keys.group(group)], [Math.trunc(at)])) === 1;
  }

  async claimCall(group: GroupId, reader: string, at: number): Promise<boolean> {
    const keys = [this.#keys.group(group), this.#keys.groupReader(group)];
    return (await this.#link.script("groupCall", keys, [ownerOf(reader), Math.trunc(at), TALK_MS, CALL_MS])) === 1;
  }

  async releaseReader(group: GroupId, place: string, reader: string, readsOn = false): Promise<void> {
    const k = this.#keys;
    const keys = [k.placeReader(group, place), ...(readsOn ? [] : [k.groupReader(group)])];
    await this.#link.script("groupRelease", keys, [reader]);
  }

  async sameMessage(
    group: GroupId,
    names: readonly { readonly home: HomeName; readonly message: MessageId }[],
  ): Promise<void> {
    const kept = names.filter(({ message }) => isName(message)).slice(0, MAX_NAMES);
    if (kept.length === 0) return;
    await this.#link.script(
      "groupSame",
      [this.#keys.groupMessages(group), this.#keys.groupMessageOrder(group)],
      [MAX_MESSAGES, MAX_NAMES, ...kept.flatMap(({ home, message }) => [home, message])],
    );
  }

  async messageIn(group: GroupId, of: HomeName, message: MessageId, home: HomeName): Promise<MessageId | undefined> {
    if (!isName(message)) return undefined;
    const name = await this.#link.script("groupMessageIn", [this.#keys.groupMessages(group)], [of, message, home]);
    return typeof name === "string" ? messageId(name) : undefined;
  }

  async markSecret(): Promise<string> {
    const key = this.#keys.installation();
    const read = () => this.#link.command("markSecret", (r) => r.hget(key, MARK));
    let sealed = await read();
    if (typeof sealed !== "string") {
      const fresh = this.#seals.seal(new Secret(randomBytes(SECRET_BYTES).toString("base64url")), MARK);
      await this.#link.command("markSecretMake", (r) => r.hsetnx(key, MARK, fresh));
      sealed = await read();
    }
    if (typeof sealed !== "string") throw new BridgeError("store-down", { detail: "the secret of marks was not kept" });
    const secret = this.#seals.open(sealed, MARK);
    if (!this.#seals.isCurrent(sealed))
      await this.#link.script("secretReseal", [key], [MARK, sealed, this.#seals.seal(secret, MARK)]);
    return secret.open();
  }
}

function toTurn([kind, first = "", now = "", ...rest]: readonly string[]): ReadTurn {
  if (kind === "read") return { kind, after: first };
  const words = rest.flatMap((after, i): NotedWord[] => {
    if (i % 2 === 1) return [];
    // Ids of entries begin with the time, of Redis' clock.
    return [{ after, print: rest[i + 1] ?? "", ageMs: Math.max(0, Number(now) - Number(after.split("-")[0])) }];
  });
  return kind === "behind" ? { kind, words } : { kind: "other", forMs: Math.max(0, Number(first)), words };
}

/** @throws BridgeError `bad-input` for what does not name owner and boot. */
function ownerOf(reader: string): string {
  const [, owner] = /^(\S.*) \S+$/.exec(reader.slice(0, MAX_READER + 1)) ?? [];
  if (owner === undefined || reader.length > MAX_READER)
    throw new BridgeError("bad-input", { detail: "a reader without owner and boot" });
  return owner;
}

/** Longer ones are none that a home of ours makes. */
function isName(message: MessageId): boolean {
  return message !== "" && Buffer.byteLength(message) <= MAX_NAME_BYTES;
}
