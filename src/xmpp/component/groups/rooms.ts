import type { Logger } from "pino";
import { BridgeError } from "../../../bridge/errors.ts";
import type { GroupId, GroupSpeaker, GroupView } from "../../../bridge/groups/model.ts";
import { ownTopic } from "../../../bridge/groups/view.ts";
import {
  type Failure,
  type GhostRef,
  type GroupMessage,
  type MessageId,
  messageId,
  type ResidentId,
  type RoomId,
} from "../../../bridge/model.ts";
import type { GroupHosting, RoomPower } from "../../../bridge/ports/groups.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import { excerpt } from "../../../bridge/text/quote.ts";
import type { Conference, Outcome, Room, RoomSnapshot, Speech } from "../../conference/index.ts";
import { join } from "../../conference/room.ts";
import { type GhostJids, residentJid } from "../../convert/ghost.ts";
import { saidAt, stanzaId } from "../../convert/text.ts";
import { type BareJid, type Jid, jidParts, readJid } from "../../jid.ts";
import { Rings } from "../../rings.ts";
import { CONDITIONS } from "../../stanza/errors.ts";
import { viaElements } from "../../stanza/via.ts";
import { el, NS } from "../../stanza/xml.ts";
import { GhostTyping } from "../../typing.ts";
import { subjectWithNote } from "../rooms/subject.ts";
import { guestOf, idOfRoom, isGuest, roomJid, roomOf } from "./address.ts";
import type { RoomMemory } from "./memory.ts";
import type { RoomNotes } from "./notes.ts";
import { kindOf, rulesOf, type Tie } from "./rules.ts";
import { type Shape, seatOf, shapeOf } from "./shape.ts";
import { ghostsRanked, ghostsUnranked, type Insiders, ownersFound, peopleRanked, runningIt } from "./standing.ts";
import type { Wishes } from "./wishes.ts";
import { reactionsAfter, speechOf } from "./words.ts";

export interface OwnRoomsOptions {
  readonly names: GhostJids;
  readonly conference: Conference;
  readonly notes: RoomNotes;
  readonly memory: RoomMemory;
  readonly wishes: Wishes;
  /** The gateway says something to a person, in their chat with it. */
  readonly say: (resident: ResidentId, text: string, key: string) => Promise<MessageId>;
  readonly log: Logger;
}

/** How long a guest sits in a room after their last words, ms. */
const GUEST_MS = 30 * 60_000;
/** Messages that are known to have gone out. */
const SENT = 20_000;

/** What is known of a room beside what the conference knows. */
interface About extends Insiders {
  tie: Tie;
  /** People who have been asked in, once. */
  readonly asked: Set<BareJid>;
  /** What stands of the bridge behind the people's own subject; empty: nothing. */
  told: string;
  /** How each guest is called, and when they have spoken last, Unix ms. */
  readonly guests: Map<BareJid, { readonly name: string; readonly at: number }>;
}

/** The rooms of groups that are ours: what {@link GroupHosting} asks, done in the conference. */
export class OwnRooms implements Omit<GroupHosting, "publicName"> {
  readonly #o: OwnRoomsOptions;
  readonly #about = new Map<BareJid, About>();
  readonly #sent = new RecentMap<string, true>(SENT);
  /** What is to be written down; `undefined`: the room is no more. */
  readonly #changed = new Map<BareJid, RoomSnapshot | undefined>();
  readonly #typing: GhostTyping;
  readonly #rings = new Rings();

