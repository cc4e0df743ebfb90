import { RecentMap } from "../bridge/recent.ts";
import { backOff } from "../bridge/waiting.ts";
import { type BareJid, bare, type Jid, readJid } from "./jid.ts";
import { errorCondition, mayPass } from "./stanza/errors.ts";
import type { XmlElement } from "./stanza/xml.ts";
import { isOld, type WaitingNotes } from "./waiting-notes.ts";

export interface AfterwardsOptions {
  /** False: the link is down. */
  readonly send: (stanza: XmlElement) => boolean;
  /** Whether somebody has a client that takes messages in. */
  readonly hears: (who: BareJid) => boolean;
  /** It is of no use: the person is to be told. */
  readonly giveUp: (words: XmlElement, condition: string) => void;
  /** What waits outlives a restart. */
  readonly notes?: WaitingNotes;
}

interface Words {
  readonly stanza: XmlElement;
  readonly to: Jid;
  readonly tries: number;
  /** When it was said, Unix ms. */
  readonly at: number;
}

/** Words that are remembered after the server has taken them. */
const REMEMBERED = 1000;
/** So often they are said again to somebody who is there. */
const TRIES = 5;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

/**
 * Refusals that come when the words already count as delivered: ejabberd answers the barrier before the person's own
 * connection has looked at what came before it, and any server may find later that a client had gone. What the server has said
 * it has processed is not stored any more; what it has sent back is stored again until it is said.
 */
export class Afterwards {
  readonly #o: AfterwardsOptions;
  readonly #said = new RecentMap<string, Words>(REMEMBERED);
  /** What is to be said again, in its order: soon to who is there, to others when they come. */
  readonly #waiting = new Map<string, Words>();
  readonly #soon = new Map<BareJid, NodeJS.Timeout>();

  constructor(options: AfterwardsOptions) {
    this.#o = options;
  }

  /** What an earlier run has left. @throws BridgeError `store-down`. */
  async restore(): Promise<void> {
    for (const { id, stanza, tries, at } of (await this.#o.notes?.load()) ?? []) {
      const to = readJid(stanza.attrs.to);
      if (to === undefined) this.#o.notes?.drop(id);
      else this.#waiting.set(id, { stanza, to, tries, at });
    }
  }

  /** The server has these. */
  said(id: string, stanza: XmlElement): void {
    const to = readJid(stanza.attrs.to);
    if (to !== undefined) this.#said.set(id, { stanza, to, tries: 0, at: Date.now() });
  }

  /** An error stanza that is about nothing that is being said. True: it was about something that had been said. */
  refused(error: XmlElement): boolean {
    const id = error.attrs.id ?? "";
    const words = this.#said.get(id);
    if (!words || readJid(error.attrs.from) !== words.to) return false;
    this.#said.delete(id);
    const refusal = errorCondition(error);
    if (!mayPass(refusal) || words.tries >= TRIES) this.#o.giveUp(words.stanza, refusal.condition);
    else this.#hold(id, words);
    return true;
  }

  /** Somebody is there. Under the same ids, so that nobody who has the words sees them twice. */
  came(who: BareJid): void {
    clearTimeout(this.#soon.get(who));
    this.#soon.delete(who);
    for (const [id, words] of [...this.#waiting]) {
      if (bare(words.to) !== who) continue;
      if (!this.#o.send(words.stanza)) {
        this.#trySoon(who, words);
        return;
      }
      this.#waiting.delete(id);
      this.#o.notes?.drop(id);
      this.#said.set(id, { ...words, tries: words.tries + 1 });
    }
  }

  /** What was said to somebody by these is nobody's business any more. */
  forget(who: BareJid, isGone: (from: BareJid) => boolean): void {
    for (const [id, { stanza, to }] of [...this.#said, ...this.#waiting]) {
      const from = readJid(stanza.attrs.from);
      if (bare(to) === who && from !== undefined && isGone(bare(from))) this.#done(id);
    }
  }

  #done(id: string): void {
    this.#said.delete(id);
    if (this.#waiting.delete(id)) this.#o.notes?.drop(id);
  }

  #hold(id: string, words: Words): void {
    for (const [old, { at }] of [...this.#waiting]) if (isOld(at)) this.#done(old);
    this.#waiting.set(id, words);
    this.#o.notes?.keep({ id, ...words });
    this.#trySoon(bare(words.to), words);
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#waiting.size <= REMEMBERED) return;
    this.#waiting.delete(oldest[0]);
    this.#o.notes?.drop(oldest[0]);
    this.#o.giveUp(oldest[1].stanza, "recipient-unavailable");
  }

  /** Together with all that comes back until then: each for itself would change their order. */
  #trySoon(who: BareJid, { tries }: Words): void {
    if (this.#soon.has(who) || !this.#o.hears(who)) return;
    const again = (): void => {
      this.#soon.delete(who);
      if (this.#o.hears(who)) this.came(who);
    };
    const timer = setTimeout(again, backOff(tries, FIRST_WAIT_MS, LONGEST_WAIT_MS));
    timer.unref();
    this.#soon.set(who, timer);
  }
}
