import type { Email } from "../address.ts";
import { encodeNudge, encodeText, encodeTyping } from "../message/body.ts";
import type { TextFormat } from "../message/format.ts";
import { markBytes, markHeaders } from "../message/mark.ts";
import { encodeBody, type OutgoingBody } from "../message/outgoing.ts";
import { SendError, toSendError } from "./errors.ts";
import type { Switchboard } from "./switchboard.ts";
import { type TextPart, TextQueue } from "./text-queue.ts";
import type { Turns } from "./turns.ts";
import type { Conversation, SendOptions } from "./types.ts";

/** Boards tried for one part, the first included. */
const MAX_ATTEMPTS = 2;

/** What a conversation needs of the client. */
export interface BoardSource {
  readonly selfEmail: Email;
  /** Bytes of a text that fit into one message. */
  readonly maxTextBytes: number;
  /**
   * Opens a switchboard and calls somebody onto it, unless it is not needed any more by then: `undefined`. Rejects with what
   * went wrong, nothing being left behind.
   */
  openBoard(peer: Email, isNeeded: () => boolean): Promise<Switchboard | undefined>;
  /** Opens a switchboard for a group whose own has closed, and calls those who were there; the server knows who is online. */
  reopenGroup(group: GroupConversation, members: ReadonlySet<Email>): Promise<Switchboard>;
  /** Calls those whom the server took off a board for their silence. Never rejects: who does not come has left it. */
  callBack(board: Switchboard): Promise<void>;
  /** Who belongs to a group has changed, other than by who came to its board or left it. */
  groupChanged(group: GroupConversation): void;
  /** Whether the dialect of the session has what such a body needs. */
  carries(body: OutgoingBody): boolean;
  /** Shared by all conversations of the client: how many texts and nudges may be unacknowledged at once. */
  readonly turns: Turns;
}

/** Sending, one text after the other; how a board is got is for the kinds of conversation. */
abstract class BaseConversation implements Conversation {
  abstract readonly kind: Conversation["kind"];
  abstract readonly members: ReadonlySet<Email>;
  abstract readonly isGroup: boolean;
  abstract readonly participants: ReadonlySet<Email>;
  abstract readonly isOver: boolean;
  /** Clients of old take no text in parts that belong together (source: msnp-chat §2.1). */
  readonly joinsParts = false;
  readonly id = undefined;
  readonly name = undefined;
  protected readonly source: BoardSource;
  readonly #texts: TextQueue;

  constructor(source: BoardSource) {
    this.source = source;
    this.#texts = new TextQueue(source.maxTextBytes);
  }

  /** A board on which somebody is. Rejects with SendError `not-sent`. */
  protected abstract board(): Promise<Switchboard>;
  /** The board did not deliver; another must be found, if there can be one. */
  protected abstract abandon(board: Switchboard): void;
  abstract close(): Promise<void>;
  abstract nameOf(email: Email): string | undefined;

  leave(): Promise<void> {
    return this.close();
  }

  async sendText(text: string, format?: TextFormat, options: SendOptions = {}): Promise<void> {
    const headers = markHeaders(options);
    const send = (part: TextPart) => this.#deliver("A", encodeText(part.text, format, headers));
    await this.#texts.send(text, send, markBytes(options));
  }

  async sendTyping(): Promise<void> {
    const board = await this.board();
    board.tell("U", encodeTyping(this.source.selfEmail));
  }

