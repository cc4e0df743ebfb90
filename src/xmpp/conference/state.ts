import { createHmac } from "node:crypto";
import { RecentMap } from "../../bridge/recent.ts";
import type { Secret } from "../../bridge/secret.ts";
import { type BareJid, domainOf, type Jid } from "../jid.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { destroyElement, no, occupantPresence, refusalOf, STATUS } from "./build.ts";
import { History } from "./history.ts";
import { type NickKey, nickKey } from "./nicks.ts";
import { entryRole } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { type Seat, Seats } from "./seats.ts";
import {
  type Act,
  type Affiliation,
  type By,
  DEFAULT_CONFIG,
  DEFAULT_ROOM_LIMITS,
  DEFAULT_RULES,
  type Departure,
  type PresenceParts,
  type Refusal,
  type RoomConfig,
  type RoomEvent,
  type RoomLimits,
  type Rule,
  type Rules,
  type WishId,
} from "./types.ts";

export interface Member {
  affiliation: Affiliation;
  /** Kept for them, also while they are away. */
  nick: string | undefined;
}

export interface Subject {
  readonly text: string;
  /** "" when nobody in particular has set it. */
  readonly nick: string;
  /** Unix ms; `undefined`: never set. */
  readonly at: number | undefined;
}

/** What somebody wants and the network has not answered yet. */
export interface Wish {
  readonly id: WishId;
  readonly at: number;
  /** As who they were when they asked: they may have left since. */
  readonly by: By;
  readonly stanza: XmlElement;
  /** As it was told; says what is to be done. */
  readonly event: RoomEvent;
}

export interface RoomOptions {
  readonly jid: BareJid;
  /** Of the installation: occupant ids are made with it. */
  readonly secret: Secret;
  /** A name that nothing else has. */
  readonly newId: () => string;
  readonly config?: Partial<RoomConfig>;
  /** Settings that the network dictates, and no owner changes. */
  readonly fixed?: readonly (keyof RoomConfig)[];
  readonly rules?: Partial<Rules>;
  readonly limits?: Partial<RoomLimits>;
}

/** A request is refused; thrown before anything has happened, and answered where requests come in. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.text);
    this.refusal = refusal;
  }
}

/** @throws Refused, always. */
export function deny(refusal: Refusal): never {
  throw new Refused(refusal);
}

/** What a request comes to, when its acts are allowed by the room's rules. `id`: of the wish, and of what is said. */
export interface Proposal {
  readonly acts: readonly Act[];
  readonly event: (id: WishId) => RoomEvent;
}

/** Collects what is to be sent and told. */
export class Out {
  readonly stanzas: XmlElement[] = [];
  readonly events: RoomEvent[] = [];

  send(...stanzas: readonly XmlElement[]): void {
    this.stanzas.push(...stanzas);
  }

  tell(event: RoomEvent): void {
    this.events.push(event);
  }

  refuse({ stanza, who }: Pick<RoomRequest, "stanza" | "who">, refusal: Refusal): void {
    const { condition, text } = refusal;
    this.send(refusalOf(stanza, refusal));
    this.tell({ kind: "refused", who, condition, text });
  }
}

export interface Announcement {
  readonly isGone?: boolean;
  readonly codes?: readonly string[];
  /** Of somebody who takes another: the new nick. */
  readonly nick?: string;
  readonly reason?: string;
  readonly actor?: string | undefined;
  readonly destroy?: XmlElement;
  /** What somebody shows as they go. */
  readonly shown?: PresenceParts;
}

/** Nicks of the past that are kept in mind. */
const MOST_GONE = 50;
/** Invitations that are kept in mind. */
const INVITED = 100;

/** Everything that one room knows. */
export class RoomState {
  readonly jid: BareJid;
  readonly limits: RoomLimits;
  rules: Rules;
  fixed: ReadonlySet<keyof RoomConfig>;
  readonly newId: () => string;
  readonly seats = new Seats();
  readonly members = new Map<BareJid, Member>();
  readonly wishes = new Map<WishId, Wish>();
  /** The last invitations, by their ids: they may come back. `isNew`: a member by it alone. */
  readonly invited = new RecentMap<string, { readonly to: BareJid; readonly by: BareJid; readonly isNew: boolean }>(
    INVITED,
  );
  history: History;
  config: RoomConfig;
  subject: Subject = { text: "", nick: "", at: undefined };
  isDestroyed = false;
  /** Nicks of those who have left last, oldest first: somebody may not have heard of it. */
  readonly gone: string[] = [];
  /** Counts the changes. */
  revision = 0;
  readonly #secret: Secret;
  /** Occupant ids that were made. */
  readonly #ids = new Map<BareJid, string>();
  readonly #reserved = new Map<NickKey, BareJid>();

  constructor(o: RoomOptions) {
    this.jid = o.jid;
    this.#secret = o.secret;
    this.newId = o.newId;
    this.limits = { ...DEFAULT_ROOM_LIMITS, ...o.limits };
    this.rules = { ...DEFAULT_RULES, ...o.rules };
    this.config = { ...DEFAULT_CONFIG, ...o.config };
    this.fixed = new Set(o.fixed ?? []);
    this.history = new History(this.limits);
  }

  isGhost(who: BareJid): boolean {
    return domainOf(who as string as Jid) === domainOf(this.jid as string as Jid);
  }

