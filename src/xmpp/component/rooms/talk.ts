/** What was said in conferences lately, for words about other words. */
import { isToBridge, unrelated, wasToBridge } from "../../convert/heard.ts";
import type { Stored } from "../../convert/stored.ts";
import type { BareJid } from "../../jid.ts";
import type { RoomMessage } from "../../muc/room-words.ts";
import type { Heard, Recall, Said } from "../../recall.ts";
import type { ReadMessage } from "../../stanza/message.ts";
import { viaIn } from "../../stanza/via.ts";

/** A message that others may be about; `speaker`: a resident, or one of ours by address. */
export type Talked = Said & {
  /** The core's name of it: the room's own (XEP-0359), else its sender's. */
  readonly as: string;
  readonly nick: string;
};

const QUOTED = 500;

export class Talk {
  readonly #recall: Recall;

  constructor(recall: Recall) {
    this.#recall = recall;
  }

  /** `speaker`: only what they have said. */
  find(room: BareJid, name: string, speaker?: string): Talked | undefined {
    const { as, nick, ...said } = this.#recall.find(room, name, speaker) ?? {};
    return as === undefined || nick === undefined ? undefined : ({ ...said, as, nick } as Talked);
  }

  /** As {@link Recall.recollect}. */
  async recollect(room: BareJid, name: string | undefined): Promise<void> {
    await this.#recall.recollect(room, name);
  }

  /** One of ours has said it, or somebody else, to the bridge alone. */
  note(message: RoomMessage, speaker: string, text: string): void {
    this.#recall.note({ chat: message.room, speaker, ...calledIn(message) }, text);
  }

  /** What one of ours reacts to a message with now. */
  reactions(room: BareJid, speaker: string, name: string): readonly string[] {
    return this.#recall.reactions(room, speaker, name) ?? [];
  }

  setReactions(room: BareJid, speaker: string, name: string, all: readonly string[]): void {
    this.#recall.setReactions(room, speaker, name, all);
  }

  /** What is stored of somebody's words, in the order in which it goes to the network; as {@link Recall.hear}. */
  hear(message: RoomMessage, read: ReadMessage, speaker: string): Heard<Stored> | undefined {
    const heard = this.#recall.hear(read, message.room, { speaker, ...calledIn(message) });
    return heard && { ...heard, words: async () => this.#stored(message, read, speaker, await heard.words()) };
  }

  #stored(message: RoomMessage, read: ReadMessage, speaker: string, words: readonly Stored[]): Stored[] {
    const { room } = message;
    const as = nameOf(message);
    const about = this.#about(room, read, speaker);
    // What a guest says to the bridge is no command: all have had it.
    const isAside = (name: string | undefined): boolean =>
      name !== undefined && wasToBridge((this.find(room, name, speaker) ?? this.find(room, name))?.text);
    if (isAside(read.retracts ?? read.reacts?.to)) return [];
    return words.map((one, i): Stored => {
      const named = as === undefined ? {} : { as: i === 0 ? as : `${as}-${i}` };
      const base = { ...one, room, resident: speaker, ...viaIn(message.stanza), ...named };
      if (base.kind === "reaction") return { ...base, target: this.find(room, base.target)?.as ?? base.target };
      if (base.kind === "message" && (isToBridge(base.about) || isAside(read.corrects ?? read.repliesTo)))
        return unrelated(base);
      return base.kind === "message" && about !== undefined ? { ...base, ...about } : base;
    });
  }

  /** Only one's own words can be corrected or taken back, so those must be known; anybody's can be answered. */
  #about(room: BareJid, { corrects, retracts, repliesTo }: ReadMessage, speaker: string) {
    const own = corrects ?? retracts;
    if (own !== undefined) {
      const before = this.find(room, own, speaker);
      if (before === undefined) return undefined;
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
}

function calledIn(message: RoomMessage) {
  const { nick, id, originId, stanzaId } = message;
  const as = nameOf(message);
  const named = { ...(as === undefined ? {} : { as }), ...(id === undefined ? {} : { id }) };
  return { nick, names: [id, originId, stanzaId], ...named };
}

/** How the core calls a message of a conference. */
export function nameOf({ stanzaId, id }: Pick<RoomMessage, "stanzaId" | "id">): string | undefined {
  return stanzaId ?? id;
}
