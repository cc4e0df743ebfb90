/** The Matrix side as a home of groups: what the core asks, put to the parts that do it. */
import type { GroupId, GroupSpeaker, GroupView } from "../../bridge/groups/model.ts";
import {
  type GroupMessage,
  type MessageId,
  type ResidentId,
  type RoomId,
  residentParts,
  roomId,
} from "../../bridge/model.ts";
import type { RoomPower } from "../../bridge/ports/groups.ts";
import type { HomeserverClient } from "../http/client.ts";
import { told } from "../http/errors.ts";
import { RoomAccess } from "./access.ts";
import { GroupRooms, type GroupRoomsOptions } from "./rooms.ts";
import { GroupWords, type GroupWordsOptions } from "./words.ts";

export interface GroupsOptions extends Omit<GroupRoomsOptions, "nameOf">, GroupWordsOptions {
  readonly client: HomeserverClient;
}

export class MatrixGroups {
  readonly #rooms: GroupRooms;
  readonly #words: GroupWords;
  readonly #access: RoomAccess;

  constructor(options: GroupsOptions) {
    this.#access = new RoomAccess(options);
    this.#rooms = new GroupRooms({ ...options, nameOf: (mxid) => this.#access.nameIn(undefined, mxid) });
    this.#words = new GroupWords(options);
  }

  async openGroup(view: GroupView): Promise<RoomId> {
    return told(async () => roomId(await this.#rooms.open(view)));
  }

  async shapeGroup(room: RoomId, view: GroupView): Promise<void> {
    return told(() => this.#rooms.shape(room, view));
  }

  async deliverToGroup(room: RoomId, speaker: GroupSpeaker, message: GroupMessage, key: string): Promise<MessageId> {
    return told(() => this.#words.deliver(room, speaker, message, key));
  }

  nameIn(room: RoomId, resident: ResidentId): Promise<string> {
    return this.#access.nameIn(room, residentParts(resident).id);
  }

  async findRoom(text: string): Promise<RoomId> {
    return told(async () => roomId(await this.#access.find(text)));
  }

  async mayBridge(room: RoomId, resident: ResidentId, group?: GroupId): Promise<RoomPower> {
    return told(() => this.#access.mayTie(room, resident, group));
  }

  async releaseGroup(room: RoomId, view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    return told(() => this.#rooms.release(room, view, how));
  }
}
