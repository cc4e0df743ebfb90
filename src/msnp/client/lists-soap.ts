import { type Email, parseEmail } from "../address.ts";
import { SERVICE_SITES, SITE } from "../auth/rst-request.ts";
import { describeError } from "../errors.ts";
import { type AddressBook, EMPTY_ADDRESS_BOOK, FIND_ALL, parseAddressBook } from "../soap/address-book.ts";
import { FIND_MEMBERSHIP, type Member, type MemberRole, parseMembership } from "../soap/membership.ts";
import { callSoap, SoapError } from "../soap/service.ts";
import { find, findAll, parseXml, type RawXml, type XmlElement, xml } from "../soap/xml.ts";
import { ServerError } from "../transport/error-codes.ts";
import type { Command } from "../wire/command.ts";
import { decodeArg, encodeArg } from "../wire/command.ts";
import { bitsOf, type ContactPatch, LIST_BITS, listsOf } from "./contacts.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import type { ListStrategy } from "./lists.ts";
import type { MsnContact } from "./types.ts";

const ROLE_BITS: Readonly<Record<MemberRole, number>> = {
  Allow: LIST_BITS.AL,
  Block: LIST_BITS.BL,
  Reverse: LIST_BITS.RL,
  Pending: LIST_BITS.PL,
};
/** The only bits an ADL may carry (source: msnp-core §5.6). */
const ADL_BITS = LIST_BITS.FL | LIST_BITS.AL | LIST_BITS.BL;
const MAX_ADL_BYTES = 7000;
const MAX_ADL_CONTACTS = 150;
const SITE_CONTACTS = SERVICE_SITES.find(({ address }) => address === SITE.contacts) ?? { address: SITE.contacts };
/** Site of "your address book changed" (source: msnp-core §7.2). */
const ADDRESS_BOOK_SITE = "45705";

interface Listed {
  bits: number;
  patch: ContactPatch;
}

/** Lists from the web services, told to the server by ADL; MSNP13+ (source: msnp-core §5.6, msnp-chat §5.3, §5.4). */
class SoapLists implements ListStrategy {
  #refreshTimer: NodeJS.Timeout | undefined;
  #isRefreshing = false;

  async load(core: Core, live: Live, signal: AbortSignal): Promise<void> {
    const { members, book } = await readLists(core, live, "Initial", signal);
    applyLists(core, members, book);
    const { ns } = live;
    await tolerated(core, ns.request("BLP", [book.privacy]));
    const chunks = listPayloads([...core.contacts.all.values()], true);
    await Promise.all(chunks.map((payload) => ns.request("ADL", [], { payload })));
    if (book.ownName === undefined) return;
    updateSelf(core, { displayName: book.ownName });
    await tolerated(core, ns.request("PRP", ["MFN", encodeArg(book.ownName)]));
  }

  onCommand(core: Core, command: Command): boolean {
    switch (command.name) {
      case "ADL":
      case "RML":
        changeLists(core, command);
        this.#scheduleRefresh(core);
        return true;
      case "NOT":
        if (isListNotice(command)) this.#scheduleRefresh(core);
        return true;
      case "UBN":
        // Type 6: another place of the account asks to read the lists again (source: msnp-core §7.9).
        if (command.args[1] !== "6") return false;
        this.#scheduleRefresh(core);
        return true;
      default:
        return false;
    }
  }

