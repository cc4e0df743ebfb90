import { expect } from "vitest";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { find, textAt, type XmlElement } from "../../../src/msnp/soap/xml.ts";
import {
  A1,
  ALICE,
  B0,
  BOB,
  catchUp,
  enter21,
  type LateClient,
  type LateNetwork,
  publish,
  userDocument,
} from "./late-scene.ts";
import type { RawClient } from "./raw-client.ts";
import { callService, type Entered, enter18, untilLine } from "./scene.ts";

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";

/** A client with a ticket for web services, of any version. */
export interface Caller {
  readonly client: RawClient;
  readonly ticket: string;
}

export interface Answer {
  readonly status: number;
  readonly root: XmlElement | undefined;
}

function handle(book: string): string {
  return `<abHandle><ABId>${book}</ABId><Puid>0</Puid><Cid>0</Cid></abHandle>`;
}

export function addressBookCall(network: MsnNetwork, who: Caller, operation: string, body: string): Promise<Answer> {
  return callService(network.services.addressBookUrl, who.ticket, operation, body);
}

export function createCircleBody(name: string, hostedDomain = "live.com"): string {
  return `<properties><Domain>1</Domain><HostedDomain>${hostedDomain}</HostedDomain><Type>2</Type><MembershipAccess>0</MembershipAccess><IsPresenceEnabled>true</IsPresenceEnabled><RequestMembershipOption>2</RequestMembershipOption><DisplayName>${name}</DisplayName></properties><callerInfo><PublicDisplayName>Alice</PublicDisplayName></callerInfo>`;
}

/** Makes a circle, waits for the notice of it, and gives its id. */
export async function createCircle(network: MsnNetwork, who: Caller, name: string): Promise<string> {
  const { root } = await callService(network.services.sharingUrl, who.ticket, "CreateCircle", createCircleBody(name));
  const id = textAt(find(root, "CreateCircleResult"), "Id") ?? "";
  expect(id).toMatch(/^00000000-0000-0000-0009-[0-9a-f]{12}$/);
  await untilLine(who.client, "NOT");
  return id;
}

export function nameInCircle(network: MsnNetwork, who: Caller, circle: string, email: string): Promise<Answer> {
  const contact = `<contactHandle><Email>${email}</Email><Puid>0</Puid><Cid>0</Cid><CircleId>${OWN_BOOK}</CircleId></contactHandle>`;
  return addressBookCall(network, who, "CreateContact", `${handle(circle)}${contact}`);
}

function connection(book: string, contactId: string, action: number, role: number, note = ""): string {
  const annotations =
    note === ""
      ? ""
      : `<annotations><Annotation><Name>MSN.IM.InviteMessage</Name><Value>${note}</Value></Annotation></annotations>`;
  return `${handle(book)}<contactId>${contactId}</contactId><connection>true</connection><presence>false</presence><action>${action}</action><relationshipType>5</relationshipType><relationshipRole>${role}</relationshipRole>${annotations}`;
}

export function invite(
  network: MsnNetwork,
  who: Caller,
  circle: string,
  contactId: string,
  note = "",
): Promise<Answer> {
  return addressBookCall(network, who, "ManageWLConnection", connection(circle, contactId, 1, 3, note));
}

export function answerInvitation(network: MsnNetwork, who: Caller, circle: string, accepts: boolean): Promise<Answer> {
  return addressBookCall(network, who, "ManageWLConnection", connection(OWN_BOOK, circle, accepts ? 1 : 2, 0));
}

export function leaveCircle(network: MsnNetwork, who: Caller, circle: string, ownId: string): Promise<Answer> {
  const body = `${handle(circle)}<contactId>${ownId}</contactId><blockContact>false</blockContact><deleteContact>true</deleteContact>`;
  return addressBookCall(network, who, "BreakConnection", body);
}

