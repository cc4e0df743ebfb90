import { type BareJid, bare, type Jid } from "../jid.ts";
import { type NickKey, nickKey } from "./nicks.ts";
import type { PresenceParts, Role } from "./types.ts";

/** Somebody who sits in a room: a ghost, or a person with one client or several under the same nick. */
export interface Seat {
  readonly who: BareJid;
  readonly isGhost: boolean;
  nick: string;
  role: Role;
  shown: PresenceParts;
  /** What each client has shown since the bridge began, the one that did so last is the last: that is what others see. */
  readonly views: Map<Jid, PresenceParts>;
  /** The clients, with when each was heard of last, Unix ms; the one that spoke last is the last. A ghost has none. */
  readonly clients: Map<Jid, number>;
}

/** Who sits in one room. A person sits there once, and a nick stands for one of them. */
export class Seats {
  readonly #byWho = new Map<BareJid, Seat>();
  readonly #byNick = new Map<NickKey, Seat>();

  get size(): number {
    return this.#byWho.size;
  }

  [Symbol.iterator](): IterableIterator<Seat> {
    return this.#byWho.values();
  }

  add(seat: Seat): void {
    this.#byWho.set(seat.who, seat);
    this.#byNick.set(nickKey(seat.nick), seat);
  }

  remove(seat: Seat): void {
    this.#byWho.delete(seat.who);
    this.#byNick.delete(nickKey(seat.nick));
  }

  rename(seat: Seat, nick: string): void {
    this.#byNick.delete(nickKey(seat.nick));
    seat.nick = nick;
    this.#byNick.set(nickKey(nick), seat);
  }

  of(who: BareJid): Seat | undefined {
    return this.#byWho.get(who);
  }

  named(nick: string): Seat | undefined {
    return this.#byNick.get(nickKey(nick));
  }

  /** Whose client it is; `undefined` when that client does not sit here, whoever else of them does. */
  at(client: Jid): Seat | undefined {
    const seat = this.#byWho.get(bare(client));
    return seat?.clients.has(client) ? seat : undefined;
  }

  /** The client whose address stands for a person: the one heard of last. */
  addressOf(seat: Seat): Jid | BareJid {
    return [...seat.clients.keys()].at(-1) ?? seat.who;
  }
}
