/** What people want in rooms of groups: stored first, then done; what the network decides waits for it. */
import type { Logger } from "pino";
import { asBridgeError, type BridgeError } from "../../../bridge/errors.ts";
import type { GroupView } from "../../../bridge/groups/model.ts";
import { type GhostRef, type HomeName, type ResidentId, residentId } from "../../../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../../bridge/ports/home.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import type {
  Affiliation,
  Change,
  Conference,
  Refusal,
  Room,
  RoomEvent,
  WishId,
  WishSnapshot,
} from "../../conference/index.ts";
import type { GhostJids } from "../../convert/ghost.ts";
import { batchOf } from "../../convert/heard.ts";
import type { Stored } from "../../convert/stored.ts";
import type { IntakeSpool } from "../../intake.ts";
import { type BareJid, type Jid, readJid } from "../../jid.ts";
import { CONDITIONS, errorElement } from "../../stanza/errors.ts";
import { errorMessage, readMessage } from "../../stanza/message.ts";
import { el, elements, type XmlElement } from "../../stanza/xml.ts";
import { cardInRoom } from "../rooms/questions.ts";
import { idOfRoom, isGuest } from "./address.ts";
import { heardInRoom } from "./heard.ts";
import { aboutWhat, type Remembered, type RoomMemory } from "./memory.ts";
import type { RoomNotes } from "./notes.ts";
import { IN_GROUP, NOT_IN_GROUP } from "./rules.ts";
import type { Insiders } from "./standing.ts";

export interface WishesOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly names: GhostJids;
  readonly spool: IntakeSpool;
  readonly conference: () => Conference;
  readonly notes: RoomNotes;
  readonly memory: RoomMemory;
  /** Why people are in a room; `undefined`: it is none of a group's. */
  readonly insiders: (room: BareJid) => Insiders | undefined;
  /** Somebody has set a room's subject. */
  readonly subjectSet: (room: Room, by: BareJid) => void;
  readonly send: (stanza: XmlElement) => void;
  /** A stanza to a ghost, as if it had been sent to its own address; `place`: where it was sent. */
  readonly toGhost: (stanza: XmlElement, place: Jid | undefined) => void;
  /** Answers what a ghost is asked by iq, in the name of its place in a room. */
  readonly answer: (ghost: BareJid, iq: XmlElement) => void;
  readonly log: Logger;
}

/** Something that the network is to do first. */
interface Held {
  readonly room: BareJid;
  readonly who: BareJid;
  /** Whether it has, by how the group is now. */
  readonly isDone: (view: GroupView) => boolean;
}

const HELD = 1000;
type Told<Kind extends RoomEvent["kind"]> = Extract<RoomEvent, { kind: Kind }> & { readonly wish: WishId };

export class Wishes {
  readonly #o: WishesOptions;
  readonly #held = new RecentMap<WishId, Held>(HELD);
  readonly #heldIds = new Set<WishId>();
  /** Words that were granted, of which it is not known whether they have gone out. */
  readonly #unsure = new Map<WishId, Room>();

  constructor(options: WishesOptions) {
    this.#o = options;
  }

