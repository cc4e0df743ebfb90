import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import {
  type HomeName,
  type NetworkName,
  parseContactAddress,
  type ResidentId,
  residentId,
} from "../../bridge/model.ts";
import type { GhostJids } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, bare, domainOf, type Jid, readJid, resourceOf } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { gatewayInfo, ghostAccountInfo, ghostInfo, type Info, infoQuery, isCapsNode } from "../stanza/disco.ts";
import { errorElement, failureElement } from "../stanza/errors.ts";
import { nodeItems, tuneElement } from "../stanza/message.ts";
import type { Grants } from "../stanza/privilege.ts";
import { readRoster } from "../stanza/roster.ts";
import { type Card, vcard4, vcardTemp } from "../stanza/vcard.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import type { AdHocCommands } from "./commands.ts";
import type { PrivilegedRosters } from "./privileged.ts";
import type { Registration } from "./register.ts";
import type { Views } from "./views.ts";

export interface ServicesOptions {
  readonly home: HomeName;
  readonly link: ComponentLink;
  readonly names: GhostJids;
  readonly networks: readonly NetworkName[];
  readonly name: string;
  readonly version: string;
  readonly views: Views;
  readonly commands: AdHocCommands;
  readonly registration: Registration;
  readonly privileged: PrivilegedRosters;
  readonly grants: (domain: string) => Grants | undefined;
  /** Rooms that somebody may know of, as items of XEP-0030. */
  readonly rooms: (asker: BareJid) => readonly XmlElement[];
  /** Has changes of a contact list stored. Rejects with BridgeError. */
  readonly store: (acts: readonly StoredAct[]) => Promise<void>;
  readonly log: Logger;
}

interface Asked {
  readonly type: string;
  readonly child: XmlElement;
  readonly from: Jid;
  readonly who: BareJid;
  readonly resident: ResidentId;
  /** The gateway, or a ghost. */
  readonly us: BareJid;
  readonly isGateway: boolean;
  /** Whether the ghost's client was asked, and not its account. */
  readonly isClient: boolean;
}

/** An answer without a child. */
const DONE = "done";
/** There is no such node, or nothing on it. */
const NOBODY = "item-not-found";
/** `undefined`: nothing of the kind is offered. */
type Answer = XmlElement | typeof DONE | typeof NOBODY | undefined;

/** Answers what people and servers ask of the gateway and the ghosts. */
export class Services {
  readonly #o: ServicesOptions;
  readonly #gateway: Info;
  readonly #ghost: Info;
  readonly #account: Info;
  readonly #began = Date.now();

  constructor(options: ServicesOptions) {
    this.#o = options;
    this.#gateway = gatewayInfo(options.name);
    this.#ghost = ghostInfo(options.name);
    this.#account = ghostAccountInfo(options.name);
  }

