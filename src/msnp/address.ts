import { MsnpError } from "./errors.ts";

declare const brand: unique symbol;
/** An account's address, lower-cased and checked: revival servers compare it by case (source: msnp-core §3.5). */
export type Email = string & { readonly [brand]: "Email" };
/** Which network an address lives on; see {@link NETWORK} (source: msnp-core §5.1). */
export type NetworkId = number;
/** Endpoint id of one installation: a GUID without braces, lower-case (source: msnp-core §3.5). */
export type MachineGuid = string & { readonly [brand]: "MachineGuid" };

export const NETWORK = { messenger: 1, phone: 4, circle: 9, yahoo: 32 } as const;

/** Longest user handle in bytes (source: msnp-core §1.5). */
const EMAIL_LIMIT = 129;
// The part before @ and the domain hold nothing that could end an argument, a header or an XML attribute, nothing
// invisible and no half of a character.
const EMAIL = /^[^\s\p{Cc}\p{Cf}\p{Cs}@<>"'&;:,%\\/]+@[^\s\p{Cc}\p{Cf}\p{Cs}@<>"'&;:,%\\/]+$/u;
const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** Reads an address a person or a server wrote. Throws MsnpError `bad-address`. */
export function parseEmail(text: string): Email {
  const email = text.trim().toLowerCase();
  if (!EMAIL.test(email) || Buffer.byteLength(email) > EMAIL_LIMIT) {
    throw new MsnpError("bad-address", "This is not an MSN address: it must look like name@example.com");
  }
  return email as Email;
}

/** Like {@link parseEmail}, but undefined instead of an error. */
export function toEmail(text: string): Email | undefined {
  const email = text.toLowerCase();
  return EMAIL.test(email) && Buffer.byteLength(email) <= EMAIL_LIMIT ? (email as Email) : undefined;
}

/** Accepts a GUID with or without braces, in any case. Throws MsnpError `bad-guid`. */
export function parseMachineGuid(text: string): MachineGuid {
  const guid = GUID.exec(text.trim())?.[1];
  if (guid === undefined) throw new MsnpError("bad-guid", "A machine GUID must look like {8-4-4-4-12 hex digits}");
  return guid.toLowerCase() as MachineGuid;
}

/** The parts of `[nid:]email[;via=nid:address][;{guid}]` (source: msnp-core §10, client 3). */
export interface Address {
  readonly email: Email;
  readonly network: NetworkId;
  readonly endpoint?: MachineGuid;
  /** Present when the person is seen through a circle. */
  readonly via?: string;
}

/** Reads any address form of any dialect; undefined when it holds no e-mail address (a phone, a broken line). */
export function parseAddress(text: string): Address | undefined {
  let rest = text;
  let endpoint: MachineGuid | undefined;
  let via: string | undefined;
  const semicolon = rest.indexOf(";");
  if (semicolon >= 0) {
    for (const part of rest.slice(semicolon + 1).split(";")) {
      if (part.startsWith("via=")) via = part.slice(4);
      else if (GUID.test(part)) endpoint = parseMachineGuid(part);
    }
    rest = rest.slice(0, semicolon);
  }
  let network: NetworkId = NETWORK.messenger;
  const colon = rest.indexOf(":");
  if (colon > 0 && colon < rest.indexOf("@")) {
    const id = Number(rest.slice(0, colon));
    if (!Number.isInteger(id)) return undefined;
    network = id;
    rest = rest.slice(colon + 1);
  }
  const email = toEmail(rest);
  if (email === undefined) return undefined;
  return { email, network, ...(endpoint !== undefined && { endpoint }), ...(via !== undefined && { via }) };
}
