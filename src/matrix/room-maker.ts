/**
 * Making rooms that are found again after a crash: the room gets an alias, which is part of making it. A second making fails
 * with `M_ROOM_IN_USE` and the alias leads to the first. The alias is not the room's canonical one (an empty
 * `m.room.canonical_alias` is given), or clients would show it instead of the room's name.
 */
import { createHash } from "node:crypto";
import type { GhostNames } from "./convert/ghost.ts";
import type { HomeserverClient } from "./http/client.ts";
import { isRefusal } from "./http/errors.ts";
import type { Library } from "./listener/library.ts";
import type { Sender } from "./sender.ts";

export interface RoomMakerOptions {
  readonly client: HomeserverClient;
  readonly library: () => Library;
  readonly sender: Sender;
  readonly names: GhostNames;
  readonly bot: string;
}

export interface NewRoom {
  readonly maker: string;
  /** Localpart; see {@link RoomMaker.alias}. */
  readonly alias: string;
  readonly invite: readonly string[];
  /** Who of {@link NewRoom.invite} is asked in again when the room is found: nobody may have been lost in the crash. */
  readonly inviteAgain: readonly string[];
  readonly preset: "trusted_private_chat" | "private_chat";
  readonly isDirect: boolean;
  readonly state: readonly { readonly type: string; readonly state_key: string; readonly content: object }[];
  readonly name?: string;
  readonly topic?: string;
  readonly powers?: object;
  /** What kind of room it is (`m.space`); absent: one to talk in. */
  readonly type?: string;
}

/** Making a room is ten events; a homeserver that makes many at once takes its time, and giving up too early costs another try. */
const CREATE_TIMEOUT_MS = 60_000;
/** Upgrades of a room that are followed when it is looked for. */
const UPGRADES = 5;

const aliasPath = (alias: string): string => `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`;

export class RoomMaker {
  readonly #options: RoomMakerOptions;

  constructor(options: RoomMakerOptions) {
    this.#options = options;
  }

  /** Localpart of the alias of a room of some kind; `what` names it among those of the kind. */
  alias(kind: string, what: string): string {
    const hash = createHash("sha256").update(what).digest("hex").slice(0, 32);
    return `${this.#options.names.prefix}${kind}_${hash}`;
  }

  #full(localpart: string): string {
    return `#${localpart}:${this.#options.names.domain}`;
  }

  /** The room: made, or found when it was made before. The maker must be registered. @throws MatrixRefusal, HomeserverSilent. */
  async open(wanted: NewRoom): Promise<string> {
    const found = (await this.#make(wanted)) ?? (await this.#find(wanted));
    if (found !== undefined) return found;
    // The alias leads to a room that nobody of ours is in: it is dead for good.
    await this.dropAlias(wanted.alias);
    const made = (await this.#make(wanted)) ?? (await this.#find(wanted));
    if (made === undefined) throw new Error(`the alias of a room leads nowhere: ${wanted.alias}`);
    return made;
  }

  /** `undefined`: there is one already. */
  async #make(wanted: NewRoom): Promise<string | undefined> {
    const { library, bot, sender } = this.#options;
    const options = {
      preset: wanted.preset,
      visibility: "private" as const,
      is_direct: wanted.isDirect,
      room_alias_name: wanted.alias,
      invite: [...wanted.invite],
      initial_state: [{ type: "m.room.canonical_alias", state_key: "", content: {} }, ...wanted.state],
      ...(wanted.name === undefined ? {} : { name: wanted.name }),
      ...(wanted.topic === undefined ? {} : { topic: wanted.topic }),
      ...(wanted.powers === undefined ? {} : { power_level_content_override: wanted.powers }),
      ...(wanted.type === undefined ? {} : { creation_content: { type: wanted.type } }),
    };
    try {
      const { room_id } = await library().as(
        "create-room",
        wanted.maker,
        (intent) => intent.createRoom({ createAsClient: true, options }),
        CREATE_TIMEOUT_MS,
      );
      if (wanted.maker !== bot) await sender.join(room_id, bot);
      return room_id;
    } catch (error) {
      if (isRefusal(error, "M_ROOM_IN_USE")) return undefined;
      throw error;
    }
  }

  /** The room that the alias leads to, with everybody in it or invited; `undefined` when its maker cannot get in. */
  async #find(wanted: NewRoom): Promise<string | undefined> {
    const { sender, bot } = this.#options;
    const room = await this.find(wanted.alias, wanted.maker);
    if (room === undefined) return undefined;
    for (const user of wanted.inviteAgain) await sender.invite(room, wanted.maker, user);
    if (wanted.maker !== bot) await sender.join(room, bot);
    return room;
  }

  /** The room that was made under an alias; `undefined` when there is none, or its maker cannot get in. */
  async find(alias: string, maker: string): Promise<string | undefined> {
    let named: unknown;
    try {
      const path = aliasPath(this.#full(alias));
      named = (await this.#options.client.call({ name: "alias", method: "GET", path, as: maker })).room_id;
    } catch (error) {
      if (isRefusal(error, "M_NOT_FOUND")) return undefined;
      throw error;
    }
    return typeof named === "string" ? await this.#enter(named, maker) : undefined;
  }

  /** Enters a room, or the one in which it goes on; `undefined` when there is no way in. */
  async #enter(first: string, maker: string): Promise<string | undefined> {
    const { sender } = this.#options;
    let room = first;
    try {
      for (let upgrades = 0; ; upgrades++) {
        await sender.join(room, maker);
        const next = (await sender.stateOf(room, maker, "m.room.tombstone", "")).replacement_room;
        if (typeof next !== "string" || upgrades === UPGRADES) return room;
        if (!(await this.#goesOn(room, next, maker))) return undefined;
        room = next;
      }
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return undefined;
      throw error;
    }
  }

  /** Whether the next room says so, too: whoever has power over the one could name anybody's. Nobody of ours stays in that. */
  async #goesOn(room: string, next: string, maker: string): Promise<boolean> {
    const { sender, bot } = this.#options;
    const says = async (as: string): Promise<boolean> => {
      const { predecessor } = await sender.stateOf(next, as, "m.room.create", "");
      return (predecessor as { room_id?: unknown } | undefined)?.room_id === room;
    };
    try {
      return await says(bot);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw error;
    }
    // The bot is not in it: only whoever asked the maker in can have let it in.
    await sender.join(next, maker);
    if (await says(maker)) return true;
    await sender.leave(next, maker);
    return false;
  }

  /** The next {@link RoomMaker.open} makes a new room. */
  async dropAlias(localpart: string): Promise<void> {
    const { client, bot } = this.#options;
    try {
      await client.call({ name: "alias", method: "DELETE", path: aliasPath(this.#full(localpart)), as: bot });
    } catch (error) {
      if (!isRefusal(error, "M_NOT_FOUND")) throw error;
    }
  }
}
