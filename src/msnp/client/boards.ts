import { type Email, parseAddress } from "../address.ts";
import { describeError } from "../errors.ts";
import { decodeMimeBody } from "../message/body.ts";
import { ChunkAssembler } from "../message/chunks.ts";
import { markIn } from "../message/mark.ts";
import { contentTypeOf, headerOf, type MimeMessage, parseMime } from "../message/mime.ts";
import type { OutgoingBody } from "../message/outgoing.ts";
import type { P2pBody } from "../message/p2p-envelope.ts";
import { textBytesIn } from "../message/split.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import { type BoardSource, DirectConversation, GroupConversation } from "./conversation.ts";
import type { Core } from "./core.ts";
import { SendError, toSendError } from "./errors.ts";
import { gathered } from "./gather.ts";
import { parseHostPort } from "./login.ts";
import { type BoardOwner, type Invitation, Switchboard } from "./switchboard.ts";
import { Turns } from "./turns.ts";
import type { Conversation, IncomingMessage } from "./types.ts";

/** Switchboards open at once; calls beyond are not answered. */
const MAX_BOARDS = 256;
/** People called at once. */
const MAX_CALLED = 100;
/** For so long something may come by a board that was left, ms; no channel waits longer for its end. */
const LATE_MS = 5000;
/** Conversations remembered without a switchboard. */
const MAX_CONVERSATIONS = 1000;

interface BoardState {
  /** The session that a call led to; calls to the same one are answered once. */
  session: string | undefined;
  conversation: DirectConversation | GroupConversation | undefined;
  chunks: ChunkAssembler | undefined;
}

/** A board of a one-to-one conversation that was left. */
interface LeftBoard extends BoardState {
  readonly conversation: DirectConversation;
  readonly chunks: ChunkAssembler;
  readonly timer: NodeJS.Timeout;
}

/** All switchboards of a client, and to which conversation each belongs. */
export class Boards implements BoardOwner, BoardSource {
  readonly turns: Turns;
  readonly #core: Core;
  readonly #boards = new Map<Switchboard, BoardState>();
  readonly #direct = new Map<Email, DirectConversation>();
  /** For as long as something may come by them. */
  readonly #left = new Map<Switchboard, LeftBoard>();

  constructor(core: Core) {
    this.#core = core;
    this.turns = new Turns(core.options.maxUnacknowledged ?? Number.POSITIVE_INFINITY);
  }

  get maxTextBytes(): number {
    return textBytesIn(this.#core.options.maxMessageBytes);
  }

  get selfEmail(): Email {
    return this.#core.self.email;
  }

  carries(body: OutgoingBody): boolean {
    return body.kind !== "p2p" || this.#core.live?.dialect.peerToPeer !== false;
  }

  /** The one-to-one conversation with a contact; the same object as long as it is in use. */
  direct(peer: Email): DirectConversation {
    let conversation = this.#direct.get(peer);
    if (conversation === undefined) {
      if (this.#direct.size >= MAX_CONVERSATIONS) this.#forgetIdle();
      conversation = new DirectConversation(this, peer);
      this.#direct.set(peer, conversation);
    }
    return conversation;
  }

  async openBoard(peer: Email, isNeeded: () => boolean): Promise<Switchboard | undefined> {
    const board = await this.#open();
    if (!isNeeded()) {
      board.close();
      return undefined;
    }
    try {
      await board.call(peer);
    } catch (error) {
      board.close();
      throw error;
    }
    return board;
  }

  /** A conversation with several people, those who come; rejects with SendError when nobody does. */
  async startGroup(members: ReadonlySet<Email>): Promise<GroupConversation> {
    if (members.size > MAX_CALLED) {
      throw new SendError("refused", "not-sent", `A group chat cannot begin with more than ${MAX_CALLED} people`);
    }
    const board = await this.#open();
    const group = new GroupConversation(this, board);
    this.#state(board).conversation = group;
    await this.#callTogether(board, members);
    this.#announce(group);
    return group;
  }

  async reopenGroup(group: GroupConversation, members: ReadonlySet<Email>): Promise<Switchboard> {
    const board = await this.#open();
    this.#state(board).conversation = group;
    group.resume(board);
    await this.#callTogether(board, members);
    return board;
  }

  async callBack(board: Switchboard): Promise<void> {
    const calls = [...board.dropped].map((email) => board.call(email));
    await gathered(calls, this.#core.timeouts.gather).catch(() => undefined);
    board.forgetDropped();
  }

  groupChanged(group: GroupConversation): void {
    if (group.isAnnounced) this.#core.events.emit("membersChanged", group);
  }

  /** Calls all at once and waits for them; closes the board when nobody is there. */
  async #callTogether(board: Switchboard, members: ReadonlySet<Email>): Promise<void> {
    board.keepsIdle = true;
    const calls = [...members].map((email) => board.call(email));
    const failure = await gathered(calls, this.#core.timeouts.gather).catch((error: unknown) => error);
    if (board.isReady) return;
    board.close();
    throw toSendError(failure ?? new SendError("closed", "not-sent", "Everybody has left again"));
  }

  #announce(group: GroupConversation): void {
    if (group.isAnnounced) return;
    group.isAnnounced = true;
    this.#core.events.emit("conversation", group);
  }

  /** A board of one's own on which nobody is yet; rejects with SendError, ServerError or ConnectionError. */
  async #open(): Promise<Switchboard> {
    const { live } = this.#core;
    if (live === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    if (this.#boards.size >= MAX_BOARDS) {
      throw new SendError("rate-limited", "not-sent", "Too many conversations are open at once");
    }
    const transfer = await live.ns.request("XFR", ["SB"]);
    const board = await this.#enter({
      ...parseHostPort(transfer.args[2] ?? ""),
      cookie: transfer.args[4] ?? "",
      isBehindGateway: transfer.args[7] === "0",
    });
    if (live.dialect.endpoints) board.callOwnPlaces();
    return board;
  }

