import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MsnContact } from "../../../src/msnp/index.ts";
import { parseEmail } from "../../../src/msnp/index.ts";
import { ALICE, BOB, BOTH_DIALECTS, CAROL, eventually, hearing, next, Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const DAVE = parseEmail("dave@msn.test");

describe.each(BOTH_DIALECTS)("by %s a contact", (dialect) => {
  const pair = async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const seen = next(alice, "contactChanged", ({ email, status }) => email === BOB && status === "NLN");
    const bob = await stage.signedIn(BOB, dialect);
    await seen;
    return { alice, bob };
  };

  it("comes online, changes status and leaves", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const seen: string[] = [];
    alice.on("contactChanged", ({ email, status }, previous) => {
      if (email === BOB && previous?.status !== status) seen.push(`${previous?.status} -> ${status}`);
    });
    const bob = await stage.signedIn(BOB, dialect);
    for (const status of ["NLN", "AWY", "BSY", "PHN", "LUN", "BRB", "IDL", "NLN"] as const) {
      if (status !== bob.self.status) await bob.setStatus(status);
      // The server tells news together and with what is true by then, so that short-lived ones are never seen.
      await eventually(() => alice.contacts.get(BOB)?.status).toBe(status);
    }
    const gone = next(alice, "contactChanged", ({ status }) => status === "FLN");
    await bob.signOut();
    await gone;
    expect(seen).toEqual([
      "FLN -> NLN",
      "NLN -> AWY",
      "AWY -> BSY",
      "BSY -> PHN",
      "PHN -> LUN",
      "LUN -> BRB",
      "BRB -> IDL",
      "IDL -> NLN",
      "NLN -> FLN",
    ]);
  });

  it("who hides is offline to others, and knows it", async () => {
    const { alice, bob } = await pair();
    const hidden = next(alice, "contactChanged", ({ status }) => status === "FLN");
    await bob.setStatus("HDN");
    expect((await hidden)[0].email).toBe(BOB);
    expect(bob.self.status).toBe("HDN");
  });

  it("stays offline while hidden, although the server tells their new name, message and lists", async () => {
    const { alice, bob } = await pair();
    const seen: string[] = [];
    await bob.setStatus("HDN");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    alice.on("contactChanged", (contact) =>
      seen.push(`${contact.displayName} ${contact.status} ${contact.personalMessage}`),
    );
    await bob.setPersonalMessage({ text: "psst" });
    await bob.setDisplayName("Bobby");
    await eventually(() => seen.length).toBe(1);
    expect(seen[0]).toBe("Bobby FLN ");
    await bob.setStatus("NLN");
    await eventually(() => alice.contacts.get(BOB)).toMatchObject({ status: "NLN", personalMessage: "psst" });
  });

  it("comes back from hiding with what they said before", async () => {
    const { alice, bob } = await pair();
    await bob.setPersonalMessage({ text: "still here" });
    await eventually(() => alice.contacts.get(BOB)?.personalMessage).toBe("still here");
    await bob.setStatus("HDN");
    await eventually(() => alice.contacts.get(BOB)).toMatchObject({ status: "FLN", personalMessage: "" });
    await bob.setStatus("NLN");
    await eventually(() => alice.contacts.get(BOB)).toMatchObject({ status: "NLN", personalMessage: "still here" });
  });

  it("is there before they have shown a status, and still offline to others", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const told = (): boolean => stage.trace.some((line) => line.includes("<<< NLN FLN"));
    const bob = await stage.byHand(BOB, "bob's");
    await bob.request("ADC", ["AL", `N=${ALICE}`]);
    await eventually(told).toBe(true);
    await alice.setPersonalMessage({ text: "after that" });
    expect(alice.contacts.get(BOB)).toMatchObject({ status: "FLN", personalMessage: "" });
    bob.destroy();
  });

  it("says something and plays something", async () => {
    const { alice, bob } = await pair();
    const said = next(alice, "contactChanged", ({ personalMessage }) => personalMessage !== "");
    const media = {
      application: "",
      type: "Music",
      enabled: true,
      format: "{0} - {1}",
      args: ["Söng & <dance>", "Artist", "Album", "", ""],
    };
    await bob.setPersonalMessage({ text: `Out & about <"'>`, media });
    const [contact] = await said;
    expect(contact.personalMessage).toBe(`Out & about <"'>`);
    expect(contact.media).toMatchObject({ type: "Music", enabled: true, format: "{0} - {1}" });
    expect(contact.media?.args.slice(0, 3)).toEqual(["Söng & <dance>", "Artist", "Album"]);
    const silent = next(alice, "contactChanged", ({ personalMessage }) => personalMessage === "");
    await bob.setPersonalMessage({ text: "" });
    expect((await silent)[0].media).toBeUndefined();
  });

  it("takes another name", async () => {
    const { alice, bob } = await pair();
    const renamed = next(alice, "contactChanged", ({ displayName }) => displayName === "Robert % Ümlaut");
    await expect(bob.setDisplayName(" ")).rejects.toMatchObject({ code: "bad-name" });
    await bob.setDisplayName("Robert % Ümlaut");
    expect((await renamed)[0].email).toBe(BOB);
    expect(bob.self.displayName).toBe("Robert % Ümlaut");
  });

  it("is announced once per change, with what was before", async () => {
    const { alice, bob } = await pair();
    const changes: [MsnContact, MsnContact | undefined][] = [];
    const away = next(alice, "contactChanged", ({ status }) => status === "AWY");
    alice.on("contactChanged", (contact, previous) => changes.push([contact, previous]));
    await bob.setStatus("AWY");
    await away;
    expect(changes).toHaveLength(1);
    expect(changes[0]?.[0].status).toBe("AWY");
    expect(changes[0]?.[1]?.status).toBe("NLN");
    expect(changes[0]?.[0]).toBe(alice.contacts.get(BOB));
  });

  it("is never oneself", async () => {
    const { alice } = await pair();
    await alice.setStatus("BSY");
    await alice.setPersonalMessage({ text: "me" });
    await alice.setStatus("NLN");
    expect([...alice.contacts.keys()].sort()).toEqual([BOB, CAROL]);
  });
});

