/**
 * What was said lately, for what is said about it: corrections (XEP-0308), removals (XEP-0424), answers (XEP-0461) and
 * reactions (XEP-0444). In memory alone.
 */
import { RecentMap } from "../bridge/recent.ts";
import { deletionNote } from "../bridge/text/quote.ts";
import { allStoredOf, type StoredWords, storedOf } from "./convert/heard.ts";
import { standIn } from "./convert/others.ts";
import { type BareJid, bare, type Jid } from "./jid.ts";
import type { ReadMessage } from "./stanza/message.ts";

const REMEMBERED = 5000;
/** Characters of a text; what is longer is not compared. */
const CHARACTERS = 2000;
/** Characters of a text that are stored with a reaction to it. */
const QUOTED = 500;

interface Said {
  readonly speaker: string;
  readonly text: string;
  readonly isWhole: boolean;
}

/** What names a message: where it was said, by whom, and how it is called there. */
export interface Spoken {
  /** A chat of two: {@link chatOf}; or a room. */
  readonly chat: string;
  readonly speaker: string;
  readonly names: readonly (string | undefined)[];
}

/** The chat of a person with one of ours. */
export function chatOf(us: BareJid | Jid, person: BareJid): string {
  return `${us} ${person}`;
}

export class Recall {
  readonly #said = new RecentMap<string, Said>(REMEMBERED);
  /** By the id of a correction: what it has corrected. It may come again. */
  readonly #before = new RecentMap<string, Said>(REMEMBERED);
  /** By chat, person and message: all that they react with to it. */
  readonly #reactions = new RecentMap<string, readonly string[]>(REMEMBERED);
  /** By the id of a stanza with reactions: what was there before it. It may come again. */
  readonly #reactionsBefore = new RecentMap<string, readonly string[]>(REMEMBERED);

  /** Something was said, by people or by us. */
  note({ chat, speaker, names }: Spoken, text: string): void {
    const isWhole = text.length <= CHARACTERS;
    // A piece of a text would keep all of it in memory.
    const kept = isWhole ? text : Buffer.from(text.slice(0, CHARACTERS)).toString();
    for (const name of names)
      if (name !== undefined) this.#said.set(`${chat} ${name}`, { speaker, text: kept, isWhole });
  }

  /**
   * As {@link allStoredOf}, with what the message is about. `room`: who says it and how it is called there, where it was said
   * in a conference; absent: in a chat of two.
   */
  stored(message: ReadMessage, us: BareJid, room?: { speaker: string; names: readonly string[] }): StoredWords[] {
    const { from, id, retracts, reacts, isEncrypted } = message;
    const speaker = room?.speaker ?? bare(from);
    const where: Spoken = {
      chat: room === undefined ? chatOf(us, bare(from)) : us,
      speaker,
      names: [id, message.originId, ...(room?.names ?? [])],
    };
    if (isEncrypted) return allStoredOf(message, us);
    if (retracts !== undefined) return [removal(message, us, this.#own(where, retracts)?.text)];
    if (reacts !== undefined) return this.#react(message, us, where, reacts);
    return this.#say(message, us, where);
  }

  #own({ chat, speaker }: Spoken, name: string): Said | undefined {
    const said = this.#said.get(`${chat} ${name}`);
    return said?.speaker === speaker ? said : undefined;
  }

  #say(message: ReadMessage, us: BareJid, where: Spoken): StoredWords[] {
    const { id, corrects, repliesTo } = message;
    const all = allStoredOf(message, us);
    const said = all.find(({ kind }) => kind === "message");
    const body = standIn(message)?.line ?? message.body;
    if (said?.kind !== "message" || body === undefined) return all;
    const before = corrects === undefined ? undefined : this.#correct(where, corrects, id);
    const answered = repliesTo === undefined ? undefined : this.#said.get(`${where.chat} ${repliesTo}`)?.text;
    this.note(corrects === undefined ? where : { ...where, names: [corrects] }, body);
    const about = corrects === undefined ? (said.about ?? answered?.slice(0, QUOTED)) : before?.text;
    return about === undefined ? all : all.map((one) => (one === said ? { ...said, about } : one));
  }

  /** Pieces cannot be compared. */
  #correct(where: Spoken, original: string, id: string | undefined): Said | undefined {
    const by = id === undefined ? undefined : `${where.chat} ${where.speaker} ${id}`;
    const before = (by === undefined ? undefined : this.#before.get(by)) ?? this.#own(where, original);
    if (by !== undefined && before !== undefined) this.#before.set(by, before);
    return before?.isWhole ? before : undefined;
  }

  /** A stanza has all reactions of a person to a message: what is new is given, what is missing is taken back. */
  #react(message: ReadMessage, us: BareJid, where: Spoken, { to, emoji }: Reactions): StoredWords[] {
    const { from, id } = message;
    const person = `${where.chat} ${where.speaker}`;
    const [key, by] = [`${person} ${to}`, id === undefined ? undefined : `${person} ${id}`];
    const before = (by === undefined ? undefined : this.#reactionsBefore.get(by)) ?? this.#reactions.get(key) ?? [];
    if (by !== undefined) this.#reactionsBefore.set(by, before);
    this.#reactions.set(key, emoji);
    const given = emoji.filter((one) => !before.includes(one));
    const taken = before.filter((one) => !emoji.includes(one));
    const said = this.#said.get(`${where.chat} ${to}`);
    if (said === undefined) return given.length === 0 ? [] : inWords(message, us);
    const sent = { from, to: us, ...(id === undefined ? {} : { id }) };
    const about = { kind: "reaction", ...sent, target: to, text: said.text.slice(0, QUOTED).toWellFormed() } as const;
    return [
      ...taken.map((one) => ({ ...about, key: one, removed: true as const })),
      ...given.map((one) => ({ ...about, key: one })),
    ];
  }
}

type Reactions = NonNullable<ReadMessage["reacts"]>;

/** Of what nobody remembers, as a client says it for those who know no reactions; if it does. */
function inWords(message: ReadMessage, us: BareJid): StoredWords[] {
  const words = storedOf({ ...message, reacts: undefined }, us);
  return words === undefined ? [] : [words];
}

function removal({ from, id, wantsReceipt }: ReadMessage, to: BareJid, text: string | undefined): StoredWords {
  const sent = { from, to, ...(id === undefined ? {} : { id }), ...(wantsReceipt ? { receipt: true as const } : {}) };
  return { kind: "message", ...sent, body: deletionNote(text), unstyled: true };
}
