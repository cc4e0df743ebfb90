import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DIALECTS } from "../../../src/msnp/dialect/index.ts";
import {
  type DialectName,
  type Email,
  type MsnClient,
  type MsnContact,
  parseEmail,
  RosterError,
} from "../../../src/msnp/index.ts";
import type { NetworkOptions } from "../../../src/msnp/server/index.ts";
import { poles } from "./poles.ts";
import { ALICE, BOB, CAROL, next, Stage } from "./stage.ts";

// Contact lists of MSNP2 to 12, edited in the embedded network, and whether a new sign-in sees the same.
const DAVE = parseEmail("dave@msn.test");

let stage: Stage;
afterEach(() => stage.close());

async function openStage(options?: NetworkOptions): Promise<void> {
  stage = await Stage.open(options);
  stage.network.addAccount({ email: DAVE, password: "dave's", displayName: "Dave" });
}

const BY_SYN = poles(DIALECTS.filter(({ lists }) => lists === "syn"));
const listsOf = (client: MsnClient, email: Email): string => [...(client.contacts.get(email)?.lists ?? [])].join(" ");

function sees(client: MsnClient, email: Email, isWanted: (contact: MsnContact) => boolean): Promise<unknown> {
  const contact = client.contacts.get(email);
  if (contact !== undefined && isWanted(contact)) return Promise.resolve();
  return next(client, "contactChanged", (changed) => changed.email === email && isWanted(changed));
}

async function again(client: MsnClient): Promise<void> {
  await client.signOut();
  await client.signIn();
}

async function dave(dialect: DialectName): Promise<MsnClient> {
  const client = stage.client(DAVE, dialect, { password: () => "dave's" });
  await client.signIn();
  return client;
}

async function failureOf(change: Promise<unknown>): Promise<RosterError> {
  const error = await change.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RosterError)) throw new Error(`no RosterError but ${String(error)}`);
  return error;
}

