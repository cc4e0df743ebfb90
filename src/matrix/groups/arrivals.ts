/**
 * The bot and ghosts in rooms of people: asked in among several, and following a room that goes on elsewhere (upgrades:
 * `m.room.tombstone` in the old room, `predecessor` in the new one; Matrix Client-Server API, "Room Upgrades").
 */
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { StoredOwn } from "../convert/event.ts";
import { fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { notice } from "../convert/text.ts";
import type { HomeserverClient } from "../http/client.ts";
import { isRefusal } from "../http/errors.ts";
import type { ManagementRooms } from "../management.ts";
import type { Sender } from "../sender.ts";

export interface ArrivalsOptions {
  readonly client: HomeserverClient;
  readonly sender: Sender;
  readonly management: ManagementRooms;
  readonly names: GhostNames;
  readonly bot: string;
  readonly log: Logger;
}

/** Clients ask people into the new room after it was made; so long the bot waits for its own invitation, ms. */
const INVITED_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 1000;

const AMONG_SEVERAL =
  "Hello! I can tie this room to a group chat on MSN: say `!msn bridge` followed by the group. I pass nothing on before that, and read only what begins with `!msn`.";
/** In the bot's account data of a room: it has said what it is there for. */
const GREETED = "msnbridge.greeted";

export class Arrivals {
  readonly #o: ArrivalsOptions;

  constructor(options: ArrivalsOptions) {
    this.#o = options;
  }

  /** Says once in a room of several people what the bot is there for. @throws MatrixRefusal, HomeserverSilent. */
  async amongSeveral(room: string): Promise<void> {
    const { client, sender, bot } = this.#o;
    const path = `/_matrix/client/v3/user/${encodeURIComponent(bot)}/rooms/${encodeURIComponent(room)}/account_data/${GREETED}`;
    try {
      if ((await client.call({ name: "account-data", method: "GET", path, as: bot })).said === true) return;
    } catch (error) {
      if (!isRefusal(error, "M_NOT_FOUND", "M_UNRECOGNIZED")) throw error;
    }
    const content = notice(AMONG_SEVERAL);
    try {
      await sender.post({ room, as: bot, type: "m.room.message", content, key: `several ${room}` });
      await client.call({ name: "account-data", method: "PUT", path, as: bot, body: { said: true } });
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNRECOGNIZED")) throw error;
      this.#o.log.info({ err: error, room }, "could not speak in a room of several");
    }
  }

  /** The room that goes on in this one and says so itself, as somebody who is in both sees it. */
  async predecessor(room: string, as: string): Promise<string | undefined> {
    const { sender } = this.#o;
    try {
      const old = fields((await sender.stateOf(room, as, "m.room.create", "")).predecessor).room_id;
      if (typeof old !== "string") return undefined;
      const { replacement_room: next } = await sender.stateOf(old, as, "m.room.tombstone", "");
      return next === room ? old : undefined;
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /**
   * Brings those of ours who are in a room into the one in which it goes on.
   * @throws BridgeError `home-busy` while the bot waits to be asked in; MatrixRefusal, HomeserverSilent.
   */
  async follow(own: StoredOwn & { act: "follow" }): Promise<void> {
    const { sender, management, names, bot, log } = this.#o;
    const { room, to } = own;
    const inside = await this.#unlessRefused(() => sender.members(room, bot));
    if (inside === undefined) return;
    const via = own.sender.slice(own.sender.indexOf(":") + 1);
    const wasThere = (await this.#unlessRefused(() => sender.membership(to, bot, bot))) === "join";
    if (!(await this.#enters(to, bot, via))) {
      const waited = Date.now() - own.at;
      if (waited >= 0 && waited < INVITED_WITHIN_MS)
        throw new BridgeError(
          "home-busy",
          { detail: "a room goes on elsewhere, and the bot waits to be asked in" },
          { retryAfterMs: LOOK_AGAIN_MS },
        );
      log.info({ room, to }, "a room goes on elsewhere, and the bot was not asked in");
      return;
    }
    if ((await this.predecessor(to, bot)) !== room) {
      log.warn({ room, to }, "a room is said to go on in one that knows nothing of it");
      // A room in which the bot has business is not left because of what is said in another one.
      return wasThere ? undefined : sender.leave(to, bot);
    }
    if (own.management) return management.add(own.sender, to);
    for (const user of inside)
      if (user !== bot && names.owns(user) && !(await this.#enters(to, user, via)))
        log.info({ room, to, user }, "a contact could not follow into a new room");
  }

  async #enters(room: string, as: string, via: string): Promise<boolean> {
    return (await this.#unlessRefused(async () => (await this.#o.sender.join(room, as, via)) ?? true)) === true;
  }

  async #unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return undefined;
      throw error;
    }
  }
}
