import { describe, expect, test } from "vitest";
import { parseMultipart } from "../../../src/msnp/message/multipart.ts";
import { find, findAll, path, textAt } from "../../../src/msnp/soap/xml.ts";
import { readBook as readSamples } from "../../fixtures/msnp21/book.ts";
import {
  addressBookCall,
  answerInvitation,
  type Caller,
  circleClient18,
  circleList,
  circleOfTwo,
  createCircle,
  createCircleBody,
  invite,
  leaveCircle,
  nameInCircle,
  readBook,
  settled,
  showTicket,
} from "./circle-scene.ts";
import {
  A1,
  ALICE,
  B0,
  BOB,
  BOOK_CIRCLE,
  C0,
  CAROL,
  catchUp,
  IDS,
  type LateNetwork,
  message,
  online21,
  openLateNetwork,
  publication,
} from "./late-scene.ts";
import type { RawClient } from "./raw-client.ts";
import { callService, type Entered, enter18 } from "./scene.ts";

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";

/** alice (admin) and bob at MSNP18 with tickets shown, the circle not yet reported by either. */
async function two(network: LateNetwork): Promise<{ alice: Entered; bob: Entered; circle: string }> {
  const alice = await circleClient18(network, "alice", A1);
  const bob = await circleClient18(network, "bob", B0);
  const circle = await circleOfTwo(network, alice, bob, IDS.bob, BOB);
  await showTicket(network, alice, ALICE, 20);
  await showTicket(network, bob, BOB, 20);
  await settled(alice.client);
  await settled(bob.client);
  return { alice, bob, circle };
}

async function reports({ client }: Caller, circle: string): Promise<void> {
  client.sayPayload("ADL 21", circleList(circle, "mask"));
  await settled(client);
}

/** The PUT of msnp-chat §6.4 as it is printed, with this circle and bob's place. */
function printedPut(circle: string): string {
  return [
    "Routing: 1.0",
    `To: 9:${circle}@live.com`,
    `From: 1:bob@example.com;epid={${B0}}`,
    "",
    "Reliability: 1.0",
    "",
    "Publication: 1.0",
    "Content-Type: application/circles+xml",
    "Content-Length: 84",
    "",
    "<circle><roster><id>IM</id><user><id>1:bob@example.com</id></user></roster></circle>",
  ].join("\r\n");
}

/** The SDG of msnp-chat §6.5 as it is printed. */
function printedSdg(circle: string): string {
  return [
    "Routing: 1.0",
    `To: 9:${circle}@live.com;path=IM`,
    `From: 1:bob@example.com;epid={${B0}}`,
    "",
    "Reliability: 1.0",
    "Stream: 0",
    "Segment: 0",
    "",
    "Messaging: 1.0",
    "Content-Length: 5",
    "Content-Type: Text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 7bit",
    "Message-Type: Text",
    "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=1; PF=0",
    "MIME-Version: 1.0",
    "",
    "hello",
  ].join("\r\n");
}

