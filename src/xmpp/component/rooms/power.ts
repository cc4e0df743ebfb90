/** Who may tie a conference to a group: its owners and admins, as far as the room shows them to the bridge. */
import { type ResidentId, residentParts } from "../../../bridge/model.ts";
import type { RoomPower } from "../../../bridge/ports/groups.ts";
import type { BareJid } from "../../jid.ts";
import { bare, readJid } from "../../jid.ts";
import { StanzaRefusal } from "../../link/requests.ts";
import { asJid, type Occupant } from "../../muc/room-words.ts";
import type { RoomLink } from "../../muc/types.ts";
import { el, elements, type XmlElement } from "../../stanza/xml.ts";

const ADMIN = "http://jabber.org/protocol/muc#admin";
const MAY = ["owner", "admin"] as const;
/** People who are named in a refusal. */
const NAMED = 5;

const refused = (because: string): RoomPower => ({ allowed: false, because });

export interface Asked {
  readonly link: Pick<RoomLink, "request">;
  readonly room: BareJid;
  readonly resident: ResidentId;
  /** The bot as people know it. */
  readonly bot: BareJid;
  readonly occupants: Iterable<readonly [nick: string, occupant: Occupant]>;
}

/** @throws BridgeError `home-down` when the room does not answer. */
export async function powerIn(asked: Asked): Promise<RoomPower> {
  const jid = residentParts(asked.resident).id;
  const all = [...asked.occupants];
  const there = all.filter(([, occupant]) => occupant.jid === jid).map(([, { affiliation }]) => affiliation);
  if (there.some(isRuler)) return { allowed: true };
  const { room, bot } = asked;
  if (there.length > 0) {
    const rank = there[0] === "none" ? "no rank" : `the rank "${there[0]}"`;
    return refused(`you have ${rank} in ${room}, so ${rulers(all)} has to do it`);
  }
  const lists = await Promise.all(MAY.map((rank) => listed(asked, rank)));
  if (lists.some((list) => list?.includes(jid as BareJid))) return { allowed: true };
  if (lists.every((list) => list !== undefined))
    return refused(`you are neither an owner nor an admin of ${room}, so ${rulers(all)} has to do it`);
  if (all.some(([, occupant]) => occupant.jid !== undefined && !isUs(occupant.jid, bot)))
    return refused(
      `you are not in ${room} as ${jid}: enter it, so that I see your rank, or ${rulers(all)} has to do it`,
    );
  return refused(
    `${room} does not show me who is who, so I cannot see that you may: have an owner make ${bot} an admin of it and ask again; it need not stay one`,
  );
}

/** What the room says of those of a rank (XEP-0045 §9.5, §10.5); `undefined`: it does not tell us. */
async function listed({ link, room }: Asked, rank: (typeof MAY)[number]): Promise<readonly BareJid[] | undefined> {
  try {
    const query = el("query", { xmlns: ADMIN }, el("item", { affiliation: rank }));
    const answer = await link.request({ to: asJid(room), type: "get" }, query);
    return jidsIn(answer);
  } catch (error) {
    if (error instanceof StanzaRefusal) return undefined;
    throw error;
  }
}

function jidsIn(answer: XmlElement): BareJid[] {
  return elements(answer.getChild("query", ADMIN)).flatMap(({ attrs }) => {
    const jid = readJid(attrs.jid);
    return jid === undefined ? [] : [bare(jid)];
  });
}

function isRuler(affiliation: string): boolean {
  return MAY.some((rank) => rank === affiliation);
}

function isUs(jid: BareJid, bot: BareJid): boolean {
  return jid === bot || jid.endsWith(`@${bot}`);
}

/** For a sentence: who could do it. */
function rulers(all: readonly (readonly [string, Occupant])[]): string {
  const nicks = all.filter(([, { affiliation }]) => isRuler(affiliation)).map(([nick]) => nick);
  const shown = nicks.slice(0, NAMED).join(", ");
  const others = nicks.length > NAMED ? ", …" : "";
  return nicks.length === 0 ? "an owner or an admin of it" : `an owner or an admin of it (${shown}${others})`;
}

/** Why the bridge cannot look, by what a room has answered to its entering; `undefined`: there is no such room. */
export function whyNotIn(condition: string, room: BareJid, bot: BareJid): string | undefined {
  switch (condition) {
    case "registration-required":
      return `${room} is for its members alone: have an owner or an admin of it make ${bot} a member, and ask again`;
    case "forbidden":
      return `${room} has shut ${bot} out: have an owner or an admin of it let it in again, and ask again`;
    case "not-authorized":
      return `${room} wants a password, and I have none that is right: ask ${bot} into it from within, which tells me, or say \`bridge <group> xmpp:${room}?join;password=…\``;
    case "conflict":
      return `somebody in ${room} has all the names that I could take there`;
    case "service-unavailable":
    case "resource-constraint":
      return `${room} is full: have an owner of it make room for ${bot}, and ask again`;
    case "item-not-found":
    case "gone":
    case "remote-server-not-found":
    case "jid-malformed":
      return undefined;
    default:
      return `${room} does not let me in (${condition}): ask an owner or an admin of it why`;
  }
}