  /** What a room tells. Never throws. */
  told(room: Room, event: RoomEvent): void {
    try {
      this.#handle(room, event);
    } catch (error) {
      this.#o.log.error(
        { err: asBridgeError(error), kind: event.kind },
        "what happened in a room could not be handled",
      );
    }
  }

  /** Words that were on their way to the store when the bridge ended. What the store has already is there once. */
  resume(room: Room, wish: WishId, event: RoomEvent): void {
    if (event.kind !== "said") return;
    if (room.history.some(({ stanzaId }) => stanzaId === wish)) {
      room.forget(wish);
      this.#dropNote(room, wish);
    } else this.#said(room, { ...event, wish }, true);
  }

  /** The link is there: what may not have gone out goes out again, under its id. */
  online(): void {
    const unsure = [...this.#unsure];
    this.#unsure.clear();
    for (const [wish, room] of unsure) this.#grantSaid(room, wish);
  }

  /** Wishes that the network has fulfilled, as one sees by what the group is now. */
  fulfilled(room: BareJid, view: GroupView): WishId[] {
    const done = [...this.#heldIds].filter((id) => {
      const held = this.#held.get(id);
      return held === undefined || (held.room === room && held.isDone(view));
    });
    for (const id of done) this.#release(id);
    return done;
  }

  /** The network has not done it. False: it was no such wish. */
  failed(room: Room, wish: WishId, refusal: Refusal): boolean {
    const id = wish.replace(/~\d+$/, "");
    const isHeld = this.#heldIds.has(id) && room.isWished(id);
    this.#release(id);
    if (!isHeld) return false;
    this.#o.conference().loosely(room, (one) => one.refuse(id, refusal));
    return true;
  }

  /** The network has not done what somebody waits for in a room, whatever that is. */
  failedFor(room: Room, who: BareJid, refusal: Refusal): void {
    for (const id of [...this.#heldIds]) {
      const held = this.#held.get(id);
      if (held?.room === room.jid && held.who === who) this.failed(room, id, refusal);
    }
  }

  #release(id: WishId): void {
    this.#heldIds.delete(id);
    this.#held.delete(id);
  }

  #handle(room: Room, event: RoomEvent): void {
    const wish = "wish" in event ? event.wish : undefined;
    switch (event.kind) {
      case "said":
        if (wish !== undefined) this.#said(room, { ...event, wish });
        return;
      case "typing":
        this.#o.host().typing(idOfRoom(room.jid), this.#id(event.by.who), event.isTyping);
        return;
      case "subject":
        if (wish !== undefined) this.#subject(room, { ...event, wish });
        return;
      case "invited":
        for (const { to, isGhost } of event.invitees)
          if (!isGhost && !this.#isInGroup(room, to)) this.#lodge(room, to, "member");
        if (wish !== undefined) this.#invited(room, { ...event, wish });
        return;
      case "uninvited":
        // Who has come into the group meanwhile has a place here by that.
        if (this.#isInGroup(room, event.who))
          this.#o.conference().loosely(room, (one) => one.rank(event.who, "member"));
        else this.#lodge(room, event.who, "none");
        return;
      case "changed":
        if (wish !== undefined) this.#changed(room, { ...event, wish });
        return;
      case "configured":
        if (wish !== undefined) this.#configured(room, { ...event, wish });
        return;
      case "private":
        this.#private(event);
        return;
      case "asked":
        this.#asked(room, event);
        return;
      default:
        this.#o.log.debug({ room: room.jid, kind: event.kind }, "in a room");
    }
  }

  /** Noted, stored, shown, in this order; what was noted is taken up after a crash. */
  #said(room: Room, event: Told<"said">, isResumed = false): void {
    const { by, wish, stanza } = event;
    const message = readMessage(stanza);
    const packed = room.packedWish(wish);
    if (message === undefined || packed === undefined) return;
    const before = isResumed ? undefined : this.#o.memory.find(room, message.id ?? "", by.who);
    let items: IntakeItem[] | undefined;
    this.#o.spool.put({
      id: batchOf(message, `muc-${wish}`),
      resident: this.#id(by.who),
      items: async () => {
        if (!isResumed) this.#note(room, packed);
        await this.#o.memory.recollect(room, aboutWhat(event.words));
        // Once: what is heard is remembered.
        items ??= heardInRoom(room, event, this.#o.memory, this.#o.names.gateway).map((raw) => this.#item(room, raw));
        return items;
      },
      stored: () => this.#grantSaid(room, wish),
      repeated: () => {
        if (isResumed) this.#grantSaid(room, wish);
        else this.#saidBefore(room, event, message.id, before);
      },
      refused: (why) => {
        this.#refuse(room, wish, why);
        this.#dropNote(room, wish);
      },
    });
  }

  /** On its way to the store before the words are: nobody need wait for it. */
  #note(room: Room, wish: WishSnapshot): void {
    this.#o.notes
      .keepWish(room.jid, wish)
      .catch((error: unknown) => this.#o.log.debug({ err: error, room: room.jid }, "words were not noted"));
  }

  /**
   * A client that was cut off says again what it does not know to have arrived: it alone is shown it once more, unless nobody
   * has seen it yet.
   */
  #saidBefore(room: Room, { by, wish }: Told<"said">, id: string | undefined, before: Remembered | undefined): void {
    if (before === undefined) {
      this.#grantSaid(room, wish);
      return;
    }
    room.forget(wish);
    this.#dropNote(room, wish);
    this.#o.memory.note(room, by.who, id, before);
    this.#o.conference().loosely(room, (one) => one.repeat(before.stanzaId, by.from));
  }

  #grantSaid(room: Room, wish: WishId): void {
    this.#o
      .conference()
      .grant(room, wish)
      .then(
        () => this.#shown(room, wish),
        (error: unknown) => {
          this.#o.log.debug({ err: error, room: room.jid }, "words may not have gone out");
          this.#unsure.set(wish, room);
        },
      )
      .catch((error: unknown) => this.#o.log.warn({ err: error, room: room.jid }, "words in a room were not noted"));
  }

  async #shown(room: Room, wish: WishId): Promise<void> {
    const said = room.history.find(({ stanzaId }) => stanzaId === wish);
    if (said) await this.#o.notes.keepSaid(room.jid, said);
    await this.#o.notes.dropWish(room.jid, wish);
  }

  #subject(room: Room, { by, subject, wish }: Told<"subject">): void {
    const change = { what: "topic", text: subject } as const;
    this.#store(room, by.who, wish, [{ kind: "reshaped", ...this.#base(room, by.from, wish), change }], () => {
      this.#grant(room, wish);
      this.#o.subjectSet(room, by.who);
    });
  }

  #invited(room: Room, { by, invitees, wish }: Told<"invited">): void {
    const ghosts = invitees.filter(({ isGhost }) => isGhost).map(({ to }) => ({ jid: to, ghost: this.#ghost(to) }));
    const nobody = ghosts.find(({ ghost }) => ghost === undefined);
    if (nobody) {
      this.#refuseWith(room, wish, `${nobody.jid} is not the JID of anybody on MSN.`);
      return;
    }
    const raws = ghosts.flatMap(({ ghost }, i): Stored[] =>
      ghost ? [{ kind: "asked", ...this.#base(room, by.from, wish, i), ghost }] : [],
    );
    this.#store(room, by.who, wish, raws, () => this.#grant(room, wish));
  }

  /** Out, or of another rank: on the network first. */
  #changed(room: Room, { by, changes, wish }: Told<"changed">): void {
    const acts = changes.filter(({ isGhost }) => isGhost).map((change) => ({ change, ghost: this.#ghost(change.who) }));
    const nobody = acts.find(({ ghost }) => ghost === undefined);
    const others = changes.filter(({ isGhost }) => !isGhost);
    const why = nobody ? whyNobody(nobody.change) : others.flatMap((change) => this.#whyNot(room, change) ?? [])[0];
    if (why !== undefined) {
      this.#refuseWith(room, wish, why);
      return;
    }
    for (const { who, affiliation } of others) if (affiliation !== undefined) this.#lodge(room, who, affiliation);
    if (acts.length === 0) {
      this.#grant(room, wish);
      return;
    }
    const wanted = acts.flatMap(({ change, ghost }) => (ghost ? [{ ghost, to: standingOf(change) }] : []));
    const raws = wanted.map(({ ghost, to }, i): Stored => {
      const base = this.#base(room, by.from, wish, i);
      if (to === "out") return { kind: "removed", ...base, ghost };
      return { kind: "reshaped", ...base, change: { what: "role", ghost, role: to } };
    });
    this.#store(room, by.who, wish, raws, () => {
      this.#hold(room, by.who, wish, (view) => wanted.every(({ ghost, to }) => stands(view, ghost) === to));
    });
  }

  /** Who is not in the group may be let in by others, as clients do before they ask them in, and be put out and banned. */
  #whyNot(room: Room, { who, affiliation }: Change): string | undefined {
    if (this.#isInGroup(room, who)) return IN_GROUP;
    return affiliation === "admin" || affiliation === "owner" ? NOT_IN_GROUP : undefined;
  }

  #isInGroup({ jid }: Room, who: BareJid): boolean {
    return this.#o.insiders(jid)?.inGroup.has(who) !== false;
  }

  #lodge({ jid }: Room, who: BareJid, affiliation: Affiliation): void {
    const lodgers = this.#o.insiders(jid)?.lodgers;
    if (affiliation === "none" || affiliation === "outcast") lodgers?.delete(who);
    else lodgers?.add(who);
  }

  #configured(room: Room, { by, config, wish }: Told<"configured">): void {
    const { name } = config;
    if (name === undefined) {
      this.#grant(room, wish);
      return;
    }
    const change = { what: "name", text: name } as const;
    this.#store(room, by.who, wish, [{ kind: "reshaped", ...this.#base(room, by.from, wish), change }], () => {
      this.#hold(room, by.who, wish, (view) => view.name === name);
    });
  }

  /** Where addresses are not for everybody, a contact's card is not either. */
  #asked(room: Room, { ghost, iq }: Extract<RoomEvent, { kind: "asked" }>): void {
    const nick = room.occupants.find(({ who }) => who === ghost)?.nick;
    const card = room.config.whois === "anyone" ? undefined : cardInRoom(iq, nick);
    if (card !== undefined) this.#o.send(card);
    else this.#o.answer(ghost, iq);
  }

  /** Words to one contact alone go where one talks with them alone, and so do the answers. */
  #private({ by, to, stanza }: Extract<RoomEvent, { kind: "private" }>): void {
    const { id, to: place } = stanza.attrs;
    if (this.#ghost(to) === undefined) {
      const text = "They are a guest who speaks by way of the bridge: nothing can be said to them alone.";
      const error = errorElement({ type: "cancel", condition: "not-allowed" }, text);
      if (id !== undefined && place !== undefined)
        this.#o.send(errorMessage({ from: place as Jid, to: by.from }, id, error));
      return;
    }
    this.#o.toGhost(el("message", { from: by.from, to, id, type: "chat" }, elements(stanza)), readJid(place));
  }

  #hold(room: Room, who: BareJid, wish: WishId, isDone: Held["isDone"]): void {
    this.#held.set(wish, { room: room.jid, who, isDone });
    this.#heldIds.add(wish);
  }

  #store(room: Room, who: BareJid, wish: WishId, raws: readonly Stored[], stored: () => void): void {
    this.#o.spool.put({
      id: `muc-${wish}`,
      resident: this.#id(who),
      items: async () => raws.map((raw) => this.#item(room, raw)),
      stored,
      refused: (why) => this.#refuse(room, wish, why),
    });
  }

  #item(room: Room, raw: Stored): IntakeItem {
    const resident = residentId(this.#o.home, raw.from.replace(/\/.*$/s, ""));
    return { resident, room: idOfRoom(room.jid), control: raw.kind === "command", raw };
  }

  #base(room: Room, from: Jid, wish: WishId, i = 0) {
    return { from, to: room.jid, room: room.jid, as: i === 0 ? wish : `${wish}~${i}` };
  }

  #grant(room: Room, wish: WishId): void {
    this.#o.conference().loosely(room, (one, now) => one.grant(wish, now));
  }

  #refuse(room: Room, wish: WishId, why: BridgeError): void {
    this.#o.conference().loosely(room, (one) => one.refuse(wish, { ...CONDITIONS[why.code], text: why.person }));
  }

  #refuseWith(room: Room, wish: WishId, text: string): void {
    const refusal = { type: "cancel", condition: "not-allowed", text } as const;
    this.#o.conference().loosely(room, (one) => one.refuse(wish, refusal));
  }

  #dropNote(room: Room, wish: WishId): void {
    this.#o.notes
      .dropWish(room.jid, wish)
      .catch((error: unknown) => this.#o.log.debug({ err: error, wish }, "a note is left"));
  }

  #ghost(jid: BareJid): GhostRef | undefined {
    return this.#o.names.parse(jid);
  }

  #id(who: BareJid): ResidentId {
    return residentId(this.#o.home, who);
  }
}

function whyNobody({ who }: Change): string {
  if (isGuest(who))
    return "They are a guest who speaks by way of the bridge; their own room is the place to put them out.";
  return `${who} is not the JID of anybody on MSN.`;
}

/** Who is banned or no member any more is out: MSN knows no ban. */
function standingOf({ act, affiliation }: Change): "out" | "admin" | "member" {
  if (act === "kick" || affiliation === "none" || affiliation === "outcast") return "out";
  return affiliation === "admin" || affiliation === "owner" ? "admin" : "member";
}

function stands({ people }: GroupView, { network, contact }: GhostRef): "out" | "admin" | "member" {
  const person = people.find(
    (one) => one.kind === "ghost" && one.ghost.network === network && one.ghost.contact === contact,
  );
  if (person === undefined || person.role === "pending") return "out";
  return person.role;
}
