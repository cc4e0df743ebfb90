import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { noMeter } from "../../../../src/bridge/metrics.ts";
import { Secret } from "../../../../src/bridge/secret.ts";
import { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { gateway, silent } from "../support.ts";

test("a server that takes the connection and says nothing does not hold up the end", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const link = new ComponentLink({
    service: { host: "127.0.0.1", port, domain: gateway, secret: new Secret("s") },
    home: XMPP,
    stanza: () => {},
    online: () => {},
    offline: () => {},
    meter: noMeter,
    log: silent,
  });
  const connected = once(server, "connection");
  link.start();
  await connected;
  const began = Date.now();
  await link.stop();
  expect(Date.now() - began).toBeLessThan(3000);
  for (const socket of sockets) socket.destroy();
  server.close();
}, 20_000);
