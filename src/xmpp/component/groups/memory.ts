/** What was said in rooms lately, for words about other words. */
import { unpackAll } from "../../conference/history.ts";
import type { Room, RoomWords, Said } from "../../conference/index.ts";
import { readRoomWords } from "../../conference/read.ts";
import { ASIDE, allStoredOf, isToBridge } from "../../convert/heard.ts";
import { plainWords } from "../../convert/stored.ts";
import { type BareJid, bare } from "../../jid.ts";
import type { Recall } from "../../recall.ts";
import { readMessage } from "../../stanza/message.ts";
import { el, type XmlElement } from "../../stanza/xml.ts";

/** A message that others may be about. */
export interface Remembered {
  /** The room's id of it (XEP-0359), which is the core's name, too. */
  readonly stanzaId: string;
  readonly nick: string;
  readonly text: string;
}

/** Characters of a text: what is longer is quoted and compared by its beginning. */
const CHARACTERS = 2000;

/**
 * Finds messages by the room's id or their sender's own: first among what is remembered, also of what waits to be shown, then
 * in the history of the room.
 */
export class RoomMemory {
  readonly #recall: Recall;

  constructor(recall: Recall) {
    this.#recall = recall;
  }

  /** `id`: what its sender calls it. */
  note({ jid }: Room, who: BareJid, id: string | undefined, { stanzaId, nick, text }: Remembered): void {
    const names = [stanzaId, id];
    this.#recall.note({ chat: jid, speaker: who, nick, as: stanzaId, names }, text);
  }

  /** Remembers what was kept, when nobody knows what words are about. @throws BridgeError `store-down`. */
  async recollect(room: Room, name: string | undefined): Promise<void> {
    if (name !== undefined && this.find(room, name) === undefined) await this.#recall.recollect(room.jid, name);
  }

  /** By the room's id of it, or by what `who` calls it: XEP-0424 and others name the one, clients at times the other. */
  find(room: Room, id: string, who?: BareJid): Remembered | undefined {
    const own = who === undefined ? undefined : this.#own(room, id, who);
    if (own) return own;
    const known = this.#recall.find(room.jid, id);
    if (known?.as === id) return { stanzaId: id, nick: known.nick ?? "", text: known.text };
    const occupant = who === undefined ? undefined : room.occupantId(who);
    const isMeant = (one: Said): boolean => one.stanzaId === id || (one.id === id && one.occupantId === occupant);
    return remembered(room.history.find(isMeant));
  }

  /** As {@link find}, of what `who` has said: only that can be corrected and taken back. */
  findOwn(room: Room, id: string, who: BareJid): Remembered | undefined {
    const known = this.#own(room, id, who);
    if (known) return known;
    const occupant = room.occupantId(who);
    const isOwn = (one: Said): boolean => one.occupantId === occupant && (one.stanzaId === id || one.id === id);
    return remembered(room.history.find(isOwn));
  }

  #own({ jid }: Room, id: string, who: BareJid): Remembered | undefined {
    const { as: stanzaId, nick = "", text = "" } = this.#recall.find(jid, id, who) ?? {};
    return stanzaId === undefined ? undefined : { stanzaId, nick, text };
  }

  /** What somebody reacts to a message with now (XEP-0444 §3: the last of their reactions replaces what was before). */
  reactions(room: Room, who: BareJid, stanzaId: string): readonly string[] {
    const known = this.#recall.reactions(room.jid, who, stanzaId);
    if (known) return known;
    const occupant = room.occupantId(who);
    const about = room.history.findLast((one) => one.occupantId === occupant && wordsOf(one).reacts?.to === stanzaId);
    return (about && wordsOf(about).reacts?.emoji) ?? [];
  }

  setReactions({ jid }: Room, who: BareJid, stanzaId: string, emoji: readonly string[]): void {
    this.#recall.setReactions(jid, who, stanzaId, emoji);
  }
}

/** The name of what words are about. */
export function aboutWhat({ corrects, retracts, reacts, repliesTo }: RoomWords): string | undefined {
  return retracts ?? reacts?.to ?? corrects ?? repliesTo;
}

function remembered(said: Said | undefined): Remembered | undefined {
  return said && { stanzaId: said.stanzaId, nick: said.nick, text: textOf(said).slice(0, CHARACTERS) };
}

/** As it was remembered when it was said. */
function textOf(said: Said): string {
  if (isToBridge(wordsOf(said).body)) return ASIDE;
  const message = readMessage(stanzaOf(said));
  const words = message && allStoredOf(message, bare(message.to)).find(({ kind }) => kind === "message");
  return words?.kind === "message" ? plainWords(words) : wordsOf(said).body;
}

const NOWHERE = { from: "a@b", to: "c@d" };

function stanzaOf({ parts }: Said): XmlElement {
  return el("message", NOWHERE, unpackAll(parts));
}

function wordsOf(said: Said) {
  return readRoomWords(stanzaOf(said));
}
