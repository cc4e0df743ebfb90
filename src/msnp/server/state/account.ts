import type { MsnStatus } from "../../dialect/status.ts";
import type { ContactDetails } from "./contact-details.ts";
import { ListJournal } from "./journal.ts";
import { AL, BL } from "./lists.ts";
import type { LiveSession } from "./session.ts";

/** True for the two statuses that others see as offline. */
export function looksOffline(status: MsnStatus): boolean {
  return status === "FLN" || status === "HDN";
}

export interface Group {
  readonly id: string;
  /** The small integer by which MSNP7-9 name the group. */
  readonly number: number;
  name: string;
  favourite?: boolean;
}

/** One account's entry for another account. */
export interface ContactEntry {
  readonly account: Account;
  lists: number;
  /** They added this account, and the owner has not answered: shown as PL in place of RL (source: msnp-core §5.2). */
  pending: boolean;
  /** Ids of the owner's groups. */
  readonly groups: Set<string>;
  nickname?: string;
  /** What the owner's client called them, until they are seen. */
  given?: string;
  details?: ContactDetails;
}

/** Settings that PRP, GTC and BLP change; absent ones were never set (source: msnp-core §5.2). */
export interface AccountSettings {
  gtc?: "A" | "N";
  blp?: "AL" | "BL";
  readonly properties: Map<string, string>;
  /** Annotations of the own contact in the address book, without those above (source: msnp-chat §5.4). */
  readonly annotations: Map<string, string>;
}

/** A person of the embedded network: who they are, whom they know, and which sessions are signed in now. */
export class Account {
  /** The address as it was registered. */
  readonly email: string;
  /** UUID; at the same time the contact id that others use for this person. */
  readonly id: string;
  /** Absent when the person has taken their name away. */
  displayName: string | undefined;
  status: MsnStatus = "FLN";
  personalMessage = "";
  currentMedia = "";
  readonly settings: AccountSettings = { properties: new Map(), annotations: new Map() };
  /** By the other account's id, in the order in which they were first met. */
  readonly contacts = new Map<string, ContactEntry>();
  readonly groups = new Map<string, Group>();
  readonly journal = new ListJournal();
  /** Signed-in sessions, the longest first. */
  readonly sessions: LiveSession[] = [];
  #password: string;

  constructor(email: string, id: string, displayName: string, password: string) {
    this.email = email;
    this.id = id;
    this.displayName = displayName;
    this.#password = password;
  }

  /** For places where there has to be a name. */
  get name(): string {
    return this.displayName ?? this.email;
  }

  hasPassword(text: string): boolean {
    return text === this.#password;
  }

  /** Whether the password passes a test, such as that of a salted hash. */
  provesPassword(test: (password: string) => boolean): boolean {
    return test(this.#password);
  }

  changePassword(text: string): void {
    this.#password = text;
  }

  /** Whether this account hides itself from another: BL wins, then AL, then BLP (source: msnp-core §5.1). */
  blocks(other: Account): boolean {
    const lists = this.contacts.get(other.id)?.lists ?? 0;
    if ((lists & BL) !== 0) return true;
    if ((lists & AL) !== 0) return false;
    return this.settings.blp === "BL";
  }

  /** The status that reaches another account, which still tells hidden from offline. */
  shownTo(other: Account): MsnStatus {
    return other !== this && this.blocks(other) ? "FLN" : this.status;
  }

  /** The status that another account may see. */
  statusFor(other: Account): MsnStatus {
    if (other === this) return this.status;
    return looksOffline(this.status) || this.blocks(other) ? "FLN" : this.status;
  }

  group(idOrNumber: string): Group | undefined {
    const byId = this.groups.get(idOrNumber.toLowerCase());
    if (byId !== undefined) return byId;
    for (const group of this.groups.values()) if (String(group.number) === idOrNumber) return group;
    return undefined;
  }
}
