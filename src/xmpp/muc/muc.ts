import { BridgeError } from "../../bridge/errors.ts";
import { backOff, pause } from "../../bridge/waiting.ts";
import { type BareJid, readJid, resourceOf, withResource } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { errorCondition } from "../stanza/errors.ts";
import type { ChatState } from "../stanza/message.ts";
import { readMessage } from "../stanza/message.ts";
import type { Shown } from "../stanza/presence.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { Door } from "./door.ts";
import { Echoes } from "./echoes.ts";
import { Occupants } from "./occupants.ts";
import { OVERLAP_MS, RoomReader } from "./reader.ts";
import {
  type Actor,
  aboutOccupant,
  actorOf,
  asJid,
  type HistoryWish,
  isDestroyed,
  isPutOut,
  isSubject,
  type RoomMessage,
  reasonOf,
  roomMessage,
  roomState,
} from "./room-words.ts";
import { DEFAULT_MUC_LIMITS, type MucLimits, type MucOptions } from "./types.ts";

/** What is read of the history on entering for the first time: not told, only remembered as old. */
const OLD = 50;
/** What a room says to words when it is there no more; that it was destroyed may be read only behind that. */
const NO_ROOM = ["gone", "item-not-found"];
/** Answers to XEP-0410 that say that we are out. */
const NOT_IN = ["not-acceptable", "item-not-found", "remote-server-not-found", "remote-server-timeout"];

/**
 * One conference (XEP-0045) that an account sits in and speaks in for others. It enters again when the session is new,
 * when the room has forgotten it (XEP-0410) or was away, and reads in the history what was said meanwhile; what it said
 * itself counts as said when the room has given it back.
 */
export class MucRoom {
  readonly occupants = new Occupants();
  readonly #o: MucOptions;
  readonly #limits: MucLimits;
  readonly #echoes: Echoes;
  readonly #leaving = new AbortController();
  readonly #reader: RoomReader;
  readonly #door: Door;
  #shown: Shown;
  #isIn = false;
  #arrival = Promise.withResolvers<void>();
  #putOut: string | undefined;
  #isGone = false;
  /** Somebody wants us out: only who asks us in brings us back. */
  #isUnwanted = false;
  /** When the room was last heard of while we were in it; `undefined`: we never were. */
  #heardAt: number | undefined;
  #entry: Promise<void> | undefined;
  /** What the room has said when it let us in. */
  #welcome = { isNew: false, affiliation: "none" };
  #isReturning = false;
  #watch: NodeJS.Timeout | undefined;
  #historyTimer: NodeJS.Timeout | undefined;

