import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MsnClientOptions } from "../../../../src/msnp/index.ts";
import type { HttpFault } from "../../../../src/msnp/server/index.ts";
import { ALICE, BOB, CAROL, eventually, hearing, next, Stage } from "../stage.ts";

const BY_GATEWAY: Partial<MsnClientOptions> = {
  transports: ["gateway"],
  gateway: { poll: 50 },
  timeouts: { refresh: 20, settle: 300 },
};

describe("MSNP21 through the HTTP gateway", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it("signs in, talks, and knows what did not arrive without asking for it", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP21", BY_GATEWAY);
    const bob = await stage.signedIn(BOB, "MSNP21", BY_GATEWAY);
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
    const heard = hearing(bob);
    await alice.conversation(BOB).sendText("through the gateway");
    await heard.until(1);
    expect(heard.lines).toEqual(["alice: through the gateway"]);
    await bob.signOut();
    await eventually(() => alice.contacts.get(BOB)?.status).toBe("FLN");
    await expect(alice.conversation(BOB).sendText("there?")).rejects.toMatchObject({ code: "peer-offline" });
    expect(stage.trace.filter((line) => line.includes(">>> PNG"))).toEqual([]);
  });

  it("takes nothing for sent that has not left, or whose refusal is still on its way", async () => {
    const slow = { ...BY_GATEWAY, timeouts: { refresh: 20, settle: 100, request: 1000 } };
    const alice = await stage.signedIn(ALICE, "MSNP21", slow);
    const send = (fault: HttpFault): void => {
      stage.network.faults.arm({ place: "HTTP", at: "gateway-send", times: "always", fault });
    };
    send({ kind: "delay", ms: 400 });
    await expect(alice.conversation(BOB).sendText("there?")).rejects.toMatchObject({ code: "peer-offline" });
    stage.network.faults.disarmAll();
    send({ kind: "stall" });
    await expect(alice.conversation(BOB).sendText("there?")).rejects.toMatchObject({ certainty: "maybe-sent" });
  });

  it("leaves nothing for somebody at MSNP18 that has not left itself", async () => {
    const slow = { ...BY_GATEWAY, timeouts: { refresh: 20, settle: 100, request: 1000 } };
    const alice = await stage.signedIn(ALICE, "MSNP18", slow);
    stage.network.faults.arm({ place: "HTTP", at: "gateway-send", times: "always", fault: { kind: "stall" } });
    await expect(alice.offline.send(BOB, "later")).rejects.toMatchObject({ certainty: "maybe-sent" });
  });

  it("has groups there, too", async () => {
    const [alice, bob, carol] = [
      await stage.signedIn(ALICE, "MSNP21", BY_GATEWAY),
      await stage.signedIn(BOB, "MSNP21", BY_GATEWAY),
      await stage.signedIn(CAROL, "MSNP21"),
    ];
    const called = [bob, carol].map((person) => next(person, "conversation"));
    const group = await alice.startGroup([BOB, CAROL]);
    await Promise.all(called);
    await eventually(() => group.members.size).toBe(2);
    const heard = [hearing(bob), hearing(carol)];
    await group.sendText("hello both");
    await Promise.all(heard.map((one) => one.until(1)));
  });
});
