import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { readBook } from "../../../fixtures/msnp21/book.ts";
import { isLong, toldSeed } from "../../../support/property.ts";
import { eventually, hearing } from "../stage.ts";
import { bookClient, bytesOf, command } from "./book-server.ts";

const COUNT = isLong ? 100_000 : 500;
/** T42 is on bob's connection: on alice's it would sign her out. */
const envelopes = readBook("transcript").filter(
  ({ from, line, step }) => from === "server" && /^(NFY|SDG) /.test(line) && step !== "T42",
);

/** An envelope of the book with some bytes changed, cut out or doubled. */
const broken = fc
  .record({
    envelope: fc.constantFrom(...envelopes),
    at: fc.nat(1200),
    taken: fc.nat(40),
    put: fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("\r\n\r\n", ":", ";", "<", "9:x@live.com"),
    ),
  })
  .map(({ envelope: { line, payload = Buffer.alloc(0) }, at, taken, put }) => {
    const head = payload.subarray(0, at);
    const bytes = Buffer.concat([head, Buffer.from(put), payload.subarray(head.length + taken)]);
    const words = line.split(" ").slice(0, -1);
    // Sent as text: what is no UTF-8 becomes a replacement character, whose bytes count.
    const text = bytes.toString("utf8");
    return `${[...words, Buffer.byteLength(text)].join(" ")}\r\n${text}`;
  });

describe("a session at MSNP21", () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  it("outlives whatever comes in envelopes", { timeout: 600_000 }, async () => {
    const errors: unknown[] = [];
    const session = await bookClient({}, { onListenerError: (error) => errors.push(error) });
    close = session.close;
    const { client, server } = session;
    await client.signIn();
    const said = hearing(client);
    for (const bytes of fc.sample(broken, { numRuns: COUNT, seed: toldSeed() })) server.say(bytes);
    server.say(bytesOf(command("T16", "server")));
    await eventually(() => said.lines.at(-1)).toBe("bob: hi alice");
    expect(client.state).toBe("signed-in");
    expect(errors).toEqual([]);
  });
});
