import { randomHex } from "../ids.ts";
import type { Account } from "./account.ts";

/** What all circle ids begin with (source: msnp-chat §6.1). */
export const CIRCLE_PREFIX = "00000000-0000-0000-0009-";
/** Circles of a network; more are refused. */
const MAX_CIRCLES = 10_000;
/** People of one circle, those who left or refused among them. */
const MAX_MEMBERS = 500;

/** Numbers and names as on the wire (source: msnp-chat §6.1). */
export const ROLES = { Empty: 0, Admin: 1, AssistantAdmin: 2, Member: 3, StatePendingOutbound: 4 } as const;
export const STATES = { Empty: 0, WaitingResponse: 1, Left: 2, Accepted: 3, Rejected: 4 } as const;
export type CircleRole = keyof typeof ROLES;
export type CircleState = keyof typeof STATES;

export interface Inviter {
  readonly account: Account;
  readonly name: string;
  readonly message: string | undefined;
}

/** What somebody is in a circle. */
export interface Membership {
  readonly account: Account;
  role: CircleRole;
  state: CircleState;
  inviter: Inviter | undefined;
  /** Silent: the circle neither shows this person nor shows itself to them. */
  blocking: boolean;
}

/** Why something about a circle is refused. */
export type CircleFault = "not-a-member" | "already-invited" | "already-member" | "last-admin" | "full";

export class CircleError extends Error {
  override readonly name = "CircleError";
  readonly fault: CircleFault;

  constructor(fault: CircleFault) {
    super(`The change of the circle was refused: ${fault}`);
    this.fault = fault;
  }
}

/** A permanent group with roles: who is in it; who is there now is told by its attendance (source: msnp-chat §6). */
export class Circle {
  /** `00000000-0000-0000-0009-` and 12 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly owner: Account;
  readonly membershipAccess: number;
  personalMessage = "";
  currentMedia = "";
  /** By account id, in the order in which they were first named. */
  readonly memberships = new Map<string, Membership>();

  constructor(id: string, name: string, owner: Account, membershipAccess: number) {
    this.id = id;
    this.name = name;
    this.owner = owner;
    this.membershipAccess = membershipAccess;
    const first: Membership = { account: owner, role: "Admin", state: "Accepted", inviter: undefined, blocking: false };
    this.memberships.set(owner.id, first);
  }

  /** `9:id@live.com`. */
  get address(): string {
    return `9:${this.id}@live.com`;
  }

  membership(account: Account): Membership | undefined {
    return this.memberships.get(account.id);
  }

  isAccepted(account: Account): boolean {
    return this.membership(account)?.state === "Accepted";
  }

  /** Admins may ask others in. */
  mayInvite(account: Account): boolean {
    const role = this.membership(account)?.role;
    return role === "Admin" || role === "AssistantAdmin";
  }

  /** The first step of an invitation. Throws CircleError `already-member`, `full`. */
  nameSomebody(account: Account): Membership {
    const known = this.membership(account);
    if (known === undefined) {
      if (this.memberships.size >= MAX_MEMBERS) throw new CircleError("full");
      const fresh: Membership = { account, role: "Empty", state: "Empty", inviter: undefined, blocking: false };
      this.memberships.set(account.id, fresh);
      return fresh;
    }
    const isPast = known.state === "Rejected" || (known.role === "Member" && known.state === "Empty");
    if (!isPast) throw new CircleError("already-member");
    known.role = "Empty";
    known.state = "Empty";
    return known;
  }

  /** Throws CircleError `not-a-member` for somebody who was not named before, `already-invited`. */
  invite(account: Account, inviter: Inviter): void {
    const membership = this.#membershipOf(account);
    if (membership.state !== "Empty" && membership.state !== "Rejected") throw new CircleError("already-invited");
    membership.role = "StatePendingOutbound";
    membership.state = "WaitingResponse";
    membership.inviter = inviter;
  }

  /** Throws CircleError `not-a-member`, `already-member`. */
  accept(account: Account): void {
    const membership = this.#waiting(account);
    membership.role = "Member";
    membership.state = "Accepted";
    if (membership.inviter !== undefined) membership.inviter = { ...membership.inviter, message: undefined };
  }

  /** Throws CircleError `not-a-member`, `already-member`. */
  decline(account: Account): void {
    const membership = this.#waiting(account);
    membership.role = "Member";
    membership.state = "Rejected";
  }

  /** Throws CircleError `not-a-member`, `last-admin`. */
  leave(account: Account): void {
    const membership = this.#membershipOf(account);
    if (membership.state === "Empty") throw new CircleError("not-a-member");
    const admins = [...this.memberships.values()].filter(({ role }) => role === "Admin");
    if (membership.role === "Admin" && admins.length < 2) throw new CircleError("last-admin");
    membership.role = "Member";
    membership.state = "Empty";
    membership.inviter = undefined;
  }

  /** Gives somebody who has accepted another role. Throws CircleError `not-a-member`, `last-admin`. */
  setRole(account: Account, role: "Admin" | "AssistantAdmin" | "Member"): void {
    const membership = this.#membershipOf(account);
    if (membership.state !== "Accepted") throw new CircleError("not-a-member");
    const admins = [...this.memberships.values()].filter((other) => other.role === "Admin");
    if (membership.role === "Admin" && role !== "Admin" && admins.length < 2) throw new CircleError("last-admin");
    membership.role = role;
  }

  #membershipOf(account: Account): Membership {
    const membership = this.membership(account);
    if (membership === undefined) throw new CircleError("not-a-member");
    return membership;
  }

  #waiting(account: Account): Membership {
    const membership = this.#membershipOf(account);
    if (membership.state === "WaitingResponse" && membership.role === "StatePendingOutbound") return membership;
    throw new CircleError(
      membership.state === "Empty" || membership.state === "Rejected" ? "not-a-member" : "already-member",
    );
  }
}

/** The circles of a network. */
export class Circles {
  readonly #circles = new Map<string, Circle>();

  /** Undefined when there are too many. */
  create(owner: Account, name: string, membershipAccess: number): Circle | undefined {
    if (this.#circles.size >= MAX_CIRCLES) return undefined;
    let id = "";
    do id = CIRCLE_PREFIX + randomHex(12);
    while (this.#circles.has(id));
    const circle = new Circle(id, name, owner, membershipAccess);
    this.#circles.set(id, circle);
    return circle;
  }

  /** By the whole id in any case. */
  get(id: string): Circle | undefined {
    return this.#circles.get(id.toLowerCase());
  }

  /** Circles that somebody is in, or was asked into. */
  of(account: Account): Circle[] {
    return [...this.#circles.values()].filter((circle) => {
      const membership = circle.membership(account);
      return membership !== undefined && membership.role !== "Empty" && membership.state !== "Empty";
    });
  }
}