describe.each(BY_SYN)("the roster of $title", ({ dialect: { name, groups }, options }) => {
  beforeEach(() => openStage(options));

  it("adds somebody, who is asked, and sees them: at once, or as soon as they change where a server says no more", async () => {
    const other = await dave(name);
    const alice = await stage.signedIn(ALICE, name);
    const asked = next(other, "request");
    await alice.roster.add(DAVE, { displayName: "David" });
    expect(listsOf(alice, DAVE)).toBe("FL AL");
    const isIntroduced = options.quirks?.introducesStrangers === true;
    if (!isIntroduced) await other.setStatus("BSY");
    await sees(alice, DAVE, ({ status }) => status === (isIntroduced ? "NLN" : "BSY"));
    expect((await asked)[0]).toMatchObject({ email: ALICE });
    expect(other.roster.requests.map(({ email }) => email)).toEqual([ALICE]);
    await again(alice);
    expect(listsOf(alice, DAVE)).toBe("FL AL");
  });

  it("lets somebody in who asked, and has them as a contact", async () => {
    const alice = await stage.signedIn(ALICE, name);
    await alice.roster.add(DAVE);
    await alice.signOut();
    const other = await dave(name);
    expect(other.roster.requests.map(({ email }) => email)).toEqual([ALICE]);
    await other.roster.accept(ALICE);
    expect(other.roster.requests).toEqual([]);
    expect(listsOf(other, ALICE)).toMatch(/^FL AL/);
    await again(other);
    expect(other.roster.requests).toEqual([]);
    expect(listsOf(other, ALICE)).toMatch(/^FL AL/);
  });

  it("turns somebody away who asked", async () => {
    const alice = await stage.signedIn(ALICE, name);
    await alice.roster.add(DAVE);
    const other = await dave(name);
    await other.roster.decline(ALICE);
    expect(other.roster.requests).toEqual([]);
    expect(listsOf(other, ALICE)).toMatch(/^BL/);
    await again(other);
    expect(other.roster.requests).toEqual([]);
    expect(other.contacts.get(ALICE)?.lists).toContain("BL");
  });

  it("removes a contact and leaves what they may see as it is", async () => {
    const alice = await stage.signedIn(ALICE, name);
    await alice.roster.remove(BOB);
    expect(listsOf(alice, BOB)).toBe("AL RL");
    await again(alice);
    expect(listsOf(alice, BOB)).toBe("AL RL");
    await alice.roster.add(BOB);
    expect(listsOf(alice, BOB)).toBe("FL AL RL");
  });

  it("blocks a contact, who sees one leave, and lets them see one again", async () => {
    const [alice, bob] = [await stage.signedIn(ALICE, name), await stage.signedIn(BOB, name)];
    await sees(bob, ALICE, ({ status }) => status === "NLN");
    await alice.roster.block(BOB);
    expect(listsOf(alice, BOB)).toBe("FL BL RL");
    await sees(bob, ALICE, ({ status }) => status === "FLN");
    await alice.roster.unblock(BOB);
    expect(listsOf(alice, BOB)).toBe("FL AL RL");
    await sees(bob, ALICE, ({ status }) => status === "NLN");
    await again(alice);
    expect(listsOf(alice, BOB)).toBe("FL AL RL");
  });

  it("gives a contact a name of one's own and takes it away", async () => {
    const alice = await stage.signedIn(ALICE, name);
    await alice.roster.rename(BOB, "Bobby 100%");
    expect(alice.contacts.get(BOB)).toMatchObject({ nickname: "Bobby 100%", displayName: "Bob é B" });
    await alice.roster.rename(BOB, "");
    expect(alice.contacts.get(BOB)?.nickname).toBeUndefined();
  });

  it("says who may see one, also after a new sign-in", async () => {
    const alice = await stage.signedIn(ALICE, name);
    expect(alice.roster.privacy).toBe("allow-all");
    await alice.roster.setPrivacy("allowed-only");
    await alice.roster.setPrivacy("allowed-only");
    expect(alice.roster.privacy).toBe("allowed-only");
    await again(alice);
    expect(alice.roster.privacy).toBe("allowed-only");
    await alice.roster.setPrivacy("allow-all");
    expect(alice.roster.privacy).toBe("allow-all");
  });

  it("says what cannot be, and changes nothing", async () => {
    const alice = await stage.signedIn(ALICE, name);
    const before = new Map(alice.contacts);
    expect(await failureOf(alice.roster.add(parseEmail("nobody@msn.test")))).toMatchObject({ code: "no-such-contact" });
    expect(await failureOf(alice.roster.add(BOB))).toMatchObject({ code: "already-there" });
    expect(await failureOf(alice.roster.add(ALICE))).toMatchObject({ code: "refused" });
    expect(await failureOf(alice.roster.remove(DAVE))).toMatchObject({ code: "no-such-contact" });
    expect(await failureOf(alice.roster.unblock(BOB))).toMatchObject({ code: "no-such-contact" });
    expect(await failureOf(alice.roster.accept(BOB))).toMatchObject({ code: "no-such-contact" });
    expect(await failureOf(alice.roster.rename(DAVE, "x"))).toMatchObject({ code: "no-such-contact" });
    expect(await failureOf(alice.roster.rename(BOB, "é".repeat(100)))).toMatchObject({ code: "refused" });
    expect(await failureOf(alice.roster.add(DAVE, { displayName: "é".repeat(100) }))).toMatchObject({
      code: "refused",
    });
    expect(await failureOf(alice.roster.deleteGroup("none"))).toMatchObject({ code: "no-such-group" });
    expect(alice.contacts).toEqual(before);
    await alice.signOut();
    expect(await failureOf(alice.roster.remove(BOB))).toMatchObject({ code: "closed" });
  });

  if (groups === "none") {
    it("has no groups, and says so", async () => {
      const alice = await stage.signedIn(ALICE, name);
      expect(await failureOf(alice.roster.createGroup("Family"))).toMatchObject({ code: "not-supported" });
      expect(await failureOf(alice.roster.add(DAVE, { groups: ["Family"] }))).toMatchObject({ code: "no-such-group" });
    });
    return;
  }

  it("makes, renames, fills, empties and deletes groups", async () => {
    const alice = await stage.signedIn(ALICE, name);
    const named = (): string[] => [...alice.roster.groups.values()].sort();
    await alice.roster.createGroup("Family & é");
    await alice.roster.addToGroup(CAROL, "Family & é");
    await alice.roster.renameGroup("Family & é", "Kin");
    expect(named()).toEqual(["Kin", "Work Friends"]);
    expect(alice.contacts.get(CAROL)?.groups).toEqual(["Kin"]);
    await again(alice);
    expect(named()).toEqual(["Kin", "Work Friends"]);
    expect(alice.contacts.get(CAROL)?.groups).toEqual(["Kin"]);
    await alice.roster.addToGroup(CAROL, "Work Friends");
    await alice.roster.removeFromGroup(CAROL, "Kin");
    expect(alice.contacts.get(CAROL)?.groups).toEqual(["Work Friends"]);
    await alice.roster.deleteGroup("Work Friends");
    expect(alice.contacts.get(CAROL)?.groups).toEqual([]);
    await again(alice);
    expect(named()).toEqual(["Kin"]);
    expect(alice.contacts.get(CAROL)).toMatchObject({ groups: [] });
    expect(alice.contacts.get(CAROL)?.lists).toContain("FL");
  });

  it("adds somebody into a group, and knows a group that exists", async () => {
    const alice = await stage.signedIn(ALICE, name);
    expect(await failureOf(alice.roster.createGroup("Work Friends"))).toMatchObject({ code: "group-exists" });
    await alice.roster.add(DAVE, { groups: ["Work Friends"] });
    expect(alice.contacts.get(DAVE)?.groups).toEqual(["Work Friends"]);
    await again(alice);
    expect(alice.contacts.get(DAVE)?.groups).toEqual(["Work Friends"]);
  });
});

describe("changes of the roster", () => {
  beforeEach(() => openStage());

  it("are made one after the other", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP12");
    await Promise.all([
      alice.roster.createGroup("New"),
      alice.roster.addToGroup(BOB, "New"),
      alice.roster.block(CAROL),
      alice.roster.unblock(CAROL),
      alice.roster.remove(CAROL),
    ]);
    expect(alice.contacts.get(BOB)?.groups).toContain("New");
    expect(listsOf(alice, CAROL)).toBe("AL RL");
  });

  it("that wait are refused when there are too many", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP12");
    const changes = Array.from({ length: 150 }, (_, i) => alice.roster.rename(BOB, `Bob ${i}`));
    const outcomes = await Promise.allSettled(changes);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(50);
    expect(alice.contacts.get(BOB)?.nickname).toBe("Bob 99");
  });

  it("wait for a server that does not answer, and no longer", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP9", { timeouts: { request: 500 } });
    stage.network.faults.arm({ place: "NS", at: "ADD", account: ALICE, fault: { kind: "ignore" } });
    expect(await failureOf(alice.roster.add(DAVE))).toMatchObject({ code: "timeout" });
    expect(alice.contacts.has(DAVE)).toBe(false);
    await alice.roster.add(DAVE);
    expect(listsOf(alice, DAVE)).toBe("FL AL");
  });
});
