import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DialectName, MsnClient, MsnClientOptions, OfflineMessage } from "../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, Stage } from "./stage.ts";

const DIALECTS: readonly DialectName[] = ["MSNP13", "MSNP15", "MSNP16", "MSNP18"];

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

/** A store that keeps what it gets; `failures` calls reject before. */
function keeping(failures = 0) {
  const batches: string[][] = [];
  const messages: OfflineMessage[] = [];
  let left = failures;
  const option: Partial<MsnClientOptions> = {
    storeOffline: async (batch) => {
      left -= 1;
      if (left >= 0) throw new Error("The disk is full");
      batches.push(batch.map(({ text }) => text));
      messages.push(...batch);
    },
  };
  return { option, batches, messages, texts: () => messages.map(({ text }) => text) };
}

describe.each(DIALECTS)("offline messages in %s", (dialect) => {
  it("are left for somebody who is away, and read at their next sign-in with names, dates and order", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const before = Date.now();
    expect(alice.offline.isSupported).toBe(true);
    await alice.offline.send(BOB, "first é\nline two");
    await alice.offline.send(BOB, "second");
    const store = keeping();
    await stage.signedIn(BOB, dialect, store.option);
    await eventually(store.texts).toEqual(
      ["first é\nline two", "second"].map((text) => expect.stringContaining(text.slice(0, 5))),
    );
    const [first, second] = store.messages;
    expect(first?.text.replaceAll("\r\n", "\n")).toBe("first é\nline two");
    expect(first).toMatchObject({ from: ALICE, fromName: "Alice A" });
    expect(first?.sentAt).toBeGreaterThan(before - 2_000);
    expect(first?.sentAt).toBeLessThanOrEqual(Date.now());
    expect(first?.id).not.toBe(second?.id);
    await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
  });

  it("that come while one is hidden are announced at once", async () => {
    const store = keeping();
    const bob = await stage.signedIn(BOB, dialect, { ...store.option, initialPresence: "HDN" });
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.offline.send(BOB, "psst");
    await eventually(store.texts).toEqual(["psst"]);
    await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
    expect(bob.state).toBe("signed-in");
  });
});

const QUICK = { offlineRetry: 20, settle: 50, http: 500 };
const at = (minute: number): number => Date.UTC(2026, 0, 1, 12, minute);
const waiting = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ from: ALICE, text: `text ${i}`, at: at(i) }));
const texts = (count: number): string[] => waiting(count).map(({ text }) => text);

