import { encodeMultipart, header, withHeader } from "../../../message/multipart.ts";
import { guidOfAddress, type MultipartAddress, parseRosterUri } from "../../../message/multipart-address.ts";
import { path } from "../../../soap/xml.ts";
import { CIRCLE_PREFIX, type Circle } from "../../state/circles.ts";
import type { NsSession } from "../session.ts";
import { endpointAddress, receipt } from "./envelopes.ts";
import type { Message } from "./messages.ts";
import { isSelf, type Publication } from "./publish.ts";
import { CIRCLE_DOCUMENT, personOf, readCircleDocument } from "./roster.ts";

/** The circle of an address; undefined when there is none. */
function circleOf({ hub }: NsSession, to: MultipartAddress): Circle | undefined {
  const guid = guidOfAddress(to);
  return guid?.startsWith(CIRCLE_PREFIX) ? hub.circles.get(guid) : undefined;
}

/** Coming into the chat of a circle, or giving the circle a message (source: msnp-chat §6.4, msnp21 §5.3). */
export function circlePublish(session: NsSession, publication: Publication): void {
  const { trid, to, contentType, message } = publication;
  const { account, hub, circles } = session;
  if (contentType !== CIRCLE_DOCUMENT) return;
  const circle = circleOf(session, to);
  const rights = session.dialect.multipart ? circles.authenticated : true;
  if (circle === undefined || !rights || !circles.reported) {
    session.send(rights ? 201 : 933, trid);
    return;
  }
  const { user, presence } = readCircleDocument(message.body);
  const isOther = user !== undefined && personOf(user) !== account.email.toLowerCase();
  const isIn = circle.isAccepted(account) && hub.gatherings.has(session, circle);
  if (isOther || ((user !== undefined || presence !== undefined) && !isIn)) {
    session.send(201, trid);
    return;
  }
  // Older clients are answered last, as by Escargot.
  const answer = (): void => acknowledge(session, trid, circle);
  if (session.dialect.multipart) answer();
  if (user !== undefined) hub.gatherings.publish(session, circle);
  if (presence !== undefined) {
    circle.personalMessage = path(presence, "Data", "PSM")?.text ?? circle.personalMessage;
    circle.currentMedia = path(presence, "Data", "CurrentMedia")?.text ?? circle.currentMedia;
    hub.gatherings.properties(circle);
  }
  if (!session.dialect.multipart) answer();
}

function acknowledge(session: NsSession, trid: string, circle: Circle): void {
  const own = endpointAddress(session.account.email, session.endpoint.guid);
  session.sendPayload(["PUT", trid, "OK"], session.dialect.multipart ? receipt(own, circle.address) : "");
}

/** Leaving the chat; the circle itself is left by web service (source: msnp21 §5.5). */
export function circleDelete(session: NsSession, { trid, to, from, uri }: Publication): void {
  const circle = circleOf(session, to);
  const leaver = parseRosterUri(uri);
  const isOwn = leaver?.type === 1 && leaver.account === session.account.email.toLowerCase();
  if (circle === undefined || !isOwn || !isSelf(session, from) || !session.hub.gatherings.has(session, circle)) {
    session.send(201, trid);
    return;
  }
  session.sendPayload(["DEL", trid, "OK"], "");
  session.hub.gatherings.withdraw(session, circle);
}

/** A message to everybody who is in the chat; the bytes stay as they are but for the sender (source: msnp-chat §6.5). */
export function circleMessage(session: NsSession, { trid, to, from, message }: Message): void {
  const { account, endpoint, hub, dialect } = session;
  const circle = circleOf(session, to);
  const isStrict = !dialect.multipart;
  const spelled = header(message.routing, "From") === endpointAddress(account.email, endpoint.guid);
  const isHonest = isStrict && hub.quirks.spelledAddresses ? spelled : isSelf(session, from);
  const isComplete = !isStrict || (to.path === "IM" && header(message.content ?? [], "Content-Length") !== undefined);
  if (circle === undefined || !isHonest || !isComplete || !hub.gatherings.isThere(session, circle)) {
    session.send(201, trid);
    return;
  }
  const routing = withHeader(message.routing, "From", endpointAddress(account.email, endpoint.guid));
  const bytes = encodeMultipart({ ...message, routing });
  for (const other of hub.gatherings.listeners(session, circle)) other.sendPayload(["SDG", 0], bytes);
}
