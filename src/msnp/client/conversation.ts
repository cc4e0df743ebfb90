import type { Email } from "../address.ts";
import { encodeNudge, encodeText, encodeTyping } from "../message/body.ts";
import type { TextFormat } from "../message/format.ts";
import { MAX_TEXT_BYTES, splitText } from "../message/split.ts";
import { SendError, toSendError } from "./errors.ts";
import type { Switchboard } from "./switchboard.ts";
import type { Turns } from "./turns.ts";
import type { Conversation } from "./types.ts";

/** Texts that may wait in one conversation. */
const MAX_QUEUED = 200;
/** Parts of one text. */
const MAX_PARTS = 128;
/** Boards tried for one part, the first included. */
const MAX_ATTEMPTS = 2;

/** What a conversation needs of the client. */
export interface BoardSource {
  readonly selfEmail: Email;
  /** Opens a switchboard and calls somebody onto it. Rejects with what went wrong, nothing being left behind. */
  openBoard(peer: Email): Promise<Switchboard>;
  /** Shared by all conversations of the client: how many texts may be unacknowledged at once. */
  readonly turns: Turns;
}

/** Sending, one text after the other; how a board is got is for the kinds of conversation. */
abstract class BaseConversation implements Conversation {
  abstract readonly members: ReadonlySet<Email>;
  abstract readonly isGroup: boolean;
  protected readonly source: BoardSource;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(source: BoardSource) {
    this.source = source;
  }

  /** A board on which somebody is. Rejects with SendError `not-sent`. */
  protected abstract board(): Promise<Switchboard>;
  /** The board did not deliver; another must be found, if there can be one. */
  protected abstract abandon(board: Switchboard): void;
  abstract close(): Promise<void>;

  sendText(text: string, format?: TextFormat): Promise<void> {
    if (this.#queued >= MAX_QUEUED) {
      return Promise.reject(new SendError("rate-limited", "not-sent", "Too many messages wait in this conversation"));
    }
    const parts = Buffer.byteLength(text) > MAX_PARTS * MAX_TEXT_BYTES ? [] : splitText(text);
    if (parts.length === 0 || parts.length > MAX_PARTS) {
      return Promise.reject(new SendError("too-long", "not-sent", "The text is too long for MSN, even in parts"));
    }
    this.#queued += 1;
    const sent = this.#tail.then(() => this.#sendParts(parts, format));
    this.#tail = sent.then(
      () => this.#unqueue(),
      () => this.#unqueue(),
    );
    return sent;
  }

  async sendTyping(): Promise<void> {
    const board = await this.board();
    board.tell("U", encodeTyping(this.source.selfEmail));
  }

  async sendNudge(): Promise<void> {
    const board = await this.board();
    board.tell("N", encodeNudge());
  }

  async invite(email: Email): Promise<void> {
    const board = await this.board();
    try {
      await board.call(email);
    } catch (error) {
      throw toSendError(error);
    }
  }

  #unqueue(): void {
    this.#queued -= 1;
  }

  async #sendParts(parts: readonly string[], format: TextFormat | undefined): Promise<void> {
    for (const [i, part] of parts.entries()) {
      try {
        await this.#sendPart(encodeText(part, format));
      } catch (error) {
        throw toSendError(error).after(i);
      }
    }
  }

  async #sendPart(payload: Buffer): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const board = await this.board();
      let outcome: "delivered" | "undelivered" | undefined;
      try {
        outcome = await this.source.turns.take(() => board.deliver(payload));
      } finally {
        // A board that failed once, in whatever way, is not trusted with the next message.
        if (outcome !== "delivered") this.abandon(board);
      }
      if (outcome === "delivered") return;
    }
    throw new SendError("refused", "not-sent", "The server did not deliver the message");
  }
}

/** A chat with one contact, whatever switchboards come and go beneath it. */
export class DirectConversation extends BaseConversation {
  readonly members: ReadonlySet<Email>;
  readonly isGroup = false;
  readonly peer: Email;
  #current: Switchboard | undefined;
  #arrival: PromiseWithResolvers<Switchboard> | undefined;

  constructor(source: BoardSource, peer: Email) {
    super(source);
    this.peer = peer;
    this.members = new Set([peer]);
  }

  /** Whether there is nothing that a new object for the same contact would not have. */
  get isIdle(): boolean {
    return this.#current === undefined && this.#arrival === undefined;
  }

  /** Takes a board with the contact on it; the one a message last came by is used for answers. */
  attach(board: Switchboard): void {
    this.#current = board;
    this.#arrival?.resolve(board);
    this.#arrival = undefined;
  }

  detach(board: Switchboard): void {
    if (this.#current === board) this.#current = undefined;
  }

  protected board(): Promise<Switchboard> {
    if (this.#current?.isReady) return Promise.resolve(this.#current);
    if (this.#arrival !== undefined) return this.#arrival.promise;
    const arrival = Promise.withResolvers<Switchboard>();
    this.#arrival = arrival;
    void this.source
      .openBoard(this.peer)
      .then(
        (board) => this.attach(board),
        (error: unknown) => arrival.reject(toSendError(error)),
      )
      .finally(() => {
        if (this.#arrival === arrival) this.#arrival = undefined;
      });
    return arrival.promise;
  }

  protected abandon(board: Switchboard): void {
    this.detach(board);
    board.close();
  }

  close(): Promise<void> {
    this.#current?.close();
    this.#current = undefined;
    return Promise.resolve();
  }
}

/** A switchboard with several people; it lasts as long as the switchboard does. */
export class GroupConversation extends BaseConversation {
  readonly isGroup = true;
  readonly #board: Switchboard;

  constructor(source: BoardSource, board: Switchboard) {
    super(source);
    this.#board = board;
  }

  get members(): ReadonlySet<Email> {
    return this.#board.members;
  }

  protected board(): Promise<Switchboard> {
    if (this.#board.isReady) return Promise.resolve(this.#board);
    return Promise.reject(new SendError("closed", "not-sent", "Everybody else has left this group chat"));
  }

  protected abandon(): void {}

  close(): Promise<void> {
    this.#board.close();
    return Promise.resolve();
  }
}
