import { decodeArg } from "../../wire/command.ts";
import { BY_ADDRESS, groupIdsIn, personIn } from "./by-address.ts";
import type { Group, Listed, ListWire } from "./types.ts";

/** `SYN trid serial contacts groups` */
function counts(args: readonly string[]): { contacts: number; groups: number } | undefined {
  const [contacts = Number.NaN, groups = Number.NaN] = args.slice(2).map(Number);
  return Number.isInteger(contacts) && Number.isInteger(groups) ? { contacts, groups } : undefined;
}

/** `LST address name bits groups` */
function listed(args: readonly string[]): Listed | undefined {
  const person = personIn(args);
  const [, , bits, groups] = args;
  if (person === undefined || !Number.isInteger(Number(bits))) return undefined;
  return { ...person, groupIds: groupIdsIn(groups), bits: Number(bits), isWhole: true };
}

/** `LSG id name 0` */
function group([id, name]: readonly string[]): Group | undefined {
  return id === undefined || name === undefined ? undefined : { id, name: decodeArg(name) };
}

/** MSNP8 and 9: one line for each contact, counted beforehand (source: msnp-core §5.2). */
export const BITS: ListWire = { ...BY_ADDRESS, counts, isLast: () => false, listed, group };
