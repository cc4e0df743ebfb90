/** A homeserver of a few lines, and a redis-server, for trying the checks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { parseRegistration } from "../../../src/matrix/registration.ts";

export interface StubHomeserver {
  readonly url: string;
  /** The registration that this homeserver was given; none at first. */
  registration: string | undefined;
}

/** Answers versions, whoami and ping as Synapse does (source: stack A3). */
export async function startHomeserver(domain: string): Promise<StubHomeserver> {
  const state: { registration: string | undefined } = { registration: undefined };
  const server = createServer((request, response) => {
    answer(request, domain, state.registration).then(
      ([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      () => response.writeHead(500).end("{}"),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, { url });
}

async function answer(
  request: IncomingMessage,
  domain: string,
  text: string | undefined,
): Promise<[number, Record<string, unknown>]> {
  if (request.url === "/_matrix/client/versions") return [200, { versions: ["v1.12"] }];
  const known = text === undefined ? undefined : parseRegistration(text);
  if (known === undefined || request.headers.authorization !== `Bearer ${known.asToken.open()}`) {
    return [401, { errcode: "M_UNKNOWN_TOKEN", error: "Unrecognised access token" }];
  }
  if (request.url === "/_matrix/client/v3/account/whoami") {
    return [200, { user_id: `@${known.senderLocalpart}:${domain}` }];
  }
  if (request.url !== `/_matrix/client/v1/appservice/${known.id}/ping`) return [404, { errcode: "M_UNRECOGNIZED" }];
  try {
    const pinged = await fetch(`${known.url}/_matrix/app/v1/ping`, {
      method: "POST",
      headers: { authorization: `Bearer ${known.hsToken.open()}`, "content-type": "application/json" },
      body: "{}",
    });
    return pinged.ok ? [200, { duration_ms: 3 }] : [502, { errcode: "M_BAD_STATUS", status: pinged.status }];
  } catch {
    return [502, { errcode: "M_CONNECTION_FAILED", error: "connection refused" }];
  }
}

/** A redis-server that keeps nothing on disk, as some are run by mistake. */
export async function startForgetfulRedis(): Promise<string> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "msnbridge-redis-"));
  const child = spawn(
    "redis-server",
    [
      "--bind",
      "127.0.0.1",
      "--port",
      String(port),
      "--save",
      "",
      "--appendonly",
      "no",
      "--maxmemory-policy",
      "allkeys-lru",
      "--dir",
      dir,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(async () => {
    child.kill();
    await once(child, "exit");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("Ready to accept connections")) break;
  }
  child.stdout.resume();
  return `redis://127.0.0.1:${port}/0`;
}

/** A server that takes connections and never says a word. */
export async function startSilentServer(): Promise<number> {
  const server = createTcpServer((socket) => socket.on("error", () => {}));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