  /** XEP-0421: the same for a person in this room, whatever they are called, and nothing by which they are known elsewhere. */
  occupantId(who: BareJid): string {
    const known = this.#ids.get(who);
    if (known !== undefined) return known;
    const id = createHmac("sha256", this.#secret.open()).update(`occupant\n${this.jid}\n${who}`).digest("base64url");
    if (this.#ids.size > this.limits.members) this.#ids.clear();
    this.#ids.set(who, id);
    return id;
  }

  affiliationOf(who: BareJid): Affiliation {
    return this.members.get(who)?.affiliation ?? "none";
  }

  /** Something has changed that a snapshot holds. */
  touch(): void {
    this.revision += 1;
  }

  /**
   * False when there is no room for another. A nick that is kept for somebody else is not given away; `null`: none is kept
   * any more.
   */
  setMember(
    who: BareJid,
    affiliation: Affiliation,
    nick: string | null = this.members.get(who)?.nick ?? null,
  ): boolean {
    const known = this.members.get(who);
    if (!known && affiliation !== "none" && this.members.size >= this.limits.members) return false;
    this.touch();
    if (known?.nick !== undefined) this.#reserved.delete(nickKey(known.nick));
    this.members.delete(who);
    if (affiliation === "none") return true;
    const isFree = nick !== null && affiliation !== "outcast" && !this.isTaken(nickKey(nick), who);
    this.members.set(who, { affiliation, nick: isFree ? nick : undefined });
    if (isFree) this.#reserved.set(nickKey(nick), who);
    return true;
  }

  /** Whether somebody else than `who` has the nick, or has it kept. */
  isTaken(key: NickKey, who: BareJid): boolean {
    const seat = this.seats.named(key);
    const reserved = this.#reserved.get(key);
    return (seat !== undefined && seat.who !== who) || (reserved !== undefined && reserved !== who);
  }

  by({ who, from }: Pick<RoomRequest, "who" | "from">): By {
    return { who, from, nick: this.seats.at(from)?.nick };
  }

  /** @throws Refused when that is done here in no case, whoever asks. */
  refuseOutright(...acts: readonly Act[]): void {
    const rule = this.rule(...acts);
    if (typeof rule === "object") deny(no.allowed(rule.refused));
  }

  /** The narrowest of the rules of several acts. */
  rule(...acts: readonly Act[]): Rule {
    const rules = acts.map((act) => this.rules[act]);
    const refused = rules.find((rule) => typeof rule === "object");
    return refused ?? (rules.includes("ask") ? "ask" : "free");
  }

  seesAddresses(viewer: Seat): boolean {
    return this.config.whois === "anyone" || viewer.role === "moderator";
  }

  /** A presence of one occupant for one client of another, or of their own. */
  presenceFor(seat: Seat, viewer: Seat, client: Jid, about: Announcement = {}): XmlElement {
    const { isGone = false, nick, reason, actor, destroy, codes = [], shown = [] } = about;
    const isOwn = viewer === seat;
    const jid = this.seesAddresses(viewer) || isOwn ? this.seats.addressOf(seat) : undefined;
    const affiliation = this.affiliationOf(seat.who);
    const role = isGone && nick === undefined ? "none" : seat.role;
    return occupantPresence({
      room: this.jid,
      nick: seat.nick,
      to: client,
      isGone,
      item: { affiliation, role, jid: isOwn ? client : jid, nick, reason, actor },
      codes: isOwn ? [STATUS.self, ...codes] : codes,
      occupantId: this.occupantId(seat.who),
      shown: isGone ? shown : seat.shown,
      destroy,
    });
  }

  /** Every client of everybody who sits here. */
  *clients(): IterableIterator<{ seat: Seat; client: Jid }> {
    for (const seat of this.seats) for (const client of seat.clients.keys()) yield { seat, client };
  }

  /** Tells all clients how somebody is. */
  announce(out: Out, seat: Seat, about: Announcement = {}, except?: Jid): void {
    for (const { seat: viewer, client } of this.clients()) {
      if (client !== except) out.send(this.presenceFor(seat, viewer, client, about));
    }
  }

  /** Somebody is out, all of their clients. */
  remove(out: Out, seat: Seat, how: Departure, about: Announcement): void {
    this.announce(out, seat, { ...about, isGone: true });
    this.seats.remove(seat);
    this.hasGone(seat.nick);
    this.touch();
    out.tell({ kind: "left", who: seat.who, nick: seat.nick, how, reason: about.reason ?? "" });
  }

  hasGone(nick: string): void {
    this.gone.push(nick);
    if (this.gone.length > MOST_GONE) this.gone.shift();
  }

  /** Gives somebody the role that goes with their affiliation. */
  settleRole(seat: Seat): void {
    seat.role = entryRole(this.affiliationOf(seat.who));
  }

  /** The room is no more; everybody is out. */
  destroy(out: Out, reason: string, instead?: BareJid): void {
    for (const { seat, client } of [...this.clients()]) {
      out.send(this.presenceFor(seat, seat, client, { isGone: true, destroy: destroyElement(reason, instead) }));
    }
    for (const seat of [...this.seats]) this.seats.remove(seat);
    this.isDestroyed = true;
    this.touch();
  }
}
