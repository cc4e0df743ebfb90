import { describe, expect, test } from "vitest";
import { answerChallenge } from "../../../src/msnp/auth/challenge.ts";
import { EVERY_VERSION, enter, lastArgument, settled, statusLine } from "./book.ts";
import type { RawClient } from "./raw-client.ts";
import { openNetwork, untilLine } from "./scene.ts";

const OLD = { id: "msmsgs@msnmsgr.com", key: "Q1P7W2E4J9R8U3S5" };
const MSN7 = { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" };
const WLM8 = { id: "PROD01065C%ZFN6F", key: "O4BG@C7BWLYQX?5G" };
const WLM81 = { id: "PROD0113H11T8$X_", key: "RG@XY*28Q5QHS%Q5" };

/** The challenge that follows the first CHG. */
async function challenged(client: RawClient, dialect: string): Promise<string> {
  client.say(statusLine(dialect, 5, "NLN"));
  const line = await untilLine(client, "CHL 0 ");
  return lastArgument({ line, payload: undefined });
}

describe("Challenges of each version, where the server sends them (msnp-core §4)", () => {
  for (const [versions, kind, product, foreign] of [
    [EVERY_VERSION.slice(4, 9), "md5", OLD, MSN7],
    [EVERY_VERSION.slice(9, 11), "msnp11", MSN7, OLD],
    [EVERY_VERSION.slice(11, 13), "msnp11", WLM8, MSN7],
    [EVERY_VERSION.slice(13), "msnp11", WLM81, WLM8],
  ] as const) {
    for (const dialect of versions) {
      test(`${dialect}: ${product.id} answers, ${foreign.id} is of another time`, async () => {
        await using network = await openNetwork({ quirks: { challenges: true } });
        const alice = await enter(network, "alice", dialect);
        const digits = await challenged(alice, dialect);
        expect(digits).toMatch(/^[1-9]\d{19}$/);
        alice.sayPayload(`QRY 10 ${product.id}`, answerChallenge(kind, digits, product));
        await untilLine(alice, "QRY 10");
        const bob = await enter(network, "bob", dialect);
        const others = await challenged(bob, dialect);
        bob.sayPayload(`QRY 10 ${foreign.id}`, answerChallenge(kind, others, foreign));
        await untilLine(bob, "540 10");
        await bob.ends();
      });
    }
  }

  test("until MSNP5 there are none, and an answer to none gets none", async () => {
    await using network = await openNetwork({ quirks: { challenges: true } });
    for (const dialect of EVERY_VERSION.slice(0, 4)) {
      const alice = await enter(network, "alice", dialect);
      alice.say("CHG 5 NLN");
      alice.sayPayload(`QRY 6 ${OLD.id}`, "0".repeat(32));
      expect(await settled(alice), dialect).toEqual(["CHG 5 NLN"]);
      await alice.hangUp();
    }
  });
});