  constructor(options: MucOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_MUC_LIMITS, ...options.limits };
    this.#shown = options.shown ?? { show: undefined, status: "" };
    this.#door = new Door({
      link: options.link,
      room: options.room,
      nick: options.nick,
      plainNick: options.plainNick,
      password: options.password,
      enterMs: this.#limits.enterMs,
      shown: () => this.#shown,
      isIn: () => this.#isIn,
    });
    this.#heardAt = options.from?.at;
    this.#echoes = new Echoes({ echoMs: this.#limits.echoMs, room: options.room });
    this.#reader = new RoomReader({
      ...options,
      nick: () => this.nick,
      isEcho: (message) => this.#isEcho(message),
    });
  }

  get jid(): BareJid {
    return this.#o.room;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  /** It was ours and is destroyed, and its server lets nobody make it anew. */
  get isLost(): boolean {
    return this.#isGone && this.#o.isOwn === true;
  }

  /** Resolves when we are in, or will never be. */
  async whenIn(): Promise<void> {
    if (!this.#isIn && this.#putOut === undefined) await this.#arrival.promise;
  }

  /** As the room knows us: not as wished for when that was taken. */
  get nick(): string {
    return this.#door.nick;
  }

  /**
   * Enters, or enters again in a new session; resolves when all of the history has come.
   * @throws StanzaRefusal when the room refuses; BridgeError `home-down` when it does not answer.
   */
  async enter(): Promise<void> {
    this.#entry ??= this.#enter().finally(() => {
      this.#entry = undefined;
    });
    await this.#entry;
  }

  async #enter(): Promise<void> {
    if (this.#isIn) this.#arrival = Promise.withResolvers();
    this.#isIn = false;
    const { link } = this.#o;
    const isRead =
      this.#reader.mayCatchUp &&
      (await this.#reader.catchUp(
        () => this.#passDoor({ last: 0 }),
        () => link.jid ?? asJid(this.jid),
      ));
    if (!isRead)
      await this.#passDoor(this.#heardAt === undefined ? { last: OLD } : { since: this.#heardAt - OVERLAP_MS });
    this.#arrivedIn();
  }

  /** A new session, which the room knows nothing of: what was under way in the old one has come to nothing. */
  async renew(): Promise<void> {
    this.#door.fail("the session has ended");
    await this.#entry?.catch(() => {});
    if (this.#isUnwanted) return;
    await this.enterOrReturn();
  }

  /** Enters, and goes on trying when that fails for a reason that may pass. */
  async enterOrReturn(): Promise<void> {
    try {
      await this.enter();
    } catch (error) {
      this.#notIn(error);
    }
  }

  #notIn(error: unknown): void {
    this.#isGone = error instanceof StanzaRefusal && error.condition === "gone";
    this.#out(error instanceof Error ? error.message : String(error), mayPass(error));
  }

  /** Leaves for good, with a word where there is one. */
  close(word = ""): void {
    this.#leaving.abort();
    clearInterval(this.#watch);
    this.#door.leave(word);
    this.#isIn = false;
    this.#door.fail("the room was left");
    this.#echoes.failAll("the room was left");
    this.#arrival.resolve();
  }

  /**
   * Says something, and resolves when the room has given it back. The same id is never said twice.
   * @throws StanzaRefusal when the room does not let us; BridgeError `home-refused` when it has put us out, `home-down`
   * when it is not known whether it was said.
   */
  async speak(id: string, body: string, more: readonly XmlElement[] = []): Promise<RoomMessage> {
    const { link, room } = this.#o;
    return await this.hear(id, () => link.sendSurely(roomMessage(room, id, body, more)));
  }

  /**
   * As {@link speak}, for what somebody else of ours says here: `send` has it sent, and {@link unsaid} tells when the room
   * has sent it back to them.
   */
  async hear(id: string, send: () => Promise<void>): Promise<RoomMessage> {
    const said = this.#echoes.of(id);
    if (said !== undefined) return await said;
    if (this.#putOut !== undefined)
      throw new BridgeError("home-refused", { detail: `the bridge is not in the room ${this.jid}: ${this.#putOut}` });
    if (!this.#isIn) throw this.#down("the bridge is not in the room");
    return await this.#echoes.speak(id, send);
  }

  /** What {@link hear} waits for was refused. */
  unsaid(id: string, error: StanzaRefusal): void {
    this.#echoes.fail(id, error);
  }

  /** What goes to all and is of the moment, e.g. typing. */
  sendState(state: ChatState): void {
    if (this.#isIn) this.#o.link.sendLoosely(roomState(this.#o.room, state));
  }

  /** Sits here under another nick from now on. */
  rename(nick: string): void {
    this.#door.rename(nick);
  }

  /** How we are, here alone. */
  show(shown: Shown): void {
    this.#shown = shown;
    this.#door.sit();
  }

  /** Something that came from the room. Rejects when it was not taken. */
  async stanza(stanza: XmlElement): Promise<void> {
    if (this.#isIn) this.#heardAt = Date.now();
    if (stanza.name === "presence") this.#presence(stanza);
    else if (stanza.name === "message") await this.#message(stanza);
  }

  async #passDoor(history: HistoryWish): Promise<void> {
    this.occupants.clear();
    try {
      await this.#door.pass(history, async () => await this.#o.entered?.(this.#welcome));
    } finally {
      clearTimeout(this.#historyTimer);
    }
  }

  #presence(presence: XmlElement): void {
    if (presence.attrs.type !== "error") this.occupants.take(presence);
    const ofUs = this.#door.presence(presence);
    if (ofUs?.kind === "sitting") this.#sitting(presence, ofUs.codes);
    else if (ofUs?.kind === "out") this.#put(presence, ofUs.codes);
  }

  /** Our own presence is the last of all: now comes the history, and the subject at its end. */
  #sitting(presence: XmlElement, codes: readonly string[]): void {
    this.#welcome = { isNew: codes.includes("201"), affiliation: aboutOccupant(presence).affiliation };
    if (!this.#door.isPassing) return;
    clearTimeout(this.#historyTimer);
    this.#historyTimer = setTimeout(() => this.#door.passed(), this.#limits.historyMs);
  }

  #put(presence: XmlElement, codes: readonly string[]): void {
    if (!this.#isIn) return;
    const why = reasonOf(presence) ?? `the room put the bridge out (${codes.join(", ") || "no reason given"})`;
    const isWill = isPutOut(codes) || (isDestroyed(presence) && this.#o.isOwn !== true);
    this.#isUnwanted = isWill;
    this.#out(why, !isWill, actorOf(presence));
  }

  #arrivedIn(): void {
    this.#echoes.lost();
    this.#isIn = true;
    this.#putOut = undefined;
    this.#isUnwanted = false;
    this.#arrival.resolve();
    this.#heardAt = Date.now();
    this.#reader.reach({ at: this.#heardAt });
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#askWhetherIn(), this.#limits.selfPingMs / 2);
    this.#watch.unref();
    this.#o.changed?.({ isIn: true, why: "", triesAgain: true });
  }

  #out(why: string, triesAgain: boolean, by?: Actor): void {
    if (this.#isIn && triesAgain) this.#arrival = Promise.withResolvers();
    this.#isIn = false;
    this.#putOut = triesAgain ? undefined : why;
    if (!triesAgain) this.#arrival.resolve();
    clearInterval(this.#watch);
    this.#o.changed?.({ isIn: false, why, triesAgain, ...(by === undefined ? {} : { by }) });
    if (triesAgain)
      this.#return().catch((error: unknown) => this.#o.log.error({ err: error }, "cannot return to a room"));
  }

  async #return(): Promise<void> {
    if (this.#isReturning) return;
    this.#isReturning = true;
    const { signal } = this.#leaving;
    try {
      for (let attempt = 0; !this.#isIn && !signal.aborted; attempt += 1) {
        await pause(backOff(attempt, this.#limits.firstWaitMs, this.#limits.longestWaitMs), signal);
        if (this.#isIn || signal.aborted) return;
        // A new session enters by itself, and may fail.
        if (!this.#o.link.isOnline) continue;
        try {
          await this.enter();
        } catch (error) {
          this.#o.log.info({ room: this.#o.room, err: error }, "the room cannot be entered again");
          if (mayPass(error)) continue;
          this.#notIn(error);
          return;
        }
      }
    } finally {
      this.#isReturning = false;
    }
  }

  /** XEP-0410: we ask ourselves by way of the room. */
  #askWhetherIn(): void {
    const { link, room, log } = this.#o;
    if (!this.#isIn || !link.isOnline || Date.now() - (this.#heardAt ?? 0) < this.#limits.selfPingMs) return;
    link.request({ to: withResource(room, this.nick), type: "get" }, el("ping", { xmlns: NS.ping })).then(
      () => {
        this.#heardAt = Date.now();
      },
      (error: unknown) => {
        const isOut = error instanceof StanzaRefusal && NOT_IN.includes(error.condition);
        log.debug({ room, err: error, isOut }, "an answer to the question whether we are in the room");
        if (isOut && this.#isIn) this.#out("the room no longer knows the bridge", true);
        else if (error instanceof StanzaRefusal) this.#heardAt = Date.now();
      },
    );
  }

  async #message(stanza: XmlElement): Promise<void> {
    if (this.#reader.answers(stanza)) return;
    const { type } = stanza.attrs;
    if (type === "error") this.#notSaid(stanza);
    else if (type !== "groupchat") this.#o.aside?.(stanza);
    else if (isSubject(stanza)) this.#subject(stanza);
    else {
      this.#typing(stanza);
      const origin = this.#door.isPassing ? "history" : "live";
      await this.#reader.take(stanza, origin, this.#heardAt === undefined);
    }
  }

  /** It ends the history. */
  #subject(stanza: XmlElement): void {
    const from = readJid(stanza.attrs.from);
    this.#door.passed();
    this.#o.subject?.(stanza.getChildText("subject") ?? "", from && resourceOf(from));
  }

  #typing(stanza: XmlElement): void {
    const message = readMessage(stanza);
    const nick = message && resourceOf(message.from);
    if (nick === undefined || nick === this.nick || message?.state === undefined || message.saidAt !== undefined)
      return;
    this.#o.typing?.(nick, message.state === "composing" && message.body === undefined);
  }

  /** What we have said has come back, live or in the history. */
  #isEcho(message: RoomMessage): boolean {
    const { isOwnNick, originId } = message;
    // A room may give messages ids of its own; what is in them stays.
    const id = [message.id, originId].find((one) => one !== undefined && this.#isOurs(one, isOwnNick));
    if (id === undefined) return false;
    // The room has it, though the server may not have acknowledged it yet: a new session need not send it again.
    this.#o.link.arrived(id);
    this.#echoes.cameBack(id, message);
    return true;
  }

  #isOurs(id: string, isOwnNick: boolean): boolean {
    const isKnown = isOwnNick && (this.#echoes.isSpeaking(id) || this.#echoes.wasSaid(id));
    return isKnown || this.#o.isOurs(id);
  }

  #notSaid(stanza: XmlElement): void {
    const { condition, text, type } = errorCondition(stanza);
    const { id } = stanza.attrs;
    if (id === undefined || readJid(stanza.attrs.from) !== (this.jid as string) || !this.#echoes.isSpeaking(id)) return;
    // People's rooms that are no more are not made anew.
    const isOut = condition === "not-acceptable" || (this.#o.isOwn === true && NO_ROOM.includes(condition));
    this.#echoes.fail(
      id,
      isOut ? this.#down("the room no longer knows the bridge") : new StanzaRefusal(condition, text, type),
    );
    if (isOut && this.#isIn) this.#out("the room no longer knows the bridge", true);
  }

  #down(detail: string): BridgeError {
    return new BridgeError("home-down", { detail: `${detail}: ${this.#o.room}` });
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof StanzaRefusal) || error.passes;
}