  /** Answers `RNG session host:port CKI cookie inviter name` (source: msnp-chat §1.3). */
  answer(command: Command): void {
    const [session, target, , cookie] = command.args;
    if (session === undefined || target === undefined || cookie === undefined) return;
    if (this.#boards.size >= MAX_BOARDS || this.#isOn(session)) return;
    const entered = async (): Promise<void> => {
      const isBehindGateway = command.args[8] === "0";
      const board = await this.#enter({ ...parseHostPort(target), cookie, session, isBehindGateway });
      // The caller may have left by now, and who was not named by then will not come; another place of one's own
      // calls those to whom it speaks only after this one.
      if (board.isReady) this.#place(board);
      else if (board.ownPlaces.size === 0) board.close();
    };
    // A call that cannot be answered is the caller's to notice: they get no JOI and call again.
    entered().catch((error: unknown) => {
      this.#core.options.trace?.("<<<", "SB", `A call could not be answered: ${describeError(error)}`);
    });
  }

  /** Whoever answers twice is there twice below MSNP16, and hears everything twice. */
  #isOn(session: string): boolean {
    for (const state of this.#boards.values()) if (state.session === session) return true;
    return false;
  }

  /** The session is over: nothing more is heard. */
  closeAll(): void {
    for (const board of [...this.#boards.keys()]) board.close();
    for (const board of [...this.#left.keys()]) this.#endLeft(board);
  }

  async #enter(invitation: Invitation): Promise<Switchboard> {
    const { live } = this.#core;
    if (live === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    const board = new Switchboard(this.#core, this);
    // Known from now on, so that signing out closes it, too.
    this.#state(board).session = invitation.session;
    try {
      await board.enter(live, invitation);
    } catch (error) {
      board.close();
      throw error;
    }
    return board;
  }

  #state(board: Switchboard): BoardState {
    const known = this.#boards.get(board);
    if (known !== undefined) return known;
    const state: BoardState = { session: undefined, conversation: undefined, chunks: undefined };
    this.#boards.set(board, state);
    return state;
  }

  /** The conversation a board belongs to by who is on it; undefined while nobody is. */
  #place(board: Switchboard): Conversation | undefined {
    const state = this.#state(board);
    const [first] = board.members;
    const current = state.conversation;
    if (current instanceof GroupConversation || first === undefined) return current;
    if (board.size > 1) {
      current?.detach(board);
      const group = new GroupConversation(this, board);
      board.keepsIdle = true;
      state.conversation = group;
      this.#announce(group);
      return group;
    }
    if (current === undefined) {
      const direct = this.direct(first);
      state.conversation = direct;
      direct.attach(board);
    }
    return state.conversation;
  }

  boardMembersChanged(board: Switchboard): void {
    const conversation = this.#state(board).conversation;
    if (board.size > 0) this.#place(board);
    else if (conversation instanceof DirectConversation) conversation.detach(board);
    if (conversation instanceof GroupConversation && conversation.isAnnounced) {
      this.#core.events.emit("membersChanged", conversation);
    }
    if (board.size === 0 && board.ownPlaces.size === 0) this.#leaveEmpty(board);
  }

  /** An empty board is of no use; one that still owes an acknowledgement is closed by its idle timer. */
  #leaveEmpty(board: Switchboard): void {
    board.keepsIdle = false;
    if (!board.isWaiting) board.close();
  }

  boardClosed(board: Switchboard, isLeft: boolean): void {
    const state = this.#state(board);
    const { conversation } = state;
    this.#boards.delete(board);
    if (conversation instanceof DirectConversation) conversation.detach(board);
    // The rest of a text may be on its way, too.
    if (isLeft && conversation instanceof DirectConversation) {
      const timer = setTimeout(() => this.#endLeft(board), LATE_MS);
      timer.unref();
      const { session, chunks = new ChunkAssembler() } = state;
      this.#left.set(board, { session, conversation, chunks, timer });
    } else state.chunks?.close();
    if (!(conversation instanceof GroupConversation)) return;
    const wasEmpty = board.size === 0;
    conversation.lose(board);
    if (!wasEmpty && conversation.isAnnounced) this.#core.events.emit("membersChanged", conversation);
  }

  #endLeft(board: Switchboard): void {
    const left = this.#left.get(board);
    this.#left.delete(board);
    clearTimeout(left?.timer);
    left?.chunks.close();
  }

  boardMessage(board: Switchboard, command: Command): boolean {
    const from = senderOf(command);
    if (from === undefined) return false;
    const isOwn = from === this.selfEmail;
    if (!isOwn) board.admit(from);
    this.#place(board);
    const state = this.#state(board);
    const { conversation } = state;
    const message = this.#hear(board, state, from, command, () => {
      if (conversation instanceof DirectConversation && !isOwn) conversation.attach(board);
    });
    return message === undefined || contentTypeOf(message) !== "text/x-keepalive";
  }

  lateMessage(board: Switchboard, command: Command): void {
    const from = senderOf(command);
    const left = this.#left.get(board);
    if (from === undefined || left === undefined) return;
    // Somebody who came to the board just then is not heard in the chat with another.
    const isOther = from !== this.selfEmail && from !== left.conversation.peer;
    this.#hear(board, isOther ? { ...left, conversation: this.direct(from) } : left, from, command);
  }

  /** Tells of a message once it is whole, and gives it then; `first` is done before. */
  #hear(
    board: Switchboard,
    state: BoardState,
    from: Email,
    command: Command,
    first: () => void = () => undefined,
  ): MimeMessage | undefined {
    const receivedAt = Date.now();
    const { conversation } = state;
    const fromName = command.args.length > 2 ? decodeArg(command.args[1] ?? "") : "";
    const tell = (whole: MimeMessage): void => {
      if (conversation !== undefined)
        this.#tell(board, conversation, { from, fromName: fromName || from }, whole, receivedAt);
    };
    const message = this.#read(state, from, command.payload ?? Buffer.alloc(0), receivedAt, tell);
    if (conversation === undefined || message === undefined) return undefined;
    first();
    tell(message);
    return message;
  }

