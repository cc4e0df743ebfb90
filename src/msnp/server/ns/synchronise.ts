import type { Request } from "../connection.ts";
import type { SynForm } from "../dialects/types.ts";
import { knownName } from "../presence.ts";
import type { Account, ContactEntry, Group } from "../state/account.ts";
import { FL, LIST_BITS, PL, RL } from "../state/lists.ts";
import { argument } from "./args.ts";
import type { NsSession } from "./session.ts";

/** The only list version there is from MSNP10 on: clients must not keep lists (source: msnp-core §5.2). */
const STAMP = "2000-01-01T00:00:00.0-00:00";
const PROFILE_PROPERTIES = ["PHH", "PHW", "PHM", "MOB", "MBE"];
const CONTACT_PROPERTIES = ["PHH", "PHM", "PHW", "MOB"];
/** The group of those who are in none, which nobody made and nobody can remove (source: msnp-core §5.1). */
const NO_GROUP = { number: 0, name: "Other Contacts" };

type SynStrategy = (session: NsSession, trid: string) => void;

/** How each family answers SYN: always with everything, whatever the client has (source: msnp-core §5.2). */
const SYN_FORMS: Readonly<Record<SynForm, SynStrategy>> = {
  "by-list": byList,
  counted,
  stamped,
  refused: (session, trid) => session.send(502, trid),
};

export function synchronise(session: NsSession, request: Request): void {
  const trid = argument(request, 0);
  if (session.dialect.serials) session.startSerials(argument(request, 1));
  session.synSent = true;
  SYN_FORMS[session.dialect.syn](session, trid);
}

function nameOf(owner: Account, entry: ContactEntry): string {
  return knownName(owner, entry) ?? entry.account.email;
}

function numbers(groups: Iterable<Group>): string {
  return [...groups].map((group) => group.number).join(",") || "0";
}

function groupsOf(owner: Account, entry: ContactEntry): Group[] {
  return [...entry.groups].flatMap((id) => owner.groups.get(id) ?? []);
}

/** MSNP2-7: a line for each place on each list, and everything carries the transaction id and the serial. */
function byList(session: NsSession, trid: string): void {
  const { account, dialect } = session;
  const serial = session.nextSerial();
  session.send("SYN", trid, serial);
  session.send("GTC", trid, serial, account.settings.gtc ?? "A");
  session.send("BLP", trid, serial, account.settings.blp ?? "AL");
  if (dialect.properties) {
    const head = session.hub.quirks.shortPropertyLines ? [serial] : [trid, serial];
    for (const [key, value] of told(account, PROFILE_PROPERTIES)) session.send("PRP", ...head, key, value);
  }
  if (dialect.groups !== "none") {
    const groups = [NO_GROUP, ...account.groups.values()];
    for (const [index, { number, name }] of groups.entries()) {
      session.send("LSG", trid, serial, index + 1, groups.length, number, name, 0);
    }
  }
  for (const list of ["FL", "AL", "BL", "RL"] as const) listMembers(session, trid, serial, list);
}

function listMembers(
  session: NsSession,
  trid: string,
  serial: number | undefined,
  list: "FL" | "AL" | "BL" | "RL",
): void {
  const { account, dialect, hub } = session;
  const entries = [...account.contacts.values()].filter((entry) => (entry.lists & LIST_BITS[list]) !== 0);
  if (entries.length === 0) session.send("LST", trid, list, serial, 0, 0);
  for (const [index, entry] of entries.entries()) {
    const { email } = entry.account;
    const groups = list === "FL" && dialect.groups !== "none" ? numbers(groupsOf(account, entry)) : undefined;
    session.send("LST", trid, list, serial, index + 1, entries.length, email, nameOf(account, entry), groups);
    if (!dialect.properties) continue;
    const head = hub.quirks.shortPropertyLines ? [serial] : [serial, email];
    for (const [key, value] of told(entry.account, CONTACT_PROPERTIES)) session.send("BPR", ...head, key, value);
  }
}

/** MSNP8 and 9: numbers of lines to come, and one line for each contact. */
function counted(session: NsSession, trid: string): void {
  const { account } = session;
  const groups = [NO_GROUP, ...account.groups.values()];
  session.send("SYN", trid, session.nextSerial(), account.contacts.size, groups.length);
  settings(session);
  for (const { number, name } of groups) session.send("LSG", number, name, 0);
  for (const entry of account.contacts.values()) {
    const { account: contact, lists } = entry;
    session.send("LST", contact.email, nameOf(account, entry), lists, numbers(groupsOf(account, entry)));
    phones(session, contact);
  }
}

/** MSNP10-12: stamps in place of serials, ids in place of numbers. */
function stamped(session: NsSession, trid: string): void {
  const { account, dialect } = session;
  session.send("SYN", trid, STAMP, STAMP, account.contacts.size, account.groups.size);
  settings(session);
  for (const group of account.groups.values()) session.send("LSG", group.name, group.id);
  for (const entry of account.contacts.values()) {
    const { account: contact, lists, pending } = entry;
    session.send(
      "LST",
      `N=${contact.email}`,
      `F=${nameOf(account, entry)}`,
      (lists & FL) !== 0 ? `C=${contact.id}` : undefined,
      pending && dialect.pendingList ? (lists & ~RL) | PL : lists,
      dialect.contactType ? 1 : undefined,
      [...entry.groups].join(","),
    );
    phones(session, contact);
  }
}

function settings(session: NsSession): void {
  const { account, dialect } = session;
  session.send("GTC", account.settings.gtc ?? "A");
  session.send("BLP", account.settings.blp ?? "AL");
  if (dialect.nameByProperty) session.send("PRP", "MFN", account.displayName);
  for (const [key, value] of told(account, PROFILE_PROPERTIES)) session.send("PRP", key, value);
}

function phones(session: NsSession, contact: Account): void {
  for (const [key, value] of told(contact, CONTACT_PROPERTIES)) session.send("BPR", key, value);
}

function told({ settings: { properties } }: Account, keys: readonly string[]): [key: string, value: string][] {
  return keys.flatMap((key) => {
    const value = properties.get(key);
    return value === undefined ? [] : [[key, value]];
  });
}
