import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { noMeter } from "../../../../src/bridge/metrics.ts";
import { Secret } from "../../../../src/bridge/secret.ts";
import { ComponentLink, type LinkLimits } from "../../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { presence } from "../../../../src/xmpp/stanza/presence.ts";
import { annaPhone, bob, gateway, silent } from "../support.ts";

/** A server that does with what comes what `hear` does. */
async function stage(hear: (text: string, socket: Socket) => void, limits: Partial<LinkLimits> = {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => hear(text, socket));
    socket.on("error", () => {});
  });
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
    limits,
  });
  const connected = once(server, "connection");
  link.start();
  await connected;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { link, sockets, close };
}

test("a server that takes the connection and says nothing does not hold up the end", async () => {
  const { link, close } = await stage(() => {});
  const began = Date.now();
  await link.stop();
  expect(Date.now() - began).toBeLessThan(10_000);
  await close();
});

const HEADER = `<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' from='${gateway}' id='1'>`;

const pinged = (text: string): string | undefined => /<iq type="get" id="([^"]+)"/.exec(text)?.[1];
const ping = (id: string): string =>
  `<iq type='get' id='${id}' from='${gateway}' to='${gateway}'><ping xmlns='urn:xmpp:ping'/></iq>`;

test("a server that has answered is not taken for dead because this process stood still meanwhile", async () => {
  const answerMs = 250;
  const { link, sockets, close } = await stage(
    (text, socket) => {
      if (text.includes("<stream:stream")) socket.write(HEADER);
      if (text.includes("<handshake")) socket.write("<handshake/>");
      const id = pinged(text);
      if (id === undefined) return;
      socket.write(ping(id));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * answerMs);
    },
    { answerMs },
  );
  await link.attached();
  await link.sendSurely(presence({ from: bob, to: annaPhone }, undefined));
  expect(sockets).toHaveLength(1);
  const stopped = link.stop();
  await close();
  await stopped;
});

test("a server that has much to do, and goes on talking meanwhile, is not taken for dead", async () => {
  const { link, sockets, close } = await stage(
    (text, socket) => {
      if (text.includes("<stream:stream")) socket.write(HEADER);
      if (text.includes("<handshake")) socket.write("<handshake/>");
      const id = pinged(text);
      if (id === undefined) return;
      const busy = setInterval(() => socket.write(`<presence from='${annaPhone}' to='${gateway}'/>`), 20);
      setTimeout(() => {
        clearInterval(busy);
        socket.write(ping(id));
      }, 1500);
    },
    { answerMs: 500 },
  );
  await link.attached();
  await link.sendSurely(presence({ from: bob, to: annaPhone }, undefined));
  expect(sockets).toHaveLength(1);
  const stopped = link.stop();
  await close();
  await stopped;
});