  #scheduleRefresh(core: Core): void {
    if (this.#refreshTimer !== undefined) return;
    this.#refreshTimer = setTimeout(() => {
      this.#refreshTimer = undefined;
      const { live } = core;
      if (live === undefined) return;
      if (this.#isRefreshing) this.#scheduleRefresh(core);
      else void this.#refresh(core, live);
    }, core.timeouts.refresh);
    this.#refreshTimer.unref();
  }

  /** Reads the lists again. A failure leaves the old lists until the next notice; the session goes on. */
  async #refresh(core: Core, live: Live): Promise<void> {
    this.#isRefreshing = true;
    const before = new Map(core.contacts.all);
    try {
      const { members, book } = await readLists(core, live, "Timer");
      if (core.live !== live) return;
      applyLists(core, members, book);
      const isNew = (contact: MsnContact): boolean =>
        (bitsOf(contact.lists) & ADL_BITS & ~bitsOf(before.get(contact.email)?.lists ?? listsOf(0))) !== 0;
      for (const payload of listPayloads([...core.contacts.all.values()].filter(isNew), false)) {
        await live.ns.request("ADL", [], { payload });
      }
    } catch (error) {
      core.options.trace?.("<<<", "SOAP", `The lists could not be read again: ${describeError(error)}`);
    } finally {
      this.#isRefreshing = false;
    }
  }
}

/** A server may refuse to be told what it knows already; that is no reason not to sign in. */
async function tolerated(core: Core, request: Promise<Command>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    core.options.trace?.("<<<", "NS", error.message);
  }
}

async function readLists(
  core: Core,
  live: Live,
  scenario: string,
  signal?: AbortSignal,
): Promise<{ members: Member[]; book: AddressBook }> {
  return await live.tickets.use(SITE_CONTACTS, (ticket) => readWith(core, { scenario, ticket, signal }), isTicketRefused);
}

async function readWith(
  core: Core,
  call: { scenario: string; ticket: string; signal: AbortSignal | undefined },
): Promise<{ members: Member[]; book: AddressBook }> {
  const { sharingUrl, addressBookUrl } = core.options.services;
  const membership = await callSoap(core.http, {
    ...call,
    url: sharingUrl,
    operation: "FindMembership",
    body: FIND_MEMBERSHIP,
  });
  const book = await findAllContacts(() =>
    callSoap(core.http, { ...call, url: addressBookUrl, operation: "ABFindAll", body: FIND_ALL }),
  );
  return { members: parseMembership(membership), book };
}

function isTicketRefused(error: unknown): boolean {
  return error instanceof SoapError && error.code === "refused";
}

/** An account that never had an address book has an empty one (source: msnp-chat §5.7). */
async function findAllContacts(call: () => Promise<XmlElement>): Promise<AddressBook> {
  try {
    return parseAddressBook(await call());
  } catch (error) {
    if (error instanceof SoapError && error.fault === "ABDoesNotExist") return EMPTY_ADDRESS_BOOK;
    throw error;
  }
}

/** Puts what was read into the contact book, and takes out who is on no list any more. */
function applyLists(core: Core, members: readonly Member[], book: AddressBook): void {
  const listed = new Map<Email, Listed>();
  const entry = (email: Email): Listed => {
    const known = listed.get(email) ?? { bits: 0, patch: {} };
    listed.set(email, known);
    return known;
  };
  core.contacts.groups = book.groups;
  for (const { role, email, network, displayName } of members) {
    const item = entry(email);
    item.bits |= ROLE_BITS[role];
    item.patch = { ...item.patch, network, ...(displayName !== undefined && { displayName }) };
  }
  for (const { email, network, displayName, groupIds, isMessengerUser } of book.contacts) {
    if (!isMessengerUser) continue;
    const item = entry(email);
    item.bits |= LIST_BITS.FL;
    const groups = core.contacts.groupNames(groupIds);
    item.patch = { ...item.patch, network, groups, ...(displayName !== undefined && { displayName }) };
  }
  listed.delete(core.self.email);
  for (const [email, { bits, patch }] of listed) {
    const isOnline = (core.contacts.all.get(email)?.status ?? "FLN") !== "FLN";
    const { displayName, ...rest } = patch;
    // The name that comes with presence is the current one; the address book's may be old.
    const name = isOnline || displayName === undefined ? {} : { displayName };
    core.contacts.update(email, { ...rest, ...name, lists: listsOf(bits) });
  }
  for (const email of [...core.contacts.all.keys()]) {
    if (!listed.has(email)) core.contacts.update(email, { lists: listsOf(0) });
  }
}

