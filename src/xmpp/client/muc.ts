import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { Secret } from "../../bridge/secret.ts";
import { backOff, pause } from "../../bridge/waiting.ts";
import { type BareJid, readJid, resourceOf, withResource } from "../jid.ts";
import type { ClientLink } from "../link/client-link.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { errorCondition } from "../stanza/errors.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { RoomArchive } from "./archive.ts";
import {
  enter,
  type HistoryWish,
  isSubject,
  leave,
  type RoomMessage,
  readRoomMessage,
  reasonOf,
  roomMessage,
  spokenBy,
  statusCodes,
} from "./room-words.ts";

export interface MucLimits {
  /** How long entering may take, and then the history, ms. */
  readonly enterMs: number;
  readonly historyMs: number;
  /** How long what was said may take to come back, ms. */
  readonly echoMs: number;
  /** After how much silence the room is asked whether we are still in it, ms. */
  readonly selfPingMs: number;
  /** Waits between tries to enter again, ms. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

const DEFAULT_MUC_LIMITS: MucLimits = {
  enterMs: 20_000,
  historyMs: 5000,
  echoMs: 60_000,
  selfPingMs: 5 * 60_000,
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
};

export interface MucOptions {
  readonly link: Pick<ClientLink, "send" | "sendLoosely" | "sendSurely" | "request" | "arrived" | "isOnline" | "jid">;
  readonly room: BareJid;
  readonly nick: string;
  readonly password?: Secret;
  /** Somebody else has said something; each message once. When it rejects, it comes again where the server can do that. */
  readonly said: (message: RoomMessage) => void | Promise<void>;
  /** We are in, or out of it: then why, and whether it is tried again. */
  readonly changed?: (state: { readonly isIn: boolean; readonly why: string; readonly triesAgain: boolean }) => void;
  readonly log: Logger;
  readonly limits?: Partial<MucLimits>;
}

interface Speaking {
  /** The server has it; what is missing is the room's word. */
  isTaken: boolean;
  readonly done: PromiseWithResolvers<RoomMessage>;
  readonly timer: NodeJS.Timeout;
}

/** Messages that are remembered as seen, and ours that have come back. */
const REMEMBERED = 2000;
/** What is read of the history on entering for the first time: not told, only remembered as old. */
const OLD = 50;
/** Clocks differ: so much of the history is read twice, and told once. */
const OVERLAP_MS = 5 * 60_000;
const NICK_TRIES = 5;
/** Banned, kicked, no member any more, members only: somebody's will, which is not to be disregarded. */
const PUT_OUT = ["301", "307", "321", "322"];
/** Answers to XEP-0410 that say that we are out. */
const NOT_IN = ["not-acceptable", "item-not-found", "remote-server-not-found", "remote-server-timeout"];
/** Refusals to enter that may pass by themselves. */
const PASSING = ["remote-server-not-found", "remote-server-timeout", "service-unavailable", "resource-constraint"];

/**
 * One conference (XEP-0045) that an account sits in and speaks in for others. It enters again when the session is new,
 * when the room has forgotten it (XEP-0410) or was away, and reads in the history what was said meanwhile; what it said
 * itself counts as said when the room has given it back.
 */
export class MucRoom {
  readonly #o: MucOptions;
  readonly #limits: MucLimits;
  readonly #seen = new Set<string>();
  readonly #said = new Map<string, RoomMessage>();
  readonly #speaking = new Map<string, Speaking>();
  readonly #leaving = new AbortController();
  readonly #archive: RoomArchive;
  #nick: string;
  #nickTries = 0;
  #isIn = false;
  #wasIn = false;
  #heardAt = 0;
  #entry: Promise<void> | undefined;
  #entering: PromiseWithResolvers<void> | undefined;
  #history: HistoryWish = { last: OLD };
  /** The room's name for what was said last, and whether it keeps an archive; supposed until it says otherwise. */
  #lastId: string | undefined;
  #hasArchive = true;
  #catchingUp: Promise<void> | undefined;
  #isReturning = false;
  #watch: NodeJS.Timeout | undefined;
  #historyTimer: NodeJS.Timeout | undefined;

