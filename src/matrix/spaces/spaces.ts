/**
 * Spaces: one per account and owner, with the groups of the contact list as spaces inside it (folders).
 *
 * - **Private, the bot's own:** nobody but the bot changes them, so that they stay what the contact list is. The owner is
 *   asked into the space once; whoever has left it has said no, and is asked again only when they link the account anew.
 * - **Folders need no invitation:** who is in the space may join them (`join_rule: restricted`, rooms from version 8 on, on
 *   which Synapse 1.47 and later make rooms by themselves). Clients show them in the space with a button to join.
 * - **Found again:** the space has an alias, folders are numbered in its `m.space.child` events, and each number has an alias
 *   (room-maker.ts). A folder whose group has another name by now is renamed: it has the same rooms as before.
 * - **`m.space.parent`** stands in chats with one contact. A group's room is shared by people who have spaces of their own.
 *
 * Written are first the rooms, then the space they are in: what a crash leaves undone is seen to be missing.
 */
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { GhostRef } from "../../bridge/model.ts";
import type { SpaceView } from "../../bridge/ports/home.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { GhostNames } from "../convert/ghost.ts";
import type { Ghosts } from "../ghosts.ts";
import { RoomState } from "../groups/state.ts";
import { isRefusal } from "../http/errors.ts";
import type { NewRoom, RoomMaker } from "../room-maker.ts";
import type { Sender } from "../sender.ts";
import * as layouts from "./layout.ts";
import { CHILD, type Folder, type FolderLayout, type Layout, PARENT, type Place, SPACE } from "./layout.ts";

export interface SpacesOptions {
  readonly maker: RoomMaker;
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly names: GhostNames;
  readonly bot: string;
  readonly log: Logger;
}

type Json = Readonly<Record<string, unknown>>;
type GhostsByRoom = ReadonlyMap<string, GhostRef>;

/** What was shown of a space. */
interface Shown {
  readonly room: string;
  readonly all: string;
  readonly top: string;
  /** By folder. */
  readonly folders: ReadonlyMap<string, { readonly folder: Folder; readonly print: string }>;
}

const REMEMBERED = 20_000;
const TOPIC =
  "Your chats on MSN, by the groups of your contact list. You may leave this space: the bridge does not ask you again.";
const UNLINKED = "this MSN account is no longer linked";
const NO_FOLDER = "this group of your contact list has no chats any more";
const BOT_ONLY = {
  users_default: 0,
  events_default: 100,
  state_default: 100,
  invite: 100,
  kick: 100,
  ban: 100,
  redact: 100,
};

export class Spaces {
  readonly #o: SpacesOptions;
  readonly #via: string;
  readonly #shown = new RecentMap<string, Shown>(REMEMBERED);

  constructor(options: SpacesOptions) {
    this.#o = options;
    this.#via = options.names.domain;
  }

  /** @throws MatrixRefusal, HomeserverSilent. */
  async show(account: string, owner: string, view: SpaceView): Promise<void> {
    const key = `${account}\n${owner}`;
    const all = layouts.fingerprint(view);
    const before = this.#shown.get(key);
    if (before?.all === all) return;
    // What fails half way is looked at anew.
    this.#shown.delete(key);
    const now = await this.#shape(key, owner, layouts.layoutOf(view), before);
    this.#shown.set(key, { ...now, all });
  }

