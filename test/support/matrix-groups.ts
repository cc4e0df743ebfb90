import {
  type GroupId,
  type GroupPerson,
  type GroupRole,
  type GroupView,
  groupId,
  parseGroupKey,
} from "../../src/bridge/groups/model.ts";
import { type GroupMessage, type NetworkName, parseContactAddress, type Relation } from "../../src/bridge/model.ts";
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
