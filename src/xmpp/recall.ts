/**
 * What was said lately, for what is said about it: corrections (XEP-0308), removals (XEP-0424), answers (XEP-0461) and
 * reactions (XEP-0444). In memory; what is not there any more, as after a restart, is asked of what was kept.
 */
import { RecentMap } from "../bridge/recent.ts";
import { deletionNote } from "../bridge/text/quote.ts";
import { allStoredOf, type StoredWords, storedOf } from "./convert/heard.ts";
import { plainWords } from "./convert/stored.ts";
import { type BareJid, bare, type Jid } from "./jid.ts";
import type { RecallNotes } from "./recall-notes.ts";
import type { ReadMessage } from "./stanza/message.ts";

/** Each message has up to three names, each of them with and without its speaker. */
const REMEMBERED = 20_000;
/** Characters of a text; what is longer is not compared. */
const CHARACTERS = 2000;
/** Characters of a text that are stored with a reaction to it. */
const QUOTED = 500;
/** Characters of a name; what is longer is none that a client makes. */
const LONGEST_NAME = 300;
/** For so long what was kept of a chat is not read again: all of it is in memory. */
const RECOLLECTED_MS = 10_000;
const RECOLLECTED = 1000;

/** A message that others may be about. */
export interface Said {
  readonly speaker: string;
  readonly text: string;
  /** Not cut. */
  readonly isWhole: boolean;
  /** All that it is called. */
  readonly names: readonly string[];
  /** In a conference: the core's name of it, its sender's own, and how they are called there. */
  readonly as?: string;
  readonly id?: string;
  readonly nick?: string;
}

/** What names a message: where it was said, by whom, and how it is called there. */
export interface Spoken extends Pick<Said, "speaker" | "as" | "id" | "nick"> {
  /** A chat of two: {@link chatOf}; or a room. */
  readonly chat: string;
  readonly names: readonly (string | undefined)[];
}

/** Who says something in a conference, and how it is called there. */
export type InRoom = Omit<Spoken, "chat">;

/** The chat of a person with one of ours. */
export function chatOf(us: BareJid | Jid, person: BareJid): string {
  return `${us} ${person}`;
}

/** What is to be stored of somebody's words. */
export interface Heard<T = StoredWords> {
  /** Asked when its turn to be stored comes, as often as it takes. @throws BridgeError `store-down`. */
  readonly words: () => Promise<readonly T[]>;
  /** If they were asked for, they are stored now. Nothing is kept of them before: given again, they would be no news. */
  readonly keep: () => void;
}

type Reacted = { readonly speaker: string; readonly to: string; readonly reacts: readonly string[] };
type Piece = Said | Reacted;

export class Recall {
  readonly #notes: RecallNotes | undefined;
  /** By chat and name, and by chat, speaker and name: names that clients make up are not unique among several people. */
  readonly #said = new RecentMap<string, Said>(REMEMBERED);
  /** By the id of a correction: what it has corrected. It may come again. */
  readonly #before = new RecentMap<string, Said>(REMEMBERED);
  /** By chat, person and message: all that they react with to it. */
  readonly #reactions = new RecentMap<string, readonly string[]>(REMEMBERED);
  /** By the id of a stanza with reactions: what was there before it. It may come again. */
  readonly #reactionsBefore = new RecentMap<string, readonly string[]>(REMEMBERED);
  /** When all that was kept of a chat was read last, Unix ms. */
  readonly #recollected = new RecentMap<string, number>(RECOLLECTED);
  /** Where what is to be kept goes while what it comes from is not stored. */
  #held: [chat: string, piece: string][] | undefined;

  /** `notes`: what outlives a restart. */
  constructor(notes?: RecallNotes) {
    this.#notes = notes;
  }

  /** What is to be kept is written. Never rejects. */
  async stop(): Promise<void> {
    await this.#notes?.stop();
  }

  /** Something was said, by people or by us. */
  note({ chat, names, ...about }: Spoken, text: string): void {
    const isWhole = text.length <= CHARACTERS;
    // A piece of a text would keep all of it in memory.
    const kept = isWhole ? text : Buffer.from(text.slice(0, CHARACTERS)).toString();
    const usable = names.filter((name) => name !== undefined && name.length <= LONGEST_NAME) as string[];
    if (usable.length > 0) this.#keep(chat, { ...about, names: [...new Set(usable)], text: kept, isWhole });
  }

