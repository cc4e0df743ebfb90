import type { MsnpError } from "../errors.ts";
import { type Command, encodeCommand, type OutgoingCommand } from "../wire/command.ts";
import { CommandDecoder } from "../wire/decoder.ts";
import { WireError } from "../wire/error.ts";
import { serverToClientPayload } from "../wire/payload.ts";
import type { Channel } from "./channel.ts";
import { ConnectionError } from "./connection-error.ts";
import { ServerError } from "./error-codes.ts";
import { maskedLine } from "./mask.ts";
import { afterRunning } from "./running-time.ts";
import { BY_TCP, openChannel, type Via } from "./via.ts";

export { ConnectionError, type ConnectionErrorCode } from "./connection-error.ts";

export type Trace = (direction: ">>>" | "<<<", connection: string, line: string) => void;

/** Who hears of a connection; an object and not closures, so that an idle one stays small. */
export interface ConnectionOwner {
  /** A command that answers no request. Called in the tick in which the bytes were read. */
  onCommand(command: Command, connection: Connection): void;
  /** Called once, unless {@link Connection.destroy} ended it. */
  onEnd(error: ConnectionError, connection: Connection): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Name in traces, such as `NS` or `SB 3`. */
  readonly label: string;
  readonly owner: ConnectionOwner;
  /** How the bytes get there; default TCP. */
  readonly via?: Via | undefined;
  /** ms until the connection must stand. */
  readonly connectTimeout: number;
  /** ms until an answer must come. */
  readonly requestTimeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly trace?: Trace | undefined;
  readonly maxPayload?: number | undefined;
}

export interface RequestOptions {
  readonly payload?: string | Buffer;
  /** Names of lines that answer; default: the command's own. */
  readonly accept?: readonly string[];
  /** ms; default: the connection's. */
  readonly timeout?: number;
  /** Called in the tick of the answer, before any later line is taken; the promise only settles after those. */
  readonly onAnswer?: () => void;
}

/** Waits for something that no single line answers, yet ends with the connection or its timeout. */
export interface Expectation {
  /** Rejects with ConnectionError. */
  readonly promise: Promise<void>;
  done(): void;
  /** Awaits a step; when it fails, the expectation is over, too. */
  during<T>(step: Promise<T>): Promise<T>;
}

interface Pending {
  readonly name: string;
  /** Undefined: the command's own name; empty: no line answers. */
  readonly accept: readonly string[] | undefined;
  readonly resolve: (command: Command) => void;
  readonly reject: (error: MsnpError) => void;
  readonly callOff: () => void;
}

const NOTHING: readonly string[] = [];
/** Bytes that may wait for a peer that does not read. */
const MAX_UNSENT = 1024 * 1024;
/** How often it is looked whether what was written has left, in the time that is given to settle. */
const LOOKS = 4;

/** One connection to a notification server or a switchboard: commands, and requests matched by trid. */
export class Connection {
  readonly label: string;
  readonly #channel: Channel;
  readonly #owner: ConnectionOwner;
  readonly #decoder: CommandDecoder;
  readonly #requestTimeout: number;
  readonly #trace: Trace | undefined;
  readonly #pending = new Map<number, Pending>();
  #trid = 0;
  #written = 0;
  /** Keys of expectations run below zero, where no trid is. */
  #expectations = 0;
  #isOver = false;
  /** Nothing is sent any more, but what was on its way is still told. */
  #isLeaving = false;

