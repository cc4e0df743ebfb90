import { type Email, parseAddress } from "../../address.ts";
import { MsnpError } from "../../errors.ts";
import { decodeArg, encodeArg } from "../../wire/command.ts";
import { isListName } from "../contacts.ts";
import type { Group, ListChange, Listed, ListWire, Named, Person } from "./types.ts";

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NUMBER = /^\d+$/;

/** `N=` `F=` `C=` in any order, and what follows (source: msnp-core §5.2). */
function prefixed(args: readonly string[]): Person & { readonly rest: readonly string[] } {
  let email: Email | undefined;
  let displayName: string | undefined;
  let guid: string | undefined;
  const rest: string[] = [];
  for (const arg of args) {
    if (arg.startsWith("N=")) email = parseAddress(decodeArg(arg.slice(2)))?.email;
    else if (arg.startsWith("F=")) displayName = decodeArg(arg.slice(2));
    else if (arg.startsWith("C=")) guid = arg.slice(2).toLowerCase();
    else rest.push(arg);
  }
  return {
    ...(email !== undefined && { email }),
    ...(displayName !== undefined && { displayName }),
    ...(guid !== undefined && { guid }),
    groupIds: (rest.find((arg) => arg.includes("-")) ?? "").split(",").filter((id) => id !== ""),
    rest,
  };
}

/** `LST N=address F=name C=guid bits {type} {groups}`; MSNP12 has the type. */
function listed(args: readonly string[]): Listed | undefined {
  const { rest, ...person } = prefixed(args);
  const bits = Number(rest[0] ?? 0);
  return person.email === undefined || !Number.isInteger(bits) ? undefined : { ...person, bits, isWhole: true };
}

/** `SYN trid stamp stamp contacts groups` */
function counts(args: readonly string[]): { contacts: number; groups: number } | undefined {
  const [contacts = Number.NaN, groups = Number.NaN] = args.slice(3).map(Number);
  return Number.isInteger(contacts) && Number.isInteger(groups) ? { contacts, groups } : undefined;
}

/** `ADC trid list N=address {F=name} {C=guid}`, or `ADC trid FL C=guid group` */
function added([, list = "", ...args]: readonly string[]): ListChange | undefined {
  const { rest: _, ...person } = prefixed(args);
  return isListName(list) ? { ...person, list } : undefined;
}

/** `REM trid FL guid {group}`, other lists by address. */
function removed([, list = "", who = "", ...groups]: readonly string[]): ListChange | undefined {
  if (!isListName(list)) return undefined;
  const groupIds = groups.filter((id) => GUID.test(id));
  if (GUID.test(who)) return { list, guid: who.toLowerCase(), groupIds };
  const email = parseAddress(decodeArg(who))?.email;
  return email === undefined ? undefined : { list, email, groupIds };
}

/** The GUID is the id; what is no number is the name: servers differ in what they fill in (source: msnp-core §5.4). */
function groupIn(args: readonly string[], wanted?: string): Group | undefined {
  const [, ...rest] = args;
  const id = rest.find((arg) => GUID.test(arg));
  const name = wanted ?? rest.find((arg) => !GUID.test(arg) && !NUMBER.test(arg));
  return id === undefined || name === undefined ? undefined : { id, name: wanted ?? decodeArg(name) };
}

function guidOf({ guid, email }: Named): string {
  if (guid !== undefined) return guid;
  throw new MsnpError("no-guid", `The server never said which contact ${email} is; sign in again`);
}

function remove(list: string, who: Named, groupId?: string) {
  return ["REM", list, list === "FL" ? guidOf(who) : who.email, ...(groupId === undefined ? [] : [groupId])] as const;
}

/** MSNP10-12: prefixes, and GUIDs for contacts and groups (source: msnp-core §5.2-§5.5). */
export const GUIDS: ListWire = {
  sync: [0, 0],
  counts,
  isLast: () => false,
  listed,
  group: ([name, id]) => (name === undefined || id === undefined ? undefined : { id, name: decodeArg(name) }),
  added,
  removed,
  newGroup: groupIn,
  renamedGroup: groupIn,
  removedGroup: (args) => args.find((arg) => GUID.test(arg)),
  add: (list, { email, displayName }) => [
    "ADC",
    list,
    `N=${email}`,
    ...(list === "FL" ? [`F=${encodeArg(displayName)}`] : []),
  ],
  addToGroup: (who, groupId) => ["ADC", "FL", `C=${guidOf(who)}`, groupId],
  remove,
  rename: (who, name) => ["SBP", guidOf(who), "MFN", encodeArg(name)],
  addGroup: (name) => ["ADG", encodeArg(name)],
  renameGroup: (id, name) => ["REG", id, encodeArg(name)],
};
