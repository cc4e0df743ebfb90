import {
  encodeMultipart,
  type HeaderList,
  header,
  headerAnywhere,
  type Multipart,
  parseMultipart,
} from "../../../message/multipart.ts";
import { ADDRESS_TYPE, type MultipartAddress, parseMultipartAddress } from "../../../message/multipart-address.ts";
import type { Request } from "../../connection.ts";
import { leaveOfflineMessage } from "../../offline.ts";
import type { Account } from "../../state/account.ts";
import { argument, payloadOf } from "../args.ts";
import type { NsSession } from "../session.ts";
import { circleMessage } from "./circle-commands.ts";
import { groupMessage } from "./group-commands.ts";
import { isSelf } from "./publish.ts";
import { LateSession, lateSessions } from "./session.ts";

/** Longest text and longest data in bytes (source: msnp21 §3.5). */
const MAX_TEXT = 8 * 1024;
const MAX_DATA = 64 * 1024;

/** A message between people or to a group. */
export interface Message {
  readonly trid: string;
  readonly to: MultipartAddress;
  readonly from: MultipartAddress | undefined;
  readonly type: string;
  readonly message: Multipart;
}

/** SDG: what succeeds is not answered (source: msnp21 §3.5). Throws for what is no message at all. */
export function sendMessage(session: NsSession, request: Request): void {
  const message = parseMultipart(payloadOf(request));
  const to = parseMultipartAddress(header(message.routing, "To") ?? "");
  if (to === undefined) throw new Error("a message without an address");
  const from = parseMultipartAddress(header(message.routing, "From") ?? "");
  const type = headerAnywhere(message, "Message-Type") ?? "";
  const sent: Message = { trid: argument(request, 0), to, from, type, message };
  if (to.type === ADDRESS_TYPE.circle) {
    circleMessage(session, sent);
  } else if (session instanceof LateSession) {
    if (!isSelf(session, from)) session.send(201, sent.trid);
    else if (message.body.length > (type === "Data" ? MAX_DATA : MAX_TEXT)) session.send(800, sent.trid);
    else if (to.type === ADDRESS_TYPE.group) groupMessage(session, sent);
    else if (to.type === ADDRESS_TYPE.live) personMessage(session, sent);
  }
}

function personMessage(session: LateSession, sent: Message): void {
  const { account, hub } = session;
  const recipient = hub.directory.byEmail(sent.to.account);
  const relayed = { ...sent.message, routing: relayedRouting(session, sent) };
  if (recipient === account) {
    toOwnEndpoints(session, sent, relayed);
  } else if (recipient === undefined || recipient.statusFor(account) === "FLN") {
    toAbsent(session, recipient, sent);
  } else {
    const outcome = deliver(session, recipient, sent, relayed);
    if (outcome === "sent") echo(session, sent);
    else if (outcome === "too-long") session.send(800, sent.trid);
    else session.send(sent.type === "Data" ? 201 : 217, sent.trid);
  }
}

/** From and channel as the server vouches for them; what waits no longer is not offline (source: msnp21 §3.6, §3.7). */
function relayedRouting({ address }: LateSession, { message: { routing } }: Message): HeaderList {
  const own = new Set(["from", "options", "service-channel"]);
  const rest = routing.filter(([name]) => !own.has(name.toLowerCase()));
  const channel = header(routing, "Service-Channel") ?? "IM/Online";
  return [
    ...rest,
    ["From", address],
    ["Options", header(routing, "Options") ?? "0"],
    ["Service-Channel", channel === "IM/Offline" ? "IM/Online" : channel],
  ];
}

/** Whether somebody got it, or will. A GUID chooses one endpoint. */
function deliver(
  session: LateSession,
  recipient: Account,
  sent: Message,
  relayed: Multipart,
): "sent" | "unreachable" | "too-long" {
  const { epid } = sent.to;
  const late = lateSessions(recipient).filter(({ endpoint }) => epid === undefined || endpoint.guid === epid);
  for (const other of late) other.deliver(relayed);
  const bridged = epid === undefined ? session.bridge.send(recipient, sent) : "unreachable";
  return late.length > 0 ? "sent" : bridged;
}

/** Signals and notes to oneself go to the other endpoints; whether there are any does not matter (source: msnp21 §3.8). */
function toOwnEndpoints(session: LateSession, { to }: Message, relayed: Multipart): void {
  for (const other of lateSessions(session.account, session)) {
    if (to.epid === undefined || other.endpoint.guid === to.epid) other.deliver(relayed);
  }
}

/** Text for IM/Offline is kept; anything else fails (source: msnp21 §3.5). */
function toAbsent(session: LateSession, recipient: Account | undefined, sent: Message): void {
  const { message, trid, type } = sent;
  const isOffline = headerAnywhere(message, "Service-Channel")?.toLowerCase() === "im/offline";
  if (!isOffline) {
    session.send(type === "Data" || type.startsWith("Signal/") ? 201 : 217, trid);
  } else if (recipient === undefined || type !== "Text" || !keep(session, recipient, sent)) {
    session.send(201, trid);
  } else {
    echo(session, sent);
  }
}

function keep(session: LateSession, recipient: Account, sent: Message): boolean {
  const { account, hub } = session;
  if (recipient.blocks(account)) return false;
  const text = sent.message.body.toString("utf8");
  const routing = relayedRouting(session, sent).with(-1, ["Service-Channel", "IM/Offline"]);
  const multipart = encodeMultipart({ ...sent.message, routing });
  const draft = { from: account.email, fromName: account.name, to: recipient.email, text, at: hub.now(), multipart };
  return leaveOfflineMessage(hub, draft, session) !== undefined;
}

/** The own other endpoints show what was said here; typing and data mean nothing to them (source: msnp21 §3.6). */
function echo(session: LateSession, { type, message }: Message): void {
  if (type.startsWith("Control") || type.startsWith("Signal/") || type === "Data") return;
  for (const other of lateSessions(session.account, session)) other.deliver(message);
}