export async function readBook(network: MsnNetwork, who: Caller, book = OWN_BOOK): Promise<XmlElement | undefined> {
  const body = `<filterOptions><DeltasOnly>false</DeltasOnly><ContactFilter><IncludeHiddenContacts>true</IncludeHiddenContacts></ContactFilter></filterOptions><abView>MessengerClient8</abView><extendedContent>AB AllGroups CircleResult</extendedContent>${handle(book)}`;
  const { status, root } = await addressBookCall(network, who, "ABFindContactsPaged", body);
  expect(status).toBe(200);
  return root;
}

/** A new ticket, shown to the notification server. */
export async function showTicket(network: MsnNetwork, who: Caller, email: string, trid: number): Promise<void> {
  const ticket = find(await readBook(network, who), "CircleTicket")?.text ?? "";
  who.client.say(`USR ${trid} SHA A ${Buffer.from(ticket).toString("base64")}`);
  expect(await untilLine(who.client, `USR ${trid}`)).toBe(`USR ${trid} OK ${email} 0 0`);
}

/** A circle of an admin and another, who has accepted; at MSNP21 they are told of both by notices, which are waited for. */
export async function circleOfTwo(
  network: MsnNetwork,
  admin: Caller,
  member: Caller,
  memberId: string,
  memberEmail: string,
): Promise<string> {
  const circle = await createCircle(network, admin, "Book club");
  expect((await nameInCircle(network, admin, circle, memberEmail)).status).toBe(200);
  expect((await invite(network, admin, circle, memberId, "join us")).status).toBe(200);
  expect((await answerInvitation(network, member, circle, true)).status).toBe(200);
  if ("epid" in member) for (let notices = 0; notices < 2; notices++) await untilLine(member.client, "NOT");
  return circle;
}

export function circleList(circle: string, form: "services" | "mask"): string {
  const entry =
    form === "mask"
      ? `<c n="${circle}" l="3" t="9"/>`
      : `<c n="${circle}" t="9"><s l="3" n="IM"/><s l="3" n="PE"/></c>`;
  return `<ml l="1"><d n="live.com">${entry}</d></ml>`;
}

/** alice and bob at MSNP21 with their lists reported and tickets shown, not yet in the chat of their circle. */
export async function lateCircle(
  network: LateNetwork,
): Promise<{ alice: LateClient; bob: LateClient; circle: string }> {
  const alice = await enter21(network, ALICE, A1);
  const bob = await enter21(network, BOB, B0);
  const circle = await circleOfTwo(network, alice, bob, "22222222-2222-4222-8222-222222222222", BOB);
  for (const late of [alice, bob]) {
    await showTicket(network, late, late.email, 6);
    late.client.sayPayload("ADL 8", '<ml l="1"></ml>');
    late.client.sayPayload("ADL 9", circleList(circle, "services"));
  }
  const name = (email: string): string => (email === ALICE ? "Alice" : "Bob");
  for (const late of [alice, bob]) publish(late, 10, userDocument({ status: "NLN", name: name(late.email), psm: "" }));
  await catchUp(alice, bob);
  await catchUp(alice, bob);
  return { alice, bob, circle };
}

/** Signs in at MSNP18 with lists reported and status told; everything read. */
export async function circleClient18(network: MsnNetwork, name: string, guid: string): Promise<Entered> {
  const entered = await enter18(network, name, guid);
  entered.client.sayPayload("ADL 5", '<ml l="1"></ml>');
  entered.client.say("CHG 6 NLN 2788999228:48");
  // The own presence comes a moment after the answer.
  await untilLine(entered.client, "UBX");
  await settled(entered.client);
  return entered;
}

/** Reads all that an older client was sent so far. */
export async function settled(client: RawClient): Promise<string[]> {
  client.say("PNG");
  const lines: string[] = [];
  for (let line = (await client.next()).line; !line.startsWith("QNG"); line = (await client.next()).line)
    lines.push(line);
  return lines;
}
