import { describe, expect, test } from "vitest";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { EVERY_VERSION, enter, guidOf, online, play, settled, statusLine } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { answerRing, emailOf, openBoard, openNetwork, untilLine } from "./scene.ts";

const OBJECT = "%3Cmsnobj%20Creator%3D%22bob%40example.com%22%2F%3E";
const NONE = "%3Cmsnobj%2F%3E";
const BOB = guidOf("bob");

interface Forms {
  readonly versions: readonly string[];
  /** Behind `NLN BSY` and the like; capabilities and object of a bob who signed in at MSNP18. */
  readonly person: string;
  readonly initial: "ILN 5" | "NLN";
  readonly offline: string;
  /** The head of UBX and its payload, for a bob with the message "a & b \ c". */
  readonly ubx?: readonly [head: string, payload: string];
}

const places = `<EndpointData id="{${BOB}}"><Capabilities>2788999228:48</Capabilities></EndpointData>`;
const media = "<CurrentMedia></CurrentMedia>";

/** The table of presence lines, one row for each family (source: msnp-core §6.3, §6.5). */
const FORMS: readonly Forms[] = [
  {
    versions: ["MSNP2", "MSNP3", "MSNP4", "MSNP5", "MSNP6", "MSNP7"],
    person: "bob@example.com Bob%20B",
    initial: "ILN 5",
    offline: "FLN bob@example.com",
  },
  {
    versions: ["MSNP8"],
    person: "bob@example.com Bob%20B 2788999228",
    initial: "ILN 5",
    offline: "FLN bob@example.com",
  },
  {
    versions: ["MSNP9", "MSNP10"],
    person: `bob@example.com Bob%20B 2788999228 ${OBJECT}`,
    initial: "ILN 5",
    offline: "FLN bob@example.com",
  },
  {
    versions: ["MSNP11", "MSNP12"],
    person: `bob@example.com Bob%20B 2788999228 ${OBJECT}`,
    initial: "ILN 5",
    offline: "FLN bob@example.com",
    ubx: ["UBX bob@example.com", `<Data><PSM>a &amp; b \\ c</PSM>${media}</Data>`],
  },
  {
    versions: ["MSNP13"],
    person: `bob@example.com Bob%20B 2788999228 ${OBJECT}`,
    initial: "ILN 5",
    offline: "FLN bob@example.com",
    ubx: ["UBX bob@example.com", `<Data><PSM>a &#x26; b \\ c</PSM>${media}</Data>`],
  },
  {
    versions: ["MSNP14", "MSNP15"],
    person: `bob@example.com 1 Bob%20B 2788999228 ${OBJECT}`,
    initial: "ILN 5",
    offline: "FLN bob@example.com 1 0",
    ubx: ["UBX bob@example.com 1", `<Data><PSM>a &#x26; b \\ c</PSM>${media}</Data>`],
  },
  {
    versions: ["MSNP16", "MSNP17"],
    person: `bob@example.com 1 Bob%20B 2788999228:48 ${OBJECT}`,
    initial: "ILN 5",
    offline: "FLN bob@example.com 1 0:0",
    ubx: [
      "UBX bob@example.com 1",
      `<Data><PSM>a &#x26; b &#x5C; c</PSM>${media}<SignatureSound></SignatureSound>${places}</Data>`,
    ],
  },
  {
    versions: ["MSNP18"],
    person: `1:bob@example.com Bob%20B 2788999228:48 ${OBJECT}`,
    initial: "NLN",
    offline: "FLN 1:bob@example.com 0:0",
    ubx: [
      "UBX 1:bob@example.com",
      `<Data><PSM>a &#x26; b &#x5C; c</PSM>${media}<DDP></DDP><SignatureSound></SignatureSound><Scene></Scene><ColorScheme></ColorScheme>${places}</Data>`,
    ],
  },
];

/** bob at MSNP18 with a picture and a message. */
async function bobWithMessage(network: MsnNetwork): Promise<RawClient> {
  const bob = await enter(network, "bob", "MSNP18");
  bob.say(`CHG 5 NLN 2788999228:48 ${OBJECT}`);
  bob.sayPayload("UUX 6", "<Data><PSM>a &amp; b \\ c</PSM><CurrentMedia></CurrentMedia></Data>");
  await untilLine(bob, "UUX 6 0");
  return bob;
}

