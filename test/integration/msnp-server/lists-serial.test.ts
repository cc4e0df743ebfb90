import { describe, expect, test } from "vitest";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { enter, online, play, settled } from "./book.ts";
import type { RawClient } from "./raw-client.ts";
import { CAROL, GROUP, openNetwork } from "./scene.ts";

const UNTIL_9 = ["MSNP2", "MSNP3", "MSNP4", "MSNP5", "MSNP6", "MSNP7", "MSNP8", "MSNP9"];

/** alice with her lists fetched and everything read; the serial is 1 from here on. */
async function synchronised(network: MsnNetwork, dialect: string): Promise<RawClient> {
  const alice = await online(network, "alice", dialect);
  alice.say("SYN 6 0");
  await settled(alice);
  return alice;
}

describe("Lists with serials, MSNP2-9 (msnp-core §5.2-5.5)", () => {
  test("adding, as the book has it: serial, phones, presence, and the other side is told", async () => {
    for (const dialect of ["MSNP5", "MSNP7", "MSNP8", "MSNP9"]) {
      await using network = await openNetwork();
      const carol = await online(network, "carol", dialect);
      const alice = await synchronised(network, dialect);
      await settled(carol);
      const [presence] = [{ MSNP8: " 1073741824", MSNP9: " 1073741824 %3Cmsnobj%2F%3E" }[dialect] ?? ""];
      await play(
        alice,
        `
>>> GTC 7 N
<<< GTC 7 2 N
>>> BLP 8 BL
<<< BLP 8 3 BL
>>> ADD 15 FL carol@example.com Carol%20C
<<< ADD 15 FL 4 carol@example.com Carol%20C
<<< BPR 4 carol@example.com PHH
<<< BPR 4 carol@example.com PHW
<<< BPR 4 carol@example.com PHM
<<< BPR 4 carol@example.com MOB N
<<< ILN 15 NLN carol@example.com Carol${presence}
>>> ADD 16 AL carol@example.com Carol
<<< ADD 16 AL 5 carol@example.com Carol
>>> ADD 17 FL carol@example.com Carol%20C 1
<<< ADD 17 FL 6 carol@example.com Carol%20C 1
>>> ADD 18 FL carol@example.com Carol%20C 1
<<< 215 18
>>> REM 23 FL carol@example.com 1
<<< REM 23 FL 7 carol@example.com 1
>>> REM 24 FL carol@example.com
<<< 216 24  # gone all the same
>>> REM 25 AL carol@example.com
<<< REM 25 AL 8 carol@example.com`,
      );
      await carol.hears("ADD 0 RL 1 alice@example.com Alice%20A");
      const notice = dialect === "MSNP8" || dialect === "MSNP9" ? ["NOT <length>"] : [];
      await carol.hears(...notice);
      expect(
        (await settled(carol)).filter((line) => line.startsWith("REM")),
        dialect,
      ).toEqual(["REM 0 RL 2 alice@example.com"]);
    }
  });

  test("MSNP2-4 know no phones: none with a contact, and PRP is the end", async () => {
    for (const dialect of ["MSNP2", "MSNP3", "MSNP4"]) {
      await using network = await openNetwork();
      await online(network, "carol", "MSNP12");
      const alice = await synchronised(network, dialect);
      await play(
        alice,
        `
>>> ADD 15 FL carol@example.com Carol%20C
<<< ADD 15 FL 2 carol@example.com Carol%20C
<<< ILN 15 NLN carol@example.com Carol
>>> PRP 16 PHH 123`,
      );
      await alice.isClosed();
    }
  });

  test("counting goes on from the version that the client names; one that is no number gets no answer", async () => {
    await using network = await openNetwork();
    const alice = await enter(network, "alice", "MSNP8");
    alice.say("SYN 6 abc", "SYN 7", "SYN 8 41");
    await alice.hears("SYN 8 42 2 2");
    await settled(alice);
    await play(alice, ">>> GTC 9 A\n<<< GTC 9 43 A");
  });

  test("errors: no address, nobody, not on the list; RL cannot be written", async () => {
    for (const dialect of UNTIL_9) {
      await using network = await openNetwork();
      const alice = await synchronised(network, dialect);
      await play(
        alice,
        `
>>> ADD 11 AL nonsense x
<<< 201 11
>>> ADD 12 AL nobody@example.com x
<<< 205 12
>>> REM 13 AL carol@example.com
<<< 216 13
>>> REM 14 FL nobody@example.com
<<< 205 14
>>> REM 15 AL dave@example.com
<<< 205 15
>>> ADD 16 FL bob@example.com Bob 99
<<< 224 16
>>> ADD 17 XX bob@example.com Bob
>>> ADD 18 PL bob@example.com Bob
>>> GTC 19 N
<<< GTC 19 2 N
>>> GTC 20 N
<<< 218 20
>>> BLP 21 AL
<<< BLP 21 3 AL
>>> BLP 22 AL
<<< 218 22
>>> ADD 23 RL carol@example.com Carol`,
      );
      await alice.isClosed();
    }
  });

  test("groups have small numbers, the smallest that is free; the one of all others stays", async () => {
    await using network = await openNetwork();
    const alice = await synchronised(network, "MSNP7");
    await play(
      alice,
      `
>>> ADG 10 Family 0
<<< ADG 10 2 Family 2 0
>>> ADG 11 Family 0
<<< 228 11
>>> REG 13 2 Kin 0
<<< REG 13 3 2 Kin 0
>>> REG 14 0 Kin 0
<<< 224 14
>>> REG 15 ${GROUP} Kin 0
<<< 224 15
>>> RMG 26 1
<<< RMG 26 4 1
>>> RMG 27 0
<<< 224 27
>>> ADG 28 Work 0
<<< ADG 28 5 Work 1 0
>>> SYN 30 5
<<< SYN 30 6
<<< GTC 30 6 A
<<< BLP 30 6 AL
<<< LSG 30 6 1 3 0 Other%20Contacts 0
<<< LSG 30 6 2 3 2 Kin 0
<<< LSG 30 6 3 3 1 Work 0
<<< LST 30 FL 6 1 1 bob@example.com Bob%20B 0`,
    );
  });

  test("the name is changed by REA, everybody sees it, and PRP MFN is refused", async () => {
    await using network = await openNetwork();
    const bob = await online(network, "bob", "MSNP9");
    const alice = await synchronised(network, "MSNP9");
    await settled(bob);
    await play(
      alice,
      `
>>> REA 7 alice@example.com Al%20Ice
<<< REA 7 2 alice@example.com Al%20Ice
>>> REA 8 bob@example.com Bobby
<<< REA 8 3 bob@example.com Bobby
>>> PRP 9 MFN Alicia
<<< 715 9
>>> REA 10 alice@example.com`,
    );
    await bob.hears("NLN NLN alice@example.com Al%20Ice 1073741824 %3Cmsnobj%2F%3E");
    expect(network.account("alice@example.com").displayName).toBe("Al Ice");
    expect(await settled(alice)).toEqual([]);
  });

  test("where names have a limit, a longer one is refused with 209", async () => {
    await using network = await openNetwork({ quirks: { refusesLongNames: true } });
    const alice = await enter(network, "alice", "MSNP7");
    alice.say(`REA 7 alice@example.com ${"x".repeat(388)}`);
    await alice.hears("209 7");
  });

  test("phones are counted, too, and reach those who have fetched their lists", async () => {
    await using network = await openNetwork();
    const bob = await online(network, "bob", "MSNP7");
    const alice = await synchronised(network, "MSNP7");
    bob.say("SYN 6 0");
    await settled(bob);
    await play(
      alice,
      `
>>> PRP 7 PHH 555%201234
<<< PRP 7 2 PHH 555%201234
>>> PRP 8 MBE N
<<< PRP 8 3 MBE N
>>> PRP 9 MOB Y
<<< PRP 9 4 MOB N
>>> PRP 10 PHH
<<< PRP 10 5 PHH
>>> PRP 11 HSB 1
<<< PRP 11 6 HSB 1`,
    );
    await bob.hears("BPR 2 alice@example.com PHH 555%201234", "BPR 3 alice@example.com MBE N");
  });

  test("phones in the answer to SYN lack transaction id and address until MSNP7, and the serial from 8 on", async () => {
    await using network = await openNetwork();
    const bob = await enter(network, "bob", "MSNP12");
    await play(bob, ">>> PRP 5 PHM 77\n<<< PRP 5 PHM 77");
    for (const [dialect, own, theirs] of [
      ["MSNP5", "PRP 1 PHH 1", "BPR 1 PHM 77"],
      ["MSNP7", "PRP 1 PHH 1", "BPR 1 PHM 77"],
      ["MSNP8", "PRP PHH 1", "BPR PHM 77"],
      ["MSNP9", "PRP PHH 1", "BPR PHM 77"],
    ] as const) {
      const alice = await enter(network, "alice", dialect);
      alice.say("PRP 5 PHH 1", "SYN 6 0");
      const lines = await settled(alice);
      expect(lines, dialect).toContain(own);
      expect(lines.indexOf(theirs), dialect).toBe(lines.findIndex((line) => /^LST.*bob@/.test(line)) + 1);
      await alice.hangUp();
    }
  });

  test("whoever was told by ADD waits no longer: a newer version finds them on RL, not on PL", async () => {
    await using network = await openNetwork();
    const dave = await online(network, "dave", "MSNP7");
    const alice = await synchronised(network, "MSNP8");
    await play(alice, ">>> ADD 7 FL dave@example.com Davy\n<<< ADD 7 FL 2 dave@example.com Davy");
    await dave.hears("ADD 0 RL 1 alice@example.com Alice%20A");
    await dave.hangUp();
    const again = await enter(network, "dave", "MSNP10");
    again.say("SYN 6 0 0");
    expect(await settled(again)).toContain("LST N=alice@example.com F=Alice%20A 8 ");
  });
});

