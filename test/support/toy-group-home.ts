import { BridgeError } from "../../src/bridge/errors.ts";
import type { GroupId, GroupSpeaker, GroupView } from "../../src/bridge/groups/model.ts";
import type { GhostRef, GroupMessage, MessageId, ResidentId, RoomId } from "../../src/bridge/model.ts";
import { residentParts, roomId } from "../../src/bridge/model.ts";
import type { GroupHosting, RoomPower } from "../../src/bridge/ports/groups.ts";
import { ToyHome } from "./toy-home.ts";

/** A toy home with rooms for groups. Nobody speaks in a room without being in it. */
export class ToyGroupHome extends ToyHome implements GroupHosting {
  /** How each room of a group was shaped last. */
  readonly shapes = new Map<RoomId, GroupView>();
  /** How often a room was shaped. */
  shapings = 0;
  readonly released: string[] = [];
  readonly groupTyping: string[] = [];
  readonly relations: { id: MessageId; about: GroupMessage["about"] }[] = [];
  readonly nudges: MessageId[] = [];
  readonly #rooms = new Map<GroupId, RoomId>();

  /** Names of the people in a room, ghosts by their contact. */
  people(room: RoomId): string[] {
    return (this.shapes.get(room)?.people ?? []).map(nameOf).sort();
  }

  /** The room of the only group, or of the group with the number. */
  groupRoom(at = 0): RoomId | undefined {
    return [...this.#rooms.values()][at];
  }

  async openGroup(view: GroupView): Promise<RoomId> {
    await this.answers();
    const known = this.#rooms.get(view.id);
    const room = known ?? roomId(this.newId("!group-"));
    if (!known || this.gone.has(known)) this.roomsMade += 1;
    this.#rooms.set(view.id, room);
    this.rooms.set(room, this.rooms.get(room) ?? []);
    this.shapes.set(room, view);
    return room;
  }

  async shapeGroup(room: RoomId, view: GroupView): Promise<void> {
    await this.answers();
    this.#there(room);
    this.shapings += 1;
    this.shapes.set(room, view);
  }

  async deliverToGroup(
    room: RoomId,
    group: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    await this.answers();
    this.#there(room);
    const view = this.shapes.get(room);
    if (view?.id !== group) throw new BridgeError("internal", { detail: `${room} is not the room of ${group}` });
    const isIn = speaker.kind === "guest" || view.people.some((one) => nameOf(one) === inRoom(speaker));
    if (!isIn) throw new BridgeError("home-refused", { detail: `${inRoom(speaker)} is not in ${room}` });
    const by = speaker.kind === "ghost" ? speaker.ghost.contact : `${inRoom(speaker)} (${speaker.kind})`;
    const id = this.once(key, room, by, message.text, message.rich);
    if (message.about) this.relations.push({ id, about: message.about });
    if (message.nudge) this.nudges.push(id);
    return id;
  }

  async showGroupTyping(room: RoomId, ghost: GhostRef, typing: boolean): Promise<void> {
    if (typing) this.groupTyping.push(`${ghost.contact} in ${room}`);
  }

  async nameIn(_room: RoomId, resident: ResidentId): Promise<string> {
    return residentParts(resident).id.replace(/^@/, "").split(/[:@]/)[0] ?? "";
  }

  async findRoom(text: string): Promise<RoomId> {
    const room = roomId(text);
    if (!this.rooms.has(room)) throw new BridgeError("room-unknown", { detail: text });
    return room;
  }

  publicName(room: RoomId): string {
    return `${this.name}:${room}`;
  }

  async mayBridge(_room: RoomId, _resident: ResidentId): Promise<RoomPower> {
    return { allowed: true };
  }

  async releaseGroup(room: RoomId, _view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    await this.answers();
    this.released.push(`${how} ${room}`);
    this.#rooms.forEach((one, group) => {
      if (one === room) this.#rooms.delete(group);
    });
  }

  #there(room: RoomId): void {
    if (this.gone.has(room)) throw new BridgeError("room-gone", { detail: "the bot was thrown out" });
  }
}

function inRoom(speaker: GroupSpeaker): string {
  return speaker.kind === "ghost" ? speaker.ghost.contact : speaker.kind === "own" ? speaker.resident : speaker.name;
}

function nameOf(person: GroupView["people"][number]): string {
  return person.kind === "ghost" ? person.ghost.contact : person.resident;
}
