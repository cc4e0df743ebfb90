import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Conversation, Email, MsnClient } from "../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const DIALECT = "MSNP18";

async function three(): Promise<Record<"alice" | "bob" | "carol", MsnClient>> {
  return {
    alice: await stage.signedIn(ALICE, DIALECT),
    bob: await stage.signedIn(BOB, DIALECT),
    carol: await stage.signedIn(CAROL, DIALECT),
  };
}

function sees(client: MsnClient, email: Email, status: string): Promise<unknown> {
  if (client.contacts.get(email)?.status === status) return Promise.resolve();
  return next(client, "contactChanged", (contact) => contact.email === email && contact.status === status);
}

const names = (conversation: Conversation): string[] => [...conversation.members].sort();

describe("a conversation with several people", () => {
  it("is told of once, when it is there, and then of its members", async () => {
    const { alice, bob } = await three();
    const told: string[] = [];
    alice.on("conversation", ({ members }) => told.push(`conversation of ${members.size}`));
    alice.on("membersChanged", ({ members }) => told.push(`members: ${members.size}`));
    const bobs = next(bob, "conversation");
    const group = await alice.startGroup([BOB, CAROL, ALICE, BOB]);
    const [his] = await bobs;
    await his.leave();
    await eventually(() => names(group)).toEqual([CAROL]);
    await group.leave();
    expect(told).toEqual(["conversation of 2", "members: 1", "members: 0"]);
  });

  it("does not repeat a text that was refused with NAK: some of the others may have read it", async () => {
    const { alice, bob } = await three();
    const group = await alice.startGroup([BOB, CAROL]);
    const atBob = hearing(bob);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "nak" } });
    await expect(group.sendText("to all")).rejects.toMatchObject({ code: "refused", certainty: "maybe-sent" });
    await group.sendText("to all again");
    expect(await atBob.until(1)).toEqual(["alice: to all again"]);
  });

  it("has room for somebody who is called twice at once", async () => {
    const { alice, bob, carol } = await three();
    const group = await alice.startGroup([BOB]);
    await eventually(() => names(group)).toEqual([BOB]);
    await Promise.all([group.invite(CAROL), group.invite(CAROL)]);
    expect(names(group)).toEqual([BOB, CAROL]);
    expect([bob.state, carol.state]).toEqual(["signed-in", "signed-in"]);
  });

  it("begins with those who can come", async () => {
    const alice = await stage.signedIn(ALICE, DIALECT);
    const carol = await stage.signedIn(CAROL, DIALECT);
    const group = await alice.startGroup([BOB, CAROL]);
    expect(names(group)).toEqual([CAROL]);
    const atCarol = hearing(carol);
    await group.sendText("just us, so far");
    await atCarol.until(1);
    const bob = await stage.signedIn(BOB, DIALECT);
    await sees(alice, BOB, "NLN");
    const bobs = next(bob, "conversation");
    await group.invite(BOB);
    expect(names(group)).toEqual([BOB, CAROL]);
    expect(names((await bobs)[0])).toEqual([ALICE, CAROL]);
  });

  it("does not begin when nobody comes, and leaves nothing behind", async () => {
    const alice = await stage.signedIn(ALICE, DIALECT);
    await expect(alice.startGroup([BOB, CAROL])).rejects.toMatchObject({ code: "peer-offline", certainty: "not-sent" });
    await expect(alice.startGroup([ALICE])).rejects.toMatchObject({ code: "refused" });
    await eventually(() => stage.network.load.boards).toBe(0);
    await alice.signOut();
    await expect(alice.startGroup([BOB])).rejects.toMatchObject({ code: "closed" });
  });

  it("whose board broke is called together again by the next text", async () => {
    const { alice, bob, carol } = await three();
    const group = await alice.startGroup([BOB, CAROL]);
    const [atBob, atCarol] = [hearing(bob), hearing(carol)];
    await group.sendText("one");
    await Promise.all([atBob.until(1), atCarol.until(1)]);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
    await expect(group.sendText("lost")).rejects.toMatchObject({ certainty: "maybe-sent" });
    expect(names(group)).toEqual([]);
    await group.sendText("two");
    expect(names(group)).toEqual([BOB, CAROL]);
    expect(await atBob.until(2)).toEqual(["alice: one", "alice: two"]);
    expect(await atCarol.until(2)).toEqual(["alice: one", "alice: two"]);
  });

  it("is called together again without those who went offline", async () => {
    const { alice, bob, carol } = await three();
    const group = await alice.startGroup([BOB, CAROL]);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
    await expect(group.sendText("lost")).rejects.toMatchObject({ certainty: "maybe-sent" });
    await carol.signOut();
    await sees(alice, CAROL, "FLN");
    const atBob = hearing(bob);
    await group.sendText("still there?");
    await atBob.until(1);
    expect(names(group)).toEqual([BOB]);
  });

  it("cannot be called together again when nobody is online, but later", async () => {
    const { alice, bob, carol } = await three();
    const group = await alice.startGroup([BOB, CAROL]);
    stage.network.faults.arm({ place: "SB", at: "MSG", account: ALICE, fault: { kind: "drop" } });
    await expect(group.sendText("lost")).rejects.toMatchObject({ certainty: "maybe-sent" });
    await Promise.all([bob.signOut(), carol.signOut()]);
    await Promise.all([sees(alice, BOB, "FLN"), sees(alice, CAROL, "FLN")]);
    await expect(group.sendText("anybody?")).rejects.toMatchObject({ code: "peer-offline", certainty: "not-sent" });
    const atBob = hearing(bob);
    await bob.signIn();
    await sees(alice, BOB, "NLN");
    await group.sendText("there you are");
    await atBob.until(1);
  });

  it("that was left is not called together again", async () => {
    const { alice } = await three();
    const group = await alice.startGroup([BOB, CAROL]);
    await group.leave();
    await expect(group.sendText("hm")).rejects.toMatchObject({ code: "closed", certainty: "not-sent" });
    await eventually(() => stage.network.load.boards).toBeLessThan(2);
  });

  it("keeps the texts of two who talk at once apart from the one-to-one conversation", async () => {
    const { alice, bob } = await three();
    await alice.conversation(BOB).sendText("first of all");
    const bobs = next(bob, "conversation");
    const group = await alice.startGroup([BOB, CAROL]);
    const kinds: string[] = [];
    bob.on("message", ({ conversation }) => kinds.push(conversation.kind));
    const done = hearing(bob);
    await Promise.all([group.sendText("to all"), alice.conversation(BOB).sendText("to you")]);
    await done.until(2);
    expect(kinds.sort()).toEqual(["direct", "switchboard"]);
    expect((await bobs)[0].members.size).toBe(2);
  });
});

