import { describe, expect, test } from "vitest";
import {
  circleList,
  createCircle,
  invite,
  lateCircle,
  leaveCircle,
  nameInCircle,
  readBook as readCircleBook,
  showTicket,
} from "./circle-scene.ts";
import {
  A1,
  A2,
  ALICE,
  B0,
  BOB,
  BOOK_CIRCLE,
  C0,
  CAROL,
  catchUp,
  enter21,
  hearsStep,
  IDS,
  isQuiet,
  type LateClient,
  message,
  type Names,
  online21,
  openLateNetwork,
  printed,
  publication,
  publish,
  saysStep,
  userDocument,
} from "./late-scene.ts";

const named = (circle: string): Names => ({ [BOOK_CIRCLE]: circle });

function comes(late: LateClient, trid: number, circle: string): void {
  const roster = `<circle><roster><id>IM</id><user><id>1:${late.email}</id></user></roster></circle>`;
  const to = `9:${circle}@live.com`;
  late.client.sayPayload(`PUT ${trid}`, publication(late, to, "/circle", "application/circles+xml", roster));
}

describe("T7, T10, T13, T25-T29: a circle at MSNP21 (source: msnp21 §11 e)", () => {
  test("T7, T10, T13: the ticket, the circle's ADL, and that it is there", async () => {
    await using network = await openLateNetwork();
    const alice = await enter21(network, ALICE, A1);
    const circle = await createCircle(network, alice, "Book club");
    await catchUp(alice);
    await showTicket(network, alice, ALICE, 6);
    await catchUp(alice);
    saysStep(alice, "T8");
    saysStep(alice, "T9");
    saysStep(alice, "T10", named(circle));
    await hearsStep(alice, "T8");
    await hearsStep(alice, "T9");
    await hearsStep(alice, "T10");
    saysStep(alice, "T11");
    await hearsStep(alice, "T11");
    await hearsStep(alice, "T13", named(circle));
    await isQuiet(alice);
  });

  test("T25-T27: coming into the chat: the roster, and those who are there", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(bob, 12, circle);
    await bob.client.hears("PUT 12 OK <length>", "NFY PUT <length>");
    saysStep(alice, "T25", named(circle));
    await hearsStep(alice, "T25", named(circle));
    const [roster] = await alice.client.hears(printed("T26", "server")[0]?.line ?? "");
    expect(roster?.payload).toContain("Uri: /circle\r\nNotifType: Partial");
    expect(new Set(roster?.payload?.match(/<user><id>1:[^<]*<\/id><\/user>/g))).toEqual(
      new Set([`<user><id>1:${ALICE}</id></user>`, `<user><id>1:${BOB}</id></user>`]),
    );
    await hearsStep(alice, "T27", named(circle));
    await isQuiet(alice);
    const [news, presence] = await bob.client.hears("NFY PUT <length>", "NFY PUT <length>");
    expect(news?.payload).toContain(`From: 9:${circle}@live.com`);
    expect(presence?.payload).toContain(`From: 1:${ALICE}\r\nVia: 9:${circle}@live.com`);
    await isQuiet(bob);
  });

  test("T26: the roster in the order of coming, byte by byte", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    await catchUp(alice);
    comes(bob, 12, circle);
    await hearsStep(alice, "T26", named(circle));
    await hearsStep(alice, "T27", named(circle));
  });

  test("T28, T29: text both ways, and bob's leaving", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    comes(bob, 12, circle);
    await catchUp(alice, bob);
    await catchUp(alice, bob);
    saysStep(alice, "T28", named(circle));
    const [text] = await bob.client.hears("SDG 0 279");
    expect(text?.payload).toBe((printed("T28", "client")[0]?.payload?.toString() ?? "").replace(BOOK_CIRCLE, circle));
    bob.client.sayPayload("SDG 4", message(bob, `9:${circle}@live.com;path=IM`, "Text", "hello from bob"));
    await hearsStep(alice, "T28", named(circle));
    await isQuiet(alice, bob);
    expect((await leaveCircle(network, bob, circle, IDS.bob)).status).toBe(200);
    await hearsStep(alice, "T29", named(circle));
    const [notice] = await alice.client.hears("NOT <length>");
    expect(notice?.payload).toContain(
      `&lt;HasNewItem&gt;true&lt;/HasNewItem&gt;&lt;CircleId&gt;${circle}&lt;/CircleId&gt;`,
    );
  });
});

