import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * Ports on 127.0.0.1 that nobody listens on, for servers that must know their port before they start.
 * They lie below the kernel's range for port 0 (32768 and up on Linux), so that another process that asks for "any port"
 * in the meantime does not take one. No other process that looks for one here gets it for as long as this process lives:
 * also not while its server is yet to start, or is down for a while.
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
    if (await takePort(port)) found.push(port);
  }
  return found;
}

/** One port of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}

/** Whether the port is free and from now on ours; false also when it was taken here before. */
export async function takePort(port: number): Promise<boolean> {
  // First held, then tried: the trying must not disturb a server of somebody else's that is about to come back.
  const held = await hold(port);
  if (held === undefined) return false;
  if (await canListen(port)) return true;
  held.close();
  return false;
}

/** Holds the UDP port of the same number, which no server here uses, and which the kernel takes back with the process. */
function hold(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(socket.unref()));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
