import { decodeArg } from "../../wire/command.ts";
import { isListName, LIST_BITS } from "../contacts.ts";
import { BY_ADDRESS, personIn } from "./by-address.ts";
import type { Group, Listed, ListWire } from "./types.ts";

/** `LST trid FL serial index count address name {groups}`; `0 0` and nothing more for an empty list. */
function listed(args: readonly string[]): Listed | undefined {
  const [, list = ""] = args;
  const person = personIn(args);
  return isListName(list) && person !== undefined ? { ...person, bits: LIST_BITS[list], isWhole: false } : undefined;
}

/** The reverse list comes last. */
function isLast([, list, , index, count]: readonly string[]): boolean {
  return list === "RL" && index === count;
}

/** `LSG trid serial index count id name 0` */
function group([, , , , id, name]: readonly string[]): Group | undefined {
  return id === undefined || name === undefined ? undefined : { id, name: decodeArg(name) };
}

/** MSNP2-7: one line for each list and contact, with serial numbers (source: msnp-core §5.2). */
export const SERIALS: ListWire = { ...BY_ADDRESS, counts: () => undefined, isLast, listed, group };
