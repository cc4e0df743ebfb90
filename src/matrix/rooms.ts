/**
 * Direct rooms: one per portal and resident, made by the ghost, with the resident and the bot invited.
 *
 * - **Found again after a crash:** see room-maker.ts; the alias is derived from portal and resident.
 * - **Shown as a direct chat:** `is_direct`, no room name, and `io.element.functional_members` so that clients do not
 *   count the bot when they name the room by its people.
 * - **Power:** the preset `trusted_private_chat` makes resident and bot equals of the ghost in every room version; power
 *   levels are not spelled out, because a v12 room refuses them for its creator (stack A3).
 */
import type { GhostRef, PortalId } from "../bridge/model.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { isRefusal } from "./http/errors.ts";
import type { NewRoom, RoomMaker } from "./room-maker.ts";
import { FUNCTIONAL_MEMBERS, type Sender } from "./sender.ts";

/** The field of `m.bridge` that says whose chat it is. */
export const PORTAL = "msnbridge.portal";

export interface RoomsOptions {
  readonly maker: RoomMaker;
  readonly sender: Sender;
  readonly names: GhostNames;
  readonly bot: string;
}

export class Rooms {
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** The room of a portal for a resident: made, or found when it was made before. The ghost must be registered. */
  async openDirect(portal: PortalId, resident: string, ghost: GhostRef, displayName: string): Promise<string> {
    const { names, bot, maker } = this.#options;
    return maker.open({
      ...this.#chat([resident, bot], bridgeState(ghost, displayName, bot, portal, resident)),
      maker: names.mxid(ghost),
      alias: this.#directAlias(portal, resident),
    });
  }

  /** The next {@link openDirect} makes a new room. */
  async forgetDirect(portal: PortalId, resident: string): Promise<void> {
    await this.#options.maker.dropAlias(this.#directAlias(portal, resident));
  }

  #directAlias(portal: PortalId, resident: string): string {
    return this.#options.maker.alias("dm", `${portal}\n${resident}`);
  }

  /** The room in which a resident and the bot talk. */
  async openManagement(resident: string): Promise<string> {
    const { bot, maker } = this.#options;
    const alias = this.#managementAlias(resident);
    return maker.open({ ...this.#chat([resident], []), maker: bot, alias, name: "MSN bridge" });
  }

  /** The next {@link openManagement} makes a new room. */
  async forgetManagement(resident: string): Promise<void> {
    await this.#options.maker.dropAlias(this.#managementAlias(resident));
  }

  #managementAlias(resident: string): string {
    return this.#options.maker.alias("bot", resident);
  }

  #chat(invite: readonly string[], state: NewRoom["state"]): Omit<NewRoom, "maker" | "alias"> {
    const servants = { type: FUNCTIONAL_MEMBERS, state_key: "", content: { service_members: [this.#options.bot] } };
    return {
      preset: "trusted_private_chat",
      isDirect: true,
      invite,
      inviteAgain: invite,
      state: [servants, ...state],
    };
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
    [PORTAL]: { portal, resident },
  };
  return [
    { type: "m.bridge", state_key, content },
    { type: "uk.half-shot.bridge", state_key, content },
  ];
}
