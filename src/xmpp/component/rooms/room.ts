import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../../bridge/errors.ts";
import type { GroupId } from "../../../bridge/groups/model.ts";
import { type HomeName, roomId } from "../../../bridge/model.ts";
import type { RoomNoteStore } from "../../../bridge/ports/store.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import type { Secret } from "../../../bridge/secret.ts";
import { pause } from "../../../bridge/waiting.ts";
import { nickKey } from "../../conference/nicks.ts";
import { isOwnId, ownId } from "../../convert/echo.ts";
import { type BareJid, bare, type Jid, readJid, resourceOf, withResource } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { asHomeError } from "../../muc/failures.ts";
import { LookBack } from "../../muc/lookback.ts";
import { MucRoom } from "../../muc/muc.ts";
import { type Actor, type Occupant, occupantIdOf, type RoomMessage, statusCodes } from "../../muc/room-words.ts";
import type { MucState, RoomLink } from "../../muc/types.ts";
import { errorCondition } from "../../stanza/errors.ts";
import { el, NS, type XmlElement } from "../../stanza/xml.ts";
import type { RoomKeys } from "./keys.ts";
import type { ForeignLimits } from "./limits.ts";
import { linkOf, type Wire } from "./link.ts";
import { type TieNote, writeTie } from "./notes.ts";
import { seatJid, type Voice } from "./voice.ts";
import { Voices } from "./voices.ts";
import type { RoomSight } from "./who.ts";
import type { Said, Speech } from "./words.ts";

/** What all rooms have in common. */
export interface Shared {
  readonly home: HomeName;
  readonly wire: Wire;
  readonly gateway: BareJid;
  /** As {@link RoomSight.server}. */
  readonly server: string | undefined;
  /** How the bot is called. */
  readonly name: string;
  readonly secret: Secret;
  readonly store: RoomNoteStore;
  readonly keys: RoomKeys;
  readonly limits: ForeignLimits;
  readonly log: Logger;
  /** Somebody who is not of ours has said something in a room that is tied. As {@link MucOptions.said}. */
  readonly said: (room: ForeignRoom, message: RoomMessage) => Promise<void>;
  readonly typing: (room: ForeignRoom, nick: string, isTyping: boolean) => void;
  readonly subject: (room: ForeignRoom, text: string, nick: string | undefined) => void;
  readonly aside: (room: ForeignRoom, stanza: XmlElement) => void;
  /** The bot is in, or out of a room that is tied. */
  readonly changed: (room: ForeignRoom, state: MucState) => void;
  /** Somebody has put one of ours out of a room that is tied. */
  readonly putOut: (room: ForeignRoom, jid: BareJid, by: Actor | undefined) => void;
}

/** Who says something: as themselves where the room lets them, else the bot for them. */
export interface Speaking {
  readonly jid: BareJid;
  readonly name: string;
}

/** The first of its messages as the room has given it back, and who has said it in the end. */
export interface SaidBy {
  readonly message: RoomMessage;
  readonly by: BareJid;
}

/** How long a room that is just being entered is waited for, ms. */
const SOON_MS = 2000;
/** Words of which it is not known whether the room has them. */
const DOUBTS = 1000;
/** The room does not know the speaker any more (XEP-0045 §7.4), so it has not taken the words. */
const NOT_IN = "not-acceptable";
const PING_MS = 15_000;

/** A conference of another service: the bot sits in it to read, and those of ours who speak sit beside it. */
export class ForeignRoom {
  readonly jid: BareJid;
  readonly bot: MucRoom;
  readonly voices: Voices;
  readonly #o: Shared;
  readonly #link: RoomLink;
  readonly #lookBack: LookBack;
  readonly #doubtful = new RecentMap<string, RoomLink>(DOUBTS);
  #note: TieNote | undefined;
  #isKept = true;
  #writing: Promise<void> = Promise.resolve();
  #state: MucState = { isIn: false, why: "it was not entered yet", triesAgain: true };
  #isOpen = false;
  #namesOccupants = false;
  /** When it was looked at last, Unix ms. */
  #lookedAt = Date.now();

  #password: Secret | undefined;
  /** There is a password, which the sealing keys do not open; until we are in. */
  #cannotOpen = false;
  /** Why we are not in for that. Nobody has put us out, so it is not kept: with the key, or the password, it goes on. */
  #locked: string | undefined;

