import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ALICE, BOB, eventually, hearing, next, Stage } from "../stage.ts";

describe("two people at MSNP21", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it("see each other, talk, type and nudge", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21");
    const bob = await stage.signedIn(BOB, "MSNP21");
    expect(alice.dialect).toBe("MSNP21");
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
    await eventually(() => bob.contacts.get(ALICE)?.status).toBe("NLN");
    expect(alice.contacts.get(BOB)?.displayName).toBe("Bob é B");
    const heard = hearing(bob);
    await alice.conversation(BOB).sendText("à bientôt");
    await heard.until(1);
    await bob.conversation(ALICE).sendNudge();
    const typing = next(bob, "typing");
    await alice.conversation(BOB).sendTyping();
    expect((await typing)[0].from).toBe(ALICE);
    expect(heard.lines).toEqual(["alice: à bientôt"]);
  });
});
