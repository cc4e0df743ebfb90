import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a gateway does with one request. */
export interface Turn {
  readonly status?: number;
  /** Value of X-MSN-Messenger; default a session `one` at this host. */
  readonly word?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The answer announces more bytes than it has, and breaks. */
  readonly isCut?: boolean;
  /** Nothing is answered. */
  readonly isSilent?: boolean;
  /** Resolves when the answer may go. */
  readonly after?: Promise<void>;
}

export interface Asked {
  readonly query: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A gateway that answers from a script; `turn` gets each request and its number from 1. */
export class ScriptedGateway {
  readonly asked: Asked[] = [];
  /** The most requests that were under way at one time. */
  crowd = 0;
  readonly #server: Server;
  #underWay = 0;
  #wake: (() => void) | undefined;

  private constructor(turn: (asked: Asked, number: number) => Turn) {
    this.#server = createServer((request, response) => {
      this.#underWay += 1;
      this.crowd = Math.max(this.crowd, this.#underWay);
      response.once("close", () => {
        this.#underWay -= 1;
      });
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { search } = new URL(request.url ?? "/", "http://localhost");
        const asked = { query: search, body: Buffer.concat(parts).toString(), headers: request.headers };
        this.asked.push(asked);
        const planned = turn(asked, this.asked.length);
        this.#wake?.();
        Promise.resolve(planned.after).then(
          () => answer(response, planned),
          () => response.destroy(),
        );
      });
    });
  }

  static async start(turn: (asked: Asked, number: number) => Turn): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(turn);
    gateway.#server.listen(0, "127.0.0.1");
    await once(gateway.#server, "listening");
    return gateway;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/gateway/gateway.dll`;
  }

  /** Resolves when so many requests have come. */
  async until(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function answer(response: ServerResponse, turn: Turn): void {
  if (turn.isSilent) return;
  const body = Buffer.from(turn.body ?? "");
  const word = turn.word === undefined ? "SessionID=one; GW-IP=127.0.0.1" : turn.word;
  response.writeHead(turn.status ?? 200, {
    "Content-Type": "application/x-msn-messenger",
    "Content-Length": String(body.length + (turn.isCut ? 10 : 0)),
    ...(word !== null && { "X-MSN-Messenger": word }),
    ...turn.headers,
  });
  if (!turn.isCut) response.end(body);
  else response.write(body, () => response.destroy());
}