  /** `note`: of an earlier run. */
  constructor(jid: BareJid, shared: Shared, note?: TieNote) {
    this.jid = jid;
    this.#o = shared;
    this.#note = note;
    this.#link = linkOf(shared.wire, seatJid(shared.gateway));
    this.#lookBack = new LookBack(shared.limits.lookBackMs);
    this.bot = this.#sit(note);
    this.voices = new Voices({
      wire: shared.wire,
      room: jid,
      limits: shared.limits,
      password: () => this.#password,
      isTaken: (key, who) => this.#isTaken(key, who),
      changed: () => this.#keepVoices(),
      putOut: (who, by) => {
        if (this.#note !== undefined) shared.putOut(this, who, by);
      },
      log: shared.log,
    });
    this.voices.restore(note?.voices ?? []);
  }

  get link(): RoomLink {
    return this.#link;
  }

  get note(): TieNote | undefined {
    return this.#note;
  }

  get state(): MucState {
    return this.#state;
  }

  /** Nobody needs it: it is not tied, and was not looked at for long. */
  isForgotten(now: number): boolean {
    return this.#note === undefined && now - this.#lookedAt > this.#o.limits.visitMs;
  }

  /** What it tells of those in it. */
  get sight(): RoomSight {
    const { occupants } = this.bot;
    return {
      home: this.#o.home,
      room: this.jid,
      server: this.#o.server,
      isOpen: this.#isOpen,
      namesOccupants: this.#namesOccupants,
      occupant: (nick) => occupants.get(nick),
      byId: (id) => occupants.byId(id),
    };
  }

  *occupants(): Iterable<readonly [string, Occupant]> {
    for (const nick of this.bot.occupants.nicks()) {
      const occupant = this.bot.occupants.get(nick);
      if (occupant !== undefined) yield [nick, occupant];
    }
  }

  get password(): Secret | undefined {
    return this.#password;
  }

  /** What it may be entered with. While it is tied and lets us in, that is known already. */
  unlock(password: Secret): void {
    if (this.#note === undefined || this.#note.shutOut !== undefined) this.#password = password;
    else this.tryPassword(password);
  }

  /** In place of one that cannot be opened; nothing where that is not so. A wrong one changes nothing. */
  tryPassword(password: Secret): void {
    if (this.#locked === undefined) return;
    this.#password = password;
    this.bot
      .enterOrReturn()
      .catch((error: unknown) => this.#o.log.warn({ err: error, room: this.jid }, "a room was not entered"));
  }

  /** Remembers what a tied room is entered with; goes on without what does not open. @throws BridgeError `store-down`. */
  async recallPassword(): Promise<void> {
    if (!this.#note?.locked) return;
    try {
      this.#password = await this.#o.keys.kept(this.jid);
    } catch (error) {
      if (asBridgeError(error).code !== "internal") throw error;
      this.#cannotOpen = true;
      this.#o.log.error(
        { err: error, room: this.jid },
        `the password of ${this.jid} cannot be opened: bring the sealing key back and start again, or give the password again with \`bridge <group> xmpp:${this.jid}?password=…\`, or ask the bot into the room`,
      );
    }
  }

  /** We are in with a password that was given anew. */
  #unlocked(): void {
    this.#cannotOpen = false;
    if (this.#locked === undefined) return;
    this.#locked = undefined;
    this.#o.keys
      .keep(this.jid, this.#password)
      .catch((error: unknown) => this.#o.log.warn({ err: error, room: this.jid }, "a room's password was not kept"));
  }

  /** Enters to look at it, and stays for a while. @throws StanzaRefusal, BridgeError `home-down`. */
  async visit(): Promise<void> {
    this.#lookedAt = Date.now();
    if (!this.bot.isIn) await this.bot.enter();
  }

  /** It belongs to this group from now on. @throws BridgeError `store-down`. */
  async tie(group: GroupId): Promise<void> {
    if (this.#note?.group === group && this.#note.shutOut === undefined) return;
    const { voices = [], told } = this.#note ?? {};
    // Archives stamp to the second.
    const since = Math.floor(Date.now() / 1000) * 1000;
    const locked = this.#password === undefined && !this.#cannotOpen ? {} : ({ locked: true } as const);
    if (!this.#cannotOpen) await this.#o.keys.keep(this.jid, this.#password);
    await this.keep({ kind: "tied", group, since, position: { at: since }, voices, ...(told && { told }), ...locked });
  }

  /** Goes in and stays, as long as nobody puts the bot out. */
  async stay(): Promise<void> {
    if (this.#note?.shutOut === undefined && !this.bot.isIn && this.#link.isOnline) await this.bot.enterOrReturn();
  }

  /** A new link. */
  async renew(): Promise<void> {
    if (this.#note === undefined) return;
    if (this.#note.shutOut === undefined) await this.bot.renew();
  }

  /** The link is down. */
  forget(): void {
    this.voices.forget();
  }

  /** Leaves; what is kept stays kept. */
  close(word?: string): void {
    this.voices.leaveAll(word);
    this.bot.close(word);
  }

  /** Something from the room to one of ours. */
  stanza(stanza: XmlElement, to: Jid): void {
    const isBot = bare(to) === this.#o.gateway;
    if (stanza.name === "presence" && isBot) this.#look(stanza);
    if (isBot)
      this.bot
        .stanza(stanza)
        .catch((error: unknown) => this.#o.log.warn({ err: asBridgeError(error), room: this.jid }, "not taken"));
    else if (stanza.name === "presence") this.voices.presence(stanza);
    else if (stanza.attrs.type === "error") this.#unsaid(stanza, to);
    else if (stanza.attrs.type !== "groupchat") this.#o.aside(this, stanza);
  }

  /**
   * Has something said; the same key is said once. Resolves when the room has given it back; `undefined`: for who would say
   * it, there is nothing to say.
   * @throws BridgeError `home-down`, `home-busy`, `home-refused`, `room-gone`.
   */
  async say(who: Speaking | "bot", key: string, { own, spokenFor }: Speech): Promise<SaidBy | undefined> {
    if (own.length === 0 && spokenFor.length === 0) return undefined;
    await this.expectIn();
    const ids = Math.max(own.length, spokenFor.length);
    for (let part = 0; part < ids; part += 1) await this.#settle(ownId(this.#o.secret, key, this.jid, part));
    const voice = who === "bot" ? undefined : await this.voices.of(who.jid, who.name);
    try {
      return await this.#sayAll(voice, key, voice === undefined ? spokenFor : own);
    } catch (error) {
      const isSilent = error instanceof StanzaRefusal && !error.passes && error.condition !== NOT_IN;
      if (voice === undefined || !isSilent) throw asHomeError(error);
      this.#o.log.info({ room: this.jid, err: error }, "a room takes nothing from a ghost: the bot speaks for it");
      this.voices.silence(voice);
      return await this.#sayAll(undefined, key, spokenFor).catch((cause: unknown) => {
        throw asHomeError(cause);
      });
    }
  }

  async #sayAll(voice: Voice | undefined, key: string, all: readonly Said[]): Promise<SaidBy | undefined> {
    const said = all.map((one, part) => this.#sayOne(voice, ownId(this.#o.secret, key, this.jid, part), one));
    const [message] = await Promise.all(said);
    return message && { message, by: voice?.jid ?? this.#o.gateway };
  }

  async #sayOne(voice: Voice | undefined, id: string, { parts }: Said): Promise<RoomMessage> {
    const link = voice?.link ?? this.#link;
    const stanza = el(
      "message",
      { to: this.jid, type: "groupchat", id },
      ...parts,
      el("origin-id", { xmlns: NS.sid, id }),
    );
    try {
      return await this.bot.hear(id, async () => {
        voice?.speaks();
        await link.sendSurely(stanza);
      });
    } catch (error) {
      // Refused is what the room has not said; of all else one has to be sure before it is said again.
      if (!(error instanceof StanzaRefusal)) this.#doubtful.set(id, link);
      throw error;
    }
  }

  /**
   * What did not come back may still be on its way. A question that takes the same way comes behind it: when that is answered,
   * the words have come back by now, or never will.
   */
  async #settle(id: string): Promise<void> {
    const link = this.#doubtful.get(id);
    if (link === undefined) return;
    const ping = el("ping", { xmlns: NS.ping });
    try {
      await link.request({ to: withResource(this.jid, this.bot.nick), type: "get" }, ping, PING_MS);
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
    }
    this.#doubtful.delete(id);
  }

  /** A room that is just being entered is waited for. @throws BridgeError `home-down`, `room-gone`: why we are not in it. */
  async expectIn(): Promise<void> {
    if (this.bot.isIn) return;
    if (this.#note?.shutOut !== undefined) throw new BridgeError("room-gone", { detail: this.#note.shutOut });
    if (!this.#link.isOnline) throw new BridgeError("home-down", { detail: "the link to the XMPP server is down" });
    this.#expectKey();
    this.stay().catch((error: unknown) => this.#o.log.debug({ err: error, room: this.jid }, "not entered"));
    await Promise.race([this.bot.whenIn(), pause(SOON_MS)]);
    if (this.bot.isIn) return;
    this.#expectKey();
    const { why, triesAgain } = this.#state;
    throw new BridgeError(triesAgain ? "home-down" : "room-gone", { detail: `${why}: ${this.jid}` });
  }

  /** What is said meanwhile waits. @throws BridgeError `home-down`. */
  #expectKey(): void {
    if (this.#locked === undefined) return;
    const detail = `the password of ${this.jid} cannot be opened, and without it: ${this.#locked}`;
    throw new BridgeError("home-down", { detail });
  }

  /** Changes what is kept. @throws BridgeError `store-down`. */
  async keep(note: TieNote): Promise<void> {
    this.#note = note;
    this.#isKept = true;
    await this.#o.store.keepRoomNote(this.#o.home, roomId(this.jid), writeTie(note));
  }

  /** As {@link keep}, in its own time. */
  keepLater(change: Partial<TieNote>): void {
    if (this.#note === undefined) return;
    this.#writing = this.keep({ ...this.#note, ...change }).catch((error: unknown) => {
      this.#isKept = false;
      this.#o.log.debug({ err: asBridgeError(error), room: this.jid }, "a room was not noted");
    });
  }

  /** It is tied to nothing any more. @throws BridgeError `store-down`. */
  async untie(): Promise<void> {
    this.#note = undefined;
    await this.settled();
    await this.#o.store.dropRoomNote(this.#o.home, roomId(this.jid));
    await this.#o.keys.keep(this.jid, undefined);
  }

  /** Keeps up to where it was read, when that is more than was known, and lets idle ghosts go. */
  mark(now: number): void {
    const position = this.#lookBack.settled(now);
    if (position !== undefined) this.keepLater({ position });
    this.voices.sweep(now);
  }

  /** Waits for what is being kept. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #keepVoices(): void {
    this.keepLater({ voices: this.voices.notes() });
  }

  #sit(note: TieNote | undefined): MucRoom {
    const { secret, name, limits, log } = this.#o;
    return new MucRoom({
      link: this.#link,
      room: this.jid,
      nick: name,
      plainNick: "msnbridge",
      password: () => this.#password,
      ...(note === undefined ? {} : { from: note.position }),
      isOurs: (id) => isOwnId(secret, id, this.jid),
      said: async (message) => {
        if (this.#isFor(message)) await this.#o.said(this, message);
      },
      reached: (position) => {
        this.#lookBack.reach(position, Date.now());
        if (!this.#isKept) this.keepLater({ position });
      },
      typing: (nick, isTyping) => {
        if (this.#note !== undefined && !this.voices.hasNick(nick)) this.#o.typing(this, nick, isTyping);
      },
      subject: (text, nick) => this.#o.subject(this, text, nick),
      aside: (stanza) => this.#o.aside(this, stanza),
      changed: (state) => this.#changed(state),
      log,
      limits,
    });
  }

  #changed(state: MucState): void {
    this.#state = state;
    if (!state.isIn) this.voices.forget();
    if (this.#note === undefined) return;
    if (state.isIn) this.#unlocked();
    if (!state.isIn && !state.triesAgain) {
      this.voices.leaveAll();
      if (this.#cannotOpen) {
        this.#locked = state.why;
        return;
      }
      this.keepLater({ shutOut: state.why, voices: [] });
    }
    this.#o.changed(this, state);
  }

  /** What was said before the room was tied, or while it had shut us out, is for its people alone. */
  #isFor(message: RoomMessage): boolean {
    if (this.#note === undefined || this.#note.shutOut !== undefined || this.#isOwn(message)) return false;
    return message.saidAt === undefined || message.saidAt >= this.#note.since;
  }

  /** Under the bot's nick or a ghost's, and none of ours by its id: nobody else can sit there meanwhile. */
  #isOwn({ isOwnNick, saidAt, nick }: RoomMessage): boolean {
    return saidAt === undefined && (isOwnNick || this.voices.hasNick(nick));
  }

  #isTaken(key: string, who: BareJid): boolean {
    for (const [nick, { jid }] of this.occupants()) if (nickKey(nick) === key) return jid !== who;
    return false;
  }

  /** What the bot's own presence tells of the room. */
  #look(presence: XmlElement): void {
    const codes = statusCodes(presence);
    if (!codes.includes("110") || presence.attrs.type !== undefined) return;
    if (codes.includes("100")) this.#isOpen = true;
    this.#namesOccupants = occupantIdOf(presence) !== undefined;
  }

  /** What one of ours wanted to say comes back to them. */
  #unsaid(stanza: XmlElement, to: Jid): void {
    const { id } = stanza.attrs;
    const from = readJid(stanza.attrs.from);
    if (stanza.name !== "message" || id === undefined || from === undefined || resourceOf(from) !== undefined) return;
    if (!isOwnId(this.#o.secret, id, this.jid)) return;
    const { condition, text, type } = errorCondition(stanza);
    if (condition === NOT_IN) this.voices.get(bare(to))?.forget();
    this.bot.unsaid(id, new StanzaRefusal(condition, text, condition === NOT_IN ? "wait" : type));
  }
}
