import type { Logger } from "pino";
import { asBridgeError } from "../../bridge/errors.ts";
import type { AccountId, AccountRecord, ContactSnapshot, PuppetState, ResidentId } from "../../bridge/model.ts";
import { pause } from "../../bridge/waiting.ts";
import { type GhostJids, residentJid } from "../convert/ghost.ts";
import { toShown } from "../convert/presence.ts";
import { type BareJid, bare, domainOf, type Jid, withResource } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { capsElement, gatewayInfo, ghostInfo } from "../stanza/disco.ts";
import { tuneMessage } from "../stanza/message.ts";
import { presence, subscription } from "../stanza/presence.ts";
import type { XmlElement } from "../stanza/xml.ts";
import type { Asking } from "./asking.ts";
import type { Blocks } from "./blocks.ts";
import type { Lists } from "./lists.ts";
import type { Marks } from "./marks.ts";
import type { PrivilegedRosters } from "./privileged.ts";
import type { Views } from "./views.ts";

export interface RostersOptions {
  readonly link: ComponentLink;
  readonly names: GhostJids;
  readonly name: string;
  readonly views: Views;
  readonly asked: Marks;
  readonly asking: Asking;
  readonly privileged: PrivilegedRosters;
  readonly blocks: Blocks;
  readonly lists: Lists;
  /** Somebody has unlinked the account that these were contacts of. */
  readonly gone: (owner: ResidentId, isGone: (ghost: BareJid) => boolean) => void;
  readonly isThere: (who: BareJid) => boolean;
  readonly log: Logger;
}

/** Where ghosts and the gateway say that they are. */
export const RESOURCE = "msn";
/** In place of what was told: whatever it was, it may not be what they see now. */
const UNSURE = "?";
/** Stanzas that are sent before the server is asked whether it keeps up. */
const CHUNK = 100;

/** What is to be told to one person, and what they were told. */
interface Telling {
  /** Ghosts whose presence may have to be told anew. */
  readonly dirty: Set<BareJid>;
  gateway: boolean;
  /** Accounts whose absent contacts were told over this link: clients may still see them as they were before it. */
  readonly greeted: Set<AccountId>;
  /** What was told last, by who speaks. */
  readonly told: Map<BareJid, string>;
  readonly tunes: Map<BareJid, string>;
}

/**
 * Shows each person their contacts: presence, names, groups, what is playing. What changes while the server is slow is told
 * once, in its newest form; after the link was down everything is told again.
 */
export class RosterTeller {
  readonly #o: RostersOptions;
  readonly #people = new Map<ResidentId, Telling>();
  /** People about whom there is something to tell. */
  readonly #due = new Set<ResidentId>();
  readonly #stop = new AbortController();
  #telling = false;

  constructor(options: RostersOptions) {
    this.#o = options;
  }

  /** The bridge goes: nobody is to look as if they were there. */
  stop(): void {
    this.#stop.abort();
    this.#o.lists.stop();
    for (const [resident, { told }] of this.#people) {
      const to = residentJid(resident);
      for (const us of told.keys())
        this.#o.link.sendLoosely(presence({ from: withResource(us, RESOURCE), to }, undefined));
    }
  }