  /** An iq of type get or set. `as`: who answers, where it is not who was asked. Never rejects. */
  async handle(iq: XmlElement, as?: Jid): Promise<void> {
    const { id, from, to, type } = iq.attrs;
    const [sender, target, child] = [readJid(from), readJid(to), elements(iq)[0]];
    if (sender === undefined || target === undefined || id === undefined || (type !== "get" && type !== "set")) return;
    const reply = (kind: "result" | "error", ...children: (XmlElement | undefined)[]): void =>
      this.#o.link.sendLoosely(el("iq", { type: kind, id, from: as ?? target, to: sender }, ...children));
    try {
      const us = bare(target);
      const isGateway = us === this.#o.names.gateway;
      if (!isGateway && this.#o.names.parse(us) === undefined)
        return reply("error", errorElement({ type: "cancel", condition: conditionOfNobody(target, child) }));
      const who = bare(sender);
      const resident = residentId(this.#o.home, who);
      const isClient = resourceOf(target) !== undefined;
      const answer =
        child && (await this.#answer({ type, child, from: sender, who, resident, us, isGateway, isClient }));
      if (answer === undefined) reply("error", errorElement({ type: "cancel", condition: "service-unavailable" }));
      else if (answer === NOBODY) reply("error", errorElement({ type: "cancel", condition: "item-not-found" }));
      else reply("result", answer === DONE ? undefined : answer);
    } catch (error) {
      const cause = asBridgeError(error);
      this.#o.log[cause.code === "internal" ? "error" : "debug"]({ err: cause }, "a request was refused");
      reply("error", failureElement(cause.code, cause.person));
    }
  }

  async #answer(asked: Asked): Promise<Answer> {
    const { type, child, isGateway } = asked;
    const namespace = child.getNS();
    if (type === "get") {
      if (namespace === NS.discoInfo) return this.#info(asked);
      if (namespace === NS.discoItems) return this.#items(asked);
      if (namespace === NS.vcard) return vcardTemp(this.#card(asked));
      if (namespace === NS.vcard4) return vcard4(this.#card(asked));
      if (namespace === NS.ping) return DONE;
      if (namespace === NS.version) return this.#version();
      if (namespace === NS.blocking) return this.#blocked(asked);
      if (!isGateway) return namespace === NS.pubsub ? this.#published(asked) : undefined;
      if (namespace === NS.time) return timeNow();
      if (namespace === NS.last) return this.#upSince();
      if (namespace === NS.register) return this.#o.registration.get(asked.resident);
      if (namespace === NS.gateway) return prompt(this.#o.networks);
      return undefined;
    }
    if (namespace === NS.blocking) return this.#block(asked);
    if (!isGateway) return undefined;
    if (namespace === NS.commands)
      return (await this.#o.commands.step(child, asked.from, asked.resident, asked.who)) ?? NOBODY;
    if (namespace === NS.gateway) return this.#promptAnswer(child);
    if (namespace === NS.roster) return this.#pushed(asked);
    if (namespace !== NS.register) return undefined;
    await this.#o.registration.set(asked.resident, child);
    return DONE;
  }

  #info({ child, isGateway, isClient }: Asked): Answer {
    const { node } = child.attrs;
    const info = isGateway ? this.#gateway : this.#ghost;
    if (!isGateway && !isClient && node === undefined) return infoQuery(this.#account);
    if (isCapsNode(node, info)) return infoQuery(info, node);
    if (!isGateway) return NOBODY;
    const automation = (type: string, name: string, features: readonly string[]): XmlElement =>
      infoQuery({ identities: [{ category: "automation", type, name }], features }, node);
    if (node === NS.commands) return automation("command-list", "Commands", [NS.commands]);
    const command = this.#o.commands.find(node);
    return command ? automation("command-node", command.name, [NS.commands, NS.data]) : NOBODY;
  }

  #items({ child, isGateway, resident, who }: Asked): Answer {
    const { node } = child.attrs;
    const { names, commands, rooms } = this.#o;
    const answer = (items: XmlElement[]): XmlElement => el("query", { xmlns: NS.discoItems, node }, items);
    if (!isGateway || node === undefined)
      return answer(
        isGateway ? [el("item", { jid: names.gateway, node: NS.commands, name: "Commands" }), ...rooms(who)] : [],
      );
    if (node === NS.commands) return answer(commands.items(resident));
    return commands.find(node) ? answer([]) : NOBODY;
  }

  #version(): Answer {
    return el("query", { xmlns: NS.version }, el("name", {}, "msnbridge"), el("version", {}, this.#o.version));
  }

  /** Of the gateway itself (XEP-0012 §5); how long somebody on MSN has been idle or away is not known. */
  #upSince(): Answer {
    return el("query", { xmlns: NS.last, seconds: `${Math.floor((Date.now() - this.#began) / 1000)}` });
  }

  /** What a contact shows, where clients look for what people publish (XEP-0163, XEP-0292 §3, XEP-0172, XEP-0118). */
  #published(asked: Asked): Answer {
    const node = asked.child.getChild("items")?.attrs.node;
    const contact = this.#o.views.contact(asked.resident, asked.us);
    const what = (): XmlElement | undefined => {
      if (node === NS.vcard4Node) return vcard4(this.#card(asked));
      const nick = contact?.contact.displayName;
      if (node === NS.nick && nick !== undefined) return el("nick", { xmlns: NS.nick }, nick);
      const media = contact?.isOn ? contact.contact.presence.media : undefined;
      return node === NS.tune && media !== undefined ? tuneElement(media) : undefined;
    };
    const now = what();
    return node !== undefined && now ? el("pubsub", { xmlns: NS.pubsub }, nodeItems(node, now)) : NOBODY;
  }

  #card({ us, isGateway, resident }: Asked): Card {
    if (isGateway)
      return { name: this.#o.name, nickname: undefined, email: undefined, note: "Say `help` for what I can do." };
    const view = this.#o.views.contact(resident, us);
    const address = this.#o.names.parse(us)?.contact ?? us;
    const { displayName, presence } = view?.contact ?? { displayName: address, presence: undefined };
    return { name: displayName, nickname: displayName, email: address, note: presence?.text };
  }

  /** Whom a person has blocked on their networks (XEP-0191 §3.2). */
  #blocked({ child, resident }: Asked): Answer {
    if (child.getName() !== "blocklist") return undefined;
    const { views } = this.#o;
    const blocked = [...views.ghosts(resident)].filter((jid) => views.contact(resident, jid)?.contact.blocked);
    return el(
      "blocklist",
      { xmlns: NS.blocking },
      blocked.map((jid) => el("item", { jid })),
    );
  }

  async #block({ child, resident, from, us, isGateway }: Asked): Promise<Answer> {
    const kind = child.getName();
    if (kind !== "block" && kind !== "unblock") return undefined;
    const items = elements(child).flatMap(({ attrs }) => readJid(attrs.jid) ?? []);
    const all = kind === "unblock" && items.length === 0;
    const { views, names, store } = this.#o;
    if (views.accounts(resident).length === 0) throw new BridgeError("not-linked");
    const meant = all
      ? [...views.ghosts(resident)].filter((jid) => views.contact(resident, jid)?.contact.blocked)
      : items.map(bare);
    // Addressed to a ghost, it can only be about that one.
    const ghosts = meant.filter((jid) => names.parse(jid) !== undefined && (isGateway || jid === us)).slice(0, 1000);
    if (ghosts.length === 0 && !all)
      throw new BridgeError("bad-input", { detail: "none of these is a contact of MSN" });
    await store(ghosts.map((to) => ({ kind: "act", act: kind, from, to })));
    return DONE;
  }

  /** A server tells a privileged entity what a person has changed in their list. Nobody else may. */
  async #pushed({ child, from, resident }: Asked): Promise<Answer> {
    const grants = this.#o.grants(domainOf(from));
    if (resourceOf(from) !== undefined || (grants?.roster !== "both" && grants?.roster !== "get")) return undefined;
    const acts = this.#o.privileged.pushed(resident, from, readRoster(el("iq", {}, child)));
    if (acts.length > 0) await this.#o.store(acts);
    return DONE;
  }

  /** XEP-0100 §5: an MSN address as a JID; of another network than the first, with its name behind a `%`. */
  #promptAnswer(query: XmlElement): Answer {
    const text = (query.getChildText("prompt") ?? "").trim();
    const mark = text.lastIndexOf("%");
    const named = mark < 0 ? undefined : this.#o.networks.find((one) => one === text.slice(mark + 1).toLowerCase());
    const network = named ?? this.#o.networks[0];
    if (network === undefined) return undefined;
    const contact = parseContactAddress(named === undefined ? text : text.slice(0, mark));
    const jid = this.#o.names.jid({ network, contact });
    return el("query", { xmlns: NS.gateway }, el("jid", {}, jid), el("prompt", {}, jid));
  }
}

/**
 * Nobody is there. Who asks by that whether they are still in a room, one that is gone, is not: `item-not-found` would say that
 * they are, and their name there is another now (XEP-0410 §3.3).
 */
function conditionOfNobody(target: Jid, child: XmlElement | undefined): "not-acceptable" | typeof NOBODY {
  const isSelfPing = child?.getNS() === NS.ping && resourceOf(target) !== undefined;
  return isSelfPing ? "not-acceptable" : NOBODY;
}

/** XEP-0202; what time it is for somebody on MSN is not known. */
function timeNow(): XmlElement {
  const utc = new Date().toISOString().replace(/\.\d+/, "");
  return el("time", { xmlns: NS.time }, el("tzo", {}, "+00:00"), el("utc", {}, utc));
}

function prompt([, ...others]: readonly NetworkName[]): XmlElement {
  const elsewhere = others.length === 0 ? "" : ` For other networks, add %${others.join(" or %")} to it.`;
  return el(
    "query",
    { xmlns: NS.gateway },
    el("desc", {}, `Enter the MSN address of the person you would like to talk with.${elsewhere}`),
    el("prompt", {}, "MSN address"),
  );
}