describe("Circles at MSNP21 beyond the transcript (source: msnp21 §5)", () => {
  test("a circle's ADL before the ticket is 933; a publication before the ADL is 201, without any right 933", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const circle = await createCircle(network, alice, "Book club");
    await catchUp(alice);
    alice.client.sayPayload("ADL 8", circleList(circle, "services"));
    comes(alice, 9, circle);
    await alice.client.hears("933 8", "933 9");
    await showTicket(network, alice, ALICE, 10);
    await catchUp(alice);
    comes(alice, 11, circle);
    await alice.client.hears("201 11");
  });

  test("a circle's ADL before that of the contacts is taken, but publications fail", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const circle = await createCircle(network, alice, "Book club");
    await showTicket(network, alice, ALICE, 7);
    await catchUp(alice);
    alice.client.sayPayload("ADL 8", circleList(circle, "services"));
    await alice.client.hears("NFY PUT <length>", "ADL 8 OK");
    comes(alice, 9, circle);
    await alice.client.hears("201 9");
  });

  test("a wrong ticket is 911 and takes the rights away, but not the connection", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const circle = await createCircle(network, alice, "Book club");
    await showTicket(network, alice, ALICE, 7);
    alice.client.say("USR 8 SHA A d3Jvbmc=");
    const [heard] = await catchUp(alice);
    expect(heard?.map(({ line }) => line)).toContain("911 8");
    alice.client.sayPayload("ADL 9", circleList(circle, "services"));
    await alice.client.hears("933 9");
  });

  test("a stranger gets into no circle", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const circle = await createCircle(network, alice, "Book club");
    const carol = await online21(network, CAROL, C0);
    await showTicket(network, carol, CAROL, 6);
    await catchUp(carol);
    carol.client.sayPayload("ADL 7", '<ml l="1"></ml>');
    carol.client.sayPayload("ADL 8", circleList(circle, "services"));
    carol.client.sayPayload("SDG 9", message(carol, `9:${circle}@live.com;path=IM`, "Text", "let me in"));
    comes(carol, 10, circle);
    await carol.client.hears("ADL 7 OK", "933 8", "201 9", "201 10");
  });

  test("who has not come into the chat can neither write nor read in it", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    await catchUp(alice);
    alice.client.sayPayload("SDG 3", message(alice, `9:${circle}@live.com;path=IM`, "Text", "anybody?"));
    bob.client.sayPayload("SDG 4", message(bob, `9:${circle}@live.com;path=IM`, "Text", "me"));
    await bob.client.hears("201 4");
    await isQuiet(alice, bob);
  });

  test("leaving the chat by DEL: the others are told, and can be joined again", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    comes(bob, 12, circle);
    await catchUp(alice, bob);
    await catchUp(alice, bob);
    const uri = `/circle/roster(IM)/user(1:${BOB})`;
    bob.client.sayPayload("DEL 13", publication(bob, `9:${circle}@live.com`, uri, "application/circles+xml", ""));
    await bob.client.hears("DEL 13 OK 0");
    await hearsStep(alice, "T29", named(circle));
    comes(bob, 14, circle);
    await hearsStep(alice, "T26", named(circle));
  });

  test("a member's status is told through the circle, and their going as well", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    comes(bob, 12, circle);
    await catchUp(alice, bob);
    await catchUp(alice, bob);
    publish(bob, 15, userDocument({ status: "BSY" }));
    const [, through] = await alice.client.hears("NFY PUT <length>", "NFY PUT <length>");
    expect(through?.payload).toContain(`From: 1:${BOB}\r\nVia: 9:${circle}@live.com`);
    expect(through?.payload).toContain("<Status>BSY</Status>");
    bob.client.say("OUT");
    const [gone] = await alice.client.hears("NFY DEL <length>", "NFY DEL <length>");
    expect(gone?.payload).toContain(`Via: 9:${circle}@live.com`);
  });

  test("the circle's message is set by a publication and told to all", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    comes(bob, 12, circle);
    await catchUp(alice, bob);
    await catchUp(alice, bob);
    const body =
      '<circle><props><presence dtype="xml"><Data><PSM>next: Tuesday</PSM><CurrentMedia></CurrentMedia></Data></presence></props></circle>';
    alice.client.sayPayload(
      "PUT 13",
      publication(alice, `9:${circle}@live.com`, "/circle", "application/circles+xml", body),
    );
    const [, news] = await alice.client.hears("PUT 13 OK <length>", "NFY PUT <length>");
    // The document as the book prints it (source: msnp21 §5.3).
    expect(news?.payload).toContain(
      '\r\n\r\n<circle><props><presence dtype="xml"><Data><UTL></UTL><MFN>Book club</MFN><PSM>next: Tuesday</PSM><CurrentMedia></CurrentMedia></Data></presence></props></circle>',
    );
    await bob.client.hears("NFY PUT <length>");
  });

  test("a silenced circle says nothing; its other members see one leave", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    comes(alice, 12, circle);
    comes(bob, 12, circle);
    await catchUp(alice, bob);
    await catchUp(alice, bob);
    bob.client.sayPayload("ADL 14", circleList(circle, "services").replace('l="3" n="IM"', 'l="67" n="IM"'));
    await bob.client.hears("ADL 14 OK");
    const [gone] = await alice.client.hears("NFY DEL <length>", "NFY PUT <length>");
    expect(gone?.payload).toContain(`From: 1:${BOB}\r\nVia: 9:${circle}@live.com`);
    alice.client.sayPayload("SDG 3", message(alice, `9:${circle}@live.com;path=IM`, "Text", "psst"));
    await isQuiet(alice, bob);
    bob.client.sayPayload("ADL 15", circleList(circle, "services"));
    await bob.client.hears("ADL 15 OK");
    await alice.client.hears("NFY PUT <length>", "NFY PUT <length>");
  });

  test("all places of a member hear the circle, the one that wrote does not", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await lateCircle(network);
    const second = await enter21(network, ALICE, A2);
    await showTicket(network, second, ALICE, 6);
    second.client.sayPayload("ADL 8", '<ml l="1"></ml>');
    second.client.sayPayload("ADL 9", circleList(circle, "services"));
    publish(second, 10, userDocument({ status: "NLN", name: "Alice", psm: "" }));
    for (const late of [alice, bob, second]) comes(late, 12, circle);
    await catchUp(alice, bob, second);
    await catchUp(alice, bob, second);
    alice.client.sayPayload("SDG 3", message(alice, `9:${circle}@live.com;path=IM`, "Nudge", "\r\n"));
    for (const late of [bob, second]) await late.client.hears("SDG 0 <length>");
    await isQuiet(alice);
  });

  test("§5.3: after leaving, the circle is taken off by RML in the old form", async () => {
    await using network = await openLateNetwork();
    const { bob, circle } = await lateCircle(network);
    await leaveCircle(network, bob, circle, IDS.bob);
    await catchUp(bob);
    bob.client.sayPayload("RML 60", `<ml><d n="live.com"><c n="${circle}" l="3" t="9"/></d></ml>`);
    const [heard] = await catchUp(bob);
    expect(heard?.map(({ line }) => line)).toContain("RML 60 OK");
  });

  test("a contact is added and taken off in the ways of this version", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const own = "00000000-0000-0000-0000-000000000000";
    expect((await nameInCircle(network, alice, own, "dave@example.com")).status).toBe(200);
    expect(network.account(ALICE).contacts.get("dave@example.com")?.lists).toContain("FL");
    expect((await leaveCircle(network, alice, own, IDS.dave)).status).toBe(200);
    expect(network.account(ALICE).contacts.get("dave@example.com")?.lists ?? []).not.toContain("FL");
  });

  test("somebody invited while signed in is told to look", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const bob = await online21(network, BOB, B0);
    await catchUp(alice, bob);
    const circle = await createCircle(network, alice, "Book club");
    await nameInCircle(network, alice, circle, BOB);
    await invite(network, alice, circle, IDS.bob);
    await bob.client.hears("NOT <length>");
    const book = await readCircleBook(network, bob);
    expect(JSON.stringify(book)).toContain("Book club");
  });
});
