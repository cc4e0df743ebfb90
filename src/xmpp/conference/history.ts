/** What was said in a room last, for those who enter (XEP-0045 §7.2.13). */
import type { BareJid } from "../jid.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { type Packed, pack, unpack } from "./packed.ts";

export interface Said {
  /** XEP-0359. */
  readonly stanzaId: string;
  readonly id: string | undefined;
  readonly nick: string;
  readonly occupantId: string;
  /** Unix ms. */
  readonly at: number;
  /** When it came here, if that was later than it was said: who has seen all up to some time has not seen this. */
  readonly came?: number;
  /** Body and whatever else was in it. */
  readonly parts: readonly Packed[];
}

/** What a client asks for; of several limits the narrowest counts. */
export interface HistoryWish {
  readonly chars?: number;
  readonly stanzas?: number;
  /** Unix ms. */
  readonly since?: number;
}

/** A ring of messages, bounded in number and in size. */
export class History {
  readonly #limits: { readonly history: number; readonly historyChars: number };
  #said: { readonly one: Said; readonly size: number }[] = [];
  #size = 0;

  constructor(limits: { readonly history: number; readonly historyChars: number }, said: readonly Said[] = []) {
    this.#limits = limits;
    for (const one of said) this.add(one);
  }

  /** False when it is there already, by the room's id of it. */
  add(one: Said): boolean {
    if (this.#said.some(({ one: { stanzaId } }) => stanzaId === one.stanzaId)) return false;
    const size = JSON.stringify(one.parts).length;
    this.#said.push({ one, size });
    this.#size += size;
    while (this.#said.length > this.#limits.history || this.#size > this.#limits.historyChars) {
      this.#size -= this.#said.shift()?.size ?? 0;
    }
    return true;
  }

  /** Takes out what its own sender has taken back; later ones do not hear of it. */
  retract(stanzaId: string, occupantId: string): void {
    const at = this.#said.findIndex(({ one }) => one.stanzaId === stanzaId && one.occupantId === occupantId);
    if (at >= 0) this.#size -= this.#said.splice(at, 1)[0]?.size ?? 0;
  }

  get all(): readonly Said[] {
    return this.#said.map(({ one }) => one);
  }

  /** The last of them that fit what is asked for, oldest first, each as `build` makes it. */
  last(wish: HistoryWish, shown: number, build: (one: Said) => XmlElement): XmlElement[] {
    const stanzas: XmlElement[] = [];
    const isAsked = wish.chars !== undefined || wish.stanzas !== undefined || wish.since !== undefined;
    const most = wish.stanzas ?? (isAsked ? Number.POSITIVE_INFINITY : shown);
    let chars = wish.chars ?? Number.POSITIVE_INFINITY;
    for (const { one } of this.#said.toReversed()) {
      if (stanzas.length >= most || (one.came ?? one.at) < (wish.since ?? 0)) break;
      const stanza = build(one);
      chars -= stanza.toString().length;
      if (chars < 0) break;
      stanzas.push(stanza);
    }
    return stanzas.reverse();
  }
}

/** When something of the history was said (XEP-0203). */
export function delayed(room: BareJid, at: number): XmlElement {
  return el("delay", { xmlns: NS.delay, from: room, stamp: new Date(at).toISOString() });
}

export const packAll = (parts: readonly XmlElement[]): Packed[] => parts.map((part) => pack(part));
export const unpackAll = (parts: readonly Packed[]): XmlElement[] => parts.map(unpack);
