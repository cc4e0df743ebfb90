/** What is asked of a room by iq (XEP-0045 §6, XEP-0030, XEP-0199, XEP-0410). Pure but for the room's state. */
import { withResource } from "../jid.ts";
import { infoQuery } from "../stanza/disco.ts";
import { type Field, form } from "../stanza/form.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import { list, wantChanges } from "./admin.ts";
import { MUC_NS, no, result } from "./build.ts";
import { ownerAsks, roomInfo } from "./config.ts";
import { heard } from "./entering.ts";
import { nickKey, readNick } from "./nicks.ts";
import { isMember } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { resourcePrepared } from "./resourceprep.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";

/** The name that is kept for who asks (XEP-0045 §7.12). */
const NICK_NODE = "x-roomuser-item";
const NICK_FIELD = "muc#register_roomnick";

export function query(room: RoomState, request: RoomRequest<"iq">, out: Out, now: number): Proposal | undefined {
  const namespace = request.child.getNS();
  const isGet = request.type === "get";
  if (request.nick !== undefined) ofOccupant(room, request, out, now);
  else if (namespace === MUC_NS.owner) return ownerAsks(room, request, out);
  else if (namespace === MUC_NS.admin && !isGet) return wantChanges(room, request);
  else if (namespace === MUC_NS.admin) list(room, request, out);
  else if (namespace === NS.register && isGet) registered(room, request, out);
  else if (namespace === NS.register) register(room, request, out);
  else if (namespace === NS.ping && isGet) out.send(result(request.stanza));
  else if (namespace === NS.discoInfo && isGet) out.send(result(request.stanza, info(room, request)));
  else if (namespace === NS.discoItems && isGet) items(room, request, out);
  else deny(no.offer("A room does not answer that."));
  return undefined;
}

/**
 * Asked of somebody in the room. A ping to oneself tells whether one is still in it (XEP-0410); it never leaves the room, so
 * that it costs nothing.
 */
function ofOccupant(room: RoomState, request: RoomRequest<"iq">, out: Out, now: number): void {
  const { stanza, child, from, nick = "" } = request;
  const seat = room.seats.at(from) ?? deny(no.acceptable("You are not in this room."));
  heard(seat, from, now);
  const target = room.seats.named(nick) ?? deny(no.such(`There is nobody called ${nick} in this room.`));
  if (target !== seat && !target.isGhost) deny(no.offer("Ask them at their own address, not by way of the room."));
  if (child.is("ping", NS.ping)) out.send(result(stanza));
  else if (target.isGhost) out.tell({ kind: "asked", by: room.by(request), ghost: target.who, iq: stanza });
  else deny(no.offer("Ask your own client."));
}

/** Whether somebody may know what the room is about. */
function belongs(room: RoomState, { who }: RoomRequest): boolean {
  return room.config.listed || isMember(room.affiliationOf(who)) || room.seats.of(who) !== undefined;
}

function info(room: RoomState, request: RoomRequest<"iq">): XmlElement {
  const { node } = request.child.attrs;
  const { config, members } = room;
  if (node === NICK_NODE) {
    const nick = members.get(request.who)?.nick;
    const identities = nick === undefined ? [] : [{ category: "conference", type: "text", name: nick }];
    return infoQuery({ identities, features: [] }, node);
  }
  if (node !== undefined) deny(no.such("There is no such node."));
  const isKnown = belongs(room, request);
  const name = isKnown ? config.name : "";
  const about = infoQuery({
    identities: [{ category: "conference", type: "text", name }],
    features: roomFeatures(room),
  });
  return el("query", { xmlns: NS.discoInfo }, elements(about), isKnown ? roomInfo(room) : undefined);
}

function roomFeatures({ config }: RoomState): string[] {
  return [
    MUC_NS.muc,
    MUC_NS.selfPing,
    MUC_NS.stableId,
    MUC_NS.request,
    MUC_NS.register,
    MUC_NS.occupantId,
    NS.discoInfo,
    NS.discoItems,
    NS.ping,
    NS.register,
    NS.sid,
    "muc_persistent",
    "muc_unmoderated",
    "muc_unsecured",
    config.membersOnly ? "muc_membersonly" : "muc_open",
    config.whois === "anyone" ? "muc_nonanonymous" : "muc_semianonymous",
    config.listed ? "muc_public" : "muc_hidden",
  ];
}

/** Who sits in it, for those who sit in it (XEP-0045 §6.5). */
function items(room: RoomState, request: RoomRequest<"iq">, out: Out): void {
  const isIn = room.seats.at(request.from) !== undefined;
  const inside = isIn ? [...room.seats] : [];
  const found = inside.map(({ nick }) => el("item", { jid: withResource(room.jid, nick), name: nick }));
  out.send(result(request.stanza, el("query", { xmlns: NS.discoItems }, found)));
}

/** A name kept for a member (XEP-0045 §7.10). */
function registered(room: RoomState, request: RoomRequest<"iq">, out: Out): void {
  const member = room.members.get(request.who);
  if (!member || !isMember(member.affiliation)) deny(STRANGER);
  const known = member.nick === undefined ? [el("nick")] : [el("registered"), el("nick", {}, member.nick)];
  const what = "The name that is kept for you in this room.";
  const fields: Field[] = [
    { name: "FORM_TYPE", type: "hidden", value: MUC_NS.register },
    {
      name: NICK_FIELD,
      type: "text-single",
      label: "Name",
      required: true,
      ...(member.nick && { value: member.nick }),
    },
  ];
  const asked = [el("instructions", {}, what), ...known, form("Your name in this room", what, fields)];
  out.send(result(request.stanza, el("query", { xmlns: NS.register }, asked)));
}

const STRANGER = no.allowed("Nobody becomes a member by asking the room: ask somebody who is in it to invite you.");

function register(room: RoomState, { who, child, stanza }: RoomRequest<"iq">, out: Out): void {
  const member = room.members.get(who);
  if (!member || !isMember(member.affiliation)) deny(STRANGER);
  if (child.getChild("remove")) room.setMember(who, member.affiliation, null);
  else {
    const wanted = child.getChildText("nick") ?? formNick(child) ?? "";
    const nick =
      readNick(resourcePrepared(wanted), room.limits.nick) ?? deny(no.acceptable("That is no name that can be kept."));
    if (room.isTaken(nickKey(nick), who))
      deny(no.conflict(`Somebody else is called ${nick} in this room; take another name.`));
    room.setMember(who, member.affiliation, nick);
  }
  out.send(result(stanza));
}

function formNick(child: XmlElement): string | undefined {
  const field = child
    .getChild("x", NS.data)
    ?.getChildren("field")
    .find(({ attrs }) => attrs.var === NICK_FIELD);
  return field?.getChildText("value") ?? undefined;
}
