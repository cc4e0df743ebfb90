import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can break. */
export interface CutProxy {
  readonly port: number;
  /** Sockets that are open, two for each connection. */
  readonly open: number;
  /** Ends all connections as a broken network does. */
  cut(): void;
  /** Ends the connection that brings the server's next bytes when so many have passed; these the server still gets. */
  cutAfter(bytes: number): void;
  /** Whether bytes disappear, in both directions or only those of the server, with the connections left standing. */
  swallow(what: boolean | "answers"): void;
  /** Whether new connections wait before the server, which hears of them when this ends. */
  hold(on: boolean): void;
  close(): Promise<void>;
}

/** @param hear is told everything that passes or is swallowed; `to` is the side that it goes to */
export async function cutProxy(
  target: number,
  hear?: (to: "server" | "client", data: Buffer) => void,
): Promise<CutProxy> {
  let swallows: boolean | "answers" = false;
  let holds = false;
  let left = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const held = new Map<Socket, () => void>();
  const keep = (socket: Socket, closed: () => void): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      held.delete(socket);
      closed();
    });
  };
  const server = createServer((near) => {
    const early: Buffer[] = [];
    let far: Socket | undefined;
    const toServer = (data: Buffer): void => {
      if (far === undefined) {
        early.push(data);
        return;
      }
      hear?.("server", data);
      if (swallows === true) return;
      if (data.length <= left) {
        left -= data.length;
        far.write(data);
        return;
      }
      far.end(data.subarray(0, left));
      left = Number.POSITIVE_INFINITY;
      near.off("data", toServer);
      near.resume();
    };
    keep(near, () => far?.destroy());
    near.on("data", toServer);
    const join = (): void => {
      far = connect({ port: target, host: "127.0.0.1" });
      keep(far, () => near.destroy());
      far.on("data", (data) => {
        hear?.("client", data);
        if (swallows === false) near.write(data);
      });
      for (const data of early.splice(0)) toServer(data);
    };
    if (holds) held.set(near, join);
    else join();
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
    cutAfter: (bytes) => {
      left = bytes;
    },
    swallow: (what) => {
      swallows = what;
    },
    hold: (on) => {
      holds = on;
      if (on) return;
      for (const join of held.values()) join();
      held.clear();
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
