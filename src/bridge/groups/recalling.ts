import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { Fleet } from "../fleet.ts";
import type { AccountId, AccountRecord, PuppetState } from "../model.ts";
import type { GroupStore } from "../ports/groups.ts";
import { RecentMap } from "../recent.ts";
import { Gate } from "../waiting.ts";
import type { Calling } from "./calling.ts";
import type { Conversations } from "./conversations.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId } from "./model.ts";

/** Conversations that a worker calls together at once: after a restart there may be many. */
const AT_ONCE = 4;
/** A talk is noted this often while it lasts. */
const NOTED_MS = 30_000;
const GROUPS = 20_000;
const ACCOUNTS = 50_000;

export interface RecallingOptions {
  readonly store: Pick<GroupStore, "talked" | "claimCall" | "groupsOf">;
  readonly memory: Pick<GroupMemory, "groupsOf" | "record" | "remember">;
  readonly conversations: Pick<Conversations, "own">;
  readonly calling: Pick<Calling, "live">;
  readonly fleet: () => Pick<Fleet, "session" | "record" | "isHidden">;
  /** As in Ears. */
  readonly reader: string;
  readonly log: Logger;
}

/**
 * A loose conversation ends for an account with its sign-in, and the others go on talking where nobody of ours hears them.
 * Whoever comes back calls those together with whom there was a talk just before; of several who come back the first does,
 * and has the others called. Circles need none of this.
 */
export class Recalling {
  readonly #o: RecallingOptions;
  /** When a talk was noted, of this process's own clock, ms. */
  readonly #noted = new RecentMap<GroupId, number>(GROUPS);
  /** Accounts whose sign-in ended by somebody's will; they have left their talks. */
  readonly #left = new RecentMap<AccountId, true>(ACCOUNTS);
  /** Accounts that were signed in before; their groups may be others by now. */
  readonly #been = new RecentMap<AccountId, true>(ACCOUNTS);
  readonly #gate = new Gate(AT_ONCE);
  readonly #stopping = new AbortController();

  constructor(o: RecallingOptions) {
    this.#o = o;
  }

  /** Something is said in the group. */
  talked(group: GroupId): void {
    const noted = this.#noted.get(group);
    if (noted !== undefined && performance.now() - noted < NOTED_MS) return;
    this.#noted.set(group, performance.now());
    this.#o.store
      .talked(group, Date.now())
      .then((isKnown) => {
        if (!isKnown) this.#noted.delete(group);
      })
      .catch((error: unknown) => {
        this.#noted.delete(group);
        this.#o.log.debug({ err: asBridgeError(error), group }, "a talk was not noted");
      });
  }

  /** The sign-in of an account is so now. */
  state({ id }: AccountRecord, state: PuppetState): void {
    if (state === "signed-out" || state === "elsewhere" || state === "bad-password") this.#left.set(id, true);
    if (state !== "on") return;
    const isByHand = this.#left.get(id) === true;
    this.#left.delete(id);
    if (!isByHand) void this.#back(id);
    this.#been.set(id, true);
  }

  /** Another worker has the account from now on; it was not anybody's will. */
  handedOver({ id }: AccountRecord): void {
    this.#left.delete(id);
    this.#been.delete(id);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Never rejects. */
  async #back(account: AccountId): Promise<void> {
    const groups = await this.#groupsOf(account).catch((error: unknown) => {
      this.#o.log.debug({ err: asBridgeError(error), account }, "groups of an account were not read again");
      return this.#o.memory.groupsOf(account);
    });
    for (const group of groups) this.#later(account, group);
  }

  async #groupsOf(account: AccountId): Promise<Iterable<GroupId>> {
    const { store, memory } = this.#o;
    // Those of a first sign-in have just been read.
    if (!this.#been.get(account)) return memory.groupsOf(account);
    const records = await store.groupsOf(account);
    for (const record of records) memory.remember(record);
    return records.map(({ id }) => id);
  }

  #later(account: AccountId, group: GroupId): void {
    this.#gate
      .run(() => this.#recall(account, group), this.#stopping.signal)
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#o.log.debug({ err: asBridgeError(error), account, group }, "a talk was not taken up again");
      });
  }

  async #recall(id: AccountId, group: GroupId): Promise<void> {
    const { store, memory, conversations, calling, fleet, reader } = this.#o;
    const account = fleet().record(id);
    // The network lets nobody who is hidden begin a conversation.
    if (!account || !fleet().session(id) || fleet().isHidden(id)) return;
    if ((await memory.record(group))?.kind !== "several" || conversations.own(account, group)) return;
    if (await store.claimCall(group, reader, Date.now())) await calling.live(account, group);
  }
}
