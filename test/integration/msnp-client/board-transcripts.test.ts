import { afterEach, describe, expect, it } from "vitest";
import { DIALECTS, type DialectName, type IncomingMessage, type MsnClient } from "../../../src/msnp/index.ts";
import { endPlays, play } from "./play.ts";
import { ALICE, BOB, CAROL, type RecordedName } from "./recorded.ts";
import { type Script, ScriptedServer, withPayload } from "./scripted-server.ts";
import { eventually, next } from "./stage.ts";

// msnp-chat §1: what is said on a switchboard, and by which numbers of which version. Here Alice is the client.
const boards: ScriptedServer[] = [];
afterEach(async () => {
  await endPlays();
  await Promise.all(boards.splice(0).map((board) => board.close()));
});

const A1 = "{0a0a0a0a-0000-4000-8000-00000000000a}";
const B1 = "{122d2937-5c86-4c7b-81f5-0e05017880c2}";
const SESSION = "0f3a0f3a0f3a0f3a0f3a0f3a0f3a0f3";
const CAPS = "2788999228:1073741824";
const TEXT = [
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=UTF-8",
  "X-MMS-IM-Format: FN=Segoe%20UI; EF=B; CO=80ff; CS=0; PF=22",
  "",
  "Hello, world",
].join("\r\n");

/** What follows the cookie in XFR and the name in RNG (source: msnp-core §1.8, §7.3). */
const TAILS: Readonly<Record<RecordedName, readonly [xfr: string, rng: string]>> = {
  MSNP2: ["", ""],
  MSNP7: ["", ""],
  MSNP8: ["", ""],
  MSNP9: ["", ""],
  MSNP11: ["", ""],
  MSNP12: ["", ""],
  MSNP13: [" U messenger.msn.com", " U messenger.hotmail.com"],
  MSNP14: [" U messenger.msn.com 1", " U messenger.hotmail.com 1"],
  MSNP15: [" U messenger.msn.com 1", " U messenger.hotmail.com 1"],
  MSNP16: [" U messenger.msn.com 1", " U messenger.hotmail.com 1"],
  MSNP18: [" U messenger.msn.com 1", " U messenger.hotmail.com 1"],
};
const RECORDED = Object.keys(TAILS) as RecordedName[];
const hasPlaces = (dialect: DialectName): boolean => DIALECTS.find(({ name }) => name === dialect)?.endpoints === true;
const identity = (dialect: DialectName): string =>
  hasPlaces(dialect) ? `alice@example.com;${A1}` : "alice@example.com";

/** Somebody as a roster line of the dialect names them. */
function joi(dialect: DialectName): string {
  if (hasPlaces(dialect)) return `JOI bob@example.com;${B1} Bob ${CAPS}\r\nJOI bob@example.com Bob ${CAPS}\r\n`;
  const isOld = ["MSNP2", "MSNP7", "MSNP8", "MSNP9", "MSNP11"].includes(dialect);
  return `JOI bob@example.com Bob${isOld ? "" : " 1073741824"}\r\n`;
}

async function scene(
  dialect: RecordedName,
  script: Script,
): Promise<{ client: MsnClient; board: ScriptedServer; ring(): void }> {
  const board = await ScriptedServer.start(script);
  boards.push(board);
  const at = `${board.address.host}:${board.address.port}`;
  const [xfr, rng] = TAILS[dialect];
  const { client, server } = await play(dialect, { XFR: `XFR $ SB ${at} CKI tok1${xfr}\r\n` });
  await client.signIn();
  return { client, board, ring: () => server.say(`RNG ${SESSION} ${at} CKI tok2 bob@example.com Bob${rng}\r\n`) };
}

