import { afterEach, describe, expect, test, vi } from "vitest";
import { Connection, type ConnectionError } from "../../../src/msnp/transport/connection.ts";
import { DEFAULT_GATEWAY_RULES, type GatewayRules } from "../../../src/msnp/transport/gateway.ts";
import { HttpClient } from "../../../src/msnp/transport/http.ts";
import type { Command } from "../../../src/msnp/wire/index.ts";
import { type Asked, ScriptedGateway, type Turn } from "./scripted-gateway.ts";

const OPEN = "?Action=open&Server=NS&IP=messenger.hotmail.com";
const ANSWER = "VER 1 MSNP11\r\n";

const connections: Connection[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const connection of connections.splice(0)) connection.destroy();
});

/** A connection through a gateway, what came unasked, and how it ended. */
async function open(url: string, rules: Partial<GatewayRules> = {}, more: { timeout?: number; max?: number } = {}) {
  const came: Command[] = [];
  const timeout = more.timeout ?? 5000;
  const { promise: ended, resolve } = Promise.withResolvers<ConnectionError>();
  const connection = await Connection.open({
    host: "messenger.hotmail.com",
    port: 1863,
    label: "NS",
    owner: { onCommand: (command) => came.push(command), onEnd: resolve },
    connectTimeout: timeout,
    requestTimeout: timeout,
    via: {
      transport: "gateway",
      service: "NS",
      gateway: {
        url,
        rules: { ...DEFAULT_GATEWAY_RULES, poll: 20, ...rules },
        http: new HttpClient({ timeout, maxResponse: more.max }),
      },
    },
  });
  connections.push(connection);
  return { connection, came, ended };
}

const isPoll = ({ query }: Asked): boolean => query.includes("Action=poll");
/** A gateway that has nothing to say but at the turns that are given. */
const quiet =
  (turns: Readonly<Record<number, Turn>> = {}) =>
  (_asked: Asked, number: number): Turn =>
    turns[number] ?? (number === 1 ? { body: ANSWER } : {});