  async sendNudge(options: SendOptions = {}): Promise<void> {
    const payload = encodeNudge(markHeaders(options));
    await this.#inTurn(async (board) => {
      if (!board.isReady) return "undelivered";
      board.tell("N", payload);
      return "delivered";
    });
  }

  async sendBody(body: OutgoingBody): Promise<void> {
    if (!this.source.carries(body)) {
      throw new SendError("not-supported", "not-sent", "This version of the protocol cannot carry that");
    }
    const { ack, payloads } = this.#encode(body);
    if (ack === "A" || ack === "D") {
      for (const payload of payloads) await this.#deliver(ack, payload);
      return;
    }
    const board = await this.board();
    for (const payload of payloads) board.tell(ack, payload);
  }

  async invite(email: Email): Promise<void> {
    const board = await this.board();
    try {
      await board.call(email);
    } catch (error) {
      throw toSendError(error);
    }
  }

  #encode(body: OutgoingBody): ReturnType<typeof encodeBody> {
    try {
      return encodeBody(body, this.source.selfEmail);
    } catch (error) {
      throw new SendError("too-long", "not-sent", "This is too long for MSN", { cause: error });
    }
  }

  #deliver(ack: "A" | "D", payload: Buffer): Promise<void> {
    return this.#inTurn((board) => board.deliver(payload, ack));
  }

  async #inTurn(say: (board: Switchboard) => Promise<"delivered" | "undelivered">): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const board = await this.board();
      let outcome: "delivered" | "undelivered" | undefined;
      try {
        outcome = await this.source.turns.take(() => say(board));
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
  readonly kind = "direct";
  readonly members: ReadonlySet<Email>;
  readonly isGroup = false;
  readonly isOver = false;
  readonly peer: Email;
  #current: Switchboard | undefined;
  /** The last on which something was said from here. */
  #used: Switchboard | undefined;
  #arrival: PromiseWithResolvers<Switchboard> | undefined;

  constructor(source: BoardSource, peer: Email) {
    super(source);
    this.peer = peer;
    this.members = new Set([peer]);
  }

  get participants(): ReadonlySet<Email> {
    return this.members;
  }

  nameOf(email: Email): string | undefined {
    return this.#current?.nameOf(email);
  }

  /** Whether there is nothing that a new object for the same contact would not have. */
  get isIdle(): boolean {
    return this.#current === undefined && this.#arrival === undefined;
  }

  /**
   * Takes a board with the contact on it; the one a message last came by is used for answers. Where two who call each other at
   * once have made two boards, each stays with the one on which they speak: what is said on both by turns has no order.
   */
  attach(board: Switchboard): void {
    if (this.#current?.isReady && this.#current === this.#used) return;
    this.#current = board;
    if (this.#arrival === undefined) return;
    this.#used = board;
    this.#arrival.resolve(board);
    this.#arrival = undefined;
  }

  detach(board: Switchboard): void {
    if (this.#current === board) this.#current = undefined;
    if (this.#used === board) this.#used = undefined;
  }

  protected board(): Promise<Switchboard> {
    if (this.#current?.isReady) {
      this.#used = this.#current;
      return Promise.resolve(this.#current);
    }
    if (this.#arrival !== undefined) return this.#arrival.promise;
    const arrival = Promise.withResolvers<Switchboard>();
    this.#arrival = arrival;
    void this.source
      // They may have called meanwhile, and what is said on two boards at once has no order.
      .openBoard(this.peer, () => !this.#current?.isReady)
      .then(
        (board) => {
          if (board) this.attach(board);
        },
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

/**
 * A switchboard with several people. When the board is lost, who was there is remembered, and the next message calls
 * them together again; when they have left, or oneself has, it is over.
 */
export class GroupConversation extends BaseConversation {
  readonly kind = "switchboard";
  readonly isGroup = true;
  /** Whether listeners know of it. */
  isAnnounced = false;
  #board: Switchboard | undefined;
  #isOver = false;
  #lost: ReadonlySet<Email> = NOBODY;
  /** Of those who were on the board that was lost. */
  #names: ReadonlyMap<Email, string> = new Map();
  #reopening: Promise<Switchboard> | undefined;
  #calling: Promise<void> | undefined;

  constructor(source: BoardSource, board: Switchboard) {
    super(source);
    this.#board = board;
  }

  get members(): ReadonlySet<Email> {
    return this.#board?.members ?? NOBODY;
  }

  get participants(): ReadonlySet<Email> {
    const here = this.#board?.callable ?? NOBODY;
    return this.#board === undefined || this.#reopening !== undefined ? new Set([...here, ...this.#lost]) : here;
  }

  get place(): string | undefined {
    return this.#board?.session;
  }

  get isOver(): boolean {
    return this.#isOver || this.participants.size === 0;
  }

  nameOf(email: Email): string | undefined {
    return this.#board?.nameOf(email) ?? this.#names.get(email);
  }

  /** The board is gone; who was on it may be called again. */
  lose(board: Switchboard): void {
    if (this.#board !== board) return;
    this.#board = undefined;
    // While they are called together again, those who were on the one before count.
    if (this.#reopening !== undefined) return;
    this.#lost = this.#isOver ? NOBODY : board.callable;
    this.#names = board.names;
  }

  /** A board on which this goes on. */
  resume(board: Switchboard): void {
    this.#board = board;
  }

  protected board(): Promise<Switchboard> {
    if (this.#reopening !== undefined) return this.#reopening;
    if (this.#board?.isReady) return this.#withAll(this.#board);
    const called = this.#board?.callable ?? this.#lost;
    if (this.#isOver || called.size === 0) {
      const message = this.#isOver ? "This group chat was left" : "Everybody else has left this group chat";
      return Promise.reject(new SendError("closed", "not-sent", message));
    }
    this.#lost = called;
    const reopening = this.source.reopenGroup(this, called).finally(() => {
      this.#reopening = undefined;
      // Whoever did not come is left out; when nobody did, they may be there the next time.
      if (this.#isOver || this.#board !== undefined) this.#lost = NOBODY;
      this.source.groupChanged(this);
    });
    this.#reopening = reopening.catch((error: unknown) => {
      throw toSendError(error);
    });
    return this.#reopening;
  }

  /** Who was taken off for silence has not left, and is to hear the next words, too (source: msnp-chat §1.4). */
  async #withAll(board: Switchboard): Promise<Switchboard> {
    if (board.dropped.size === 0) return board;
    this.#calling ??= this.source.callBack(board).finally(() => {
      this.#calling = undefined;
      this.source.groupChanged(this);
    });
    await this.#calling;
    return board;
  }

  /** Leaving the board for one message that was not delivered would scatter the group. */
  protected abandon(): void {}

  close(): Promise<void> {
    this.#isOver = true;
    this.#lost = NOBODY;
    if (this.#board === undefined) this.source.groupChanged(this);
    else this.#board.close();
    return Promise.resolve();
  }
}

const NOBODY: ReadonlySet<Email> = new Set();
