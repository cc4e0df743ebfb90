/**
 * What the rooms of a space say: which rooms belong to it, in which order, and which of them are its folders. Pure.
 * Source: Matrix Client-Server API, "Spaces" (`m.space.child`, `m.space.parent`).
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { GhostRef, RoomId } from "../../bridge/model.ts";
import type { SpaceRoom, SpaceView } from "../../bridge/ports/home.ts";

type Json = Readonly<Record<string, unknown>>;

export const SPACE = "m.space";
export const CHILD = "m.space.child";
export const PARENT = "m.space.parent";
/** In the content of a child that is a folder: which one. */
const FOLDER = "msnbridge.folder";
/** In the content of a child that names this space as the one it belongs to. */
const BELONGS = "msnbridge.parent";

/** A room in a space. */
export interface Place {
  readonly room: RoomId;
  /** Where it stands. */
  readonly order: string;
  /** The ghost in it, when the room is to name this space as the one it belongs to. */
  readonly belongs?: GhostRef;
}

export interface FolderLayout {
  readonly name: string;
  readonly order: string;
  readonly places: readonly Place[];
}

export interface Layout {
  readonly title: string;
  readonly folders: readonly FolderLayout[];
  readonly loose: readonly Place[];
}

/** A folder as the space has it. */
export interface Folder {
  readonly room: string;
  readonly name: string;
  /** Its number among the folders of the space: names change. */
  readonly slot: number;
}

/** Folders stand before rooms. */
const FOLDERS_FIRST = "a";
const ROOMS_NEXT = "b";
const ORDER_BYTES = 24;

/**
 * A sort key of a name: 50 characters of visible ASCII at most, as the specification has it. It depends on nothing but the
 * name, so that what comes in between changes nothing else.
 */
export function orderOf(rank: string, name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return rank + Buffer.from(plain, "utf8").subarray(0, ORDER_BYTES).toString("hex");
}

/** Where everything is to stand. A room belongs to the first folder that has it; rooms of several people to none. */
export function layoutOf({ title, folders, loose }: SpaceView): Layout {
  const placed = new Set<RoomId>();
  const place = ({ room, ghost, order }: SpaceRoom): Place => {
    const belongs = ghost !== undefined && !placed.has(room);
    placed.add(room);
    return { room, order: orderOf(ROOMS_NEXT, order), ...(belongs ? { belongs: ghost } : {}) };
  };
  return {
    title,
    folders: folders.map(({ name, rooms }) => ({
      name,
      order: orderOf(FOLDERS_FIRST, name),
      places: rooms.map(place),
    })),
    loose: loose.map(place),
  };
}

/** The contacts in rooms that belong somewhere. */
export function ghostsIn({ folders, loose }: Layout): ReadonlyMap<string, GhostRef> {
  const all = [...folders.flatMap(({ places }) => places), ...loose];
  return new Map(all.flatMap(({ room, belongs }) => (belongs ? [[room, belongs]] : [])));
}

/** The content of a room's `m.space.child`. */
export function childContent(via: string, { order, belongs }: Place): Json {
  return { via: [via], order, ...(belongs === undefined ? {} : { [BELONGS]: true }) };
}

/** The same of a folder. */
export function folderContent(via: string, order: string, { name, slot }: Omit<Folder, "room">): Json {
  return { via: [via], order, [FOLDER]: { name, slot } };
}

/** Whether a child names the space as the one it belongs to. */
export function doesBelong(child: Json): boolean {
  return child[BELONGS] === true;
}

/** Whether a child is there at all: what was taken out has no servers. */
export function isThere(child: Json): boolean {
  return Array.isArray(child.via);
}

export function foldersIn(children: ReadonlyMap<string, Json>): Folder[] {
  return [...children].flatMap(([room, content]) => {
    const told = content[FOLDER];
    if (!isThere(content) || typeof told !== "object" || told === null) return [];
    const { name, slot } = told as Json;
    return typeof name === "string" && typeof slot === "number" ? [{ room, name, slot }] : [];
  });
}

/** What is to be written so that a space has these children and no others; empty content takes one out. */
export function changes(now: ReadonlyMap<string, Json>, wanted: ReadonlyMap<string, Json>): ReadonlyMap<string, Json> {
  const out = new Map<string, Json>();
  for (const [room, content] of wanted)
    if (!isDeepStrictEqual({ ...now.get(room) }, { ...content })) out.set(room, content);
  for (const [room, content] of now) if (isThere(content) && !wanted.has(room)) out.set(room, {});
  return out;
}

/** The smallest number that no folder has. */
export function freeSlot(taken: ReadonlySet<number>): number {
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

/** The same for the same things. */
export function fingerprint(what: unknown): string {
  return createHash("sha256").update(JSON.stringify(what)).digest("base64url").slice(0, 22);
}
