import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DialectName, MsnClient } from "../../../src/msnp/index.ts";
import { parseEmail } from "../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, next, Stage } from "./stage.ts";

const DAVE = parseEmail("dave@msn.test");
const DIALECTS: readonly DialectName[] = ["MSNP13", "MSNP15", "MSNP16", "MSNP18"];

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
  stage.network.addAccount({ email: DAVE, password: "dave's", displayName: "Dave D" });
});
afterEach(() => stage.close());

function lists(client: MsnClient, email: string): string {
  return [...(client.contacts.get(parseEmail(email))?.lists ?? [])].join(" ");
}

/** What a new sign-in reads: the truth of the server. */
async function again(client: MsnClient): Promise<void> {
  await client.signOut();
  await client.signIn();
}

describe.each(DIALECTS)("the roster by web service in %s", (dialect) => {
  it("adds somebody, who is then seen and may see", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.add(DAVE, { displayName: "David", groups: ["Work Friends"] });
    expect(lists(alice, DAVE)).toBe("FL AL");
    expect(alice.contacts.get(DAVE)?.groups).toEqual(["Work Friends"]);
    await again(alice);
    expect(lists(alice, DAVE)).toBe("FL AL");
    expect(alice.contacts.get(DAVE)?.groups).toEqual(["Work Friends"]);
  });

  it("asks for the network of somebody new where the dialect can", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.add(DAVE);
    const asked = stage.trace.some((line) => line.includes(">>> FQY"));
    expect(asked).toBe(dialect !== "MSNP13");
  });

  it("does not add whom nobody knows, and says so", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const stranger = parseEmail("nobody@msn.test");
    await expect(alice.roster.add(stranger)).rejects.toMatchObject({ name: "RosterError", code: "no-such-contact" });
    expect(alice.contacts.has(stranger)).toBe(false);
  });

  it("removes somebody, and what they may see stays", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.remove(BOB);
    expect(lists(alice, BOB)).toBe("AL RL");
    await again(alice);
    expect(lists(alice, BOB)).toBe("AL RL");
    await alice.roster.add(BOB);
    expect(lists(alice, BOB)).toBe("FL AL RL");
  });

  it("blocks and unblocks", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const bob = await stage.signedIn(BOB, dialect);
    await eventually(() => bob.contacts.get(ALICE)?.status).toBe("NLN");
    await alice.roster.block(BOB);
    expect(lists(alice, BOB)).toBe("FL BL RL");
    await eventually(() => bob.contacts.get(ALICE)?.status).toBe("FLN");
    await alice.roster.unblock(BOB);
    expect(lists(alice, BOB)).toBe("FL AL RL");
    await eventually(() => bob.contacts.get(ALICE)?.status).toBe("NLN");
    await again(alice);
    expect(lists(alice, BOB)).toBe("FL AL RL");
  });

  it("blocks a stranger", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.block(DAVE);
    expect(lists(alice, DAVE)).toBe("BL");
    await again(alice);
    expect(lists(alice, DAVE)).toBe("BL");
  });

  it("gives a contact a name of one's own, and takes it away", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.rename(BOB, "Bobby <b>");
    expect(alice.contacts.get(BOB)?.nickname).toBe("Bobby <b>");
    await again(alice);
    expect(alice.contacts.get(BOB)?.nickname).toBe("Bobby <b>");
    await alice.roster.rename(BOB, "");
    await again(alice);
    expect(alice.contacts.get(BOB)?.nickname).toBeUndefined();
  });

  it("makes, renames, fills, empties and deletes groups", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.createGroup("Band & Co");
    await alice.roster.addToGroup(CAROL, "Band & Co");
    await alice.roster.renameGroup("Band & Co", "Orchestra");
    expect(alice.contacts.get(CAROL)?.groups).toEqual(["Orchestra"]);
    await again(alice);
    expect(alice.contacts.get(CAROL)?.groups).toEqual(["Orchestra"]);
    await expect(alice.roster.createGroup("Orchestra")).rejects.toMatchObject({ code: "group-exists" });
    await alice.roster.removeFromGroup(CAROL, "Orchestra");
    await alice.roster.addToGroup(CAROL, "Orchestra");
    await alice.roster.deleteGroup("Orchestra");
    await again(alice);
    expect([...alice.roster.groups.values()]).toEqual(["Work Friends"]);
    expect(alice.contacts.get(CAROL)?.groups).toEqual([]);
  });

  it("keeps the privacy setting", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    expect(alice.roster.privacy).toBe("allow-all");
    await alice.roster.setPrivacy("allowed-only");
    expect(alice.roster.privacy).toBe("allowed-only");
    await again(alice);
    expect(alice.roster.privacy).toBe("allowed-only");
  });

  it("hears at once of somebody who asks, and lets them in", async () => {
    const dave = await stage.signedIn(DAVE, dialect, { password: () => "dave's" });
    const alice = await stage.signedIn(ALICE, dialect);
    const asked = next(dave, "request");
    await alice.roster.add(DAVE);
    expect((await asked)[0].email).toBe(ALICE);
    expect(dave.roster.requests.map(({ email }) => email)).toEqual([ALICE]);
    await dave.roster.accept(ALICE);
    expect(lists(dave, ALICE)).toBe("FL AL RL");
    expect(dave.roster.requests).toEqual([]);
    await again(dave);
    expect(lists(dave, ALICE)).toBe("FL AL RL");
  });

  it("turns somebody away who asked before the sign-in", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await alice.roster.add(DAVE);
    const dave = stage.client(DAVE, dialect, { password: () => "dave's" });
    const asked = next(dave, "request");
    await dave.signIn();
    expect((await asked)[0].email).toBe(ALICE);
    await dave.roster.decline(ALICE);
    await again(dave);
    expect(lists(dave, ALICE)).toBe("BL RL");
    expect(dave.roster.requests).toEqual([]);
  });
});
