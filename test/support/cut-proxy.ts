import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can break. */
export interface CutProxy {
  readonly port: number;
  /** Ends all connections as a broken network does. */
  cut(): void;
  /** Whether bytes disappear, in both directions or only those of the server, with the connections left standing. */
  swallow(what: boolean | "answers"): void;
  close(): Promise<void>;
}

export async function cutProxy(target: number): Promise<CutProxy> {
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
