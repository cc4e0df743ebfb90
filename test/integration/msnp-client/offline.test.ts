import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DialectName, MsnClientOptions, OfflineMessage } from "../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, next, Stage } from "./stage.ts";

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
