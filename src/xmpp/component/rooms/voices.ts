import type { Logger } from "pino";
import type { Secret } from "../../../bridge/secret.ts";
import { freeNick, type NickKey, nickKey } from "../../conference/nicks.ts";
import { type BareJid, bare, type Jid, jidParts, readJid } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { asHomeError } from "../../muc/failures.ts";
import type { Actor } from "../../muc/room-words.ts";
import { actorOf } from "../../muc/room-words.ts";
import type { XmlElement } from "../../stanza/xml.ts";
import type { ForeignLimits } from "./limits.ts";
import { linkOf, type Wire } from "./link.ts";
import type { VoiceNote } from "./notes.ts";
import { seatJid, Voice } from "./voice.ts";

export interface VoicesOptions {
  readonly wire: Wire;
  readonly room: BareJid;
  readonly limits: ForeignLimits;
  /** Of the room. */
  readonly password: () => Secret | undefined;
  /** Whether somebody else than `jid` has such a nick in the room. */
  readonly isTaken: (key: NickKey, jid: BareJid) => boolean;
  /** Who is there has changed. */
  readonly changed: () => void;
  /** Somebody has put one of ours out. */
  readonly putOut: (jid: BareJid, by: Actor | undefined) => void;
  readonly log: Logger;
}

/** Characters of a nick. */
const LONGEST = 60;
/** What a room says to everybody and not to the one alone: it is not asked for each of ours. */
const TO_ALL = new Set(["registration-required", "not-authorized", "service-unavailable", "resource-constraint"]);
/** The room cannot be asked at all. */
const NO_ANSWER = new Set(["remote-server-not-found", "remote-server-timeout", "internal-server-error"]);

/** Those of ours who sit in one conference beside the bot, each since their first words there. */
export class Voices {
  readonly #o: VoicesOptions;
  readonly #voices = new Map<BareJid, Voice>();
  /** Until when somebody, or everybody ("all"), does not try to enter, Unix ms. */
  readonly #refused = new Map<BareJid | "all", number>();

  constructor(options: VoicesOptions) {
    this.#o = options;
  }

  /** Who may still be there after a crash. */
  restore(notes: readonly VoiceNote[]): void {
    for (const { jid, name, nick } of notes) this.#voices.set(jid, this.#make(jid, name, nick));
  }

  notes(): VoiceNote[] {
    return [...this.#voices.values()].map(({ jid, name, nick }) => ({ jid, name, nick }));
  }

  /** Whether one of ours sits there under this nick. */
  hasNick(nick: string): boolean {
    return [...this.#voices.values()].some((voice) => voice.isIn && voice.nick === nick);
  }

  get(jid: BareJid): Voice | undefined {
    return this.#voices.get(jid);
  }

  /**
   * Somebody of ours, in the room; `undefined`: it does not let them in, and the bot has to speak for them.
   * @throws BridgeError `home-down` when that is not known.
   */
  async of(jid: BareJid, name: string): Promise<Voice | undefined> {
    const known = this.#voices.get(jid);
    if (known !== undefined && known.name !== name) known.rename(name, this.#nick(jid, name));
    if (known?.isIn) return known;
    if (this.#isRefused(jid)) return undefined;
    const voice = known ?? this.#make(jid, name, this.#nick(jid, name));
    this.#voices.set(jid, voice);
    try {
      await voice.enter();
    } catch (error) {
      this.#voices.delete(jid);
      if (!(error instanceof StanzaRefusal) || NO_ANSWER.has(error.condition)) throw asHomeError(error);
      this.#refuse(TO_ALL.has(error.condition) ? "all" : jid, this.#o.limits.refusedMs);
      this.#o.log.info({ room: this.#o.room, err: error }, "a room does not let a ghost in: the bot speaks for it");
      return undefined;
    }
    this.#makeRoom();
    this.#o.changed();
    return voice;
  }

  /** The room takes nothing from them: the bot speaks for them from now on. */
  silence(voice: Voice): void {
    voice.leave();
    this.#drop(voice, this.#o.limits.refusedMs);
  }

  /** A presence to one of ours. */
  presence(presence: XmlElement): void {
    const to = readJid(presence.attrs.to);
    if (to !== undefined) this.#voices.get(bare(to))?.presence(presence);
  }

  /** Those who are no longer of the group leave, and names follow. `people`: by address; `stays` says who else may. */
  keep(people: ReadonlyMap<BareJid, string>, stays: (jid: BareJid) => boolean): void {
    for (const voice of [...this.#voices.values()]) {
      const name = people.get(voice.jid);
      if (name === undefined && !stays(voice.jid)) this.#leave(voice, "left the group");
      else if (name !== undefined && name !== voice.name) voice.rename(name, this.#nick(voice.jid, name));
    }
  }

  /** Who has said nothing for long leaves, but not who is just coming to say something. */
  sweep(now: number): void {
    for (const voice of [...this.#voices.values()])
      if (!voice.isEntering && now - voice.spokeAt > this.#o.limits.voiceIdleMs) this.#leave(voice);
    for (const [who, until] of this.#refused) if (until <= now) this.#refused.delete(who);
  }

  /** The link is down, or the bot is out: nobody knows who is in. */
  forget(): void {
    for (const voice of this.#voices.values()) voice.forget();
  }

  leaveAll(word = ""): void {
    for (const voice of this.#voices.values()) voice.leave(word);
    this.#voices.clear();
  }

  #make(jid: BareJid, name: string, nick: string): Voice {
    const { wire, room, limits, password } = this.#o;
    return new Voice({
      link: linkOf(wire, seatJid(jid)),
      room,
      jid,
      name,
      nick,
      plainNick: this.#plain(jid),
      password,
      enterMs: limits.enterMs,
      silenced: (voice) => this.#drop(voice, limits.putOutMs),
      putOut: (voice, presence) => {
        this.#drop(voice, limits.putOutMs);
        this.#o.putOut(voice.jid, actorOf(presence));
      },
    });
  }

  #nick(jid: BareJid, name: string): string {
    return freeNick(name, this.#plain(jid), LONGEST, (key) => this.#isTaken(key, jid));
  }

  #isTaken(key: NickKey, jid: BareJid): boolean {
    const own = this.#voices.get(jid);
    if (own?.isIn && nickKey(own.nick) === key) return false;
    return this.#o.isTaken(key, jid);
  }

  /** What every server takes: the address before its @. */
  #plain(jid: BareJid): string {
    const node = jidParts(jid as string as Jid).node ?? "guest";
    return node.replace(/\\40.*$/, "").replaceAll(/[^\x21-\x7e]/g, "");
  }

  #drop(voice: Voice, forMs: number): void {
    this.#voices.delete(voice.jid);
    this.#refuse(voice.jid, forMs);
    this.#o.changed();
  }

  #leave(voice: Voice, word?: string): void {
    voice.leave(word);
    this.#voices.delete(voice.jid);
    this.#o.changed();
  }

  /** The one who has spoken longest ago makes room for one more. */
  #makeRoom(): void {
    if (this.#voices.size <= this.#o.limits.voices) return;
    const [oldest] = [...this.#voices.values()].sort((one, other) => one.spokeAt - other.spokeAt);
    if (oldest !== undefined) this.#leave(oldest);
  }

  #refuse(who: BareJid | "all", forMs: number): void {
    if (this.#refused.size < 1000) this.#refused.set(who, Date.now() + forMs);
  }

  #isRefused(jid: BareJid): boolean {
    const now = Date.now();
    return (this.#refused.get(jid) ?? 0) > now || (this.#refused.get("all") ?? 0) > now;
  }
}
