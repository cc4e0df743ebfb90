import type { Logger } from "pino";
import type { ResidentId } from "../../bridge/model.ts";
import { Gate } from "../../bridge/waiting.ts";
import { type GhostJids, residentJid } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, domainOf, type Jid } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { StanzaRefusal } from "../link/requests.ts";
import type { Grants } from "../stanza/privilege.ts";
import { type RosterItem, readRoster, rosterQuery } from "../stanza/roster.ts";
import type { Marks } from "./marks.ts";
import type { Views } from "./views.ts";

export interface PrivilegedOptions {
  readonly link: ComponentLink;
  readonly names: GhostJids;
  /** What the gateway is called, and the group of contacts that are in none. */
  readonly name: string;
  readonly views: Views;
  /** Names that the bridge itself has given, so that a person's own is not written over. */
  readonly named: Marks;
  readonly log: Logger;
}

/** Items that are set at once: servers take one per request. */
const AT_ONCE = 8;

/** Refusals that are no matter of the one item, nor of the one person unless the server has done it for others. */
const FAILS = new Set(["internal-server-error", "forbidden", "feature-not-implemented"]);
/** Said of people whom the server does not know any more (RFC 6121 §8.5.1). */
const NO_SUCH_PERSON = "service-unavailable";

/** Contact lists of people whose server lets the bridge set them (XEP-0356 §4). */
export class PrivilegedRosters {
  readonly #o: PrivilegedOptions;
  /** Each person's items of ours, as their server has them. */
  readonly #known = new Map<ResidentId, Map<BareJid, RosterItem>>();
  /** Grows with each change of ours, so that a list that was read before it is known as old. */
  readonly #changes = new Map<ResidentId, number>();
  readonly #failing = new Set<string>();
  /** Servers that have set something. */
  readonly #working = new Set<string>();
  readonly #gate = new Gate(AT_ONCE);

  constructor(options: PrivilegedOptions) {
    this.#o = options;
  }

  /** Whether this server does what it grants: ejabberd 23.01 grants setting and fails at it (source: stack C3). */
  works(domain: string): boolean {
    return !this.#failing.has(domain);
  }

  /** The link was down: lists may have changed meanwhile, and the server may be another. */
  reset(): void {
    this.#failing.clear();
    this.#working.clear();
    this.#known.clear();
    this.#changes.clear();
  }

