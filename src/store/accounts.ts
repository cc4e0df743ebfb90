import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type {
  AccountId,
  AccountRecord,
  Availability,
  HomeName,
  PortalId,
  ResidentId,
  RoomId,
  Shard,
} from "../bridge/model.ts";
import { AVAILABILITIES, accountParts, shardOf } from "../bridge/model.ts";
import type { AccountStore } from "../bridge/ports/store.ts";
import type { Secret } from "../bridge/secret.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import type { RedisPortals } from "./portals.ts";
import type { SealingKeys } from "./sealing.ts";

const HALTS = ["none", "signed-out", "bad-password", "elsewhere"] as const satisfies readonly AccountRecord["halt"][];
const MAX_PASSWORD = 1_024;

/** Linked accounts with their sealed passwords (source: design §5). */
export class RedisAccounts implements AccountStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #seals: SealingKeys;
  readonly #portals: RedisPortals;
  readonly #log: Logger;

  constructor(o: { link: RedisLink; keys: Keyspace; seals: SealingKeys; portals: RedisPortals; log: Logger }) {
    this.#link = o.link;
    this.#keys = o.keys;
    this.#seals = o.seals;
    this.#portals = o.portals;
    this.#log = o.log;
  }

  async link(record: AccountRecord, password: Secret): Promise<void> {
    if (Buffer.byteLength(password.open()) > MAX_PASSWORD)
      throw new BridgeError("bad-input", { detail: "a password longer than any network takes" });
    const { id, owner } = record;
    // The resident's index first: a name too many there is harmless, one too few would hide the account from its owner.
    await this.#link.command("linkedAdd", (r) => r.sadd(this.#keys.linked(owner), id));
    const reply = await this.#link.script(
      "accountLink",
      [this.#keys.account(id), this.#keys.accounts(shardOf(id))],
      [id, owner, this.#seals.seal(password, id), record.halt, record.spelling, ...newFields(record)],
    );
    if (reply === "ok") return;
    await this.#link.command("linkedRemove", (r) => r.srem(this.#keys.linked(owner), id));
    throw new BridgeError("already-linked", { address: record.address, network: record.network });
  }

  async unlink(account: AccountId): Promise<void> {
    const k = this.#keys;
    const shard = shardOf(account);
    const owner = (await this.account(account))?.owner;
    const portals = await this.#portals.portalsOf(account);
    await this.#link.script(
      "accountUnlink",
      [
        k.account(account),
        k.accounts(shard),
        k.contacts(account),
        k.parked(account),
        k.parkedOrder(account),
        k.portals(account),
        k.waiting(shard),
        k.seen(account),
        k.told(account),
      ],
      [account, k.portalPrefix(shard), k.lanePrefix(shard)],
    );
    const rooms: { home: HomeName; room: RoomId; portal: PortalId }[] = portals.flatMap((portal) =>
      portal.rooms.map(({ home, room }) => ({ home, room, portal: portal.id })),
    );
    await Promise.all(rooms.map(({ home, room, portal }) => this.#portals.forgetRoom(home, room, portal)));
    if (owner) await this.#link.command("linkedRemove", (r) => r.srem(k.linked(owner), account));
  }

  async account(account: AccountId): Promise<AccountRecord | undefined> {
    const row = await this.#link.command("account", (r) => r.hgetall(this.#keys.account(account)));
    return toRecord(account, row);
  }

  async password(account: AccountId): Promise<Secret | undefined> {
    const key = this.#keys.account(account);
    const sealed = await this.#link.command("accountSealed", (r) => r.hget(key, "sealed"));
    if (!sealed) return undefined;
    const password = this.#seals.open(sealed, account);
    if (!this.#seals.isCurrent(sealed)) {
      await this.#link.script("accountReseal", [key], [sealed, this.#seals.seal(password, account)]);
      this.#log.info({ account }, "password sealed anew with the newest key");
    }
    return password;
  }

  async update(
    account: AccountId,
    change: Partial<Pick<AccountRecord, "wishedAvailability" | "halt">> & { wishedText?: string | null },
  ): Promise<void> {
    const set: string[] = [];
    const drop: string[] = [];
    if (change.wishedAvailability !== undefined) set.push("availability", change.wishedAvailability);
    if (change.halt !== undefined) set.push("halt", change.halt);
    if (change.wishedText === null) drop.push("text");
    else if (change.wishedText !== undefined) set.push("text", change.wishedText);
    if (set.length + drop.length === 0) return;
    await this.#link.script("accountUpdate", [this.#keys.account(account)], [drop.length, ...drop, ...set]);
  }

  async accountsOf(resident: ResidentId): Promise<AccountRecord[]> {
    const ids = await this.#link.command("linked", (r) => r.smembers(this.#keys.linked(resident)));
    const records = await this.#records(ids);
    return records.filter((record) => record.owner === resident).sort((a, b) => a.linkedAt - b.linkedAt);
  }

  async accountsIn(shard: Shard): Promise<AccountRecord[]> {
    return this.#records(await this.#link.command("accounts", (r) => r.smembers(this.#keys.accounts(shard))));
  }

  async #records(ids: readonly string[]): Promise<AccountRecord[]> {
    const records = await Promise.all(ids.toSorted().map((id) => this.account(id as AccountId)));
    return records.filter((record) => record !== undefined);
  }
}

function newFields(record: AccountRecord): (string | number)[] {
  const text = record.wishedText === undefined ? [] : ["text", record.wishedText];
  return ["guid", record.machineGuid, "availability", record.wishedAvailability, "linkedAt", record.linkedAt, ...text];
}

function toRecord(id: AccountId, row: Record<string, string>): AccountRecord | undefined {
  if (row.owner === undefined) return undefined;
  const wished = [...AVAILABILITIES, "automatic" as const].find(
    (a): a is Availability | "automatic" => a === row.availability,
  );
  return {
    id,
    ...accountParts(id),
    owner: row.owner as ResidentId,
    spelling: row.spelling ?? accountParts(id).address,
    machineGuid: row.guid ?? "",
    wishedAvailability: wished ?? "automatic",
    ...(row.text === undefined ? {} : { wishedText: row.text }),
    halt: HALTS.find((halt) => halt === row.halt) ?? "none",
    linkedAt: Number(row.linkedAt ?? 0),
  };
}
