/** The stanzas that a room sends (XEP-0045). Pure. */
import { type BareJid, type Jid, withResource } from "../jid.ts";
import { errorElement } from "../stanza/errors.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import type { Affiliation, PresenceParts, Refusal, Role } from "./types.ts";

export const MUC = "http://jabber.org/protocol/muc";
export const MUC_NS = {
  muc: MUC,
  user: `${MUC}#user`,
  admin: `${MUC}#admin`,
  owner: `${MUC}#owner`,
  config: `${MUC}#roomconfig`,
  request: `${MUC}#request`,
  register: `${MUC}#register`,
  info: `${MUC}#roominfo`,
  /** XEP-0410 §4. */
  selfPing: `${MUC}#self-ping-optimization`,
  stableId: `${MUC}#stable_id`,
  occupantId: "urn:xmpp:occupant-id:0",
  conference: "jabber:x:conference",
  reactions: "urn:xmpp:reactions:0",
  retract: "urn:xmpp:message-retract:1",
  reply: "urn:xmpp:reply:0",
} as const;

/** Status codes of XEP-0045 §15.6. */
export const STATUS = {
  showsAddresses: "100",
  configured: "104",
  self: "110",
  logged: "170",
  nowShowsAddresses: "172",
  nowHidesAddresses: "173",
  created: "201",
  nickGiven: "210",
  banned: "301",
  nickChanged: "303",
  kicked: "307",
  affiliationChanged: "321",
  membersOnly: "322",
  shutdown: "332",
  lost: "333",
} as const;

export interface Item {
  readonly affiliation: Affiliation;
  readonly role: Role;
  /** Only for those who may see it. */
  readonly jid?: string | undefined;
  /** Of somebody who changes theirs: the new one. */
  readonly nick?: string | undefined;
  readonly reason?: string | undefined;
  /** Nick of who has done it. */
  readonly actor?: string | undefined;
}

export interface OccupantPresence {
  readonly room: BareJid;
  readonly nick: string;
  readonly to: Jid;
  readonly isGone: boolean;
  readonly item: Item;
  readonly codes: readonly string[];
  readonly occupantId: string | undefined;
  readonly shown: PresenceParts;
  readonly destroy?: XmlElement | undefined;
}

export function occupantPresence(o: OccupantPresence): XmlElement {
  const { jid, nick, affiliation, role, reason, actor } = o.item;
  const item = el(
    "item",
    { affiliation, role, jid, nick },
    actor === undefined ? undefined : el("actor", { nick: actor }),
    reason === undefined || reason === "" ? undefined : el("reason", {}, reason),
  );
  return el(
    "presence",
    { from: withResource(o.room, o.nick), to: o.to, type: o.isGone ? "unavailable" : undefined },
    o.shown,
    o.occupantId === undefined ? undefined : el("occupant-id", { xmlns: MUC_NS.occupantId, id: o.occupantId }),
    el("x", { xmlns: MUC_NS.user }, item, o.codes.map(status), o.destroy),
  );
}

const status = (code: string): XmlElement => el("status", { code });

export interface Reflected {
  readonly room: BareJid;
  readonly nick: string;
  readonly to: Jid;
  readonly id: string | undefined;
  readonly stanzaId: string | undefined;
  readonly occupantId: string;
  readonly parts: readonly XmlElement[];
  readonly delay?: XmlElement | undefined;
}

/** Somebody's words to all, as each of them gets them. */
export function reflected({ room, nick, to, id, stanzaId, occupantId, parts, delay }: Reflected): XmlElement {
  return el(
    "message",
    { from: withResource(room, nick), to, id, type: "groupchat" },
    parts,
    stanzaId === undefined ? undefined : el("stanza-id", { xmlns: NS.sid, by: room, id: stanzaId }),
    el("occupant-id", { xmlns: MUC_NS.occupantId, id: occupantId }),
    delay,
  );
}

