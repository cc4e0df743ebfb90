import { findAll, parseXml, type XmlElement } from "../../soap/xml.ts";
import type { Request } from "../connection.ts";
import { addContact, LIST_ERRORS, removeContact } from "../contacts.ts";
import { tellOwnEndpoints } from "../own-changes.ts";
import type { Account } from "../state/account.ts";
import { AL, BL, FL, ListError } from "../state/lists.ts";
import { argument, payloadOf } from "./args.ts";
import type { SessionCommand } from "./front.ts";
import { changeCircleList, isCircleList } from "./late/circle-lists.ts";
import { rolesOf } from "./late/services.ts";
import type { NsSession } from "./session.ts";

/** Network ids that exist (source: msnp-core §5.1). */
const NETWORKS = new Set(["1", "2", "4", "8", "9", "16", "32"]);
const CIRCLE = "9";

/** Lists from MSNP13 on: the client reports what the web services gave it, and what has changed (source: msnp-core §5.6). */
export const MEMBERSHIP_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  ADL: (session, request) => change(session, request, "ADL"),
  RML: (session, request) => change(session, request, "RML"),
  FQY: networkOf,
};

/** An error number that ends the reading of a payload. */
class Refusal extends Error {
  readonly code: number;
  readonly fatal: boolean;

  constructor(code: number, fatal: boolean) {
    super(`refused with ${code}`);
    this.code = code;
    this.fatal = fatal;
  }
}

interface Member {
  readonly contact: Account | undefined;
  readonly lists: number;
}

function change(session: NsSession, request: Request, command: "ADL" | "RML"): void {
  const trid = argument(request, 0);
  try {
    const root = readPayload(request);
    if (session.dialect.circles && isCircleList(root)) {
      const fault = changeCircleList(session, root, command);
      if (fault !== undefined) throw new Refusal(fault.code, fault.fatal);
      session.send(command, trid, "OK");
      return;
    }
    const members = readMembers(session, root, command);
    const before = listsOf(session, members);
    if (command === "RML") for (const member of members) takeOff(session, member);
    else if (root.attributes.l !== "1")
      for (const member of meant(session, root, members)) putOn(session, member, trid);
    else if (session.dialect.multipart) for (const member of members) hide(session, member);
    session.send(command, trid, "OK");
    if (listsOf(session, members) !== before) tellOwnEndpoints(session);
    if (command === "ADL" && root.attributes.l === "1") session.reportLists();
  } catch (error) {
    refuse(session, trid, error);
  }
}

function listsOf({ account }: NsSession, members: readonly Member[]): string {
  return members.map(({ contact }) => account.contacts.get(contact?.id ?? "")?.lists ?? 0).join();
}

/** Those whom the server puts on lists, which need not be those who are named. */
function meant(session: NsSession, root: XmlElement, members: readonly Member[]): readonly Member[] {
  const domains = root.children.filter(({ name }) => name === "d");
  const last = domains.at(-1);
  if (!session.hub.quirks.mixesDomains || session.dialect.multipart || last === undefined) return members;
  return domains.flatMap(({ attributes }) =>
    last.children.filter(({ name }) => name === "c").map((element) => readMember(session, element, attributes.n ?? "")),
  );
}

function refuse(session: NsSession, trid: string, error: unknown): void {
  if (error instanceof ListError) {
    session.send(LIST_ERRORS[error.fault], trid);
  } else if (error instanceof Refusal) {
    session.send(error.code, trid);
    if (error.fatal) session.connection.close();
  } else {
    throw error;
  }
}

function readPayload(request: Request): XmlElement {
  try {
    return parseXml(payloadOf(request));
  } catch {
    throw new Refusal(241, true);
  }
}

/** Domains and contacts, all checked before anything is changed. Phones (`<t>`) are accepted and passed over. */
function readMembers(session: NsSession, root: XmlElement, command: "ADL" | "RML"): Member[] {
  const members: Member[] = [];
  const initial = command === "ADL" && root.attributes.l === "1";
  for (const domain of root.children.filter((child) => child.name === "d")) {
    if (domain.children.length === 0) throw new Refusal(240, true);
    const name = domain.attributes.n;
    if (name === undefined) throw new Refusal(241, true);
    for (const element of domain.children.filter((child) => child.name === "c")) {
      const member = readMember(session, element, name);
      if (member.contact === undefined && command === "ADL" && !initial) throw new Refusal(208, false);
      members.push(member);
    }
  }
  return members;
}

function readMember(session: NsSession, element: XmlElement, domain: string): Member {
  const network = element.attributes.t;
  if (network === undefined || !NETWORKS.has(network)) throw new Refusal(204, true);
  // Only newer versions know circles, and those come in lists of their own.
  if (network === CIRCLE) throw new Refusal(933, false);
  const { multipart } = session.dialect;
  const lists = multipart ? rolesOf(element) : Number(element.attributes.l);
  if (!Number.isInteger(lists) || lists < 0 || (lists & ~(FL | AL | BL)) !== 0) throw new Refusal(241, !multipart);
  return { contact: session.hub.directory.byEmail(`${element.attributes.n ?? ""}@${domain}`), lists };
}

/** MSNP21: the first list only says whom one hides from; who is on it, the web services know (source: msnp21 §2.6). */
function hide(session: NsSession, { contact, lists }: Member): void {
  if (contact === undefined || contact === session.account || (lists & BL) === 0) return;
  addContact(session.hub, session.account, contact, BL);
}

function putOn(session: NsSession, { contact, lists }: Member, trid: string): void {
  // MSNP21 clients list themselves (source: msnp21 §2.6).
  if (contact === undefined || (contact === session.account && session.dialect.multipart)) return;
  if (lists !== 0) addContact(session.hub, session.account, contact, lists, { given: contact.email });
  if ((lists & FL) !== 0) session.showContact(contact, trid);
}

/**
 * Someone who is not on the list is no error (source: msnp-core §5.6). Several lists at once are all left; Escargot
 * then only tells the other side, which would be a list that nobody can get off again.
 */
function takeOff(session: NsSession, { contact, lists }: Member): void {
  if (contact === undefined || session.account.contacts.get(contact.id) === undefined) return;
  for (const bit of [FL, AL, BL]) {
    const listed = session.account.contacts.get(contact.id)?.lists ?? 0;
    if ((lists & listed & bit) !== 0) removeContact(session.hub, session.account, contact, bit);
  }
}

function networkOf(session: NsSession, request: Request): void {
  const trid = argument(request, 0);
  try {
    const root = readPayload(request);
    const domains = findAll(root, "d");
    const [domain] = domains;
    if (domain === undefined || domains.length > 1) throw new Refusal(241, true);
    if (domain.children.length === 0) throw new Refusal(240, true);
    if (domain.children.length > 1) throw new Refusal(241, true);
    const contact = session.hub.directory.byEmail(
      `${domain.children[0]?.attributes.n ?? ""}@${domain.attributes.n ?? ""}`,
    );
    if (contact === undefined) throw new Refusal(208, false);
    const [name, host] = contact.email.split("@");
    session.sendPayload(
      ["FQY", trid],
      `<ml><d n="${host}"><c n="${name}" t="1"${session.dialect.multipart ? "" : " "}/></d></ml>`,
    );
  } catch (error) {
    refuse(session, trid, error);
  }
}
