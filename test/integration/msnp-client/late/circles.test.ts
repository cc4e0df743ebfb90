import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DialectName, MsnClient } from "../../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "../stage.ts";

describe.each<DialectName>(["MSNP21", "MSNP18"])("a circle at %s", (dialect) => {
  let stage: Stage;
  let alice: MsnClient;
  let bob: MsnClient;
  beforeEach(async () => {
    stage = await Stage.open();
    const quick = { timeouts: { refresh: 20 } };
    alice = await stage.signedIn(ALICE, dialect, quick);
    bob = await stage.signedIn(BOB, dialect, quick);
  });
  afterEach(() => stage.close());

  async function together(): Promise<string> {
    const id = await alice.circles.create("Book club");
    const asked = next(bob, "circleInvite");
    await alice.circles.invite(id, BOB, "come in");
    expect((await asked)[0]).toMatchObject({ id, name: "Book club", state: "invited", inviter: ALICE });
    await bob.circles.accept(id);
    await eventually(() => [...alice.circles.conversation(id).members]).toEqual([BOB]);
    await eventually(() => [...bob.circles.conversation(id).members]).toEqual([ALICE]);
    return id;
  }

  it("is made, and is there at the next sign-in", async () => {
    const id = await alice.circles.create("Book club");
    expect(alice.circles.list.get(id)).toEqual({ id, name: "Book club", role: "admin", state: "accepted" });
    expect(alice.circles.conversation(id)).toMatchObject({ kind: "circle", id, name: "Book club", isGroup: true });
    await alice.signOut();
    const again = await stage.signedIn(ALICE, dialect);
    await eventually(() => again.circles.list.get(id)?.name).toBe("Book club");
  });

  const NOTHING = "<E><Body><ABFindContactsPagedResponse/></Body></E>";
  const NO_RESULT = NOTHING.replace("Response/", "Response><ABFindContactsPagedResult/></ABFindContactsPagedResponse");
  it.each([NOTHING, NO_RESULT])(
    "is not gone when the address book answers %s, and is asked for again",
    async (body) => {
      const id = await together();
      const gone: string[] = [];
      bob.on("circlesChanged", () => gone.push(`${bob.circles.list.size} circles`));
      bob.on("membersChanged", ({ members }) => members.size === 0 && gone.push("nobody"));
      const fault = { kind: "garbage", bytes: Buffer.from(body) } as const;
      const armed = stage.network.faults.arm({ place: "HTTP", at: "ABFindContactsPaged", account: BOB, fault });
      const other = await alice.circles.create("Another");
      await alice.circles.invite(other, BOB);
      await eventually(() => armed.strikes).toBe(1);
      await eventually(() => [...bob.circles.list.keys()]).toEqual([id, other]);
      expect(gone).toEqual(["2 circles"]);
    },
  );

  it.each(["drop", "status"])(
    "is found after a sign-in at which the address book was out of order (%s)",
    async (kind) => {
      const id = await together();
      await bob.signOut();
      const fault = kind === "drop" ? ({ kind: "drop" } as const) : ({ kind: "status", status: 503 } as const);
      stage.network.faults.arm({ place: "HTTP", at: "ABFindContactsPaged", account: BOB, times: 2, fault });
      const again = await stage.signedIn(BOB, dialect, { timeouts: { refresh: 20 } });
      await eventually(() => again.circles.list.get(id)?.state).toBe("accepted");
      const heard = hearing(again);
      await eventually(() => [...alice.circles.conversation(id).members]).toEqual([BOB]);
      await alice.circles.conversation(id).sendText("there you are");
      await heard.until(1);
      await eventually(() => again.circles.people(id)?.map(({ email }) => email)).toEqual([ALICE, BOB]);
    },
  );

  it("is told of to somebody who was asked in while the second try to read the circles was under way", async () => {
    const id = await alice.circles.create("Book club");
    stage.network.faults.arm({ place: "HTTP", at: "ABFindContactsPaged", account: CAROL, fault: { kind: "drop" } });
    const carol = stage.client(CAROL, dialect, { timeouts: { refresh: 100 } });
    const asked = next(carol, "circleInvite");
    await carol.signIn();
    const fault = { kind: "delay", ms: 1000 } as const;
    const claiming = stage.network.faults.arm({ place: "NS", at: "USR", account: CAROL, fault });
    if (dialect === "MSNP18") await eventually(() => claiming.strikes).toBe(1);
    await alice.circles.invite(id, CAROL);
    expect((await asked)[0]).toMatchObject({ id, state: "invited", inviter: ALICE });
  });

  it("carries texts and nudges to everybody in it, and says who types", async () => {
    const id = await together();
    const heard = [hearing(alice), hearing(bob)];
    await alice.circles.conversation(id).sendText("hello circle, à bientôt\nsecond line");
    await heard[1]?.until(1);
    const typing = next(alice, "typing");
    await bob.circles.conversation(id).sendTyping();
    expect((await typing)[0]).toMatchObject({ from: BOB, conversation: { id } });
    const nudged = next(alice, "message");
    await bob.circles.conversation(id).sendNudge();
    expect((await nudged)[0]).toMatchObject({ from: BOB, body: { kind: "nudge" }, conversation: { id } });
    expect(heard.map(({ lines }) => lines)).toEqual([["bob: nudge"], ["alice: hello circle, à bientôt\nsecond line"]]);
  });

  it("shows members who are no contacts, with their roles", async () => {
    const id = await together();
    const carol = await stage.signedIn(CAROL, dialect, { timeouts: { refresh: 20 } });
    const asked = next(carol, "circleInvite");
    await alice.circles.invite(id, CAROL);
    await asked;
    await carol.circles.accept(id);
    await eventually(() => [...carol.circles.conversation(id).members].sort()).toEqual([ALICE, BOB]);
    await eventually(() => carol.circles.presence(id).get(BOB)).toBe("NLN");
    const members = await carol.circles.members(id);
    expect(members.map(({ email, role }) => `${email} ${role}`).sort()).toEqual([
      `${ALICE} admin`,
      `${BOB} member`,
      `${CAROL} member`,
    ]);
    expect(carol.circles.conversation(id).role?.(ALICE)).toBe("admin");
  });

  it("shows what one says there at another place as one's own", async () => {
    const id = await together();
    const second = await stage.signedIn(ALICE, dialect, { timeouts: { refresh: 20 } });
    await eventually(() => second.circles.list.has(id)).toBe(true);
    await eventually(() => [...second.circles.conversation(id).members]).toEqual([BOB]);
    const own = next(alice, "message", ({ from }) => from === ALICE);
    const heard = hearing(bob);
    await second.circles.conversation(id).sendText("from my laptop");
    await heard.until(1);
    expect((await own)[0]).toMatchObject({ from: ALICE, conversation: { id }, body: { text: "from my laptop" } });
    expect((await own)[0].endpoint).toBeDefined();
    expect(heard.lines).toEqual(["alice: from my laptop"]);
  });

  it("can be declined", async () => {
    const id = await alice.circles.create("Book club");
    const asked = next(bob, "circleInvite");
    await alice.circles.invite(id, BOB);
    await asked;
    await bob.circles.decline(id);
    expect(bob.circles.list.size).toBe(0);
    await bob.signOut();
    const again = await stage.signedIn(BOB, dialect);
    await again.circles.members(id).catch(() => undefined);
    expect(again.circles.list.size).toBe(0);
  });

  it("is left for good", async () => {
    const id = await together();
    const gone = next(alice, "membersChanged", ({ members }) => !members.has(BOB));
    await bob.circles.leave(id);
    await gone;
    expect(bob.circles.list.has(id)).toBe(false);
    expect(() => bob.circles.conversation(id)).toThrow("in no such circle");
  });
});
