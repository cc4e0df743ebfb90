/** What is kept about each room that the account sits in. Pure. */
import {
  type GhostRef,
  type NetworkName,
  parseContactAddress,
  parseNetworkName,
  type ResidentId,
} from "../../bridge/model.ts";
import type { Position } from "../muc/archive.ts";

/** A chat with a contact: a room of the account's own. */
export interface ChatNote {
  readonly kind: "chat";
  readonly resident: ResidentId;
  readonly ghost: GhostRef;
  /** The contact's own name, and the resident's for them. */
  readonly name: string;
  readonly nickname?: string;
  /** Up to where the room was read. */
  readonly position: Position;
  /** It is as it should be, and the resident has been asked in. */
  readonly isReady?: true;
  /** Under which nick the resident was seen last. */
  readonly seenAs?: string;
}

/** A room that is there without us, tied to a contact by the configuration. */
export interface RelayNote {
  readonly kind: "relay";
  readonly position: Position;
}

export type RoomNote = ChatNote | RelayNote;

export function writeNote(note: RoomNote): string {
  return JSON.stringify(note);
}

/** `undefined` for what no version of this home has written. */
export function readNote(text: string): RoomNote | undefined {
  try {
    return checked(JSON.parse(text) as Partial<ChatNote>);
  } catch {
    return undefined;
  }
}

/** @throws unknown when a part is missing. */
function checked(raw: Omit<Partial<ChatNote>, "kind"> & { kind?: string }): RoomNote | undefined {
  const position = positionOf(raw.position);
  if (position === undefined) return undefined;
  if (raw.kind === "relay") return { kind: "relay", position };
  const { resident, ghost, name, nickname, isReady, seenAs } = raw;
  if (raw.kind !== "chat" || typeof resident !== "string" || typeof name !== "string" || !ghost) return undefined;
  return {
    kind: "chat",
    resident,
    ghost: {
      network: parseNetworkName(ghost.network) as NetworkName,
      contact: parseContactAddress(ghost.contact),
    },
    name,
    position,
    ...(typeof nickname === "string" ? { nickname } : {}),
    ...(isReady === true ? { isReady } : {}),
    ...(typeof seenAs === "string" ? { seenAs } : {}),
  };
}

function positionOf(raw: Partial<Position> | undefined): Position | undefined {
  if (typeof raw?.at !== "number") return undefined;
  return typeof raw.id === "string" ? { id: raw.id, at: raw.at } : { at: raw.at };
}
