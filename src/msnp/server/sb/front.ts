import type { ConnectionHandler, Request, ServerConnection } from "../connection.ts";
import type { Cookie, Hub } from "../hub.ts";
import { bareGuid } from "../ids.ts";
import { writeLine } from "../line.ts";
import { isSpelled } from "../ns/logins.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account } from "../state/account.ts";
import { Board, endpointLines, type Member, plainLine, type RosterLine } from "./board.ts";
import { isFit, isMisplacedData } from "./content.ts";

/** Longest message with its headers (source: msnp-chat §1.5). */
const MAX_MESSAGE = 1664;

interface Joined {
  readonly member: Member;
  readonly board: Board;
}

/** A connection to a switchboard. */
export class SbFront implements ConnectionHandler {
  readonly #connection: ServerConnection;
  readonly #hub: Hub;
  #joined: Joined | undefined;

  constructor(connection: ServerConnection, hub: Hub) {
    this.#connection = connection;
    this.#hub = hub;
  }

  command(request: Request): void {
    switch (request.name) {
      case "USR":
        this.#open(request);
        return;
      case "ANS":
        this.#answer(request);
        return;
      case "OUT":
        // With a transaction id it is another command to Escargot, which nobody knows.
        if (request.args.length === 0) this.#connection.close();
        return;
    }
    if (this.#joined === undefined) return;
    if (request.name === "MSG") this.#message(this.#joined, request);
    else if (request.name === "CAL") this.#call(this.#joined, request);
    else if (this.#hub.quirks.unknownCommands === "error") this.#connection.send(200, request.args[0]);
  }

  closed(): void {
    const joined = this.#joined;
    this.#joined = undefined;
    joined?.board.leave(joined.member);
  }

  #open(request: Request): void {
    const [trid, who, token, ...more] = request.args;
    if (this.#joined !== undefined || more.length > 0) {
      this.#connection.close();
      return;
    }
    if (trid === undefined || who === undefined || token === undefined) return;
    const cookie = this.#hub.cookies.take(token);
    if (cookie === undefined || cookie.board !== undefined || !this.#isBearer(cookie, who)) {
      this.#refuse(trid);
      return;
    }
    this.#connection.claims = cookie.session.account.email;
    this.#join(cookie.session, new Board(this.#hub));
    this.#connection.send("USR", trid, "OK", who, cookie.session.account.name);
  }

  #answer(request: Request): void {
    const [trid, who, token, boardId, ...more] = request.args;
    if (this.#joined !== undefined || more.length > 0) {
      this.#connection.close();
      return;
    }
    if (trid === undefined || who === undefined || token === undefined || boardId === undefined) return;
    const cookie = this.#hub.cookies.take(token);
    if (cookie?.board === undefined || !this.#isBearer(cookie, who)) {
      this.#refuse(trid);
      return;
    }
    const { board, session } = cookie;
    const isOver = !this.#hub.quirks.entersEmptyBoards && this.#hub.boards.get(boardId) !== board;
    // A chat that is over, or another one's id: the end without an answer (source: msnp-chat §1.3).
    if (board.id !== boardId || isOver) {
      this.#connection.close();
      return;
    }
    this.#connection.claims = session.account.email;
    const member = this.#join(session, board);
    if (member === undefined) {
      this.#connection.send(911, trid);
      return;
    }
    const lines = board.roster(member);
    for (const [index, line] of lines.entries()) {
      this.#connection.send("IRO", trid, index + 1, lines.length, line.name, line.displayName, line.capabilities);
    }
    this.#connection.send("ANS", trid, "OK");
    board.announce(member);
  }

