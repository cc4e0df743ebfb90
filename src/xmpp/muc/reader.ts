import type { Logger } from "pino";
import type { BareJid, Jid } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { type Position, RoomArchive } from "./archive.ts";
import { type Origin, type RoomMessage, readRoomMessage } from "./room-words.ts";
import type { RoomLink } from "./types.ts";

/** Clocks differ: so much of the history is read twice, and told once. */
export const OVERLAP_MS = 5 * 60_000;
/** Messages that are remembered as seen. */
const REMEMBERED = 2000;

export interface ReaderOptions {
  readonly link: Pick<RoomLink, "request">;
  readonly room: BareJid;
  /** Ours, as it is now. */
  readonly nick: () => string;
  readonly from?: Position;
  readonly said: (message: RoomMessage) => void | Promise<void>;
  /** One of ours has come back. */
  readonly isEcho: (message: RoomMessage) => boolean;
  readonly reached?: (position: Position) => void;
  readonly log: Logger;
}

/** What is said in one room: each message taken once, live, from the history or from the archive, and up to where. */
export class RoomReader {
  readonly #o: ReaderOptions;
  readonly #archive: RoomArchive;
  readonly #seen = new Set<string>();
  #position: Position | undefined;
  /** Supposed until the room says otherwise. */
  #hasArchive = true;
  /** Settles when all that has come so far is taken. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Something was not taken, and will come again: nothing behind it counts as read. */
  #hasGap = false;
  #catchingUp: Promise<void> | undefined;
  /** What was missed is not read: what is said now is to be read behind it. */
  #isBehind = false;

  constructor(options: ReaderOptions) {
    this.#o = options;
    this.#position = options.from;
    this.#archive = new RoomArchive(options.link, options.room);
  }

  /** Whether the archive can be asked for what was missed. */
  get mayCatchUp(): boolean {
    this.#hasGap = false;
    return this.#position !== undefined && this.#hasArchive;
  }

  /** True: it was an answer of the archive. */
  answers(stanza: XmlElement): boolean {
    return this.#archive.take(stanza);
  }

  /**
   * Passes the door, and reads what was missed from the archive, which keeps more than a room's history shows; what is
   * said meanwhile waits. False: there is no archive.
   */
  async catchUp(passDoor: () => Promise<void>, to: () => Jid): Promise<boolean> {
    const caughtUp = Promise.withResolvers<void>();
    this.#catchingUp = caughtUp.promise;
    this.#isBehind = true;
    try {
      await passDoor();
      const isRead = (await this.#read(to())) || (await this.#read(to()));
      this.#isBehind = false;
      return isRead;
    } finally {
      this.#catchingUp = undefined;
      caughtUp.resolve();
    }
  }

  /** False: it does not know where we were; the second time it is asked by time alone. */
  async #read(to: Jid): Promise<boolean> {
    const { id, at } = this.#position ?? { at: 0 };
    if (!this.#hasArchive) return false;
    try {
      const from: Position = id === undefined ? { at: at - OVERLAP_MS } : { id, at };
      for await (const missed of this.#archive.after(from, to)) await this.#take(missed, "archive");
      return true;
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#o.log.info({ room: this.#o.room, err: error }, "the room has no archive of what was missed");
      this.#hasArchive = error.condition === "item-not-found" && id !== undefined;
      this.#position = { at };
      return false;
    }
  }

  /** Something that was said; the history of a room that we are in for the first time is not for us. */
  async take(stanza: XmlElement, origin: Origin, isFirst = false): Promise<void> {
    await this.#catchingUp;
    if (!this.#isBehind) await this.#take(stanza, origin, isFirst);
  }

  async #take(stanza: XmlElement, origin: Origin, isFirst = false): Promise<void> {
    const message = readRoomMessage(stanza, this.#o.nick(), origin);
    if (message === undefined) return;
    const { id, stanzaId, saidAt } = message;
    const at = saidAt ?? Date.now();
    const position = stanzaId === undefined ? { at } : { id: stanzaId, at };
    const key = stanzaId ?? (id === undefined ? undefined : `${message.nick}/${id}`);
    const isBefore = isFirst && saidAt !== undefined;
    const isOld = isBefore || (saidAt !== undefined && key === undefined);
    const isEcho = this.#o.isEcho(message);
    // The room may give back less than was said: ours is known by its name alone.
    if (!isEcho && !message.saysSomething) return;
    if (isEcho || isOld || (key !== undefined && this.#seen.has(key))) {
      if (key !== undefined) remember(this.#seen, key);
      // Nobody may go on from here: what is behind it was said before us as well.
      if (isBefore) this.#position = position;
      else this.reach(position);
      return;
    }
    // Remembered first: the history may bring it again while it is being taken.
    if (key !== undefined) remember(this.#seen, key);
    const said = (async () => await this.#o.said(message))();
    this.reach(position, said);
    try {
      await said;
    } catch (error) {
      if (key !== undefined) this.#seen.delete(key);
      throw error;
    }
  }

  /** Everything up to here has been taken when all before it is, and `done`. */
  reach(position: Position, done: Promise<void> = Promise.resolve()): void {
    this.#tail = Promise.all([this.#tail, done]).then(
      () => {
        if (this.#hasGap) return;
        this.#position = { ...this.#position, ...position };
        this.#o.reached?.(this.#position);
      },
      () => {
        this.#hasGap = true;
      },
    );
  }
}

function remember(seen: Set<string>, key: string): void {
  seen.delete(key);
  seen.add(key);
  for (const old of seen) {
    if (seen.size <= REMEMBERED) break;
    seen.delete(old);
  }
}
