import { type MimeMessage, parseMime } from "../../../message/mime.ts";
import type { Multipart } from "../../../message/multipart.ts";
import { writeLine } from "../../line.ts";
import { Board, type Member } from "../../sb/board.ts";
import type { Account } from "../../state/account.ts";
import type { LiveSession } from "../../state/session.ts";
import { fromBoard, MAX_BOARD_MESSAGE, toBoard } from "./board-messages.ts";
import { endpointAddress } from "./envelopes.ts";
import type { Message } from "./messages.ts";
import type { LateSession } from "./session.ts";

/** Messages that wait for them; more fail. */
const MAX_WAITING = 50;
/** Boards of one client; the oldest is left for another. */
const MAX_SEATS = 200;

/** A place on a board that the network takes for a client without switchboards. */
interface Seat {
  readonly board: Board;
  readonly member: Member;
  readonly partner: Account;
  /** Absent once the partner is there. */
  waiting: { readonly trid: string; readonly payload: Buffer }[] | undefined;
  timer?: NodeJS.Timeout;
}

/**
 * Lets clients with and without switchboards talk to each other, which Escargot does not: for a client
 * without them the network itself opens, answers and leaves boards of two.
 */
export class BoardBridge {
  readonly #session: LateSession;
  /** By account id of the other person. */
  readonly #seats = new Map<string, Seat>();

  constructor(session: LateSession) {
    this.#session = session;
  }

  /** Sends to the older endpoints of somebody: there may be none, or the message may have no form for them. */
  send(recipient: Account, { message, type, trid }: Message): "sent" | "unreachable" | "too-long" {
    const reachable = recipient.sessions.filter(({ dialect, acceptsChats }) => !dialect.multipart && acceptsChats);
    const payload = toBoard(this.#session.account, type, message);
    if (reachable.length === 0 || payload === undefined) return "unreachable";
    if (payload.length > MAX_BOARD_MESSAGE) return "too-long";
    const seat = this.#seats.get(recipient.id);
    if (seat === undefined) {
      // That somebody types is no reason to open a window at the other side.
      if (type !== "Control/Typing") this.#open(recipient, reachable, { trid, payload });
      return "sent";
    }
    if (seat.waiting === undefined) this.#relay(seat, payload);
    else if (seat.waiting.length >= MAX_WAITING) return "unreachable";
    else seat.waiting.push({ trid, payload });
    return "sent";
  }

  /** Takes the client's place on a board it is called to, once the caller has had the answer. */
  answer(board: Board, inviter: Account): void {
    setImmediate(() => {
      if (!this.#session.account.sessions.includes(this.#session) || this.#seats.has(inviter.id)) return;
      const seat = this.#sit(board, inviter);
      if (seat === undefined) return;
      board.announce(seat.member);
    });
  }

  close(): void {
    for (const seat of [...this.#seats.values()]) this.#leave(seat);
  }

  #open(partner: Account, sessions: readonly LiveSession[], first: { trid: string; payload: Buffer }): void {
    const board = new Board(this.#session.hub);
    const seat = this.#sit(board, partner);
    if (seat === undefined) return;
    seat.waiting = [first];
    seat.timer = setTimeout(() => this.#giveUp(seat), this.#session.hub.limits.callAnswerMs);
    seat.timer.unref();
    for (const session of sessions) session.ring(board, this.#session.account);
  }

  #sit(board: Board, partner: Account): Seat | undefined {
    const [oldest] = this.#seats.values();
    if (this.#seats.size >= MAX_SEATS && oldest !== undefined) this.#leave(oldest);
    const member: Member = {
      session: this.#session,
      account: this.#session.account,
      primary: true,
      joined: (other) => this.#joined(seat, other),
      left: (other, last) => {
        if (last && other.account === partner) this.#leave(seat);
      },
      message: (line, payload) => this.#heard(line, payload),
    };
    const seat: Seat = { board, member, partner, waiting: undefined };
    if (!board.join(member)) return undefined;
    this.#seats.set(partner.id, seat);
    return seat;
  }

  #joined(seat: Seat, other: Member): void {
    if (other.account !== seat.partner || seat.waiting === undefined) return;
    clearTimeout(seat.timer);
    const { waiting } = seat;
    seat.waiting = undefined;
    // They are told that they have come before they are told anything else.
    setImmediate(() => {
      for (const { payload } of waiting) this.#relay(seat, payload);
    });
  }

  #relay({ board, member }: Seat, payload: Buffer): void {
    const { email, displayName } = this.#session.account;
    board.relay(member, writeLine(["MSG", email, displayName]), payload);
  }

  #giveUp(seat: Seat): void {
    for (const { trid } of seat.waiting ?? []) this.#session.send(217, trid);
    this.#leave(seat);
  }

  #leave(seat: Seat): void {
    clearTimeout(seat.timer);
    if (this.#seats.get(seat.partner.id) === seat) this.#seats.delete(seat.partner.id);
    seat.board.leave(seat.member);
  }

  /** What somebody says on a board, as a message from them. Own words from the board are other endpoints' (echoed there). */
  #heard(line: string, payload: Buffer): void {
    const session = this.#session;
    const sender = session.hub.directory.byEmail(line.split(" ")[1] ?? "");
    if (sender === undefined || sender === session.account) return;
    const message = readMime(payload);
    const content = message === undefined ? undefined : fromBoard(message);
    if (content === undefined) return;
    const guid = sender.sessions.find(({ dialect }) => !dialect.multipart)?.endpoint.guid;
    session.deliver(directMessage(session.account, endpointAddress(sender.email, guid), content));
  }
}

function directMessage(to: Account, from: string, { content, body }: Pick<Multipart, "content" | "body">): Multipart {
  return {
    routing: [
      ["Routing", "1.0"],
      ["To", `1:${to.email}`],
      ["From", from],
      ["Options", "0"],
      ["Service-Channel", "IM/Online"],
    ],
    reliability: [["Reliability", "1.0"]],
    ...(content !== undefined && { content }),
    body,
  };
}

function readMime(payload: Buffer): MimeMessage | undefined {
  try {
    return parseMime(payload);
  } catch {
    return undefined;
  }
}
