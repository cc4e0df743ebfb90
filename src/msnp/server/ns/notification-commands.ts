import type { Request } from "../connection.ts";
import { bareGuid } from "../ids.ts";
import { type Account, looksOffline } from "../state/account.ts";
import { argument, payloadOf } from "./args.ts";
import type { SessionCommand } from "./front.ts";
import type { NsSession } from "./session.ts";

/**
 * Notifications from client to client, of any type: data for a person, or for one's own other endpoints, such as 4 and 8
 * (sign out), 5 (a chat was closed) and 6 (read the lists again). The server only hands them on; the endpoint that gets
 * a 4 or 8 leaves by itself (source: msnp-core §6.7, §7.9, msnp-chat §1.11).
 */
export const NOTIFICATION_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  UUN: userNotification,
};

/** Relays to every endpoint, or to the one that is named; unknown people get silence. */
function userNotification(session: NsSession, request: Request): void {
  const [trid, to, type] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const payload = payloadOf(request);
  const [email = "", guidText] = to.split(";");
  const target = session.hub.directory.byEmail(email);
  if (target === undefined) return;
  if (!isReached(session, target)) {
    session.send(217, trid);
    return;
  }
  if (!/^\d+$/.test(type)) return;
  const guid = guidText === undefined ? undefined : bareGuid(guidText);
  for (const other of [...target.sessions]) {
    if (!other.dialect.userNotifications || !isMeant(other.endpoint.guid, guid)) continue;
    other.userNotification(senderFor(session, guid, other.dialect.endpoints), type, payload);
  }
  session.send("UUN", trid, "OK");
}

function isReached({ account, hub }: NsSession, target: Account): boolean {
  if (target === account && hub.quirks.reachesOwnEndpoints) return true;
  return !looksOffline(target.status) && !target.blocks(account);
}

/** Endpoints without a GUID take what is meant for any. */
function isMeant(endpoint: string | undefined, wanted: string | undefined): boolean {
  return endpoint === undefined || wanted === undefined || endpoint === wanted;
}

/** The sender names their endpoint only to somebody who was named by theirs (source: msnp-core §7.9). */
function senderFor({ account, endpoint }: NsSession, wanted: string | undefined, knowsEndpoints: boolean): string {
  const named = wanted !== undefined && endpoint.guid !== undefined && knowsEndpoints;
  return named ? `${account.email};{${endpoint.guid}}` : account.email;
}
