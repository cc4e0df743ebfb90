import type { Email, MachineGuid } from "../address.ts";
import { formatIdentity, parseRoster } from "../dialect/lines.ts";
import { describeError } from "../errors.ts";
import { Connection, type ConnectionError, type ConnectionOwner } from "../transport/connection.ts";
import { ServerError } from "../transport/error-codes.ts";
import type { Command } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import { SendError } from "./errors.ts";
import { boardRoute, viaOf } from "./reach.ts";

/** One person on a switchboard, at one place or several (source: msnp-chat §1.4). */
interface Member {
  /** Named by a line without an endpoint; such a person leaves by such a line. */
  isPlain: boolean;
  name?: string;
  readonly endpoints: Set<MachineGuid>;
}

/** Who hears of a switchboard. */
export interface BoardOwner {
  /** Called in the tick in which the bytes were read; false for a message that does not count as traffic. */
  boardMessage(board: Switchboard, command: Command): boolean;
  /** A message that was on its way when the board was left. */
  lateMessage(board: Switchboard, command: Command): void;
  boardMembersChanged(board: Switchboard): void;
  /** Called once, whoever closed it. `isLeft`: we did, and what was on its way may still come. */
  boardClosed(board: Switchboard, isLeft: boolean): void;
}

/** How a switchboard is entered: as the one who asked for it or as the one who is called. */
export interface Invitation {
  readonly host: string;
  readonly port: number;
  readonly cookie: string;
  /** Present when called. */
  readonly session?: string;
  /** Whether it can be reached through the HTTP gateway only (source: msnp-chat §7). */
  readonly isBehindGateway?: boolean;
}

/** People of one board that are taken note of; no server is known to have more. */
const MAX_MEMBERS = 512;
/** Places of one person. */
const MAX_PLACES = 16;

let boards = 0;

/** One connection to a switchboard (source: msnp-chat §1). */
export class Switchboard implements ConnectionOwner {
  readonly #core: Core;
  readonly #owner: BoardOwner;
  readonly #roster = new Map<Email, Member>();
  /** One's own other places on this board. */
  readonly #ownPlaces = new Set<MachineGuid>();
  /** Who was taken off by the server for silence, and may be called again. */
  readonly #dropped = new Set<Email>();
  #connection: Connection | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #opening: AbortController | undefined;
  /** Who is called and has not come yet. */
  readonly #called = new Map<Email, () => void>();
  /** Calls that are not answered yet; whoever calls the same person waits with the first. */
  readonly #calls = new Map<Email, Promise<void>>();
  #isClosed = false;
  /** What the server calls the board; whoever asked for it learns that with the answer to their first call. */
  #session: string | undefined;
  /** From then on who comes is news; before, the server names who is there already. */
  #isEntered = false;
  /** How often the last of the others left; tells an acknowledgement that reached nobody. */
  #emptied = 0;
  /** A group is not closed for silence: nobody could call it together again. */
  keepsIdle = false;

  constructor(core: Core, owner: BoardOwner) {
    this.#core = core;
    this.#owner = owner;
  }

