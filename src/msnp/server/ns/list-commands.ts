import type { Request } from "../connection.ts";
import { addContact, LIST_ERRORS, removeContact, setPrivacy } from "../contacts.ts";
import { isUuid } from "../ids.ts";
import { knownName, phonesOf } from "../presence.ts";
import type { Account, ContactEntry } from "../state/account.ts";
import { AL, FL, ListError, listBit, PL, RL } from "../state/lists.ts";
import { argument } from "./args.ts";
import type { SessionCommand } from "./front.ts";
import type { NsSession } from "./session.ts";

/** The only list version there is: clients must not keep lists (source: msnp-core §5.2). */
const STAMP = "2000-01-01T00:00:00.0-00:00";
const PROFILE_PROPERTIES = ["PHH", "PHW", "PHM", "MOB", "MBE"];
const CONTACT_PROPERTIES = ["PHH", "PHM", "PHW", "MOB"];
/** Longest friendly name and phone number (source: msnp-core §1.5). */
const MAX_NAME = 387;
const MAX_PHONE = 95;

/** Contact lists, groups and profile over the notification server (source: msnp-core §5.2-5.5). */
export const LIST_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  SYN: synchronise,
  GTC: reverseListPrompt,
  BLP: privacy,
  PRP: property,
  SBP: contactProperty,
  ADG: refusable(addGroup),
  REG: refusable(renameGroup),
  RMG: refusable(removeGroup),
  ADC: refusable(add),
  REM: refusable(remove),
};

/** Turns a refused list change into its error number. */
function refusable(command: SessionCommand): SessionCommand {
  return (session, request) => {
    try {
      command(session, request);
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      session.send(LIST_ERRORS[error.fault], request.args[0]);
    }
  };
}

function synchronise(session: NsSession, request: Request): void {
  const { account } = session;
  const { properties, gtc, blp } = account.settings;
  session.synSent = true;
  session.send("SYN", argument(request, 0), STAMP, STAMP, account.contacts.size, account.groups.size);
  session.send("GTC", gtc ?? "A");
  session.send("BLP", blp ?? "AL");
  session.send("PRP", "MFN", account.displayName);
  for (const key of PROFILE_PROPERTIES) if (properties.has(key)) session.send("PRP", key, properties.get(key));
  for (const group of account.groups.values()) session.send("LSG", group.name, group.id);
  for (const entry of account.contacts.values()) listEntry(session, entry);
}

function listEntry(session: NsSession, entry: ContactEntry): void {
  const { account: contact, lists, pending } = entry;
  session.send(
    "LST",
    `N=${contact.email}`,
    `F=${knownName(session.account, entry) ?? contact.email}`,
    (lists & FL) !== 0 ? `C=${contact.id}` : undefined,
    pending ? (lists & ~RL) | PL : lists,
    session.dialect.contactType ? 1 : undefined,
    [...entry.groups].join(","),
  );
  for (const key of CONTACT_PROPERTIES) {
    const value = contact.settings.properties.get(key);
    if (value !== undefined) session.send("BPR", key, value);
  }
}

function reverseListPrompt(session: NsSession, request: Request): void {
  const [trid, value] = [argument(request, 0), argument(request, 1)];
  if (value !== "A" && value !== "N") {
    session.connection.close();
  } else if (session.account.settings.gtc === value) {
    session.send(218, trid);
  } else {
    session.account.settings.gtc = value;
    session.send("GTC", trid, value);
  }
}

function privacy(session: NsSession, request: Request): void {
  const [trid, value] = [argument(request, 0), argument(request, 1)];
  if (value !== "AL" && value !== "BL") {
    session.connection.close();
  } else if (session.account.settings.blp === value && session.dialect.repeatedBlpFails) {
    session.send(218, trid);
  } else {
    setPrivacy(session.hub, session.account, value);
    session.send("BLP", trid, value);
  }
}

function property(session: NsSession, request: Request): void {
  const [trid, key, value] = [argument(request, 0), argument(request, 1), request.args[2]];
  if (key === "MFN") {
    rename(session, trid, session.hub.quirks.namelessPeople ? value : argument(request, 2));
  } else if (["PHH", "PHW", "PHM"].includes(key)) {
    if (value !== undefined && value.length > MAX_PHONE) session.connection.close();
    else keep(session, trid, key, value);
  } else if (key === "MOB") {
    mobile(session, trid, value);
  } else if (key === "MBE") {
    keep(session, trid, key, value, value === "Y" ? "Y" : "N");
  } else if (key.startsWith("PH") && key.length > 3) {
    session.connection.close();
  } else if (key.startsWith("PH")) {
    session.send(715, trid);
  } else {
    session.send("PRP", trid, key, value);
  }
}

function rename(session: NsSession, trid: string, name: string | undefined): void {
  const { account, hub } = session;
  if (hub.quirks.refusesLongNames && name !== undefined && name.length > MAX_NAME) {
    session.send(209, trid);
    return;
  }
  if (account.displayName !== name) {
    account.displayName = name;
    if (account.status !== "FLN") {
      hub.presence.contacts(account, account.status, { status: true, info: false });
    }
  }
  session.send("PRP", trid, "MFN", name);
}

/** Messages to a mobile phone; without MBE they cannot be on, and before MBE was ever set there is no answer. */
function mobile(session: NsSession, trid: string, value: string | undefined): void {
  const enabled = session.account.settings.properties.get("MBE");
  if (enabled === undefined) throw new Error("MOB before MBE");
  if (enabled === "N") session.send("PRP", trid, "MOB", "N");
  else keep(session, trid, "MOB", value, value === "Y" ? "Y" : "N");
}

