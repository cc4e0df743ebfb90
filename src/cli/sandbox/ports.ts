import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOWEST = 20_000;
const HIGHEST = 32_000;
const handedOut = new Set<number>();

/**
 * Ports on 127.0.0.1 that nobody listens on, for servers that must know their port before they start.
 * They lie below the kernel's range for port 0 (32768 and up on Linux), so that another process that asks for "any port"
 * in the meantime does not take one. A port is given out once per process.
 *
 * @throws Error when no free ports are found
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries++) {
    if (tries >= count + 500) {
      throw new Error(`no ${count} free ports found between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
    }
    const port = randomInt(LOWEST, HIGHEST);
    if (handedOut.has(port)) continue;
    if (await canListen(port)) {
      handedOut.add(port);
      found.push(port);
    }
  }
  return found;
}

/** One port of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