describe("One person, as each version sees them (msnp-core §6.3)", () => {
  test("the table has every version", () => {
    expect(FORMS.flatMap(({ versions }) => versions)).toEqual(EVERY_VERSION);
  });

  for (const { versions, person, initial, offline, ubx } of FORMS) {
    for (const dialect of versions) {
      test(`${dialect}: there, away, and gone`, async () => {
        await using network = await openNetwork();
        const bob = await bobWithMessage(network);
        const alice = await online(network, "alice", dialect);
        const heard = async (line: string, withUbx: boolean): Promise<void> => {
          await alice.hears(line);
          if (ubx === undefined || !withUbx) return;
          const [info] = await alice.hears(`${ubx[0]} ${Buffer.byteLength(ubx[1])}`);
          expect(info?.payload).toBe(ubx[1]);
        };
        await heard(`${initial} NLN ${person}`, true);
        await settled(alice);
        bob.say(`CHG 7 AWY 2788999228:48 ${OBJECT}`);
        await heard(`NLN AWY ${person}`, ["MSNP16", "MSNP17", "MSNP18"].includes(dialect));
        bob.say("OUT");
        await alice.hears(offline);
      });
    }
  }

  test("somebody whose own version knows no capabilities has none, whoever looks", async () => {
    await using network = await openNetwork();
    await online(network, "bob", "MSNP2");
    for (const [dialect, line] of [
      ["MSNP2", "ILN 5 NLN bob@example.com Bob%20B"],
      ["MSNP8", "ILN 5 NLN bob@example.com Bob%20B 0"],
      ["MSNP15", `ILN 5 NLN bob@example.com 1 Bob%20B 0 ${NONE}`],
      ["MSNP18", `NLN NLN 1:bob@example.com Bob%20B 0:0 ${NONE}`],
    ] as const) {
      const alice = await online(network, "alice", dialect);
      await alice.hears(line);
      await alice.hangUp();
    }
  });
});

interface RosterForms {
  readonly versions: readonly string[];
  readonly transferTail: string;
  readonly ringTail: string;
  readonly capabilities: string;
  readonly endpoints: boolean;
}

/** The table of switchboard lines, one row for each family (source: msnp-core §1.8, §7.3, msnp-chat §1.4). */
const ROSTERS: readonly RosterForms[] = [
  { versions: EVERY_VERSION.slice(0, 10), transferTail: "", ringTail: "", capabilities: "", endpoints: false },
  { versions: ["MSNP12"], transferTail: "", ringTail: "", capabilities: " 1073741824", endpoints: false },
  {
    versions: ["MSNP13"],
    transferTail: " U messenger.msn.com",
    ringTail: " U messenger.hotmail.com",
    capabilities: " 1073741824",
    endpoints: false,
  },
  {
    versions: ["MSNP14", "MSNP15"],
    transferTail: " U messenger.msn.com 1",
    ringTail: " U messenger.hotmail.com 1",
    capabilities: " 1073741824",
    endpoints: false,
  },
  {
    versions: ["MSNP16", "MSNP17", "MSNP18"],
    transferTail: " U messenger.msn.com 1",
    ringTail: " U messenger.hotmail.com 1",
    capabilities: " 2788999228:48",
    endpoints: true,
  },
];