  /**
   * Makes the person's list what the networks say. True: the gateway itself has come onto it by that.
   * @throws BridgeError `home-down`.
   */
  async sync(resident: ResidentId, grants: Grants): Promise<boolean> {
    const { names, views, name } = this.#o;
    const known = this.#known.get(resident) ?? (await this.#fetch(resident, grants));
    if (!known || views.accounts(resident).length === 0) return false;
    this.#known.set(resident, known);
    const isNew = known.get(names.gateway)?.subscription !== "both";
    const wanted: RosterItem[] = [{ jid: names.gateway, name, groups: [], subscription: "both" }];
    for (const jid of views.ghosts(resident)) {
      const contact = views.contact(resident, jid)?.contact;
      if (!contact?.listed) continue;
      const old = known.get(jid);
      const own = contact.nickname ?? "";
      const given = own === "" ? await this.#givenName(resident, old, contact.displayName) : own;
      const groups = contact.groups.length === 0 ? [name] : [...contact.groups].sort();
      wanted.push({ jid, name: given, groups, subscription: "both" });
    }
    const listed = new Set(wanted.map(({ jid }) => jid));
    const gone = this.#gone(resident, known, listed);
    // One first: a server that does not do it after all is not asked hundreds of times.
    const changes = [
      ...wanted.filter((item) => !isSame(known.get(item.jid), item)),
      ...gone.map((item) => ({ ...item, subscription: "remove" })),
    ];
    const [first, ...others] = changes;
    if (first && !(await this.#set(resident, known, first))) return false;
    await Promise.all(others.map((item) => this.#gate.run(() => this.#setOn(resident, known, item))));
    return isNew && known.get(names.gateway)?.subscription === "both";
  }

  /** The person's accounts are unlinked: what is left of them goes with the next sync. */
  forget(resident: ResidentId): void {
    const known = this.#known.get(resident);
    if (!known || this.#o.views.accounts(resident).length > 0) return;
    this.#known.delete(resident);
    for (const item of known.values()) {
      this.#gate
        .run(() => this.#set(resident, known, { ...item, subscription: "remove" }))
        .catch((error: unknown) => this.#o.log.debug({ err: error }, "an item of a list was not removed"));
    }
  }

  /** What a person has changed in their list, as acts to be stored; our own changes come back like that, too. */
  pushed(resident: ResidentId, from: Jid, items: readonly RosterItem[]): StoredAct[] {
    const { names, name, views } = this.#o;
    return items.flatMap((item): StoredAct[] => {
      const contact = views.contact(resident, item.jid)?.contact;
      const old = this.#known.get(resident)?.get(item.jid);
      if (names.parse(item.jid) === undefined || !contact?.listed) return [];
      const act = { kind: "act", from, to: item.jid } as const;
      if (item.subscription === "remove") {
        // Asked of MSN once: whom it keeps is set again with the next change.
        this.#known.get(resident)?.delete(item.jid);
        return old ? [{ ...act, act: "roster-remove" }] : [];
      }
      if (!old || item.subscription === "none") return [];
      this.#known.get(resident)?.set(item.jid, item);
      const acts: StoredAct[] = [];
      if (item.name !== old.name)
        acts.push({ ...act, act: "roster-rename", text: item.name === contact.displayName ? "" : item.name });
      const groups = item.groups.filter((group) => group !== name);
      // What differs from MSN alone is MSN's change, on its way to the list, or one that MSN has refused.
      if (!areAlike(item.groups, old.groups) && !areAlike(groups, contact.groups))
        acts.push({ ...act, act: "roster-groups", groups });
      return acts;
    });
  }

  /**
   * Reads the list and says what the person has changed in it: servers need not tell a privileged entity by themselves
   * (Prosody does not). @throws BridgeError `home-down`.
   */
  async look(resident: ResidentId, grants: Grants): Promise<StoredAct[]> {
    const known = this.#known.get(resident);
    if (!known || grants.roster !== "both") return [];
    const before = this.#changes.get(resident);
    const now = await this.#fetch(resident, grants);
    if (!now || this.#changes.get(resident) !== before) return [];
    // Without the gateway as well it is the server that has lost it: nobody is to go from MSN by that. It is set anew.
    if (now.size === 0 && known.size > 1) {
      this.#known.delete(resident);
      return [];
    }
    const gone = [...known.values()].filter(({ jid }) => !now.has(jid));
    const items = [...now.values(), ...gone.map((item) => ({ ...item, subscription: "remove" }))];
    return this.pushed(resident, residentJid(resident) as string as Jid, items);
  }

  /** Who is on no list any more. A list that is not known yet, or suddenly empty, says nothing of those who were on it. */
  #gone(resident: ResidentId, known: ReadonlyMap<BareJid, RosterItem>, listed: ReadonlySet<BareJid>): RosterItem[] {
    const { views } = this.#o;
    // Whom a person has just asked to see is not on the network's list yet.
    const absent = [...known.values()].filter(({ jid, subscription }) => !listed.has(jid) && subscription !== "none");
    const isSure = views.areAllKnown(resident) && (views.isNoneEmpty(resident) || absent.length === 1);
    return isSure ? absent : absent.filter(({ jid }) => views.contact(resident, jid) !== undefined);
  }

  /** What we have called them may be replaced by their newest name; what the person has called them may not. */
  async #givenName(resident: ResidentId, old: RosterItem | undefined, displayName: string): Promise<string> {
    if (!old || old.name === "" || old.name === displayName) return displayName;
    return (await this.#o.named.has(resident, nameMark(old))) ? displayName : old.name;
  }

  /** `undefined`: this server knows no such person. */
  async #fetch(resident: ResidentId, grants: Grants): Promise<Map<BareJid, RosterItem> | undefined> {
    if (grants.roster !== "both") return new Map();
    const { link, names, log } = this.#o;
    try {
      const to = residentJid(resident) as string as Jid;
      const items = readRoster(await link.request({ to, type: "get" }, rosterQuery([])));
      const ours = items.filter(({ jid }) => jid === names.gateway || names.parse(jid) !== undefined);
      return new Map(ours.map((item) => [item.jid, item]));
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      log.warn({ err: error, resident }, "a contact list could not be read");
      return undefined;
    }
  }

  /** Unless all is unlinked, or the link was lost, since it was decided. */
  async #setOn(resident: ResidentId, known: Map<BareJid, RosterItem>, item: RosterItem): Promise<void> {
    if (this.#known.get(resident) === known) await this.#set(resident, known, item);
  }

  /** False: it is of no use to go on with this person's list. @throws BridgeError `home-down`. */
  async #set(resident: ResidentId, known: Map<BareJid, RosterItem>, item: RosterItem): Promise<boolean> {
    const { link, log, named } = this.#o;
    const domain = domainOf(residentJid(resident) as string as Jid);
    const old = known.get(item.jid);
    this.#changes.set(resident, (this.#changes.get(resident) ?? 0) + 1);
    // Before the answer: the server's news of it may come first.
    if (item.subscription === "remove") known.delete(item.jid);
    else known.set(item.jid, item);
    try {
      const to = residentJid(resident) as string as Jid;
      await link.request({ to, type: "set" }, rosterQuery([item]));
      this.#working.add(domain);
      if (old && old.name !== item.name) await named.remove(resident, nameMark(old));
      if (item.subscription !== "remove") await named.add(resident, nameMark(item));
      return true;
    } catch (error) {
      const isGone = error instanceof StanzaRefusal && error.condition === "item-not-found";
      // Taken off by the person before.
      if (isGone && item.subscription === "remove") return true;
      if (old) known.set(item.jid, old);
      else known.delete(item.jid);
      if (!(error instanceof StanzaRefusal)) throw error;
      if (FAILS.has(error.condition) && !this.#working.has(domain)) this.#failing.add(domain);
      log.warn({ err: error, resident }, "an item of a contact list could not be set");
      return !FAILS.has(error.condition) && error.condition !== NO_SUCH_PERSON;
    }
  }
}

function nameMark({ jid, name }: RosterItem): string {
  return `${jid}\n${name}`;
}

function isSame(a: RosterItem | undefined, b: RosterItem): boolean {
  if (!a || a.name !== b.name || a.subscription !== b.subscription) return false;
  return areAlike(a.groups, b.groups);
}

function areAlike(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join("\n") === b.toSorted().join("\n");
}