  #refuse(trid: string): void {
    this.#connection.send(911, trid);
    this.#connection.close();
  }

  #join(session: NsSession, board: Board): Member | undefined {
    const member: Member = {
      session,
      account: session.account,
      primary: true,
      joined: (other, first) => this.#tellJoined(member, other, first),
      left: (other, last) => this.#tellLeft(session, other, last),
      message: (line, payload) => this.#connection.sendPayload([{ raw: line }], payload),
    };
    if (!board.join(member)) return undefined;
    this.#joined = { member, board };
    this.#connection.signedIn();
    return member;
  }

  #tellJoined(viewer: Member, other: Member, first: boolean): void {
    const own = other.account === viewer.account;
    if (!viewer.session.dialect.endpoints) {
      if (first && !own) this.#joi(plainLine(viewer, other));
    } else if (other === viewer) {
      this.#joi(plainLine(viewer, other));
    } else {
      for (const line of endpointLines(viewer, other, first && !own)) this.#joi(line);
    }
  }

  #joi(line: RosterLine): void {
    this.#connection.send("JOI", line.name, line.displayName, line.capabilities);
  }

  #tellLeft(viewer: NsSession, other: Member, last: boolean): void {
    const { email } = other.account;
    const { guid } = other.session.endpoint;
    if (viewer.dialect.endpoints && guid !== undefined) {
      this.#connection.send("BYE", `${email};{${guid}}`);
      if (last) this.#connection.send("BYE", email);
    } else if (last) {
      this.#connection.send("BYE", email);
    }
  }

  #call(joined: Joined, request: Request): void {
    const [trid, email] = request.args;
    if (trid === undefined || email === undefined) throw new Error("CAL without an address");
    const { member, board } = joined;
    const invitee = this.#hub.directory.byEmail(email);
    const fault = email.includes("@") ? this.#callFault(member.account, invitee) : 208;
    if (fault !== undefined || invitee === undefined) {
      this.#connection.send(fault ?? 217, trid);
      return;
    }
    const own = invitee === member.account;
    const outside = invitee.sessions.filter((session) => session.acceptsChats && !board.has(session));
    // WLM 2009 calls itself first; alone it is told that it joined (source: msnp-chat §1.4).
    const pretends = own && member.session.dialect.endpoints && (outside.length > 0 || board.isAlone(member));
    if (outside.length === 0 && !pretends) {
      const allRefuse = invitee.sessions.every((session) => !session.acceptsChats);
      this.#connection.send(allRefuse ? 217 : 215, trid);
      return;
    }
    for (const session of outside) session.ring(board, member.account);
    this.#connection.send("CAL", trid, "RINGING", board.id);
    if (pretends) this.#joi(plainLine(member, member));
  }

  /** Why somebody cannot be called: unknown, not there, or hiding from the caller. */
  #callFault(caller: Account, invitee: Account | undefined): number | undefined {
    if (invitee === undefined || invitee.sessions.length === 0) return 217;
    if (invitee === caller) return undefined;
    if (invitee.blocks(caller)) return this.#hub.quirks.blockedCall;
    return invitee.statusFor(caller) === "FLN" ? 217 : undefined;
  }

  #message({ member, board }: Joined, request: Request): void {
    const [trid, mode] = request.args;
    const { payload } = request;
    const { quirks } = this.#hub;
    const modes = quirks.successOnlyMessages ? "UNADS" : "UNAD";
    if (mode === undefined || !modes.includes(mode) || payload === undefined || payload.length > MAX_MESSAGE) {
      this.#connection.close();
      return;
    }
    if (quirks.dataNeedsModeD && mode !== "D" && isMisplacedData(payload)) {
      this.#connection.close();
      return;
    }
    if (!isFit(payload)) return;
    const fault = this.#connection.takeDeferred();
    const { email, displayName } = member.account;
    const delivered = fault?.kind !== "nak" && board.relay(member, writeLine(["MSG", email, displayName]), payload);
    if (fault?.kind === "no-ack") return;
    this.#acknowledge(trid, mode, delivered || (fault === undefined && quirks.acknowledgesToNobody));
  }

  /** U: never an answer; N: only failure; S: only success; A, D: both (source: msnp-chat §1.5). */
  #acknowledge(trid: string | undefined, mode: string, delivered: boolean): void {
    if (delivered ? "ADS".includes(mode) : "NAD".includes(mode)) this.#connection.send(delivered ? "ACK" : "NAK", trid);
  }

  /** Whether an address, with or without the endpoint's GUID, is that of the session the cookie was made for. */
  #isBearer({ session }: Cookie, who: string): boolean {
    const [email = "", guid] = who.split(";");
    if (!isSpelled(this.#hub.quirks, session.account, email)) return false;
    return !session.dialect.endpoints || guid === undefined || bareGuid(guid) === session.endpoint.guid;
  }
}
