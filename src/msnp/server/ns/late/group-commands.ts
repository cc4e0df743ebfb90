import { encodeMultipart, withHeader } from "../../../message/multipart.ts";
import { guidOfAddress, NEW_GROUP, parseRosterUri, rosterUri } from "../../../message/multipart-address.ts";
import type { Account } from "../../state/account.ts";
import type { GroupMember, TemporaryGroup } from "../../state/groups.ts";
import { receipt } from "./envelopes.ts";
import type { Message } from "./messages.ts";
import { isSelf, type Publication } from "./publish.ts";
import { CIRCLE_DOCUMENT, GROUP_DOCUMENT, personOf, readCircleDocument, rosterDocument } from "./roster.ts";
import { type LateSession, lateSessions } from "./session.ts";

const STREAM = [["Stream", "0"]] as const;

/** Making a group, coming into it, asking somebody in: all are publications to its address (source: msnp21 §5.4). */
export function groupPublish(session: LateSession, publication: Publication): void {
  const { trid, to, from, contentType, message } = publication;
  const isDocument = contentType === CIRCLE_DOCUMENT || contentType === GROUP_DOCUMENT;
  if (!isDocument || !isSelf(session, from)) {
    session.send(201, trid);
    return;
  }
  const { user } = readCircleDocument(message.body);
  const group = to.account === NEW_GROUP ? session.hub.groups.create(session.account) : groupOf(session, publication);
  const member = group?.member(session.account);
  if (group === undefined || member === undefined || (to.account !== NEW_GROUP && user === undefined)) {
    session.send(201, trid);
    return;
  }
  const name = user === undefined ? undefined : personOf(user);
  if (name === undefined) acknowledge(session, trid, group);
  else if (name === session.account.email.toLowerCase()) join(session, trid, group, member);
  else invite(session, trid, group, name);
}

function groupOf({ hub }: LateSession, { to }: Pick<Publication, "to">): TemporaryGroup | undefined {
  const guid = guidOfAddress(to);
  return guid === undefined ? undefined : hub.groups.get(guid);
}

function acknowledge(session: LateSession, trid: string, group: TemporaryGroup): void {
  session.sendPayload(["PUT", trid, "OK"], receipt(session.address, group.address));
}

function join(session: LateSession, trid: string, group: TemporaryGroup, member: GroupMember): void {
  acknowledge(session, trid, group);
  if (!member.pending) return;
  member.pending = false;
  const others = group.present.filter((other) => other !== member);
  for (const other of others) tellRoster(group, other, [member]);
  // Who came after one was asked is news to oneself, too.
  const missed = others.filter(({ account }) => !member.told.has(account.id));
  if (missed.length > 0) tellRoster(group, member, missed);
}

function invite(session: LateSession, trid: string, group: TemporaryGroup, name: string): void {
  const { account, hub } = session;
  const invitee = hub.directory.byEmail(name);
  if (group.member(account)?.pending !== false || invitee === undefined) {
    session.send(201, trid);
    return;
  }
  const member = group.member(invitee);
  if (member?.pending === false) {
    acknowledge(session, trid, group);
    return;
  }
  if (invitee.statusFor(account) === "FLN" || lateSessions(invitee).length === 0) {
    session.send(217, trid);
    return;
  }
  const asked = member ?? group.invite(invitee);
  if (asked === undefined) {
    session.send(201, trid);
    return;
  }
  acknowledge(session, trid, group);
  const roster = [...group.present, asked];
  for (const { account: known } of group.present) asked.told.add(known.id);
  for (const other of lateSessions(invitee)) {
    tell(other, group, "PUT", { number: 0, uri: "/circle", type: "Full", body: rosterDocument(roster) });
  }
}

function tellRoster(group: TemporaryGroup, to: GroupMember, news: readonly GroupMember[]): void {
  for (const { account } of news) to.told.add(account.id);
  for (const session of lateSessions(to.account)) {
    tell(session, group, "PUT", { number: 0, uri: "/circle", type: "Partial", body: rosterDocument(news) });
  }
}

function tell(
  session: LateSession,
  group: TemporaryGroup,
  kind: "PUT" | "DEL",
  news: { number: number; uri: string; type: "Full" | "Partial"; body?: string },
): void {
  session.notify(kind, {
    // Only who comes is told with the endpoint, who leaves is not (source: msnp21 §11, T34, T37).
    to: kind === "PUT" ? session.address : `1:${session.account.email}`,
    from: group.address,
    reliability: STREAM,
    contentType: CIRCLE_DOCUMENT,
    ...news,
  });
}

/** Leaving, or declining; nobody can be put out (source: msnp21 §5.5). */
export function groupDelete(session: LateSession, publication: Publication): void {
  const { trid, from, uri } = publication;
  const group = groupOf(session, publication);
  const leaver = parseRosterUri(uri);
  const isOwn = leaver?.type === 1 && leaver.account === session.account.email.toLowerCase();
  if (group?.member(session.account) === undefined || !isOwn || !isSelf(session, from)) {
    session.send(201, trid);
    return;
  }
  session.sendPayload(["DEL", trid, "OK"], "");
  leaveGroup(session, group);
}

function leaveGroup({ account, hub }: LateSession, group: TemporaryGroup): void {
  const wasThere = group.member(account)?.pending === false;
  hub.groups.leave(group, account);
  if (!wasThere) return;
  const uri = rosterUri({ type: 1, account: account.email });
  for (const { account: other, told } of group.present) {
    told.delete(account.id);
    for (const session of lateSessions(other)) {
      tell(session, group, "DEL", { number: 2, uri, type: "Partial" });
    }
  }
}

/** The last endpoint of somebody is gone, and so are they from all groups (source: msnp21 §5.4). */
export function leaveAllGroups(session: LateSession): void {
  if (lateSessions(session.account, session).length > 0) return;
  for (const group of session.hub.groups.of(session.account)) leaveGroup(session, group);
}

/** A message to everybody who is there, as it came but for the sender's address; other own endpoints get it, too. */
export function groupMessage(session: LateSession, { trid, to, message }: Message): void {
  const group = groupOf(session, { to });
  if (group?.member(session.account)?.pending !== false) {
    session.send(201, trid);
    return;
  }
  const bytes = encodeMultipart({ ...message, routing: withHeader(message.routing, "From", session.address) });
  for (const account of people(group)) {
    for (const other of lateSessions(account, session)) other.sendPayload(["SDG", 0], bytes);
  }
}

function people(group: TemporaryGroup): Account[] {
  return group.present.map(({ account }) => account);
}
