import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Conversation, MsnClient } from "../../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "../stage.ts";

describe("a temporary group of three at MSNP21", () => {
  let stage: Stage;
  let alice: MsnClient;
  let bob: MsnClient;
  let carol: MsnClient;
  beforeEach(async () => {
    stage = await Stage.open();
    [alice, bob, carol] = await Promise.all([
      stage.signedIn(ALICE, "MSNP21"),
      stage.signedIn(BOB, "MSNP21"),
      stage.signedIn(CAROL, "MSNP21"),
    ]);
  });
  afterEach(() => stage.close());

  async function together(): Promise<Conversation[]> {
    const called = [bob, carol].map((person) => next(person, "conversation"));
    const hers = await alice.startGroup([BOB, CAROL]);
    const theirs = (await Promise.all(called)).map(([conversation]) => conversation);
    await eventually(() => [...hers.members].sort()).toEqual([BOB, CAROL]);
    for (const one of theirs) await eventually(() => one.members.size).toBe(2);
    return [hers, ...theirs];
  }

  it("has one address for all, and carries what each says to the others", async () => {
    const conversations = await together();
    expect(new Set(conversations.map(({ id }) => id)).size).toBe(1);
    expect(conversations[0]).toMatchObject({ kind: "group", isGroup: true, name: undefined });
    const heard = [alice, bob, carol].map(hearing);
    await conversations[0]?.sendText("hello both");
    await conversations[2]?.sendText("hi from carol");
    await Promise.all([heard[0]?.until(1), heard[1]?.until(2), heard[2]?.until(1)]);
    const typing = next(alice, "typing");
    await conversations[1]?.sendTyping();
    expect((await typing)[0]).toMatchObject({ from: BOB, conversation: conversations[0] });
    await conversations[1]?.sendNudge();
    await heard[0]?.until(2);
    expect(heard[0]?.lines).toEqual(["carol: hi from carol", "bob: nudge"]);
    expect(heard[1]?.lines).toEqual(["alice: hello both", "carol: hi from carol"]);
  });

  it("loses who leaves, and whose connection ends", async () => {
    const [hers, bobs] = await together();
    const left = next(alice, "membersChanged", ({ members }) => !members.has(BOB));
    await bobs?.leave();
    await left;
    expect(bobs?.members.size).toBe(0);
    const gone = next(alice, "membersChanged", ({ members }) => members.size === 0);
    await carol.signOut();
    await gone;
    expect(hers?.members.size).toBe(0);
  });

  it("grows by one who is called later, and out of a chat of two", async () => {
    const called = next(bob, "conversation");
    const third = next(carol, "conversation");
    const made = next(alice, "conversation");
    await alice.conversation(BOB).invite(CAROL);
    const [group] = await made;
    await Promise.all([called, third]);
    await eventually(() => [...group.members].sort()).toEqual([BOB, CAROL]);
  });

  it("cannot be made of people who are not there", async () => {
    await bob.signOut();
    await carol.signOut();
    await eventually(() => alice.contacts.get(CAROL)?.status).toBe("FLN");
    const told: unknown[] = [];
    alice.on("conversation", ({ id }) => told.push(id));
    await expect(alice.startGroup([BOB, CAROL])).rejects.toMatchObject({ name: "SendError", certainty: "not-sent" });
    expect(told).toEqual([]);
  });
});
