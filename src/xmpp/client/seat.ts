import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import { type HomeName, type MessageId, messageId, roomId } from "../../bridge/model.ts";
import type { RoomNoteStore } from "../../bridge/ports/store.ts";
import type { Secret } from "../../bridge/secret.ts";
import { pause } from "../../bridge/waiting.ts";
import { isOwnId, ownId } from "../convert/echo.ts";
import type { RichWords } from "../convert/rich.ts";
import { splitText } from "../convert/text.ts";
import type { BareJid } from "../jid.ts";
import { asHomeError } from "../muc/failures.ts";
import { LookBack } from "../muc/lookback.ts";
import type { MucRoom } from "../muc/muc.ts";
import type { RoomMessage } from "../muc/room-words.ts";
import type { MucLimits, MucOptions } from "../muc/types.ts";
import { lookElements } from "../stanza/message.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { type RoomNote, writeNote } from "./notes.ts";
import type { RoomsClient } from "./rooms.ts";

const SOON_MS = 2000;

/** What all rooms of one account have in common. */
export interface SeatingOptions {
  readonly home: HomeName;
  readonly client: RoomsClient;
  readonly secret: Secret;
  readonly store: RoomNoteStore;
  readonly lookBackMs: number;
  readonly limits: Partial<MucLimits>;
  /** As {@link MucOptions.aside}. */
  readonly aside: (stanza: XmlElement) => void;
  readonly log: Logger;
}

type OurOptions = "link" | "room" | "from" | "isOurs" | "reached" | "aside" | "changed" | "log" | "limits";
export type RoomOptions = Omit<MucOptions, OurOptions>;

export interface SeatOptions<N extends RoomNote> extends SeatingOptions {
  readonly jid: BareJid;
  readonly note: N;
  /** The note is of an earlier run: what was said since is to be read. */
  readonly isKnown: boolean;
  readonly room: RoomOptions;
  /** As {@link MucOptions.changed}. */
  readonly changed: NonNullable<MucOptions["changed"]>;
  /** The room has given back what was said here by the bridge. */
  readonly spoke?: (message: RoomMessage) => void;
}

/** A room that the account sits in, with what is kept of it over restarts. */
export class Seat<N extends RoomNote = RoomNote> {
  readonly jid: BareJid;
  readonly #o: SeatOptions<N>;
  readonly #lookBack: LookBack;
  #note: N;
  #room: MucRoom | undefined;
  #isKept: boolean;
  #outside = { why: "it was not entered yet", triesAgain: true };
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SeatOptions<N>) {
    this.#o = options;
    this.jid = options.jid;
    this.#note = options.note;
    this.#isKept = options.isKnown;
    this.#lookBack = new LookBack(options.lookBackMs);
  }

  get note(): N {
    return this.#note;
  }

  get room(): MucRoom | undefined {
    return this.#room;
  }

  /** Enters, now or in the next session. */
  async sit(): Promise<void> {
    const { client } = this.#o;
    this.#room ??= this.#put();
    if (!this.#room.isIn && client.link.isOnline) await this.#room.enterOrReturn();
  }

  #put(): MucRoom {
    const { client, secret, limits, log, room, note, isKnown } = this.#o;
    return client.put({
      ...room,
      room: this.jid,
      ...(isKnown ? { from: note.position } : {}),
      isOurs: (id) => isOwnId(secret, id, this.jid),
      reached: (position) => {
        this.#lookBack.reach(position, Date.now());
        if (!this.#isKept) this.keepLater({ position } as Partial<N>);
      },
      aside: this.#o.aside,
      changed: (state) => {
        this.#outside = state;
        this.#o.changed(state);
      },
      log,
      limits,
    });
  }

  /** @throws BridgeError why we are not in the room. */
  expectIn(): MucRoom {
    if (this.#room?.isIn) return this.#room;
    const { why, triesAgain } = this.#outside;
    throw new BridgeError(triesAgain ? "home-down" : "home-refused", { detail: `${why}: ${this.jid}` });
  }

  /**
   * Says something here; the same key is said once. Resolves when the room has given it back.
   * @throws BridgeError `home-down`, `home-busy`, `home-refused`.
   */
  async say(key: string, words: string | readonly RichWords[], more: readonly XmlElement[] = []): Promise<MessageId> {
    const { secret } = this.#o;
    const { jid } = this;
    const room = this.#room;
    if (room === undefined) throw new BridgeError("home-down", { detail: `${this.#outside.why}: ${jid}` });
    await this.#soonIn(room);
    // The next try finds another room for it.
    if (room.isLost) throw new BridgeError("home-down", { detail: `${this.#outside.why}: ${jid}` });
    try {
      const parts: readonly RichWords[] =
        typeof words === "string" ? splitText(words).map((body) => ({ body, unstyled: false })) : words;
      const said = parts.map((one, part) =>
        room.speak(ownId(secret, key, jid, part), one.body, [...lookElements(one), ...(part === 0 ? more : [])]),
      );
      const all = await Promise.all(said);
      for (const message of all) this.#o.spoke?.(message);
      const [first] = all;
      return messageId(first?.stanzaId ?? first?.id ?? ownId(secret, key, jid));
    } catch (error) {
      throw asHomeError(error);
    }
  }

  /** A link that is just coming back, or a door that is just being passed, is not worth putting words off for. */
  async #soonIn(room: MucRoom): Promise<void> {
    const { link } = this.#o.client;
    if (!link.isOnline) await Promise.race([link.attached(), pause(SOON_MS)]);
    if (link.isOnline && !room.isIn) await Promise.race([room.whenIn(), pause(SOON_MS)]);
  }

  /** Changes what is kept. @throws BridgeError `store-down`. */
  async keep(change: Partial<N>): Promise<void> {
    this.#note = { ...this.#note, ...change };
    this.#isKept = true;
    const { store, home } = this.#o;
    const note = writeNote(this.#note);
    await store.keepRoomNote(home, roomId(this.jid), note);
  }

  /** Keeps up to where the room was read, when that is more than was known. */
  mark(now: number): void {
    const position = this.#lookBack.settled(now);
    if (position !== undefined) this.keepLater({ position } as Partial<N>);
  }

  /** Waits for what is being kept. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** As {@link keep}, in the seat's own time: it is not needed to go on. */
  keepLater(change: Partial<N>): void {
    this.#writing = this.keep(change).catch((error: unknown) => {
      this.#isKept = false;
      this.#o.log.debug({ err: asBridgeError(error), room: this.jid }, "what was read in a room was not noted");
    });
  }
}
