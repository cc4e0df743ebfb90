import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type DialectName, type MsnClientOptions, parseProxy } from "../../../src/msnp/index.ts";
import { MsnNetwork, type NetworkOptions, OFFICIAL_QUIRKS, type StartOptions } from "../../../src/msnp/server/index.ts";
import { CERTIFICATE } from "../../support/certificate.ts";
import { connectProxy, socksProxy, type TestProxy } from "../../support/proxies.ts";
import { ACCOUNTS, ALICE, BOB, eventually, hearing, Stage } from "../msnp-client/stage.ts";
import { ScriptedGateway } from "./scripted-gateway.ts";

const BY_GATEWAY: Partial<MsnClientOptions> = { transports: ["gateway"], gateway: { poll: 100 } };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function stage(options: NetworkOptions = {}, start: Partial<StartOptions> = {}): Promise<Stage> {
  const opened = Stage.over(await MsnNetwork.start({ accounts: ACCOUNTS, options, ...start }));
  closers.push(() => opened.close());
  return opened;
}

/** Alice and Bob sign in, and each says something to the other. */
async function talk(
  on: Stage,
  dialects: readonly [DialectName, DialectName],
  alice: Partial<MsnClientOptions>,
  bob = alice,
) {
  const [a, b] = [on.client(ALICE, dialects[0], alice), on.client(BOB, dialects[1], bob)];
  await a.signIn();
  await b.signIn();
  await eventually(() => a.contacts.get(BOB)?.status).toBe("NLN");
  const heardByBob = hearing(b);
  const heardByAlice = hearing(a);
  await a.conversation(BOB).sendText("Hello, Bob. Größe: 5 €");
  await heardByBob.until(1);
  await b.conversation(ALICE).sendText("Hello, Alice");
  await heardByAlice.until(1);
  expect(heardByBob.lines).toEqual(["alice: Hello, Bob. Größe: 5 €"]);
  expect(heardByAlice.lines).toEqual(["bob: Hello, Alice"]);
  return { a, b };
}

