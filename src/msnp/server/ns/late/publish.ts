import { header, headerAnywhere, type Multipart, parseMultipart } from "../../../message/multipart.ts";
import { ADDRESS_TYPE, type MultipartAddress, parseMultipartAddress } from "../../../message/multipart-address.ts";
import type { Request } from "../../connection.ts";
import type { Account } from "../../state/account.ts";
import { argument, payloadOf } from "../args.ts";
import type { NsSession } from "../session.ts";
import { circleDelete, circlePublish } from "./circle-commands.ts";
import { receipt } from "./envelopes.ts";
import { groupDelete, groupPublish } from "./group-commands.ts";
import { LateSession } from "./session.ts";
import { portrait, publishAccount, publishEndpoint, readUserDocument } from "./user-document.ts";

/** A PUT or DEL, read: whom it is for, and what about. */
export interface Publication {
  readonly trid: string;
  readonly to: MultipartAddress;
  readonly from: MultipartAddress | undefined;
  readonly uri: string;
  readonly contentType: string;
  readonly message: Multipart;
}

/** Throws MultipartError, and for a message without address: both count as malformed. */
function readPublication(request: Request): Publication {
  const message = parseMultipart(payloadOf(request));
  const to = parseMultipartAddress(header(message.routing, "To") ?? "");
  if (to === undefined) throw new Error("a publication without an address");
  return {
    trid: argument(request, 0),
    to,
    from: parseMultipartAddress(header(message.routing, "From") ?? ""),
    uri: headerAnywhere(message, "Uri") ?? "",
    contentType: (headerAnywhere(message, "Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    message,
  };
}

/** Own presence, circles and groups; at MSNP18 only circles (source: msnp21 §4.1, §5; msnp-core §7.13). */
export function put(session: NsSession, request: Request): void {
  const publication = readPublication(request);
  if (publication.to.type === ADDRESS_TYPE.circle) circlePublish(session, publication);
  else if (!(session instanceof LateSession)) return;
  else if (publication.to.type === ADDRESS_TYPE.group) groupPublish(session, publication);
  else putUser(session, publication);
}

/** Signing endpoints out, and leaving groups (source: msnp21 §4.5, §5.4). */
export function del(session: NsSession, request: Request): void {
  const publication = readPublication(request);
  if (publication.to.type === ADDRESS_TYPE.circle) circleDelete(session, publication);
  else if (!(session instanceof LateSession)) return;
  else if (publication.to.type === ADDRESS_TYPE.group) groupDelete(session, publication);
  else deleteUser(session, publication);
}

/** Whether a message says the truth about its sender (source: msnp21 §3.2). */
export function isSelf({ account, endpoint }: NsSession, from: MultipartAddress | undefined): boolean {
  return (
    from?.type === ADDRESS_TYPE.live &&
    from.account === account.email.toLowerCase() &&
    (from.epid === undefined || from.epid === endpoint.guid)
  );
}

function isOwnAccount({ account }: NsSession, { type, account: name }: MultipartAddress): boolean {
  return type === ADDRESS_TYPE.live && name === account.email.toLowerCase();
}

function putUser(session: LateSession, { trid, to, from, uri, message }: Publication): void {
  const { account, endpoint, hub } = session;
  if (uri !== "/user" || !isOwnAccount(session, to) || !isSelf(session, from)) {
    session.send(201, trid);
    return;
  }
  const { services, sections } = readUserDocument(message.body);
  const before = account.status;
  const look = lookOf(account);
  if (!publishAccount(account, endpoint, services)) {
    session.send(201, trid);
    return;
  }
  publishEndpoint(endpoint, sections);
  session.noteOwnPublication();
  const isFirst = session.takeFirstPublication();
  session.sendPayload(["PUT", trid, "OK"], isFirst ? receipt(session.address, `1:${account.email}`) : "");
  if (account.status === "FLN") return;
  const now = lookOf(account);
  const news = { status: now.status !== look.status, info: isFirst || now.info !== look.info };
  if (news.status || news.info) hub.presence.contacts(account, before, news);
  session.startPresence(trid);
  hub.presence.self(account);
}

/** What others see of an account, as older versions part it: in the status line, and beside it. */
function lookOf(account: Account): { status: string; info: string } {
  const { status, displayName, personalMessage, currentMedia } = account;
  const { pe, endpoints } = portrait(account, status);
  const object = pe.get("UserTileLocation");
  const looks = [...pe].filter(([name]) => name !== "UserTileLocation" && name !== "FriendlyName");
  return {
    status: JSON.stringify([status, displayName, object]),
    info: JSON.stringify([personalMessage, currentMedia, looks, [...endpoints]]),
  };
}

function deleteUser(session: LateSession, { trid, to, from, uri, message }: Publication): void {
  if (uri !== "/user" || !isOwnAccount(session, to) || !isSelf(session, from)) {
    session.send(201, trid);
    return;
  }
  const { endpoints } = readUserDocument(message.body);
  session.sendPayload(["DEL", trid, "OK"], "");
  for (const guid of endpoints) signOut(session, guid);
}

/** Everybody of the account is told, then the one in question is shown out. */
function signOut({ account }: LateSession, guid: string): void {
  const victim = account.sessions.find(({ endpoint }) => endpoint.guid === guid);
  if (victim === undefined) return;
  for (const session of [...account.sessions]) if (session instanceof LateSession) session.tellSignedOut(guid);
  victim.kick("OTH");
}
