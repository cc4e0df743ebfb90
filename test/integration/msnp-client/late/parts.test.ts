import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MsnClient } from "../../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "../stage.ts";

const LONG = "à bientôt, mes amis! ".repeat(300);
const QUICK = { timeouts: { refresh: 20 } };

describe("a long text", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  /** Marks and texts as they come. */
  function taking(client: MsnClient): string[] {
    const taken: string[] = [];
    client.on("message", ({ body, mark }) =>
      taken.push(`${mark ?? "-"} ${body.kind === "text" ? body.text : body.kind}`),
    );
    return taken;
  }

  it("is one message for who speaks MSNP21, with its mark and its look, and goes in parts", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21");
    const bob = await stage.signedIn(BOB, "MSNP21");
    const heard = next(bob, "message");
    expect(alice.conversation(BOB).joinsParts).toBe(true);
    await alice.conversation(BOB).sendText(LONG, { bold: true }, { mark: "a-mark" });
    const [{ body, mark }] = await heard;
    expect(body).toMatchObject({ kind: "text", text: LONG, format: { bold: true } });
    expect(mark).toBe("a-mark");
    const sent = stage.trace.filter((line) => line.startsWith(`${ALICE} NS >>> SDG`));
    expect(sent.length).toBeGreaterThan(4);
    for (const line of sent) expect(Number(/(\d+) bytes/.exec(line)?.[1])).toBeLessThan(2048);
  });

  it("of one person comes whole while others speak, and none loses their turn", async () => {
    const [alice, carol] = [await stage.signedIn(ALICE, "MSNP21"), await stage.signedIn(CAROL, "MSNP21")];
    const bob = await stage.signedIn(BOB, "MSNP21");
    const heard = hearing(bob);
    const short = Array.from({ length: 20 }, (_, i) => `c${i}`);
    await Promise.all([
      alice.conversation(BOB).sendText(LONG),
      ...short.map((text) => carol.conversation(BOB).sendText(text)),
      carol.conversation(BOB).sendText(LONG),
    ]);
    await heard.until(22);
    expect(heard.lines.filter((line) => line.startsWith("alice"))).toEqual([`alice: ${LONG}`]);
    expect(heard.lines.filter((line) => line.startsWith("carol"))).toEqual(
      [...short, LONG].map((text) => `carol: ${text}`),
    );
  });

  it("is as many texts as it has parts for who speaks an older version", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21");
    const bob = await stage.signedIn(BOB, "MSNP18");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
    const taken = taking(bob);
    await alice.conversation(BOB).sendText(LONG, {}, { mark: "a-mark" });
    await eventually(() => taken.join("").replaceAll("a-mark ", "")).toBe(LONG);
    expect(taken.length).toBeGreaterThan(4);
    expect(taken.every((text) => text.startsWith("a-mark "))).toBe(true);
  });

  it("in a circle is one for members at MSNP21 and MSNP18, said at MSNP21, and parts when said at MSNP18", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21", QUICK);
    const bob = await stage.signedIn(BOB, "MSNP18", QUICK);
    const id = await alice.circles.create("Book club");
    const asked = next(bob, "circleInvite");
    await alice.circles.invite(id, BOB);
    await asked;
    await bob.circles.accept(id);
    await eventually(() => [...alice.circles.conversation(id).members]).toEqual([BOB]);
    await eventually(() => [...bob.circles.conversation(id).members]).toEqual([ALICE]);
    const [hers, his] = [taking(alice), taking(bob)];
    await alice.circles.conversation(id).sendText(LONG, {}, { mark: "one" });
    await eventually(() => his).toEqual([`one ${LONG}`]);
    await bob.circles.conversation(id).sendText(LONG, {}, { mark: "two" });
    await eventually(() => hers.join("").replaceAll("two ", "")).toBe(LONG);
    expect(hers.length).toBeGreaterThan(4);
  });

  it("whose rest does not come is told as far as it came, at the latest when the session ends", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21");
    const bob = await stage.signedIn(BOB, "MSNP21");
    const taken: string[] = [];
    bob.on("message", ({ body }) => taken.push(body.kind === "text" ? body.text : body.kind));
    bob.on("closed", ({ kind }) => taken.push(`closed: ${kind}`));
    stage.network.faults.arm({ place: "NS", account: ALICE, at: "SDG", nth: 3, fault: { kind: "drop" } });
    await expect(alice.conversation(BOB).sendText(LONG)).rejects.toMatchObject({
      certainty: "maybe-sent",
      partsSent: 2,
    });
    const carol = await stage.signedIn(CAROL, "MSNP21");
    await carol.conversation(BOB).sendText("meanwhile");
    await eventually(() => taken).toEqual(["meanwhile"]);
    stage.network.dropConnections();
    await eventually(() => taken.length).toBe(3);
    const [, part, closed] = taken;
    expect(LONG.startsWith(part?.replace(" [...] ", "") ?? "nothing")).toBe(true);
    expect(part).toMatch(/ \[\.\.\.\] $/);
    expect(closed).toBe("closed: lost");
  });
});
