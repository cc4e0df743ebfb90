import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { type Command, CommandDecoder, clientToServerPayload } from "../../../src/msnp/wire/index.ts";

/**
 * A notification server that answers from a script: for each command name the bytes to send, `$` standing for the trid.
 * A name that is asked again takes the next answer; the last one stays.
 */
export type Script = Readonly<Record<string, string | readonly string[]>>;

export class ScriptedServer {
  readonly heard: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #script: Script;
  readonly #asked = new Map<string, number>();
  readonly #pieces: number | undefined;

  private constructor(script: Script, pieces: number | undefined) {
    this.#script = script;
    this.#pieces = pieces;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** `pieces`: bytes per write, each in a packet of its own as far as the system lets it. */
  static async start(script: Script, options: { pieces?: number } = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, options.pieces);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (server(this.#server.address()) ?? { port: 0 }).port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Sends bytes to everybody who is connected. */
  say(bytes: string): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    const decoder = new CommandDecoder({ payloadRule: clientToServerPayload });
    socket.on("data", (chunk) => {
      for (const command of decoder.push(chunk)) this.#answer(socket, command);
    });
  }

  #answer(socket: Socket, { name, args, payload }: Command): void {
    this.heard.push([name, ...args].join(" ") + (payload === undefined ? "" : `|${payload}`));
    const answers = this.#script[name];
    const list = typeof answers === "string" ? [answers] : (answers ?? []);
    const asked = this.#asked.get(name) ?? 0;
    this.#asked.set(name, asked + 1);
    const answer = list[Math.min(asked, list.length - 1)]?.replaceAll("$", args[0] ?? "");
    if (answer === undefined) return;
    const bytes = Buffer.from(answer);
    const size = this.#pieces ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
  }
}

function server(address: string | AddressInfo | null): AddressInfo | undefined {
  return typeof address === "string" || address === null ? undefined : address;
}

/** A payload command with its length. */
export function withPayload(line: string, payload: string): string {
  return `${line} ${Buffer.byteLength(payload)}\r\n${payload}`;
}
