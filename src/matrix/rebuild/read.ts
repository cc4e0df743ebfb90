/**
 * What a room's state says it is to the bridge. Only what the bridge or its ghosts have written is believed: everybody who may
 * change a room's state can write an `m.bridge` of their own into it, and make it say that this is somebody's chat. Pure.
 */
import {
  type GroupId,
  type GroupMember,
  type GroupRelay,
  type GroupRoom,
  groupId,
  isGroup,
  parseGroupKey,
} from "../../bridge/groups/model.ts";
import {
  type AccountId,
  accountId,
  accountParts,
  type ContactAddress,
  type GhostRef,
  type HomeName,
  type NetworkName,
  type PortalId,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
  portalParts,
  type ResidentId,
  residentId,
  roomId,
} from "../../bridge/model.ts";
import { directPortal } from "../../bridge/portals.ts";
import type { FoundChat, FoundGroup } from "../../bridge/ports/rebuild.ts";
import { type Fields, fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { BRIDGE_TYPES, bridgeKey, GROUP } from "../groups/note.ts";
import { powerOf, powerToNote } from "../groups/powers.ts";
import type { RoomState } from "../groups/state.ts";
import { KNOCK } from "../knock.ts";
import { PORTAL } from "../rooms.ts";
import { SPACE } from "../spaces/layout.ts";

export interface Knowledge {
  readonly home: HomeName;
  readonly names: GhostNames;
  readonly bot: string;
  /** Those of the config. */
  readonly networks: readonly NetworkName[];
}

/** A piece of state by which the bridge, or somebody who is not, names a room as one of the bridge. */
export interface BridgeNote {
  readonly type: string;
  readonly key: string;
  readonly sender: string;
  /** Unix ms; 0 where the homeserver does not say. */
  readonly at: number;
  readonly content: Fields;
}

/** A room as it is now. */
export interface Now {
  readonly room: string;
  readonly state: RoomState;
  readonly moved: boolean;
}

export type Reading =
  | (FoundChat & { readonly ghost: GhostRef })
  | (Omit<FoundGroup, "settle"> & { readonly plumbed: boolean; readonly notes: readonly BridgeNote[] })
  /** A person alone with the bot. `at`: when the room was made. */
  | { readonly kind: "management"; readonly room: string; readonly mxid: string; readonly at: number }
  /** Spaces, and the bot's own room, are found by their addresses when the bridge wants them. */
  | { readonly kind: "space" }
  | { readonly kind: "left-out"; readonly why: string; readonly isLoss: boolean };

/**
 * Reads a room. `events` is its state; `now` that of the room in which it goes on, when it was upgraded (`moved`), else the same.
 */
export function readRoom(know: Knowledge, events: readonly unknown[], now: Now): Reading {
  const notes = bridgeNotes(events);
  const own = notes.filter((note) => isOurs(know, note)).sort((a, b) => b.at - a.at);
  const [newest] = own;
  if (newest !== undefined)
    return newest.content[GROUP] === undefined ? chatIn(know, newest, now) : groupIn(know, newest, own, now);
  const [forged] = notes;
  if (forged !== undefined)
    return loss(
      `${forged.sender} has written there whose room it is, and only what the bridge wrote itself is believed`,
    );
  return withoutNote(know, events, now);
}

const loss = (why: string): Reading => ({ kind: "left-out", why, isLoss: true });
const nothing = (why: string): Reading => ({ kind: "left-out", why, isLoss: false });

/** Whatever claims to be of the bridge, whoever has written it. */
function bridgeNotes(events: readonly unknown[]): BridgeNote[] {
  return events.flatMap((raw) => {
    const { type, state_key, sender, content, origin_server_ts: ts } = fields(raw);
    const isNote = (BRIDGE_TYPES as readonly unknown[]).includes(type) && typeof state_key === "string";
    if (!isNote || typeof type !== "string" || typeof sender !== "string") return [];
    const said = fields(content);
    if (said[PORTAL] === undefined && said[GROUP] === undefined) return [];
    return [{ type, key: state_key, sender, at: typeof ts === "number" ? ts : 0, content: said }];
  });
}

/** A group's is written by the bot, a chat's by the ghost of the contact whose chat it is. */
function isOurs({ bot, names }: Knowledge, { sender, content }: BridgeNote): boolean {
  if (sender === bot) return true;
  const chat = content[GROUP] === undefined ? chatOf(content[PORTAL]) : undefined;
  return chat !== undefined && names.mxid(chat.ghost) === sender;
}

function chatOf(note: unknown): { portal: PortalId; mxid: string; ghost: GhostRef } | undefined {
  const { portal, resident } = fields(note);
  if (typeof portal !== "string" || typeof resident !== "string" || !isMxid(resident)) return undefined;
  const { account, conversation } = portalParts(portal as PortalId);
  const parsed = accountOf(account);
  const contact = addressOf(conversation);
  if (parsed === undefined || contact === undefined) return undefined;
  const ghost = { network: accountParts(parsed).network, contact };
  const same = directPortal(parsed, ghost);
  return same === portal ? { portal: same, mxid: resident, ghost } : undefined;
}

function chatIn(know: Knowledge, { content, at }: BridgeNote, now: Now): Reading {
  const chat = chatOf(content[PORTAL]);
  if (chat === undefined) return loss("what the bridge wrote into it cannot be read");
  const { portal, mxid, ghost } = chat;
  const { state, room, moved } = now;
  const next = goesOnIn(state);
  if (next !== undefined) return loss(`it goes on in ${next}, where the bridge is not`);
  if (!know.networks.includes(ghost.network)) return loss(`its network, ${ghost.network}, is not in the config`);
  const them = know.names.mxid(ghost);
  if (state.membership(them) !== "join") return nothing(`the contact, ${them}, is not in it any more`);
  if (!isThere(state, mxid)) return nothing(`${mxid}, whose chat with ${ghost.contact} it was, has left it`);
  const resident = residentId(know.home, mxid);
  return { kind: "chat", room: roomId(room), portal, resident, at, ghost, ...(moved && { moved }) };
}

function groupIn(
  know: Knowledge,
  { content, at }: BridgeNote,
  notes: readonly BridgeNote[],
  { room, state, moved }: Now,
): Reading {
  const note = fields(content[GROUP]);
  const group = groupOf(note.id);
  const sort = note.kind === "circle" || note.kind === "several" ? note.kind : undefined;
  if (group === undefined || sort === undefined) return loss("what the bridge wrote into it cannot be read");
  const { network } = group;
  const next = goesOnIn(state);
  if (next !== undefined) return loss(`it goes on in ${next}, where the bridge is not`);
  if (!know.networks.includes(network)) return loss(`its network, ${network}, is not in the config`);
  if (state.membership(know.bot) !== "join") return loss("the bridge's bot is not in it");
  const accounts = addressesIn(note.accounts);
  const shown = addressesIn(note.members).map((address) => memberOf(know, state, network, address));
  const others = accounts.filter((address) => !shown.some((one) => one.address === address));
  const relay = relayOf(note.relay);
  const plumbed = note.plumbed === true;
  return {
    kind: "group",
    room: roomId(room),
    group: group.id,
    at,
    ...(moved && { moved }),
    sort,
    ...(typeof note.circle === "string" ? { circle: note.circle } : {}),
    name: textOf(note.name),
    topic: textOf(note.topic),
    members: [...shown, ...others.map((address) => ({ address, role: "member" as const }))],
    accounts,
    rooms: roomsOf(know, note.rooms, room, plumbed),
    ...(relay === undefined ? {} : { relay }),
    plumbed,
    notes: notes.filter(({ key }) => key === bridgeKey(group.id)),
  };
}

/** Roles come back with the network's own word of them. */
function memberOf({ names }: Knowledge, state: RoomState, network: NetworkName, address: ContactAddress): GroupMember {
  const mxid = spelled(names, { network, contact: address });
  const name = mxid === undefined ? undefined : state.nameOf(mxid);
  const role = mxid !== undefined && state.membership(mxid) === "invite" ? "pending" : "member";
  return { address, role, ...(name === undefined ? {} : { name }) };
}

/** This home's room is the one that was looked at, whatever it was when this was written. */
function roomsOf({ home }: Knowledge, raw: unknown, room: string, plumbed: boolean): GroupRoom[] {
  const all = (Array.isArray(raw) ? raw : []).flatMap((one) => {
    const { home: name, room: id, by } = fields(one);
    const parsed = typeof name === "string" ? parsedOr(() => parseHomeName(name)) : undefined;
    if (parsed === undefined || typeof id !== "string" || id === "") return [];
    return [{ home: parsed, room: roomId(id), ...(typeof by === "string" ? { by: by as ResidentId } : {}) }];
  });
  const by = plumbed ? all.find((one) => one.home === home)?.by : undefined;
  return [{ home, room: roomId(room), ...(by === undefined ? {} : { by }) }, ...all.filter((one) => one.home !== home)];
}

/** In what is left: rooms in which a person talks with the bot alone. */
function withoutNote({ bot, names }: Knowledge, events: readonly unknown[], { room, state }: Now): Reading {
  const { type } = state.content("m.room.create");
  if (type === SPACE || type === KNOCK) return { kind: "space" };
  const contact = state.members("join").find((user) => names.owns(user));
  if (contact !== undefined)
    return loss(
      `${contact} is in it, but the bridge was never allowed to write there which chat it is. Of a room of people: say \`bridge\` there again`,
    );
  if (state.membership(bot) !== "join") return nothing("the bridge has written nothing into it");
  const there = state.members("join", "invite").filter((user) => user !== bot);
  const [person, ...others] = there;
  const isOfBot = state.event("m.room.create")?.sender === bot;
  const hasName = state.event("m.room.name") !== undefined && !isOfBot;
  const isClosed = state.event("m.room.encryption") !== undefined || goesOnIn(state) !== undefined;
  if (person === undefined) return nothing("nobody is in it any more");
  const isOfMany = others.length > 0 || names.owns(person) || hasName || isClosed;
  if (isOfMany && !mayNote(state, bot))
    return loss(
      "the bridge may not change its settings, so nothing is written there of whether it is tied to a group; if it was, say `bridge` there again",
    );
  if (isOfMany) return nothing("it is tied to nothing, as far as the bridge has written there");
  const created = events.map(fields).find(({ type }) => type === "m.room.create")?.origin_server_ts;
  return { kind: "management", room, mxid: person, at: typeof created === "number" ? created : 0 };
}

/** Whether the bot could have written into the room what it is tied to. */
function mayNote(state: RoomState, bot: string): boolean {
  const create = state.event("m.room.create");
  const levels = state.event("m.room.power_levels")?.content;
  const rule = { levels, creator: create?.sender ?? "", create: create?.content ?? {} };
  return powerOf(rule, bot) >= powerToNote(rule);
}

/** Where a room goes on after an upgrade. */
export function goesOnIn(state: RoomState): string | undefined {
  return state.text("m.room.tombstone", "replacement_room") || undefined;
}

/** Whether a room says of itself that it is what another goes on in. */
export function goesOnFrom(state: RoomState, room: string): boolean {
  return fields(state.content("m.room.create").predecessor).room_id === room;
}

function isThere(state: RoomState, user: string): boolean {
  const now = state.membership(user);
  return now === "join" || now === "invite";
}

function groupOf(raw: unknown): { id: GroupId; network: NetworkName } | undefined {
  if (typeof raw !== "string" || !isGroup(raw as PortalId)) return undefined;
  const { network, address } = accountParts(portalParts(raw as PortalId).account);
  return parsedOr(() => {
    const parsed = parseNetworkName(network);
    return { id: groupId(parsed, parseGroupKey(address.slice(1))), network: parsed };
  });
}

function relayOf(raw: unknown): GroupRelay | undefined {
  const { account, by, prefix } = fields(raw);
  const parsed = typeof account === "string" ? accountOf(account as AccountId) : undefined;
  if (parsed === undefined || typeof by !== "string") return undefined;
  return { account: parsed, by: by as ResidentId, prefix: prefix === true };
}

function accountOf(account: AccountId): AccountId | undefined {
  const { network, address } = accountParts(account);
  const known = addressOf(address);
  const parsed = parsedOr(() => parseNetworkName(network));
  return known === undefined || parsed === undefined ? undefined : accountId(parsed, known);
}

function addressesIn(raw: unknown): ContactAddress[] {
  const all: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return [...new Set(all.flatMap((one) => addressOf(one) ?? []))];
}

function addressOf(text: unknown): ContactAddress | undefined {
  return typeof text === "string" ? parsedOr(() => parseContactAddress(text)) : undefined;
}

function spelled(names: GhostNames, ghost: GhostRef): string | undefined {
  return parsedOr(() => names.mxid(ghost));
}

function parsedOr<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

const isMxid = (text: string): boolean => /^@[^\s:]*:\S+$/.test(text) && text.length <= 255;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
