import { BridgeError } from "../../../bridge/errors.ts";
import type { GroupId, GroupSpeaker, GroupView } from "../../../bridge/groups/model.ts";
import {
  type Failure,
  type GhostRef,
  type GroupMessage,
  type MessageId,
  messageId,
  type ResidentId,
  type RoomId,
  residentParts,
} from "../../../bridge/model.ts";
import type { RoomPower } from "../../../bridge/ports/groups.ts";
import type { Secret } from "../../../bridge/secret.ts";
import { excerpt } from "../../../bridge/text/quote.ts";
import { pause } from "../../../bridge/waiting.ts";
import { quoteOf } from "../../convert/message-id.ts";
import { failureText } from "../../convert/text.ts";
import { type BareJid, bare, readJid } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { asHomeError } from "../../muc/failures.ts";
import { Rings } from "../../rings.ts";
import { failureElement } from "../../stanza/errors.ts";
import { errorMessage, readMessage } from "../../stanza/message.ts";
import type { XmlElement } from "../../stanza/xml.ts";
import { GhostTyping } from "../../typing.ts";
import { guestOf, roomJid } from "../groups/address.ts";
import type { ForeignRooms, ForeignRoomsOptions } from "../groups/foreign.ts";
import { expectRoom, roomAddress, roomPassword, withoutQuery } from "./find.ts";
import { Hearing } from "./hearing.ts";
import { Invitations } from "./invitations.ts";
import { RoomKeys } from "./keys.ts";
import { DEFAULT_FOREIGN_LIMITS, type ForeignLimits } from "./limits.ts";
import { linkOf } from "./link.ts";
import { readTie, type TieNote } from "./notes.ts";
import { powerIn, whyNotIn } from "./power.ts";
import { cardInRoom, pong } from "./questions.ts";
import { ForeignRoom, type Shared, type Speaking } from "./room.ts";
import { nameOf, Talk } from "./talk.ts";
import { seatJid } from "./voice.ts";
import { guestName } from "./who.ts";
import { foreignSpeech, plainSpeech, reacted, type Speech } from "./words.ts";

export function createForeignRooms(options: ForeignRoomsOptions): ForeignRooms {
  return new Foreign(options);
}

const STOP_MS = 2000;
/** A guest's name that is one of XEP-0421, and says nothing to people. */
const OCCUPANT_ID = /^[\w+/=.:-]{24,}$/;
const LEAVING = "The bridge is going down for a while.";
const RELEASED = "This room is no longer tied to a group on MSN.";

