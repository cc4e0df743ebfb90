import {
  type GroupId,
  type GroupPerson,
  type GroupRole,
  type GroupView,
  groupId,
  parseGroupKey,
} from "../../src/bridge/groups/model.ts";
import {
  type GroupMessage,
  type NetworkName,
  parseContactAddress,
  type Relation,
  type RoomId,
} from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import { MATRIX } from "../../src/matrix/index.ts";
import { ghostOf, NETWORK, resident } from "./matrix-home.ts";

/** A group of this name; another one at each call. */
export function newGroup(name: string, network: NetworkName = NETWORK): GroupId {
  made += 1;
  return groupId(network, parseGroupKey(`${name}-${made}`));
}
let made = 0;

export function contact(address: string, name = "", role: GroupRole = "member"): GroupPerson {
  return { kind: "ghost", ghost: ghostOf(address), name, role };
}

export function member(mxid: string, role: GroupRole = "member"): GroupPerson {
  return { kind: "resident", resident: resident(mxid), role };
}

export function viewOf(id: GroupId, people: readonly GroupPerson[], more: Partial<GroupView> = {}): GroupView {
  return {
    id,
    kind: "several",
    name: "",
    topic: "",
    people,
    plumbed: false,
    rooms: [{ home: MATRIX, room: "!known:elsewhere" as never }],
    ...more,
  };
}

export function groupWords(from: string, text: string, about?: Relation, at = Date.now()): GroupMessage {
  return { kind: "text", from: parseContactAddress(from), fromName: from, text, at, ...(about && { about }) };
}

/** What the room says of somebody's power. */
export function levelOf(who: MatrixPerson, room: string, user: string): number | undefined {
  const users = who.room(room).state("m.room.power_levels")?.users as Record<string, number> | undefined;
  return users?.[user];
}

export async function enter(person: MatrixPerson, room: string): Promise<void> {
  await person.join(room);
  await person.waitFor("being in the room", () => person.rooms.get(room)?.joined === true);
}

export async function state(who: MatrixPerson, room: string, type: string, content: object, key = ""): Promise<void> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/${type}/${encodeURIComponent(key)}`;
  await who.client.call("PUT", path, { body: content });
}

export async function kick(who: MatrixPerson, room: string, whom: string): Promise<void> {
  await who.client.call("POST", `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/kick`, {
    body: { user_id: whom },
  });
}

/** As a client does it: whom it names is asked into the new room when that has been made. */
export async function upgrade(who: MatrixPerson, room: string, ...whom: readonly string[]): Promise<RoomId> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/upgrade`;
  const { replacement_room: to } = await who.client.call<{ replacement_room: string }>("POST", path, {
    body: { new_version: "12" },
  });
  for (const user of whom) await who.invite(to, user);
  return to as RoomId;
}