describe("waiting messages", () => {
  it("come with dates, runs and numbers, the oldest first", async () => {
    const runId = "86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F";
    stage.network.leaveOfflineMessages(BOB, [
      { from: ALICE, text: "third", at: at(3), runId, sequence: 2 },
      { from: CAROL, text: "first", at: at(1) },
      { from: ALICE, text: "second", at: at(2), runId, sequence: 1 },
    ]);
    const store = keeping();
    await stage.signedIn(BOB, "MSNP15", store.option);
    await eventually(store.texts).toEqual(["first", "second", "third"]);
    expect(store.messages.map(({ sentAt }) => sentAt)).toEqual([at(1), at(2), at(3)]);
    expect(store.messages.slice(1).map((message) => [message.runId, message.sequence])).toEqual([
      [runId.toLowerCase(), 1],
      [runId.toLowerCase(), 2],
    ]);
  });

  it("of 120, too many for the notice, come in batches and once each", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(120));
    const store = keeping();
    await stage.signedIn(BOB, "MSNP18", store.option);
    await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
    expect(store.texts()).toEqual(texts(120));
    expect(store.batches.map((batch) => batch.length)).toEqual([50, 50, 20]);
  });

  it("stay with the server while they cannot be stored, and come when they can", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(3));
    const store = keeping(2);
    const bob = await stage.signedIn(BOB, "MSNP15", { ...store.option, timeouts: { ...QUICK, offlineRetry: 60_000 } });
    await eventually(() => stage.trace.some((line) => line.includes("The disk is full"))).toBe(true);
    expect(stage.network.offlineMessages(BOB)).toHaveLength(3);
    await bob.signOut();
    await stage.signedIn(BOB, "MSNP15", { ...store.option, timeouts: QUICK });
    await eventually(store.texts).toEqual(texts(3));
    await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
  });

  it("are left alone by one who stores nothing", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(2));
    const bob = await stage.signedIn(BOB, "MSNP18");
    await bob.setPersonalMessage({ text: "here" });
    expect(stage.trace.filter((line) => line.includes("rsi.asmx"))).toEqual([]);
    expect(stage.network.offlineMessages(BOB)).toHaveLength(2);
  });

  it("are fetched in MSNP11 and 12, too, with the ticket of the sign-in", async () => {
    for (const dialect of ["MSNP11", "MSNP12"] as const) {
      stage.network.leaveOfflineMessages(BOB, waiting(1));
      const store = keeping();
      const bob = await stage.signedIn(BOB, dialect, store.option);
      await eventually(store.texts).toEqual(["text 0"]);
      await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
      await expect(bob.offline.send(ALICE, "x")).rejects.toMatchObject({
        code: "not-supported",
        certainty: "not-sent",
      });
      expect(bob.offline.isSupported).toBe(false);
      await bob.signOut();
    }
  });

  it("wait where the network's service for them is not set up", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(1));
    const { oimFetchUrl: _, ...services } = stage.network.services;
    const store = keeping();
    const bob = await stage.signedIn(BOB, "MSNP15", { ...store.option, services });
    await eventually(() => stage.trace.some((line) => line.includes("is not set up"))).toBe(true);
    expect(bob.state).toBe("signed-in");
    expect(store.messages).toEqual([]);
  });

  it.each(["GetMetadata", "GetMessage", "DeleteMessages"])(
    "come once although %s fails in every way",
    async (operation) => {
      stage.network.leaveOfflineMessages(BOB, waiting(30));
      const faults = [
        { kind: "drop" },
        { kind: "status", status: 503 },
        { kind: "stall" },
        { kind: "garbage" },
      ] as const;
      for (const fault of faults) stage.network.faults.arm({ place: "HTTP", at: operation, account: BOB, fault });
      const store = keeping();
      await stage.signedIn(BOB, "MSNP18", { ...store.option, timeouts: QUICK });
      await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
      expect(store.texts()).toEqual(texts(30));
    },
  );

  it("that the service never gives stay there, and do not hold the others up", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(1));
    const lost = stage.network.offlineMessages(BOB)[0]?.id;
    stage.network.faults.arm({
      place: "HTTP",
      at: "GetMessage",
      account: BOB,
      times: 2,
      fault: { kind: "soap-fault", code: "X" },
    });
    const store = keeping();
    await stage.signedIn(BOB, "MSNP15", { ...store.option, timeouts: QUICK });
    await eventually(() => stage.trace.filter((line) => line.includes("GetMessage failed")).length).toBe(2);
    stage.network.leaveOfflineMessages(BOB, [{ from: ALICE, text: "another", at: at(9) }]);
    await eventually(store.texts).toEqual(["another"]);
    await eventually(() => stage.network.offlineMessages(BOB).map(({ id }) => id)).toEqual([lost]);
  });

  it("of a session that broke while they were stored come again, with the same ids", async () => {
    stage.network.leaveOfflineMessages(BOB, waiting(60));
    const first = keeping();
    const bob: MsnClient = stage.client(BOB, "MSNP18", {
      storeOffline: async (batch) => {
        await first.option.storeOffline?.(batch);
        if (first.batches.length === 1) await bob.signOut();
      },
    });
    await bob.signIn();
    await eventually(() => bob.state).toBe("signed-out");
    expect(stage.network.offlineMessages(BOB)).toHaveLength(60);
    const second = keeping();
    await stage.signedIn(BOB, "MSNP18", second.option);
    await eventually(() => stage.network.offlineMessages(BOB).length).toBe(0);
    const ids = (messages: readonly OfflineMessage[]): string[] => messages.map(({ id }) => id);
    expect(ids(second.messages).slice(0, 50)).toEqual(ids(first.messages));
    expect(second.texts()).toEqual(texts(60));
  });
});

