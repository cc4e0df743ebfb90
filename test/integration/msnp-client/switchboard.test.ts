import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DialectName, MsnClient, parseEmail, parseMachineGuid, type Trace } from "../../../src/msnp/index.ts";
import { RelayServer } from "./relay-server.ts";
import { type Script, ScriptedServer, withPayload } from "./scripted-server.ts";
import { eventually, hearing, next, Stage } from "./stage.ts";

// A client signed in at the embedded network, whose switchboards are scripted: what a board says is up to the test.
const ALICE = parseEmail("alice@msn.test");
const BOB = parseEmail("bob@msn.test");
const CAROL = parseEmail("carol@msn.test");
const A1 = "{00000000-0000-4000-8000-000000000001}";
const B1 = "{122d2937-5c86-4c7b-81f5-0e05017880c2}";
const B2 = "{222d2937-5c86-4c7b-81f5-0e05017880c2}";

const TEXT = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n";

const OPENS: Script = {
  USR: `USR $ OK alice@msn.test;${A1} Alice\r\n`,
  CAL: "CAL $ RINGING 17\r\nJOI bob@msn.test Bob\r\n",
  MSG: "ACK $\r\n",
};

let network: Stage;
const servers: { close(): Promise<void> }[] = [];
const clients: MsnClient[] = [];

beforeEach(async () => {
  network = await Stage.open();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.signOut()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await network.close();
});

/** A notification server of which only the switchboard address is ours: it relays all else to the real one. */
async function scene(
  script: Script,
  timeouts: Record<string, number> = {},
  dialect: DialectName = "MSNP18",
  trace: Trace = () => undefined,
): Promise<{ client: MsnClient; board: ScriptedServer; call(): void }> {
  const board = await ScriptedServer.start({ ...OPENS, ...script });
  servers.push(board);
  const relay = await RelayServer.start(network.network.services.ns, board.address);
  servers.push(relay);
  const client = new MsnClient({
    services: { ...network.network.services, ns: relay.address },
    dialects: [dialect],
    email: ALICE,
    password: () => "alice's password, with a comma & <markup>",
    machineGuid: parseMachineGuid(A1),
    initialPresence: "NLN",
    timeouts: { request: 3000, ...timeouts },
    trace,
  });
  clients.push(client);
  await client.signIn();
  const { host, port } = board.address;
  return { client, board, call: () => relay.say(`RNG 17 ${host}:${port} CKI cookie bob@msn.test Bob\r\n`) };
}

function texts(board: ScriptedServer): string[] {
  return board.heard.filter((line) => line.startsWith("MSG")).map((line) => line.split("\r\n\r\n").at(-1) ?? "");
}

describe("calling", () => {
  it("names oneself with the place one is at, where the dialect has places", async () => {
    const { client, board } = await scene({});
    await client.conversation(BOB).sendText("hi");
    expect(board.heard[0]).toMatch(new RegExp(`^USR 1 alice@msn.test;${A1} \\S+$`));
    expect(board.heard.slice(1, 3)).toEqual(["CAL 2 alice@msn.test", "CAL 3 bob@msn.test"]);
  });

  it("names oneself by the address alone, where it has none", async () => {
    const { client, board } = await scene({ USR: "USR $ OK alice@msn.test Alice\r\n" }, {}, "MSNP11");
    await client.conversation(BOB).sendText("hi");
    expect(board.heard[0]).toMatch(/^USR 1 alice@msn.test \S+$/);
  });

  it("holds texts back until somebody has joined", async () => {
    const { client, board } = await scene({ CAL: "CAL $ RINGING 17\r\n" });
    const sending = client.conversation(BOB).sendText("patience");
    await eventually(() => board.heard.some((line) => line.startsWith("CAL"))).toBe(true);
    expect(texts(board)).toEqual([]);
    board.say("JOI bob@msn.test Bob\r\n");
    await sending;
    expect(texts(board)).toEqual(["patience"]);
  });

  it.each([
    ["217 $", "peer-offline"],
    ["216 $", "refused"],
    ["208 $", "refused"],
    ["713 $", "rate-limited"],
    ["601 $", "server-busy"],
  ])("that is answered with %s fails as %s", async (answer, code) => {
    const { client } = await scene({ CAL: `${answer}\r\n` });
    await expect(client.conversation(BOB).sendText("x")).rejects.toMatchObject({ code, certainty: "not-sent" });
  });

  it("somebody who was called already waits for them", async () => {
    const { client, board } = await scene({ CAL: "215 $\r\nJOI bob@msn.test Bob\r\n" });
    await client.conversation(BOB).sendText("x");
    expect(texts(board)).toEqual(["x"]);
  });

  it("a board that refuses the cookie fails, with nothing sent", async () => {
    const { client, board } = await scene({ USR: "911 $\r\n" });
    await expect(client.conversation(BOB).sendText("x")).rejects.toMatchObject({ certainty: "not-sent" });
    await eventually(() => board.connections).toBe(0);
  });
});

