import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can break. */
export interface CutProxy {
  readonly port: number;
  /** Sockets that are open, two for each connection. */
  readonly open: number;
  /** Ends all connections as a broken network does. */
  cut(): void;
  /** Whether bytes disappear, in both directions or only those of the server, with the connections left standing. */
  swallow(what: boolean | "answers"): void;
  close(): Promise<void>;
}

/** @param hear is told everything that passes or is swallowed; `to` is the side that it goes to */
export async function cutProxy(
  target: number,
  hear?: (to: "server" | "client", data: Buffer) => void,
): Promise<CutProxy> {
  let swallows: boolean | "answers" = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: target, host: "127.0.0.1" });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => {
        hear?.(to === far ? "server" : "client", data);
        if (swallows === false || (swallows === "answers" && to === far)) to.write(data);
      });
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    cut,
    swallow: (what) => {
      swallows = what;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
