import { describe, expect, test } from "vitest";
import {
  A1,
  A2,
  ALICE,
  B0,
  BOB,
  BOOK_GROUP,
  C0,
  CAROL,
  catchUp,
  DAVE,
  hearsStep,
  isQuiet,
  type LateClient,
  type LateNetwork,
  message,
  type Names,
  online21,
  openLateNetwork,
  publication,
  saysStep,
} from "./late-scene.ts";

const ROSTER = (email: string): string =>
  `<circle><roster><id>IM</id><user><id>1:${email}</id></user></roster></circle>`;

async function three(network: LateNetwork): Promise<{ alice: LateClient; bob: LateClient; carol: LateClient }> {
  const alice = await online21(network, ALICE, A1);
  const bob = await online21(network, BOB, B0);
  const carol = await online21(network, CAROL, C0);
  await catchUp(alice, bob, carol);
  return { alice, bob, carol };
}

/** T30: alice makes a group, whose address is the server's; the book's stands for it from here on. */
async function makes(alice: LateClient): Promise<Names> {
  saysStep(alice, "T30");
  const [made] = await alice.client.hears("PUT 19 OK 161");
  const guid = /From: 10:([0-9a-f-]{36})@live\.com/.exec(made?.payload ?? "")?.[1] ?? "";
  return { [BOOK_GROUP]: guid };
}

/** Up to T34: bob and carol have come. */
async function gathered(network: LateNetwork): Promise<{
  alice: LateClient;
  bob: LateClient;
  carol: LateClient;
  names: Names;
  address: string;
}> {
  const people = await three(network);
  const names = await makes(people.alice);
  const address = `10:${names[BOOK_GROUP]}@live.com`;
  saysStep(people.alice, "T31", names);
  saysStep(people.alice, "T32", names);
  await catchUp(people.alice);
  for (const late of [people.bob, people.carol]) {
    late.client.sayPayload(
      "PUT 12",
      publication(late, address, "/circle", "application/circles+xml", ROSTER(late.email)),
    );
    await catchUp(late);
  }
  await catchUp(people.alice, people.bob, people.carol);
  return { ...people, names, address };
}

describe("T30-T37: temporary groups (source: msnp21 §11 f, §5.4)", () => {
  test("T30-T34: making one, coming, asking others in, and their coming", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol } = await three(network);
    const names = await makes(alice);
    saysStep(alice, "T31", names);
    await hearsStep(alice, "T31", names);
    saysStep(alice, "T32", names);
    await hearsStep(alice, "T32", names);
    await hearsStep(bob, "T33", names, 0);
    saysStep(bob, "T33", names);
    await hearsStep(bob, "T33", names, 1);
    await hearsStep(alice, "T34", names);
    const [invitation] = await carol.client.hears("NFY PUT <length>");
    expect(invitation?.payload).toContain("<user><id>1:carol@example.org</id><state>Pending</state></user></roster>");
    await isQuiet(alice, bob, carol);
  });

  test("T35: text goes to everybody but the one who wrote it", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol, names, address } = await gathered(network);
    saysStep(alice, "T35", names);
    for (const { client } of [bob, carol]) {
      const [text] = await client.hears("SDG 0 270");
      expect(text?.payload?.endsWith("\r\n\r\nhello both")).toBe(true);
    }
    carol.client.sayPayload("SDG 3", message(carol, address, "Text", "hi from carol"));
    await hearsStep(alice, "T35", names);
    await isQuiet(alice, carol);
  });

  test("T36, T37: who leaves is gone, and the others are told", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol, names, address } = await gathered(network);
    saysStep(alice, "T36", names);
    await hearsStep(alice, "T36", names);
    await hearsStep(bob, "T37", names);
    await carol.client.hears("NFY DEL <length>");
    alice.client.sayPayload("SDG 3", message(alice, address, "Text", "still here?"));
    await alice.client.hears("201 3");
    await isQuiet(bob, carol);
  });
});