/** Keeps a setting and repeats what was asked for. */
function keep(
  session: NsSession,
  trid: string,
  key: string,
  asked: string | undefined,
  value: string | undefined = asked,
): void {
  const { account, hub } = session;
  if (value === undefined) account.settings.properties.delete(key);
  else account.settings.properties.set(key, value);
  session.send("PRP", trid, key, asked);
  if (account.status === "FLN") return;
  hub.presence.contacts(account, account.status, { status: false, info: false, phones: new Map([[key, value]]) });
}

function contactProperty(session: NsSession, request: Request): void {
  // Names of contacts follow what the contacts call themselves; Escargot only repeats the line, too (source: msnp-core §5.5).
  session.send("SBP", argument(request, 0), argument(request, 1), argument(request, 2), argument(request, 3));
}

function addGroup(session: NsSession, request: Request): void {
  const [trid, name] = [argument(request, 0), argument(request, 1)];
  const number = session.hub.quirks.numbersNewGroups ? 1 : undefined;
  session.send("ADG", trid, number, name, session.hub.directory.addGroup(session.account, name).id, 0);
}

function renameGroup(session: NsSession, request: Request): void {
  const [trid, id, name] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const group = session.account.group(id);
  if (group === undefined) throw new ListError("no-such-group");
  session.hub.directory.renameGroup(session.account, group, name);
  session.send("REG", trid, 1, name, id, 0);
}

function removeGroup(session: NsSession, request: Request): void {
  const [trid, id] = [argument(request, 0), argument(request, 1)];
  // MSN 7.0 names its new group by name, encoded twice (source: msnp-core §5.4).
  const misnamed = id === "New%20Group" ? [...session.account.groups.values()] : [];
  const group = session.account.group(id) ?? misnamed.find(({ name }) => name === "New Group");
  if (group === undefined) throw new ListError("no-such-group");
  session.hub.directory.removeGroup(session.account, group);
  session.send("RMG", trid, 1, group.id);
}

function add(session: NsSession, request: Request): void {
  const [trid, list, who] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const bit = listBit(list);
  if (bit === undefined || bit === PL) throw new Error("a list that nobody can write");
  if (!who.startsWith("N=")) {
    addToGroup(session, trid, bit, who.slice(2), argument(request, 3));
    return;
  }
  const email = who.slice(2);
  if (!email.includes("@")) {
    session.send(201, trid);
    return;
  }
  const contact = session.hub.directory.byEmail(email);
  if (contact === undefined) throw new ListError("no-such-account");
  if (bit === RL && session.account.contacts.get(contact.id)?.pending !== true) {
    session.connection.close();
    return;
  }
  const isStranger = !session.account.contacts.has(contact.id);
  const given = request.args[3]?.slice(2) || undefined;
  const { forward, entry } = addContact(session.hub, session.account, contact, bit, { given });
  if (bit !== FL) {
    session.send("ADC", trid, list, `N=${contact.email}`);
    return;
  }
  const name = knownName(session.account, entry);
  const named = name === undefined ? undefined : `F=${name}`;
  session.send("ADC", trid, list, `N=${contact.email}`, named, `C=${contact.id}`);
  if (forward && (!isStranger || session.hub.quirks.introducesStrangers)) introduce(session, contact, trid);
}

/** Phones and presence of somebody who has just come onto the forward list (source: msnp-core §5.3). */
function introduce(session: NsSession, contact: Account, trid: string): void {
  if (session.synSent) {
    const allowed = ((contact.contacts.get(session.account.id)?.lists ?? 0) & AL) !== 0;
    const { properties } = contact.settings;
    for (const key of ["PHH", "PHW", "PHM"]) {
      session.send("BPR", contact.email, key, allowed ? properties.get(key) : undefined);
    }
    session.send("BPR", contact.email, "MOB", (allowed ? properties.get("MOB") : undefined) ?? "N");
  }
  const isNamed = session.hub.quirks.visibilityNews === "named";
  session.showContact(contact, trid, isNamed ? phonesOf(contact) : undefined);
}

function addToGroup(session: NsSession, trid: string, bit: number, contactId: string, groupId: string): void {
  const contact = session.hub.directory.byId(contactId);
  if (contact === undefined) throw new ListError("no-such-account");
  if (bit !== FL) throw new Error("only contacts of the forward list have groups");
  addContact(session.hub, session.account, contact, FL, { groupId });
  session.send("ADC", trid, "FL", `C=${contact.id}`, groupId);
}

function remove(session: NsSession, request: Request): void {
  const [trid, list, who, groupId] = [
    argument(request, 0),
    argument(request, 1),
    argument(request, 2),
    request.args[3],
  ];
  const bit = listBit(list);
  if (bit === undefined) throw new Error("no such list");
  if (bit === RL) {
    session.connection.close();
    return;
  }
  if (bit === FL && !isUuid(who)) {
    session.send(403, trid);
    return;
  }
  const contact = bit === FL ? session.hub.directory.byId(who) : session.hub.directory.byEmail(who);
  if (contact === undefined) {
    session.send(bit === FL ? 208 : 205, trid);
    return;
  }
  removeContact(session.hub, session.account, contact, bit, bit === FL ? groupId : undefined);
  session.send("REM", trid, list, who, groupId);
}
