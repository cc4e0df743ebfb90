/** Presence codes as on the wire (source: msnp-core §6.1). */
export type MsnStatus = "NLN" | "BSY" | "IDL" | "BRB" | "AWY" | "PHN" | "LUN" | "HDN" | "FLN";

const STATUSES: ReadonlySet<string> = new Set(["NLN", "BSY", "IDL", "BRB", "AWY", "PHN", "LUN", "HDN", "FLN"]);

export function isStatus(code: string): code is MsnStatus {
  return STATUSES.has(code);
}

/** A code from a server; one nobody knows still means that the person is there. */
export function parseStatus(code: string): MsnStatus {
  const upper = code.toUpperCase();
  return isStatus(upper) ? upper : "NLN";
}