  #tell(
    board: Switchboard,
    conversation: Conversation,
    sender: Pick<IncomingMessage, "from" | "fromName">,
    message: MimeMessage,
    receivedAt: number,
  ): void {
    const body = decodeMimeBody(message);
    const { from } = sender;
    const isOwn = from === this.selfEmail;
    if (body.kind === "typing" || body.kind === "recording") {
      if (!isOwn) this.#core.events.emit("typing", { from, conversation });
      return;
    }
    // Everybody on a switchboard gets the packets that are meant for one (source: msnp-chat §3.1).
    if (body.kind === "p2p" && !this.#isForUs(body)) return;
    this.#core.events.emit("message", {
      ...sender,
      ...(isOwn && ownOrigin(board, conversation)),
      conversation,
      ...markIn(message.headers),
      receivedAt,
      body,
    });
  }

  #isForUs({ to, toEndpoint }: P2pBody): boolean {
    if (to !== undefined && to !== this.selfEmail) return false;
    return toEndpoint === undefined || toEndpoint === this.#core.options.machineGuid;
  }

  /** A whole message; undefined while parts are missing. Of a text whose rest does not come, `tell` gets what came. */
  #read(
    state: BoardState,
    from: Email,
    payload: Buffer,
    now: number,
    tell: (message: MimeMessage) => void,
  ): MimeMessage | undefined {
    let message: MimeMessage;
    try {
      message = parseMime(payload);
    } catch {
      return { headers: [], body: payload };
    }
    if (headerOf(message, "Message-ID") === undefined) return message;
    state.chunks ??= new ChunkAssembler();
    return state.chunks.add(from, message, now, (rest) => {
      if (contentTypeOf(rest) === "text/plain") tell(rest);
    });
  }

  #forgetIdle(): void {
    for (const [email, conversation] of this.#direct) {
      if (this.#direct.size < MAX_CONVERSATIONS) return;
      if (conversation.isIdle) this.#direct.delete(email);
    }
  }
}

/** Who says a message; undefined for a name that is no address. */
function senderOf(command: Command): Email | undefined {
  return parseAddress(decodeArg(command.args[0] ?? ""))?.email;
}

/** Of what one said at another place: where, when there is only one other on the board, and to whom. */
function ownOrigin(board: Switchboard, conversation: Conversation): Pick<IncomingMessage, "endpoint" | "to"> {
  const [endpoint] = board.ownPlaces.size === 1 ? board.ownPlaces : [];
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(conversation instanceof DirectConversation && { to: conversation.peer }),
  };
}