describe("acknowledgements", () => {
  it("of a text that came after the last of the others had left are not believed", async () => {
    const { client, board } = await scene({ MSG: ["BYE bob@msn.test\r\nACK $\r\n", "ACK $\r\n"] });
    await client.conversation(BOB).sendText("to somebody");
    expect(texts(board)).toEqual(["to somebody", "to somebody"]);
    expect(board.heard.filter((line) => line.startsWith("USR"))).toHaveLength(2);
  });

  it("of a text before the others left are believed", async () => {
    const { client, board } = await scene({ MSG: "ACK $\r\nBYE bob@msn.test\r\n" });
    await client.conversation(BOB).sendText("in time");
    expect(texts(board)).toEqual(["in time"]);
  });

  it("are awaited part by part", async () => {
    const { client, board } = await scene({ MSG: "" });
    const sending = client.conversation(BOB).sendText("word ".repeat(600));
    await eventually(() => texts(board).length).toBe(1);
    board.say("ACK 4\r\n");
    await eventually(() => texts(board).length).toBe(2);
    board.say("ACK 5\r\n");
    await eventually(() => texts(board).length).toBe(3);
    board.say("ACK 6\r\n");
    await sending;
  });

  it("in place of which an error comes mean that nothing was sent", async () => {
    const { client } = await scene({ MSG: "282 $\r\n" });
    await expect(client.conversation(BOB).sendText("x")).rejects.toMatchObject({
      code: "refused",
      certainty: "not-sent",
    });
  });
});

