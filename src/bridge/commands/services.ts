/** What commands can do, and what several of them need. */
import { BridgeError } from "../errors.ts";
import type { AccountRecord, ContactAddress, MessageId, PuppetState, ResidentId } from "../model.ts";
import type { PuppetAccess } from "../ports/home.ts";
import type { ContactEditing, DeviceListing } from "../ports/network.ts";
import type { Parked, StoredContact } from "../ports/store.ts";
import type { GroupDesk } from "./group-desk.ts";
import type { CommandContext } from "./registry.ts";

/** Implemented by the core (services.ts). */
export interface CommandServices {
  issueLink(resident: ResidentId): Promise<{ url: string; minutes: number }>;
  /** Takes an owner out, or all at their word; resolves with the titles of the homes in which it stays linked. */
  unlink(account: AccountRecord, by: ResidentId, everywhere: boolean): Promise<readonly string[]>;
  /** Titles of the other homes from which it is linked. */
  elsewhere(account: AccountRecord, owner: ResidentId): readonly string[];
  state(account: AccountRecord): {
    state: PuppetState;
    dialect: string | undefined;
    why: string | undefined;
    retryAt: number | undefined;
  };
  waiting(account: AccountRecord): Promise<number>;
  contacts(account: AccountRecord): Promise<readonly StoredContact[]>;
  openChat(account: AccountRecord, owner: ResidentId, contact: ContactAddress): Promise<string>;
  wish(
    account: AccountRecord,
    change: { availability?: AccountRecord["wishedAvailability"]; text?: string | null },
  ): Promise<void>;
  /** What failed of the owner's. */
  parked(account: AccountRecord, owner: ResidentId): Promise<readonly Pick<Parked, "place" | "failure" | "at">[]>;
  retry(account: AccountRecord, message: MessageId): Promise<boolean>;
  /** The contact list of a live sign-in. @throws BridgeError `not-signed-in`, `not-offered`. */
  list(account: AccountRecord): ContactEditing;
  /** A friend request has been answered. */
  answered(account: AccountRecord, contact: ContactAddress): Promise<void>;
  /** The places of a live sign-in. @throws BridgeError `not-signed-in`, `not-offered`. */
  places(account: AccountRecord): DeviceListing;
  /** Signs in again after another place has taken over, or the owner has signed out. */
  resume(account: AccountRecord): Promise<void>;
  /** How the resident's words from other places are posted; `undefined`: their home has no such thing. */
  puppetAccess(resident: ResidentId): Promise<PuppetAccess | undefined>;
  /** A page on which the resident can let the bridge speak as them. */
  issuePuppetPage(resident: ResidentId): Promise<{ url: string; minutes: number }>;
  dropPuppet(resident: ResidentId): Promise<void>;
  /** Whether the resident's accounts sign in and out with them; `undefined`: their home cannot tell when they come and go. */
  follows(resident: ResidentId): Promise<boolean | undefined>;
  setFollows(resident: ResidentId, follows: boolean): Promise<void>;
  /** Groups, and rooms of all kinds. */
  readonly groups: GroupDesk;
  /** Titles of the networks, by name. */
  title(network: AccountRecord["network"]): string;
}

export type Context = CommandContext<CommandServices>;

/** Accounts in one answer. */
const MOST_NAMED = 8;

export const ACCOUNT = {
  name: "account",
  kind: "contact",
  optional: true,
  help: "which of your accounts, when you have several",
} as const;

/** The account that is meant: the named one, or the only one. @throws BridgeError `bad-input` when that is not clear. */
export function pick(context: Context, named: ContactAddress | undefined): AccountRecord {
  const [first, second] = context.accounts;
  if (named) {
    const found = context.accounts.find((one) => one.address === named);
    if (!found) throw new BridgeError("bad-input", { detail: `${named} is not an account of yours; say \`accounts\`` });
    return found;
  }
  if (!first) throw new BridgeError("not-linked");
  if (second) {
    const all = context.accounts.slice(0, MOST_NAMED).map(({ address }): string => address);
    if (context.accounts.length > MOST_NAMED) all.push("…");
    throw new BridgeError("bad-input", {
      detail: `you have several accounts; name the one you mean (${all.join(", ")})`,
    });
  }
  return first;
}
