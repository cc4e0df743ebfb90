import { randomUUID } from "node:crypto";
import type { Account } from "./account.ts";

/** Temporary groups at one time; more are refused. */
const MAX_GROUPS = 10_000;
/** People in one group, those who were only asked among them. */
const MAX_MEMBERS = 50;

export interface GroupMember {
  readonly account: Account;
  /** Asked, and has not come yet. */
  pending: boolean;
  /** Ids of those whom this person knows to be there. */
  readonly told: Set<string>;
}

/** A chat of several people that lasts while somebody is in it (source: msnp21 §5.4). */
export class TemporaryGroup {
  readonly guid = randomUUID();
  /** By account id, in the order in which they were asked or came. */
  readonly #members = new Map<string, GroupMember>();

  /** `10:guid@live.com`. */
  get address(): string {
    return `10:${this.guid}@live.com`;
  }

  /** Nobody is there any more; those who were only asked do not count. */
  get isEmpty(): boolean {
    return this.present.length === 0;
  }

  get present(): GroupMember[] {
    return [...this.#members.values()].filter((member) => !member.pending);
  }

  member(account: Account): GroupMember | undefined {
    return this.#members.get(account.id);
  }

  /** Asks somebody in; undefined when they are there or were asked before, or the group is full. */
  invite(account: Account): GroupMember | undefined {
    if (this.#members.has(account.id) || this.#members.size >= MAX_MEMBERS) return undefined;
    const member: GroupMember = { account, pending: true, told: new Set() };
    this.#members.set(account.id, member);
    return member;
  }

  remove(account: Account): GroupMember | undefined {
    const member = this.#members.get(account.id);
    this.#members.delete(account.id);
    return member;
  }
}

/** The temporary groups of a network. */
export class TemporaryGroups {
  readonly #groups = new Map<string, TemporaryGroup>();

  get size(): number {
    return this.#groups.size;
  }

  /** A group with its maker as the first who is asked; undefined when there are too many groups. */
  create(maker: Account): TemporaryGroup | undefined {
    if (this.#groups.size >= MAX_GROUPS) return undefined;
    const group = new TemporaryGroup();
    group.invite(maker);
    this.#groups.set(group.guid, group);
    return group;
  }

  get(guid: string): TemporaryGroup | undefined {
    return this.#groups.get(guid.toLowerCase());
  }

  /** Takes somebody out; the group ends with the last who is there. */
  leave(group: TemporaryGroup, account: Account): void {
    group.remove(account);
    if (group.isEmpty) this.#groups.delete(group.guid);
  }

  of(account: Account): TemporaryGroup[] {
    return [...this.#groups.values()].filter((group) => group.member(account) !== undefined);
  }
}