  constructor(options: MucOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_MUC_LIMITS, ...options.limits };
    this.#nick = options.nick;
    this.#archive = new RoomArchive(options.link, options.room);
  }

  get jid(): BareJid {
    return this.#o.room;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  /** As the room knows us: not as wished for when that was taken. */
  get nick(): string {
    return this.#nick;
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
    this.#isIn = false;
    const after = this.#hasArchive ? this.#lastId : undefined;
    if (after === undefined) await this.#passDoor(this.#wasIn ? { since: this.#heardAt - OVERLAP_MS } : { last: OLD });
    else if (!(await this.#enterAndCatchUp(after))) return await this.#enter();
    this.#arrivedIn();
  }

  /** A new session, which the room knows nothing of: what was under way in the old one has come to nothing. */
  async renew(): Promise<void> {
    this.#entering?.reject(this.#down("the session has ended"));
    await this.#entry?.catch(() => {});
    await this.enterOrReturn();
  }

  /** Enters, and goes on trying when that fails for a reason that may pass. */
  async enterOrReturn(): Promise<void> {
    try {
      await this.enter();
    } catch (error) {
      this.#out(error instanceof Error ? error.message : String(error), mayPass(error));
    }
  }

  /** Leaves for good. */
  close(): void {
    this.#leaving.abort();
    clearInterval(this.#watch);
    this.#o.link.sendLoosely(leave(this.#o.room, this.#nick));
    this.#isIn = false;
    this.#entering?.reject(this.#down("the room was left"));
    for (const id of [...this.#speaking.keys()]) this.#fail(id, this.#down("the room was left"));
  }

  /**
   * Says something for somebody, and resolves when the room has given it back. The same id is never said twice.
   * @throws StanzaRefusal when the room does not let us; BridgeError `home-down` when it is not known whether it was said.
   */
  async speak(id: string, speaker: string, text: string): Promise<RoomMessage> {
    const said = this.#said.get(id);
    if (said !== undefined) return said;
    const under = this.#speaking.get(id);
    if (under !== undefined) return await under.done.promise;
    if (!this.#isIn) throw this.#down("the bridge is not in the room");
    const done = Promise.withResolvers<RoomMessage>();
    done.promise.catch(() => {});
    const timer = setTimeout(() => this.#fail(id, this.#down("it did not come back")), this.#limits.echoMs);
    const speaking = { done, timer, isTaken: false };
    this.#speaking.set(id, speaking);
    this.#o.link.sendSurely(roomMessage(this.#o.room, id, spokenBy(speaker, text))).then(
      () => {
        speaking.isTaken = true;
      },
      (error: unknown) => this.#fail(id, error),
    );
    return await done.promise;
  }

  /** Something that came from the room. Rejects when it was not taken. */
  async stanza(stanza: XmlElement): Promise<void> {
    this.#heardAt = Date.now();
    if (stanza.name === "presence") this.#presence(stanza);
    else if (stanza.name === "message") await this.#message(stanza);
  }

  async #passDoor(history: HistoryWish): Promise<void> {
    const entering = Promise.withResolvers<void>();
    this.#entering = entering;
    this.#history = history;
    this.#nick = this.#o.nick;
    this.#nickTries = 0;
    const timer = setTimeout(() => entering.reject(this.#down("the room does not answer")), this.#limits.enterMs);
    try {
      this.#knock();
      await entering.promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#historyTimer);
      this.#entering = undefined;
    }
  }

  #knock(): void {
    this.#o.link.send(enter(this.#o.room, this.#nick, this.#history, this.#o.password));
  }

  /**
   * Reads what was missed from the archive, which keeps more than a room's history shows; what is said meanwhile waits.
   * False: there is no archive that knows where we were.
   */
  async #enterAndCatchUp(after: string): Promise<boolean> {
    const caughtUp = Promise.withResolvers<void>();
    this.#catchingUp = caughtUp.promise;
    try {
      await this.#passDoor({ last: 0 });
      const to = this.#o.link.jid;
      if (to === undefined) throw this.#down("there is no session");
      try {
        for await (const missed of this.#archive.after(after, to)) await this.#take(missed);
      } catch (error) {
        if (!(error instanceof StanzaRefusal)) throw error;
        this.#o.log.info({ room: this.#o.room, err: error }, "the room has no archive of what was missed");
        this.#lastId = undefined;
        this.#hasArchive = error.condition === "item-not-found";
        return false;
      }
      return true;
    } finally {
      this.#catchingUp = undefined;
      caughtUp.resolve();
    }
  }

  #presence(presence: XmlElement): void {
    const from = readJid(presence.attrs.from);
    const nick = from === undefined ? undefined : resourceOf(from);
    const { type } = presence.attrs;
    const codes = statusCodes(presence);
    if (type === "error") this.#refused(presence);
    else if (!codes.includes("110") && nick !== this.#nick) return;
    else if (type === undefined) this.#sitting(nick);
    else if (type === "unavailable" && !codes.includes("303")) this.#put(presence, codes);
  }

  /** Our own presence is the last of all: now comes the history, and the subject at its end. */
  #sitting(nick: string | undefined): void {
    this.#nick = nick ?? this.#nick;
    const entering = this.#entering;
    if (entering === undefined) return;
    clearTimeout(this.#historyTimer);
    this.#historyTimer = setTimeout(() => entering.resolve(), this.#limits.historyMs);
  }

  #refused(presence: XmlElement): void {
    const { condition, text } = errorCondition(presence);
    const entering = this.#entering;
    if (entering === undefined) return;
    this.#nickTries += 1;
    if (condition === "conflict" && this.#nickTries < NICK_TRIES) {
      this.#nick = `${this.#o.nick}${this.#nickTries + 1}`;
      this.#knock();
    } else entering.reject(new StanzaRefusal(condition, text));
  }

  #put(presence: XmlElement, codes: readonly string[]): void {
    if (!this.#isIn) return;
    const why = reasonOf(presence) ?? `the room put the bridge out (${codes.join(", ") || "no reason given"})`;
    // What is technical has codes of its own beside the kick's (XEP-0045 §15.6: 332, 333).
    const isWill = codes.some((code) => PUT_OUT.includes(code)) && !codes.includes("332") && !codes.includes("333");
    this.#out(why, !isWill);
  }

  #arrivedIn(): void {
    // The server had it and the room has not: it went down with a session, and must be said again.
    for (const [id, { isTaken }] of this.#speaking)
      if (isTaken) this.#fail(id, this.#down("it was lost on its way to the room"));
    this.#isIn = true;
    this.#wasIn = true;
    this.#heardAt = Date.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#askWhetherIn(), this.#limits.selfPingMs / 2);
    this.#watch.unref();
    this.#o.changed?.({ isIn: true, why: "", triesAgain: true });
  }

  #out(why: string, triesAgain: boolean): void {
    this.#isIn = false;
    clearInterval(this.#watch);
    this.#o.changed?.({ isIn: false, why, triesAgain });
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
          if (!mayPass(error)) return;
        }
      }
    } finally {
      this.#isReturning = false;
    }
  }

  /** XEP-0410: we ask ourselves by way of the room. */
  #askWhetherIn(): void {
    const { link, room, log } = this.#o;
    if (!this.#isIn || !link.isOnline || Date.now() - this.#heardAt < this.#limits.selfPingMs) return;
    const nick = this.#nick;
    link.request({ to: withResource(room, nick), type: "get" }, el("ping", { xmlns: NS.ping })).then(
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
    if (this.#archive.take(stanza)) return;
    if (stanza.attrs.type === "error") {
      this.#notSaid(stanza);
      return;
    }
    if (isSubject(stanza)) {
      this.#entering?.resolve();
      return;
    }
    await this.#catchingUp;
    await this.#take(stanza);
  }

  async #take(stanza: XmlElement): Promise<void> {
    const message = readRoomMessage(stanza, this.#nick);
    if (message === undefined) return;
    this.#lastId = message.stanzaId ?? this.#lastId;
    if (this.#isEcho(message)) return;
    const key = message.stanzaId ?? (message.id === undefined ? undefined : `${message.nick}/${message.id}`);
    const isOld = message.saidAt !== undefined && (!this.#wasIn || key === undefined);
    if (isOld || (key !== undefined && this.#seen.has(key))) {
      if (key !== undefined) remember(this.#seen, key);
      return;
    }
    // Remembered first: the history may bring it again while it is being taken.
    if (key !== undefined) remember(this.#seen, key);
    try {
      await this.#o.said(message);
    } catch (error) {
      if (key !== undefined) this.#seen.delete(key);
      throw error;
    }
  }

  /** What we have said has come back, live or in the history. */
  #isEcho(message: RoomMessage): boolean {
    const { id } = message;
    if (id === undefined || !message.isOwnNick) return false;
    if (this.#said.has(id)) return true;
    const speaking = this.#speaking.get(id);
    if (speaking === undefined) return false;
    this.#speaking.delete(id);
    clearTimeout(speaking.timer);
    this.#said.set(id, message);
    for (const old of this.#said.keys()) {
      if (this.#said.size <= REMEMBERED) break;
      this.#said.delete(old);
    }
    // In the history of a new session: then it need not be sent again.
    if (message.saidAt !== undefined) this.#o.link.arrived(id);
    speaking.done.resolve(message);
    return true;
  }

  #notSaid(stanza: XmlElement): void {
    const { condition, text } = errorCondition(stanza);
    const { id } = stanza.attrs;
    if (id === undefined || !this.#speaking.has(id)) return;
    const isOut = condition === "not-acceptable";
    this.#fail(id, isOut ? this.#down("the room no longer knows the bridge") : new StanzaRefusal(condition, text));
    if (isOut && this.#isIn) this.#out("the room no longer knows the bridge", true);
  }

  #fail(id: string, error: unknown): void {
    const speaking = this.#speaking.get(id);
    if (speaking === undefined) return;
    this.#speaking.delete(id);
    clearTimeout(speaking.timer);
    speaking.done.reject(error);
  }

  #down(detail: string): BridgeError {
    return new BridgeError("home-down", { detail: `${detail}: ${this.#o.room}` });
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof StanzaRefusal) || PASSING.includes(error.condition);
}

function remember(seen: Set<string>, key: string): void {
  seen.delete(key);
  seen.add(key);
  for (const old of seen) {
    if (seen.size <= REMEMBERED) break;
    seen.delete(old);
  }
}