describe("signed in at two places by MSNP18", () => {
  it("both know the status that one of them set", async () => {
    const here = await stage.signedIn(ALICE, "MSNP18");
    const there = await stage.signedIn(ALICE, "MSNP18");
    const changed = next(here, "selfChanged", ({ status }) => status === "BSY");
    await there.setStatus("BSY");
    expect((await changed)[0]).toEqual({ email: ALICE, displayName: "Alice A", status: "BSY" });
    expect(here.state).toBe("signed-in");
  });

  it("a message reaches both, and each text of one is heard at the other as one's own", async () => {
    const here = await stage.signedIn(ALICE, "MSNP18");
    const there = await stage.signedIn(ALICE, "MSNP18");
    const bob = await stage.signedIn(BOB, "MSNP18");
    const [atHere, atThere, atBob] = [hearing(here), hearing(there), hearing(bob)];
    await bob.conversation(ALICE).sendTyping();
    // What is said before a place has come to the switchboard is not heard there.
    await eventually(() => stage.trace.filter((line) => /^alice\S* SB \d+ <<< ANS \d+ OK/.test(line)).length).toBe(2);
    await bob.conversation(ALICE).sendText("to all of you");
    expect(await atHere.until(1)).toEqual(["bob: to all of you"]);
    expect(await atThere.until(1)).toEqual(["bob: to all of you"]);
    await here.conversation(BOB).sendText("from here");
    expect(await atBob.until(1)).toEqual(["alice: from here"]);
    expect(await atThere.until(2)).toEqual(["bob: to all of you", "alice: from here"]);
  });
});

describe.each(BOTH_DIALECTS)("by %s the session", (dialect) => {
  it("ends once, for the server's reason", async () => {
    for (const [reason, kind] of [
      ["OTH", "elsewhere"],
      ["SSD", "maintenance"],
    ] as const) {
      const alice = await stage.signedIn(ALICE, dialect);
      const closed = next(alice, "closed");
      stage.network.kick(ALICE, reason);
      expect((await closed)[0].kind).toBe(kind);
      expect(alice.state).toBe("signed-out");
      expect(alice.self.status).toBe("FLN");
    }
  });

  it("ends when one signs out, and leaves nothing open", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const closed = next(alice, "closed");
    await alice.signOut();
    expect((await closed)[0]).toMatchObject({ kind: "signed-out" });
    await alice.signOut();
    await eventually(() => stage.network.load).toEqual({ sessions: 0, boards: 0, connections: 0 });
  });

  it("is lost with the connection", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const closed = next(alice, "closed");
    stage.network.dropConnections();
    expect((await closed)[0].kind).toBe("lost");
    await alice.signIn();
    expect(alice.state).toBe("signed-in");
  });

  it("ends by garbage as a protocol error", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    const closed = next(alice, "closed");
    stage.network.faults.arm({ place: "NS", at: "CHG", fault: { kind: "garbage" } });
    const change = alice.setStatus("AWY").catch(() => undefined);
    expect((await closed)[0].kind).toBe("protocol");
    await change;
  });

  it("is dead when the server does not answer PNG", async () => {
    const alice = stage.client(ALICE, dialect, { timeouts: { keepalive: 100 } });
    stage.network.faults.arm({ place: "NS", at: "PNG", fault: { kind: "ignore" } });
    const closed = next(alice, "closed");
    await alice.signIn();
    expect((await closed)[0]).toMatchObject({ kind: "lost" });
    await eventually(() => stage.network.load.connections).toBe(0);
  });

  it("is not signed in twice by one object", async () => {
    const alice = await stage.signedIn(ALICE, dialect);
    await expect(alice.signIn()).rejects.toMatchObject({ code: "already-signed-in" });
    expect(alice.state).toBe("signed-in");
  });
});

describe.each(BOTH_DIALECTS)("by %s somebody unknown", (dialect) => {
  it("who adds the account waits on its lists at once, and is gone when they take it back", async () => {
    stage.network.addAccount({ email: DAVE, password: "dave's", displayName: "Dave D" });
    const alice = await stage.signedIn(ALICE, dialect, { timeouts: { refresh: 10 } });
    expect(alice.contacts.has(DAVE)).toBe(false);
    const dave = await stage.byHand(DAVE, "dave's");
    const asked = next(alice, "contactChanged", ({ email }) => email === DAVE);
    const added = await dave.request("ADC", ["FL", `N=${ALICE}`, "F=Alice"]);
    const [contact, before] = await asked;
    expect(before).toBeUndefined();
    expect(contact).toMatchObject({ displayName: "Dave D", status: "FLN" });
    expect([...contact.lists].some((list) => list === "RL" || list === "PL")).toBe(true);
    const gone = next(alice, "contactChanged", ({ email, lists }) => email === DAVE && lists.size === 0);
    await dave.request("REM", ["FL", added.args.find((arg) => arg.startsWith("C="))?.slice(2) ?? ""]);
    await gone;
    expect(alice.contacts.has(DAVE)).toBe(false);
    dave.close();
  });
});
