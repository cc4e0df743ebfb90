import { type BareJid, readJid, resourceOf } from "../jid.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { aboutOccupant, type Occupant } from "./room-words.ts";

/** People of one room that are kept in mind. */
const LIMIT = 10_000;

/** Who sits in a room. */
export class Occupants {
  readonly #byNick = new Map<string, Occupant>();

  /** A presence from the room that is no error. */
  take(presence: XmlElement): void {
    const from = readJid(presence.attrs.from);
    const nick = from && resourceOf(from);
    if (nick === undefined) return;
    if (presence.attrs.type === "unavailable") this.#byNick.delete(nick);
    else if (this.#byNick.has(nick) || this.#byNick.size < LIMIT) this.#byNick.set(nick, aboutOccupant(presence));
  }

  get(nick: string): Occupant | undefined {
    return this.#byNick.get(nick);
  }

  /** Under which nicks somebody sits here. */
  nicksOf(jid: BareJid): string[] {
    return [...this.#byNick].filter(([, occupant]) => occupant.jid === jid).map(([nick]) => nick);
  }

  nicks(): Iterable<string> {
    return this.#byNick.keys();
  }

  /** Who has this name of XEP-0421. */
  byId(occupantId: string): Occupant | undefined {
    return [...this.#byNick.values()].find((occupant) => occupant.occupantId === occupantId);
  }

  clear(): void {
    this.#byNick.clear();
  }
}
