/** What was said in rooms lately, for words about other words. */
import { RecentMap } from "../../../bridge/recent.ts";
import { unpackAll } from "../../conference/history.ts";
import type { Room, Said } from "../../conference/index.ts";
import { readRoomWords } from "../../conference/read.ts";
import type { BareJid } from "../../jid.ts";
import { el } from "../../stanza/xml.ts";

/** A message that others may be about. */
export interface Remembered {
  /** The room's id of it (XEP-0359), which is the core's name, too. */
  readonly stanzaId: string;
  readonly nick: string;
  readonly text: string;
}

/** Each message has up to three names. */
const REMEMBERED = 7500;
/** Characters of a text: what is longer is quoted and compared by its beginning. */
const CHARACTERS = 2000;

/**
 * Finds messages by the room's id or their sender's own: first among what has just come and waits to be shown, then in the
 * history of the room, which outlives a restart.
 */
export class RoomMemory {
  readonly #said = new RecentMap<string, Remembered>(REMEMBERED);
  readonly #reactions = new RecentMap<string, readonly string[]>(REMEMBERED);

  /** `id`: what its sender calls it. */
  note({ jid }: Room, who: BareJid, id: string | undefined, said: Remembered): void {
    const kept = { ...said, text: said.text.slice(0, CHARACTERS) };
    this.#said.set(`${jid} ${said.stanzaId}`, kept);
    this.#said.set(`${jid} ${who} ${said.stanzaId}`, kept);
    if (id !== undefined) this.#said.set(`${jid} ${who} ${id}`, kept);
  }

  /** By the room's id of it, or by what `who` calls it: XEP-0424 and others name the one, clients at times the other. */
  find(room: Room, id: string, who?: BareJid): Remembered | undefined {
    const own = who === undefined ? undefined : this.#said.get(`${room.jid} ${who} ${id}`);
    const known = own ?? this.#said.get(`${room.jid} ${id}`);
    if (known) return known;
    const occupant = who === undefined ? undefined : room.occupantId(who);
    const isMeant = (one: Said): boolean => one.stanzaId === id || (one.id === id && one.occupantId === occupant);
    return remembered(room.history.find(isMeant));
  }

  /** As {@link find}, of what `who` has said: only that can be corrected and taken back. */
  findOwn(room: Room, id: string, who: BareJid): Remembered | undefined {
    const known = this.#said.get(`${room.jid} ${who} ${id}`);
    if (known) return known;
    const occupant = room.occupantId(who);
    const isOwn = (one: Said): boolean => one.occupantId === occupant && (one.stanzaId === id || one.id === id);
    return remembered(room.history.find(isOwn));
  }

  /** What somebody reacts to a message with now (XEP-0444 §3: the last of their reactions replaces what was before). */
  reactions(room: Room, who: BareJid, stanzaId: string): readonly string[] {
    const known = this.#reactions.get(`${room.jid} ${who} ${stanzaId}`);
    if (known) return known;
    const occupant = room.occupantId(who);
    const about = room.history.findLast((one) => one.occupantId === occupant && wordsOf(one).reacts?.to === stanzaId);
    return (about && wordsOf(about).reacts?.emoji) ?? [];
  }

  setReactions({ jid }: Room, who: BareJid, stanzaId: string, emoji: readonly string[]): void {
    this.#reactions.set(`${jid} ${who} ${stanzaId}`, emoji);
  }
}

function remembered(said: Said | undefined): Remembered | undefined {
  return said && { stanzaId: said.stanzaId, nick: said.nick, text: wordsOf(said).body.slice(0, CHARACTERS) };
}

const NOWHERE = { from: "a@b", to: "c@d" };

function wordsOf({ parts }: Said) {
  return readRoomWords(el("message", NOWHERE, unpackAll(parts)));
}