describe("Circles at MSNP18 on the notification server (source: msnp-chat §6.2, §6.4, §6.5)", () => {
  test("the circle's ADL is followed by a notice, the members and the roster before its OK", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    await reports(alice, circle);
    expect(circleList(circle, "mask")).toHaveLength(92);
    bob.client.sayPayload("ADL 21", circleList(circle, "mask"));
    const via = `;via=9:${circle}@live.com`;
    const [notice, first, , , , roster] = await bob.client.hears(
      "NOT <length>",
      // The owner comes twice, first without capabilities.
      `NLN NLN 1:${ALICE}${via} Alice 0:0 %3Cmsnobj%2F%3E`,
      `UBX 1:${ALICE}${via} <length>`,
      `NLN NLN 1:${ALICE}${via} Alice 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${ALICE}${via} <length>`,
      "NFY PUT <length>",
      `NLN NLN 1:${BOB}${via} Bob 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${BOB}${via} <length>`,
      "NFY PUT <length>",
      "ADL 21 OK",
    );
    expect(notice?.payload).toContain(`&lt;CircleId&gt;${circle}&lt;/CircleId&gt;`);
    expect(first?.payload).toBeUndefined();
    expect(roster?.payload).toBe(
      `Routing: 1.0\r\nTo: 1:${BOB}\r\nFrom: 9:${circle}@live.com\r\n\r\nReliability: 1.0\r\nStream: 0\r\n\r\n` +
        `Publication: 1.0\r\nUri: /circle\r\nNotifType: Partial\r\nContent-Type: application/circles+xml\r\nContent-Length: 125\r\n\r\n` +
        `<circle><roster><id>IM</id><user><id>1:${ALICE}</id></user><user><id>1:${BOB}</id></user></roster></circle>`,
    );
    await alice.client.hears(
      `NLN NLN 1:${BOB}${via} Bob 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${BOB}${via} <length>`,
      "NFY PUT <length>",
    );
  });

  test("the publication that is printed shows bob to alice, and is answered with an empty OK", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(alice.client);
    expect(Buffer.byteLength(printedPut(circle))).toBe(321);
    bob.client.sayPayload("PUT 22", printedPut(circle));
    const via = `;via=9:${circle}@live.com`;
    const shown = [
      `NLN NLN 1:${BOB}${via} Bob 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${BOB}${via} <length>`,
      "NFY PUT <length>",
    ];
    await alice.client.hears(...shown);
    await bob.client.hears(...shown, "PUT 22 OK 0");
  });

  test("the message that is printed reaches alice unchanged, and nobody answers it", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(alice.client);
    expect(Buffer.byteLength(printedSdg(circle))).toBe(399);
    bob.client.sayPayload("SDG 23", printedSdg(circle));
    const [text] = await alice.client.hears("SDG 0 399");
    expect(text?.payload).toBe(printedSdg(circle));
    await bob.client.hearsNothing();
  });

  test("typing in the form of this version (source: msnp21 §5.3)", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(bob.client);
    const typing = readSamples("samples").find(({ step, line }) => step === "5.3" && line.startsWith("SDG 27"));
    const payload = (typing?.payload?.toString() ?? "").replace(BOOK_CIRCLE, circle);
    alice.client.sayPayload("SDG 27", payload);
    const [heard] = await bob.client.hears("SDG 0 397");
    expect(heard?.payload).toBe(payload);
  });

  test.each([
    ["without ;path=IM", (text: string) => text.replace(";path=IM", "")],
    ["from another place", (text: string) => text.replace(B0, C0)],
    ["with the GUID in capitals", (text: string) => text.replace(B0, B0.toUpperCase())],
    ["without Content-Length", (text: string) => text.replace("Content-Length: 5\r\n", "")],
    ["to another circle", (text: string) => text.replace(/9:00000000-0000-0000-0009-\w+/, `9:${BOOK_CIRCLE}`)],
  ])("a message %s is 201", async (_how, spoil) => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(alice.client);
    bob.client.sayPayload("SDG 23", spoil(printedSdg(circle)));
    await bob.client.hears("201 23");
    await alice.client.hearsNothing();
  });

  test("a publication before the circle's ADL, for somebody else, or to no circle is 201; another document gets no answer", async () => {
    await using network = await openLateNetwork();
    const { bob, circle } = await two(network);
    bob.client.sayPayload("PUT 30", printedPut(circle));
    await bob.client.hears("201 30");
    await reports(bob, circle);
    bob.client.sayPayload("PUT 31", printedPut(circle).replace("1:bob@example.com<", "1:abc@example.com<"));
    bob.client.sayPayload("PUT 32", printedPut(BOOK_CIRCLE));
    bob.client.sayPayload("PUT 33", printedPut(circle).replace("circles+xml", "user+xml"));
    await bob.client.hears("201 31", "201 32");
    await bob.client.hearsNothing();
  });

  test("lists that mix circles with people, or with other domains, end the connection", async () => {
    await using network = await openLateNetwork();
    const { bob, circle } = await two(network);
    bob.client.sayPayload("ADL 9", circleList(circle, "mask").replace("</d>", '<c n="alice" l="3" t="1"/></d>'));
    await bob.client.hears("241 9");
    await bob.client.isClosed();
  });

  test("status and name of a member are told through the circle; who goes is offline there", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(alice.client);
    const via = `;via=9:${circle}@live.com`;
    bob.client.say("CHG 9 BSY 2788999228:48");
    await alice.client.hears(
      `NLN BSY 1:${BOB} Bob 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${BOB} <length>`,
      `NLN BSY 1:${BOB}${via} Bob 2788999228:48 %3Cmsnobj%2F%3E`,
      `UBX 1:${BOB}${via} <length>`,
      "NFY PUT <length>",
    );
    bob.client.say("OUT");
    const lines = await untilOffline(alice.client, 2);
    expect(lines).toContain(`FLN 1:${BOB} 0:0`);
    expect(lines).toContain(`FLN 1:${BOB}${via} 0:0`);
  });

  test("blocking a circle shows one offline in it, and keeps its words away", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(bob.client);
    alice.client.sayPayload("ADL 9", circleList(circle, "mask").replace('l="3"', 'l="7"'));
    const [, roster] = await bob.client.hears(`FLN 1:${ALICE};via=9:${circle}@live.com 0:0`, "NFY PUT <length>");
    expect(roster?.payload).not.toContain(ALICE);
    await settled(alice.client);
    bob.client.sayPayload("SDG 23", printedSdg(circle));
    await alice.client.hearsNothing();
  });

  test("§6.2: a circle that was made is told with the ticket, byte by byte", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const circle = await createCircle(network, alice, "Band");
    const ticket = find(await readBook(network, alice), "CircleTicket")?.text ?? "";
    expect(ticket).toMatch(/^<\?xml version="1\.0" encoding="utf-16"\?><SignedTicket /);
    alice.client.say(`USR 20 SHA A ${Buffer.from(ticket).toString("base64")}`);
    const [, fresh] = await alice.client.hears(`USR 20 OK ${ALICE} 0 0`, "NFY PUT 294");
    expect(fresh?.payload).toBe(
      `Routing: 1.0\r\nTo: 1:${ALICE};epid={${A1}}\r\nFrom: 9:${circle}@live.com\r\n\r\nReliability: 1.0\r\nStream: 0\r\n\r\n` +
        "Notification: 1.0\r\nNotifNum: 0\r\nUri: /circle\r\nNotifType: Full\r\nContent-Type: application/circles+xml\r\nContent-Length: 0\r\n\r\n",
    );
    alice.client.say(`USR 21 SHA A ${Buffer.from(ticket).toString("base64")}`);
    await alice.client.hears(`USR 21 OK ${ALICE} 0 0`);
    await alice.client.hearsNothing();
  });

  test("a ticket is stale when the circles have changed since", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const ticket = find(await readBook(network, alice), "CircleTicket")?.text ?? "";
    await createCircle(network, alice, "Band");
    alice.client.say(`USR 20 SHA A ${Buffer.from(ticket).toString("base64")}`);
    await alice.client.hears("911 20");
  });

  test("PUT and SDG below MSNP18 are the end", async () => {
    await using network = await openLateNetwork();
    for (const command of ["PUT", "SDG"]) {
      const { client } = await enter18(network, "alice", A1, "MSNP17");
      client.sayPayload(`${command} 9`, printedPut(BOOK_CIRCLE));
      await client.isClosed();
    }
  });

  test("a circle of MSNP18 and MSNP21: each sees and hears the other in its own form", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    const bob = await circleClient18(network, "bob", B0);
    const circle = await circleOfTwo(network, alice, bob, IDS.bob, BOB);
    await showTicket(network, alice, ALICE, 20);
    await showTicket(network, bob, BOB, 20);
    alice.client.sayPayload("ADL 21", '<ml l="1"></ml>');
    alice.client.sayPayload("ADL 22", circleList(circle, "services"));
    await reports(bob, circle);
    const roster = `<circle><roster><id>IM</id><user><id>1:${ALICE}</id></user></roster></circle>`;
    await catchUp(alice);
    alice.client.sayPayload(
      "PUT 23",
      publication(alice, `9:${circle}@live.com`, "/circle", "application/circles+xml", roster),
    );
    const [, , seen] = await alice.client.hears("PUT 23 OK <length>", "NFY PUT <length>", "NFY PUT <length>");
    expect(seen?.payload).toContain(`From: 1:${BOB}\r\nVia: 9:${circle}@live.com`);
    const via = `;via=9:${circle}@live.com`;
    await bob.client.hears(
      `NLN NLN 1:${ALICE}${via} Alice 2952823072:2558662528 %3Cmsnobj%2F%3E`,
      `UBX 1:${ALICE}${via} <length>`,
      "NFY PUT <length>",
    );
    alice.client.sayPayload("SDG 3", message(alice, `9:${circle}@live.com;path=IM`, "Text", "from 21"));
    const [text] = await bob.client.hears("SDG 0 <length>");
    expect(parseMultipart(Buffer.from(text?.payload ?? "")).body.toString()).toBe("from 21");
    bob.client.sayPayload("SDG 4", printedSdg(circle));
    const [answer] = await alice.client.hears("SDG 0 399");
    expect(answer?.payload).toBe(printedSdg(circle));
  });
});

