import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A proxy for tests: what it was asked for, and by whom. */
export interface TestProxy {
  readonly port: number;
  /** `host:port` as asked for, before the name was looked up. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export interface TestProxyOptions {
  /** `user:password` that must be given. */
  readonly login?: string;
  /** Answers every request with a refusal. */
  readonly refuses?: boolean;
  /** Where a name leads; default where it leads anywhere. */
  readonly names?: Readonly<Record<string, string>>;
}

/** The method CONNECT (RFC 9110 §9.3.6). */
export async function connectProxy({ login, refuses, names }: TestProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createHttpServer();
  server.on("connect", (request, client: Socket, head: Buffer) => {
    sockets.add(client);
    client.on("error", () => client.destroy());
    const credentials = `Basic ${Buffer.from(login ?? "").toString("base64")}`;
    if (login !== undefined && request.headers["proxy-authorization"] !== credentials) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const target = request.url ?? "";
    asked.push(target);
    if (refuses) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const [host = "", port] = target.split(":");
    join(client, names?.[host] ?? host, Number(port), sockets, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) client.unshift(head);
    });
  });
  return await listening(server, asked, sockets);
}

/** SOCKS5 with names, with or without a password (RFC 1928, RFC 1929). */
export async function socksProxy({ login, refuses, names }: TestProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => client.destroy());
    serveSocks(client).catch(() => client.destroy());
  });
  async function serveSocks(client: Socket): Promise<void> {
    const greeting = await next(client);
    const method = login === undefined ? 0 : 2;
    if (!greeting.subarray(2).includes(method)) {
      client.end(Buffer.from([5, 0xff]));
      return;
    }
    client.write(Buffer.from([5, method]));
    if (login !== undefined) {
      const given = await next(client);
      const userLength = given[1] ?? 0;
      const user = given.subarray(2, 2 + userLength);
      const password = given.subarray(3 + userLength);
      const isRight = `${user}:${password}` === login;
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return;
    }
    const request = await next(client);
    const isName = request[3] === 3;
    const host = isName ? request.subarray(5, 5 + (request[4] ?? 0)).toString() : request.subarray(4, 8).join(".");
    const port = request.readUInt16BE(request.length - 2);
    asked.push(`${host}:${port}`);
    if (refuses) {
      client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
      return;
    }
    join(client, names?.[host] ?? host, port, sockets, () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
  }
  return await listening(server, asked, sockets);
}

async function next(socket: Socket): Promise<Buffer> {
  const [chunk] = await once(socket, "data");
  return Buffer.from(chunk);
}

function join(client: Socket, host: string, port: number, sockets: Set<Socket>, ready: () => void): void {
  const upstream = connect(port, host, () => {
    ready();
    client.pipe(upstream);
    upstream.pipe(client);
  });
  sockets.add(upstream);
  upstream.on("error", () => client.destroy());
  upstream.on("close", () => client.destroy());
  client.on("close", () => upstream.destroy());
}

async function listening(server: Server, asked: readonly string[], sockets: Set<Socket>): Promise<TestProxy> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
