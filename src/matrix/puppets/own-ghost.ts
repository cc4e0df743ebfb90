/**
 * The ghost of a resident's own account, which says what they said elsewhere where the bridge may not speak as them. It
 * stands in their room under a name that says whose words these are, and is counted as one of the bridge's servants, so
 * that the room stays a chat of two.
 */
import type { Logger } from "pino";
import type { GhostRef, MessageId } from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { GhostNames } from "../convert/ghost.ts";
import type { Ghosts } from "../ghosts.ts";
import { isUnknownDevice } from "../ghosts.ts";
import { isRefusal } from "../http/errors.ts";
import { FUNCTIONAL_MEMBERS, type Sender } from "../sender.ts";

export interface OwnGhostOptions {
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly names: GhostNames;
  readonly bot: string;
  readonly log: Logger;
}

export interface OwnGhostPost {
  readonly room: string;
  /** The contact at the far end, who can let others in where the bot cannot; absent: it is a room of several. */
  readonly ghost?: GhostRef;
  readonly self: GhostRef;
  readonly name: string;
  readonly device: string | undefined;
  readonly type: string;
  readonly content: object;
  readonly key: string;
  readonly at: number;
}

const NAME_CHARACTERS = 120;
const DEVICE_CHARACTERS = 60;

/** How the owner's ghost is called in the owner's room. Pure. */
export function ownName(name: string, address: string, device: string | undefined): string {
  const place = oneLine(device ?? "", DEVICE_CHARACTERS) || "another place";
  return `${oneLine(name, NAME_CHARACTERS) || address} (you, on ${place})`;
}

/** The same where others read it, too. Pure. */
function ownNameAmongOthers(name: string, address: string, device: string | undefined): string {
  const place = oneLine(device ?? "", DEVICE_CHARACTERS);
  return `${oneLine(name, NAME_CHARACTERS) || address} (on ${place || "another place"})`;
}

export class OwnGhost {
  readonly #o: OwnGhostOptions;

  constructor(options: OwnGhostOptions) {
    this.#o = options;
  }

  /** @throws MatrixRefusal, HomeserverSilent. */
  async post(post: OwnGhostPost): Promise<MessageId> {
    const { ghosts, sender } = this.#o;
    const { room, self, type, content, key, at } = post;
    const as = await ghosts.prepare(self);
    await this.#enter(post, as);
    const event = { room, as, type, content, key, at };
    try {
      return await sender.post(event);
    } catch (error) {
      if (!isUnknownDevice(error)) throw error;
      await ghosts.prepareAnew(self);
      return await sender.post(event);
    }
  }

  /** The name is looked up each time: a homeserver writes a ghost's usual name over it when that one changes. */
  async #enter({ room, ghost, self, name, device }: OwnGhostPost, mxid: string): Promise<void> {
    const { sender, ghosts } = this.#o;
    const called = (ghost === undefined ? ownNameAmongOthers : ownName)(name, self.contact, device);
    try {
      await sender.nameInRoom(room, mxid, called);
      return;
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN")) throw error;
    }
    // Not there, or the homeserver has forgotten the ghost.
    await ghosts.prepareAnew(self);
    await this.#invite(room, ghost, mxid);
    await sender.join(room, mxid);
    await this.#count(room, ghost, mxid);
    await sender.nameInRoom(room, mxid, called);
  }

  async #invite(room: string, ghost: GhostRef | undefined, mxid: string): Promise<void> {
    const { sender, bot, names } = this.#o;
    try {
      await sender.invite(room, bot, mxid);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN") || ghost === undefined) throw error;
      await sender.invite(room, names.mxid(ghost), mxid);
    }
  }

  /** Clients name a room by its people; one of the bridge's servants is none. Best effort. */
  async #count(room: string, ghost: GhostRef | undefined, mxid: string): Promise<void> {
    const { sender, names, bot, log } = this.#o;
    const as = ghost === undefined ? bot : names.mxid(ghost);
    try {
      const { service_members: known } = await sender.stateOf(room, as, FUNCTIONAL_MEMBERS, "");
      const members = Array.isArray(known) ? known.filter((one) => typeof one === "string" && one !== mxid) : [];
      await sender.state(room, as, FUNCTIONAL_MEMBERS, "", { service_members: [...members, mxid] });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      log.debug({ err: error, room }, "the owner's ghost is counted as a person");
    }
  }
}
