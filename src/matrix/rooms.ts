/**
 * Direct rooms: one per portal and resident, made by the ghost, with the resident and the bot invited.
 *
 * - **Found again after a crash:** the room gets an alias derived from portal and resident, which is part of making it. A
 *   second making fails with `M_ROOM_IN_USE` and the alias leads to the first. The alias is not the room's canonical one
 *   (an empty `m.room.canonical_alias` is given), or clients would show it instead of the contact's name.
 * - **Shown as a direct chat:** `is_direct`, no room name, and `io.element.functional_members` so that clients do not
 *   count the bot when they name the room by its people.
 * - **Power:** the preset `trusted_private_chat` makes resident and bot equals of the ghost in every room version; power
 *   levels are not spelled out, because a v12 room refuses them for its creator (stack A3).
 */
import { createHash } from "node:crypto";
import type { GhostRef, PortalId } from "../bridge/model.ts";
import type { GhostNames } from "./convert/ghost.ts";
import type { HomeserverClient } from "./http/client.ts";
import { isRefusal } from "./http/errors.ts";
import type { Library } from "./listener/library.ts";
import { FUNCTIONAL_MEMBERS, type Sender } from "./sender.ts";

export interface RoomsOptions {
  readonly client: HomeserverClient;
  readonly library: () => Library;
  readonly sender: Sender;
  readonly names: GhostNames;
  readonly bot: string;
}

interface NewRoom {
  readonly maker: string;
  readonly alias: string;
  readonly resident: string;
  readonly alsoInvite: readonly string[];
  readonly state: readonly { type: string; state_key: string; content: object }[];
  readonly name?: string;
}

/** Making a room is ten events; a homeserver that makes many at once takes its time, and giving up too early costs another try. */
const CREATE_TIMEOUT_MS = 60_000;

const aliasPath = (alias: string): string => `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}`;

export class Rooms {
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  #aliasLocalpart(kind: string, what: string): string {
    const hash = createHash("sha256").update(what).digest("hex").slice(0, 32);
    return `${this.#options.names.prefix}${kind}_${hash}`;
  }

  #full(localpart: string): string {
    return `#${localpart}:${this.#options.names.domain}`;
  }

  /** The room of a portal for a resident: made, or found when it was made before. The ghost must be registered. */
  async openDirect(portal: PortalId, resident: string, ghost: GhostRef, displayName: string): Promise<string> {
    const { names, bot } = this.#options;
    return this.#open({
      maker: names.mxid(ghost),
      alias: this.#aliasLocalpart("dm", `${portal}\n${resident}`),
      resident,
      alsoInvite: [bot],
      state: bridgeState(ghost, displayName, bot, portal, resident),
    });
  }

  /** The room in which a resident and the bot talk. */
  async openManagement(resident: string): Promise<string> {
    const alias = this.#managementAlias(resident);
    return this.#open({ maker: this.#options.bot, alias, resident, alsoInvite: [], state: [], name: "MSN bridge" });
  }

  /** The next {@link openManagement} makes a new room. */
  async forgetManagement(resident: string): Promise<void> {
    await this.#dropAlias(this.#managementAlias(resident));
  }

  #managementAlias(resident: string): string {
    return this.#aliasLocalpart("bot", resident);
  }

  async #open(wanted: NewRoom): Promise<string> {
    const found = (await this.#make(wanted)) ?? (await this.#find(wanted));
    if (found !== undefined) return found;
    // The alias leads to a room that nobody of ours is in: it is dead for good.
    await this.#dropAlias(wanted.alias);
    const made = (await this.#make(wanted)) ?? (await this.#find(wanted));
    if (made === undefined) throw new Error(`the alias of a room leads nowhere: ${wanted.alias}`);
    return made;
  }

  /** `undefined`: there is one already. */
  async #make(wanted: NewRoom): Promise<string | undefined> {
    const { library, bot, sender } = this.#options;
    const options = {
      preset: "trusted_private_chat" as const,
      visibility: "private" as const,
      is_direct: true,
      room_alias_name: wanted.alias,
      invite: [wanted.resident, ...wanted.alsoInvite],
      initial_state: [
        { type: "m.room.canonical_alias", state_key: "", content: {} },
        { type: FUNCTIONAL_MEMBERS, state_key: "", content: { service_members: [bot] } },
        ...wanted.state,
      ],
      ...(wanted.name === undefined ? {} : { name: wanted.name }),
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
    const { client, sender, bot } = this.#options;
    let room: unknown;
    try {
      const path = aliasPath(this.#full(wanted.alias));
      room = (await client.call({ name: "alias", method: "GET", path, as: wanted.maker })).room_id;
    } catch (error) {
      if (isRefusal(error, "M_NOT_FOUND")) return undefined;
      throw error;
    }
    if (typeof room !== "string") return undefined;
    try {
      await sender.join(room, wanted.maker);
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return undefined;
      throw error;
    }
    for (const user of [wanted.resident, ...wanted.alsoInvite]) await sender.invite(room, wanted.maker, user);
    if (wanted.maker !== bot) await sender.join(room, bot);
    return room;
  }

  async #dropAlias(localpart: string): Promise<void> {
    const { client, bot } = this.#options;
    try {
      await client.call({ name: "alias", method: "DELETE", path: aliasPath(this.#full(localpart)), as: bot });
    } catch (error) {
      if (!isRefusal(error, "M_NOT_FOUND")) throw error;
    }
  }

  /** Ghost and bot enter a room that a resident has asked the ghost into. The bot may be refused; the ghost may not. */
  async adopt(portal: PortalId, room: string, resident: string, ghost: GhostRef, displayName: string): Promise<void> {
    const { sender, names, bot } = this.#options;
    const mxid = names.mxid(ghost);
    await sender.join(room, mxid);
    try {
      await sender.invite(room, mxid, bot);
      await sender.join(room, bot);
      for (const event of bridgeState(ghost, displayName, bot, portal, resident)) {
        await sender.state(room, mxid, event.type, event.state_key, event.content);
      }
    } catch (error) {
      // A room in which the ghost may only talk is good enough: what the bot would say is said elsewhere.
      if (!isRefusal(error, "M_FORBIDDEN")) throw error;
    }
  }
}

/** MSC2346 under both names, and what a bridge that has lost its store needs to know the room again (design §5). */
function bridgeState(ghost: GhostRef, displayName: string, bot: string, portal: PortalId, resident: string) {
  const state_key = `msn://${ghost.network}/${ghost.contact}`;
  const content = {
    bridgebot: bot,
    protocol: { id: "msn", displayname: "MSN Messenger" },
    network: { id: ghost.network, displayname: ghost.network },
    channel: { id: ghost.contact, displayname: displayName.slice(0, 256) },
    "msnbridge.portal": { portal, resident },
  };
  return [
    { type: "m.bridge", state_key, content },
    { type: "uk.half-shot.bridge", state_key, content },
  ];
}