describe.each(RECORDED)("by %s", (dialect) => {
  it("one calls, is answered, says something and leaves", async () => {
    const { client, board } = await scene(dialect, {
      USR: `USR $ OK ${identity(dialect)} Alice\r\n`,
      CAL: hasPlaces(dialect)
        ? [
            `CAL $ RINGING ${SESSION}\r\nJOI alice@example.com Alice ${CAPS}\r\n`,
            `CAL $ RINGING ${SESSION}\r\n${joi(dialect)}`,
          ]
        : `CAL $ RINGING ${SESSION}\r\n${joi(dialect)}`,
      MSG: "ACK $\r\n",
    });
    const conversation = client.conversation(BOB);
    await conversation.sendText("Hello, world", { font: "Segoe UI", bold: true, color: "#ff8000" });
    await conversation.leave();
    await eventually(() => board.heard.at(-1)).toBe("OUT");
    const last = hasPlaces(dialect) ? 4 : 3;
    expect(board.heard).toEqual([
      `USR 1 ${identity(dialect)} tok1`,
      ...(hasPlaces(dialect) ? ["CAL 2 alice@example.com"] : []),
      `CAL ${last - 1} bob@example.com`,
      `MSG ${last} A 134|${TEXT}`,
      "OUT",
    ]);
  });

  it("one is called, answers, hears something, and who called leaves", async () => {
    const iro = hasPlaces(dialect)
      ? `IRO $ 1 2 bob@example.com;${B1} Bob ${CAPS}\r\nIRO $ 2 2 bob@example.com Bob ${CAPS}\r\n`
      : `IRO $ 1 1 ${joi(dialect).slice(4)}`;
    const own = hasPlaces(dialect) ? `JOI alice@example.com Alice ${CAPS}\r\n` : "";
    const { client, board, ring } = await scene(dialect, { ANS: `${iro}ANS $ OK\r\n${own}` });
    ring();
    await eventually(() => board.heard).toEqual([`ANS 1 ${identity(dialect)} tok2 ${SESSION}`]);
    const heard = next(client, "message");
    board.say(withPayload("MSG bob@example.com Bob", TEXT));
    expect((await heard)[0]).toMatchObject({
      from: BOB,
      fromName: "Bob",
      conversation: client.conversation(BOB),
      body: { kind: "text", text: "Hello, world", format: { bold: true, color: "#ff8000" } },
    });
    board.say(`${hasPlaces(dialect) ? `BYE bob@example.com;${B1}\r\n` : ""}BYE bob@example.com\r\n`);
    await eventually(() => board.connections).toBe(0);
    expect(board.heard.at(-1)).toBe("OUT");
  });

  it("one is called to several people, all of whom are named before one is let in", async () => {
    const several = `IRO $ 1 2 ${joi(dialect).split("\r\n").at(-2)?.slice(4)}\r\nIRO $ 2 2 carol@example.com Carol\r\n`;
    const { client, board, ring } = await scene(dialect, { ANS: `${several}ANS $ OK\r\n`, MSG: "ACK $\r\n" });
    const told = next(client, "conversation");
    ring();
    const [conversation] = await told;
    expect([...conversation.members].sort()).toEqual([BOB, CAROL]);
    const messages: IncomingMessage[] = [];
    client.on("message", (message) => messages.push(message));
    board.say(withPayload("MSG carol@example.com Carol", TEXT));
    await eventually(() => messages.map(({ from }) => from)).toEqual([CAROL]);
    expect(messages[0]?.conversation).toBe(conversation);
    board.say("BYE carol@example.com 1\r\n");
    await eventually(() => [...conversation.members]).toEqual([BOB]);
  });
});

