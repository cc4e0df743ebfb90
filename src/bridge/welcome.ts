import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Invitations } from "./groups/invitations.ts";
import type { AccountId, AccountRecord, ResidentId } from "./model.ts";
import { oneLine } from "./plain.ts";
import { talksInGroups } from "./ports/groups.ts";
import type { Session } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { Requests } from "./requests.ts";
import type { Told } from "./told.ts";

const MARK = "welcome|";
/** Circles that are named. */
const NAMED = 5;
const SHOWN_NAME = 60;

/** What is there when an account is signed in for the first time. */
export interface FirstSight {
  readonly address: string;
  /** Title of the network. */
  readonly network: string;
  /** Titles of the homes from which it is linked besides. */
  readonly elsewhere: readonly string[];
  readonly contacts: number;
  /** Names. */
  readonly circles: readonly string[];
  readonly requests: number;
  readonly invitations: number;
}

/** The one notice after an account was linked: what is there, what waits for an answer, and what to say next. Pure. */
export function welcome(seen: FirstSight): string {
  const also = seen.elsewhere.length > 0 ? ` as it is from ${seen.elsewhere.join(" and ")}` : "";
  const both = seen.elsewhere.length > 0 ? " What is said there is here too, and what you say here is there." : "";
  const waiting = [
    seen.requests > 0 ? `${counted(seen.requests, "friend request")} (\`requests\`)` : "",
    seen.invitations > 0 ? `${counted(seen.invitations, "invitation")} into circles (\`circles\`)` : "",
  ].filter((part) => part !== "");
  const waits = waiting.length > 0 ? ` Your answer is waited for: ${waiting.join(" and ")}.` : "";
  return `${seen.address} on ${seen.network} is linked${also}.${both} It has ${counted(seen.contacts, "contact")}${circlesOf(seen)}.${waits} No room is opened before somebody writes to you or you ask for one: say \`contacts\` to see who is there, \`chat <address>\` to talk, \`help\` for the rest.`;
}

function circlesOf({ circles }: FirstSight): string {
  if (circles.length === 0) return "";
  const shown = circles.slice(0, NAMED).map((name) => oneLine(name, SHOWN_NAME) || "one without a name");
  if (circles.length > NAMED) shown.push("…");
  return ` and is in ${counted(circles.length, "circle")} (${shown.join(", ")})`;
}

function counted(count: number, what: string): string {
  return `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
}

export interface WelcomesOptions {
  readonly told: Told;
  readonly requests: Requests;
  readonly invitations: Invitations;
  /** Tells one owner; rejects only when that cannot be done for long. */
  readonly say: (owner: ResidentId, text: string, key: string) => Promise<void>;
  readonly networkOf: (account: AccountRecord) => string;
  readonly homeOf: (owner: ResidentId) => string;
  readonly log: Logger;
}

/**
 * Welcomes who has linked an account, when it is signed in, also after a restart: with one notice, into which goes what
 * would otherwise be told one by one.
 */
export class Welcomes {
  readonly #o: WelcomesOptions;
  /** Who is not welcomed yet, until that is stored. */
  readonly #due = new Map<AccountId, Set<ResidentId>>();
  /** Accounts whose owners are being told. */
  readonly #telling = new Set<AccountId>();

  constructor(options: WelcomesOptions) {
    this.#o = options;
  }

  /** Somebody has linked the account, which is not signed in yet. */
  linked({ id }: AccountRecord, by: ResidentId): void {
    this.#due.set(id, (this.#due.get(id) ?? new Set()).add(by));
    this.#o.told
      .add(id, MARK + by)
      .catch((error: unknown) =>
        this.#o.log.debug({ err: asBridgeError(error) }, "a welcome is lost when the bridge ends before the sign-in"),
      );
  }

  /** Whether what comes now will be told by the welcome. @throws BridgeError `store-down`. */
  async holds(account: AccountId): Promise<boolean> {
    if (this.#due.has(account)) return true;
    return [...(await this.#o.told.of(account))].some((mark) => mark.startsWith(MARK));
  }

  /** The account is signed in. Rejects with BridgeError when an owner cannot be told for long. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    if (this.#telling.has(account.id)) return;
    const marks = await this.#o.told.of(account.id);
    const due = account.owners.filter(
      (owner) => marks.has(MARK + owner) || this.#due.get(account.id)?.has(owner) === true,
    );
    if (due.length === 0 || this.#telling.has(account.id)) return;
    this.#telling.add(account.id);
    try {
      await this.#tell(account, session, due);
    } finally {
      this.#telling.delete(account.id);
    }
  }

  async #tell(account: AccountRecord, session: Session, due: readonly ResidentId[]): Promise<void> {
    const { told, requests, invitations, say, networkOf, homeOf } = this.#o;
    const asking = editsContacts(session) ? session.requests() : [];
    const talks = talksInGroups(session);
    const invited = talks ? session.circleInvitations() : [];
    const circles = talks ? [...session.liveGroups()].filter(({ kind }) => kind === "circle") : [];
    const seen = {
      address: account.address,
      network: networkOf(account),
      contacts: [...session.contacts()].filter(({ listed }) => listed).length,
      circles: circles.map(({ name }) => name),
      requests: asking.length,
      invitations: invited.length,
    };
    for (const owner of due) {
      const elsewhere = account.owners.filter((one) => one !== owner).map(homeOf);
      await say(
        owner,
        welcome({ ...seen, elsewhere }),
        `linked|${account.id}|${owner}|${account.linkedAt}|${Date.now()}`,
      );
    }
    await requests.heard(account, asking);
    await invitations.heard(account, invited);
    this.#due.delete(account.id);
    await told.remove(
      account.id,
      due.map((owner) => MARK + owner),
    );
  }
}
