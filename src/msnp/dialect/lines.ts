import { type Address, type MachineGuid, parseAddress } from "../address.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import { type MsnStatus, parseStatus } from "./status.ts";
import type { Dialect } from "./types.ts";

/** Two words of bits; both unsigned (source: msnp-core §6.4). */
export interface Capabilities {
  readonly basic: number;
  readonly extended: number;
}

export const NO_CAPABILITIES: Capabilities = Object.freeze({ basic: 0, extended: 0 });

/** One presence line, whatever its form. */
export interface PresenceLine {
  readonly address: Address;
  readonly status: MsnStatus;
  /** Empty for somebody without a name, absent when the line does not say. */
  readonly displayName?: string;
  readonly capabilities: Capabilities;
  /** The decoded `<msnobj .../>`; absent when the contact has no picture. */
  readonly msnObject?: string;
}

/** A person named by IRO, JOI or BYE on a switchboard. */
export interface RosterLine {
  readonly address: Address;
  readonly displayName?: string;
  readonly capabilities: Capabilities;
}

const NUMBER = /^\d+$/;
const PAIR = /^\d+:\d+$/;

/** Reads `caps` or `caps:ext`; anything else is no capabilities. */
export function parseCapabilities(text: string | undefined): Capabilities {
  if (text === undefined) return NO_CAPABILITIES;
  const [basic = "", extended = "0"] = text.split(":");
  if (!NUMBER.test(basic) || !NUMBER.test(extended)) return NO_CAPABILITIES;
  return { basic: Number(basic), extended: Number(extended) };
}

/** Nothing, `0` and an empty element all mean "no object" (source: msnp-core §1.4). */
export function parseMsnObject(raw: string | undefined): string | undefined {
  if (raw === undefined || raw === "0") return undefined;
  const object = decodeArg(raw);
  return /^<msnobj\s*\/>$/i.test(object) || !object.startsWith("<") ? undefined : object;
}

/**
 * Reads the address at `args[at]` and says how many arguments it took. Where a dialect has network ids both
 * `nid:email` and `email nid` are accepted (source: msnp-core §12, 11).
 */
export function readAddress(
  dialect: Dialect,
  args: readonly string[],
  at: number,
): { address: Address; next: number } | undefined {
  const raw = args[at];
  if (raw === undefined) return undefined;
  const address = parseAddress(decodeArg(raw));
  if (address === undefined) return undefined;
  const second = args[at + 1];
  const isPrefixed = /^\d+:/.test(raw);
  if (dialect.presence.address === "plain" || isPrefixed || second === undefined || !/^\d{1,2}$/.test(second)) {
    return { address, next: at + 1 };
  }
  return { address: { ...address, network: Number(second) }, next: at + 2 };
}

/** Reads NLN or ILN (with its trid) of any form; undefined when nobody can be made out (source: msnp-core §6.3). */
export function parsePresence(dialect: Dialect, command: Command): PresenceLine | undefined {
  const args = command.name === "ILN" ? command.args.slice(1) : command.args;
  const found = readAddress(dialect, args, 1);
  if (found === undefined) return undefined;
  const rest = args.slice(found.next);
  const [name, capabilities, object] = isNameless(dialect, rest) ? ["", ...rest] : rest;
  const msnObject = parseMsnObject(object);
  return {
    address: found.address,
    status: parseStatus(args[0] ?? ""),
    ...(name !== undefined && { displayName: decodeArg(name) }),
    capabilities: parseCapabilities(capabilities),
    ...(msnObject !== undefined && { msnObject }),
  };
}

/**
 * Escargot leaves the name of somebody who has none out of the line, which then is one argument short: capabilities
 * and, where there are objects, the one that it always sends, `0` or `<msnobj>`.
 */
function isNameless(dialect: Dialect, rest: readonly string[]): boolean {
  const [first = "", second = ""] = rest;
  const { capabilities, object } = dialect.presence;
  const isCapabilities = capabilities === "pair" ? PAIR.test(first) : NUMBER.test(first);
  if (object === "none") return capabilities !== "none" && rest.length === 1 && isCapabilities;
  return rest.length === 2 && isCapabilities && (second === "0" || /^(%3C|<)msnobj/i.test(second));
}

/** How one names oneself in USR and ANS on a switchboard (source: msnp-chat §1.2). */
export function formatIdentity(dialect: Dialect, handle: string, guid: MachineGuid): string {
  return dialect.endpoints ? `${handle};{${guid}}` : handle;
}

/** Reads the person in IRO, JOI or BYE; undefined for a line without an address (source: msnp-chat §1.4). */
export function parseRoster(command: Command): RosterLine | undefined {
  const at = command.name === "IRO" ? 3 : 0;
  const address = parseAddress(decodeArg(command.args[at] ?? ""));
  if (address === undefined) return undefined;
  const name = command.args[at + 1];
  return {
    address,
    ...(name !== undefined && { displayName: decodeArg(name) }),
    capabilities: parseCapabilities(command.args[at + 2]),
  };
}