describe("through the gateway", () => {
  test.each([
    ["MSNP18", "MSNP18"],
    ["MSNP11", "MSNP11"],
    ["MSNP18", "MSNP11"],
    ["MSNP8", "MSNP15"],
    ["MSNP21", "MSNP21"],
  ] satisfies [DialectName, DialectName][])("%s and %s sign in and talk", async (one, other) => {
    const on = await stage();
    await talk(on, [one, other], BY_GATEWAY);
    expect(on.trace.filter((line) => line.includes("PNG"))).toEqual([]);
  });

  test.each(["MSNP18", "MSNP11"] satisfies DialectName[])(
    "%s talks with Microsoft's ways: new ids, held polls, challenges",
    async (dialect) => {
      const on = await stage({ quirks: OFFICIAL_QUIRKS });
      await talk(on, [dialect, dialect], { ...BY_GATEWAY, gateway: { poll: 250, lifespan: 1 } });
    },
  );

  test.each([
    [["MSNP21"], /^VER 1 MSNP21 CVR0\r\nCVR 2 .* alice@msn\.test \S+\r\nUSR 3 SSO I alice@msn\.test\r\n$/],
    [["MSNP18", "MSNP11"], /^VER 1 MSNP18 MSNP11 CVR0\r\n$/],
  ] satisfies [DialectName[], RegExp][])(
    "%j begins with all that does not wait for an answer (msnp21 §7.1)",
    async (dialects, words) => {
      await using gateway = await ScriptedGateway.start(() => ({ status: 503 }));
      const on = await stage();
      const services = { ...on.network.services, gatewayUrl: gateway.url };
      const client = on.client(ALICE, "MSNP18", { ...BY_GATEWAY, services, dialects });
      await expect(client.signIn()).rejects.toMatchObject({ stage: "connect", code: "unreachable" });
      expect(gateway.asked.map(({ query }) => query)).toEqual(["?Action=open&Server=NS&IP=127.0.0.1"]);
      expect(gateway.asked[0]?.body).toMatch(words);
    },
  );

  test("somebody there and somebody by TCP talk", async () => {
    const on = await stage();
    await talk(on, ["MSNP18", "MSNP18"], BY_GATEWAY, {});
  });

  test("a switchboard that takes no TCP is reached, while all else goes by TCP (msnp-chat §7)", async () => {
    const on = await stage({ quirks: { boardsBehindGateway: true } });
    await talk(on, ["MSNP18", "MSNP18"], { transports: ["tcp", "gateway"], gateway: { poll: 100 } });
    const posts = on.network.transcript().split("POST /gateway/gateway.dll").length - 1;
    expect(posts).toBeGreaterThan(2);
    // Both at the notification server, both on the board.
    expect(on.network.load.connections).toBe(4);
  });

  test("leaving is told to the others at once", async () => {
    const on = await stage();
    const { a, b } = await talk(on, ["MSNP18", "MSNP18"], BY_GATEWAY);
    await b.signOut();
    await eventually(() => a.contacts.get(BOB)?.status).toBe("FLN");
  });

  test("the session ends when the gateway knows it no more", async () => {
    const on = await stage();
    const client = await on.signedIn(ALICE, "MSNP18", BY_GATEWAY);
    const closed = new Promise((resolve) => client.on("closed", resolve));
    on.network.faults.arm({ place: "HTTP", at: "gateway", fault: { kind: "status", status: 400 } });
    expect(await closed).toMatchObject({ kind: "lost", detail: expect.stringContaining("HTTP 400") });
  });

  test("a message whose answer was lost may have arrived, and is not sent again", async () => {
    const on = await stage();
    const { a, b } = await talk(on, ["MSNP18", "MSNP18"], { ...BY_GATEWAY, gateway: { poll: 50_000 } }, {});
    const heard = hearing(b);
    on.network.faults.arm({ place: "HTTP", at: "gateway-send", fault: { kind: "drop" } });
    await expect(a.conversation(BOB).sendText("twice?")).rejects.toMatchObject({ certainty: "maybe-sent" });
    expect(heard.lines).toEqual([]);
  });
});

describe("by TLS", () => {
  const { key, cert } = CERTIFICATE;

  test("two clients that trust the certificate sign in and talk", async () => {
    const on = await stage({}, { tls: { key, cert } });
    await talk(on, ["MSNP18", "MSNP11"], { transports: ["tls"], tls: { ca: cert, serverName: "msn.test" } });
  });

  test("any certificate will do where the operator says so", async () => {
    const on = await stage({}, { tls: { key, cert } });
    await on.signedIn(ALICE, "MSNP18", { transports: ["tls"], tls: { rejectUnauthorized: false } });
  });

  test.each([
    ["of an unknown authority", {}],
    ["of another name", { ca: cert, serverName: "other.test" }],
  ])("a certificate %s is refused, and nothing goes without encryption instead", async (_what, tls) => {
    const on = await stage({}, { tls: { key, cert } });
    const signIn = on.client(ALICE, "MSNP18", { transports: ["tls", "tcp"], tls }).signIn();
    await expect(signIn).rejects.toMatchObject({
      stage: "connect",
      code: "protocol",
      message: expect.stringContaining("a certificate that is not accepted"),
    });
    await expect.poll(() => on.network.load.connections).toBe(0);
  });

  test("a server without it is told apart", async () => {
    const on = await stage();
    const signIn = on.client(ALICE, "MSNP18", { transports: ["tls"], timeouts: { connect: 500 } }).signIn();
    await expect(signIn).rejects.toMatchObject({ stage: "connect", retry: "later" });
  });
});

