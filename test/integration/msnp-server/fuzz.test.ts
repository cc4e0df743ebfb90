import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases } from "../../support/property.ts";
import { enter } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { BOB, enter11, GROUP, openNetwork } from "./scene.ts";

const RUNS = cases(60, 3000);

const COMMANDS =
  "VER CVR USR INF SYN GTC BLP PRP SBP ADG REG RMG ADC ADD REM REA ADL RML FQY CHG UUX PNG GCF URL SND SDC VAS QRY XFR IMS UUN UUM ANS CAL MSG PUT FND LST".split(
    " ",
  );
const WITH_PAYLOAD = new Set("MSG QRY SDC UUX ADL RML FQY UUN UUM VAS PUT".split(" "));

const word = fc.oneof(
  fc.constantFrom(
    ...["FL", "AL", "BL", "RL", "PL", "NLN", "HDN", "XXX", "MFN", "PHH", "MOB", "SB", "NS", "ON", "A", "U", "N", "S"],
    ...[
      "0",
      "1",
      "2788999228:48",
      "bob@example.com",
      "N=dave@example.com",
      `C=${BOB}`,
      BOB,
      GROUP,
      "%",
      "%00",
      "%0D%0A",
    ],
    ...[
      "nobody@example.com",
      "alice@example.com",
      "N=alice@example.com",
      "SSO",
      "TWN",
      "MD5",
      "SHA",
      "__proto__",
      "constructor",
    ],
  ),
  fc.string({ maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const payload = fc.oneof(
  fc.constantFrom(
    "",
    "<ml/>",
    '<ml><d n="example.com"><c n="dave" l="7" t="1"/></d></ml>',
    '<ml><d n="example.com"><c n="alice" l="3" t="1"/></d></ml>',
    "<Data><PSM>x</PSM><State>NLN</State></Data>",
    "Content-Type: text/plain\r\n\r\nx",
  ),
  fc.string({ maxLength: 60 }),
);
const command = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.nat(99), fc.array(word, { maxLength: 5 }), payload)
  .map(([name, trid, args, body]) => {
    const head = [name, trid, ...args].join(" ");
    return WITH_PAYLOAD.has(name) ? `${head} ${Buffer.byteLength(body)}\r\n${body}` : `${head}\r\n`;
  });
const noise = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

describe("Whatever a client sends, the network lives on", () => {
  test("commands that make no sense, and noise, hurt nobody but their sender", async () => {
    await using network = await openNetwork();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("MSNP2", "MSNP8", "MSNP11", "MSNP18", "nobody", "board"),
        fc.array(fc.oneof({ arbitrary: command, weight: 9 }, { arbitrary: noise, weight: 1 }), { maxLength: 12 }),
        async (kind, pieces) => {
          const client = kind.startsWith("MSNP")
            ? await enter(network, "alice", kind)
            : await RawClient.open(kind === "board" ? network.ports.sb : network.ports.ns);
          for (const piece of pieces) client.bytes(Buffer.from(piece));
          client.say("OUT", "OUT");
          await client.hangUp();
        },
      ),
      RUNS,
    );
    const carol = await enter11(network, "carol");
    await carol.hearsNothing();
    await expect.poll(() => network.load.boards).toBe(0);
  });
});
