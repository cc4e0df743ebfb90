import { describe, expect, test } from "vitest";
import {
  ALICE_GUID,
  BOB,
  BOB_GUID,
  CAROL,
  enter11,
  enter18,
  friends,
  GROUP,
  NO_OBJECT,
  online11,
  online18,
  openNetwork,
} from "./scene.ts";

describe("Lists over the notification server, MSNP11 (msnp-core §5.3-5.5)", () => {
  test("adding a contact who waits: phones, presence, and the other side is told", async () => {
    await using network = await openNetwork();
    const carol = await online11(network, "carol");
    await carol.hears("MSG Hotmail Hotmail <length>");
    const alice = await online11(network, "alice");
    await alice.hears("MSG Hotmail Hotmail <length>");
    await carol.hears(`NLN NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`);
    alice.say("SYN 6 0 0");
    for (let i = 0; i < 7; i++) await alice.next();
    alice.say("ADC 13 FL N=carol@example.com F=Carol%20C");
    await alice.hears(
      `ADC 13 FL N=carol@example.com F=Carol C=${CAROL}`,
      "BPR carol@example.com PHH",
      "BPR carol@example.com PHW",
      "BPR carol@example.com PHM",
      "BPR carol@example.com MOB N",
      `ILN 13 NLN carol@example.com Carol 0 ${NO_OBJECT}`,
      "UBX carol@example.com <length>",
    );
    const [, notice] = await carol.hears("ADC 0 RL N=alice@example.com F=Alice%20A", "NOT <length>");
    expect(notice?.payload).toContain("ABCHInternal");
    alice.say("ADC 14 AL N=carol@example.com", "ADC 15 RL N=carol@example.com", "REM 16 PL carol@example.com");
    await alice.hears("ADC 14 AL N=carol@example.com", "ADC 15 RL N=carol@example.com", "REM 16 PL carol@example.com");
    expect(network.account("alice@example.com").contacts.get("carol@example.com")?.lists).toEqual(["FL", "AL", "RL"]);
  });

  test("removing a contact tells the other side", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    const alice = await enter11(network, "alice");
    alice.say(`REM 22 FL ${BOB}`, "REM 23 FL bob@example.com", `REM 24 FL ${BOB}`);
    await alice.hears(`REM 22 FL ${BOB}`, "403 23", "216 24");
    await bob.hears("REM 0 RL alice@example.com", "NOT <length>");
    expect(network.account("bob@example.com").contacts.get("alice@example.com")?.lists).toEqual(["FL", "AL"]);
  });

  test("leaving one group keeps the contact, and the other side's reverse list", async () => {
    await using network = await openNetwork({ quirks: { groupsTakeReverse: false } });
    const bob = await enter11(network, "bob");
    const alice = await enter11(network, "alice");
    alice.say(`REM 22 FL ${BOB} ${GROUP}`, `ADC 23 FL C=${BOB} ${GROUP}`, `ADC 24 FL C=${BOB} ${GROUP}`);
    await alice.hears(`REM 22 FL ${BOB} ${GROUP}`, `ADC 23 FL C=${BOB} ${GROUP}`, "215 24");
    await bob.hearsNothing();
    expect(network.account("bob@example.com").contacts.get("alice@example.com")?.lists).toEqual(["FL", "AL", "RL"]);
  });

  test("on Escargot it takes one off the other's reverse list until one is in a group again", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    const alice = await enter11(network, "alice");
    const listsOfBob = () => network.account("bob@example.com").contacts.get("alice@example.com")?.lists;
    alice.say(`REM 22 FL ${BOB} ${GROUP}`);
    await alice.hears(`REM 22 FL ${BOB} ${GROUP}`);
    await bob.hears("REM 0 RL alice@example.com", "NOT <length>");
    expect(listsOfBob()).toEqual(["FL", "AL"]);
    alice.say(`ADC 23 FL C=${BOB} ${GROUP}`);
    await alice.hears(`ADC 23 FL C=${BOB} ${GROUP}`);
    await bob.hearsNothing();
    expect(listsOfBob()).toContain("PL");
  });

  test("on Escargot who has left a group is removed with 216, and gone all the same", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    const alice = await enter11(network, "alice");
    alice.say(`REM 22 FL ${BOB} ${GROUP}`, `REM 23 FL ${BOB}`);
    await alice.hears(`REM 22 FL ${BOB} ${GROUP}`, "216 23");
    await bob.hears("REM 0 RL alice@example.com", "NOT <length>");
    await bob.hearsNothing();
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.lists).toEqual(["AL", "RL"]);
  });

  test("errors: no address, nobody, not on the list, adding twice is none; RL cannot be written", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say(
      "ADC 1 AL N=nonsense",
      "ADC 2 AL N=nobody@example.com",
      "REM 3 AL carol@example.com",
      "REM 4 AL nobody@example.com",
      "ADC 5 AL N=bob@example.com",
      "ADC 6 RL N=bob@example.com",
    );
    await alice.hears("201 1", "208 2", "216 3", "205 4", "ADC 5 AL N=bob@example.com");
    await alice.isClosed();
  });

  test("groups are made, renamed and removed; bad names are refused", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("ADG 10 Family");
    const [added] = await alice.hears("ADG 10 Family <id> 0");
    const id = added?.line.split(" ")[3] ?? "";
    alice.say(`REG 11 ${id} Kin%20folk`, "ADG 12 Kin%20folk", "ADG 13 (No%20Group)", `ADG 14 ${"x".repeat(62)}`);
    await alice.hears(`REG 11 1 Kin%20folk ${id} 0`, "228 12", "228 13", "229 14");
    alice.say(`RMG 15 ${id}`, `RMG 16 ${id}`, `RMG 17 ${GROUP}`);
    await alice.hears(`RMG 15 1 ${id}`, "224 16", `RMG 17 1 ${GROUP}`);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.groups).toEqual([]);
  });

  test("other networks put a number before the name of a new group", async () => {
    await using network = await openNetwork({ quirks: { numbersNewGroups: true } });
    const alice = await enter11(network, "alice");
    alice.say("ADG 10 Family");
    await alice.hears("ADG 10 1 Family <id> 0");
  });

  test("no more than thirty groups", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    for (let i = 2; i <= 31; i++) alice.say(`ADG ${i} group${i}`);
    for (let i = 2; i <= 30; i++) await alice.hears(`ADG ${i} group${i} <id> 0`);
    await alice.hears("223 31");
  });

  test("settings and phones are kept, repeated, and told to contacts unless they were taken away", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    bob.say("SYN 6 0 0");
    for (let i = 0; i < 5; i++) await bob.next();
    // Without MBE there is no answer about MOB.
    alice.say("PRP 4 MOB Y", "PRP 5 PHH 555%201234", "PRP 6 MBE N", "PRP 7 MOB Y", "PRP 8 MBE Y", "PRP 9 MOB Y");
    alice.say("PRP 10 PHH", "PRP 11 PHX 1");
    await alice.hears("PRP 5 PHH 555%201234", "PRP 6 MBE N", "PRP 7 MOB N", "PRP 8 MBE Y", "PRP 9 MOB Y");
    await alice.hears("PRP 10 PHH", "715 11");
    await bob.hears(
      "BPR alice@example.com PHH 555%201234",
      "BPR alice@example.com MBE N",
      "BPR alice@example.com MBE Y",
      "BPR alice@example.com MOB Y",
    );
    await bob.hearsNothing();
    alice.say("GTC 11 N", "GTC 12 N", `SBP 13 ${BOB} MFN Bobby`);
    await alice.hears("GTC 11 N", "218 12", `SBP 13 ${BOB} MFN Bobby`);
    alice.say(`PRP 15 PHM ${"1".repeat(96)}`);
    await alice.isClosed();
  });
});

