import { parseAddress } from "../../address.ts";
import { decodeArg, encodeArg } from "../../wire/command.ts";
import { isListName } from "../contacts.ts";
import type { Group, Line, ListChange, ListWire, Named, Person } from "./types.ts";

/** The group of everybody who is in none; it has a number, but is no group (source: msnp-core §5.1). */
export const NO_GROUP = "0";

const NUMBER = /^\d+$/;

/** Address, name and groups, which stand in this order behind whatever numbers a server puts first. */
export function personIn(args: readonly string[]): Person | undefined {
  const at = args.findIndex((arg) => arg.includes("@"));
  const email = parseAddress(decodeArg(args[at] ?? ""))?.email;
  if (email === undefined) return undefined;
  const name = args[at + 1];
  return { email, ...(name !== undefined && { displayName: decodeArg(name) }), groupIds: groupIdsIn(args[at + 2]) };
}

export function groupIdsIn(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((id) => NUMBER.test(id) && id !== NO_GROUP);
}

function change(args: readonly string[], person: Person | undefined): ListChange | undefined {
  const list = args[1] ?? "";
  return isListName(list) && person !== undefined ? { ...person, list } : undefined;
}

/** REM has no name: what follows the address is a group. */
function removed(args: readonly string[]): ListChange | undefined {
  const person = personIn(args);
  if (person?.email === undefined) return undefined;
  const at = args.findIndex((arg) => arg.includes("@"));
  return change(args, { email: person.email, groupIds: groupIdsIn(args[at + 1]) });
}

/** `ADG trid {serial} name id 0`: the id is the argument behind the name (source: msnp-core §5.4). */
function newGroup(args: readonly string[], wanted?: string): Group | undefined {
  const rest = args.slice(1);
  const at = wanted === undefined ? -1 : rest.findIndex((arg) => decodeArg(arg) === wanted);
  const [name, id] = at < 0 ? rest.slice(1, 3) : rest.slice(at, at + 2);
  if (name === undefined || id === undefined || !NUMBER.test(id)) return undefined;
  return { id, name: wanted ?? decodeArg(name) };
}

/** `REG trid serial id name 0` */
function renamedGroup([, , id, name]: readonly string[]): Group | undefined {
  return id === undefined || name === undefined ? undefined : { id, name: decodeArg(name) };
}

function add(list: string, { email, displayName }: Named, groupId?: string): Line {
  return ["ADD", list, email, encodeArg(displayName), ...(groupId === undefined ? [] : [groupId])];
}

/** What MSNP2 to 9 have in common: people by their address, groups by a number (source: msnp-core §5.3-§5.5). */
export const BY_ADDRESS: Omit<ListWire, "counts" | "isLast" | "listed" | "group"> = {
  sync: [0],
  added: (args) => change(args, personIn(args)),
  removed,
  newGroup,
  renamedGroup,
  removedGroup: (args) => args.at(-1),
  add,
  addToGroup: (who, groupId) => add("FL", who, groupId),
  remove: (list, { email }, groupId) => ["REM", list, email, ...(groupId === undefined ? [] : [groupId])],
  rename: ({ email }, name) => ["REA", email, encodeArg(name)],
  addGroup: (name) => ["ADG", encodeArg(name), 0],
  renameGroup: (id, name) => ["REG", id, encodeArg(name), 0],
};