describe("a board whose people are named in several packets", () => {
  it("is a conversation of several people once one is let in", async () => {
    const { client, board, ring } = await scene("MSNP12", {});
    ring();
    await eventually(() => board.heard.length).toBe(1);
    board.say("IRO 1 1 2 bob@example.com Bob 0\r\n");
    const told = next(client, "conversation");
    board.say("IRO 1 2 2 carol@example.com Carol 0\r\n");
    board.say("ANS 1 OK\r\n");
    expect((await told)[0].members.size).toBe(2);
    board.say("BYE carol@example.com 1\r\nBYE bob@example.com 1\r\n");
    await eventually(() => board.connections).toBe(0);
  });

  it("of whom the server drops all for their silence are called together again", async () => {
    const { client, board, ring } = await scene("MSNP12", {
      ANS: "IRO $ 1 2 bob@example.com Bob 0\r\nIRO $ 2 2 carol@example.com Carol 0\r\nANS $ OK\r\n",
      USR: "USR $ OK alice@example.com Alice\r\n",
      CAL: ["CAL $ RINGING 1\r\nJOI bob@example.com Bob 0\r\n", "CAL $ RINGING 1\r\nJOI carol@example.com Carol 0\r\n"],
      MSG: "ACK $\r\n",
    });
    const told = next(client, "conversation");
    ring();
    const [conversation] = await told;
    board.say("BYE bob@example.com 1\r\nBYE carol@example.com 1\r\n");
    await eventually(() => board.connections).toBe(0);
    await conversation.sendText("together again");
    expect([...conversation.members].sort()).toEqual([BOB, CAROL]);
    expect(
      board.heard
        .filter((line) => line.startsWith("CAL"))
        .map((line) => line.split(" ")[2])
        .sort(),
    ).toEqual([BOB, CAROL]);
  });
});

describe("who was taken off a board of several for silence", () => {
  it("is called again for the next words, and has left when they do not come", async () => {
    const { client, board, ring } = await scene("MSNP12", {
      ANS: "IRO $ 1 3 bob@example.com Bob 0\r\nIRO $ 2 3 carol@example.com Carol 0\r\nIRO $ 3 3 dave@example.com Dave 0\r\nANS $ OK\r\n",
      CAL: ["CAL $ RINGING 1\r\nJOI bob@example.com Bob 0\r\n", "217 $\r\n"],
      MSG: "ACK $\r\n",
    });
    const told = next(client, "conversation");
    ring();
    const [conversation] = await told;
    board.say("BYE bob@example.com 1\r\nBYE dave@example.com 1\r\n");
    await eventually(() => [...conversation.members]).toEqual([CAROL]);
    expect(conversation.participants.size).toBe(3);
    await conversation.sendText("are you asleep?");
    expect(board.heard.slice(1).map((line) => line.split(" ")[0])).toEqual(["CAL", "CAL", "MSG"]);
    expect([...conversation.participants].sort()).toEqual([BOB, CAROL]);
    await conversation.sendText("good");
    expect(board.heard.filter((line) => line.startsWith("CAL"))).toHaveLength(2);
  });
});

describe("one's own other place", () => {
  const A2 = "{0b0b0b0b-0000-4000-8000-00000000000b}";

  it("that calls is waited with until it has called somebody", async () => {
    const { client, board, ring } = await scene("MSNP18", {
      ANS: `IRO $ 1 2 alice@example.com;${A2} Alice ${CAPS}\r\nIRO $ 2 2 alice@example.com Alice ${CAPS}\r\nANS $ OK\r\n`,
    });
    ring();
    await eventually(() => board.heard.length).toBe(1);
    board.say(joi("MSNP18"));
    const heard = next(client, "message");
    board.say(withPayload("MSG alice@example.com Alice", TEXT));
    expect((await heard)[0]).toMatchObject({
      from: ALICE,
      to: BOB,
      endpoint: A2.slice(1, -1),
      conversation: client.conversation(BOB),
    });
    expect(client.conversation(BOB).kind).toBe("direct");
  });

  it("that leaves without having called anybody leaves nothing to stay for", async () => {
    const { board, ring } = await scene("MSNP18", {
      ANS: `IRO $ 1 1 alice@example.com;${A2} Alice ${CAPS}\r\nANS $ OK\r\n`,
    });
    ring();
    await eventually(() => board.heard.length).toBe(1);
    board.say(`BYE alice@example.com;${A2}\r\n`);
    await eventually(() => board.connections).toBe(0);
    expect(board.heard.at(-1)).toBe("OUT");
  });
});
