/**
 * What people do to a portal's room beyond talking in it: who is asked in or taken out, names, topics and roles, the end of a
 * room and of the bridge's stay in it. Sorted for storing as convert/event.ts sorts words, and read again. What the bridge
 * itself has done is told apart by its sender. Pure.
 */
import { type GhostRef, type HomeEvent, type HomeName, messageId, residentId, roomId } from "../../bridge/model.ts";
import type { EventHead, OwnAct, Sorted, StoredEvent } from "../convert/event.ts";
import { fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { changedRoles } from "./powers.ts";
import { ownTopic } from "./spelling.ts";

/** Rides on a {@link StoredEvent}. */
export type RoomNote =
  | { readonly what: "asked-in" | "taken-out"; readonly ghost: string }
  | { readonly what: "name" | "topic"; readonly text: string }
  /** `ghost`: the user, who may be somebody of this home as well. */
  | { readonly what: "role"; readonly ghost: string; readonly role: "admin" | "member" }
  | { readonly what: "left" }
  /** `ghost`: the one who was thrown out; absent: all of the bridge. */
  | { readonly what: "shut-out"; readonly ghost?: string; readonly isEncrypted?: true }
  | { readonly what: "moved"; readonly to: string };

/** What a room is to the bridge. `other`: nothing, or nothing yet. */
export type RoomKind = "group" | "chat" | "management" | "other";

const TYPES = new Set([
  "m.room.member",
  "m.room.name",
  "m.room.topic",
  "m.room.power_levels",
  "m.room.tombstone",
  "m.room.encryption",
  "m.room.encrypted",
]);

/** Of a name or a topic; the core takes from its end what the bridge has put there, and then keeps less. */
const TEXT_CHARACTERS = 10_000;
/** Roles that one change of levels may change; more are not looked at. */
const ROLES = 50;

export interface RoomRules {
  readonly bot: string;
  readonly names: GhostNames;
}

/** Whether it matters what the room of this event is to the bridge. */
export function concernsRoom({ type, sender, stateKey }: EventHead, { bot, names }: RoomRules): boolean {
  if (!TYPES.has(type) || sender === bot || names.owns(sender)) return false;
  return stateKey !== undefined || type === "m.room.encrypted";
}

/**
 * Sorts an event that {@link concernsRoom}. `undefined`: nothing of a group's; it is sorted as in any other room. An empty
 * list: it means nothing.
 */
export function sortRoomEvent(raw: unknown, head: EventHead, kind: RoomKind, rules: RoomRules): Sorted[] | undefined {
  if (head.type === "m.room.tombstone") return kind === "other" ? [] : moved(head, kind === "management");
  if (kind === "management" || kind === "other") return undefined;
  if (kind === "group" && isUnbanned(raw, head)) return [];
  if (head.type === "m.room.member" && isShutOut(head, rules)) return shutOut(head, kind, rules);
  if (kind === "chat") return undefined;
  switch (head.type) {
    case "m.room.member":
      return sortMember(head, rules);
    case "m.room.name":
    case "m.room.topic":
      return renamed(head);
    case "m.room.power_levels":
      return roles(raw, head, rules);
    case "m.room.encrypted": {
      // Of somebody whose client did so: in a room that is not encrypted, anybody can send that.
      const { type, room, sender, event } = head;
      return [{ control: false, stored: { kind: "event", management: false, type, room, sender, event } }];
    }
    default:
      // Encrypted from now on: said and left, and that is the end of it.
      return [own(head, { act: "refuse-encrypted" }), note(head, { what: "shut-out" })];
  }
}

const membershipOf = ({ content }: EventHead): unknown => content.membership;

/** Who was banned is out already. */
function isUnbanned(raw: unknown, head: EventHead): boolean {
  const before = fields(fields(fields(raw).unsigned).prev_content).membership;
  return head.type === "m.room.member" && membershipOf(head) === "leave" && before === "ban";
}

function isShutOut(head: EventHead, { bot }: RoomRules): boolean {
  const membership = membershipOf(head);
  return head.stateKey === bot && (membership === "leave" || membership === "ban");
}

/**
 * A group's room is of no use without the bot. A chat goes on without it, as its contact is there and the bot says elsewhere
 * what it has to say; a ban is meant more seriously.
 */
function shutOut(head: EventHead, kind: "group" | "chat", { bot }: RoomRules): Sorted[] {
  const told = note(head, { what: "shut-out" });
  if (kind === "group") return [told];
  return membershipOf(head) === "ban" ? [told, own(head, { act: "leave-empty", ghost: bot })] : [];
}

function sortMember(head: EventHead, { bot, names }: RoomRules): Sorted[] | undefined {
  const whom = head.stateKey ?? "";
  const membership = membershipOf(head);
  const ours = whom === bot || names.owns(whom);
  const ghost = names.parse(whom);
  if (membership === "invite") {
    // The bot, and a ghost whom somebody wants to talk with alone.
    if (!ours || whom === bot) return undefined;
    return ghost === undefined ? [] : [note(head, { what: "asked-in", ghost: whom })];
  }
  if (membership !== "leave" && membership !== "ban") return [];
  if (!ours) return [{ control: false, stored: { ...stored(head, { what: "left" }), sender: whom } }];
  return ghost === undefined ? [] : [note(head, { what: "taken-out", ghost: whom })];
}

function renamed(head: EventHead): Sorted[] {
  const what = head.type === "m.room.name" ? "name" : "topic";
  const { [what]: said } = head.content;
  const text = typeof said === "string" ? said : "";
  const own = what === "topic" ? ownTopic(text) : text;
  return [note(head, { what, text: own.slice(0, TEXT_CHARACTERS).toWellFormed() })];
}

function roles(raw: unknown, head: EventHead, { bot, names }: RoomRules): Sorted[] {
  const before = fields(fields(fields(raw).unsigned).prev_content);
  return changedRoles(head.content, before, names)
    .filter(({ user }) => user !== bot)
    .slice(0, ROLES)
    .map(({ user, role }) => note(head, { what: "role", ghost: user, role }));
}

/** First those of ours follow, then everything else does. */
function moved(head: EventHead, management: boolean): Sorted[] {
  const to = head.content.replacement_room;
  if (typeof to !== "string" || to.length > 255 || !to.startsWith("!")) return [];
  const follow = own(head, { act: "follow", to, at: head.at, management });
  if (management) return [{ ...follow, control: true }];
  return [follow, note(head, { what: "moved", to })];
}

function own({ room, sender, event }: EventHead, act: OwnAct): Sorted {
  return { control: false, stored: { kind: "own", room, sender, event, ...act } };
}

function note(head: EventHead, what: RoomNote): Sorted {
  return { control: false, stored: stored(head, what) };
}

function stored({ type, room, sender, event }: EventHead, what: RoomNote): StoredEvent {
  return { kind: "event", management: false, type, room, sender, event, note: what };
}

/** In neutral words. `undefined`: it names somebody who is no ghost, which no version of this home has stored. */
export function readNote(
  { sender, room, event }: StoredEvent,
  told: RoomNote,
  home: HomeName,
  names: GhostNames,
): HomeEvent | undefined {
  const who = { resident: residentId(home, sender), room: roomId(room) };
  const message = messageId(event);
  const about = (mxid: string, then: (ghost: GhostRef) => HomeEvent): HomeEvent | undefined => {
    const ghost = names.parse(mxid);
    return ghost && then(ghost);
  };
  switch (told.what) {
    case "left":
      return { kind: "left", ...who };
    case "shut-out": {
      const encrypted = told.isEncrypted ? { isEncrypted: true as const } : {};
      const how = { kind: "shut-out" as const, ...who, ...encrypted };
      return told.ghost === undefined ? how : about(told.ghost, (ghost) => ({ ...how, ghost }));
    }
    case "moved":
      return { kind: "moved", ...who, to: roomId(told.to) };
    case "name":
    case "topic":
      return { kind: "reshaped", ...who, message, change: { what: told.what, text: told.text } };
    case "asked-in":
      return about(told.ghost, (ghost) => ({ kind: "invited", ...who, ghost, direct: false }));
    case "taken-out":
      return about(told.ghost, (ghost) => ({ kind: "removed", ...who, message, ghost }));
    case "role": {
      const { role } = told;
      const ghost = names.parse(told.ghost);
      if (ghost === undefined && names.owns(told.ghost)) return undefined;
      const whose = ghost === undefined ? { whom: residentId(home, told.ghost) } : { ghost };
      return { kind: "reshaped", ...who, message, change: { what: "role", ...whose, role } };
    }
  }
}
