import { BridgeError } from "../errors.ts";
import type { Fleet } from "../fleet.ts";
import type { AccountRecord, NetworkName } from "../model.ts";
import { accountParts } from "../model.ts";
import type { GroupTalking } from "../ports/groups.ts";
import { talksInGroups } from "../ports/groups.ts";
import type { Network, Session } from "../ports/network.ts";
import { pause } from "../waiting.ts";
import type { Conversations } from "./conversations.ts";
import type { GroupHandle, GroupId, GroupRecord, LiveGroup } from "./model.ts";

/** A conversation of a group, and the session through which an account speaks in it. */
export interface LiveSeat {
  readonly session: Session & GroupTalking;
  readonly handle: GroupHandle;
  readonly live: LiveGroup;
}

export interface CallingOptions {
  readonly fleet: () => Pick<Fleet, "session">;
  readonly networks: ReadonlyMap<NetworkName, Network>;
  readonly conversations: Conversations;
  readonly record: (group: GroupId) => Promise<GroupRecord | undefined>;
}

/** How long an invited session may take to be there, and a session to see the circles of its account. */
const COMING_MS = 10_000;
const LOOK_MS = 25;

/** Brings accounts into a conversation of a group when they have something to say. One at a time per group. */
export class Calling {
  readonly #o: CallingOptions;
  readonly #turns = new Map<GroupId, Promise<unknown>>();
  /** Until when a session may not have seen all circles of its account yet. */
  readonly #incomplete = new WeakMap<Session, number>();

  constructor(o: CallingOptions) {
    this.#o = o;
  }

  /** The account's conversation of the group, when it is in one now. */
  now(account: AccountRecord, group: GroupId): LiveSeat | undefined {
    const session = this.#o.fleet().session(account.id);
    if (!session || !talksInGroups(session)) return undefined;
    const live = this.#o.conversations.own(account, group);
    return live && { session, handle: live.handle, live };
  }

  /** @throws BridgeError `not-signed-in`, `not-offered`, `group-gone`, and as {@link GroupTalking.startGroup} does. */
  async live(account: AccountRecord, group: GroupId): Promise<LiveSeat> {
    const there = this.now(account, group);
    if (there) return there;
    const turn = (this.#turns.get(group) ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.now(account, group) ?? this.#call(account, group));
    this.#turns.set(group, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(group) === turn) this.#turns.delete(group);
    }
  }

  async #call(account: AccountRecord, group: GroupId): Promise<LiveSeat> {
    const session = this.#o.fleet().session(account.id);
    if (!session) throw new BridgeError("not-signed-in", { address: account.address });
    const network = this.#o.networks.get(account.network)?.title ?? account.network;
    if (!talksInGroups(session)) throw new BridgeError("not-offered", { network, detail: "it has no group chats" });
    const record = await this.#o.record(group);
    if (!record) throw new BridgeError("group-gone", { detail: "this group is not known any more" });
    if (record.kind === "circle") return this.#circle(account, group, session);
    const invited = await this.#invited(account, group);
    if (invited) return invited;
    const { conversations } = this.#o;
    const seats = record.seats.map((seat) => accountParts(seat).address);
    const all = new Set([...record.members.map(({ address }) => address), ...seats]);
    const members = [...all].filter((address) => address !== account.address);
    const live = await conversations.starting(account, group, members, async () => {
      const begun = await session.startGroup(members);
      conversations.seen(account, begun);
      return begun;
    });
    conversations.assign(account, live, group);
    return { session, handle: live.handle, live };
  }

  /** A circle is there with the sign-in, or a moment later: what was said while nobody was signed in must not fail for that. */
  async #circle(account: AccountRecord, group: GroupId, session: Session): Promise<LiveSeat> {
    const deadline = this.#incomplete.get(session) ?? performance.now() + COMING_MS;
    this.#incomplete.set(session, deadline);
    while (performance.now() < deadline && this.#o.fleet().session(account.id) === session) {
      await pause(LOOK_MS);
      const there = this.now(account, group);
      if (there) return there;
    }
    if (this.#o.fleet().session(account.id) !== session)
      throw new BridgeError("not-signed-in", { address: account.address });
    throw new BridgeError("group-gone", {
      detail: `${account.address} is not in this circle, or it is not there yet`,
    });
  }

  /** By another session of this worker that is in the conversation. */
  async #invited(account: AccountRecord, group: GroupId): Promise<LiveSeat | undefined> {
    for (const { account: other, live } of this.#o.conversations.others(group, account.id)) {
      const host = this.#o.fleet().session(other);
      if (!host || !talksInGroups(host)) continue;
      if (!live.members.some(({ address }) => address === account.address)) {
        const asked = await host.inviteToGroup(live.handle, account.address).then(
          () => true,
          () => false,
        );
        if (!asked) continue;
      }
      const deadline = performance.now() + COMING_MS;
      for (let there = this.now(account, group); performance.now() < deadline; there = this.now(account, group)) {
        if (there) return there;
        await pause(LOOK_MS);
      }
    }
    return undefined;
  }
}
