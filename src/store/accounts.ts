import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { AccountId, AccountRecord, Availability, ResidentId, Shard } from "../bridge/model.ts";
import { AVAILABILITIES, accountParts, residentParts, shardOf } from "../bridge/model.ts";
import type { AccountStore } from "../bridge/ports/store.ts";
import type { Secret } from "../bridge/secret.ts";
import type { RedisGroups } from "./groups.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import type { RedisPortals } from "./portals.ts";
import { roomField } from "./portals.ts";
import type { RedisRecall } from "./recall.ts";
import type { SealingKeys } from "./sealing.ts";

const HALTS = ["none", "signed-out", "bad-password", "elsewhere"] as const satisfies readonly AccountRecord["halt"][];
const MAX_PASSWORD = 1_024;

/** Linked accounts with their sealed passwords (source: design §5). */
export class RedisAccounts implements AccountStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #seals: SealingKeys;
  readonly #portals: RedisPortals;
  readonly #groups: RedisGroups;
  readonly #recall: RedisRecall;
  readonly #log: Logger;

  constructor(o: {
    link: RedisLink;
    keys: Keyspace;
    seals: SealingKeys;
    portals: RedisPortals;
    groups: RedisGroups;
    recall: RedisRecall;
    log: Logger;
  }) {
    this.#link = o.link;
    this.#keys = o.keys;
    this.#seals = o.seals;
    this.#portals = o.portals;
    this.#groups = o.groups;
    this.#recall = o.recall;
    this.#log = o.log;
  }

  async link(record: AccountRecord, password: Secret): Promise<readonly ResidentId[]> {
    if (Buffer.byteLength(password.open()) > MAX_PASSWORD)
      throw new BridgeError("bad-input", { detail: "a password longer than any network takes" });
    const { id } = record;
    const owner = newest(record);
    // The resident's index first: a name too many there is harmless, one too few would hide the account from its owner.
    await this.#link.command("linkedAdd", (r) => r.sadd(this.#keys.linked(owner), id));
    const reply = await this.#link.script(
      "accountLink",
      [this.#keys.account(id), this.#keys.accounts(shardOf(id))],
      [id, owner, this.#seals.seal(password, id), record.halt, record.spelling, ...newFields(record)],
    );
    if (reply !== "taken") return toOwners(String(reply));
    await this.#link.command("linkedRemove", (r) => r.srem(this.#keys.linked(owner), id));
    throw new BridgeError("already-linked", { address: record.address, network: record.network });
  }

  async unlink(account: AccountId, owner?: ResidentId): Promise<readonly ResidentId[]> {
    const k = this.#keys;
    const shard = shardOf(account);
    const owners = (await this.account(account))?.owners ?? [];
    const portals = await this.#portals.portalsOf(account);
    const home = owner === undefined ? "" : residentParts(owner).home;
    const reply = await this.#link.script(
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
      [account, k.portalPrefix(shard), k.lanePrefix(shard), owner ?? "", home, roomField(home, owner ?? "")],
    );
    const staying = toOwners(String(reply));
    await Promise.all(
      portals.flatMap(({ id, rooms }) =>
        rooms
          .filter(({ resident }) => staying.length === 0 || resident === owner)
          .flatMap((tied) => [
            this.#portals.forgetRoom(tied.home, tied.room, id),
            this.#recall.dropRecall(tied.home, tied.room),
          ]),
      ),
    );
    if (staying.length === 0) await this.#groups.forgetAccount(account);
    const gone = [...owners, ...(owner === undefined ? [] : [owner])].filter((one) => !staying.includes(one));
    for (const one of new Set(gone)) await this.#link.command("linkedRemove", (r) => r.srem(k.linked(one), account));
    return staying;
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
    return records.filter((record) => record.owners.includes(resident)).sort((a, b) => a.linkedAt - b.linkedAt);
  }

  async accountsIn(shard: Shard): Promise<AccountRecord[]> {
    return this.#records(await this.#link.command("accounts", (r) => r.smembers(this.#keys.accounts(shard))));
  }

  async #records(ids: readonly string[]): Promise<AccountRecord[]> {
    const records = await Promise.all(ids.toSorted().map((id) => this.account(id as AccountId)));
    return records.filter((record) => record !== undefined);
  }
}

/** Who links the account now. */
function newest({ owners }: AccountRecord): ResidentId {
  const owner = owners.at(-1);
  // They are stored with blanks between them.
  if (owner === undefined || /\s/.test(owner))
    throw new BridgeError("internal", { detail: "an account without an owner, or one with a blank in their id" });
  return owner;
}

function toOwners(text: string): ResidentId[] {
  return text.split(" ").filter((one) => one !== "") as ResidentId[];
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
    owners: toOwners(row.owner),
    spelling: row.spelling ?? accountParts(id).address,
    machineGuid: row.guid ?? "",
    wishedAvailability: wished ?? "automatic",
    ...(row.text === undefined ? {} : { wishedText: row.text }),
    halt: HALTS.find((halt) => halt === row.halt) ?? "none",
    linkedAt: Number(row.linkedAt ?? 0),
  };
}