  constructor(options: OwnRoomsOptions) {
    this.#o = options;
    this.#typing = new GhostTyping((ghost, jid, state) => {
      const room = this.#o.conference.rooms.get(jid);
      const parts = [el(state, { xmlns: NS.chatStates }), el("no-store", { xmlns: NS.hints })];
      if (room) this.#o.conference.loosely(room, (one) => one.passOn(ghost, parts));
    });
  }

  /** Rooms as they were before the bridge ended. @throws BridgeError `store-down`. */
  async restore(): Promise<void> {
    const { conference, notes, wishes, names } = this.#o;
    const memos = await notes.load();
    const ties = new Map(memos.map(({ snapshot, tie }) => [snapshot.jid, tie]));
    const kind = (room: BareJid) => kindOf(ties.get(room) ?? { kind: "several", plumbed: false }, names.gateway);
    conference.restore({ rooms: memos.map(({ snapshot }) => snapshot) }, kind);
    for (const { snapshot, tie, asked, lodgers, told = "" } of memos) {
      // Everybody in a group is asked into its room.
      const inGroup = new Set(tie.group === undefined || tie.plumbed ? [] : asked);
      const about = { tie, inGroup, asked: new Set(asked), lodgers: new Set(lodgers), told, guests: new Map() };
      this.#about.set(snapshot.jid, about);
      for (const said of snapshot.history) this.#sent.set(sentKey(snapshot.jid, said.stanzaId), true);
    }
    for (const room of conference.rooms.values())
      for (const { wish, event } of room.wishes) wishes.resume(room, wish, event);
  }

  /** Writes down what has changed. @throws BridgeError `store-down`: what was not written is when this is called again. */
  async keep(): Promise<void> {
    const { rooms, gone } = this.#o.conference.changed();
    for (const jid of gone) this.#changed.set(jid, undefined);
    for (const snapshot of rooms) this.#changed.set(snapshot.jid, snapshot);
    for (const [jid, snapshot] of [...this.#changed]) {
      if (snapshot === undefined) await this.#drop(jid);
      else await this.#write(snapshot);
      if (this.#changed.get(jid) === snapshot) this.#changed.delete(jid);
    }
  }

  /** Guests who have said nothing for long go. */
  sweep(now = Date.now()): void {
    for (const room of this.#o.conference.rooms.values()) {
      const guests = this.#about.get(room.jid)?.guests;
      for (const { who } of room.occupants) {
        if (!isGuest(who) || now - (guests?.get(who)?.at ?? 0) < GUEST_MS) continue;
        guests?.delete(who);
        this.#o.conference.loosely(room, (one) => one.putOut(who, "left"));
      }
    }
  }

  async openGroup(view: GroupView): Promise<RoomId> {
    const jid = roomOf(view.id, this.#o.names.gateway);
    await this.#shape(this.#made(jid, view), view);
    return idOfRoom(jid);
  }

  async shapeGroup(id: RoomId, view: GroupView): Promise<void> {
    const jid = this.#jid(id);
    await this.#shape(this.#made(jid, view), view);
  }

  async deliverToGroup(
    id: RoomId,
    _: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    const room = this.#known(id);
    const who = this.#whoIs(speaker);
    const { memory, conference, notes } = this.#o;
    await memory.recollect(room, message.about?.target);
    const speeches = this.#speeches(room, who, speaker.name, message, key);
    const first = messageId(speeches[0]?.id ?? message.about?.target ?? stanzaId(key));
    this.#typing.said(who, room.jid);
    if (isGuest(who)) this.#about.get(room.jid)?.guests.set(who, { name: speaker.name, at: Date.now() });
    const unsent = speeches.filter((speech) => this.#sent.get(sentKey(room.jid, speech.id)) === undefined);
    if (unsent.length > 0) {
      await conference.surely(room, (one, now) =>
        join([...seated(one, who, speaker), ...unsent.map((speech) => one.speak(speech, now))]),
      );
      for (const { id: sent } of unsent) this.#sent.set(sentKey(room.jid, sent), true);
    }
    const nick = room.occupants.find((one) => one.who === who)?.nick ?? speaker.name;
    for (const { id: one, text } of speeches) memory.note(room, who, one, { stanzaId: one, nick, text });
    const said = room.history.filter(({ stanzaId: one }) => speeches.some((speech) => speech.id === one));
    for (const one of said) await notes.keepSaid(room.jid, one);
    return first;
  }

  async showGroupTyping(id: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    const jid = roomJid(id);
    if (jid !== undefined) this.#typing.show(this.#o.names.jid(ghost), jid, typing, forMs);
  }

  async nameIn(id: RoomId, resident: ResidentId): Promise<string> {
    const who = residentJid(resident);
    const jid = roomJid(id);
    const room = jid === undefined ? undefined : this.#o.conference.rooms.get(jid);
    const seat = room?.occupants.find((one) => one.who === who);
    return seat?.nick ?? room?.members.get(who)?.nick ?? jidParts(who as string as Jid).node ?? who;
  }

  /** By its address, or by its name where one of the person's rooms alone has it. */
  async findRoom(text: string, resident: ResidentId): Promise<RoomId> {
    const who = residentJid(resident);
    const wanted = text.trim();
    const mine = [...this.#o.conference.rooms.values()].filter((room) => room.isMember(who));
    const jid = readJid(wanted);
    const named = mine.filter(({ config }) => config.name.toLowerCase() === wanted.toLowerCase());
    const room = mine.find((one) => one.jid === jid) ?? (named.length === 1 ? named[0] : undefined);
    if (room) return idOfRoom(room.jid);
    const detail = named.length > 1 ? `${named.length} of your rooms are called "${wanted}"` : `"${wanted}"`;
    throw new BridgeError("room-unknown", { detail: detail.slice(0, 200) });
  }

  async mayBridge(id: RoomId, resident: ResidentId): Promise<RoomPower> {
    const room = this.#known(id);
    const affiliation = room.members.get(residentJid(resident))?.affiliation ?? "none";
    if (affiliation === "owner" || affiliation === "admin") return { allowed: true };
    const who = runningIt(room);
    const could = who.length === 0 ? "Nobody of XMPP runs it now." : `Ask ${who.join(" or ")}.`;
    return { allowed: false, because: `Only those who run the room ${room.jid} may do that. ${could}` };
  }

  async releaseGroup(id: RoomId, view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    const jid = roomJid(id);
    const room = jid === undefined ? undefined : this.#o.conference.rooms.get(jid);
    if (!room) return;
    if (how === "delete") {
      await this.#o.conference.surely(room, (one) => one.destroy("The group is no longer bridged."));
      await this.#drop(room.jid);
      return;
    }
    const about = this.#aboutOf(room.jid, view);
    this.#govern(room, { kind: about.tie.kind, plumbed: false });
    about.inGroup = new Set();
    const { told } = about;
    about.told = "";
    await this.#o.conference.surely(room, (one, now) =>
      join([
        one.seatGhosts([]),
        ...ghostsUnranked(one),
        ...ownersFound(one, view, about),
        ...resubjected(one, withNote(one, "", told), now),
      ]),
    );
    await this.#write(room.snapshot());
  }

  /** As {@link Home.reportFailure}: what was held is refused; words go back, and why is said by the gateway to be kept. */
  async reportFailure(
    id: RoomId,
    resident: ResidentId,
    message: MessageId,
    failure: Failure,
    key: string,
  ): Promise<MessageId> {
    const room = this.#known(id);
    const { wishes, memory, conference, say } = this.#o;
    const refusal = { ...CONDITIONS[failure.code], text: failure.text };
    if (wishes.failed(room, message, refusal)) return messageId(stanzaId(key));
    conference.loosely(room, (one) => one.sendBack(residentJid(resident), message, refusal));
    const said = memory.find(room, message)?.text;
    const quote = said === undefined || said === "" ? "" : `, “${excerpt(said)}”`;
    return await say(resident, `In ${room.config.name || room.jid}${quote}: ${failure.text}`, key);
  }

  /**
   * What the gateway says to somebody about a room it says in their chat, where it is kept. What they wait for in the room is
   * not done then: of that alone the core speaks in a group's room without being asked.
   */
  async say(id: RoomId, resident: ResidentId, text: string, key: string): Promise<MessageId> {
    const jid = roomJid(id);
    const room = jid === undefined ? undefined : this.#o.conference.rooms.get(jid);
    const refusal = { type: "cancel", condition: "not-allowed", text } as const;
    if (room) this.#o.wishes.failedFor(room, residentJid(resident), refusal);
    const name = room?.config.name ?? "";
    return await this.#o.say(resident, name === "" ? text : `In ${name}: ${text}`, key);
  }

  /** Somebody has set the subject: what people must know of the bridge stands behind it again. */
  subjectSet(room: Room, by: BareJid): void {
    const about = this.#about.get(room.jid);
    if (about === undefined || about.told === "") return;
    const whole = withNote(room, about.told, about.told);
    this.#o.conference.loosely(room, (one, now) => join(resubjected(one, whole, now, by)));
  }

  /** Why people are in a room; lodgers are to be changed as they are asked in and put out. */
  insidersOf(room: BareJid): Insiders | undefined {
    return this.#about.get(room);
  }

  /** Whether a room is one of ours, made or to be made. */
  owns(id: RoomId): boolean {
    const jid = roomJid(id);
    return jid !== undefined && this.#isOurs(jid);
  }

  #made(jid: BareJid, view: GroupView): Room {
    const { tie } = this.#aboutOf(jid, view);
    const room = this.#o.conference.room(jid, kindOf(tie, this.#o.names.gateway));
    if (!room) throw new BridgeError("home-refused", { detail: "there are too many rooms" });
    this.#govern(room, tieOf(view));
    return room;
  }

  #govern(room: Room, tie: Tie): void {
    const { rules, fixed } = rulesOf(tie, this.#o.names.gateway);
    room.govern(rules, fixed);
    const about = this.#about.get(room.jid);
    if (about) about.tie = tie;
  }

  #aboutOf(jid: BareJid, view: GroupView): About {
    const about: About = this.#about.get(jid) ?? {
      tie: tieOf(view),
      inGroup: new Set(),
      asked: new Set(),
      lodgers: new Set(),
      told: "",
      guests: new Map(),
    };
    this.#about.set(jid, about);
    return about;
  }

  async #shape(room: Room, view: GroupView): Promise<void> {
    const { conference, wishes, names } = this.#o;
    const about = this.#aboutOf(room.jid, view);
    const shape = shapeOf(view, names);
    about.inGroup = new Set(view.plumbed ? [] : shape.people.keys());
    const { told } = about;
    // At once: a subject that is set before the server has processed this gets the new one behind it.
    about.told = view.plumbed ? shape.subject : "";
    const done = wishes.fulfilled(room.jid, view);
    const guests = room.occupants.flatMap(({ who }) => {
      const guest = about.guests.get(who);
      return guest === undefined ? [] : [seatOf(who, guest.name)];
    });
    await conference.surely(room, (one, now) =>
      join([
        ...done.map((wish) => one.grant(wish, now)),
        ...(view.plumbed ? [] : configured(one, shape)),
        ...(view.plumbed ? [] : peopleRanked(one, shape, about)),
        ...ghostsRanked(one, shape),
        one.seatGhosts([...shape.ghosts, ...guests]),
        ...resubjected(one, view.plumbed ? withNote(one, shape.subject, told) : shape.subject, now),
      ]),
    );
    if (!view.plumbed) await this.#ask(room, about, shape);
    await this.#write(room.snapshot());
  }

  /** Everybody once; who has gone and comes again is asked again. */
  async #ask(room: Room, { asked }: About, { people, name }: Shape): Promise<void> {
    for (const who of asked) if (!people.has(who)) asked.delete(who);
    const sitting = new Set(room.occupants.map(({ who }) => who));
    const fresh = [...people.keys()].filter((who) => !asked.has(who));
    const waiting = fresh.filter((who) => !sitting.has(who));
    if (waiting.length > 0) {
      const reason = `${name}: a group chat on MSN that you are in.`;
      await this.#o.conference.surely(room, (one) => one.invite(this.#o.names.gateway, waiting, reason));
    }
    for (const who of fresh) asked.add(who);
  }

  #speeches(room: Room, who: BareJid, name: string, message: GroupMessage, key: string): (Speech & { text: string })[] {
    const { memory } = this.#o;
    const { about } = message;
    const { nudge: _, ...quiet } = message;
    const words = speechOf(room.jid, this.#rings.has(room.jid, message, key) ? message : quiet, {
      find: (target) => memory.find(room, target, who),
      reactions: (target) => memory.reactions(room, who, target),
    });
    if (about?.kind === "reaction") {
      const now = memory.reactions(room, who, about.target);
      memory.setReactions(room, who, about.target, reactionsAfter(now, about));
    }
    const at = saidAt(message);
    return words.map(({ parts, text }, i) => ({
      who,
      name,
      id: stanzaId(key, i),
      parts: [...parts, ...viaElements(message.via)],
      text,
      ...(at === undefined ? {} : { saidAt: at }),
    }));
  }

  #whoIs(speaker: GroupSpeaker): BareJid {
    if (speaker.kind === "ghost") return this.#o.names.jid(speaker.ghost);
    return speaker.kind === "own" ? residentJid(speaker.resident) : guestOf(speaker.resident, this.#o.names.gateway);
  }

  async #write(snapshot: RoomSnapshot): Promise<void> {
    const about = this.#about.get(snapshot.jid);
    if (about) await this.#o.notes.keep({ snapshot, ...about });
  }

  async #drop(jid: BareJid): Promise<void> {
    this.#about.delete(jid);
    await this.#o.notes.drop(jid);
  }

  #isOurs(jid: BareJid): boolean {
    return this.#o.names.owns(jid as string as Jid);
  }

  #jid(id: RoomId): BareJid {
    const jid = roomJid(id);
    if (jid === undefined || !this.#isOurs(jid)) throw new BridgeError("room-gone", { detail: `"${id}" is no room` });
    return jid;
  }

  #known(id: RoomId): Room {
    const jid = this.#jid(id);
    const room = this.#o.conference.rooms.get(jid);
    if (!room) throw new BridgeError("room-gone", { detail: `${jid} is there no more` });
    return room;
  }
}