describe("a connection through the gateway", () => {
  test("opens with the first command, as in the book (msnp-chat §7)", async () => {
    await using gateway = await ScriptedGateway.start(quiet());
    const { connection } = await open(gateway.url);
    const answer = await connection.request("VER", ["MSNP11", "CVR0"]);
    expect(answer.args).toEqual(["1", "MSNP11"]);
    const [first] = gateway.asked;
    expect(first?.query).toBe(OPEN);
    expect(first?.body).toBe("VER 1 MSNP11 CVR0\r\n");
    expect(first?.headers).toMatchObject({
      "content-type": "application/x-msn-messenger",
      "user-agent": "MSMSGS",
      accept: "*/*",
      pragma: "no-cache",
    });
  });

  test("sends what was written in one go together, and reads the answers, as in the book (msnp21 §7.1)", async () => {
    const body =
      "VER 1 MSNP21\r\nCVR 2 1.0.0000 1.0.0000 1.0.0000 http://localhost/ http://localhost/\r\n" +
      "GCF 0 21\r\n<Policies></Policies>USR 3 SSO S MBI_KEY_OLD AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\r\n";
    expect(body).toHaveLength(205);
    await using gateway = await ScriptedGateway.start(() => ({
      body,
      word: "SessionID=1001.777; GW-IP=127.0.0.1",
      headers: { "X-MSN-Host": "gw1.example.test" },
    }));
    const { connection, came } = await open(gateway.url, { poll: 5000 });
    const account = "alice@example.com";
    const answers = await Promise.all([
      connection.request("VER", ["MSNP21", "CVR0"]),
      connection.request("CVR", [..."0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR".split(" "), account, "0"]),
      connection.request("USR", ["SSO", "I", account]),
    ]);
    expect(answers.map(({ name }) => name)).toEqual(["VER", "CVR", "USR"]);
    expect(came.map(({ name, payload }) => [name, payload?.toString()])).toEqual([["GCF", "<Policies></Policies>"]]);
    expect(gateway.asked).toHaveLength(1);
    expect(gateway.asked[0]?.body).toBe(
      "VER 1 MSNP21 CVR0\r\nCVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR alice@example.com 0\r\n" +
        "USR 3 SSO I alice@example.com\r\n",
    );
  });

  test("has one request under way, and sends what was written meanwhile with the next", async () => {
    const { promise: after, resolve } = Promise.withResolvers<void>();
    await using gateway = await ScriptedGateway.start(quiet({ 2: { after } }));
    const { connection } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    connection.send({ name: "AAA", args: [] });
    await gateway.until(2);
    for (const name of ["BBB", "CCC", "DDD"]) connection.send({ name, args: [] });
    resolve();
    await gateway.until(3);
    expect(gateway.asked.slice(1, 3).map(({ body }) => body)).toEqual(["AAA\r\n", "BBB\r\nCCC\r\nDDD\r\n"]);
    await gateway.until(6);
    expect(gateway.crowd).toBe(1);
  });

  test("goes on with the session id of the newest answer", async () => {
    await using gateway = await ScriptedGateway.start((_asked, number) => ({
      word: `SessionID=19A2.${number}; GW-IP=127.0.0.1`,
      ...(number === 1 && { body: ANSWER }),
    }));
    const { connection } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(3);
    connection.send({ name: "AAA", args: [] });
    await gateway.until(5);
    expect(gateway.asked.slice(1).map(({ query }) => query.replace("Action=poll&", ""))).toEqual(
      gateway.asked.slice(1).map((_, index) => `?SessionID=19A2.${index + 1}`),
    );
  });

  test("takes commands that are spread over answers", async () => {
    await using gateway = await ScriptedGateway.start(
      quiet({ 2: { body: "MSG Hotmail Hotm" }, 3: { body: "ail 5\r\nhe" }, 4: { body: "lloNLN x\r\n" } }),
    );
    const { connection, came } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(5);
    expect(came.map(({ name, payload }) => [name, payload?.toString()])).toEqual([
      ["MSG", "hello"],
      ["NLN", undefined],
    ]);
  });

  test("carries bytes that are no text", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await using gateway = await ScriptedGateway.start(
      quiet({ 2: { body: Buffer.concat([Buffer.from("MSG a b 256\r\n"), bytes]) } }),
    );
    const { connection, came } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(3);
    expect(came[0]?.payload).toEqual(bytes);
  });

  test("asks for held polls only when nothing has happened for a while", async () => {
    await using gateway = await ScriptedGateway.start(quiet());
    const { connection } = await open(gateway.url, { poll: 600, lifespan: 3 });
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(4);
    expect(gateway.asked.slice(1).map(({ query }) => query)).toEqual([
      "?Action=poll&SessionID=one",
      "?Action=poll&SessionID=one",
      "?Action=poll&Lifespan=3&SessionID=one",
    ]);
  });

  test("asks again at once after a poll that was held", async () => {
    const { promise: after, resolve } = Promise.withResolvers<void>();
    await using gateway = await ScriptedGateway.start(quiet({ 2: { after } }));
    const poll = 249;
    const { connection } = await open(gateway.url, { poll, lifespan: 1 });
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(2);
    setTimeout(resolve, 600);
    const timers = vi.spyOn(globalThis, "setTimeout");
    await gateway.until(3);
    expect(timers.mock.calls.map(([, ms]) => ms)).not.toContain(poll);
  });

  test("says OUT and closes the session, also while a poll is held", async () => {
    await using gateway = await ScriptedGateway.start((asked, number) =>
      isPoll(asked) ? { isSilent: true } : { body: number === 1 ? ANSWER : "" },
    );
    const { connection } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(2);
    connection.close();
    await gateway.until(4);
    expect(gateway.asked.slice(2).map(({ query, body }) => [query, body])).toEqual([
      ["?SessionID=one", "OUT\r\n"],
      ["?Action=close&SessionID=one", ""],
    ]);
  });

  test("that is left hears what a poll brings that was under way, and says OUT behind it", async () => {
    const arrival = Promise.withResolvers<void>();
    await using gateway = await ScriptedGateway.start(
      quiet({ 2: { after: arrival.promise, body: "MSG bob@msn.test Bob 5\r\nhello" } }),
    );
    const { connection, came } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(2);
    connection.leave();
    arrival.resolve();
    await gateway.until(4);
    expect(came.map(({ name, payload }) => `${name} ${payload}`)).toEqual(["MSG hello"]);
    expect(gateway.asked.slice(2).map(({ query, body }) => [query, body])).toEqual([
      ["?SessionID=one", "OUT\r\n"],
      ["?Action=close&SessionID=one", ""],
    ]);
  });

  test("that is left says OUT before long, also when a poll has no answer", async () => {
    await using gateway = await ScriptedGateway.start((asked, number) =>
      isPoll(asked) ? { isSilent: true } : { body: number === 1 ? ANSWER : "" },
    );
    const { connection } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(2);
    connection.leave();
    await gateway.until(4);
    expect(gateway.asked[2]?.body).toBe("OUT\r\n");
  });

  test("needs no keepalive", async () => {
    const { connection } = await open("http://127.0.0.1:1/gateway/gateway.dll");
    expect(connection.needsKeepalive).toBe(false);
  });
});

