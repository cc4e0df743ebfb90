/** A group as the component's home shows it, in the words of XEP-0045. Pure. */
import type { GroupPerson, GroupView } from "../../../bridge/groups/model.ts";
import type { Affiliation, GhostSeat, RoomConfig } from "../../conference/index.ts";
import type { GhostJids } from "../../convert/ghost.ts";
import { residentJid } from "../../convert/ghost.ts";
import type { BareJid } from "../../jid.ts";
import { el, NS } from "../../stanza/xml.ts";

export interface Shape {
  readonly name: string;
  readonly subject: string;
  readonly config: Partial<RoomConfig>;
  readonly people: ReadonlyMap<BareJid, Affiliation>;
  readonly ghosts: readonly (GhostSeat & { readonly affiliation: Affiliation })[];
}

/** Names in the name of a room that has none. */
const NAMED = 3;

export function shapeOf(view: GroupView, names: GhostJids): Shape {
  const name = view.name.trim() === "" ? nameOfPeople(view.people) : view.name;
  return {
    name,
    subject: view.topic,
    // Who is in it is decided on the network. Where everybody may ask others in there, they may here.
    config: { name, membersOnly: true, whois: "anyone", listed: false, allowInvites: true, logged: false },
    people: new Map(view.people.flatMap((person) => (person.kind === "resident" ? [standing(view, person)] : []))),
    ghosts: view.people.flatMap((person) => seat(person, names) ?? []),
  };
}

/**
 * Who runs a circle may do so here, too. In a conversation everybody may put out those whom they have asked in without their
 * being in it on MSN. Ghosts do nothing: for them it is but a sign.
 */
function standing(
  { kind }: GroupView,
  { resident, role }: GroupPerson & { kind: "resident" },
): readonly [BareJid, Affiliation] {
  const inCircle = role === "admin" ? "owner" : "member";
  return [residentJid(resident), kind === "several" ? "admin" : inCircle];
}

/** `undefined`: a resident, or somebody who has not come yet. */
function seat(person: GroupPerson, names: GhostJids) {
  if (person.kind !== "ghost" || person.role === "pending") return undefined;
  const affiliation: Affiliation = person.role === "admin" ? "admin" : "member";
  return { ...seatOf(names.jid(person.ghost), person.name), affiliation };
}

/** A ghost's or a guest's place, with their name as it is (XEP-0172): a nick may need a number, or lose signs. */
export function seatOf(who: BareJid, name: string): GhostSeat {
  return { who, name, shown: [el("nick", { xmlns: NS.nick }, name)] };
}

function nameOfPeople(people: readonly GroupPerson[]): string {
  const all = people.flatMap((person) =>
    person.kind === "ghost" ? [person.name === "" ? person.ghost.contact : person.name] : [],
  );
  const [shown, more] = [all.sort().slice(0, NAMED), all.length - NAMED];
  if (shown.length === 0) return "Group chat";
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
