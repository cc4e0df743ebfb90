/** Words that a server has sent back and that are to be said again, kept in the store until they are. */
import type { Logger } from "pino";
import { type HomeName, type RoomId, roomId } from "../bridge/model.ts";
import type { RoomNoteStore } from "../bridge/ports/store.ts";
import { type Packed, pack, unpack } from "./conference/packed.ts";
import type { XmlElement } from "./stanza/xml.ts";

/** No room is called so: rooms are JIDs, or begin with one. */
const PREFIX = "waiting ";

interface Note {
  /** The higher, the later it came back. */
  readonly n: number;
  readonly tries: number;
  readonly stanza: Packed;
}

export interface WaitingWords {
  readonly id: string;
  readonly stanza: XmlElement;
  readonly tries: number;
}

export class WaitingNotes {
  readonly #home: HomeName;
  readonly #store: RoomNoteStore;
  readonly #log: Logger;
  #last = 0;

  constructor(o: { home: HomeName; store: RoomNoteStore; log: Logger }) {
    this.#home = o.home;
    this.#store = o.store;
    this.#log = o.log;
  }

  /** In the order in which they came back. @throws BridgeError `store-down`. */
  async load(): Promise<WaitingWords[]> {
    const notes = [...(await this.#store.roomNotes(this.#home))]
      .filter(([key]) => key.startsWith(PREFIX))
      .map(([key, text]) => [key.slice(PREFIX.length), JSON.parse(text) as Note] as const)
      .sort(([, one], [, other]) => one.n - other.n);
    this.#last = notes.at(-1)?.[1].n ?? 0;
    return notes.map(([id, { tries, stanza }]) => ({ id, tries, stanza: unpack(stanza) }));
  }

  keep({ id, tries, stanza }: WaitingWords): void {
    this.#last += 1;
    const note: Note = { n: this.#last, tries, stanza: pack(stanza) };
    this.#safely(this.#store.keepRoomNote(this.#home, keyOf(id), JSON.stringify(note)));
  }

  drop(id: string): void {
    this.#safely(this.#store.dropRoomNote(this.#home, keyOf(id)));
  }

  #safely(task: Promise<void>): void {
    task.catch((error: unknown) => this.#log.warn({ err: error }, "what waits for somebody is known in memory alone"));
  }
}

const keyOf = (id: string): RoomId => roomId(`${PREFIX}${id}`);
