import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MsnClient, type OfflineMessage, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "../stage.ts";

const QUICK = { timeouts: { refresh: 20 } };

describe("MSNP21 on the embedded network", () => {
  let stage: Stage;
  let alice: MsnClient;
  let bob: MsnClient;
  beforeEach(async () => {
    stage = await Stage.open();
    alice = await stage.signedIn(ALICE, "MSNP21", QUICK);
    bob = await stage.signedIn(BOB, "MSNP21", QUICK);
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
  });
  afterEach(() => stage.close());

  it("shows status, words, media and name of a contact as they change", async () => {
    const media = {
      application: "",
      type: "Music",
      enabled: true,
      format: "{0} - {1}",
      args: ["Song", "Artist", "", ""],
    };
    await bob.setStatus("BSY");
    await bob.setPersonalMessage({ text: "out & about", media });
    await bob.setDisplayName("Bobby");
    await eventually(() => alice.contacts.get(BOB)?.displayName).toBe("Bobby");
    expect(alice.contacts.get(BOB)).toMatchObject({ status: "BSY", personalMessage: "out & about" });
    expect(alice.contacts.get(BOB)?.media).toMatchObject({ type: "Music", format: "{0} - {1}" });
    await bob.setPersonalMessage({ text: "" });
    await eventually(() => alice.contacts.get(BOB)?.personalMessage).toBe("");
    expect(alice.contacts.get(BOB)?.status).toBe("BSY");
    await bob.setStatus("HDN");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    await bob.setStatus("AWY");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("AWY");
  });

  it("keeps an account online while one of its places is", async () => {
    const second = await stage.signedIn(BOB, "MSNP21", { ...QUICK, endpointName: "laptop" });
    await eventually(() => bob.endpoints.list.size).toBe(2);
    await eventually(() => [...bob.endpoints.list.values()].some(({ name }) => name === "laptop")).toBe(true);
    await bob.signOut();
    await eventually(() => second.endpoints.list.size).toBe(1);
    expect(alice.contacts.get(BOB)?.status).toBe("NLN");
    await second.signOut();
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
  });

  it("shows what one says at another place as one's own, and what others say at both", async () => {
    const second = await stage.signedIn(BOB, "MSNP21", QUICK);
    const heard = [hearing(bob), hearing(second)];
    const own = next(bob, "message", ({ from }) => from === BOB);
    await second.conversation(ALICE).sendText("typed on my laptop");
    expect((await own)[0]).toMatchObject({ from: BOB, to: ALICE, body: { text: "typed on my laptop" } });
    expect((await own)[0].conversation).toBe(bob.conversation(ALICE));
    await alice.conversation(BOB).sendText("to both");
    await heard[0]?.until(2);
    await heard[1]?.until(1);
    expect(heard.map(({ lines }) => lines)).toEqual([
      ["bob: typed on my laptop", "alice: to both"],
      ["alice: to both"],
    ]);
  });

  it("signs another place out, which says so", async () => {
    const guid = parseMachineGuid("00000000-0000-4000-8000-00000000beef");
    const second = await stage.signedIn(BOB, "MSNP21", { ...QUICK, machineGuid: guid });
    await eventually(() => bob.endpoints.list.has(guid)).toBe(true);
    const closed = next(second, "closed");
    await bob.endpoints.signOut(guid);
    expect((await closed)[0].kind).toBe("elsewhere");
    await eventually(() => bob.endpoints.list.has(guid)).toBe(false);
    expect(bob.state).toBe("signed-in");
  });

  it("leaves texts for somebody who is away, in order and with their dates", async () => {
    await bob.signOut();
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    await expect(alice.conversation(BOB).sendText("there?")).rejects.toMatchObject({ code: "peer-offline" });
    expect(alice.offline.isSupported).toBe(true);
    const before = Date.now();
    for (const text of ["first", "second\nline", "third"]) await alice.offline.send(BOB, text);
    const stored: OfflineMessage[] = [];
    await stage.signedIn(BOB, "MSNP21", {
      storeOffline: (messages) => {
        stored.push(...messages);
        return Promise.resolve();
      },
    });
    await eventually(() => stored.map(({ text }) => text)).toEqual(["first", "second\nline", "third"]);
    expect(stored[0]).toMatchObject({ from: ALICE, fromName: "Alice A" });
    for (const { sentAt } of stored) expect(Math.abs(sentAt - before)).toBeLessThan(60_000);
    expect(new Set(stored.map(({ id }) => id)).size).toBe(3);
  });

  it("tells what could not be stored as messages, rather than lose it", async () => {
    await bob.signOut();
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    await alice.offline.send(BOB, "while you were out");
    const again = stage.client(BOB, "MSNP21");
    const heard = hearing(again);
    await again.signIn();
    await heard.until(1);
    expect(heard.lines).toEqual(["alice: while you were out"]);
  });

  it("blocks, unblocks, removes, adds and renames", async () => {
    await bob.roster.block(ALICE);
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    expect(bob.contacts.get(ALICE)?.lists.has("BL")).toBe(true);
    await expect(alice.conversation(BOB).sendText("?")).rejects.toMatchObject({ code: "peer-offline" });
    await bob.roster.unblock(ALICE);
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
    await bob.roster.rename(ALICE, "Al");
    expect(bob.contacts.get(ALICE)?.nickname).toBe("Al");
    await bob.roster.remove(CAROL);
    await bob.signOut();
    const again = await stage.signedIn(BOB, "MSNP21", QUICK);
    expect(again.contacts.get(CAROL)?.lists.has("FL") ?? false).toBe(false);
    expect(again.contacts.get(ALICE)?.nickname).toBe("Al");
    await again.roster.add(CAROL);
    expect(again.contacts.get(CAROL)?.lists.has("FL")).toBe(true);
    await again.roster.setPrivacy("allowed-only");
    expect(again.roster.privacy).toBe("allowed-only");
  });

  it("talks to people of older versions, both ways", async () => {
    const carol = await stage.signedIn(CAROL, "MSNP18", QUICK);
    await eventually(() => alice.contacts.get(CAROL)?.status).toBe("NLN");
    await eventually(() => carol.contacts.get(ALICE)?.status).toBe("NLN");
    const heard = [hearing(alice), hearing(carol)];
    await alice.conversation(CAROL).sendText("from 21");
    await heard[1]?.until(1);
    await carol.conversation(ALICE).sendText("from 18");
    await heard[0]?.until(1);
    expect(heard.map(({ lines }) => lines)).toEqual([["carol: from 18"], ["alice: from 21"]]);
  });

  it("many texts at once arrive in their order", async () => {
    const heard = hearing(bob);
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    await Promise.all(texts.map((text) => alice.conversation(BOB).sendText(text)));
    await heard.until(50);
    expect(heard.lines).toEqual(texts.map((text) => `alice: ${text}`));
  });

  it("signs in again after the end of a session, with nothing left of the old one", async () => {
    const closed = next(alice, "closed");
    stage.network.kick(ALICE, "SSD");
    expect((await closed)[0].kind).toBe("maintenance");
    await expect(alice.conversation(BOB).sendText("x")).rejects.toMatchObject({
      code: "closed",
      certainty: "not-sent",
    });
    await alice.signIn();
    const heard = hearing(bob);
    await alice.conversation(BOB).sendText("back");
    await heard.until(1);
  });
});