describe("Lists by ADL, MSNP18 (msnp-core §5.6)", () => {
  test("a later ADL adds, shows presence before its answer, and tells the other side", async () => {
    await using network = await openNetwork();
    const { client: dave } = await online18(network, "dave", BOB_GUID);
    await dave.hears(
      "MSG Hotmail Hotmail <length>",
      `NLN NLN 1:dave@example.com Dave 2788999228:48 ${NO_OBJECT}`,
      "UBX 1:dave@example.com <length>",
    );
    const { client: alice } = await online18(network, "alice", ALICE_GUID);
    await alice.hears(
      "MSG Hotmail Hotmail <length>",
      `NLN NLN 1:alice@example.com Alice%20A 2788999228:48 ${NO_OBJECT}`,
      "UBX 1:alice@example.com <length>",
    );
    alice.sayPayload("ADL 6", '<ml><d n="example.com"><c n="dave" l="3" t="1" /></d></ml>');
    await alice.hears(
      `NLN NLN 1:dave@example.com Dave 2788999228:48 ${NO_OBJECT}`,
      "UBX 1:dave@example.com <length>",
      "ADL 6 OK",
    );
    const [added] = await dave.hears("ADL 0 <length>", "NOT <length>");
    expect(added?.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" f="Alice%20A" /></d></ml>');
    expect(network.account("dave@example.com").contacts.get("alice@example.com")?.lists).toEqual(["PL"]);
    alice.sayPayload("RML 7", '<ml><d n="example.com"><c n="dave" l="1" t="1" /></d></ml>');
    await alice.hears("RML 7 OK");
    const [removed] = await dave.hears("RML 0 <length>", "NOT <length>");
    expect(removed?.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" /></d></ml>');
    expect(network.account("dave@example.com").contacts.size).toBe(0);
  });

  test("several domains in one ADL are all applied, each on its list, where the server does not mix them", async () => {
    await using network = await openNetwork({ quirks: { mixesDomains: false } });
    network.addAccount({ email: "erin@example.org", password: "x", displayName: "Erin" });
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload(
      "ADL 6",
      '<ml><d n="example.com"><c n="dave" l="2" t="1"/></d><d n="example.org"><c n="erin" l="4" t="1"/></d></ml>',
    );
    await alice.hears("ADL 6 OK");
    const { contacts } = network.account("alice@example.com");
    expect(contacts.get("dave@example.com")?.lists).toEqual(["AL"]);
    expect(contacts.get("erin@example.org")?.lists).toEqual(["BL"]);
  });

  test("the initial ADL, an empty one, and phones are acknowledged without effect", async () => {
    await using network = await openNetwork();
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload("ADL 6", '<ml l="1"></ml>');
    alice.sayPayload("ADL 7", '<ml l="1"><d n="example.com"><c n="ghost" l="3" t="1"/></d></ml>');
    alice.sayPayload("ADL 8", '<ml><t><c n="tel:+15551234" l="3"/></t></ml>');
    await alice.hears("ADL 6 OK", "ADL 7 OK", "ADL 8 OK");
  });

  for (const [what, payload, answer, closes] of [
    ["an unknown account", '<ml><d n="example.com"><c n="ghost" l="3" t="1"/></d></ml>', "208 6", false],
    ["an empty domain", '<ml><d n="example.com"></d></ml>', "240 6", true],
    ["broken XML", "<ml><d", "241 6", true],
    ["an entity bomb", '<!DOCTYPE m [<!ENTITY a "b">]><ml>&a;</ml>', "241 6", true],
    ["lists that belong to others", '<ml><d n="example.com"><c n="bob" l="8" t="1"/></d></ml>', "241 6", true],
    ["an unknown network", '<ml><d n="example.com"><c n="bob" l="3" t="99"/></d></ml>', "204 6", true],
    [
      "a circle",
      '<ml><d n="live.com"><c n="00000000-0000-0000-0009-000000000000" l="3" t="9"/></d></ml>',
      "933 6",
      false,
    ],
  ] as const) {
    test(`${what} in an ADL is ${answer.slice(0, 3)}${closes ? " and the end" : ""}`, async () => {
      await using network = await openNetwork();
      const { client: alice } = await enter18(network, "alice", ALICE_GUID);
      alice.sayPayload("ADL 6", payload);
      await alice.hears(answer);
      if (closes) await alice.isClosed();
      else await alice.hearsNothing();
    });
  }

  test("FQY finds the network of one contact at a time", async () => {
    await using network = await openNetwork();
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload("FQY 17", '<ml l="2"><d n="example.com"><c n="bob"/></d></ml>');
    const [found] = await alice.hears("FQY 17 51");
    expect(found?.payload).toBe('<ml><d n="example.com"><c n="bob" t="1" /></d></ml>');
    alice.sayPayload("FQY 18", '<ml><d n="example.com"><c n="ghost"/></d></ml>');
    await alice.hears("208 18");
    alice.sayPayload("FQY 19", '<ml><d n="example.com"><c n="bob"/><c n="dave"/></d></ml>');
    await alice.hears("241 19");
    await alice.isClosed();
  });

  test("blocking by RML and ADL", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await bob.hears("MSG Hotmail Hotmail <length>");
    const { client: alice } = await online18(network, "alice", ALICE_GUID);
    await bob.hears(`NLN NLN alice@example.com Alice%20A 2788999228 ${NO_OBJECT}`);
    alice.sayPayload("RML 6", '<ml><d n="example.com"><c n="bob" l="2" t="1"/></d></ml>');
    alice.sayPayload("ADL 7", '<ml><d n="example.com"><c n="bob" l="4" t="1"/></d></ml>');
    await bob.hears("FLN alice@example.com");
    alice.sayPayload("RML 8", '<ml><d n="example.com"><c n="bob" l="4" t="1"/></d></ml>');
    await bob.hears(`NLN NLN alice@example.com Alice%20A 2788999228 ${NO_OBJECT}`, "UBX alice@example.com <length>");
  });
});
