import { BridgeError } from "../../bridge/errors.ts";
import type { Secret } from "../../bridge/secret.ts";
import { type BareJid, readJid, resourceOf } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { errorCondition } from "../stanza/errors.ts";
import type { Shown } from "../stanza/presence.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { OwnNick } from "./own-nick.ts";
import { enter, type HistoryWish, leave, roomPresence, statusCodes } from "./room-words.ts";
import type { RoomLink } from "./types.ts";

export interface DoorOptions {
  readonly link: RoomLink;
  readonly room: BareJid;
  readonly nick: string;
  /** For a room that does not take the nick as it is written. */
  readonly plainNick: string | undefined;
  readonly password: (() => Secret | undefined) | undefined;
  /** How long the room may take to answer, ms. */
  readonly enterMs: number;
  readonly shown: () => Shown;
  /** Whether we are inside. */
  readonly isIn: () => boolean;
}

/** What the room says of ourselves: that we sit there, or do no more. */
export interface OfUs {
  readonly kind: "sitting" | "out";
  readonly codes: readonly string[];
}

/**
 * Entering one conference and being called something there (XEP-0045 §7.2, §7.6): another name is asked for while the room
 * refuses the one wished for.
 */
export class Door {
  readonly #o: DoorOptions;
  readonly #nicks: OwnNick;
  #entering: PromiseWithResolvers<void> | undefined;
  #history: HistoryWish = { last: 0 };

  constructor(options: DoorOptions) {
    this.#o = options;
    this.#nicks = new OwnNick(options.nick, options.plainNick);
  }

  /** As the room knows us: not as wished for when that was taken. */
  get nick(): string {
    return this.#nicks.now;
  }

  /** Somebody is on their way in. */
  get isPassing(): boolean {
    return this.#entering !== undefined;
  }

  /**
   * Knocks, and resolves when {@link passed} has been called and `then` is done.
   * @throws StanzaRefusal when the room refuses; BridgeError `home-down` when it does not answer; what `then` throws.
   */
  async pass(history: HistoryWish, then: () => Promise<void> = async () => {}): Promise<void> {
    const entering = Promise.withResolvers<void>();
    entering.promise.catch(() => {});
    this.#entering = entering;
    this.#history = history;
    this.#nicks.begin();
    const timer = setTimeout(() => this.fail("the room does not answer"), this.#o.enterMs);
    try {
      this.#knock();
      await entering.promise;
      clearTimeout(timer);
      await then();
    } finally {
      clearTimeout(timer);
      this.#entering = undefined;
    }
  }

  /** We are in, and have heard what there was to hear. */
  passed(): void {
    this.#entering?.resolve();
  }

  /** We will not be let in. */
  refuse(error: StanzaRefusal): void {
    this.#entering?.reject(error);
  }

  /** It has come to nothing, for a reason that may pass. */
  fail(why: string): void {
    this.#entering?.reject(new BridgeError("home-down", { detail: `${why}: ${this.#o.room}` }));
  }

  /** Sits there under another name from now on. */
  rename(nick: string): void {
    if (this.#nicks.want(nick)) this.sit();
  }

  /** Tells the room how we are and what we want to be called. */
  sit(): void {
    const { link, room, shown, isIn } = this.#o;
    if (isIn()) link.sendLoosely(roomPresence(room, this.#nicks.asked, shown()));
  }

  /** Goes, also when it is not known whether we are in. */
  leave(word: string): void {
    const { link, room } = this.#o;
    link.sendLoosely(leave(room, this.nick, word));
  }

  /** A presence from the room; `undefined`: it is about somebody else, or a refusal, which is dealt with. */
  presence(presence: XmlElement): OfUs | undefined {
    const { type } = presence.attrs;
    if (type === "error") {
      this.#refused(presence);
      return undefined;
    }
    const from = readJid(presence.attrs.from);
    const nick = from && resourceOf(from);
    const codes = statusCodes(presence);
    if (!codes.includes("110") && nick !== this.nick) return undefined;
    if (type === undefined) {
      if (nick !== undefined) this.#nicks.now = nick;
      return { kind: "sitting", codes };
    }
    return type === "unavailable" && !codes.includes("303") ? { kind: "out", codes } : undefined;
  }

  #knock(): void {
    const { link, room, password, shown } = this.#o;
    this.#nicks.now = this.#nicks.asked;
    link.send(enter({ room, nick: this.nick, history: this.#history, password: password?.(), shown: shown() }));
  }

  /** Refused is the door to who is outside, another name to who is inside. */
  #refused(presence: XmlElement): void {
    const { condition, text, type } = errorCondition(presence);
    if (!this.isPassing && !this.#o.isIn()) return;
    if (!this.#nicks.refused(condition)) this.refuse(new StanzaRefusal(condition, text, type));
    else if (this.isPassing) this.#knock();
    else this.sit();
  }
}
