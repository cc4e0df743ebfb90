import { BridgeError } from "../../src/bridge/errors.ts";
import type {
  Failure,
  GhostRef,
  HomeEvent,
  HomeName,
  MessageId,
  NetworkMessage,
  PortalId,
  PortalRoom,
  Presence,
  ResidentId,
  RoomId,
} from "../../src/bridge/model.ts";
import { messageId, parseHomeName, roomId } from "../../src/bridge/model.ts";
import type {
  ChatEnding,
  DoublePuppeting,
  Home,
  HomeHost,
  IntakeItem,
  NicknameShowing,
  PresenceShowing,
  PuppetAccess,
  RoomFollowing,
  TypingShowing,
} from "../../src/bridge/ports/home.ts";
import type { Secret } from "../../src/bridge/secret.ts";
import type { RichText } from "../../src/bridge/text/model.ts";

export interface ToyMessage {
  readonly id: MessageId;
  readonly by: string;
  readonly text: string;
  readonly rich?: RichText;
}

type Said = Extract<HomeEvent, { kind: "text" | "command" }>;

/**
 * A home in memory that behaves like a homeserver: its rooms outlive the bridge, a delivery with a known key leaves no
 * second message, and a batch is pushed in order, again and again, until the bridge has taken it.
 */
export class ToyHome
  implements Home, TypingShowing, PresenceShowing, NicknameShowing, DoublePuppeting, ChatEnding, RoomFollowing
{
  readonly name: HomeName;
  readonly title: string;
  readonly rooms = new Map<RoomId, ToyMessage[]>();
  readonly members = new Map<RoomId, Set<string>>();
  readonly confirmed: MessageId[] = [];
  readonly presences: { contact: string; presence: Presence }[] = [];
  readonly names = new Map<string, string>();
  /** Room names of ghosts, by `contact in room`. */
  readonly nicknames = new Map<string, string>();
  /** When the words that were delivered were said, in the order of delivery. */
  readonly times: number[] = [];
  access: PuppetAccess = "none";
  readonly typing: { contact: string; typing: boolean }[] = [];
  /** `down`: does not answer; `refusing`: refuses for good. */
  mode: "up" | "down" | "refusing" = "up";
  /** Each call takes so long. */
  slowMs = 0;
  /** The bridge's answer to a batch gets lost this many times: the batch is pushed again. */
  losesAnswers = 0;
  /** Names of messages under which they are said again, with the first. */
  readonly knowsAs = new Map<MessageId, MessageId>();
  presenceRefreshMs = 0;
  roomsMade = 0;
  /** Rooms of chats into which nobody of the bridge can get any more. */
  readonly gone = new Set<RoomId>();
  /** Each new room of a chat is gone at once. */
  losesRooms = false;
  /** Where rooms go on, as they say and their successors do. */
  readonly successors = new Map<RoomId, RoomId>();
  readonly #keys = new Map<string, MessageId>();
  readonly #replies = new Map<RoomId, string[]>();
  readonly #direct = new Map<PortalId, RoomId>();
  readonly #batches: { id: string; items: IntakeItem[] }[] = [];
  #host: HomeHost | undefined;
  #pumping = Promise.resolve();
  #next = 0;

  constructor(name = "toyhome", title = "Toyhome") {
    this.name = parseHomeName(name);
    this.title = title;
  }

  // What people do.

  /** What is in a room, as `who: words`. */
  chat(room: RoomId): string[] {
    return (this.rooms.get(room) ?? []).map(({ by, text }) => `${by}: ${text}`);
  }

  /** The room in which the bridge talks with a resident. */
  management(resident: ResidentId): RoomId {
    return roomId(`!bot-${resident}`);
  }

  /** What the bridge has said to a resident in the management room. */
  told(resident: ResidentId): string[] {
    return (this.rooms.get(this.management(resident)) ?? []).filter(({ by }) => by === "bot").map(({ text }) => text);
  }

  /** What the bridge has answered to commands in a room, without the news that it tells of its own accord. */
  replies(room: RoomId): readonly string[] {
    return this.#replies.get(room) ?? [];
  }

  write(resident: ResidentId, room: RoomId, text: string, rich?: RichText): MessageId {
    const message = this.post(room, resident, text, rich);
    this.push([this.item({ kind: "text", resident, room, message, text, ...(rich && { rich }) })]);
    return message;
  }

  command(resident: ResidentId, line: string): MessageId {
    const room = this.management(resident);
    const message = this.post(room, resident, line);
    this.push([{ ...this.item({ kind: "command", resident, room, message, line }), control: true }]);
    return message;
  }

  /** Asks a ghost into a new room and writes to it in the same breath. */
  invite(resident: ResidentId, ghost: GhostRef, words: readonly string[] = [], direct = true): RoomId {
    const room = roomId(this.newId("!invited-"));
    const said = words.map((text): Said => {
      return { kind: "text", resident, room, message: this.post(room, resident, text), text };
    });
    this.push([
      { ...this.item({ kind: "invited", resident, room, ghost, direct }), invites: ghost },
      ...said.map((event) => this.item(event)),
    ]);
    return room;
  }

  async goesOn(room: RoomId, to: RoomId): Promise<boolean> {
    return this.successors.get(room) === to;
  }

  event(event: HomeEvent & { resident: ResidentId; room: RoomId }): void {
    this.push([this.item(event)]);
  }

  item(event: HomeEvent & { resident: ResidentId; room: RoomId }): IntakeItem {
    return { resident: event.resident, room: event.room, control: false, raw: event };
  }

  /** Puts a batch on its way; batches are pushed one after another. */
  push(items: IntakeItem[]): void {
    this.#batches.push({ id: this.newId("batch-"), items });
    this.#pump();
  }

  /** Resolves when the bridge has taken everything. */
  async pushed(): Promise<void> {
    while (this.#batches.length > 0) await wait(5);
  }

  types(resident: ResidentId, room: RoomId, typing: boolean, ghost?: GhostRef): void {
    this.#host?.typing(room, resident, typing, ghost);
  }

  shows(resident: ResidentId, presence: Presence): void {
    this.#host?.presence(resident, presence);
  }

  // The port.

  async start(host: HomeHost): Promise<void> {
    this.#host = host;
    this.#pump();
  }

  async stop(): Promise<void> {
    this.#host = undefined;
    await this.#pumping;
  }

  read(raw: unknown): HomeEvent | undefined {
    const event = raw as HomeEvent | { kind: "broken" };
    if (event.kind === "broken") throw new TypeError("cannot read properties of undefined");
    // What was stored has no functions.
    if (event.kind === "again")
      return { ...event, is: (name) => name === (this.knowsAs.get(event.message) ?? event.message) };
    return event;
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    await this.answers();
    this.#enter(room.room);
    if (!this.#keys.has(key)) this.times.push(message.at);
    return this.once(key, room.room, ghost.contact, message.text, message.rich);
  }

  async deliverOwn(
    room: PortalRoom,
    _ghost: GhostRef,
    self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    await this.answers();
    this.#enter(room.room);
    const device = message.own?.device ?? "another place";
    const by = this.access === "none" ? `${self.contact} (you, on ${device})` : `${room.resident} (on ${device})`;
    return this.once(key, room.room, by, message.text, message.rich);
  }

  async showNickname(room: PortalRoom, ghost: GhostRef, nickname: string): Promise<void> {
    await this.answers();
    this.nicknames.set(`${ghost.contact} in ${room.room}`, nickname);
  }

  async puppetAccess(): Promise<PuppetAccess> {
    return this.access;
  }

  async givePuppet(_resident: ResidentId, access: Secret): Promise<void> {
    if (access.open() !== "good") throw new BridgeError("puppet-refused", { detail: "it is not yours" });
    this.access = "resident";
  }

  async dropPuppet(): Promise<void> {
    if (this.access === "resident") this.access = "none";
  }

  async openDirect(portal: PortalId, resident: ResidentId, ghost: GhostRef): Promise<RoomId> {
    await this.answers();
    const known = this.#direct.get(portal);
    if (known && !this.gone.has(known)) return known;
    this.roomsMade += 1;
    // The making of a room takes a while, so that two who ask at once would get two.
    await wait(5);
    const room = roomId(this.newId("!room-"));
    this.rooms.set(room, []);
    this.members.set(room, new Set([resident, ghost.contact]));
    this.#direct.set(portal, room);
    if (this.losesRooms) this.gone.add(room);
    return room;
  }

  async adopt(_portal: PortalId, room: PortalRoom, ghost: GhostRef): Promise<void> {
    await this.answers();
    this.members.set(room.room, new Set([room.resident, ghost.contact]));
  }

  async decline(room: RoomId, ghost: GhostRef | undefined, why: BridgeError): Promise<void> {
    await this.answers();
    this.post(room, ghost?.contact ?? "bot", `(left) ${why.person}`);
  }

  async holdsDirect({ room }: PortalRoom): Promise<boolean> {
    await this.answers();
    return !this.gone.has(room);
  }

  async forgetDirect(portal: PortalId): Promise<void> {
    await this.answers();
    this.#direct.delete(portal);
  }

  async endDirect(portal: PortalId, room: PortalRoom, ghost: GhostRef, why: BridgeError): Promise<void> {
    await this.forgetDirect(portal);
    await this.decline(room.room, ghost, why);
    this.gone.add(room.room);
  }

  async perform(raw: unknown): Promise<void> {
    await this.answers();
    void raw;
  }

  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    await this.answers();
    const there = room ?? this.management(resident);
    if (key.startsWith("answer|") && !this.#keys.has(key)) this.#replies.set(there, [...this.replies(there), text]);
    return this.once(key, there, "bot", text);
  }

  async reportFailure(room: PortalRoom, _message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    await this.answers();
    return this.once(key, room.room, "bot", failure.text);
  }

  async confirm(_room: RoomId, message: MessageId): Promise<void> {
    if (this.mode === "up") this.confirmed.push(message);
  }

  async nameGhost(ghost: GhostRef, displayName: string): Promise<void> {
    await this.answers();
    this.names.set(ghost.contact, displayName);
  }

  ghostLabel(ghost: GhostRef): string {
    return `<${ghost.contact}>`;
  }

  async showTyping(_room: RoomId, ghost: GhostRef, typing: boolean): Promise<void> {
    this.typing.push({ contact: ghost.contact, typing });
  }

  async showPresence(ghost: GhostRef, presence: Presence): Promise<void> {
    await this.answers();
    this.presences.push({ contact: ghost.contact, presence });
  }

  #enter(room: RoomId): void {
    if (this.gone.has(room)) throw new BridgeError("room-gone");
  }

  protected async answers(): Promise<void> {
    if (this.slowMs > 0) await wait(this.slowMs);
    if (this.mode === "down") throw new BridgeError("home-down", {}, { retryAfterMs: 20 });
    if (this.mode === "refusing") throw new BridgeError("home-refused", { detail: "M_FORBIDDEN" });
  }

  protected once(key: string, room: RoomId, by: string, text: string, rich?: RichText): MessageId {
    const known = this.#keys.get(key);
    if (known) return known;
    const id = this.post(room, by, text, rich);
    this.#keys.set(key, id);
    return id;
  }

  protected post(room: RoomId, by: string, text: string, rich?: RichText): MessageId {
    const id = messageId(this.newId("$"));
    this.rooms.set(room, [...(this.rooms.get(room) ?? []), { id, by, text, ...(rich && { rich }) }]);
    return id;
  }

  protected newId(prefix: string): string {
    this.#next += 1;
    return `${prefix}${this.#next}`;
  }

  #pump(): void {
    this.#pumping = this.#pumping.then(async () => {
      for (let batch = this.#batches[0]; batch && this.#host; batch = this.#batches[0]) {
        try {
          await this.#host.intake(this.name, batch.id, batch.items);
          if (this.losesAnswers > 0) this.losesAnswers -= 1;
          else this.#batches.shift();
        } catch {
          await wait(20);
        }
      }
    });
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
