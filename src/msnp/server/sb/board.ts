import { writeCapabilities } from "../dialects/index.ts";
import type { Hub } from "../hub.ts";
import { randomHex } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account } from "../state/account.ts";
import type { LiveSession } from "../state/session.ts";

/** The longest chat id that WLM 2009 takes (source: msnp-chat §1.3). */
const ID_DIGITS = 31;

/** One endpoint of a person on a board. */
export interface Member {
  readonly session: NsSession;
  readonly account: Account;
  /**
   * The endpoint after which the plain line of the person stands (source: msnp-chat §1.4). Whoever joins looks only at
   * the one who came last before, so that a person may have two.
   */
  primary: boolean;
  joined(other: Member, firstOfPerson: boolean): void;
  left(other: Member, lastOfPerson: boolean): void;
  message(line: string, payload: Buffer): void;
}

/** One line of a roster. */
export interface RosterLine {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly capabilities: string | undefined;
}

/** A switchboard session: who is in it, and what they say to each other (source: msnp-chat §1). */
export class Board {
  readonly id = randomHex(ID_DIGITS);
  readonly #hub: Hub;
  readonly #members = new Set<Member>();

  constructor(hub: Hub) {
    this.#hub = hub;
    hub.boards.set(this.id, this);
  }

  /** False when this endpoint is on the board already. */
  join(member: Member): boolean {
    const own = [...this.#members].filter((other) => other.account === member.account);
    const mayDouble = this.#hub.quirks.entersTwice && member.session.endpoint.guid === undefined;
    if (!mayDouble && own.some((other) => other.session === member.session)) return false;
    const last = [...this.#members].at(-1);
    member.primary = last?.account !== member.account || !last.primary;
    this.#members.add(member);
    // Everybody may have left before.
    this.#hub.boards.set(this.id, this);
    return true;
  }

  /** Tells everybody, the newcomer too, that a member came. */
  announce(member: Member): void {
    const first = ![...this.#members].some((other) => other !== member && other.account === member.account);
    for (const other of this.#members) other.joined(member, first);
  }

  leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) {
      this.#hub.boards.delete(this.id);
      return;
    }
    const own = [...this.#members].filter((other) => other.account === member.account);
    const heir = own.at(-1);
    if (heir !== undefined && !own.some((other) => other.primary)) heir.primary = true;
    for (const other of this.#members) other.left(member, heir === undefined);
  }

  /** True when at least one other member got it. */
  relay(from: Member, line: string, payload: Buffer): boolean {
    for (const other of this.#members) if (other !== from) other.message(line, payload);
    return this.#members.size > 1;
  }

  has(session: LiveSession): boolean {
    for (const member of this.#members) if (member.session === session) return true;
    return false;
  }

  isAlone(member: Member): boolean {
    return this.#members.size === 1 && this.#members.has(member);
  }

  /**
   * The lines of IRO for a newcomer; from MSNP16 on each person has one per endpoint and a plain one, and the newcomer's
   * own endpoint is among them when another place of the account was there (source: msnp-chat §1.4).
   */
  roster(viewer: Member): RosterLine[] {
    const named = this.#named();
    if (!viewer.session.dialect.endpoints) {
      return named.filter((member) => member.account !== viewer.account).map((member) => plainLine(viewer, member));
    }
    const lines: RosterLine[] = [];
    const seen = new Set<Member>();
    for (const member of named) {
      if (seen.has(member) || member === viewer) continue;
      for (const other of this.#members) {
        if (other.account !== member.account || other.primary || other === member || seen.has(other)) continue;
        seen.add(other);
        lines.push(...endpointLines(viewer, other, false));
      }
      seen.add(member);
      lines.push(...endpointLines(viewer, member, member.primary));
    }
    return lines;
  }

  /** Everybody but other primary endpoints of the one who was there first: so Escargot counts people. */
  #named(): Member[] {
    const [first] = this.#members;
    return [...this.#members].filter(
      (member) => member === first || !member.primary || member.account !== first?.account,
    );
  }
}

/** A person as one line. */
export function plainLine(viewer: Member, member: Member): RosterLine {
  const form = viewer.session.dialect.rosterCapabilities;
  const { account, session } = member;
  return {
    name: account.email,
    displayName: account.displayName,
    capabilities: writeCapabilities(form, session.endpoint),
  };
}

/** An endpoint as a viewer with endpoints sees it, with the person's plain line behind it if asked. */
export function endpointLines(viewer: Member, member: Member, withPlain: boolean): RosterLine[] {
  const plain = plainLine(viewer, member);
  const { guid } = member.session.endpoint;
  if (guid === undefined) return [plain];
  const named = { ...plain, name: `${plain.name};{${guid}}` };
  return withPlain ? [named, plain] : [named];
}