describe("Three people on a switchboard of each version (msnp-chat §1.4)", () => {
  test("the table has every version", () => {
    expect(ROSTERS.flatMap(({ versions }) => versions)).toEqual(EVERY_VERSION);
  });

  for (const { versions, transferTail, ringTail, capabilities, endpoints } of ROSTERS) {
    for (const dialect of versions) {
      test(`${dialect}: called, joined in order, left`, async () => {
        await using network = await openNetwork();
        const names = { alice: "Alice%20A", bob: "Bob%20B", carol: "Carol" } as const;
        type Name = keyof typeof names;
        const address = (name: Name): string => emailOf(name) + (endpoints ? `;{${guidOf(name)}}` : "");
        const lines = (name: Name): string[] => {
          const plain = `${emailOf(name)} ${names[name]}${capabilities}`;
          return endpoints ? [`${address(name)} ${names[name]}${capabilities}`, plain] : [plain];
        };
        const joi = (name: Name): string[] => lines(name).map((line) => `JOI ${line}`);
        const iro = (...people: Name[]): string[] => {
          const all = people.flatMap(lines);
          const roster = all.map((line, index) => `IRO 1 ${index + 1} ${all.length} ${line}`);
          return [...roster, "ANS 1 OK"];
        };
        const welcome = (name: Name): string[] => (endpoints ? joi(name).slice(1) : []);
        const bye = (name: Name): string[] =>
          endpoints ? [`BYE ${address(name)}`, `BYE ${emailOf(name)}`] : [`BYE ${emailOf(name)}`];

        const alice = await online(network, "alice", dialect);
        const bob = await online(network, "bob", dialect);
        const carol = await online(network, "carol", dialect);
        alice.say("XFR 7 SB");
        const transfer = await untilLine(alice, "XFR 7");
        const cookie = transfer.split(" ")[5];
        expect(transfer).toBe(`XFR 7 SB 127.0.0.1:${network.ports.sb} CKI ${cookie}${transferTail}`);
        const first = await RawClient.open(network.ports.sb, "alice's board");
        first.say(`USR 1 ${address("alice")} ${cookie}`, "CAL 2 bob@example.com");
        await first.hears(`USR 1 OK ${address("alice")} Alice%20A`, "CAL 2 RINGING <id>");
        const ring = await untilLine(bob, "RNG");
        const [, id, , , token] = ring.split(" ");
        expect(ring).toBe(
          `RNG ${id} 127.0.0.1:${network.ports.sb} CKI ${token} alice@example.com Alice%20A${ringTail}`,
        );
        const second = await RawClient.open(network.ports.sb, "bob's board");
        second.say(`ANS 1 ${address("bob")} ${token} ${id}`);
        await second.hears(...iro("alice"), ...welcome("bob"));
        await first.hears(...joi("bob"));
        second.say("CAL 2 carol@example.com");
        await second.hears("CAL 2 RINGING <id>");
        const { board: third } = await answerRing(network, carol, address("carol"));
        await third.hears(...iro("alice", "bob"), ...welcome("carol"));
        await first.hears(...joi("carol"));
        await second.hears(...joi("carol"));
        first.say("OUT");
        await second.hears(...bye("alice"));
        await third.hears(...bye("alice"));
        third.close();
        await second.hears(...bye("carol"));
        await second.hangUp();
        await expect.poll(() => network.load.boards).toBe(0);
      });
    }
  }

  test("people of very different versions are together, each reading lines of their own", async () => {
    await using network = await openNetwork();
    const alice = await online(network, "alice", "MSNP2");
    const bob = await online(network, "bob", "MSNP18");
    const carol = await online(network, "carol", "MSNP12");
    const first = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    first.say("CAL 2 bob@example.com", "CAL 3 carol@example.com");
    await first.hears("CAL 2 RINGING <id>", "CAL 3 RINGING <id>");
    const { board: second } = await answerRing(network, bob, `bob@example.com;{${BOB}}`);
    await second.hears("IRO 1 1 1 alice@example.com Alice%20A 0:0", "ANS 1 OK");
    await second.hears("JOI bob@example.com Bob%20B 2788999228:48");
    await first.hears("JOI bob@example.com Bob%20B");
    const { board: third } = await answerRing(network, carol, "carol@example.com");
    await third.hears(
      "IRO 1 1 2 alice@example.com Alice%20A 0",
      "IRO 1 2 2 bob@example.com Bob%20B 2788999228",
      "ANS 1 OK",
    );
    await first.hears("JOI carol@example.com Carol");
    await second.hears("JOI carol@example.com Carol 1073741824:0");
    await second.hangUp();
    await first.hears("BYE bob@example.com");
    await third.hears("BYE bob@example.com");
  });
});