describe("when one way is closed", () => {
  /** A port where nobody listens. */
  async function closedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    server.close();
    await once(server, "close");
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** A port that takes connections and never answers, as some firewalls make it look. */
  async function mutePort(): Promise<number> {
    const server = createServer((socket) => socket.on("error", () => socket.destroy()).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.close();
    });
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  test.each([
    ["is closed", closedPort],
    ["takes connections and says nothing", mutePort],
  ])("the gateway is taken for everything when the TCP port %s", async (_what, port) => {
    const on = await stage();
    const services = { ...on.network.services, ns: { host: "127.0.0.1", port: await port() } };
    const ways: Partial<MsnClientOptions> = {
      services,
      transports: ["tcp", "gateway"],
      gateway: { poll: 100 },
      timeouts: { request: 1000 },
    };
    await talk(on, ["MSNP18", "MSNP11"], ways, {});
    expect(on.network.transcript()).toContain("POST /gateway/gateway.dll");
  });

  test("the error names everything that was tried", async () => {
    const on = await stage();
    const port = await closedPort();
    on.network.faults.arm({ place: "HTTP", at: "gateway", fault: { kind: "status", status: 503 } });
    const services = { ...on.network.services, ns: { host: "127.0.0.1", port } };
    const signIn = on.client(ALICE, "MSNP18", { services, transports: ["tcp", "gateway"] }).signIn();
    const gateway = `http://127.0.0.1:${on.network.ports.http}`;
    await expect(signIn).rejects.toMatchObject({
      stage: "connect",
      code: "unreachable",
      message: expect.stringMatching(
        new RegExp(`tcp: 127\\.0\\.0\\.1:${port} cannot be reached .*; gateway: .*${gateway} answered HTTP 503`),
      ),
    });
  });

  test("a network without a gateway says so", async () => {
    const on = await stage();
    const { gatewayUrl: _, ...services } = on.network.services;
    const signIn = on.client(ALICE, "MSNP18", { services, transports: ["gateway"] }).signIn();
    await expect(signIn).rejects.toMatchObject({ message: "The network names no HTTP gateway" });
  });

  test("a refusal is no reason to try another way", async () => {
    const on = await stage({ dialects: ["MSNP11"] });
    const signIn = on.client(ALICE, "MSNP18", { transports: ["tcp", "gateway"] }).signIn();
    await expect(signIn).rejects.toMatchObject({ code: "no-common-dialect" });
    expect(on.network.transcript()).not.toContain("POST /gateway");
  });

  test("calling off while a way is tried ends the sign-in", async () => {
    const on = await stage();
    const services = { ...on.network.services, ns: { host: "127.0.0.1", port: await mutePort() } };
    const off = new AbortController();
    const client = on.client(ALICE, "MSNP18", { services, transports: ["tcp", "gateway"] });
    client.on("stage", (at) => at === "version" && off.abort());
    await expect(client.signIn(off.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a transfer to a gateway", () => {
  test("XFR .. G goes on through the gateway it names, with the same login (msnp21 §2.4)", async () => {
    const on = await stage();
    const { port } = new URL(on.network.services.gatewayUrl);
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      let got = "";
      socket.on("data", (chunk: Buffer) => {
        got += chunk.toString();
        for (const line of got.split("\r\n").slice(0, -1)) {
          if (line.startsWith("VER")) socket.write("VER 1 MSNP18\r\n");
          if (line.startsWith("CVR")) socket.write("CVR 2 1 1 1 http://a/ http://a/\r\n");
          if (line.startsWith("USR"))
            socket.write(`XFR 3 NS 127.0.0.1:${port} G D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==\r\n`);
        }
        got = got.slice(got.lastIndexOf("\r\n") + 2);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.close();
    });
    const address = server.address();
    const ns = { host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 };
    const { gatewayUrl: _, ...services } = on.network.services;
    const client = await on.signedIn(ALICE, "MSNP18", { services: { ...services, ns } });
    expect(client.state).toBe("signed-in");
    expect(on.trace.filter((line) => line.includes("PNG"))).toEqual([]);
    expect(on.network.transcript()).toContain("POST /gateway/gateway.dll");
  });
});

describe("through a proxy", () => {
  const LOGIN = "bridge:p@ss word";
  const proxied = async (
    make: typeof socksProxy,
    options: Parameters<typeof socksProxy>[0] = {},
  ): Promise<TestProxy> => {
    const proxy = await make(options);
    closers.push(() => proxy.close());
    return proxy;
  };

  test.each([
    ["SOCKS5", "socks5", socksProxy],
    ["HTTP CONNECT", "http", connectProxy],
  ])(
    "%s with a password: chat, switchboards and web services go that way, and only that way",
    async (_what, scheme, make) => {
      const proxy = await proxied(make, { login: LOGIN, names: { "msn.test": "127.0.0.1" } });
      const on = await stage();
      const { ports, services } = on.network;
      // A name that only the proxy can look up.
      const named = Object.fromEntries(
        Object.entries(services).map(([key, url]) => [
          key,
          typeof url === "string" ? url.replace("127.0.0.1", "msn.test") : url,
        ]),
      );
      const way: Partial<MsnClientOptions> = {
        services: { ...services, ...named, ns: { host: "msn.test", port: ports.ns } },
        proxy: parseProxy(`${scheme}://bridge:p%40ss%20word@127.0.0.1:${proxy.port}`),
      };
      await talk(on, ["MSNP18", "MSNP11"], way);
      expect([...new Set(proxy.asked)].sort()).toEqual(
        [`msn.test:${ports.ns}`, `127.0.0.1:${ports.sb}`, `msn.test:${ports.http}`, `127.0.0.1:${ports.http}`].sort(),
      );
      expect(on.trace.join("\n")).not.toContain("p@ss");
    },
  );

  test.each([
    ["SOCKS5", "socks5", socksProxy],
    ["HTTP CONNECT", "http", connectProxy],
  ])("%s: the gateway goes that way, too", async (_what, scheme, make) => {
    const proxy = await proxied(make);
    const on = await stage();
    await talk(on, ["MSNP18", "MSNP18"], { ...BY_GATEWAY, proxy: parseProxy(`${scheme}://127.0.0.1:${proxy.port}`) });
    expect([...new Set(proxy.asked)]).toEqual([`127.0.0.1:${on.network.ports.http}`]);
  });

  test.each([
    ["SOCKS5", "socks5", socksProxy],
    ["HTTP CONNECT", "http", connectProxy],
  ])("%s with TLS behind it", async (_what, scheme, make) => {
    const proxy = await proxied(make);
    const on = await stage({}, { tls: CERTIFICATE });
    const client = await on.signedIn(ALICE, "MSNP18", {
      transports: ["tls"],
      tls: { ca: CERTIFICATE.cert },
      proxy: parseProxy(`${scheme}://127.0.0.1:${proxy.port}`),
    });
    expect(client.state).toBe("signed-in");
    expect(proxy.asked).toContain(`127.0.0.1:${on.network.ports.ns}`);
  });

  test.each([
    ["SOCKS5 refuses", "socks5", socksProxy, { refuses: true }],
    ["SOCKS5 wants another password", "socks5", socksProxy, { login: "bridge:other" }],
    ["CONNECT refuses", "http", connectProxy, { refuses: true }],
    ["CONNECT wants another password", "http", connectProxy, { login: "bridge:other" }],
  ])("%s: the error names the proxy and not the password", async (_what, scheme, make, options) => {
    const proxy = await proxied(make, options);
    const on = await stage();
    const way = parseProxy(`${scheme}://bridge:geheim@127.0.0.1:${proxy.port}`);
    const error = await on
      .client(ALICE, "MSNP18", { proxy: way })
      .signIn()
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining(`the proxy 127.0.0.1:${proxy.port} makes no connection`),
    });
    expect(String(error) + JSON.stringify(error) + on.trace.join("\n")).not.toContain("geheim");
    expect(on.network.load.connections).toBe(0);
  });

  test("nobody there: the error names the proxy", async () => {
    const on = await stage();
    const signIn = on.client(ALICE, "MSNP18", { proxy: parseProxy("socks5://127.0.0.1:1") }).signIn();
    await expect(signIn).rejects.toMatchObject({ message: expect.stringContaining("The proxy 127.0.0.1:1 cannot") });
  });
});
