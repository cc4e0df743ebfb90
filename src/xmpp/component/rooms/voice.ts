import type { Secret } from "../../../bridge/secret.ts";
import { type BareJid, withResource } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { Door } from "../../muc/door.ts";
import { aboutOccupant, isPutOut, roomState } from "../../muc/room-words.ts";
import type { RoomLink } from "../../muc/types.ts";
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
  readonly password: () => Secret | undefined;
  readonly enterMs: number;
  /** The room has taken their voice: others have to speak for them. */
  readonly silenced: (voice: Voice) => void;
  /** The room has put them out, by this presence. */
  readonly putOut: (voice: Voice, presence: XmlElement) => void;
}

const UNSEEN = { show: undefined, status: "" } as const;

/** One of ours who sits in a conference to speak there, and does not listen: the bot does that for all. */
export class Voice {
  readonly jid: BareJid;
  readonly #o: VoiceOptions;
  readonly #door: Door;
  #name: string;
  #isIn = false;
  #entry: Promise<void> | undefined;
  #spokeAt = Date.now();

  constructor(options: VoiceOptions) {
    this.#o = options;
    this.jid = options.jid;
    this.#name = options.name;
    this.#door = new Door({ ...options, shown: () => UNSEEN, isIn: () => this.#isIn });
  }

  get link(): RoomLink {
    return this.#o.link;
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  get isEntering(): boolean {
    return this.#entry !== undefined;
  }

  get name(): string {
    return this.#name;
  }

  /** As the room knows them. */
  get nick(): string {
    return this.#door.nick;
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
    this.#entry ??= this.#enter().finally(() => {
      this.#entry = undefined;
    });
    await this.#entry;
  }

  async #enter(): Promise<void> {
    this.#spokeAt = Date.now();
    await this.#door.pass({ last: 0 });
    this.#isIn = true;
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
    this.#door.rename(nick);
  }

  /** The room may have forgotten them: they enter again before they speak. */
  forget(): void {
    this.#isIn = false;
    this.#door.fail("the link to the XMPP server is down");
  }

  /** Leaves, with a word where there is one; also when it is not known whether they are in. */
  leave(word = ""): void {
    this.#door.leave(word);
    this.#isIn = false;
    this.#door.fail("the room was left");
  }

  /** A presence from the room. */
  presence(presence: XmlElement): void {
    const ofUs = this.#door.presence(presence);
    if (ofUs?.kind === "sitting") this.#sitting(presence);
    else if (ofUs?.kind === "out") this.#out(presence, ofUs.codes);
  }

  #sitting(presence: XmlElement): void {
    if (aboutOccupant(presence).role !== "visitor") {
      this.#door.passed();
      return;
    }
    this.#door.refuse(new StanzaRefusal("forbidden", "the room gives them no voice", "auth"));
    this.leave();
    this.#o.silenced(this);
  }

  #out(presence: XmlElement, codes: readonly string[]): void {
    const wasIn = this.#isIn;
    this.#isIn = false;
    if (wasIn && isPutOut(codes)) this.#o.putOut(this, presence);
  }
}

/** The address with which somebody of ours sits in rooms. */
export function seatJid(jid: BareJid) {
  return withResource(jid, "bridge");
}
