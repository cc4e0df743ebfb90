/** What was said in conferences lately, for words about other words. In memory alone. */
import { RecentMap } from "../../../bridge/recent.ts";
import type { Stored } from "../../convert/stored.ts";
import type { BareJid } from "../../jid.ts";
import type { RoomMessage } from "../../muc/room-words.ts";
import { namesOf } from "../../muc/taking.ts";
import type { Recall } from "../../recall.ts";
import type { ReadMessage } from "../../stanza/message.ts";
import { viaIn } from "../../stanza/via.ts";

/** A message that others may be about. */
export interface Talked {
  /** The core's name of it: the room's own (XEP-0359), else its sender's. */
  readonly as: string;
  /** Its sender's: corrections name that (XEP-0308). */
  readonly id: string | undefined;
  /** Who: a resident, or one of ours by address. */
  readonly speaker: string;
  readonly nick: string;
  readonly text: string;
}

const REMEMBERED = 5000;
/** Characters of a text, and of a quotation. */
const CHARACTERS = 2000;
const QUOTED = 500;

export class Talk {
  readonly #talked = new RecentMap<string, Talked>(REMEMBERED);
  readonly #reactions = new RecentMap<string, readonly string[]>(REMEMBERED);
  readonly #recall: Recall;

  constructor(recall: Recall) {
    this.#recall = recall;
  }

  find(room: BareJid, name: string): Talked | undefined {
    return this.#talked.get(`${room} ${name}`);
  }

  /** One of ours has said it. */
  noteOwn(message: RoomMessage, speaker: string, text: string): void {
    this.#note(message, speaker, text);
    const { room, nick, id, stanzaId } = message;
    this.#recall.note({ chat: room, speaker: nick, names: [id, stanzaId] }, text);
  }

  /** What one of ours reacts to a message with now. */
  reactions(room: BareJid, speaker: string, name: string): readonly string[] {
    return this.#reactions.get(`${room} ${speaker} ${name}`) ?? [];
  }

  setReactions(room: BareJid, speaker: string, name: string, all: readonly string[]): void {
    this.#reactions.set(`${room} ${speaker} ${name}`, all);
  }

  /** What is stored of somebody's words, in the order in which it goes to the network. */
  heard(message: RoomMessage, read: ReadMessage, speaker: string): Stored[] {
    const { room } = message;
    const as = nameOf(message);
    const words = this.#recall.stored(read, room, { speaker, names: namesOf(message) });
    const about = this.#about(room, read, speaker);
    if (read.corrects === undefined && read.retracts === undefined) this.#note(message, speaker, read.body ?? "");
    return words.map((one, i): Stored => {
      const named = as === undefined ? {} : { as: i === 0 ? as : `${as}-${i}` };
      const base = { ...one, room, resident: speaker, ...viaIn(message.stanza), ...named };
      if (base.kind === "reaction") return { ...base, target: this.find(room, base.target)?.as ?? base.target };
      return base.kind === "message" && about !== undefined ? { ...base, ...about } : base;
    });
  }

  /** Only one's own words can be corrected or taken back, so those must be known; anybody's can be answered. */
  #about(room: BareJid, { corrects, retracts, repliesTo }: ReadMessage, speaker: string) {
    const own = corrects ?? retracts;
    if (own !== undefined) {
      const before = this.find(room, own);
      if (before?.speaker !== speaker) return undefined;
      const kind = corrects === undefined ? ("removal" as const) : ("edit" as const);
      return { relation: { kind, target: before.as } };
    }
    if (repliesTo === undefined) return undefined;
    const answered = this.find(room, repliesTo);
    const relation = { kind: "reply" as const, target: answered?.as ?? repliesTo };
    return answered === undefined
      ? { relation }
      : { relation, about: answered.text.slice(0, QUOTED), of: answered.nick };
  }

  #note(message: RoomMessage, speaker: string, text: string): void {
    const { room, nick, id, originId, stanzaId } = message;
    const as = nameOf(message);
    if (as === undefined) return;
    const talked = { as, id, speaker, nick, text: Buffer.from(text.slice(0, CHARACTERS)).toString() };
    for (const name of [id, originId, stanzaId]) if (name !== undefined) this.#talked.set(`${room} ${name}`, talked);
  }
}

/** How the core calls a message of a conference. */
export function nameOf({ stanzaId, id }: Pick<RoomMessage, "stanzaId" | "id">): string | undefined {
  return stanzaId ?? id;
}