/** `nick` "": set by nobody in particular, or never. */
export function subjectMessage(room: BareJid, nick: string, to: Jid, text: string, delay?: XmlElement): XmlElement {
  const from = nick === "" ? room : withResource(room, nick);
  return el("message", { from, to, type: "groupchat" }, el("subject", {}, text), delay);
}

/** Something about the room itself has changed. */
export function statusMessage(room: BareJid, to: Jid, codes: readonly string[]): XmlElement {
  return el("message", { from: room, to, type: "groupchat" }, el("x", { xmlns: MUC_NS.user }, codes.map(status)));
}

/** Somebody asks somebody into a room, by way of the room (XEP-0045 §7.8.2), and so that any client understands (XEP-0249). */
export function invitation(
  room: BareJid,
  to: BareJid,
  inviter: Jid | BareJid,
  { reason, id }: { reason: string; id: string },
): XmlElement {
  const said = reason === "" ? undefined : reason;
  const invite = el("invite", { from: inviter }, said === undefined ? undefined : el("reason", {}, said));
  return el(
    "message",
    { from: room, to, id },
    el("x", { xmlns: MUC_NS.user }, invite),
    el("x", { xmlns: MUC_NS.conference, jid: room, reason: said }),
  );
}

export function declination(room: BareJid, to: Jid | BareJid, who: BareJid, reason: string): XmlElement {
  const decline = el("decline", { from: who }, reason === "" ? undefined : el("reason", {}, reason));
  return el("message", { from: room, to }, el("x", { xmlns: MUC_NS.user }, decline));
}

/** Words to one person in the room alone (XEP-0045 §7.5). */
export function privateMessage(o: {
  from: Jid;
  to: Jid;
  id: string | undefined;
  type: string;
  occupantId: string;
  parts: readonly XmlElement[];
}): XmlElement {
  const { from, to, id, type, parts, occupantId } = o;
  const marks = [el("occupant-id", { xmlns: MUC_NS.occupantId, id: occupantId }), el("x", { xmlns: MUC_NS.user })];
  return el("message", { from, to, id, type }, parts, marks);
}

/** The room is no more (XEP-0045 §10.9). */
export function destroyElement(reason: string, instead?: BareJid): XmlElement {
  return el("destroy", { jid: instead }, reason === "" ? undefined : el("reason", {}, reason));
}

/** A stanza goes back to its sender with the reason. */
export function refusalOf(stanza: XmlElement, { type, condition, text }: Refusal): XmlElement {
  const { from, to, id, type: kind } = stanza.attrs;
  const echo = stanza.name === "presence" ? el("x", { xmlns: MUC }) : undefined;
  const kept = kind === "groupchat" && stanza.name === "message" ? stanza.getChild("body") : undefined;
  const body = kept && el("body", {}, kept.text().slice(0, 500));
  return el(
    stanza.name,
    { from: to, to: from, id, type: "error" },
    echo,
    body,
    errorElement({ type, condition }, text),
  );
}

export function result(iq: XmlElement, child?: XmlElement): XmlElement {
  const { from, to, id } = iq.attrs;
  return el("iq", { type: "result", from: to, to: from, id }, child);
}

const refusal =
  (type: Refusal["type"], condition: string) =>
  (text: string): Refusal => ({ type, condition, text });

/** Refusals by their condition (XEP-0045 §15 and RFC 6120). */
export const no = {
  allowed: refusal("cancel", "not-allowed"),
  forbidden: refusal("auth", "forbidden"),
  conflict: refusal("cancel", "conflict"),
  member: refusal("auth", "registration-required"),
  acceptable: refusal("modify", "not-acceptable"),
  such: refusal("cancel", "item-not-found"),
  room: refusal("wait", "service-unavailable"),
  offer: refusal("cancel", "service-unavailable"),
  sense: refusal("modify", "bad-request"),
  nick: refusal("modify", "jid-malformed"),
  capacity: refusal("wait", "resource-constraint"),
  policy: refusal("modify", "policy-violation"),
  answer: refusal("wait", "remote-server-timeout"),
} as const;