describe("Small things that differ from version to version", () => {
  test("PNG is answered without a number until MSNP8", async () => {
    await using network = await openNetwork();
    for (const dialect of EVERY_VERSION) {
      const alice = await online(network, "alice", dialect);
      alice.say("PNG");
      const old = EVERY_VERSION.indexOf(dialect) < EVERY_VERSION.indexOf("MSNP9");
      expect(await untilLine(alice, "QNG"), dialect).toBe(old ? "QNG" : "QNG 60");
      await alice.hangUp();
    }
  });

  test("CHG is repeated with what this version knows, and without capabilities only where there are none", async () => {
    await using network = await openNetwork();
    for (const [dialect, said, echoed] of [
      ["MSNP2", "CHG 5 BSY", "CHG 5 BSY"],
      ["MSNP8", "CHG 5 BSY 12", "CHG 5 BSY 12"],
      ["MSNP8", `CHG 5 BSY 12 ${OBJECT}`, "CHG 5 BSY 12"],
      ["MSNP9", `CHG 5 BSY 12 ${OBJECT}`, `CHG 5 BSY 12 ${OBJECT}`],
      ["MSNP18", `CHG 5 BSY 12:3 ${OBJECT}`, `CHG 5 BSY 12:3 ${OBJECT}`],
    ] as const) {
      const alice = await enter(network, "alice", dialect);
      await play(alice, `>>> ${said}\n<<< ${echoed}`);
      await alice.hangUp();
    }
    for (const dialect of ["MSNP8", "MSNP12", "MSNP18"]) {
      const alice = await enter(network, "alice", dialect);
      alice.say("CHG 5 BSY");
      expect(await settled(alice), dialect).toEqual([]);
      await alice.hangUp();
    }
  });

  test("the mailbox is told from MSNP11 on", async () => {
    await using network = await openNetwork();
    for (const [dialect, told] of [
      ["MSNP2", []],
      ["MSNP10", []],
      ["MSNP11", ["MSG Hotmail Hotmail 195"]],
      ["MSNP15", ["MSG Hotmail Hotmail 195"]],
    ] as const) {
      const alice = await enter(network, "alice", dialect);
      alice.say(statusLine(dialect, 5, "NLN"));
      expect((await settled(alice)).slice(1), dialect).toEqual(told);
      await alice.hangUp();
    }
  });

  test("a board while hidden is refused until MSNP12", async () => {
    await using network = await openNetwork();
    for (const [dialect, answer] of [
      ["MSNP2", "913 7"],
      ["MSNP12", "913 7"],
      ["MSNP13", "XFR 7 SB"],
    ] as const) {
      const alice = await online(network, "alice", dialect, "HDN");
      alice.say("XFR 7 SB");
      await untilLine(alice, answer);
      await alice.hangUp();
    }
  });

  test("whoever signs in with an old version takes the place of the other, whatever that spoke", async () => {
    await using network = await openNetwork();
    let before = await enter(network, "alice", "MSNP18");
    for (const dialect of ["MSNP2", "MSNP8", "MSNP16", "MSNP7"]) {
      const next = await enter(network, "alice", dialect);
      await before.hears("OUT OTH");
      await before.isClosed();
      before = next;
    }
  });

  test("a redirect has the tail of its version", async () => {
    await using network = await openNetwork();
    for (const [dialect, kind, tail] of [
      ["MSNP2", "MD5", ""],
      ["MSNP3", "MD5", " 0"],
      ["MSNP6", "MD5", " 0"],
      ["MSNP7", "MD5", ` 0 127.0.0.1:${network.ports.ns}`],
      ["MSNP12", "TWN", ` 0 127.0.0.1:${network.ports.ns}`],
      ["MSNP13", "TWN", " U D"],
      ["MSNP18", "SSO", " U D"],
    ] as const) {
      network.faults.arm({
        place: "NS",
        at: "USR",
        fault: { kind: "redirect", to: { host: "10.0.0.5", port: 1863 } },
      });
      const client = await RawClient.open(network.ports.ns, dialect);
      await play(
        client,
        `
>>> VER 1 ${dialect}
<<< VER 1 ${dialect}
>>> USR 4 ${kind} I alice@example.com
<<< XFR 4 NS 10.0.0.5:1863${tail}`,
      );
      await client.isClosed();
    }
  });
});