  #keep(chat: string, piece: Piece): void {
    // What is tried again and again, while a server is away, is kept once.
    const isNews = !this.#isKnown(chat, piece);
    for (const [map, key, value] of this.#places(chat, piece)) map.set(key, value as never);
    if (!isNews || this.#notes === undefined) return;
    if (this.#held === undefined) this.#notes.keep(chat, JSON.stringify(piece));
    else this.#held.push([chat, JSON.stringify(piece)]);
  }

  #isKnown(chat: string, piece: Piece): boolean {
    if ("reacts" in piece) return this.reactions(chat, piece.speaker, piece.to)?.join("\n") === piece.reacts.join("\n");
    return piece.names.every((name) => this.find(chat, name, piece.speaker)?.text === piece.text);
  }

  /** `owner`: whose words are meant by a name alone. */
  *#places(
    chat: string,
    piece: Piece,
    owner = (name: string): string | undefined => this.find(chat, name)?.speaker,
  ): Iterable<readonly [RecentMap<string, unknown>, string, unknown]> {
    if ("reacts" in piece) yield [this.#reactions, keyOf(chat, piece.speaker, piece.to), piece.reacts];
    else
      for (const name of piece.names) {
        // What is called so already is not what somebody else has said since.
        if ((owner(name) ?? piece.speaker) === piece.speaker) yield [this.#said, keyOf(chat, name), piece];
        yield [this.#said, keyOf(chat, piece.speaker, name), piece];
      }
  }

  /** Somebody's words by a name of theirs; without `speaker` whosoever is called so last. */
  find(chat: string, name: string, speaker?: string): Said | undefined {
    return this.#said.get(speaker === undefined ? keyOf(chat, name) : keyOf(chat, speaker, name));
  }

  /** What somebody reacts to a message with now; `undefined`: that is not known. */
  reactions(chat: string, speaker: string, name: string): readonly string[] | undefined {
    return this.#reactions.get(keyOf(chat, speaker, name));
  }

  setReactions(chat: string, speaker: string, to: string, reacts: readonly string[]): void {
    if (to.length <= LONGEST_NAME) this.#keep(chat, { speaker, to, reacts });
  }

  /** Remembers what was kept of a chat, if this one is not in memory. @throws BridgeError `store-down`. */
  async recollect(chat: string, name: string | undefined): Promise<void> {
    if (this.#notes === undefined || name === undefined || this.find(chat, name) !== undefined) return;
    if (Date.now() - (this.#recollected.get(chat) ?? 0) < RECOLLECTED_MS) return;
    const kept = (await this.#notes.kept(chat)).flatMap((text) => readPiece(text) ?? []);
    this.#recollected.set(chat, Date.now());
    const first = new Map<string, string>();
    for (const piece of kept.toReversed())
      if ("names" in piece) for (const name of piece.names) first.set(name, piece.speaker);
    const owner = (name: string): string | undefined => this.find(chat, name)?.speaker ?? first.get(name);
    // The youngest first: what is known already is at least as young.
    for (const piece of kept.toReversed())
      for (const [map, key, value] of this.#places(chat, piece, owner))
        if (map.get(key) === undefined) map.set(key, value as never);
  }

  /**
   * As {@link stored}, when its turn to be stored comes; `undefined`: there is nothing to store. What it is about is looked
   * for in what was kept where nobody remembers it. Nothing is read or kept before it is asked for: who says it may be a
   * stranger.
   */
  hear(message: ReadMessage, us: BareJid, room?: InRoom): Heard | undefined {
    const chat = room === undefined ? chatOf(us, bare(message.from)) : us;
    const name = aboutWhat(message);
    const isKnown = this.#notes === undefined || name === undefined || this.find(chat, name) !== undefined;
    const held: [chat: string, piece: string][] = [];
    const read = (): readonly StoredWords[] => {
      this.#held = held;
      try {
        return this.stored(message, us, room);
      } finally {
        this.#held = undefined;
      }
    };
    let words = isKnown ? read() : undefined;
    let isAsked = false;
    if (words?.length === 0) return undefined;
    return {
      words: async () => {
        isAsked = true;
        if (words === undefined) await this.recollect(chat, name);
        words ??= read();
        return words;
      },
      keep: () => {
        if (!isAsked) return;
        for (const [where, piece] of held.splice(0)) this.#notes?.keep(where, piece);
      },
    };
  }

  /**
   * As {@link allStoredOf}, with what the message is about. `room`: who says it and how it is called there, where it was said
   * in a conference; absent: in a chat of two.
   */
  stored(message: ReadMessage, us: BareJid, room?: InRoom): StoredWords[] {
    const { from, id, retracts, reacts, isEncrypted } = message;
    const where: Spoken = {
      speaker: bare(from),
      ...room,
      chat: room === undefined ? chatOf(us, bare(from)) : us,
      names: [id, message.originId, ...(room?.names ?? [])],
    };
    if (isEncrypted) return allStoredOf(message, us);
    if (retracts !== undefined) return [removal(message, us, this.#own(where, retracts)?.text)];
    if (reacts !== undefined) return this.#react(message, us, where, reacts);
    return this.#say(message, us, where);
  }

  #own({ chat, speaker }: Spoken, name: string): Said | undefined {
    return this.find(chat, name, speaker);
  }

  #say(message: ReadMessage, us: BareJid, where: Spoken): StoredWords[] {
    const { id, corrects, repliesTo } = message;
    const all = allStoredOf(message, us);
    const said = all.find(({ kind }) => kind === "message");
    if (said?.kind !== "message") return all;
    const text = plainWords(said);
    const before = corrects === undefined ? undefined : this.#correct(where, corrects, id);
    const answered = repliesTo === undefined ? undefined : this.find(where.chat, repliesTo)?.text;
    if (corrects === undefined) this.note(where, text);
    else this.note({ ...(this.#own(where, corrects) ?? corrected(where, corrects)), chat: where.chat }, text);
    const about = corrects === undefined ? (said.about ?? answered?.slice(0, QUOTED)) : before?.text;
    return about === undefined ? all : all.map((one) => (one === said ? { ...said, about } : one));
  }

  /** Pieces cannot be compared. */
  #correct(where: Spoken, original: string, id: string | undefined): Said | undefined {
    const by = id === undefined ? undefined : keyOf(where.chat, where.speaker, id);
    const before = (by === undefined ? undefined : this.#before.get(by)) ?? this.#own(where, original);
    if (by !== undefined && before !== undefined) this.#before.set(by, before);
    return before?.isWhole ? before : undefined;
  }

  /** A stanza has all reactions of a person to a message: what is new is given, what is missing is taken back. */
  #react(message: ReadMessage, us: BareJid, where: Spoken, { to, emoji }: Reactions): StoredWords[] {
    const { from, id } = message;
    const { chat, speaker } = where;
    const by = id === undefined ? undefined : keyOf(chat, speaker, id);
    const before =
      (by === undefined ? undefined : this.#reactionsBefore.get(by)) ?? this.reactions(chat, speaker, to) ?? [];
    if (by !== undefined) this.#reactionsBefore.set(by, before);
    this.setReactions(chat, speaker, to, emoji);
    const given = emoji.filter((one) => !before.includes(one));
    const taken = before.filter((one) => !emoji.includes(one));
    const said = this.find(chat, to);
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

/** The name of what a message is about. */
function aboutWhat({ retracts, reacts, corrects, repliesTo }: ReadMessage): string | undefined {
  return retracts ?? reacts?.to ?? corrects ?? repliesTo;
}

const keyOf = (...parts: readonly string[]): string => parts.join("\n");

/** What nobody remembers, by the only name of it that is known. */
function corrected({ chat, speaker }: Spoken, name: string): Spoken {
  return { chat, speaker, names: [name] };
}

/** What an older program has kept may be of another kind. */
function readPiece(text: string): Piece | undefined {
  const piece = JSON.parse(text) as Partial<Said & Reacted>;
  if (typeof piece.speaker !== "string") return undefined;
  const isSaid = Array.isArray(piece.names) && typeof piece.text === "string";
  return isSaid || (Array.isArray(piece.reacts) && typeof piece.to === "string") ? (piece as Piece) : undefined;
}

/** Of what nobody remembers, as a client says it for those who know no reactions; if it does. */
function inWords(message: ReadMessage, us: BareJid): StoredWords[] {
  const words = storedOf({ ...message, reacts: undefined }, us);
  return words === undefined ? [] : [words];
}

function removal({ from, id, wantsReceipt }: ReadMessage, to: BareJid, text: string | undefined): StoredWords {
  const sent = { from, to, ...(id === undefined ? {} : { id }), ...(wantsReceipt ? { receipt: true as const } : {}) };
  return { kind: "message", ...sent, body: deletionNote(text), unstyled: true };
}
