import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { type Command, CommandDecoder, clientToServerPayload, decodeArg } from "../wire/index.ts";
import type { Faults, WireFault } from "./faults.ts";
import type { ServerStream } from "./gateway-stream.ts";
import { type LineArg, writeLine } from "./line.ts";
import type { Transcript } from "./transcript.ts";

/** How long a client may take to read the last lines before its connection is broken. */
const LINGER_MS = 5000;

/** A command as handlers get it: arguments decoded once, the length of the payload taken off. */
export interface Request {
  readonly name: string;
  readonly args: readonly string[];
  readonly payload: Buffer | undefined;
}

/** What a connection needs from the network around it. */
export interface ConnectionContext {
  readonly faults: Faults;
  readonly transcript: Transcript;
  /** A connection whose unsent bytes pass this is dropped. */
  readonly maxOutputBytes: number;
  /** A connection that has not signed in after so many milliseconds is closed. */
  readonly signInTimeoutMs: number;
  /** Where a redirect fault without a target leads. */
  readonly self: () => { host: string; port: number };
  /** Called when the connection is gone for good. */
  readonly gone: (connection: ServerConnection) => void;
}

/** The protocol on top of a connection. */
export interface ConnectionHandler {
  /** May throw: the command then stays without an answer, as Escargot leaves it (source: msnp-core §1.9). */
  command(request: Request): void;
  /** Called once, however the connection ends. */
  closed(): void;
}

/** Faults that the protocol itself has to carry out, because they strike in the middle of a command. */
export type DeferredFault = Extract<WireFault, { kind: "no-ack" | "nak" | "redirect" }>;

/** One client's connection to the notification server or a switchboard, over whatever: framing, bounds, forced faults, record. */
export class ServerConnection {
  readonly name: string;
  readonly kind: "NS" | "SB";
  /** Who the client says it is; forced faults choose by it. */
  claims: string | undefined;
  #handler: ConnectionHandler | undefined;
  readonly #stream: ServerStream;
  readonly #context: ConnectionContext;
  readonly #decoder = new CommandDecoder({ payloadRule: clientToServerPayload });
  #signInTimer: NodeJS.Timeout | undefined;
  #delay: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #waiting: Command[] = [];
  #stalled = false;
  #closed = false;
  #corked = false;
  #lengthError = 0;
  #deferred: DeferredFault | undefined;

