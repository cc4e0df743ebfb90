import type { Request } from "../connection.ts";
import { setPrivacy } from "../contacts.ts";
import { argument } from "./args.ts";
import type { NsSession } from "./session.ts";

/** Longest friendly name and phone number (source: msnp-core §1.5). */
const MAX_NAME = 387;
const MAX_PHONE = 95;

/** Whether the client wants to be asked when somebody adds its user (source: msnp-core §5.1). */
export function reverseListPrompt(session: NsSession, request: Request): void {
  const [trid, value] = [argument(request, 0), argument(request, 1)];
  if (value !== "A" && value !== "N") {
    session.connection.close();
  } else if (session.account.settings.gtc === value) {
    session.send(218, trid);
  } else {
    session.account.settings.gtc = value;
    session.send("GTC", trid, session.nextSerial(), value);
  }
}

/** Whether strangers may see the user (source: msnp-core §5.1). */
export function privacy(session: NsSession, request: Request): void {
  const [trid, value] = [argument(request, 0), argument(request, 1)];
  if (value !== "AL" && value !== "BL") {
    session.connection.close();
  } else if (session.account.settings.blp === value && session.dialect.repeatedBlpFails) {
    session.send(218, trid);
  } else {
    setPrivacy(session.hub, session.account, value);
    session.send("BLP", trid, session.nextSerial(), value);
  }
}

/** A setting of the user's own: phones, mobile, and from MSNP10 on the name (source: msnp-core §5.2). */
export function property(session: NsSession, request: Request): void {
  const [trid, key, value] = [argument(request, 0), argument(request, 1), request.args[2]];
  if (key === "MFN") {
    nameProperty(session, trid, request);
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
    session.send("PRP", trid, session.nextSerial(), key, value);
  }
}

function nameProperty(session: NsSession, trid: string, request: Request): void {
  if (!session.dialect.nameByProperty) {
    session.send(715, trid);
    return;
  }
  const name = session.hub.quirks.namelessPeople ? request.args[2] : argument(request, 2);
  if (rename(session, trid, name)) session.send("PRP", trid, session.nextSerial(), "MFN", name);
}

/**
 * REA, until MSNP9: the name of the user, or what they call somebody. Contacts keep the name they give themselves;
 * Escargot only repeats the line, too (source: msnp-core §5.5).
 */
export function changeName(session: NsSession, request: Request): void {
  const [trid, email, name] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  if (email === session.account.email && !rename(session, trid, name)) return;
  session.send("REA", trid, session.nextSerial(), email, name);
}

/** False when the name was refused, which is then said already. */
function rename(session: NsSession, trid: string, name: string | undefined): boolean {
  const { account, hub } = session;
  if (hub.quirks.refusesLongNames && name !== undefined && name.length > MAX_NAME) {
    session.send(209, trid);
    return false;
  }
  if (account.displayName !== name) {
    account.displayName = name;
    if (account.status !== "FLN") {
      hub.presence.contacts(account, account.status, { status: true, info: false });
    }
  }
  return true;
}

/** Messages to a mobile phone; without MBE they cannot be on, and before MBE was ever set there is no answer. */
function mobile(session: NsSession, trid: string, value: string | undefined): void {
  const enabled = session.account.settings.properties.get("MBE");
  if (enabled === undefined) throw new Error("MOB before MBE");
  if (enabled === "N") session.send("PRP", trid, session.nextSerial(), "MOB", "N");
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
  session.send("PRP", trid, session.nextSerial(), key, asked);
  if (account.status === "FLN") return;
  hub.presence.contacts(account, account.status, { status: false, info: false, phones: new Map([[key, value]]) });
}

/** SBP, MSNP10-12: what REA was for contacts, and as idle (source: msnp-core §5.5). */
export function contactProperty(session: NsSession, request: Request): void {
  session.send("SBP", argument(request, 0), argument(request, 1), argument(request, 2), argument(request, 3));
}
