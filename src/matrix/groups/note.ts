/**
 * What is written into a group's room so that clients know it for a bridged one (MSC2346), and so that a bridge that has
 * lost its store knows which group it was (design §5). Pure.
 */
import { type GroupId, type GroupView, groupParts } from "../../bridge/groups/model.ts";
import { residentParts } from "../../bridge/model.ts";
import { fields } from "../convert/fields.ts";
import type { RoomState } from "./state.ts";

/** The types of state that carry it: the proposal's own name and the one that clients know. */
export const BRIDGE_TYPES = ["m.bridge", "uk.half-shot.bridge"] as const;
/** The field with what is the bridge's own. */
export const GROUP = "msnbridge.group";

/** What `msnbridge.group` holds. */
export interface GroupNote {
  readonly id: string;
  readonly kind: string;
  readonly circle?: string;
  readonly network: string;
  readonly name: string;
  readonly topic: string;
  /** Addresses of those who are shown as ghosts. */
  readonly members: readonly string[];
  /** Residents who belong into the room, by their Matrix ids. */
  readonly residents: readonly string[];
  /** The room is the people's own. */
  readonly plumbed: boolean;
  readonly rooms: readonly { readonly home: string; readonly room: string; readonly by?: string }[];
  /** Addresses of linked accounts that are in it, those of the residents too. */
  readonly accounts?: readonly string[];
  /** What stands in the topic of a room of others for the bridge. */
  readonly told?: string;
  readonly relay?: { readonly account: string; readonly by: string; readonly prefix: boolean };
  /** The store was rebuilt from this: whoever of the residents is not linked yet stays in the room all the same. */
  readonly rebuilt?: true;
}

const PROTOCOL = "msn";
/** An event has 65 536 bytes; what is above this of the list of members is left out. */
const MEMBERS_BYTES = 40_000;
const TOLD_CHARACTERS = 2000;

export function bridgeKey(group: GroupId): string {
  const { network, key } = groupParts(group);
  return `msn://${network}/~${key}`;
}

export function residentsOf(view: GroupView): string[] {
  return view.people.flatMap((one) => (one.kind === "resident" ? [residentParts(one.resident).id] : []));
}

export function bridgeContent(view: GroupView, bot: string, called: string): Readonly<Record<string, unknown>> {
  const { network, key } = groupParts(view.id);
  const note: GroupNote = {
    id: view.id,
    kind: view.kind,
    ...(view.circle === undefined ? {} : { circle: view.circle }),
    network,
    name: cut(view.name, 1000),
    topic: cut(view.kept?.topic ?? view.topic, 1000),
    members: fitting(view.people.flatMap((one) => (one.kind === "ghost" ? [one.ghost.contact] : [])).sort()),
    residents: residentsOf(view).sort(),
    plumbed: view.plumbed,
    rooms: view.rooms.map(({ home, room, by }) => ({ home, room, ...(by === undefined ? {} : { by }) })),
    ...(view.kept === undefined ? {} : { accounts: [...view.kept.accounts].sort() }),
    ...(view.plumbed ? { told: cut(view.topic, TOLD_CHARACTERS) } : {}),
    ...(view.kept?.relay === undefined ? {} : { relay: view.kept.relay }),
  };
  return {
    bridgebot: bot,
    protocol: { id: PROTOCOL, displayname: "MSN Messenger" },
    network: { id: network, displayname: network },
    channel: { id: `~${key}`, displayname: cut(called, 256) },
    [GROUP]: note,
  };
}

/** The sender, in the room, of a note by which another bridge has tied it to the same channel. */
export function otherBridge(state: RoomState, bot: string, group: GroupId): string | undefined {
  const channelId = `~${groupParts(group).key}`;
  for (const type of BRIDGE_TYPES)
    for (const { sender, content } of state.events(type)) {
      if (sender === bot || state.membership(sender) !== "join") continue;
      if (fields(content.protocol).id === PROTOCOL && fields(content.channel).id === channelId) return sender;
    }
  return undefined;
}

/** Homeservers refuse half a character; half a one at the end is none. */
function cut(text: string, max: number): string {
  const part = text.slice(0, max);
  return (part.isWellFormed() ? part : part.replace(/[\uD800-\uDBFF]$/, "")).toWellFormed();
}

function fitting(members: readonly string[]): string[] {
  let room = MEMBERS_BYTES;
  return members.filter((member) => {
    room -= Buffer.byteLength(member) + 3;
    return room >= 0;
  });
}

/**
 * What the bridge has said of itself in the topic of a room of others; empty: nothing yet. `undefined`: an earlier version has tied
 * the room, which did not note that.
 */
export function toldBefore(content: Readonly<Record<string, unknown>>, bot: string): string | undefined {
  if (content.bridgebot !== bot) return "";
  const { told } = fields(content[GROUP]);
  return typeof told === "string" ? told : undefined;
}

/** Residents whom the room was made for when it was shaped last. */
export function residentsBefore(content: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const { residents: known, rebuilt } = fields(content?.[GROUP]);
  if (rebuilt === true) return [];
  return Array.isArray(known) ? known.filter((one): one is string => typeof one === "string") : [];
}
