import { type Email, NETWORK, type NetworkId, toEmail } from "../address.ts";
import { find, findAll, parseXml, type RawXml, xml } from "../soap/xml.ts";
import { decodeArg } from "../wire/command.ts";
import { bitsOf, LIST_BITS } from "./contacts.ts";
import type { MsnContact } from "./types.ts";

/** The only bits an ADL may carry (source: msnp-core §5.6). */
export const ADL_BITS = LIST_BITS.FL | LIST_BITS.AL | LIST_BITS.BL;
const MAX_ADL_BYTES = 7000;
const MAX_ADL_CONTACTS = 150;

/** Somebody and lists, as bits. */
export interface ListEntry {
  readonly email: Email;
  readonly network: NetworkId;
  readonly bits: number;
}

/** What a server tells of somebody's lists. */
export interface ListNews {
  readonly email: Email;
  readonly bits: number;
  readonly displayName?: string;
}

/** How lists are written in ADL and RML. */
export interface ListForm {
  /** Whether privacy and own name are told by commands, too (BLP, PRP). */
  readonly tellsSettings: boolean;
  /** Whether a server that does not answer ADL is taken at its silence, as one is known to be (source: msnp21 §9). */
  readonly isSilenceGood: boolean;
  /** Payloads for all contacts at sign-in, one at least. */
  initial(entries: readonly ListEntry[], self: Email): string[];
  /** Payloads for changes. */
  changes(entries: readonly ListEntry[]): string[];
  /** Reads what the server sends; nothing for what cannot be read. */
  read(payload: Buffer | undefined): ListNews[];
}

/** What an ADL says of a contact; bits 0 when nothing. */
export function entryOf({ email, network, lists }: MsnContact): ListEntry {
  const bits = bitsOf(lists) & ADL_BITS;
  const { AL, BL } = LIST_BITS;
  // Allowed and blocked at once would break the sign-in; the safe reading is blocked.
  const isBoth = (bits & AL) !== 0 && (bits & BL) !== 0;
  return { email, network, bits: isBoth ? bits & ~AL : bits };
}

/** Addresses by domain, MSNP13-18 (source: msnp-core §5.6). Later lists hold one domain each: Escargot mixes up several. */
export const BY_DOMAIN: ListForm = {
  tellsSettings: true,
  isSilenceGood: false,
  initial: (entries) => payloadsOf(entries, true, oneMask),
  changes: (entries) => payloadsOf(entries, false, oneMask),
  read: readByDomain,
};

function oneMask({ network, bits }: ListEntry, name: string): RawXml {
  return xml`<c n="${name}" l="${bits}" t="${network}" />`;
}

/** Payloads of entries by domain, each entry as `item` writes it; `name` is the part before the @. */
export function payloadsOf(
  entries: readonly ListEntry[],
  isInitial: boolean,
  item: (entry: ListEntry, name: string) => RawXml,
): string[] {
  const byDomain = new Map<string, RawXml[]>();
  for (const entry of entries) {
    if (entry.bits === 0) continue;
    const [name, domain] = split(entry.email);
    const items = byDomain.get(domain) ?? [];
    items.push(item(entry, name));
    byDomain.set(domain, items);
  }
  const builder = new PayloadBuilder(isInitial);
  for (const [domain, items] of byDomain) builder.addDomain(domain, items);
  return builder.finish();
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

function readByDomain(payload: Buffer | undefined): ListNews[] {
  if (payload === undefined || payload.length === 0) return [];
  try {
    return findAll(parseXml(payload), "d").flatMap((domain) =>
      findAll(domain, "c").flatMap((contact) => {
        const email = toEmail(`${contact.attributes.n ?? ""}@${domain.attributes.n ?? ""}`);
        const name = contact.attributes.f;
        if (email === undefined) return [];
        const bits = Number(contact.attributes.l ?? 0) & 31;
        return { email, bits, ...(name !== undefined && { displayName: decodeArg(name) }) };
      }),
    );
  } catch {
    // An unreadable change is still a change: the refresh reads it from the address book.
    return [];
  }
}

/** Asks which network an address is on (source: msnp-core §5.6). */
export function networkQuery(email: Email): string {
  const [name, domain] = split(email);
  return xml`<ml><d n="${domain}"><c n="${name}"/></d></ml>`.source;
}

/** The network in the answer to {@link networkQuery}; the own one when the server does not say. */
export function readNetwork(payload: Buffer | undefined): NetworkId {
  try {
    const network = Number(find(parseXml(payload ?? ""), "c")?.attributes.t);
    return Number.isInteger(network) && network > 0 ? network : NETWORK.messenger;
  } catch {
    return NETWORK.messenger;
  }
}

function split(email: Email): [name: string, domain: string] {
  const at = email.lastIndexOf("@");
  return [email.slice(0, at), email.slice(at + 1)];
}