async function untilOffline(client: RawClient, times: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.filter((line) => line.startsWith("FLN")).length < times) lines.push((await client.next()).line);
  return lines;
}

describe("Circles by web service (source: msnp-chat §5.3, §5.4, §6.3)", () => {
  test("the maker finds the circle as admin, among the contacts and in the result", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const circle = await createCircle(network, alice, "Book &amp; club");
    const book = await readBook(network, alice);
    const contact = findAll(book, "Contact").find((one) => textAt(one, "contactId") === circle);
    expect(textAt(contact, "contactInfo", "contactType")).toBe("Circle");
    expect(textAt(contact, "contactInfo", "displayName")).toBe("Book & club");
    expect(textAt(contact, "contactInfo", "passportName")).toBe(`${circle.toUpperCase()}@hotmail.com`);
    expect(textAt(contact, "contactInfo", "IsHidden")).toBe("true");
    const info = find(book, "CircleInverseInfo");
    expect(textAt(info, "Content", "Handle", "Id")).toBe(circle);
    expect(textAt(info, "Content", "Info", "DisplayName")).toBe("Book & club");
    const own = path(info, "PersonalInfo", "MembershipInfo", "CirclePersonalMembership");
    expect([textAt(own, "Role"), textAt(own, "State")]).toEqual(["Admin", "Accepted"]);
  });

  test("a circle of another kind is a bare 500", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const body = createCircleBody("Band", "example.com");
    const { status, root } = await callService(network.services.sharingUrl, alice.ticket, "CreateCircle", body);
    expect([status, root]).toEqual([500, undefined]);
  });

  test("asking in: the invited sees who asked and why, the circle's book shows them waiting", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    await showTicket(network, bob, BOB, 20);
    const circle = await createCircle(network, alice, "Band");
    const named = await nameInCircle(network, alice, circle, BOB);
    expect(textAt(find(named.root, "CreateContactResult"), "contactId")).toBe(IDS.bob);
    const asked = await invite(network, alice, circle, IDS.bob, "join us");
    expect(textAt(find(asked.root, "NetworkInfo"), "RelationshipRole")).toBe("3");
    await bob.client.hears("NOT <length>");
    const seen = findAll(await readBook(network, bob), "Contact").find((one) => textAt(one, "contactId") === circle);
    const relation = find(seen, "NetworkInfo");
    expect(textAt(relation, "RelationshipState")).toBe("1");
    expect(textAt(relation, "RelationshipRole")).toBe("4");
    expect(textAt(relation, "InviterEmail")).toBe(ALICE);
    expect(textAt(relation, "InviterName")).toBe("Alice");
    expect(textAt(relation, "InviterMessage")).toBe("join us");
    const waiting = findAll(await readBook(network, alice, circle), "Contact").find(
      (one) => textAt(one, "contactId") === IDS.bob,
    );
    expect(textAt(waiting, "contactInfo", "contactType")).toBe("LivePending");
    expect(textAt(find(waiting, "NetworkInfo"), "RelationshipState")).toBe("2");
  });

  test("accepting makes a member; accepting twice says so without an error", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    const circle = await circleOfTwo(network, alice, bob, IDS.bob, BOB);
    const own = find(await readBook(network, bob), "CirclePersonalMembership");
    expect([textAt(own, "Role"), textAt(own, "State")]).toEqual(["Member", "Accepted"]);
    const again = await answerInvitation(network, bob, circle, true);
    expect(again.status).toBe(200);
    expect(find(again.root, "clientErrorData")?.text).toContain("already accepted");
  });

  test("declining: the circle is gone for the invited, and can be offered again", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    await showTicket(network, alice, ALICE, 20);
    const circle = await createCircle(network, alice, "Band");
    await showTicket(network, alice, ALICE, 21);
    await reports(alice, circle);
    await nameInCircle(network, alice, circle, BOB);
    await invite(network, alice, circle, IDS.bob);
    await settled(alice.client);
    expect((await answerInvitation(network, bob, circle, false)).status).toBe(200);
    await alice.client.hears("NFY PUT <length>", "NOT <length>");
    expect(find(await readBook(network, bob), "CircleInverseInfo")).toBeUndefined();
    expect((await nameInCircle(network, alice, circle, BOB)).status).toBe(200);
    expect((await invite(network, alice, circle, IDS.bob)).status).toBe(200);
    expect((await answerInvitation(network, bob, circle, true)).status).toBe(200);
  });

  test("only admins ask others in, and nobody twice", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    const circle = await circleOfTwo(network, alice, bob, IDS.bob, BOB);
    expect((await nameInCircle(network, bob, circle, CAROL)).status).toBe(500);
    const twice = await nameInCircle(network, alice, circle, BOB);
    expect(find(twice.root, "errorcode")?.text).toBe("ContactAlreadyExists");
    const unknown = await nameInCircle(network, alice, circle, "ghost@example.com");
    expect(find(unknown.root, "errorcode")?.text).toBe("InvalidPassportUser");
    const refused = await invite(network, bob, circle, IDS.alice);
    expect(refused.status).toBe(500);
    expect(find(refused.root, "clientErrorData")?.text).toContain("sufficient privileges");
    const member = await invite(network, alice, circle, IDS.bob);
    expect([member.status, find(member.root, "clientErrorData")?.text]).toEqual([
      500,
      "User `bob@example.com` already invited to `GroupChat`",
    ]);
  });

  test("a new admin can let the old one go; the last admin stays", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    const circle = await circleOfTwo(network, alice, bob, IDS.bob, BOB);
    expect((await leaveCircle(network, alice, circle, IDS.alice)).status).toBe(500);
    network.setCircleRole(circle, BOB, "Admin");
    expect((await leaveCircle(network, alice, circle, IDS.alice)).status).toBe(200);
    expect((await nameInCircle(network, bob, circle, CAROL)).status).toBe(200);
  });

  test("leaving: the others are told by NFY DEL and NOT, the own clients by NOT; another cannot be put out", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(alice.client);
    expect((await leaveCircle(network, alice, circle, IDS.bob)).status).toBe(500);
    expect((await leaveCircle(network, bob, circle, IDS.bob)).status).toBe(200);
    const [gone] = await alice.client.hears("NFY DEL <length>", "NOT <length>");
    expect(gone?.payload).toContain(`Uri: /circle/roster(IM)/user(1:${BOB})`);
    // He sees everybody leave, himself as well.
    const [one, other] = await bob.client.hears("NFY DEL <length>", "NFY DEL <length>", "NOT <length>");
    expect([one, other].map((heard) => /user\(1:([^)]*)\)/.exec(heard?.payload ?? "")?.[1])).toEqual([ALICE, BOB]);
    expect(find(await readBook(network, bob), "CircleInverseInfo")).toBeUndefined();
    bob.client.sayPayload("SDG 23", printedSdg(circle));
    await bob.client.hears("201 23");
  });

  test("a circle's book is for its people; the ways of MSNP21 with the own book are 500 here", async () => {
    await using network = await openLateNetwork();
    const alice = await circleClient18(network, "alice", A1);
    const bob = await circleClient18(network, "bob", B0);
    const circle = await createCircle(network, alice, "Band");
    const handle = `<abHandle><ABId>${circle}</ABId><Puid>0</Puid><Cid>0</Cid></abHandle>`;
    expect((await addressBookCall(network, bob, "ABFindContactsPaged", handle)).status).toBe(500);
    expect((await nameInCircle(network, alice, OWN_BOOK, BOB)).status).toBe(500);
    expect((await leaveCircle(network, alice, OWN_BOOK, IDS.bob)).status).toBe(500);
  });

  test("AddMember of a CircleMember silences the circle", async () => {
    await using network = await openLateNetwork();
    const { alice, bob, circle } = await two(network);
    for (const one of [alice, bob]) await reports(one, circle);
    await settled(bob.client);
    const body = `<memberships><Membership><MemberRole>Block</MemberRole><Members><Member xsi:type="CircleMember" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>Circle</Type><State>Accepted</State><CircleId>${circle}</CircleId></Member></Members></Membership></memberships>`;
    const { status } = await callService(network.services.sharingUrl, alice.ticket, "AddMember", body);
    expect(status).toBe(200);
    await bob.client.hears(`FLN 1:${ALICE};via=9:${circle}@live.com 0:0`, "NFY PUT <length>");
  });
});