describe("the gateway's host", () => {
  test("is the configured one, whatever an answer says", async () => {
    await using other = await ScriptedGateway.start(quiet());
    await using gateway = await ScriptedGateway.start((_asked, number) => ({
      word: `SessionID=one; GW-IP=127.0.0.1:${other.port}`,
      headers: { "X-MSN-Host": `127.0.0.1:${other.port}` },
      body: number === 1 ? ANSWER : "",
    }));
    const { connection } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(4);
    expect(other.asked).toHaveLength(0);
  });

  test.each([
    ["GW-IP", {}],
    ["X-MSN-Host", { headers: (port: number) => ({ "X-MSN-Host": `127.0.0.1:${port}` }) }],
  ])(
    "is the one in %s where the network's rules say so",
    async (name, { headers }: { headers?: (port: number) => Record<string, string> }) => {
      await using other = await ScriptedGateway.start(() => ({}));
      const word = name === "GW-IP" ? `127.0.0.1:${other.port}` : "192.0.2.1";
      await using gateway = await ScriptedGateway.start(() => ({
        word: `SessionID=one; GW-IP=${word}`,
        ...(headers && { headers: headers(other.port) }),
        body: ANSWER,
      }));
      const { connection } = await open(gateway.url, { followsHost: true });
      await connection.request("VER", ["MSNP11"]);
      await other.until(1);
      expect(gateway.asked).toHaveLength(1);
      expect(other.asked[0]?.query).toBe("?Action=poll&SessionID=one");
    },
  );

  test("stays when the answer names something that is no host", async () => {
    await using gateway = await ScriptedGateway.start((_asked, number) => ({
      word: "SessionID=one; GW-IP=evil.test/path?x=",
      body: number === 1 ? ANSWER : "",
    }));
    const { connection } = await open(gateway.url, { followsHost: true });
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(3);
    expect(connection.isOver).toBe(false);
  });
});

