import { expect, test } from "vitest";
import { generator } from "../../../bench/lib/random.ts";
import { readBook } from "../../fixtures/msnp21/book.ts";
import { isLong, toldSeed } from "../../support/property.ts";
import { circleClient18 } from "./circle-scene.ts";
import { A1, ALICE, B0, BOB, isQuiet, message, online21, openLateNetwork } from "./late-scene.ts";
import type { RawClient } from "./raw-client.ts";

const ROUNDS = isLong ? 20_000 : 300;

/** The payload with some bytes changed, taken out, or put in twice. */
function spoil(payload: Buffer, next: () => number): Buffer {
  const bytes = [...payload];
  for (let times = next() % 6; times >= 0; times--) {
    const at = next() % Math.max(bytes.length, 1);
    switch (next() % 4) {
      case 0:
        bytes[at] = next() % 256;
        break;
      case 1:
        bytes.splice(at, next() % 20);
        break;
      case 2:
        bytes.splice(at, 0, ...bytes.slice(at, at + (next() % 20)));
        break;
      default:
        bytes.splice(at, 0, 13, 10);
    }
  }
  return Buffer.from(bytes);
}

const SENT = [...readBook("transcript"), ...readBook("samples")].filter(
  ({ from, line, payload }) => from === "client" && payload !== undefined && /^(SDG|PUT|DEL)/.test(line),
);

/** Lists are left out: what is wrong with them ends the connection. */
async function noise(client: RawClient, rounds: number): Promise<void> {
  const random = generator(toldSeed());
  const next = (): number => Math.floor(random() * 1e9);
  for (let round = 0; round < rounds; round++) {
    const { line, payload } = SENT[next() % SENT.length] ?? { line: "", payload: undefined };
    client.sayPayload(line.replace(/ \d+$/, ""), spoil(payload ?? Buffer.alloc(0), next));
    if (round % 100 === 99) await drained(client);
  }
  await drained(client);
}

/** Reads everything; the connection must still be there. */
async function drained(client: RawClient): Promise<void> {
  client.say("PNG");
  for (let line = ""; !line.startsWith("QNG"); ) ({ line } = await client.next());
}

test("spoiled publications and messages hurt nobody at MSNP21", async () => {
  await using network = await openLateNetwork({ limits: { transcriptLines: 0 } });
  const bob = await online21(network, BOB, B0);
  const alice = await online21(network, ALICE, A1);
  await noise(alice.client, ROUNDS);
  await drained(bob.client);
  alice.client.sayPayload("SDG 5", message(alice, `1:${BOB}`, "Text", "all is well"));
  const [text] = await bob.client.hears("SDG 0 <length>");
  expect(text?.payload?.endsWith("all is well")).toBe(true);
  await isQuiet(bob);
});

test("spoiled publications and messages hurt nobody at MSNP18", async () => {
  await using network = await openLateNetwork({ limits: { transcriptLines: 0 } });
  const { client } = await circleClient18(network, "alice", A1);
  await noise(client, ROUNDS);
});
