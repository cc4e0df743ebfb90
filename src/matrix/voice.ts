/**
 * What the bot says to one person, and where: in the room in which it was asked when they are alone with it there, otherwise
 * in their management room. It may be a link page or a list of contacts, so nothing of it is said where others listen.
 */
import type { MessageId } from "../bridge/model.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { contentsOf } from "./convert/text.ts";
import { isRefusal } from "./http/errors.ts";
import type { ManagementRooms } from "./management.ts";
import { postParts } from "./parts.ts";
import type { Rooms } from "./rooms.ts";
import type { Sender } from "./sender.ts";

export interface VoiceOptions {
  readonly sender: Sender;
  readonly rooms: Rooms;
  readonly management: ManagementRooms;
  readonly names: GhostNames;
  readonly bot: string;
}

const ELSEWHERE = "Others are in this room, so my answer is in our own chat.";

export class BotVoice {
  readonly #options: VoiceOptions;

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  /** @throws MatrixRefusal, HomeserverSilent. */
  async say(mxid: string, room: string | undefined, text: string, key: string): Promise<MessageId> {
    const there = room === undefined ? undefined : await this.#sayIn(room, mxid, text, key);
    return there ?? this.sayTo(mxid, text, key);
  }

  /** In the person's newest management room; in a new one when there is none, or the bot is not welcome or not alone there. */
  async sayTo(mxid: string, text: string, key: string): Promise<MessageId> {
    const { management, rooms } = this.#options;
    const known = await management.current(mxid);
    if (known !== undefined) {
      const said = await this.#sayIn(known, mxid, text, key);
      if (said !== undefined) return said;
      await management.remove(mxid, known);
    }
    const room = await rooms.openManagement(mxid);
    await management.add(mxid, room);
    return this.#post(room, text, key);
  }

  /** `undefined`: the bot may not speak there, or should not. */
  async #sayIn(room: string, mxid: string, text: string, key: string): Promise<MessageId | undefined> {
    const { management, rooms, bot, names } = this.#options;
    try {
      const inside = await this.#members(room);
      if (inside.every((user) => user === mxid || user === bot || names.owns(user)))
        return await this.#post(room, text, key);
      await this.#post(room, ELSEWHERE, `${key} others`);
      // It may have been the room for them alone: from now on it is one of several, and there is to be another.
      if (await management.has(mxid, room)) {
        await management.remove(mxid, room);
        await rooms.forgetManagement(mxid);
      }
      return undefined;
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw error;
      return undefined;
    }
  }

  async #members(room: string): Promise<string[]> {
    const { sender, bot } = this.#options;
    try {
      return await sender.members(room, bot);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN")) throw error;
      await sender.join(room, bot);
      return await sender.members(room, bot);
    }
  }

  async #post(room: string, text: string, key: string): Promise<MessageId> {
    const { sender, bot } = this.#options;
    const type = "m.room.message";
    const [first] = await postParts(contentsOf("notice", { text }), key, (content, each) =>
      sender.postJoining({ room, as: bot, type, content, key: each }),
    );
    return first;
  }
}