  /** Connects and signs in to the board. Rejects with ConnectionError or ServerError and leaves nothing behind. */
  async enter(live: Live, invitation: Invitation): Promise<void> {
    const { options, timeouts } = this.#core;
    const opening = new AbortController();
    this.#opening = opening;
    boards += 1;
    const connection = await Connection.open({
      host: invitation.host,
      port: invitation.port,
      label: `SB ${boards}`,
      owner: this,
      via: viaOf(this.#core, boardRoute(this.#core, live.route, invitation.isBehindGateway ?? false), "SB"),
      connectTimeout: timeouts.connect,
      requestTimeout: timeouts.request,
      signal: opening.signal,
      trace: options.trace,
      maxPayload: options.maxPayload,
    });
    this.#opening = undefined;
    this.#connection = connection;
    const identity = formatIdentity(live.dialect, live.handle, options.machineGuid);
    const { cookie, session } = invitation;
    this.#session = session;
    try {
      const onAnswer = (): void => {
        this.#isEntered = true;
      };
      if (session === undefined) await connection.request("USR", [identity, cookie], { onAnswer });
      else await connection.request("ANS", [identity, cookie, session], { onAnswer });
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#touch();
  }

  /** The same for everybody who is on this board; undefined as long as nobody was called onto it. */
  get session(): string | undefined {
    return this.#session;
  }

  /** Everybody but oneself. */
  get members(): ReadonlySet<Email> {
    return new Set(this.#roster.keys());
  }

  /** What they call themselves. */
  get names(): ReadonlyMap<Email, string> {
    const names = new Map<Email, string>();
    for (const [email, { name }] of this.#roster) if (name !== undefined) names.set(email, name);
    return names;
  }

  nameOf(email: Email): string | undefined {
    return this.#roster.get(email)?.name;
  }

  get size(): number {
    return this.#roster.size;
  }

  /** One's own other places that are on this board. */
  get ownPlaces(): ReadonlySet<MachineGuid> {
    return this.#ownPlaces;
  }

  /** Who would have to be called to have the same people together again. */
  get callable(): ReadonlySet<Email> {
    return new Set([...this.#roster.keys(), ...this.#dropped]);
  }

  /** Who was taken off by the server for silence, and is not back. */
  get dropped(): ReadonlySet<Email> {
    return this.#dropped;
  }

  /** Whoever was taken off for silence is not called again. */
  forgetDropped(): void {
    this.#dropped.clear();
  }

  /** Whether an acknowledgement is still owed. */
  get isWaiting(): boolean {
    return this.#connection?.isWaiting ?? false;
  }

  /** Whether a message sent now would reach somebody. */
  get isReady(): boolean {
    return !this.#isClosed && this.#connection !== undefined && this.#roster.size > 0;
  }

  /** Calls one's own other places, so that they hear what is said; whether any comes does not matter (source: msnp-chat §1.4). */
  callOwnPlaces(): void {
    this.#connection?.post("CAL", [this.#core.self.email]);
  }

  /** Calls somebody and waits until they are there. Rejects with ServerError, ConnectionError or SendError. */
  call(email: Email): Promise<void> {
    const underWay = this.#calls.get(email);
    if (underWay !== undefined) return underWay;
    const call = this.#call(email).finally(() => this.#calls.delete(email));
    this.#calls.set(email, call);
    return call;
  }

  async #call(email: Email): Promise<void> {
    const connection = this.#open();
    const joined = connection.expect("the contact's arrival", this.#core.timeouts.ring);
    this.#called.set(email, joined.done);
    await joined.during(
      this.#ring(connection, email).catch((error: unknown) => {
        // Already called or already here: all there is to do is to wait.
        if (!(error instanceof ServerError && error.status === 215)) throw error;
      }),
    );
    if (this.#roster.has(email)) joined.done();
    try {
      await joined.promise;
    } catch (error) {
      if (!connection.isOver) throw new SendError("no-answer", "not-sent", `${email} did not answer the call`);
      throw error;
    } finally {
      this.#called.delete(email);
    }
  }

  /** The server accepts a call with the name of the board: `CAL trid RINGING session` (source: msnp-chat §1.3). */
  async #ring(connection: Connection, email: Email): Promise<void> {
    const { args } = await connection.request("CAL", [email]);
    this.#session ??= args.at(-1);
  }

  /**
   * Sends a message and waits for its acknowledgement. `undelivered` means that surely nobody has read it: the server
   * said so, the board was closed before, or the last of the others had left before the server took the message.
   * Rejects with SendError `maybe-sent` when nobody can know, as when it did not reach everybody of several.
   */
  async deliver(payload: Buffer, ack: "A" | "D" = "A"): Promise<"delivered" | "undelivered"> {
    const connection = this.#connection;
    if (connection === undefined || !this.isReady || connection.isOver) return "undelivered";
    const before = this.#emptied;
    const { size } = this.#roster;
    let atAnswer = before;
    let answer: Command;
    this.#touch();
    try {
      answer = await connection.request("MSG", [ack], {
        payload,
        accept: ["ACK", "NAK"],
        timeout: this.#core.timeouts.ack,
        onAnswer: () => {
          atAnswer = this.#emptied;
        },
      });
    } catch (error) {
      if (error instanceof ServerError) throw refusal(error);
      const code = connection.isOver ? "closed" : "timeout";
      throw new SendError(code, "maybe-sent", `The message may not have arrived (${describeError(error)})`, {
        cause: error,
      });
    }
    // It says that not all have got it; whoever sends again to several lets some read it twice (source: msnp-chat §1.5).
    if (answer.name === "NAK" && size > 1 && before === atAnswer) {
      throw new SendError("refused", "maybe-sent", "The message did not reach everybody in the chat");
    }
    // Some servers acknowledge to an empty room (source: msnp-chat §1.5); lines come in the order of events.
    return answer.name === "ACK" && before === atAnswer ? "delivered" : "undelivered";
  }

  /** Sends what nobody acknowledges. */
  tell(ack: "U" | "N", payload: Buffer): void {
    this.#touch();
    this.#connection?.post("MSG", [ack], payload);
  }

  /** Leaves. What is said before the server knows counts as read to whoever says it, and so is still heard. */
  close(): void {
    if (this.#isClosed) return;
    this.#end();
    this.#opening?.abort();
    this.#connection?.leave();
    this.#owner.boardClosed(this, true);
  }

  onCommand(command: Command): void {
    if (this.#isClosed) {
      if (command.name === "MSG") this.#owner.lateMessage(this, command);
      return;
    }
    switch (command.name) {
      case "MSG":
        if (this.#owner.boardMessage(this, command)) this.#touch();
        return;
      case "IRO":
      case "JOI":
        this.#join(command);
        return;
      case "BYE":
        this.#leave(command);
        return;
      case "OUT":
        this.#connection?.destroy();
        this.#lost();
        return;
      default:
      // What nobody knows is passed over.
    }
  }

  onEnd(_error: ConnectionError): void {
    this.#lost();
  }

  /** Takes a person who writes without having been named. */
  admit(email: Email): void {
    if (this.#roster.has(email)) return;
    this.#roster.set(email, { isPlain: true, endpoints: new Set() });
    this.#membersChanged();
  }

  #open(): Connection {
    if (this.#connection === undefined || this.#isClosed) {
      throw new SendError("closed", "not-sent", "The switchboard was closed");
    }
    return this.#connection;
  }

  #join(command: Command): void {
    const line = parseRoster(command);
    if (line === undefined) return;
    const { email, endpoint } = line.address;
    if (email === this.#core.self.email) {
      const isOther = endpoint !== undefined && endpoint !== this.#core.options.machineGuid;
      if (isOther && this.#ownPlaces.size < MAX_PLACES) this.#ownPlaces.add(endpoint);
      return;
    }
    const known = this.#roster.get(email);
    if (known === undefined && this.#roster.size >= MAX_MEMBERS) return;
    const member: Member = known ?? { isPlain: false, endpoints: new Set() };
    if (line.displayName) member.name = line.displayName;
    if (endpoint === undefined) member.isPlain = true;
    else if (member.endpoints.size < MAX_PLACES) member.endpoints.add(endpoint);
    if (known !== undefined) return;
    this.#roster.set(email, member);
    this.#dropped.delete(email);
    this.#called.get(email)?.();
    this.#membersChanged();
  }

  #leave(command: Command): void {
    const line = parseRoster(command);
    if (line === undefined) return;
    const { email, endpoint } = line.address;
    if (email === this.#core.self.email) {
      // The last of one's own who leaves a board without others leaves it empty.
      if (endpoint !== undefined && this.#ownPlaces.delete(endpoint) && this.#roster.size === 0) this.#membersChanged();
      return;
    }
    const member = this.#roster.get(email);
    if (member === undefined) return;
    if (endpoint !== undefined) member.endpoints.delete(endpoint);
    const isStillHere = endpoint !== undefined && (member.isPlain || member.endpoints.size > 0);
    if (isStillHere) return;
    this.#roster.delete(email);
    // `BYE email 1`: the server has taken them off for their silence (source: msnp-chat §1.4).
    if (command.args[1] === "1" && this.#dropped.size < MAX_MEMBERS) this.#dropped.add(email);
    if (this.#roster.size === 0) this.#emptied += 1;
    this.#membersChanged();
  }

  #membersChanged(): void {
    if (this.#isEntered) this.#owner.boardMembersChanged(this);
  }

  #lost(): void {
    if (this.#isClosed) return;
    this.#end();
    this.#owner.boardClosed(this, false);
  }

  #end(): void {
    this.#isClosed = true;
    clearTimeout(this.#idleTimer);
  }

  #touch(): void {
    if (this.#isClosed) return;
    if (this.#idleTimer !== undefined) this.#idleTimer.refresh();
    else this.#idleTimer = setTimeout(() => this.#onIdle(), this.#core.timeouts.idleSwitchboard);
  }

  #onIdle(): void {
    if (this.keepsIdle || this.isWaiting) {
      this.#idleTimer?.refresh();
      return;
    }
    this.close();
  }
}

/** An error line for a message means that the server did not pass it on. */
function refusal(error: ServerError): SendError {
  const code = error.kind === "rate" ? "rate-limited" : "refused";
  return new SendError(code, "not-sent", error.message, { cause: error });
}