describe("a gateway that cannot be used", () => {
  const firstWord = async (url: string, more: { timeout?: number } = {}): Promise<unknown> => {
    const { connection } = await open(url, {}, more);
    return await connection.request("VER", ["MSNP11"]).catch((error: unknown) => error);
  };

  test.each([
    ["refuses", { status: 503 }, "HTTP 503"],
    ["sends elsewhere", { status: 302, headers: { Location: "http://192.0.2.1/" } }, "HTTP 302"],
    ["is something else", { word: null, body: "<html>Please log in</html>" }, "no MSN gateway"],
    ["names no good session", { word: "SessionID=a&Action=close; GW-IP=x" }, "no MSN gateway"],
  ] satisfies [string, Turn, string][])("is unreachable when it %s", async (_what, turn, text) => {
    await using gateway = await ScriptedGateway.start(() => turn);
    const error = await firstWord(gateway.url);
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringContaining(text) });
    expect(error).toMatchObject({ message: expect.stringContaining(`127.0.0.1:${gateway.port}`) });
  });

  test("is unreachable when nobody listens, and says where", async () => {
    const error = await firstWord("http://127.0.0.1:1/gateway/gateway.dll");
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringContaining("127.0.0.1:1") });
  });

  test("times out when it says nothing", async () => {
    await using gateway = await ScriptedGateway.start(() => ({ isSilent: true }));
    expect(await firstWord(gateway.url, { timeout: 200 })).toMatchObject({ code: "timeout" });
  });
});

describe("a session in use ends", () => {
  test.each([
    ["that says Session=close", { word: "SessionID=one; GW-IP=x; Session=close" }],
    ["of 400", { status: 400 }],
    ["of 500", { status: 500 }],
    ["that breaks off", { isCut: true, body: "NLN bob" }],
    ["that is no protocol", { body: "MSG a b notalength\r\n" }],
    ["that is too large", { body: "x".repeat(3000) }],
  ] satisfies [string, Turn][])("by an answer %s", async (_what, turn) => {
    await using gateway = await ScriptedGateway.start(quiet({ 2: turn }));
    const { connection, ended } = await open(gateway.url, {}, { max: 2000 });
    await connection.request("VER", ["MSNP11"]);
    const waiting = connection.expect("the end", 5000);
    const error = await ended;
    expect(error.code).toMatch(/^(closed|protocol)$/);
    await expect(waiting.promise).rejects.toBe(error);
    expect(connection.isOver).toBe(true);
  });

  test("with the words that come with Session=close heard first", async () => {
    const last: Turn = { word: "SessionID=one; GW-IP=x; Session=close", body: "OUT OTH\r\n" };
    await using gateway = await ScriptedGateway.start(quiet({ 2: last }));
    const { connection, came, ended } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await ended;
    expect(came.map(({ name }) => name)).toEqual(["OUT"]);
  });

  test("when the answer to a command is lost, which is not repeated", async () => {
    await using gateway = await ScriptedGateway.start((asked, number) =>
      asked.body.startsWith("MSG") ? { isCut: true, body: "" } : { body: number === 1 ? ANSWER : "" },
    );
    const { connection, ended } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await expect(connection.request("MSG", ["A"], { payload: "hello" })).rejects.toMatchObject({ code: "closed" });
    await ended;
    expect(gateway.asked.filter(({ body }) => body.startsWith("MSG"))).toHaveLength(1);
    expect(gateway.asked.findLastIndex(({ body }) => body.startsWith("MSG"))).toBe(gateway.asked.length - 1);
  });

  test("when an answer does not come in time", async () => {
    await using gateway = await ScriptedGateway.start(quiet({ 2: { isSilent: true } }));
    const { connection, ended } = await open(gateway.url, {}, { timeout: 300 });
    await connection.request("VER", ["MSNP11"]);
    expect(await ended).toMatchObject({ code: "closed", message: expect.stringContaining("within 300 ms") });
  });

  test("when more waits to be sent than the bound allows", async () => {
    await using gateway = await ScriptedGateway.start(quiet({ 2: { isSilent: true } }));
    const { connection, ended } = await open(gateway.url);
    await connection.request("VER", ["MSNP11"]);
    await gateway.until(2);
    for (let i = 0; i < 12 && !connection.isOver; i++) {
      connection.send({ name: "MSG", args: [], payload: "x".repeat(100_000) });
    }
    expect(await ended).toMatchObject({ message: "The server does not read what it is sent" });
  });
});