  constructor(stream: ServerStream, kind: "NS" | "SB", number: number, context: ConnectionContext) {
    this.#stream = stream;
    this.kind = kind;
    this.name = `${kind} ${number}`;
    this.#context = context;
    if (stream instanceof Socket) stream.setNoDelay(true);
    stream.on("data", (chunk: Buffer) => this.#received(chunk));
    stream.on("error", (error) => this.#note(`socket error: ${error.message}`));
    stream.on("close", () => this.#ended());
    this.#signInTimer = setTimeout(() => this.drop("not signed in in time"), context.signInTimeoutMs);
    this.#signInTimer.unref();
  }

  /** Gives the connection its protocol; before that nothing may arrive. */
  serve(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  get remote(): { address: string; port: number } {
    return { address: this.#stream.remoteAddress ?? "127.0.0.1", port: this.#stream.remotePort ?? 0 };
  }

  signedIn(): void {
    clearTimeout(this.#signInTimer);
    this.#signInTimer = undefined;
  }

  /** The fault that the current command has to carry out itself, if any; it is then used up. */
  takeDeferred(): DeferredFault | undefined {
    const fault = this.#deferred;
    this.#deferred = undefined;
    return fault;
  }

  send(...parts: readonly LineArg[]): void {
    const line = writeLine(parts);
    if (this.#context.transcript.enabled) this.#context.transcript.add(this.name, "<<<", line);
    this.#write(`${line}\r\n`);
  }

  /** A line whose last argument is the length of the payload behind it. */
  sendPayload(parts: readonly LineArg[], payload: Buffer | string): void {
    const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
    const line = `${writeLine(parts)} ${length + this.#lengthError}`;
    this.#lengthError = 0;
    if (this.#context.transcript.enabled) this.#context.transcript.add(this.name, "<<<", line);
    this.#write(typeof payload === "string" ? `${line}\r\n${payload}` : `${line}\r\n`);
    if (typeof payload !== "string") this.#write(payload);
  }

  /** Sends what is queued, then ends the connection. Nothing that arrives later is read. */
  close(): void {
    if (this.#closed) return;
    this.#finish();
    this.#stream.end(() => this.#stream.destroy());
    this.#linger = setTimeout(() => this.#stream.destroy(), LINGER_MS);
    this.#linger.unref();
  }

  /** Breaks the connection at once; unsent bytes are lost. */
  drop(why: string): void {
    if (!this.#closed) {
      this.#note(`dropped: ${why}`);
      this.#finish();
    }
    this.#stream.destroy();
  }

  #write(data: string | Buffer): void {
    if (this.#closed || this.#stalled) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#stream.uncork();
      });
    }
    this.#stream.write(data);
    if (this.#stream.writableLength > this.#context.maxOutputBytes) this.drop("the client does not read its data");
  }

  #received(chunk: Buffer): void {
    if (this.#closed || this.#stalled) return;
    let commands: Command[];
    try {
      commands = this.#decoder.push(chunk);
    } catch (error) {
      this.drop(error instanceof Error ? error.message : "unreadable data");
      return;
    }
    this.#handle(commands);
  }

  #handle(commands: readonly Command[]): void {
    for (const [index, command] of commands.entries()) {
      if (this.#closed || this.#stalled) return;
      const request = toRequest(command);
      if (this.#context.transcript.enabled) {
        this.#context.transcript.add(this.name, ">>>", [command.name, ...command.args].join(" "));
      }
      const fault = this.#context.faults.takeWire(this.kind, this.claims, request.name);
      if (fault?.kind === "delay") {
        this.#postpone(commands.slice(index), fault.ms);
        return;
      }
      if (fault === undefined || this.#carryOut(fault, request)) this.#dispatch(request);
    }
  }

  #dispatch(request: Request): void {
    try {
      this.#handler?.command(request);
    } catch (error) {
      this.#note(`${request.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#deferred = undefined;
  }

  /** True when the command is still to be handled. */
  #carryOut(fault: WireFault, request: Request): boolean {
    this.#note(`fault at ${request.name}: ${fault.kind}`);
    switch (fault.kind) {
      case "drop":
        this.drop("forced fault");
        return false;
      case "stall":
        this.#stalled = true;
        return false;
      case "ignore":
        return false;
      case "error":
        if (fault.payload === undefined) this.send(fault.code, request.args[0]);
        else this.sendPayload([fault.code, request.args[0]], fault.payload);
        if (fault.close === true) this.close();
        return false;
      case "out":
        this.send("OUT", fault.reason);
        this.close();
        return false;
      case "redirect": {
        this.#deferred = { ...fault, to: fault.to ?? this.#context.self() };
        return true;
      }
      case "wrong-length":
        this.#lengthError = fault.by;
        return true;
      case "garbage":
        this.#write(fault.bytes ?? Buffer.concat([randomBytes(64), Buffer.from("\r\n")]));
        return true;
      case "no-ack":
      case "nak":
        this.#deferred = fault;
        return true;
      case "delay":
        return true;
    }
  }

  #postpone(commands: readonly Command[], ms: number): void {
    this.#waiting = [...commands];
    this.#stream.pause();
    this.#delay = setTimeout(() => {
      const [first, ...rest] = this.#waiting;
      this.#waiting = [];
      this.#delay = undefined;
      this.#stream.resume();
      if (first !== undefined) this.#dispatch(toRequest(first));
      this.#handle(rest);
    }, ms);
  }

  #note(text: string): void {
    if (this.#context.transcript.enabled) this.#context.transcript.add(this.name, "---", text);
  }

  #finish(): void {
    this.#closed = true;
    this.signedIn();
    clearTimeout(this.#delay);
    this.#waiting = [];
    this.#handler?.closed();
  }

  #ended(): void {
    clearTimeout(this.#linger);
    if (!this.#closed) this.#finish();
    this.#context.gone(this);
  }
}

function toRequest(command: Command): Request {
  const { name, payload } = command;
  const args = payload === undefined ? command.args : command.args.slice(0, -1);
  return { name: name.toUpperCase(), args: args.map(decodeArg), payload };
}