/**
 * Payloads of ADL for contacts, each small enough for the server. The initial lists group many domains; later ones
 * hold one domain each, since Escargot mixes up several (source: msnp-core §5.6).
 */
export function listPayloads(contacts: readonly MsnContact[], isInitial: boolean): string[] {
  const byDomain = new Map<string, RawXml[]>();
  for (const contact of contacts) {
    const { AL, BL } = LIST_BITS;
    let bits = bitsOf(contact.lists) & ADL_BITS;
    // Allowed and blocked at once would break the sign-in; the safe reading is blocked.
    if ((bits & AL) !== 0 && (bits & BL) !== 0) bits &= ~AL;
    if (bits === 0) continue;
    const at = contact.email.lastIndexOf("@");
    const domain = contact.email.slice(at + 1);
    const items = byDomain.get(domain) ?? [];
    items.push(xml`<c n="${contact.email.slice(0, at)}" l="${bits}" t="${contact.network}" />`);
    byDomain.set(domain, items);
  }
  const payloads = new PayloadBuilder(isInitial);
  for (const [domain, items] of byDomain) payloads.addDomain(domain, items);
  return payloads.finish();
}

class PayloadBuilder {
  readonly #isInitial: boolean;
  readonly #payloads: string[] = [];
  #body = "";
  #count = 0;

  constructor(isInitial: boolean) {
    this.#isInitial = isInitial;
  }

  addDomain(domain: string, items: readonly RawXml[]): void {
    if (!this.#isInitial) this.#flush();
    const open = xml`<d n="${domain}">`.source;
    let isOpen = false;
    for (const { source } of items) {
      const size = Buffer.byteLength(this.#body) + Buffer.byteLength(source) + (isOpen ? 0 : Buffer.byteLength(open));
      if (this.#count >= MAX_ADL_CONTACTS || size > MAX_ADL_BYTES) {
        if (isOpen) this.#body += "</d>";
        this.#flush();
        isOpen = false;
      }
      if (!isOpen) this.#body += open;
      isOpen = true;
      this.#body += source;
      this.#count += 1;
    }
    if (isOpen) this.#body += "</d>";
  }

  #flush(): void {
    if (this.#body !== "") this.#payloads.push(`<ml${this.#isInitial ? ' l="1"' : ""}>${this.#body}</ml>`);
    this.#body = "";
    this.#count = 0;
  }

  finish(): string[] {
    this.#flush();
    // The server waits for the initial list even when nobody is on it.
    return this.#payloads.length === 0 && this.#isInitial ? ['<ml l="1"></ml>'] : this.#payloads;
  }
}

/** Applies an ADL or RML of the server at once; the refresh that follows has the last word. */
function changeLists(core: Core, command: Command): void {
  for (const { email, bits, displayName } of readListPayload(command.payload)) {
    const isAdded = command.name === "ADL";
    const patch = isAdded && displayName !== undefined && displayName !== "" ? { displayName } : {};
    core.contacts.changeLists(email, bits, isAdded, patch);
  }
}

function readListPayload(payload: Buffer | undefined): { email: Email; bits: number; displayName?: string }[] {
  if (payload === undefined || payload.length === 0) return [];
  try {
    return findAll(parseXml(payload), "d").flatMap((domain) =>
      findAll(domain, "c").map((contact) => {
        const name = contact.attributes.f;
        return {
          email: parseEmail(`${contact.attributes.n ?? ""}@${domain.attributes.n ?? ""}`),
          bits: Number(contact.attributes.l ?? 0) & 31,
          ...(name !== undefined && { displayName: decodeArg(name) }),
        };
      }),
    );
  } catch {
    // An unreadable change is still a change: the refresh reads it from the address book.
    return [];
  }
}

function isListNotice(command: Command): boolean {
  try {
    return find(parseXml(command.payload ?? ""), "NOTIFICATION")?.attributes.siteid === ADDRESS_BOOK_SITE;
  } catch {
    return false;
  }
}

export function soapLists(): ListStrategy {
  return new SoapLists();
}
