import { createHash, randomBytes } from "node:crypto";

/** A version-4-shaped UUID that is always the same for the same text, so that ids survive a restart of the network. */
export function stableUuid(text: string): string {
  const digest = createHash("sha1").update(text).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x40;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

const UUID = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;

/** True for a GUID with or without braces. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A GUID without braces in lower case: the form in which endpoints are kept and compared (source: msnp-core §3.5). */
export function bareGuid(text: string): string {
  return text.replace(/^\{/, "").replace(/\}$/, "").toLowerCase();
}

/** The 16 hexadecimal digits of a CID, taken from an account id (source: msnp-chat §5.4). */
export function cidHex(uuid: string): string {
  return (uuid.slice(19, 23) + uuid.slice(24, 36)).toLowerCase();
}

/** A CID as the signed decimal number that web services and notifications carry (source: msnp-chat §5.4). */
export function cidDecimal(uuid: string): string {
  return Buffer.from(cidHex(uuid), "hex").readBigInt64LE().toString();
}

/** The two halves of a member id (source: msnp-core §7.1, §7.2). */
export function memberId(uuid: string): { high: number; low: number } {
  return { high: Number.parseInt(uuid.slice(0, 8), 16), low: Number.parseInt(uuid.slice(28, 36), 16) };
}

/** The 16 hexadecimal digits of a PUID. */
export function puidHex(uuid: string): string {
  return (uuid.slice(0, 8) + uuid.slice(28, 36)).toUpperCase();
}

/** Fresh random hexadecimal digits: tickets and cookies have 20, chat ids at most 31 (source: msnp-core §9.2, msnp-chat §1.3). */
export function randomHex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString("hex")
    .slice(0, digits);
}