describe("Lists with ids, MSNP10 (msnp-core §5.2-5.5)", () => {
  test("names, stamps and ids as from MSNP11 on, but nobody is taken from PL by ADC RL", async () => {
    await using network = await openNetwork();
    const alice = await enter(network, "alice", "MSNP10");
    await play(
      alice,
      `
>>> SYN 6 0 0
<<< SYN 6 2000-01-01T00:00:00.0-00:00 2000-01-01T00:00:00.0-00:00 2 1
<<< GTC A
<<< BLP AL
<<< PRP MFN Alice%20A
<<< LSG Work%20Friends ${GROUP}
<<< LST N=bob@example.com F=Bob%20B C=22222222-2222-4222-8222-222222222222 11 ${GROUP}
<<< LST N=carol@example.com F=Carol 16␠
>>> ADC 7 FL N=carol@example.com F=Carol%20C
<<< ADC 7 FL N=carol@example.com F=Carol%20C C=${CAROL}
<<< BPR carol@example.com PHH
<<< BPR carol@example.com PHW
<<< BPR carol@example.com PHM
<<< BPR carol@example.com MOB N
>>> ADC 8 FL C=${CAROL} ${GROUP}
<<< ADC 8 FL C=${CAROL} ${GROUP}
>>> REG 9 1 Kin
<<< 224 9
>>> REA 10 alice@example.com Al
<<< 502 10
>>> SBP 11 ${CAROL} MFN Caz
<<< SBP 11 ${CAROL} MFN Caz
>>> ADC 12 AL N=nobody@example.com
<<< 208 12
>>> ADC 13 RL N=carol@example.com`,
    );
    await alice.isClosed();
  });
});