const sentKey = (room: BareJid, id: string): string => `${room} ${id}`;

function tieOf({ id, kind, plumbed }: GroupView): Tie {
  return { group: id, kind, plumbed };
}

function configured(room: Room, { config }: Shape) {
  const changes = Object.entries(config).filter(([key, value]) => room.config[key as keyof typeof config] !== value);
  return changes.length === 0 ? [] : [room.configure(Object.fromEntries(changes))];
}

/** The people's own subject with that behind it. Rooms of the bridge's, and older bridges, have no brackets around it. */
function withNote({ subject }: Room, note: string, told: string): string {
  const before = told === "" ? ownTopic(subject) : subject;
  return note === "" && told === "" ? before : subjectWithNote(before, note, told);
}

function resubjected(room: Room, subject: string, now: number, by?: BareJid): Outcome[] {
  return room.subject === subject ? [] : [room.setSubject(subject, now, by)];
}

/** Whoever speaks sits there: a guest from now on, by the name they have now, a ghost that is not shown yet until the next shape. */
function seated(room: Room, who: BareJid, { kind, name }: GroupSpeaker) {
  const isThere = kind === "own" || (kind === "ghost" && room.occupants.some((one) => one.who === who));
  return isThere ? [] : [room.seatGhost(seatOf(who, name))];
}