  /** Ends a space with its folders: nobody is in them any more. @throws MatrixRefusal, HomeserverSilent. */
  async drop(account: string, owner: string): Promise<void> {
    const key = `${account}\n${owner}`;
    const { maker, bot } = this.#o;
    const known = this.#shown.get(key)?.room;
    this.#shown.delete(key);
    const room = known ?? (await maker.find(this.#alias(key), bot));
    const state = room === undefined ? undefined : await this.#look(room);
    if (room === undefined || state === undefined) return maker.dropAlias(this.#alias(key));
    for (const folder of layouts.foldersIn(state.all(CHILD))) await this.#close(key, folder, UNLINKED);
    await this.#empty(room, state, UNLINKED);
    await maker.dropAlias(this.#alias(key));
  }

  #alias(key: string, slot?: number): string {
    return this.#o.maker.alias("space", slot === undefined ? key : `${key}\n${slot}`);
  }

  async #shape(key: string, owner: string, layout: Layout, before: Shown | undefined): Promise<Omit<Shown, "all">> {
    const { title, folders, loose } = layout;
    const print = layouts.fingerprint([title, folders.map(({ name }) => name), loose]);
    if (before?.top === print) {
      const known = [...before.folders.values()].map(({ folder }) => folder);
      const filled = await this.#fill(key, before.room, known, layout, before);
      const isSame = known.every(({ name, room }) => filled.get(name)?.folder.room === room);
      return isSame ? { room: before.room, top: print, folders: filled } : this.#shape(key, owner, layout, undefined);
    }
    const { room, state } = await this.#top(key, owner, title, before?.room);
    // They have left it: whatever stands in it, nobody sees it.
    if (!(await this.#hasOwner(room, owner, state))) return { room, top: print, folders: new Map() };
    const { kept, gone } = await this.#sort(key, room, layouts.foldersIn(state.all(CHILD)), folders);
    const filled = await this.#fill(key, room, kept, layout, before);
    for (const folder of gone) await this.#close(key, folder, NO_FOLDER);
    await this.#ensure(room, state, "m.room.name", "", { name: title });
    const wanted = this.#children(loose);
    for (const { name, order } of folders) {
      const folder = filled.get(name)?.folder;
      if (folder) wanted.set(folder.room, layouts.folderContent(this.#via, order, folder));
    }
    await this.#place(room, state, wanted, layouts.ghostsIn(layout));
    return { room, top: print, folders: filled };
  }

  #children(places: readonly Place[]): Map<string, Json> {
    return new Map(places.map((place) => [place.room, layouts.childContent(this.#via, place)]));
  }

  /** The space, made or found. */
  async #top(key: string, owner: string, title: string, known: string | undefined) {
    const { maker, bot } = this.#o;
    const room = known ?? (await maker.find(this.#alias(key), bot)) ?? (await this.#make(key, owner, title));
    const state = await this.#look(room);
    if (state !== undefined) return { room, state };
    // Somebody with more power than the bridge has thrown the bot out of it.
    await maker.dropAlias(this.#alias(key));
    const made = await this.#make(key, owner, title);
    return { room: made, state: (await this.#look(made)) ?? new RoomState([]) };
  }

  #make(key: string, owner: string, title: string): Promise<string> {
    return this.#open({ alias: this.#alias(key), name: title, topic: TOPIC, invite: [owner], state: [] });
  }

  #open(wanted: Pick<NewRoom, "alias" | "name" | "topic" | "invite" | "state">): Promise<string> {
    return this.#o.maker.open({
      ...wanted,
      maker: this.#o.bot,
      inviteAgain: [],
      preset: "private_chat",
      isDirect: false,
      type: SPACE,
      powers: BOT_ONLY,
    });
  }

  /** Asks the owner in when nobody ever has. */
  async #hasOwner(room: string, owner: string, state: RoomState): Promise<boolean> {
    const now = state.membership(owner);
    if (now !== undefined) return now === "join" || now === "invite";
    const { sender, bot } = this.#o;
    return this.#unlessRefused("the owner could not be asked into their space", () => sender.invite(room, bot, owner));
  }

  /** Which folders of the space are for which groups; those that are missing are made, those of no group are `gone`. */
  async #sort(key: string, top: string, there: readonly Folder[], wanted: readonly FolderLayout[]) {
    const kept: Folder[] = [];
    const gone: Folder[] = [];
    const missing = new Map(wanted.map((folder) => [folder.name, folder]));
    const strays: Folder[] = [];
    for (const folder of there) {
      if (missing.delete(folder.name)) kept.push(folder);
      else strays.push(folder);
    }
    for (const folder of strays) {
      const name = missing.size > 0 ? await this.#renamed(folder, [...missing.values()]) : undefined;
      if (name === undefined || !missing.delete(name)) gone.push(folder);
      else kept.push({ ...folder, name });
    }
    const taken = new Set(there.map(({ slot }) => slot));
    for (const { name } of missing.values()) {
      const slot = layouts.freeSlot(taken);
      taken.add(slot);
      kept.push({ room: await this.#openFolder(key, top, slot, name), name, slot });
    }
    return { kept, gone };
  }

  /** The group that a folder is for by now: one with the very rooms that the folder has. */
  async #renamed({ room }: Folder, missing: readonly FolderLayout[]): Promise<string | undefined> {
    const children = (await this.#look(room))?.all(CHILD) ?? new Map<string, Json>();
    const rooms = new Set([...children].flatMap(([child, content]) => (layouts.isThere(content) ? [child] : [])));
    if (rooms.size === 0) return undefined;
    return missing.find(({ places }) => places.length === rooms.size && places.every((place) => rooms.has(place.room)))
      ?.name;
  }

  #openFolder(key: string, top: string, slot: number, name: string): Promise<string> {
    const state = [
      { type: "m.room.join_rules", state_key: "", content: joinRules(top) },
      { type: PARENT, state_key: top, content: this.#parent() },
    ];
    return this.#open({ alias: this.#alias(key, slot), name, invite: [], state });
  }

  #parent(): Json {
    return { via: [this.#via], canonical: true };
  }

  /** Puts the rooms into their folders; one that the bot has lost is made anew. */
  async #fill(key: string, top: string, folders: readonly Folder[], layout: Layout, before: Shown | undefined) {
    const filled = new Map<string, { folder: Folder; print: string }>();
    const ghosts = layouts.ghostsIn(layout);
    for (const { name, places } of layout.folders) {
      let folder = folders.find((one) => one.name === name);
      if (!folder) continue;
      const print = layouts.fingerprint(places);
      const known = before?.folders.get(name);
      if (known?.print !== print || known.folder.room !== folder.room) {
        let state = await this.#look(folder.room);
        if (!state) folder = { ...folder, room: await this.#openFolder(key, top, folder.slot, name) };
        state ??= await this.#look(folder.room);
        if (state) await this.#fillOne(top, folder, state, places, ghosts);
      }
      filled.set(name, { folder, print });
    }
    return filled;
  }

  async #fillOne(
    top: string,
    { room, name }: Folder,
    state: RoomState,
    places: readonly Place[],
    ghosts: GhostsByRoom,
  ) {
    await this.#ensure(room, state, "m.room.name", "", { name });
    await this.#ensure(room, state, "m.room.join_rules", "", joinRules(top));
    await this.#ensure(room, state, PARENT, top, this.#parent());
    await this.#place(room, state, this.#children(places), ghosts);
  }

  /** Makes the children of a space these and no others. */
  async #place(space: string, state: RoomState, wanted: ReadonlyMap<string, Json>, ghosts: GhostsByRoom) {
    const { sender, bot } = this.#o;
    const now = state.all(CHILD);
    for (const [room, content] of layouts.changes(now, wanted)) {
      const belonged = layouts.doesBelong(now.get(room) ?? {});
      if (belonged !== layouts.doesBelong(content))
        await this.#tell(room, space, ghosts.get(room), belonged ? {} : this.#parent());
      await sender.state(space, bot, CHILD, room, content);
    }
  }

  /** Names the space in a room, as the bot or else as the contact; a room that lets neither is in the space all the same. */
  async #tell(room: string, space: string, ghost: GhostRef | undefined, content: Json): Promise<void> {
    const { sender, names, ghosts, bot } = this.#o;
    const tell = (as: string) => sender.state(room, as, PARENT, space, content);
    if (await this.#unlessRefused("the bot may not name the space in a room", () => tell(bot))) return;
    if (ghost === undefined) return;
    await ghosts.prepare(ghost);
    await this.#unlessRefused("nobody may name the space in a room", () => tell(names.mxid(ghost)));
  }

  async #close(key: string, { room, slot }: Folder, why: string): Promise<void> {
    const state = await this.#look(room);
    if (state) await this.#empty(room, state, why);
    await this.#o.maker.dropAlias(this.#alias(key, slot));
  }

  /** Takes a space out of the rooms that name it, and everybody out of it. */
  async #empty(space: string, state: RoomState, why: string): Promise<void> {
    const { sender, bot } = this.#o;
    for (const [room, content] of state.all(CHILD))
      if (layouts.doesBelong(content)) await this.#tell(room, space, undefined, {});
    for (const user of state.members("join", "invite"))
      if (user !== bot)
        await this.#unlessRefused("somebody could not be taken out of a space", () =>
          sender.kick(space, bot, user, why),
        );
    await sender.leave(space, bot);
  }

  async #ensure(room: string, state: RoomState, type: string, key: string, content: Json): Promise<void> {
    if (isDeepStrictEqual({ ...state.content(type, key) }, content)) return;
    await this.#o.sender.state(room, this.#o.bot, type, key, content);
  }

  /** `undefined`: the bot is not in it. */
  async #look(room: string): Promise<RoomState | undefined> {
    const { sender, bot } = this.#o;
    try {
      const state = new RoomState(await sender.wholeState(room, bot));
      // A homeserver shows a room to those who have left it, as it was then.
      return state.membership(bot) === "join" ? state : undefined;
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #unlessRefused(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) throw error;
      this.#o.log.debug({ err: error }, what);
      return false;
    }
  }
}

/** Whoever is in the space may come in. */
function joinRules(space: string): Json {
  return { join_rule: "restricted", allow: [{ type: "m.room_membership", room_id: space }] };
}
