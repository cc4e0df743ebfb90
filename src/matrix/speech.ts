/** Words of the network in rooms: as the contact's ghost, or as the owner when they are the owner's own. */
import { BridgeError } from "../bridge/errors.ts";
import type { GhostRef, MessageId, NetworkMessage, PortalRoom } from "../bridge/model.ts";
import { residentParts } from "../bridge/model.ts";
import { RecentMap } from "../bridge/recent.ts";
import { nudgeContent, RING_MS } from "./convert/nudge.ts";
import { contentsOf } from "./convert/text.ts";
import type { Ghosts } from "./ghosts.ts";
import { isNoWayIn, isRefusal } from "./http/errors.ts";
import { postParts } from "./parts.ts";
import type { DoublePuppets } from "./puppets/double.ts";
import type { OwnGhost } from "./puppets/own-ghost.ts";
import type { Post, Sender } from "./sender.ts";

export interface SpeechOptions {
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly double: DoublePuppets;
  readonly ownGhost: OwnGhost;
}

const TYPE = "m.room.message";

/** Chats in which somebody was rung. */
const RUNG = 5000;

export class Speech {
  readonly #o: SpeechOptions;
  /** By room and contact: which nudge rang last, and when that was, Unix ms. */
  readonly #rung = new RecentMap<string, { readonly key: string; readonly at: number }>(RUNG);

  constructor(options: SpeechOptions) {
    this.#o = options;
  }

  /** @throws MatrixRefusal, HomeserverSilent, BridgeError `room-gone`, `store-down`. */
  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    const as = this.#o.ghosts.mxid(ghost);
    const contents = message.nudge
      ? ([this.#nudge(room, as, message, key)] as const)
      : contentsOf(message.kind, message);
    const [first] = await postParts(contents, key, (content, each) =>
      this.#post({ room: room.room, as, type: TYPE, content, key: each, at: message.at }, ghost),
    );
    return first;
  }

  async #post(post: Post, ghost: GhostRef): Promise<MessageId> {
    const { sender, ghosts } = this.#o;
    try {
      return await sender.post(post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_UNKNOWN_DEVICE", "M_EXCLUSIVE")) throw error;
      // Not a user, no device, or not in the room: all of it is mended and the same transaction id is tried once more.
      await ghosts.prepareAnew(ghost);
      await this.#enter(post);
      return await sender.post(post);
    }
  }

  /** @throws BridgeError `room-gone`: the contact is not in it and cannot get in. */
  async #enter({ room, as }: Pick<Post, "room" | "as">): Promise<void> {
    try {
      await this.#o.sender.join(room, as);
    } catch (error) {
      if (!isNoWayIn(error)) throw error;
      throw new BridgeError("room-gone", { detail: `${as} is not in it` }, { cause: error });
    }
  }

  /** @throws as {@link Speech.deliver}. */
  async deliverOwn(
    { room, resident }: PortalRoom,
    ghost: GhostRef,
    self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    const { double, ownGhost } = this.#o;
    const { id: mxid } = residentParts(resident);
    const { fromName: name, own, at } = message;
    const [first] = await postParts(contentsOf(message.kind, message), key, async (content, each) => {
      const post = { room, type: TYPE, content, key: each, at };
      const said = await double.post({ ...post, mxid });
      if (said !== undefined) return said;
      try {
        return await ownGhost.post({ ...post, ghost, self, name, device: own?.device });
      } catch (error) {
        if (isNoWayIn(error)) await this.#enter({ room, as: this.#o.ghosts.mxid(ghost) });
        throw error;
      }
    });
    return first;
  }

  /** Each try of the one that rings rings: which of them arrives is not known. */
  #nudge({ room, resident }: PortalRoom, as: string, { fromName }: NetworkMessage, key: string): object {
    const before = this.#rung.get(`${room} ${as}`);
    const rings = before === undefined || before.key === key || Date.now() - before.at >= RING_MS;
    if (rings) this.#rung.set(`${room} ${as}`, { key, at: Date.now() });
    return nudgeContent(fromName, rings ? residentParts(resident).id : undefined);
  }
}