describe("Temporary groups beyond the transcript (source: msnp21 §5.4, §5.5)", () => {
  test("the other dialect of inviting works, too", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await three(network);
    const names = await makes(alice);
    saysStep(alice, "T31", names);
    await hearsStep(alice, "T31", names);
    const address = `10:${names[BOOK_GROUP]}@live.com`;
    alice.client.sayPayload("PUT 21", publication(alice, address, "/circle", "application/circles+xml", ROSTER(BOB)));
    await alice.client.hears("PUT 21 OK 161");
    await hearsStep(bob, "T33", names, 0);
  });

  test("somebody who is not there is 217, somebody unknown and a group that is none are 201", async () => {
    await using network = await openLateNetwork();
    const { alice } = await three(network);
    const names = await makes(alice);
    saysStep(alice, "T31", names);
    await hearsStep(alice, "T31", names);
    const address = `10:${names[BOOK_GROUP]}@live.com`;
    const invites = (trid: number, to: string, whom: string): void =>
      alice.client.sayPayload(
        `PUT ${trid}`,
        publication(alice, to, "/circle", "application/multiparty+xml", ROSTER(whom)),
      );
    invites(30, address, DAVE);
    invites(31, address, "ghost@example.com");
    invites(32, `10:${BOOK_GROUP}@live.com`, BOB);
    await alice.client.hears("217 30", "201 31", "201 32");
  });

  test("an outsider can neither write nor invite, and nobody can be put out", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol } = await three(network);
    const names = await makes(alice);
    saysStep(alice, "T31", names);
    await hearsStep(alice, "T31", names);
    const address = `10:${names[BOOK_GROUP]}@live.com`;
    carol.client.sayPayload("SDG 3", message(carol, address, "Text", "let me in"));
    carol.client.sayPayload("PUT 4", publication(carol, address, "/circle", "application/circles+xml", ROSTER(CAROL)));
    await carol.client.hears("201 3", "201 4");
    const out = publication(alice, address, `/circle/roster(IM)/user(1:${BOB})`, "application/circles+xml", "");
    alice.client.sayPayload("DEL 5", out);
    await alice.client.hears("201 5");
    await isQuiet(alice, bob);
  });

  test("who comes late learns who came before", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol } = await three(network);
    const names = await makes(alice);
    const address = `10:${names[BOOK_GROUP]}@live.com`;
    saysStep(alice, "T31", names);
    saysStep(alice, "T32", names);
    for (const late of [bob, carol]) {
      await late.client.hears("NFY PUT <length>");
    }
    bob.client.sayPayload("PUT 12", publication(bob, address, "/circle", "application/circles+xml", ROSTER(BOB)));
    await bob.client.hears("PUT 12 OK <length>");
    carol.client.sayPayload("PUT 12", publication(carol, address, "/circle", "application/circles+xml", ROSTER(CAROL)));
    const [, missed] = await carol.client.hears("PUT 12 OK <length>", "NFY PUT <length>");
    expect(missed?.payload).toContain("NotifType: Partial");
    expect(missed?.payload).toContain(ROSTER(BOB));
  });

  test("all places of a person are in the group, and its own words are echoed to the other one", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol, address } = await gathered(network);
    const second = await online21(network, ALICE, A2);
    await catchUp(alice, bob, carol, second);
    alice.client.sayPayload("SDG 3", message(alice, `${address};path=IM`, "Text", "from the first"));
    for (const late of [bob, carol, second]) {
      const [text] = await late.client.hears("SDG 0 <length>");
      expect(text?.payload).toContain(`From: 1:${ALICE};epid={${A1}}`);
    }
    await isQuiet(alice);
  });

  test("who only hangs up is taken out; with the last of them the group ends", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, carol, names, address } = await gathered(network);
    alice.client.say("OUT");
    await hearsStep(bob, "T37", names);
    bob.client.say("OUT");
    await bob.client.ends();
    await catchUp(carol);
    const out = publication(carol, address, `/circle/roster(IM)/user(1:${CAROL})`, "application/circles+xml", "");
    carol.client.sayPayload("DEL 6", out);
    await carol.client.hears("DEL 6 OK 0");
    carol.client.sayPayload("PUT 7", publication(carol, address, "/circle", "application/circles+xml", ROSTER(CAROL)));
    await carol.client.hears("201 7");
  });
});
