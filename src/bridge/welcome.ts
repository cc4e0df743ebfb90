import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { Invitations } from "./groups/invitations.ts";
import { SETTLED_MS } from "./groups/invitations.ts";
import type { AccountId, AccountRecord, ResidentId } from "./model.ts";
import { oneLine } from "./plain.ts";
import { learnsCircles, talksInGroups } from "./ports/groups.ts";
import type { Session } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { Requests } from "./requests.ts";
import type { Told } from "./told.ts";
import { pause } from "./waiting.ts";

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
  /** Late-bound: both know each other. */
  readonly fleet: () => Pick<Fleet, "record" | "session">;
  /** So long it waits at most for a session to know of its circles, ms; default 10 s. */
  readonly settledMs?: number;
  readonly log: Logger;
}

/**
 * Welcomes who has linked an account, when it is signed in, also after a restart: with one notice, into which goes what
 * would otherwise be told one by one.
 */
export class Welcomes {
  readonly #o: WelcomesOptions;
  /** Who is to be welcomed, until that is stored. */
  readonly #due = new Map<AccountId, Set<ResidentId>>();
  /** Accounts whose owners are being told. */
  readonly #telling = new Set<AccountId>();

  constructor(options: WelcomesOptions) {
    this.#o = options;
  }

  /** Somebody has linked the account, which is not signed in yet. */
  linked({ id }: AccountRecord, by: ResidentId): void {
    this.#due.set(id, (this.#due.get(id) ?? new Set()).add(by));
    this.#o.told.add(id, MARK + by).then(
      // The account may sign in at another worker, which says it then.
      () => this.#welcomed(id, [by]),
      (error: unknown) =>
        this.#o.log.debug({ err: asBridgeError(error) }, "a welcome is lost when the bridge ends before the sign-in"),
    );
  }

  /** Whether what comes now will be told by the welcome. @throws BridgeError `store-down`. */
  async holds(account: AccountId): Promise<boolean> {
    if (this.#due.has(account)) return true;
    return [...(await this.#o.told.of(account))].some((mark) => mark.startsWith(MARK));
  }

  /** The account is signed in. Rejects with BridgeError when an owner cannot be told for long. */
  async look({ id }: AccountRecord): Promise<void> {
    if (this.#telling.has(id)) return;
    this.#telling.add(id);
    try {
      // Another owner may have linked it meanwhile.
      while (await this.#welcome(id));
    } finally {
      this.#telling.delete(id);
    }
  }

  /** False: nobody is to be welcomed, or not now, since the account is not signed in any more. */
  async #welcome(id: AccountId): Promise<boolean> {
    if ((await this.#owed(id)).length === 0) return false;
    const session = await this.#knowing(id);
    const account = this.#o.fleet().record(id);
    if (!session || !account) return false;
    const due = await this.#owed(id);
    if (due.length > 0) await this.#tell(account, session, due);
    return due.length > 0;
  }

  /** Who of the owners is to be welcomed. */
  async #owed(id: AccountId): Promise<ResidentId[]> {
    const marks = await this.#o.told.of(id);
    const due = this.#due.get(id);
    const owners = this.#o.fleet().record(id)?.owners ?? [];
    return owners.filter((owner) => marks.has(MARK + owner) || due?.has(owner) === true);
  }

  /** The account's session when it knows of its circles, or should by now. `undefined`: it has none any more. */
  async #knowing(id: AccountId): Promise<Session | undefined> {
    const late = new AbortController();
    const settled = pause(this.#o.settledMs ?? SETTLED_MS, late.signal);
    try {
      for (;;) {
        const session = this.#o.fleet().session(id);
        if (session && learnsCircles(session)) await Promise.race([session.circlesKnown(), settled]);
        if (this.#o.fleet().session(id) === session) return session;
      }
    } finally {
      late.abort();
    }
  }

  async #tell(account: AccountRecord, session: Session, due: readonly ResidentId[]): Promise<void> {
    const { told, requests, invitations, say, networkOf, homeOf } = this.#o;
    const asking = () => (editsContacts(session) ? session.requests() : []);
    const talks = talksInGroups(session);
    const invited = () => (talks ? session.circleInvitations() : []);
    const circles = talks ? [...session.liveGroups()].filter(({ kind }) => kind === "circle") : [];
    const [asked, into] = [asking(), invited()];
    const seen = {
      address: account.address,
      network: networkOf(account),
      contacts: [...session.contacts()].filter(({ listed }) => listed).length,
      circles: circles.map(({ name }) => name),
      requests: asked.length,
      invitations: into.length,
    };
    for (const owner of due) {
      const elsewhere = account.owners.filter((one) => one !== owner).map(homeOf);
      await say(
        owner,
        welcome({ ...seen, elsewhere }),
        `linked|${account.id}|${owner}|${account.linkedAt}|${Date.now()}`,
      );
    }
    await requests.heard(account, asked);
    await invitations.heard(account, into);
    this.#welcomed(account.id, due);
    await told.remove(
      account.id,
      due.map((owner) => MARK + owner),
    );
    // What has come since it was looked was held back for a notice that does not tell of it.
    for (const contact of asking()) requests.show(account, contact);
    for (const invitation of invited()) invitations.show(account, invitation);
  }

  /** They are, or the store knows that they are to be. */
  #welcomed(id: AccountId, owners: readonly ResidentId[]): void {
    const due = this.#due.get(id);
    for (const owner of owners) due?.delete(owner);
    if (due?.size === 0) this.#due.delete(id);
  }
}
