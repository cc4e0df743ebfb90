import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { AccountId, AccountRecord } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { CircleInvitation } from "../ports/groups.ts";
import { talksInGroups } from "../ports/groups.ts";
import type { Session } from "../ports/network.ts";
import type { Told } from "../told.ts";
import { pause } from "../waiting.ts";

const MARK = "circle|";
const SHOWN_NAME = 80;
const SHOWN_WORDS = 200;
/** Invitations that come at once and are told of one by one; more are told of in one notice. */
const MOST_APART = 5;
/** So long after a sign-in its session knows of all that wait, ms: at MSNP18 circles are learnt after it. */
export const SETTLED_MS = 10_000;

export interface InvitationsOptions {
  readonly told: Told;
  readonly log: Logger;
  /** Tells the owner, and rejects only when that cannot be done for long. */
  readonly say: (account: AccountRecord, text: string, key: string) => Promise<void>;
  /** Whether another notice tells of what waits now ({@link Invitations.heard}). */
  readonly holds: (account: AccountId) => Promise<boolean>;
  /** Default 10 s; ms. */
  readonly settledMs?: number;
}

/** Invitations into circles: each shows itself to the owner once, also over restarts, until it is answered. */
export class Invitations {
  readonly #o: InvitationsOptions;
  /** What has come and is not dealt with yet, of accounts whose owners are being told. */
  readonly #arrived = new Map<AccountId, Map<string, CircleInvitation>>();
  /** Sessions that may not know of all invitations yet; of one account the newest counts. */
  readonly #settling = new Map<AccountId, Session>();

  constructor(options: InvitationsOptions) {
    this.#o = options;
  }

  /** An account is invited. */
  show(account: AccountRecord, invitation: CircleInvitation): void {
    const known = this.#arrived.get(account.id);
    const arrived = known ?? new Map<string, CircleInvitation>();
    arrived.set(invitation.circle, invitation);
    if (known) return;
    this.#arrived.set(account.id, arrived);
    void this.#work(account, arrived);
  }

  /** The owner has answered. Best effort: an answer that was given must not be given again. */
  async answered(account: AccountRecord, circle: string): Promise<void> {
    await this.#o.told
      .remove(account.id, [MARK + circle])
      .catch((error: unknown) => this.#o.log.debug({ err: asBridgeError(error) }, "an answer to a circle not stored"));
  }

  /** The owner knows of these by another notice. @throws BridgeError `store-down`. */
  async heard(account: AccountRecord, invitations: readonly CircleInvitation[]): Promise<void> {
    for (const { circle } of invitations) await this.#o.told.add(account.id, MARK + circle);
  }

  /**
   * The account is signed in: invitations that are gone some seconds later were answered elsewhere. Best effort, as
   * {@link answered}.
   */
  async look(account: AccountRecord, session: Session): Promise<void> {
    if (!talksInGroups(session)) return;
    this.#settling.set(account.id, session);
    await pause(this.#o.settledMs ?? SETTLED_MS);
    if (this.#settling.get(account.id) !== session) return;
    this.#settling.delete(account.id);
    const open = new Set(session.circleInvitations().map(({ circle }) => MARK + circle));
    const marks = await this.#o.told.of(account.id);
    const gone = [...marks].filter((mark) => mark.startsWith(MARK) && !open.has(mark));
    if (gone.length > 0) await this.#o.told.remove(account.id, gone);
  }

  /** Tells what has arrived until nothing more does. Never rejects. */
  async #work(account: AccountRecord, arrived: Map<string, CircleInvitation>): Promise<void> {
    // A sign-in tells of all that wait in one tick.
    await new Promise((resolve) => setImmediate(resolve));
    while (arrived.size > 0) {
      const all = [...arrived.values()];
      arrived.clear();
      await this.#tell(account, all).catch((error: unknown) =>
        this.#o.log.warn({ err: asBridgeError(error) }, "an invitation into a circle could not be shown"),
      );
    }
    this.#arrived.delete(account.id);
  }

  async #tell(account: AccountRecord, all: readonly CircleInvitation[]): Promise<void> {
    if (await this.#o.holds(account.id)) return;
    const marks = await this.#o.told.of(account.id);
    const news = all.filter(({ circle }) => !marks.has(MARK + circle));
    if (news.length === 0) return;
    const texts =
      news.length > MOST_APART
        ? [{ text: many(account, news.length), of: news }]
        : news.map((one) => ({ text: sentence(account, one), of: [one] }));
    for (const { text, of } of texts) {
      await this.#o.say(account, text, `circle|${account.id}|${of[0]?.circle}|${Date.now()}`);
      await this.heard(account, of);
    }
  }
}

function sentence({ address }: AccountRecord, { name, inviter, message }: CircleInvitation): string {
  const circle = oneLine(name, SHOWN_NAME) || "a circle without a name";
  const words = oneLine(message ?? "", SHOWN_WORDS);
  return `${inviter ?? "Somebody"} invites ${address} into the circle "${circle}"${words === "" ? "" : `: ${words}`} – say \`circle accept ${circle}\` or \`circle decline ${circle}\`.`;
}

function many({ address }: AccountRecord, count: number): string {
  return `${address} is invited into ${count} circles. Say \`circles\` to see them, and \`circle accept <name>\` or \`circle decline <name>\`.`;
}
