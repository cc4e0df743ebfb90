import { BridgeError } from "../../../bridge/errors.ts";
import { type BareJid, readJid, resourceOf, withResource } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { OwnNick } from "../../muc/own-nick.ts";
import { aboutOccupant, enter, isPutOut, leave, roomPresence, roomState, statusCodes } from "../../muc/room-words.ts";
import type { RoomLink } from "../../muc/types.ts";
import { errorCondition } from "../../stanza/errors.ts";
import type { ChatState } from "../../stanza/message.ts";
import type { XmlElement } from "../../stanza/xml.ts";

export interface VoiceOptions {
  readonly link: RoomLink;
  readonly room: BareJid;
  readonly jid: BareJid;
  /** What they are called, and the nick that is asked for. */
  readonly name: string;
  readonly nick: string;
  /** For a room that does not take the nick as it is written. */
  readonly plainNick: string;
  readonly enterMs: number;
  /** The room has put them out, or has taken their voice: others have to speak for them. */
  readonly silenced: (voice: Voice, presence: XmlElement) => void;
}

const UNSEEN = { show: undefined, status: "" } as const;

/** One of ours who sits in a conference to speak there, and does not listen: the bot does that for all. */
export class Voice {
  readonly jid: BareJid;
  readonly #o: VoiceOptions;
  readonly #nicks: OwnNick;
  #name: string;
  #isIn = false;
  #entering: PromiseWithResolvers<void> | undefined;
  #spokeAt = Date.now();

  constructor(options: VoiceOptions) {
    this.#o = options;
    this.jid = options.jid;
    this.#name = options.name;
    this.#nicks = new OwnNick(options.nick, options.plainNick);
  }

  get link(): RoomLink {
    return this.#o.link;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  get isEntering(): boolean {
    return this.#entering !== undefined;
  }

  get name(): string {
    return this.#name;
  }

  /** As the room knows them. */
  get nick(): string {
    return this.#nicks.now;
  }

  /** When they last said something, or came to say something, Unix ms. */
  get spokeAt(): number {
    return this.#spokeAt;
  }

  /**
   * Enters; resolves when in.
   * @throws StanzaRefusal when the room refuses; BridgeError `home-down` when it does not answer.
   */
  async enter(): Promise<void> {
    if (this.#isIn) return;
    if (this.#entering !== undefined) return await this.#entering.promise;
    const entering = Promise.withResolvers<void>();
    entering.promise.catch(() => {});
    this.#entering = entering;
    this.#spokeAt = Date.now();
    const late = new BridgeError("home-down", { detail: `the room does not answer: ${this.#o.room}` });
    const timer = setTimeout(() => entering.reject(late), this.#o.enterMs);
    try {
      this.#nicks.begin();
      this.#knock();
      await entering.promise;
      this.#isIn = true;
    } finally {
      clearTimeout(timer);
      this.#entering = undefined;
    }
  }

  /** They are saying something. */
  speaks(): void {
    this.#spokeAt = Date.now();
  }

  sendState(state: ChatState): void {
    if (this.#isIn) this.#o.link.sendLoosely(roomState(this.#o.room, state));
  }

  /** Is called otherwise from now on. */
  rename(name: string, nick: string): void {
    this.#name = name;
    if (this.#nicks.want(nick) && this.#isIn) this.#sit();
  }

  /** The room may have forgotten them: they enter again before they speak. */
  forget(): void {
    this.#isIn = false;
    this.#entering?.reject(new BridgeError("home-down", { detail: "the link to the XMPP server is down" }));
  }

  /** Leaves, with a word where there is one; also when it is not known whether they are in. */
  leave(word = ""): void {
    const { room, link } = this.#o;
    link.sendLoosely(leave(room, this.nick, word));
    this.#isIn = false;
    this.#entering?.reject(new BridgeError("home-down", { detail: `the room was left: ${room}` }));
  }

  /** A presence from the room. */
  presence(presence: XmlElement): void {
    const from = readJid(presence.attrs.from);
    const nick = from && resourceOf(from);
    const { type } = presence.attrs;
    if (type === "error") {
      this.#refused(presence);
      return;
    }
    const codes = statusCodes(presence);
    if (!codes.includes("110") && nick !== this.nick) return;
    if (type === undefined) this.#sitting(nick, presence);
    else if (type === "unavailable" && !codes.includes("303")) this.#out(presence, codes);
  }

  #knock(): void {
    const { room, link } = this.#o;
    this.#nicks.now = this.#nicks.asked;
    link.send(enter({ room, nick: this.nick, history: { last: 0 }, password: undefined, shown: UNSEEN }));
  }

  #sit(): void {
    this.#o.link.sendLoosely(roomPresence(this.#o.room, this.#nicks.asked, UNSEEN));
  }

  #sitting(nick: string | undefined, presence: XmlElement): void {
    if (nick !== undefined) this.#nicks.now = nick;
    if (aboutOccupant(presence).role === "visitor") {
      this.#entering?.reject(new StanzaRefusal("forbidden", "the room gives them no voice", "auth"));
      this.leave();
      this.#o.silenced(this, presence);
    } else this.#entering?.resolve();
  }

  #refused(presence: XmlElement): void {
    const { condition, text, type } = errorCondition(presence);
    const entering = this.#entering;
    if (entering === undefined && !this.#isIn) return;
    if (!this.#nicks.refused(condition)) entering?.reject(new StanzaRefusal(condition, text, type));
    else if (entering === undefined) this.#sit();
    else this.#knock();
  }

  #out(presence: XmlElement, codes: readonly string[]): void {
    const wasIn = this.#isIn;
    this.#isIn = false;
    if (wasIn && isPutOut(codes)) this.#o.silenced(this, presence);
  }
}

/** The address with which somebody of ours sits in rooms. */
export function seatJid(jid: BareJid) {
  return withResource(jid, "bridge");
}