/** Conferences of other services that are tied to groups, and those that are only looked at. */
class Foreign implements ForeignRooms {
  readonly #o: ForeignRoomsOptions;
  readonly #limits: ForeignLimits;
  readonly #rooms = new Map<BareJid, ForeignRoom>();
  readonly #talk: Talk;
  readonly #hearing: Hearing;
  readonly #shared: Shared;
  readonly #keys: RoomKeys;
  readonly #typing: GhostTyping;
  readonly #rings = new Rings();
  readonly #invitations: Invitations;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ForeignRoomsOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_FOREIGN_LIMITS, ...options.limits };
    const { home, names, link: wire, server, name = "MSN", secret, notes: store, log } = options;
    this.#talk = new Talk(options.recall);
    this.#hearing = new Hearing({ ...options, talk: this.#talk });
    const hearing = this.#hearing;
    this.#keys = new RoomKeys(home, options.secrets);
    this.#invitations = new Invitations({ ...options, keys: this.#keys, hearing, room: (jid) => this.#rooms.get(jid) });
    this.#shared = {
      keys: this.#keys,
      home,
      wire,
      gateway: names.gateway,
      server,
      name,
      secret,
      store,
      limits: this.#limits,
      log,
      said: (room, message) => hearing.said(room, message),
      typing: (room, nick, isTyping) => hearing.typing(room, nick, isTyping),
      subject: (room, text, nick) => hearing.subject(room, text, nick),
      aside: (_, stanza) => this.#aside(stanza),
      changed: (room, state) => hearing.changed(room, state),
      putOut: (room, jid, by) => hearing.putOut(room, jid, by),
    };
    this.#typing = new GhostTyping((jid, room, state) => this.#rooms.get(room)?.voices.get(jid)?.sendState(state));
  }

  async start(): Promise<void> {
    const { host, home, notes, log } = this.#o;
    for (const [id, text] of await notes.roomNotes(home)) {
      const [jid, note] = [roomJid(id), readTie(text)];
      if (jid === undefined || note === undefined) continue;
      if (await host().isGroup(home, id)) await this.#put(jid, note).recallPassword();
      else {
        log.info({ room: jid }, "a room is tied to nothing any more");
        await notes.dropRoomNote(home, id);
        await this.#keys.keep(jid, undefined);
      }
    }
    this.#timer = setInterval(() => this.#tick(), Math.min(this.#limits.lookBackMs / 4, 15_000));
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const rooms = [...this.#rooms.values()];
    for (const room of rooms) room.mark(Date.now());
    await Promise.race([Promise.all(rooms.map((room) => room.settled())), pause(STOP_MS)]);
    for (const room of rooms) room.close(LEAVING);
  }

  online(): void {
    for (const room of this.#rooms.values())
      room
        .renew()
        .catch((error: unknown) => this.#o.log.warn({ err: error, room: room.jid }, "a room was not entered"));
  }

  offline(): void {
    for (const room of [...this.#rooms.values()]) {
      room.forget();
      if (room.note === undefined) this.#forget(room);
    }
  }

  take(stanza: XmlElement): boolean {
    try {
      return this.#take(stanza);
    } catch (error) {
      this.#o.log.error({ err: error, from: stanza.attrs.from }, "a room's stanza could not be read");
      return true;
    }
  }

  #take(stanza: XmlElement): boolean {
    const [from, to] = [readJid(stanza.attrs.from), readJid(stanza.attrs.to)];
    if (from === undefined || to === undefined) return false;
    const room = this.#rooms.get(bare(from));
    if (room === undefined) return this.#invitations.take(stanza);
    if (stanza.name !== "iq") room.stanza(stanza, to);
    return stanza.name !== "iq" || this.#asked(room, stanza, bare(to));
  }

  /** The gateway answers for itself what is not about the room. */
  #asked(room: ForeignRoom, iq: XmlElement, us: BareJid): boolean {
    const isBot = us === this.#o.names.gateway;
    const answer = pong(iq) ?? (isBot ? undefined : cardInRoom(iq, room.voices.get(us)?.nick));
    if (answer !== undefined) this.#o.link.sendLoosely(answer);
    return answer !== undefined;
  }

  /** Something in a room to one of ours alone. */
  #aside(stanza: XmlElement): void {
    if (this.#invitations.take(stanza)) return;
    const message = readMessage(stanza);
    if (message?.body === undefined || message.id === undefined || message.type === "error") return;
    const why = failureElement("unsupported", "Only what is said to all in the room is passed on.");
    this.#o.link.sendLoosely(errorMessage({ from: message.to, to: message.from }, message.id, why));
  }

  async findRoom(text: string, resident: ResidentId): Promise<RoomId> {
    const jid = roomAddress(text);
    if (jid === undefined)
      throw new BridgeError("room-unknown", { detail: `"${withoutQuery(text)}" is not the address of a conference` });
    const password = roomPassword(text);
    if (password !== undefined) this.#told(jid, resident, password);
    await expectRoom(linkOf(this.#o.link, seatJid(this.#o.names.gateway)), jid);
    return jid as string as RoomId;
  }

  /** What somebody has typed is where they have typed it, too. */
  #told(room: BareJid, resident: ResidentId, password: Secret): void {
    const { say, log } = this.#o;
    this.#keys.give(room, resident, password);
    // `bridge` has nothing more to do where the room is tied already.
    this.#rooms.get(room)?.tryPassword(password);
    const text = `I keep the password of ${room} sealed, as long as the room is tied to a group. It stands in what you have just said, too: delete that where you can.`;
    say(resident, text, `password|${room}|${Date.now()}`).catch((error: unknown) =>
      log.info({ err: error, room }, "nobody was told that a password stands in a message"),
    );
  }

  async mayBridge(room: RoomId, resident: ResidentId): Promise<RoomPower> {
    const jid = this.#expectJid(room);
    const visited = this.#put(jid);
    const before = visited.password;
    const password = this.#keys.given(jid, resident);
    if (password !== undefined) visited.unlock(password);
    try {
      const power = await this.#powerIn(visited, resident);
      if (!power.allowed) this.#endVisit(visited, before);
      return power;
    } catch (error) {
      this.#endVisit(visited, before);
      throw error;
    }
  }

  async #powerIn(room: ForeignRoom, resident: ResidentId): Promise<RoomPower> {
    const { jid, link } = room;
    const { gateway } = this.#o.names;
    try {
      if (!room.bot.isIn) await expectRoom(link, jid);
      await room.visit();
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      const because = whyNotIn(error.condition, jid, gateway);
      if (because === undefined) throw new BridgeError("room-unknown", { detail: `there is no conference ${jid}` });
      return { allowed: false, because };
    }
    return await powerIn({ link, room: jid, resident, bot: gateway, occupants: room.occupants() });
  }

  /** The bot stays nowhere where it has no business. `password`: what was given for this visit opens nothing for others. */
  #endVisit(room: ForeignRoom, password: Secret | undefined): void {
    const { jid, note } = room;
    if (note !== undefined && note.shutOut === undefined) return;
    this.#forget(room);
    if (note === undefined) return;
    const again = this.#put(jid, note);
    if (password !== undefined) again.unlock(password);
  }

  async shapeGroup(room: RoomId, view: GroupView): Promise<void> {
    const jid = this.#expectJid(room);
    const { names } = this.#o;
    const tied = this.#put(jid);
    const why = tied.note?.shutOut;
    if (why !== undefined && !tied.bot.isIn) throw new BridgeError("room-gone", { detail: why });
    await tied.tie(view.id);
    await tied.expectIn();
    const people = new Map<BareJid, string>();
    for (const person of view.people)
      if (person.kind === "ghost" && person.role !== "pending") people.set(names.jid(person.ghost), person.name);
    tied.voices.keep(people, (who) => names.parse(who) === undefined);
    await this.#hearing.tell(tied, view.topic);
  }

  async deliverToGroup(
    room: RoomId,
    group: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    const jid = this.#expectJid(room);
    const tied = this.#put(jid);
    if (tied.note === undefined) await tied.tie(group);
    const who = this.#speaking(speaker);
    this.#typing.said(who.jid, jid);
    await this.#talk.recollect(jid, message.about?.target);
    const { nudge: _, ...quiet } = message;
    const rings = this.#rings.has(jid, message, key);
    const speech = foreignSpeech(this.#talk, jid, who.jid, who.name, rings ? message : quiet);
    const said = await this.#say(tied, who, key, speech);
    reacted(this.#talk, jid, who.jid, message);
    return said ?? message.about?.target ?? messageId(key);
  }

  /** `undefined`: there was nothing to say. */
  async #say(room: ForeignRoom, who: Speaking | "bot", key: string, speech: Speech): Promise<MessageId | undefined> {
    const said = await room.say(who, key, speech);
    if (said === undefined) return undefined;
    const { message, by } = said;
    this.#talk.note(message, by, speech.own[0]?.text ?? "");
    return messageId(nameOf(message) ?? key);
  }

  #speaking(speaker: GroupSpeaker): Speaking {
    const { names } = this.#o;
    const { name } = speaker;
    switch (speaker.kind) {
      case "ghost":
        return { jid: names.jid(speaker.ghost), name };
      case "own":
        return { jid: names.jid(speaker.self), name };
      case "guest":
        return { jid: guestOf(speaker.resident, names.gateway), name };
    }
  }

  async tell(room: RoomId, text: string, key: string): Promise<MessageId> {
    const jid = this.#expectJid(room);
    const tied = this.#rooms.get(jid);
    if (tied === undefined) throw new BridgeError("room-gone", { detail: `the bridge is not in ${jid}` });
    return (await this.#say(tied, "bot", key, plainSpeech(text))) ?? messageId(key);
  }

  async reportFailure(
    room: RoomId,
    resident: ResidentId,
    message: MessageId,
    failure: Failure,
    key: string,
  ): Promise<MessageId> {
    const jid = this.#expectJid(room);
    const quote = this.#talk.find(jid, message)?.text ?? quoteOf(message) ?? "";
    const what = quote === "" ? "Not delivered." : `Not delivered: “${excerpt(quote)}”.`;
    const name = await this.nameIn(room, resident);
    return await this.tell(room, `${name}: ${what} ${failureText(failure, this.#o.names.gateway)}`, key);
  }

  async showGroupTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    const jid = roomJid(room);
    if (jid === undefined) return;
    const who = this.#o.names.jid(ghost);
    if (this.#rooms.get(jid)?.voices.get(who)?.isIn) this.#typing.show(who, jid, typing, forMs);
  }

  async nameIn(room: RoomId, resident: ResidentId): Promise<string> {
    const jid = roomJid(room);
    const { id } = residentParts(resident);
    const tied = jid === undefined ? undefined : this.#rooms.get(jid);
    const nick = tied && this.#hearing.nickOf(tied, resident);
    if (nick !== undefined) return nick;
    const guest = jid === undefined ? undefined : guestName(id, jid);
    if (guest !== undefined) return OCCUPANT_ID.test(guest) ? "somebody" : guest;
    return id.split("@", 1)[0] ?? id;
  }

  async releaseGroup(room: RoomId, _view: GroupView, _how: "unbridge" | "delete"): Promise<void> {
    const jid = this.#expectJid(room);
    const tied = this.#rooms.get(jid);
    if (tied === undefined) return;
    await this.#hearing
      .tell(tied, "")
      .catch((error: unknown) => this.#o.log.info({ err: error, room: jid }, "a subject was left as it was"));
    await tied.untie();
    this.#forget(tied, RELEASED);
  }

  /** The room, from now on in memory; known by a note of an earlier run where one is given. @throws BridgeError `home-busy`. */
  #put(jid: BareJid, note?: TieNote): ForeignRoom {
    const known = this.#rooms.get(jid);
    if (known !== undefined) return known;
    if (this.#rooms.size >= this.#limits.rooms) throw new BridgeError("home-busy", { detail: "too many conferences" });
    const room = new ForeignRoom(jid, this.#shared, note);
    this.#rooms.set(jid, room);
    return room;
  }

  #forget(room: ForeignRoom, word?: string): void {
    room.close(word);
    this.#rooms.delete(room.jid);
  }

  #tick(): void {
    const now = Date.now();
    for (const room of [...this.#rooms.values()]) {
      room.mark(now);
      if (room.isForgotten(now)) this.#forget(room);
    }
  }

  #expectJid(room: RoomId): BareJid {
    const jid = roomJid(room);
    if (jid === undefined) throw asHomeError(new BridgeError("internal", { detail: `${room} is no conference` }));
    return jid;
  }
}