  private constructor(channel: Channel, options: ConnectionOptions) {
    this.label = options.label;
    this.#channel = channel;
    this.#owner = options.owner;
    this.#requestTimeout = options.requestTimeout;
    this.#trace = options.trace;
    this.#decoder = new CommandDecoder({
      payloadRule: serverToClientPayload,
      ...(options.maxPayload !== undefined && { maxPayload: options.maxPayload }),
    });
    channel.listen({ onBytes: (chunk) => this.#read(chunk), onOver: (error) => this.#fail(error) });
  }

  /** Connects. Rejects with ConnectionError and leaves no socket behind. A gateway is only asked with the first command. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    return new Connection(await openChannel(options, options.via ?? BY_TCP), options);
  }

  /** Whether the server must be asked now and then if it is there; a gateway is polled anyway and suffers no PNG. */
  get needsKeepalive(): boolean {
    return this.#channel.transport !== "gateway";
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether a request has not been answered yet. */
  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Sends without waiting for an answer; does nothing once the connection is over. */
  send(command: OutgoingCommand): void {
    if (this.#isOver) return;
    this.#trace?.(">>>", this.label, maskedLine(command));
    const bytes = encodeCommand(command);
    this.#written += bytes.length;
    this.#channel.write(bytes);
    if (this.#channel.unsent > MAX_UNSENT) {
      this.#fail(new ConnectionError("closed", "The server does not read what it is sent"));
    }
  }

  /** Sends a command that wants a trid but whose answer nobody waits for. */
  post(name: string, args: readonly (string | number)[], payload?: string | Buffer): void {
    this.#trid += 1;
    this.send({ name, args: [this.#trid, ...args], ...(payload !== undefined && { payload }) });
  }

  /**
   * Sends a command with a new trid and waits for the line that answers it.
   * Rejects with ServerError for an error line and with ConnectionError when no answer comes.
   */
  request(name: string, args: readonly (string | number)[], options: RequestOptions = {}): Promise<Command> {
    if (this.#isOver) return Promise.reject(new ConnectionError("closed", "The connection is over"));
    this.#trid += 1;
    const trid = this.#trid;
    const timeout = options.timeout ?? this.#requestTimeout;
    return new Promise((resolve, reject) => {
      const callOff = afterRunning(timeout, () => {
        this.#pending.delete(trid);
        reject(new ConnectionError("timeout", `The server did not answer ${name} within ${timeout} ms`));
      });
      const { accept, payload, onAnswer } = options;
      const settle = (answer: Command): void => {
        onAnswer?.();
        resolve(answer);
      };
      this.#pending.set(trid, { name, accept, resolve: settle, reject, callOff });
      this.send({ name, args: [trid, ...args], ...(payload !== undefined && { payload }) });
    });
  }

  /** Begins to wait for `what`, for at most `timeout` ms. */
  expect(what: string, timeout: number): Expectation {
    this.#expectations -= 1;
    return this.#await(this.#expectations, what, timeout);
  }

  /**
   * Sends a command that the server answers only when it fails: rejects with ServerError then, and counts as waiting
   * until it is told to be done.
   */
  submit(name: string, args: readonly (string | number)[], payload: Buffer, timeout: number): Expectation {
    this.#trid += 1;
    const outcome = this.#await(this.#trid, name, timeout);
    this.send({ name, args: [this.#trid, ...args], payload });
    return outcome;
  }

  /**
   * Is done with what was submitted last when nothing has come against it for `ms` after it has left: through a gateway
   * it may wait for its turn, and its request for an answer.
   */
  settle(outcome: Expectation, ms: number): void {
    const mark = this.#written;
    let looks = 0;
    const look = (): void => {
      const hasLeft = this.#written - this.#channel.unsent >= mark;
      if (hasLeft) looks += 1;
      if (looks > LOOKS || this.#isOver) outcome.done();
      else setTimeout(look, ms / LOOKS);
    };
    look();
  }

  #await(key: number, what: string, timeout: number): Expectation {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whoever waits sees the rejection; until somebody does it must not count as unhandled.
    promise.catch(ignore);
    const callOff = afterRunning(timeout, () => {
      this.#pending.delete(key);
      reject(new ConnectionError("timeout", `The server did not send ${what} within ${timeout} ms`));
    });
    const done = (): void => {
      callOff();
      this.#pending.delete(key);
      resolve();
    };
    if (this.#isOver) {
      callOff();
      reject(new ConnectionError("closed", "The connection is over"));
    } else this.#pending.set(key, { name: what, accept: NOTHING, resolve: done, reject, callOff });
    const during = async <T>(step: Promise<T>): Promise<T> => {
      try {
        return await step;
      } catch (error) {
        done();
        throw error;
      }
    };
    return { promise, done, during };
  }

  /** Says OUT and closes. */
  close(): void {
    this.send({ name: "OUT", args: [] });
    if (this.#isOver) return;
    this.#finish(new ConnectionError("closed", "The connection was closed"));
    this.#channel.end(this.#isLeaving);
  }

  /**
   * As {@link close}, but what was on its way still goes to the owner: until the server has closed, or has not for as long as
   * the channel waits for that.
   */
  leave(): void {
    this.#isLeaving = !this.#isOver;
    this.close();
  }

  /** Ends the connection at once and fails what waits; the owner is not told. */
  destroy(error = new ConnectionError("closed", "The connection was given up")): void {
    this.#isLeaving = false;
    if (!this.#isOver) this.#finish(error);
    this.#channel.destroy();
  }

  get #isDeaf(): boolean {
    return this.#isOver && !this.#isLeaving;
  }

  #read(chunk: Buffer): void {
    if (this.#isDeaf) return;
    try {
      for (const command of this.#decoder.push(chunk)) this.#take(command);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      for (const command of error.completed) this.#take(command);
      this.#fail(new ConnectionError("protocol", error.message, { cause: error }));
    }
  }

  #take(command: Command): void {
    if (this.#isDeaf) return;
    this.#trace?.("<<<", this.label, maskedLine(command));
    const status = statusOf(command);
    const trid = Number(command.args[0]);
    const pending = this.#pending.get(trid) ?? this.#untold(command, status);
    if (pending !== undefined && status !== undefined)
      this.#settle(pending).reject(new ServerError(status, pending.name));
    else if (pending !== undefined && answers(pending, command)) this.#settle(pending).resolve(command);
    else this.#owner.onCommand(command, this);
  }

  /**
   * What a line without a trid answers. An error belongs to the request that waits, when it is the only one; a transfer
   * to the sign-in that could be answered so (source: msnp21 §2.4).
   */
  #untold(command: Command, status: number | undefined): Pending | undefined {
    if (status !== undefined) {
      return command.args.length > 0 || this.#pending.size !== 1 ? undefined : this.#pending.values().next().value;
    }
    if (command.name !== "XFR" || command.args[0] !== "0") return undefined;
    return [...this.#pending.values()].find(({ accept }) => accept?.includes("XFR"));
  }

  #settle(pending: Pending): Pending {
    pending.callOff();
    for (const [trid, candidate] of this.#pending) if (candidate === pending) this.#pending.delete(trid);
    return pending;
  }

  #fail(error: ConnectionError): void {
    if (this.#isLeaving) this.#channel.destroy();
    this.#isLeaving = false;
    if (this.#isOver) return;
    this.#finish(error);
    this.#channel.destroy();
    this.#owner.onEnd(error, this);
  }

  #finish(error: ConnectionError): void {
    this.#isOver = true;
    for (const pending of this.#pending.values()) {
      pending.callOff();
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

function ignore(): void {}

function statusOf(command: Command): number | undefined {
  const c = command.name.charCodeAt(0);
  return c >= 48 && c <= 57 ? Number(command.name) : undefined;
}

function answers(pending: Pending, command: Command): boolean {
  return pending.accept === undefined ? command.name === pending.name : pending.accept.includes(command.name);
}
