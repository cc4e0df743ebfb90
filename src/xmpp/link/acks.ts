import { BridgeError } from "../../bridge/errors.ts";
import type { XmlElement } from "../stanza/xml.ts";

/** Counters of stream management run modulo 2^32 (XEP-0198 §4). */
const MODULO = 2 ** 32;

export interface Unacked {
  readonly stanza: XmlElement;
  /** What must arrive, and therefore goes out again on a new stream; what is said anew by itself does not. */
  readonly isKept: boolean;
  readonly done: PromiseWithResolvers<void>;
}

/** The least that both counters can mean: the steps from one to the other. */
function steps(from: number, to: number): number {
  return (to - from + MODULO) % MODULO;
}

/**
 * Our side's stanzas that the server has not acknowledged, in the order they were or will be sent. The first
 * {@link onWire} of them have been written to the session that the server counts; the others wait for their turn.
 */
export class Outbox {
  readonly #limit: number;
  #queue: Unacked[] = [];
  #byId = new Map<string, Unacked>();
  #onWire = 0;
  /** Stanzas of this session that the server has acknowledged. */
  #acked = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#queue.length;
  }

  get onWire(): number {
    return this.#onWire;
  }

  /** Stanzas that have been written in this session. */
  get sent(): number {
    return (this.#acked + this.#onWire) % MODULO;
  }

  /** Something that must arrive and is under way already, by the id of its stanza. */
  kept(id: string | undefined): Unacked | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** @throws BridgeError `home-busy` when too many wait. */
  add(stanza: XmlElement, isKept: boolean): Unacked {
    if (this.#queue.length >= this.#limit)
      throw new BridgeError("home-busy", { detail: `${this.#limit} stanzas wait for the XMPP server to take them` });
    const entry: Unacked = { stanza, isKept, done: Promise.withResolvers() };
    // Nobody may be left with a rejection that nobody hears.
    entry.done.promise.catch(() => {});
    if (isKept && stanza.attrs.id !== undefined) this.#byId.set(stanza.attrs.id, entry);
    this.#queue.push(entry);
    return entry;
  }

  /** Puts what goes out at once before what still waits. */
  addFirst(stanza: XmlElement): Unacked {
    const entry = this.add(stanza, false);
    this.#queue.pop();
    this.#queue.splice(this.#onWire, 0, entry);
    return entry;
  }

  /** The next to be written; the caller writes it and calls {@link wrote}. */
  get next(): XmlElement | undefined {
    return this.#queue[this.#onWire]?.stanza;
  }

  wrote(): void {
    this.#onWire += 1;
  }

  /** The server has processed so many stanzas of this session. False: that are more than were sent. */
  acknowledge(handled: number): boolean {
    const count = steps(this.#acked, handled);
    if (count > this.#onWire) return count > MODULO / 2;
    this.#acked = handled;
    this.#onWire -= count;
    for (const entry of this.#queue.splice(0, count)) this.#settle(entry);
    return true;
  }

  /** It is known from elsewhere that this one has arrived; it goes out no more. */
  arrived(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#settle(entry);
    const at = this.#queue.indexOf(entry);
    // What is on the wire is still counted by the server.
    if (at >= this.#onWire) this.#queue.splice(at, 1);
  }

  /** The session goes on: all that the server has not is to be written again. */
  resume(): void {
    this.#onWire = 0;
  }

  /** A new session: what must arrive is to be written again, the rest is forgotten. */
  renew(): void {
    this.#onWire = 0;
    this.#acked = 0;
    this.#queue = this.#queue.filter((entry) => entry.isKept && this.kept(entry.stanza.attrs.id) === entry);
  }

  /** The end: whoever waits hears that it is not known. */
  fail(detail: string): void {
    for (const { done } of this.#queue) done.reject(new BridgeError("home-down", { detail }));
    this.#queue = [];
    this.#byId.clear();
    this.#onWire = 0;
  }

  #settle(entry: Unacked): void {
    entry.done.resolve();
    const { id } = entry.stanza.attrs;
    if (id !== undefined && this.#byId.get(id) === entry) this.#byId.delete(id);
  }
}

/** One stanza that came in, and how its handling ended. */
export interface Taken {
  /** It is stored or needs no keeping: the server may forget it. */
  done(): void;
  /** It must come again with the next resumption. */
  failed(): void;
}

/**
 * What came in, as far as it has been handled: the server may forget a stanza only when that and all before it are.
 * After a resumption it sends the rest again; what is already being handled is told apart by its place in the count.
 */
export class Inbox {
  /** Handled without a gap. */
  #handled = 0;
  /** Place of the last stanza that came in this stream, and of the last one that came at all. */
  #place = 0;
  #furthest = 0;
  #session = 0;
  readonly #done = new Set<number>();
  readonly #failed = new Set<number>();

  get handled(): number {
    return this.#handled % MODULO;
  }

  /** A new session. */
  renew(): void {
    this.#handled = 0;
    this.#place = 0;
    this.#furthest = 0;
    this.#session += 1;
    this.#done.clear();
    this.#failed.clear();
  }

  /** The server begins again behind what it was told to be handled. */
  resume(told: number): void {
    this.#place = this.#handled - steps(told, this.handled);
  }

  /** A stanza has come; `undefined`: it had come before and is being handled. */
  take(): Taken | undefined {
    this.#place += 1;
    const place = this.#place;
    if (place <= this.#furthest && !this.#failed.delete(place)) return undefined;
    this.#furthest = Math.max(this.#furthest, place);
    const session = this.#session;
    return {
      done: () => {
        if (session !== this.#session) return;
        this.#done.add(place);
        while (this.#done.delete(this.#handled + 1)) this.#handled += 1;
      },
      failed: () => {
        if (session === this.#session) this.#failed.add(place);
      },
    };
  }
}