describe("being called", () => {
  const ROSTER = `IRO $ 1 2 bob@msn.test;${B1} Bob 1:2\r\nIRO $ 2 2 bob@msn.test Bob 1:2\r\nANS $ OK\r\nJOI alice@msn.test Alice 1:2\r\n`;

  it("is answered by itself, and a message in the same packet is heard", async () => {
    const { client, board, call } = await scene({
      ANS: `${ROSTER}${withPayload("MSG bob@msn.test Bob", `${TEXT}hello`)}`,
    });
    const heard = hearing(client);
    call();
    expect(await heard.until(1)).toEqual(["bob: hello"]);
    expect(board.heard[0]).toBe(`ANS 1 alice@msn.test;${A1} cookie 17`);
    await client.conversation(BOB).sendText("hello yourself");
    expect(texts(board)).toEqual(["hello yourself"]);
  });

  it.each<DialectName>(["MSNP18", "MSNP11"])(
    "hears what was on its way when one leaves, which the server has acknowledged by then (%s)",
    async (dialect) => {
      const says = (text: string) => withPayload("MSG bob@msn.test Bob", `${TEXT}${text}`);
      const iro = "IRO $ 1 1 bob@msn.test Bob\r\nANS $ OK\r\n";
      const { client, board, call } = await scene({ ANS: `${iro}${says("hello")}` }, {}, dialect);
      const heard = hearing(client);
      call();
      await heard.until(1);
      board.say(says("are you still there?"));
      await client.conversation(BOB).close();
      expect(await heard.until(2)).toEqual(["bob: hello", "bob: are you still there?"]);
      await eventually(() => board.connections).toBe(0);
      await client.conversation(BOB).sendText("yes");
      expect(texts(board)).toEqual(["yes"]);
    },
  );

  it("hears who came to the board as one left, but not in the chat with the other", async () => {
    const hello = withPayload("MSG bob@msn.test Bob", `${TEXT}hello`);
    const { client, board, call } = await scene({ ANS: `${ROSTER}${hello}` });
    const heard: string[] = [];
    client.on("message", ({ from, conversation }) => heard.push(`${from} to ${[...conversation.members].join()}`));
    const last = next(client, "message", ({ body }) => body.kind === "text" && body.text === "bye");
    const first = next(client, "message");
    call();
    await first;
    board.say(`JOI carol@msn.test Carol\r\n${withPayload("MSG carol@msn.test Carol", `${TEXT}hi both`)}`);
    board.say(withPayload("MSG bob@msn.test Bob", `${TEXT}bye`));
    await client.conversation(BOB).close();
    await last;
    expect(heard).toEqual([
      "bob@msn.test to bob@msn.test",
      "carol@msn.test to carol@msn.test",
      "bob@msn.test to bob@msn.test",
    ]);
  });

  const part = (head: string, body: string) => withPayload("MSG bob@msn.test Bob", `${head}\r\n\r\n${body}`);
  const FIRST = part("Content-Type: text/plain; charset=UTF-8\r\nMessage-ID: {1}\r\nChunks: 2", "one ");

  it("hears a text in parts whole, whose second part was on its way when one leaves", async () => {
    const { client, board, call } = await scene({
      ANS: `${ROSTER}${FIRST}${withPayload("MSG bob@msn.test Bob", `${TEXT}hello`)}`,
    });
    const heard = hearing(client);
    call();
    await heard.until(1);
    board.say(part("Message-ID: {1}\r\nChunk: 1", "message"));
    await client.conversation(BOB).close();
    expect(await heard.until(2)).toEqual(["bob: hello", "bob: one message"]);
  });

  it("of a text whose first part came when one had left tells what has come before the session ends, and nothing after", async () => {
    const hello = withPayload("MSG bob@msn.test Bob", `${TEXT}hello`);
    let read = 0;
    const { client, board, call } = await scene({ ANS: `${ROSTER}${hello}` }, {}, "MSNP18", (_, __, line) => {
      if (line.startsWith("MSG bob")) read += 1;
    });
    const heard = hearing(client);
    client.on("closed", () => heard.lines.push("closed"));
    call();
    await heard.until(1);
    board.say(FIRST);
    await client.conversation(BOB).close();
    await eventually(() => read).toBe(2);
    await client.signOut();
    expect(heard.lines).toEqual(["bob: hello", "bob: one  [...] ", "closed"]);
  });

  it("tells of each message before the next line is even looked at", async () => {
    const order: string[] = [];
    const two = ["first", "second"].map((text) => withPayload("MSG bob@msn.test Bob", `${TEXT}${text}`)).join("");
    const { client, call } = await scene({ ANS: `${ROSTER}${two}` }, {}, "MSNP18", (_, __, line) => {
      if (line.startsWith("MSG bob")) order.push("read");
    });
    client.on("message", ({ body }) => order.push(body.kind === "text" ? body.text : body.kind));
    const second = next(client, "message", ({ body }) => body.kind === "text" && body.text === "second");
    call();
    await second;
    expect(order).toEqual(["read", "first", "read", "second"]);
  });

  it("counts somebody at two places as one, until both have left", async () => {
    const { client, board, call } = await scene({ ANS: `${ROSTER}JOI bob@msn.test;${B2} Bob 1:2\r\n` });
    const heard = hearing(client);
    call();
    await eventually(() => board.heard.length).toBe(1);
    board.say(`BYE bob@msn.test;${B1}\r\n${withPayload("MSG bob@msn.test Bob", `${TEXT}still here`)}`);
    expect(await heard.until(1)).toEqual(["bob: still here"]);
    expect(board.connections).toBe(1);
    board.say(`BYE bob@msn.test;${B2}\r\nBYE bob@msn.test\r\n`);
    await eventually(() => board.connections).toBe(0);
  });

  it("by several makes a group, whose members come and go", async () => {
    const { client, board, call } = await scene({
      ANS: "IRO $ 1 2 bob@msn.test Bob\r\nIRO $ 2 2 carol@msn.test Carol\r\nANS $ OK\r\n",
    });
    const started = next(client, "conversation");
    call();
    const [group] = await started;
    expect([...group.members]).toEqual([BOB, CAROL]);
    const changed = next(client, "membersChanged");
    board.say("BYE carol@msn.test\r\n");
    expect([...(await changed)[0].members]).toEqual([BOB]);
    const message = next(client, "message");
    board.say(withPayload("MSG bob@msn.test Bob%20B", `${TEXT}just us`));
    expect((await message)[0]).toMatchObject({ from: BOB, fromName: "Bob B", conversation: group });
    const empty = next(client, "membersChanged");
    board.say("BYE bob@msn.test\r\n");
    await empty;
    await expect(group.sendText("anybody?")).rejects.toMatchObject({ code: "closed", certainty: "not-sent" });
  });

  it("puts a message in parts together, and keeps one's own words of another place apart", async () => {
    const { client, board, call } = await scene({ ANS: ROSTER });
    const heard = hearing(client);
    call();
    await eventually(() => board.heard.length).toBe(1);
    board.say(FIRST);
    board.say(part("Message-ID: {1}\r\nChunk: 1", "message"));
    board.say(withPayload("MSG alice@msn.test Alice", `${TEXT}said elsewhere`));
    expect(await heard.until(2)).toEqual(["bob: one message", "alice: said elsewhere"]);
  });

  it("ends with a message that is no protocol; the session goes on", async () => {
    const { client, board, call } = await scene({ ANS: ROSTER });
    call();
    await eventually(() => board.heard.length).toBe(1);
    board.say("MSG bob@msn.test Bob huge\r\n");
    await eventually(() => board.connections).toBe(0);
    expect(client.state).toBe("signed-in");
  });

  it("survives messages that are no messages", async () => {
    const { client, board, call } = await scene({ ANS: ROSTER });
    const heard = hearing(client);
    call();
    await eventually(() => board.heard.length).toBe(1);
    board.say(withPayload("MSG bob@msn.test Bob", "") + withPayload("MSG bob@msn.test Bob", "\0\0\0"));
    board.say(withPayload("MSG nobody Nobody", TEXT) + withPayload("MSG bob@msn.test Bob", `${TEXT}real`));
    expect(await heard.until(3)).toEqual(["bob: unknown", "bob: unknown", "bob: real"]);
  });
});
