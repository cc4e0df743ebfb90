import type { Request } from "../connection.ts";
import { addContact, removeContact } from "../contacts.ts";
import { isUuid } from "../ids.ts";
import { knownName, phonesOf } from "../presence.ts";
import type { Account } from "../state/account.ts";
import { AL, FL, ListError, listBit, PL, RL } from "../state/lists.ts";
import { argument } from "./args.ts";
import type { NsSession } from "./session.ts";

/** A list of a command's argument. Throws for PL and for what is no list: nobody can add to them. */
function writableList(name: string): number {
  const bit = listBit(name);
  if (bit === undefined || bit === PL) throw new Error("a list that nobody can write");
  return bit;
}

/** The account of an address, or undefined once that there is none has been said. */
function accountOf(session: NsSession, trid: string, email: string): Account | undefined {
  const account = session.hub.directory.byEmail(email);
  if (!email.includes("@")) session.send(201, trid);
  else if (account === undefined) session.send(session.dialect.unknownPerson, trid);
  return account;
}

/** True when the connection was ended, because the list follows from what others do (source: msnp-core §5.3). */
function closesOnReverse(session: NsSession, contact: Account, bit: number): boolean {
  if (bit !== RL) return false;
  if (session.dialect.acceptsReverse && session.account.contacts.get(contact.id)?.pending === true) return false;
  session.connection.close();
  return true;
}

/** ADD, until MSNP9 (source: msnp-core §5.3). */
export function addByAddress(session: NsSession, request: Request): void {
  const [trid, list, email] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const [, , , name, group] = request.args;
  const bit = writableList(list);
  const contact = accountOf(session, trid, email);
  if (contact === undefined || closesOnReverse(session, contact, bit)) return;
  const groupId = bit === FL && group !== undefined ? group : undefined;
  const isStranger = !session.account.contacts.has(contact.id);
  const { forward } = addContact(session.hub, session.account, contact, bit, {
    given: name,
    ...(groupId === undefined ? {} : { groupId }),
  });
  const serial = session.nextSerial();
  session.send("ADD", trid, list, serial, contact.email, name, group);
  if (forward) introduce(session, contact, trid, serial, isStranger);
}

/** ADC, MSNP10-12 (source: msnp-core §5.3). */
export function addByPrefix(session: NsSession, request: Request): void {
  const [trid, list, who] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const bit = writableList(list);
  if (!who.startsWith("N=")) {
    addToGroup(session, trid, bit, who.slice(2), argument(request, 3));
    return;
  }
  const contact = accountOf(session, trid, who.slice(2));
  if (contact === undefined || closesOnReverse(session, contact, bit)) return;
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
  if (forward) introduce(session, contact, trid, undefined, isStranger);
}

function addToGroup(session: NsSession, trid: string, bit: number, contactId: string, groupId: string): void {
  const contact = session.hub.directory.byId(contactId);
  if (contact === undefined) throw new ListError("no-such-account");
  if (bit !== FL) throw new Error("only contacts of the forward list have groups");
  addContact(session.hub, session.account, contact, FL, { groupId });
  session.send("ADC", trid, "FL", `C=${contact.id}`, groupId);
}

/** Phones and presence of somebody who has just come onto the forward list (source: msnp-core §5.3). */
function introduce(
  session: NsSession,
  contact: Account,
  trid: string,
  serial: number | undefined,
  isStranger: boolean,
): void {
  const { quirks } = session.hub;
  if (isStranger && !quirks.introducesStrangers) return;
  if (session.synSent && session.dialect.properties) {
    const allowed = ((contact.contacts.get(session.account.id)?.lists ?? 0) & AL) !== 0;
    const { properties } = contact.settings;
    for (const key of ["PHH", "PHW", "PHM"]) {
      session.send("BPR", serial, contact.email, key, allowed ? properties.get(key) : undefined);
    }
    session.send("BPR", serial, contact.email, "MOB", (allowed ? properties.get("MOB") : undefined) ?? "N");
  }
  session.showContact(contact, trid, quirks.visibilityNews === "named" ? phonesOf(contact) : undefined);
}

/** REM: by address, or from MSNP10 on off the forward list by id (source: msnp-core §5.3). */
export function removeContactLine(session: NsSession, request: Request): void {
  const [trid, list, who] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const groupId = request.args[3];
  const bit = listBit(list);
  if (bit === undefined) throw new Error("no such list");
  if (bit === RL) {
    session.connection.close();
    return;
  }
  const byId = bit === FL && session.dialect.groups === "guid";
  if (byId && !isUuid(who)) {
    session.send(403, trid);
    return;
  }
  const contact = byId ? session.hub.directory.byId(who) : session.hub.directory.byEmail(who);
  if (contact === undefined) {
    session.send(byId ? session.dialect.unknownPerson : 205, trid);
    return;
  }
  const { unpaired } = removeContact(session.hub, session.account, contact, bit, bit === FL ? groupId : undefined);
  // The contact is gone all the same (source: msnp-core §5.3).
  if (unpaired) throw new ListError("not-on-list");
  session.send("REM", trid, list, session.nextSerial(), who, groupId);
}
