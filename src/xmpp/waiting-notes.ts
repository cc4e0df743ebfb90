/** Words that a server has sent back and that are to be said again, kept in the store until they are: sealed, for seven days. */
import type { Logger } from "pino";
import { type HomeName, type RoomId, roomId } from "../bridge/model.ts";
import type { RecallStore, RoomNoteStore } from "../bridge/ports/store.ts";
import { type Packed, pack, unpack } from "./conference/packed.ts";
import type { XmlElement } from "./stanza/xml.ts";

/** No room is called so: rooms are JIDs, or begin with one. */
const PREFIX = "waiting ";
/** For so long words wait for somebody. */
const WAIT_MS = 7 * 24 * 3600_000;
/** Of up to four bytes each, so that a piece is one of recall, which seals it. */
const PIECES = /.{1,8000}/gsu;

/** What is no secret; the words themselves lie sealed, under the same key. */
interface Note {
  /** The higher, the later it came back. */
  readonly n: number;
  readonly tries: number;
  /** When it was said, Unix ms. */
  readonly at: number;
}

export interface WaitingWords {
  readonly id: string;
  readonly stanza: XmlElement;
  readonly tries: number;
  /** When it was said, Unix ms. */
  readonly at: number;
}

export class WaitingNotes {
  readonly #home: HomeName;
  readonly #store: RoomNoteStore & RecallStore;
  readonly #log: Logger;
  #last = 0;

  constructor(o: { home: HomeName; store: RoomNoteStore & RecallStore; log: Logger }) {
    this.#home = o.home;
    this.#store = o.store;
    this.#log = o.log;
  }

  /** In the order in which they came back, without what is too old or does not open. @throws BridgeError `store-down`. */
  async load(): Promise<WaitingWords[]> {
    const notes = [...(await this.#store.roomNotes(this.#home))]
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, text]) => [key.slice(PREFIX.length), JSON.parse(text) as Note] as const)
      .sort(([, one], [, other]) => one.n - other.n);
    this.#last = notes.at(-1)?.[1].n ?? 0;
    const words: WaitingWords[] = [];
    for (const [id, { tries, at }] of notes) {
      const stanza = isOld(at) ? undefined : this.#read(await this.#store.recall(this.#home, keyOf(id)));
      if (stanza !== undefined) words.push({ id, tries, at, stanza });
      else if (isOld(at)) this.drop(id);
      else this.#log.warn({ id }, "words that wait for somebody cannot be read: is a sealing key missing?");
    }
    return words;
  }

  keep({ id, tries, stanza, at }: WaitingWords): void {
    this.#last += 1;
    const note: Note = { n: this.#last, tries, at };
    const [home, key] = [this.#home, keyOf(id)];
    const pieces = JSON.stringify(pack(stanza)).match(PIECES) ?? [];
    this.#safely(
      this.#store.dropRecall(home, key),
      this.#store.keepRecall(
        home,
        key,
        pieces.map((piece, i) => JSON.stringify([i, pieces.length, piece])),
      ),
      this.#store.keepRoomNote(home, key, JSON.stringify(note)),
    );
  }

  drop(id: string): void {
    const key = keyOf(id);
    this.#safely(this.#store.dropRoomNote(this.#home, key), this.#store.dropRecall(this.#home, key));
  }

  #read(rows: readonly string[]): XmlElement | undefined {
    const pieces = rows.map((row) => JSON.parse(row) as [i: number, of: number, piece: string]);
    if (pieces.length === 0 || pieces.some(([, of]) => of !== pieces.length)) return undefined;
    const text = pieces.sort(([one], [other]) => one - other).map(([, , piece]) => piece);
    return unpack(JSON.parse(text.join("")) as Packed);
  }

  #safely(...tasks: Promise<void>[]): void {
    Promise.all(tasks).catch((error: unknown) =>
      this.#log.warn({ err: error }, "what waits for somebody is known in memory alone"),
    );
  }
}

/** Also what has no time. */
export const isOld = (at: number): boolean => !(Date.now() - at < WAIT_MS);

const keyOf = (id: string): RoomId => roomId(`${PREFIX}${id}`);
