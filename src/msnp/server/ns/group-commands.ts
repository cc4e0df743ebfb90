import type { Request } from "../connection.ts";
import type { Group } from "../state/account.ts";
import { ListError } from "../state/lists.ts";
import { argument } from "./args.ts";
import type { NsSession } from "./session.ts";

/** What stands where MSNP7-9 had the serial (source: msnp-core §5.4, §9.3). */
const NO_SERIAL = 1;

function hasGuids(session: NsSession): boolean {
  return session.dialect.groups === "guid";
}

/** What the client of a session calls a group. */
function keyOf(session: NsSession, group: Group): string {
  return hasGuids(session) ? group.id : String(group.number);
}

function groupOf(session: NsSession, key: string): Group | undefined {
  for (const group of session.account.groups.values()) if (keyOf(session, group) === key) return group;
  return undefined;
}

export function addGroup(session: NsSession, request: Request): void {
  const [trid, name] = [argument(request, 0), argument(request, 1)];
  const group = session.hub.directory.addGroup(session.account, name);
  const number = session.dialect.serials || !session.hub.quirks.numbersNewGroups ? session.nextSerial() : NO_SERIAL;
  session.send("ADG", trid, number, name, keyOf(session, group), 0);
}

export function renameGroup(session: NsSession, request: Request): void {
  const [trid, key, name] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const group = groupOf(session, key);
  if (group === undefined) throw new ListError("no-such-group");
  session.hub.directory.renameGroup(session.account, group, name);
  if (hasGuids(session)) session.send("REG", trid, NO_SERIAL, name, key, 0);
  else session.send("REG", trid, session.nextSerial(), key, name, 0);
}

export function removeGroup(session: NsSession, request: Request): void {
  const [trid, key] = [argument(request, 0), argument(request, 1)];
  // MSN 7.0 names its new group by name, encoded twice (source: msnp-core §5.4).
  const misnamed = key === "New%20Group" ? [...session.account.groups.values()] : [];
  const group = groupOf(session, key) ?? misnamed.find(({ name }) => name === "New Group");
  if (group === undefined) throw new ListError("no-such-group");
  session.hub.directory.removeGroup(session.account, group);
  session.send("RMG", trid, session.nextSerial() ?? NO_SERIAL, keyOf(session, group));
}