describe("Commands of other versions (msnp-core §1.9)", () => {
  for (const [dialect, ends, lives] of [
    ["MSNP2", ["PRP", "ADC", "SBP", "GCF", "ADL", "RML", "UUN", "FQY", "UUM", "VAS", "SDC"], ["ADD", "GTC", "REA"]],
    ["MSNP5", ["ADC", "SBP", "GCF", "ADL"], ["PRP", "SDC", "ADD"]],
    ["MSNP9", ["ADC", "SBP", "GCF", "ADL"], ["PRP", "SDC", "ADD"]],
    ["MSNP10", ["ADD", "GCF", "ADL", "UUN"], ["ADC", "SBP", "GTC"]],
    ["MSNP12", ["ADD", "ADL", "UUN", "FQY"], ["ADC", "SBP", "GTC", "GCF"]],
    ["MSNP13", ["ADD", "GTC", "SBP", "FQY", "UUM"], ["ADL", "UUN", "GCF"]],
    ["MSNP15", ["ADD", "GTC", "SBP", "VAS"], ["ADL", "UUN", "UUM"]],
    ["MSNP17", ["VAS", "PUT", "SDG"], ["ADL", "UUM"]],
    ["MSNP18", ["ADD", "GTC", "SBP"], ["ADL", "VAS"]],
  ] as const) {
    test(`${dialect}: ${ends.join(", ")} are the end, ${lives.join(", ")} are not`, async () => {
      await using network = await openNetwork();
      const payloads = new Set(["ADL", "RML", "UUN", "FQY", "UUM", "VAS", "SDC", "PUT", "SDG"]);
      const say = (client: RawClient, command: string): void => {
        if (payloads.has(command)) client.sayPayload(`${command} 7`, "<x/>");
        else client.say(`${command} 7`);
      };
      for (const command of ends) {
        const client = await enter(network, "alice", dialect);
        say(client, command);
        await client.isClosed();
      }
      const client = await enter(network, "alice", dialect);
      for (const command of lives) say(client, command);
      await settled(client);
      client.close();
    });
  }
});