  showAccount(account: AccountRecord, owner: ResidentId, state: PuppetState): void {
    if (this.#o.views.setState(account, owner, state) && this.#o.link.isOnline) this.#askAfter(owner);
    this.#mark(owner, (telling) => this.#markAll(owner, telling));
  }

  showRoster(account: AccountRecord, owner: ResidentId, contacts: readonly ContactSnapshot[]): void {
    const { views } = this.#o;
    const before = views.listed(owner);
    views.setContacts(account, owner, contacts);
    const now = views.listed(owner);
    // A list that is suddenly empty is more likely the network's fault than its owner's will.
    if (contacts.length > 0 || before.size === 1)
      for (const jid of before) if (!now.has(jid)) this.#removed(owner, jid);
    this.#mark(owner, (telling) => this.#markAll(owner, telling));
    this.#o.lists.due(owner);
  }

  showContact(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    const { views } = this.#o;
    const before = this.#jidOf(account, contact);
    const old = before && views.contact(owner, before)?.contact;
    const jid = views.setContact(account, owner, contact);
    if (jid === undefined) return;
    if (old?.listed && !views.contact(owner, jid)?.contact.listed) this.#removed(owner, jid);
    if (views.request(owner, jid) && (contact.listed || contact.blocked)) this.#answeredElsewhere(owner, jid, contact);
    this.#mark(owner, (telling) => {
      telling.dirty.add(jid);
    });
    if (listing(old) !== listing(contact)) this.#o.lists.due(owner);
  }

  /** Somebody asks: their ghost asks in their place (RFC 6121 §3.1). */
  showRequest(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    const jid = this.#jidOf(account, contact);
    if (jid === undefined) return;
    this.#o.views.ask(account, owner, { network: account.network, contact: contact.address }, jid);
    const text = `${contact.displayName} would like to be a contact of ${account.address}`;
    this.#o.asking.request(owner, jid, { nick: contact.displayName, text });
  }

  /** A request that was turned down at another place is taken back, so that no client goes on asking about it. */
  #answeredElsewhere(owner: ResidentId, jid: BareJid, { listed }: ContactSnapshot): void {
    this.#o.views.answered(owner, jid);
    const ends = { from: jid, to: residentJid(owner) };
    if (!listed) this.#o.link.sendLoosely(subscription(ends, "unsubscribe"));
  }

  /** Taken off the list on the network. Where lists are set, the item goes; elsewhere the ghost says so itself. */
  #removed(owner: ResidentId, jid: BareJid): void {
    const { link, asked, log } = this.#o;
    const to = residentJid(owner);
    asked
      .remove(owner, jid)
      .catch((error: unknown) => log.debug({ err: asBridgeError(error) }, "a mark was not taken away"));
    if (this.#o.lists.isSet(domainOf(to as string as Jid))) return;
    link.sendLoosely(subscription({ from: jid, to }, "unsubscribed"));
    link.sendLoosely(subscription({ from: jid, to }, "unsubscribe"));
  }

  dropRoster(account: AccountRecord, owner: ResidentId): void {
    const { views, link, privileged, lists, names } = this.#o;
    const to = residentJid(owner);
    const gone =
      views
        .accounts(owner)
        .find(({ record }) => record.id === account.id)
        ?.contacts.keys() ?? [];
    const ghosts = [...gone];
    views.drop(account, owner);
    const left = views.ghosts(owner);
    const networks = new Set(views.accounts(owner).map(({ record }) => record.network));
    this.#o.gone(owner, (jid) => {
      const network = names.parse(jid)?.network;
      if (network === undefined || left.has(jid)) return false;
      // Who is on no list may have written to another account there.
      return ghosts.includes(jid) || !networks.has(network);
    });
    for (const jid of ghosts) {
      if (left.has(jid)) continue;
      link.sendLoosely(presence({ from: withResource(jid, RESOURCE), to }, undefined));
      link.sendLoosely(subscription({ from: jid, to }, "unsubscribed"));
      link.sendLoosely(subscription({ from: jid, to }, "unsubscribe"));
    }
    if (lists.isSet(domainOf(to as string as Jid))) privileged.forget(owner);
    this.#mark(owner, (telling) => {
      telling.gateway = true;
    });
    lists.due(owner);
    if (views.accounts(owner).length === 0)
      link.sendLoosely(presence({ from: withResource(names.gateway, RESOURCE), to }, undefined));
    this.#forget(
      owner,
      ghosts.filter((jid) => !left.has(jid)),
    ).catch((error: unknown) => this.#o.log.warn({ err: asBridgeError(error) }, "what was asked is not forgotten"));
  }

  /** Who links again is asked again. */
  async #forget(owner: ResidentId, ghosts: readonly BareJid[]): Promise<void> {
    const { views, asked, blocks } = this.#o;
    if (views.accounts(owner).length > 0) for (const jid of ghosts) await asked.remove(owner, jid);
    else await Promise.all([asked.clear(owner), blocks.forget(owner)]);
  }

  /** The link is there: the server knows nothing of what was said before. */
  online(): void {
    for (const resident of this.#o.views.residents()) {
      this.#mark(resident, (telling) => {
        telling.greeted.clear();
        for (const jid of telling.told.keys()) telling.told.set(jid, UNSURE);
        telling.tunes.clear();
        this.#markAll(resident, telling);
      });
      this.#o.lists.due(resident);
      this.#askAfter(resident);
    }
    this.#o.asking.online();
  }

  /** Whether they are there, and how; their server answers if the gateway may see them. */
  #askAfter(resident: ResidentId): void {
    const ends = { from: this.#o.names.gateway, to: residentJid(resident) };
    this.#o.link.sendLoosely(subscription(ends, "probe"));
  }

  /** Somebody has come online, or is found to be. */
  came(resident: ResidentId): void {
    if (this.#people.has(resident)) this.#mark(resident, () => {});
  }

  /** The server has said what it grants: lists that were waiting for it can be set. */
  granted(domain: string): void {
    for (const resident of this.#o.views.residents()) {
      if (domainOf(residentJid(resident) as string as Jid) === domain) this.#o.lists.due(resident);
    }
  }

  /** A person, or their server, asks how one of ours is (RFC 6121 §4.3). Who is on no list any more says so. */
  probed(us: BareJid, resident: ResidentId, to: Jid): void {
    const { views, link } = this.#o;
    if (!views.isOnNoList(resident, us) || views.request(resident, us)) this.tell(us, resident, to);
    else link.sendLoosely(subscription({ from: us, to: bare(to) }, "unsubscribed"));
  }

  /** How one of ours is now, and what it listens to. */
  tell(us: BareJid, resident: ResidentId, to: Jid | BareJid): void {
    const { views, link } = this.#o;
    link.sendLoosely(this.presenceOf(us, resident, to));
    const view = views.contact(resident, us);
    if (view?.isOn && view.contact.presence.media !== undefined)
      link.sendLoosely(tuneMessage({ from: us, to }, view.contact.presence.media));
  }

  /** How one of ours looks to a person now. */
  presenceOf(us: BareJid, resident: ResidentId, to: Jid | BareJid): XmlElement {
    const from = withResource(us, RESOURCE);
    if (us === this.#o.names.gateway) {
      const shown = this.#gatewayShown(resident);
      return presence({ from, to }, shown, { caps: capsElement(gatewayInfo(this.#o.name)) });
    }
    const view = this.#o.views.contact(resident, us);
    const shown = view?.isOn && !view.contact.blocked ? toShown(view.contact.presence) : undefined;
    const nick = view?.contact.displayName;
    return presence({ from, to }, shown, { nick, caps: capsElement(ghostInfo(this.#o.name)) });
  }

  /** Their server has kept from them what they were told of a contact. */
  tellAgain(resident: ResidentId, jid: BareJid): void {
    this.#mark(resident, (telling) => {
      if (telling.told.has(jid)) telling.told.set(jid, UNSURE);
      telling.tunes.delete(jid);
      telling.dirty.add(jid);
    });
  }

  #gatewayShown(resident: ResidentId): { show: "xa" | undefined; status: string } | undefined {
    const accounts = this.#o.views.accounts(resident);
    if (accounts.length === 0) return undefined;
    const off = accounts.filter(({ state }) => state !== "on");
    const status = off.map(({ record, state }) => `${record.address}: ${state.replaceAll("-", " ")}`).join(", ");
    return { show: off.length === accounts.length ? "xa" : undefined, status };
  }

  #jidOf({ network }: AccountRecord, { address }: ContactSnapshot): BareJid | undefined {
    try {
      return this.#o.names.jid({ network, contact: address });
    } catch {
      return undefined;
    }
  }

  #markAll(resident: ResidentId, telling: Telling): void {
    telling.gateway = true;
    for (const jid of this.#o.views.ghosts(resident)) telling.dirty.add(jid);
    for (const jid of telling.told.keys()) if (jid !== this.#o.names.gateway) telling.dirty.add(jid);
  }

  #mark(resident: ResidentId, change: (telling: Telling) => void): void {
    const telling = this.#people.get(resident) ?? {
      dirty: new Set<BareJid>(),
      gateway: false,
      greeted: new Set<AccountId>(),
      told: new Map<BareJid, string>(),
      tunes: new Map<BareJid, string>(),
    };
    this.#people.set(resident, telling);
    change(telling);
    this.#due.add(resident);
    if (this.#telling || this.#stop.signal.aborted) return;
    this.#telling = true;
    this.#work().catch((error: unknown) => this.#o.log.error({ err: error }, "contacts are not told any more"));
  }

  async #work(): Promise<void> {
    for (let [next] = this.#due; next !== undefined; [next] = this.#due) {
      // While the link is down there is nobody to tell; when it is back all is marked anew.
      if (this.#stop.signal.aborted || !this.#o.link.isOnline) break;
      this.#due.delete(next);
      try {
        await this.#tell(next);
      } catch (error) {
        this.#due.add(next);
        this.#o.log.debug({ err: asBridgeError(error) }, "contacts not told; trying again");
        await pause(1000, this.#stop.signal);
      }
    }
    this.#telling = false;
  }

  async #tell(resident: ResidentId): Promise<void> {
    const telling = this.#people.get(resident);
    if (!telling) return;
    const { link, names, views } = this.#o;
    const to = residentJid(resident);
    this.#greet(resident, telling);
    if (telling.gateway) this.#say(telling, names.gateway, this.presenceOf(names.gateway, resident, to));
    telling.gateway = false;
    let sent = 0;
    for (const jid of [...telling.dirty]) {
      const isNews = this.#say(telling, jid, this.presenceOf(jid, resident, to));
      this.#sayTune(telling, resident, jid, to);
      telling.dirty.delete(jid);
      if (isNews && ++sent % CHUNK === 0) await link.sendSurely();
    }
    if (views.accounts(resident).length === 0) this.#people.delete(resident);
  }

  /** Once per link: what a client shows of somebody who went while the bridge was away is told to be over. */
  #greet(resident: ResidentId, telling: Telling): void {
    const { views, isThere } = this.#o;
    if (!isThere(residentJid(resident))) return;
    for (const { record, state, contacts } of views.accounts(resident)) {
      // The list comes a moment after the state.
      if (state !== "on" || contacts.size === 0 || telling.greeted.has(record.id)) continue;
      telling.greeted.add(record.id);
      for (const jid of contacts.keys()) {
        if (telling.told.has(jid)) continue;
        telling.told.set(jid, UNSURE);
        telling.dirty.add(jid);
      }
    }
  }

  /** False: they know already. */
  #say(telling: Telling, jid: BareJid, stanza: XmlElement): boolean {
    const text = stanza.toString();
    const known = telling.told.get(jid);
    // Nobody need hear that somebody is still not there.
    const isNews = known === undefined ? stanza.attrs.type !== "unavailable" : known !== text;
    if (!isNews) return false;
    this.#o.link.send(stanza);
    if (stanza.attrs.type === "unavailable") telling.told.delete(jid);
    else telling.told.set(jid, text);
    return true;
  }

  #sayTune(telling: Telling, resident: ResidentId, jid: BareJid, to: BareJid): void {
    const view = this.#o.views.contact(resident, jid);
    const media = view?.isOn ? view.contact.presence.media : undefined;
    if ((telling.tunes.get(jid) ?? "") === (media ?? "")) return;
    this.#o.link.send(tuneMessage({ from: jid, to }, media));
    telling.tunes.set(jid, media ?? "");
  }

  /**
   * The gateway has come onto a list: from now on their server tells it of them. What it can do goes with its presence, and
   * was not looked at before (XEP-0163 §4).
   */
  introduce(resident: ResidentId): void {
    this.#mark(resident, (telling) => {
      telling.told.set(this.#o.names.gateway, UNSURE);
      telling.gateway = true;
    });
    this.#askAfter(resident);
  }
}

/** What of a contact stands in the list itself. */
function listing(contact: ContactSnapshot | undefined): string {
  if (!contact) return "";
  const { displayName, nickname, listed, groups } = contact;
  return JSON.stringify([displayName, nickname ?? "", listed, groups]);
}