describe("leaving a message", () => {
  it("by Store2 answers the challenge for its key", async () => {
    await stage.close();
    stage = await Stage.open({ quirks: { lockKeys: "computed" } });
    const alice = await stage.signedIn(ALICE, "MSNP15");
    await alice.offline.send(BOB, "one");
    await alice.offline.send(BOB, "two");
    const [one, two] = stage.network.offlineMessages(BOB);
    expect([one?.text, two?.text]).toEqual(["one", "two"]);
    expect([one?.sequence, two?.sequence]).toEqual([1, 2]);
    expect(one?.runId).toBe(two?.runId);
  });

  it("that is long goes in parts, in order", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP16");
    const long = "All work and no play makes Jack a dull boy. ".repeat(60);
    await alice.offline.send(BOB, long);
    const parts = stage.network.offlineMessages(BOB);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map(({ text }) => text).join("")).toBe(long);
    expect(parts.map(({ sequence }) => sequence)).toEqual(parts.map((_, i) => i + 1));
  });

  it.each([
    [{ kind: "soap-fault", code: "SystemUnavailable" }, "refused", "not-sent"],
    [{ kind: "soap-fault", code: "InvalidContent" }, "refused", "not-sent"],
    [{ kind: "status", status: 500 }, "server-busy", "maybe-sent"],
    [{ kind: "status", status: 503 }, "server-busy", "not-sent"],
    [{ kind: "stall" }, "timeout", "maybe-sent"],
    [{ kind: "garbage" }, "protocol", "maybe-sent"],
    [{ kind: "drop" }, "server-busy", "maybe-sent"],
  ] as const)("by Store2 fails with %o as %s, %s", async (fault, code, certainty) => {
    const alice = await stage.signedIn(ALICE, "MSNP15", { timeouts: QUICK });
    const armed = stage.network.faults.arm({ place: "HTTP", account: ALICE, fault });
    await expect(alice.offline.send(BOB, "x")).rejects.toMatchObject({ name: "SendError", code, certainty });
    expect(armed.strikes).toBe(1);
    await alice.offline.send(BOB, "y");
    expect(stage.network.offlineMessages(BOB).map(({ text }) => text)).toEqual(["y"]);
  });

  it("too fast is waited out once", async () => {
    await stage.close();
    stage = await Stage.open({ quirks: { offlineIntervalMs: 1_000 } });
    const alice = await stage.signedIn(ALICE, "MSNP15");
    await Promise.all(["a", "b"].map((text) => alice.offline.send(BOB, text)));
    expect(stage.network.offlineMessages(BOB).map(({ text }) => text)).toEqual(["a", "b"]);
  });

  it("by UUM is not tried with somebody who is there", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP18", { timeouts: QUICK });
    await stage.signedIn(BOB, "MSNP18");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
    await expect(alice.offline.send(BOB, "x")).rejects.toMatchObject({ code: "refused", certainty: "not-sent" });
  });

  it("by UUM may be refused by the server, or by the end of the session", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP18", { timeouts: QUICK });
    stage.network.faults.arm({ place: "NS", at: "UUM", account: ALICE, fault: { kind: "error", code: 509 } });
    await expect(alice.offline.send(BOB, "x")).rejects.toMatchObject({ code: "refused", certainty: "not-sent" });
    stage.network.faults.arm({ place: "NS", at: "UUM", account: ALICE, fault: { kind: "drop" } });
    await expect(alice.offline.send(BOB, "x")).rejects.toMatchObject({ code: "closed", certainty: "maybe-sent" });
    await expect(alice.offline.send(BOB, "x")).rejects.toMatchObject({ code: "closed", certainty: "not-sent" });
  });

  it("needs words", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP15");
    await expect(alice.offline.send(BOB, " ")).rejects.toMatchObject({ code: "refused", certainty: "not-sent" });
  });
});
