/** Words of the network in rooms: as the contact's ghost, or as the owner when they are the owner's own. */
import type { GhostRef, MessageId, NetworkMessage, PortalRoom } from "../bridge/model.ts";
import { residentParts } from "../bridge/model.ts";
import { RecentMap } from "../bridge/recent.ts";
import { nudgeContent, RING_MS } from "./convert/nudge.ts";
import { richContent, textContent, tooLong } from "./convert/text.ts";
import type { Ghosts } from "./ghosts.ts";
import { isRefusal } from "./http/errors.ts";
import type { MatrixHomeOptions } from "./options.ts";
import type { DoublePuppets } from "./puppets/double.ts";
import type { OwnGhost } from "./puppets/own-ghost.ts";
import type { Sender } from "./sender.ts";

export interface SpeechOptions extends Pick<MatrixHomeOptions, "meter"> {
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

  /** @throws MatrixRefusal, HomeserverSilent, BridgeError `store-down`. */
  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    const { sender, ghosts } = this.#o;
    const as = ghosts.mxid(ghost);
    const content = message.nudge ? this.#nudge(room, as, message, key) : this.content(message);
    const post = { room: room.room, as, type: TYPE, content, key, at: message.at };
    try {
      return await sender.post(post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_UNKNOWN_DEVICE", "M_EXCLUSIVE")) throw error;
      // Not a user, no device, or not in the room: all of it is mended and the same transaction id is tried once more.
      await ghosts.prepareAnew(ghost);
      return await sender.postJoining(post);
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
    const post = { room, type: TYPE, content: this.content(message), key, at: message.at };
    const event = await double.post({ ...post, mxid: residentParts(resident).id });
    return (
      event ?? (await ownGhost.post({ ...post, ghost, self, name: message.fromName, device: message.own?.device }))
    );
  }

  /** Each try of the one that rings rings: which of them arrives is not known. */
  #nudge({ room, resident }: PortalRoom, as: string, { fromName }: NetworkMessage, key: string): object {
    const before = this.#rung.get(`${room} ${as}`);
    const rings = before === undefined || before.key === key || Date.now() - before.at >= RING_MS;
    if (rings) this.#rung.set(`${room} ${as}`, { key, at: Date.now() });
    return nudgeContent(fromName, rings ? residentParts(resident).id : undefined);
  }

  /** The words of a message. */
  content({ kind, text, rich }: Pick<NetworkMessage, "kind" | "text" | "rich">): object {
    const formatted = rich && richContent(kind, rich);
    if (formatted !== undefined) return formatted;
    if (tooLong(text)) this.#o.meter.count("msnb_degraded_total", { feature: "long-text" });
    return textContent(kind, text);
  }
}