describe("another place of one's own", () => {
  /** So many of Alice's places have answered a call: a switchboard says to nobody what was said before they came. */
  const onBoard = (places: number) =>
    eventually(() => stage.trace.filter((line) => /^alice\S* SB \d+ <<< ANS \d+ OK/.test(line)).length).toBe(places);

  it("hears what is said here, as said by oneself", async () => {
    const [here, there] = [await stage.signedIn(ALICE, DIALECT), await stage.signedIn(ALICE, DIALECT)];
    const bob = await stage.signedIn(BOB, DIALECT);
    await sees(here, BOB, "NLN");
    const said = next(there, "message");
    const atBob = hearing(bob);
    await here.conversation(BOB).sendTyping();
    await onBoard(1);
    await here.conversation(BOB).sendText("hello, Bob");
    const [message] = await said;
    expect(message).toMatchObject({
      from: ALICE,
      to: BOB,
      endpoint: "00000000-0000-4000-8000-000000000001",
      body: { kind: "text", text: "hello, Bob" },
    });
    expect(message.conversation).toBe(there.conversation(BOB));
    expect(await atBob.until(1)).toEqual(["alice: hello, Bob"]);
  });

  it("and this one both hear what others say, once", async () => {
    const [here, there] = [await stage.signedIn(ALICE, DIALECT), await stage.signedIn(ALICE, DIALECT)];
    const bob = await stage.signedIn(BOB, DIALECT);
    await sees(bob, ALICE, "NLN");
    const [atHere, atThere] = [hearing(here), hearing(there)];
    await bob.conversation(ALICE).sendTyping();
    await onBoard(2);
    await bob.conversation(ALICE).sendText("to you both");
    await bob.conversation(ALICE).sendText("again");
    expect(await atHere.until(2)).toEqual(["bob: to you both", "bob: again"]);
    expect(await atThere.until(2)).toEqual(["bob: to you both", "bob: again"]);
    await there.conversation(BOB).sendText("from there");
    expect(await atHere.until(3)).toEqual(["bob: to you both", "bob: again", "alice: from there"]);
  });
});
