import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MsnClient, type MsnClientOptions, SendError } from "../../../src/msnp/index.ts";
import { ALICE, BOB, BOTH_DIALECTS, CAROL, eventually, hearing, next, Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

async function failureOf(sending: Promise<void>): Promise<SendError> {
  const error = await sending.then(
    () => new Error("it was sent"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SendError)) throw error;
  return error;
}

function boardsOf(client: MsnClient): number {
  return stage.trace.filter((line) => line.startsWith(`${client.self.email} NS >>> XFR`)).length;
}

describe.each(BOTH_DIALECTS)("a conversation by %s", (dialect) => {
  const pair = async (more: Partial<MsnClientOptions> = {}) => {
    const alice = await stage.signedIn(ALICE, dialect, more);
    const bob = await stage.signedIn(BOB, dialect);
    return { alice, bob, toBob: alice.conversation(BOB), toAlice: bob.conversation(ALICE) };
  };

  it("carries texts both ways over one switchboard", async () => {
    const { alice, bob, toBob, toAlice } = await pair();
    const [atAlice, atBob] = [hearing(alice), hearing(bob)];
    await toBob.sendText("Hello, Bob");
    await atBob.until(1);
    await toAlice.sendText("Hi, Ælice! 👋");
    await toBob.sendText("two\nlines");
    expect(await atAlice.until(1)).toEqual(["bob: Hi, Ælice! 👋"]);
    expect(await atBob.until(2)).toEqual(["alice: Hello, Bob", "alice: two\nlines"]);
    expect(boardsOf(alice) + boardsOf(bob)).toBe(1);
  });

  it("stays with the switchboard on which it speaks when both have called each other at once", async () => {
    const { alice, bob, toBob, toAlice } = await pair();
    const atBob = hearing(bob);
    const call = { place: "SB", at: "CAL", account: ALICE, times: 2 } as const;
    const called = stage.network.faults.arm({ ...call, fault: { kind: "delay", ms: 1000 } });
    const first = toBob.sendText("one");
    // Hers is on its way when he calls.
    await eventually(() => called.strikes).toBe(1);
    await Promise.all([first, toAlice.sendText("hello")]);
    const boards = (what: RegExp) =>
      stage.trace
        .filter((line) => line.startsWith(ALICE) && what.test(line))
        .map((line) => / SB (\d+) /.exec(line)?.[1]);
    // Bob comes to Alice's, too, while she speaks on his.
    await eventually(() => new Set(boards(/ SB \d+ <<< (JOI|IRO \d+ \d+ \d+) bob/)).size).toBe(2);
    await toBob.sendText("two");
    expect(await atBob.until(2)).toEqual(["alice: one", "alice: two"]);
    expect(new Set(boards(/ SB \d+ >>> MSG \d+ A/)).size).toBe(1);
    expect(boardsOf(alice) + boardsOf(bob)).toBe(2);
  });

  it("gives a message with its sender's name, its looks and the conversation to answer in", async () => {
    const { bob, toBob, toAlice } = await pair();
    const arrival = next(bob, "message");
    await toBob.sendText("loud", { bold: true, color: "#ff8000", font: "Arial" });
    const [message] = await arrival;
    expect(message).toMatchObject({ from: ALICE, fromName: "Alice A" });
    expect(message.body).toEqual({
      kind: "text",
      text: "loud",
      format: { font: "Arial", bold: true, color: "#ff8000" },
    });
    expect(message.conversation).toBe(toAlice);
    expect(Math.abs(Date.now() - message.receivedAt)).toBeLessThan(5000);
  });

  it("keeps the order of texts that were sent without waiting", async () => {
    const { bob, toBob } = await pair();
    const atBob = hearing(bob);
    const texts = Array.from({ length: 30 }, (_, i) => `message ${i}`);
    await Promise.all(texts.map((text) => toBob.sendText(text)));
    expect(await atBob.until(30)).toEqual(texts.map((text) => `alice: ${text}`));
  });

  it("splits a long text into parts that give it back", async () => {
    const { bob, toBob } = await pair();
    const atBob = hearing(bob);
    const text = "Καλημέρα κόσμε 👨‍👩‍👧‍👦 ".repeat(300);
    await toBob.sendText(text);
    await eventually(() => atBob.lines.map((part) => part.slice("alice: ".length)).join("")).toBe(text);
    expect(atBob.lines.length).toBeGreaterThan(8);
  });

  it("carries a text of 100 kB", async () => {
    const { bob, toBob } = await pair();
    const atBob = hearing(bob);
    const text = "x".repeat(100_000);
    await toBob.sendText(text);
    const parts = await atBob.until(72);
    expect(parts.map((part) => part.slice("alice: ".length)).join("")).toBe(text);
  });

  it("refuses a text that is beyond all measure", async () => {
    const { toBob } = await pair();
    const failure = await failureOf(toBob.sendText("x".repeat(200_000)));
    expect(failure).toMatchObject({ code: "too-long", certainty: "not-sent", partsSent: 0 });
  });

  it("tells of typing and nudges", async () => {
    const { bob, toBob, toAlice } = await pair();
    const typing = next(bob, "typing");
    await toBob.sendTyping();
    expect((await typing)[0]).toEqual({ from: ALICE, conversation: toAlice });
    const nudged = next(bob, "message");
    await toBob.sendNudge();
    expect((await nudged)[0].body).toEqual({ kind: "nudge" });
  });

  it("says that a contact is offline, and that nothing was sent", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const failure = await failureOf(alice.conversation(BOB).sendText("anybody?"));
    expect(failure).toMatchObject({ code: "peer-offline", certainty: "not-sent", partsSent: 0 });
  });

  it("says so when one is not signed in oneself", async () => {
    const failure = await failureOf(stage.client(ALICE, dialect).conversation(BOB).sendText("hello?"));
    expect(failure).toMatchObject({ code: "closed", certainty: "not-sent" });
  });

  it("opens another switchboard silently after the other left", async () => {
    const { bob, toBob, toAlice } = await pair();
    const atBob = hearing(bob);
    await toBob.sendText("one");
    await atBob.until(1);
    await toAlice.close();
    await toBob.sendText("two");
    expect(await atBob.until(2)).toEqual(["alice: one", "alice: two"]);
  });

  it("can be closed and used again any number of times", async () => {
    const { bob, toBob } = await pair();
    const atBob = hearing(bob);
    for (let i = 0; i < 300; i++) {
      await toBob.sendText(`${i}`);
      await toBob.close();
    }
    // Each came by a switchboard of its own, and those have no order among them.
    const heard = [...(await atBob.until(300))];
    expect(heard.sort()).toEqual(Array.from({ length: 300 }, (_, i) => `alice: ${i}`).sort());
  });

  it("closes a silent switchboard and opens another for the next text", async () => {
    const { alice, bob, toBob } = await pair({ timeouts: { idleSwitchboard: 100 } });
    const atBob = hearing(bob);
    await toBob.sendText("one");
    await eventually(() => stage.network.load.boards).toBe(0);
    await toBob.sendText("two");
    expect(await atBob.until(2)).toEqual(["alice: one", "alice: two"]);
    expect(boardsOf(alice)).toBe(2);
  });

  it("sends what was refused with NAK again on a fresh switchboard, once", async () => {
    const { alice, bob, toBob } = await pair();
    const atBob = hearing(bob);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "nak" } });
    await toBob.sendText("despite all");
    expect(await atBob.until(1)).toEqual(["alice: despite all"]);
    expect(boardsOf(alice)).toBe(2);
  });

  it("gives up when it is refused again, knowing that nobody read it", async () => {
    const { bob, toBob } = await pair();
    const atBob = hearing(bob);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, times: 2, fault: { kind: "nak" } });
    expect(await failureOf(toBob.sendText("lost"))).toMatchObject({ code: "refused", certainty: "not-sent" });
    await toBob.sendText("found");
    expect(await atBob.until(1)).toEqual(["alice: found"]);
  });

  it("does not repeat what may have arrived: the acknowledgement is missing", async () => {
    const { bob, toBob } = await pair({ timeouts: { ack: 200 } });
    const atBob = hearing(bob);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "no-ack" } });
    const failure = await failureOf(toBob.sendText("once"));
    expect(failure).toMatchObject({ code: "timeout", certainty: "maybe-sent" });
    await atBob.until(1);
    await toBob.sendText("next");
    expect(await atBob.until(2)).toEqual(["alice: once", "alice: next"]);
  });

  it("does not repeat what may have arrived: the switchboard broke", async () => {
    const { toBob } = await pair();
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
    expect(await failureOf(toBob.sendText("hm"))).toMatchObject({ code: "closed", certainty: "maybe-sent" });
  });

  it("says how many parts of a long text had arrived", async () => {
    const { toBob } = await pair();
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, nth: 3, fault: { kind: "drop" } });
    const failure = await failureOf(toBob.sendText("word ".repeat(1200)));
    expect(failure).toMatchObject({ certainty: "maybe-sent", partsSent: 2 });
  });

  it("waits for a contact who does not answer the call, but not for ever", async () => {
    const { toBob } = await pair({ timeouts: { ring: 200 } });
    stage.network.faults.arm({ place: "SB", at: "ANS", fault: { kind: "ignore" } });
    expect(await failureOf(toBob.sendText("ring"))).toMatchObject({ code: "no-answer", certainty: "not-sent" });
  });

  it("leaves a switchboard at once that the caller has left before one came", async () => {
    const { alice, bob, toBob } = await pair();
    const late = stage.network.faults.arm({ place: "SB", at: "ANS", fault: { kind: "delay", ms: 300 } });
    const sent = failureOf(toBob.sendText("too late"));
    await eventually(() => late.strikes).toBe(1);
    await alice.signOut();
    expect(await sent).toMatchObject({ certainty: "not-sent" });
    await eventually(() => stage.trace.some((line) => /^bob\S* SB \d+ <<< ANS \d+ OK/.test(line))).toBe(true);
    await eventually(() => stage.network.load.boards).toBe(0);
    expect(bob.state).toBe("signed-in");
  });

  it("answers two calls to one switchboard once, and so hears what is said there once", async () => {
    const { alice, bob } = await pair();
    const atBob = hearing(bob);
    const ns = await stage.byHand(CAROL, "carol's");
    await ns.request("CHG", ["NLN", 0]);
    const [, , target = "", , cookie = ""] = (await ns.request("XFR", ["SB"])).args;
    const board = await stage.boardByHand(target);
    await board.request("USR", [CAROL, cookie]);
    await Promise.all([board.request("CAL", [BOB]), board.request("CAL", [BOB])]);
    await eventually(() => stage.trace.filter((line) => line.startsWith(`${BOB} NS <<< RNG`)).length).toBe(2);
    await eventually(() => stage.trace.some((line) => /^bob\S* SB \d+ <<< ANS/.test(line))).toBe(true);
    const text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n";
    await board.request("MSG", ["A"], { payload: Buffer.from(`${text}once`), accept: ["ACK"] });
    await board.request("MSG", ["A"], { payload: Buffer.from(`${text}and for all`), accept: ["ACK"] });
    expect(await atBob.until(2)).toEqual(["carol: once", "carol: and for all"]);
    expect(stage.trace.filter((line) => /^bob\S* SB \d+ >>> ANS/.test(line))).toHaveLength(1);
    expect(alice.state).toBe("signed-in");
    board.destroy();
    ns.destroy();
  });

  it("goes by the contact's switchboard when both call at once", async () => {
    const { alice, bob, toBob, toAlice } = await pair();
    const [atAlice, atBob] = [hearing(alice), hearing(bob)];
    await Promise.all([toBob.sendText("from A"), toAlice.sendText("from B")]);
    expect(await atAlice.until(1)).toEqual(["bob: from B"]);
    expect(await atBob.until(1)).toEqual(["alice: from A"]);
  });

  it("goes by the contact's switchboard when they have called while a place for ours was asked for, and calls nobody", async () => {
    const { alice, bob, toBob, toAlice } = await pair();
    const [atAlice, atBob] = [hearing(alice), hearing(bob)];
    stage.network.faults.arm({ place: "NS", at: "XFR", account: ALICE, fault: { kind: "delay", ms: 1000 } });
    const first = toBob.sendText("first");
    await eventually(() => boardsOf(alice)).toBe(1);
    await toAlice.sendText("meanwhile");
    await first;
    await toBob.sendText("second");
    expect(await atAlice.until(1)).toEqual(["bob: meanwhile"]);
    expect(await atBob.until(2)).toEqual(["alice: first", "alice: second"]);
    // The place that was asked for has been answered by now, and is left without a call.
    await eventually(() => stage.trace.some((line) => line.startsWith(`${ALICE} NS <<< XFR`))).toBe(true);
    await eventually(() => stage.network.load.boards).toBe(1);
    expect(stage.trace.filter((line) => /^alice\S* SB \d+ >>> CAL \d+ bob/.test(line))).toEqual([]);
  });

  it("with several people is a conversation of its own", async () => {
    const { alice, bob, toBob } = await pair();
    const carol = await stage.signedIn(CAROL, dialect);
    await toBob.sendText("just us");
    const group = next(bob, "conversation");
    await toBob.invite(CAROL);
    const [conversation] = await group;
    expect(conversation.isGroup).toBe(true);
    expect([...conversation.members].sort()).toEqual([ALICE, CAROL]);
    const [atAlice, atCarol] = [hearing(alice), hearing(carol)];
    await conversation.sendText("hello, both");
    expect(await atAlice.until(1)).toEqual(["bob: hello, both"]);
    expect(await atCarol.until(1)).toEqual(["bob: hello, both"]);
    const direct = next(alice, "message", (message) => !message.conversation.isGroup);
    await bob.conversation(ALICE).sendText("between us");
    expect((await direct)[0].conversation).toBe(toBob);
  });

  it("ends with the session: what waits is not sent, and says so", async () => {
    const { alice, toBob } = await pair({ timeouts: { ring: 5000 } });
    stage.network.faults.arm({ place: "SB", at: "ANS", fault: { kind: "ignore" } });
    const sending = failureOf(toBob.sendText("too late"));
    await eventually(() => stage.network.load.boards).toBe(1);
    await alice.signOut();
    expect(await sending).toMatchObject({ code: "closed", certainty: "not-sent" });
    await eventually(() => stage.network.load).toMatchObject({ sessions: 1, boards: 0 });
  });
});
