/** What a room is like: shown, and changed by its owners (XEP-0045 §6.4, §10.2, §10.9). Pure but for the room's state. */
import { type BareJid, bare, readJid } from "../jid.ts";
import { type Field, form, readForm } from "../stanza/form.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { MUC_NS, no, result, STATUS, statusMessage } from "./build.ts";
import { isMember } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";
import type { Refusal, RoomConfig } from "./types.ts";

const FIELD = "muc#roomconfig_";

interface Setting {
  readonly key: keyof RoomConfig;
  readonly field: string;
  readonly label: string;
  readonly type: Field["type"];
}

const SETTINGS: readonly Setting[] = [
  { key: "name", field: `${FIELD}roomname`, label: "Name", type: "text-single" },
  { key: "description", field: `${FIELD}roomdesc`, label: "Description", type: "text-single" },
  { key: "membersOnly", field: `${FIELD}membersonly`, label: "For members only", type: "boolean" },
  { key: "whois", field: `${FIELD}whois`, label: "Who sees the addresses", type: "list-single" },
  { key: "listed", field: `${FIELD}publicroom`, label: "Listed for everybody", type: "boolean" },
  { key: "changeSubject", field: `${FIELD}changesubject`, label: "Everybody may set the subject", type: "boolean" },
  { key: "allowInvites", field: `${FIELD}allowinvites`, label: "Members may ask others in", type: "boolean" },
  { key: "logged", field: `${FIELD}enablelogging`, label: "Kept where strangers can read it", type: "boolean" },
];

const WHOIS = [
  { value: "anyone", label: "Everybody" },
  { value: "moderators", label: "Moderators" },
];

const shown = (value: string | boolean): string => (typeof value === "string" ? value : value ? "1" : "0");

/** The owner's form: what the network dictates is not in it. */
function configForm({ config, fixed }: RoomState): XmlElement {
  const fields = SETTINGS.filter(({ key }) => !fixed.has(key)).map(({ key, field, label, type }): Field => {
    const value = shown(config[key]);
    return { name: field, type, label, value, ...(key === "whois" ? { options: WHOIS } : {}) };
  });
  const hidden: Field = { name: "FORM_TYPE", type: "hidden", value: MUC_NS.config };
  return form("Room", "What is not here is decided on MSN.", [hidden, ...fields]);
}

/** An owner's request (XEP-0045 §10): the form, what was filled in, or the end of the room. */
export function ownerAsks(room: RoomState, request: RoomRequest<"iq">, out: Out): Proposal | undefined {
  const { child, stanza, type } = request;
  if (type === "set" && child.getChild("destroy")) room.refuseOutright("destroy");
  if (room.affiliationOf(request.who) !== "owner") deny(no.forbidden("Only owners of this room do that."));
  const by = room.by(request);
  const destroy = child.getChild("destroy");
  if (type === "set" && destroy) {
    const end = readDestroy(destroy, room.limits.line);
    return { acts: ["destroy"], event: () => ({ kind: "destroyed", by, ...end }) };
  }
  // No form: called off, or a room that was made just now is taken as it is.
  const filled = type === "set" ? readForm(child) : undefined;
  const change = readChange(room, filled ?? new Map());
  if ("condition" in change) deny(change);
  if (Object.keys(change).length > 0)
    return { acts: ["configure"], event: () => ({ kind: "configured", by, config: change }) };
  out.send(result(stanza, type === "get" ? el("query", { xmlns: MUC_NS.owner }, configForm(room)) : undefined));
  return undefined;
}

/** Only what is other than now. */
function readChange(room: RoomState, filled: ReadonlyMap<string, string>): Partial<RoomConfig> | Refusal {
  const changed: Record<string, string | boolean> = {};
  for (const { key, field, label, type } of SETTINGS) {
    const text = filled.get(field)?.trim();
    if (text === undefined) continue;
    const value = type === "boolean" ? text === "1" || text === "true" : text;
    if (value === room.config[key]) continue;
    if (room.fixed.has(key)) return no.acceptable(`"${label}" is decided on MSN and cannot be changed here.`);
    if (key === "whois" && !WHOIS.some((option) => option.value === text))
      return no.acceptable(`"${text.slice(0, 50)}" cannot be chosen for "${label}".`);
    if (typeof value === "string" && [...value].length > room.limits.line)
      return no.acceptable(`"${label}" has ${room.limits.line} characters at most.`);
    changed[key] = value;
  }
  return changed;
}

/** The room is so from now on, and all who sit in it hear of it (XEP-0045 §10.2.1). */
export function configure(room: RoomState, change: Partial<RoomConfig>, out: Out): void {
  const before = room.config;
  room.touch();
  room.config = { ...before, ...change };
  const { membersOnly, whois } = room.config;
  const codes: string[] = [];
  if (whois !== before.whois) codes.push(whois === "anyone" ? STATUS.nowShowsAddresses : STATUS.nowHidesAddresses);
  const others = Object.keys(change).filter((key) => key !== "whois");
  if (others.length > 0) codes.push(STATUS.configured);
  if (membersOnly && !before.membersOnly) putOutStrangers(room, out);
  if (codes.length === 0) return;
  for (const { client } of room.clients()) out.send(statusMessage(room.jid, client, codes));
}

/** Ghosts are in because they are in on MSN. */
function putOutStrangers(room: RoomState, out: Out): void {
  for (const seat of [...room.seats]) {
    if (seat.isGhost || isMember(room.affiliationOf(seat.who))) continue;
    const reason = "This room is for its members from now on.";
    room.remove(out, seat, "no-member", { codes: [STATUS.membersOnly], reason });
  }
}

function readDestroy(destroy: XmlElement, max: number): { reason: string; instead: BareJid | undefined } {
  const instead = readJid(destroy.attrs.jid);
  const reason = [...(destroy.getChildText("reason") ?? "").trim()].slice(0, max).join("");
  return { reason, instead: instead && bare(instead) };
}

/** What anybody may know of a room (XEP-0128); of one that is not listed only who belongs to it. */
export function roomInfo({ config, subject, seats }: RoomState): XmlElement {
  const fields: readonly (readonly [string, string])[] = [
    ["muc#roominfo_description", config.description],
    ["muc#roominfo_subject", subject.text],
    ["muc#roominfo_occupants", `${seats.size}`],
    ["muc#roominfo_subjectmod", config.changeSubject ? "0" : "1"],
    ["muc#roomconfig_changesubject", config.changeSubject ? "1" : "0"],
    ["muc#roomconfig_allowinvites", config.allowInvites ? "1" : "0"],
  ];
  return el(
    "x",
    { xmlns: NS.data, type: "result" },
    el("field", { var: "FORM_TYPE", type: "hidden" }, el("value", {}, MUC_NS.info)),
    fields.map(([name, value]) => el("field", { var: name, type: "text-single" }, el("value", {}, value))),
  );
}
