import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DIALECTS } from "../../../src/msnp/dialect/index.ts";
import type { Conversation, Email, MsnClient, MsnContact } from "../../../src/msnp/index.ts";
import { poles } from "./poles.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "./stage.ts";

// Two and three clients of one dialect in the embedded network: what people do all day.
let stage: Stage;
afterEach(() => stage.close());

const SWITCHBOARD_DIALECTS = poles(DIALECTS.filter(({ conversations }) => conversations === "switchboard"));

function sees(client: MsnClient, email: Email, isWanted: (contact: MsnContact) => boolean): Promise<unknown> {
  const contact = client.contacts.get(email);
  if (contact !== undefined && isWanted(contact)) return Promise.resolve();
  return next(client, "contactChanged", (changed) => changed.email === email && isWanted(changed));
}

/** The conversation in which somebody finds themselves with the others. */
async function groupOf(client: MsnClient, size: number): Promise<Conversation> {
  const isIt = (one: Conversation): boolean => one.isGroup && one.members.size === size;
  const found = Promise.withResolvers<Conversation>();
  const listener = (one: Conversation): void => {
    if (isIt(one)) found.resolve(one);
  };
  client.on("conversation", listener);
  client.on("membersChanged", listener);
  return found.promise;
}

describe.each(SWITCHBOARD_DIALECTS)("$title", ({ dialect: { name: dialect }, options }) => {
  beforeEach(async () => {
    stage = await Stage.open(options);
  });

  it("signs in, and both see each other come, change and go", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    expect(alice.dialect).toBe(dialect);
    expect(alice.self).toMatchObject({ displayName: "Alice A", status: "NLN" });
    expect(alice.contacts.get(BOB)).toMatchObject({ displayName: "Bob é B", status: "FLN" });
    const bob = await stage.signedIn(BOB, dialect);
    await Promise.all([
      sees(alice, BOB, ({ status }) => status === "NLN"),
      sees(bob, ALICE, ({ status }) => status === "NLN"),
    ]);
    await alice.setStatus("PHN");
    await sees(bob, ALICE, ({ status }) => status === "PHN");
    await bob.setStatus("HDN");
    await sees(alice, BOB, ({ status }) => status === "FLN");
    await bob.setStatus("BRB");
    await sees(alice, BOB, ({ status }) => status === "BRB");
    await bob.signOut();
    await sees(alice, BOB, ({ status }) => status === "FLN");
  });

  it("changes the own name", async () => {
    const [alice, bob] = [await stage.signedIn(ALICE, dialect), await stage.signedIn(BOB, dialect)];
    await alice.setDisplayName("Alïce 100% (new)");
    expect(alice.self.displayName).toBe("Alïce 100% (new)");
    await sees(bob, ALICE, ({ displayName }) => displayName === "Alïce 100% (new)");
  });

  it("carries texts, typing and nudges both ways", async () => {
    const [alice, bob] = [await stage.signedIn(ALICE, dialect), await stage.signedIn(BOB, dialect)];
    const [atAlice, atBob] = [hearing(alice), hearing(bob)];
    await alice.conversation(BOB).sendText("hello, é ☂\nsecond line");
    expect(await atBob.until(1)).toEqual(["alice: hello, é ☂\nsecond line"]);
    const typing = next(alice, "typing");
    await bob.conversation(ALICE).sendTyping();
    expect((await typing)[0].from).toBe(BOB);
    await bob.conversation(ALICE).sendText("hi");
    await bob.conversation(ALICE).sendNudge();
    expect(await atAlice.until(2)).toEqual(["bob: hi", "bob: nudge"]);
  });

  it("has three people on one board, who come, talk and leave", async () => {
    const [alice, bob, carol] = [
      await stage.signedIn(ALICE, dialect),
      await stage.signedIn(BOB, dialect),
      await stage.signedIn(CAROL, dialect),
    ];
    const [bobs, carols] = [groupOf(bob, 2), groupOf(carol, 2)];
    const mine = await alice.startGroup([BOB, CAROL]);
    expect(mine).toMatchObject({ kind: "switchboard", isGroup: true, id: undefined, name: undefined });
    expect([...mine.members].sort()).toEqual([BOB, CAROL]);
    const [atAlice, atBob, atCarol] = [hearing(alice), hearing(bob), hearing(carol)];
    await mine.sendText("to both");
    await (await bobs).sendText("from Bob");
    expect(await atCarol.until(2)).toEqual(["alice: to both", "bob: from Bob"]);
    expect(await atAlice.until(1)).toEqual(["bob: from Bob"]);
    expect(await atBob.until(1)).toEqual(["alice: to both"]);
    await (await carols).leave();
    await eventually(() => [...mine.members]).toEqual([BOB]);
    await mine.leave();
    await eventually(() => stage.network.load.boards).toBe(0);
    await expect(mine.sendText("too late")).rejects.toMatchObject({ code: "closed", certainty: "not-sent" });
  });

  it("talks with somebody who speaks another version", async () => {
    const other = dialect === "MSNP18" ? "MSNP2" : "MSNP18";
    const [alice, bob] = [await stage.signedIn(ALICE, dialect), await stage.signedIn(BOB, other)];
    await sees(alice, BOB, ({ status }) => status === "NLN");
    const [atAlice, atBob] = [hearing(alice), hearing(bob)];
    await alice.conversation(BOB).sendText("over there");
    await atBob.until(1);
    await bob.conversation(ALICE).sendText("over here");
    expect(await atAlice.until(1)).toEqual(["bob: over here"]);
  });

  it("is refused with the wrong password", async () => {
    const client = stage.client(ALICE, dialect, { password: () => "wrong" });
    await expect(client.signIn()).rejects.toMatchObject({ code: "bad-password", retry: "never" });
  });
});
