/** The XMPP side: a component (XEP-0114) behind the contracts of src/bridge/ports/home.ts. */
import { asBridgeError, type BridgeError } from "../bridge/errors.ts";
import type { GroupId, GroupSpeaker, GroupView } from "../bridge/groups/model.ts";
import type {
  AccountRecord,
  ContactSnapshot,
  Failure,
  GhostRef,
  GroupMessage,
  HomeEvent,
  MessageId,
  NetworkMessage,
  PortalId,
  PortalRoom,
  PuppetState,
  ResidentId,
  RoomId,
} from "../bridge/model.ts";
import type { GroupHosting, RoomPower } from "../bridge/ports/groups.ts";
import type { Home, HomeHost, OwnerFollowing, RosterDesk, RosterShowing, TypingShowing } from "../bridge/ports/home.ts";
import type { Readiness } from "../bridge/ports/linking.ts";
import { ComponentParts } from "./component/parts.ts";
import { residentJid, roomParts } from "./convert/ghost.ts";
import { parseStored, readStored } from "./convert/stored.ts";
import { XMPP } from "./name.ts";
import type { XmppHomeOptions } from "./options.ts";
import type { Grants } from "./stanza/privilege.ts";

/** What the rest of the program may ask of the XMPP side beyond the core's contract. */
export interface XmppHome extends Home, TypingShowing, RosterShowing, OwnerFollowing, GroupHosting {
  /** Why the XMPP side is or is not ready. */
  health(): Readiness;
  /** Resolves when the component is connected, for tools and tests. */
  attached(): Promise<void>;
  /** What each server has granted (XEP-0356), by its domain. */
  grants(): ReadonlyMap<string, Grants>;
  /** The gateway's JID. */
  readonly gateway: string;
}

const STOP_MS = 2000;

export function createXmppHome(options: XmppHomeOptions): XmppHome {
  return new XmppSide(options);
}

class XmppSide implements XmppHome {
  readonly name = XMPP;
  readonly title = "XMPP";
  readonly #parts: ComponentParts;

  constructor(options: XmppHomeOptions) {
    this.#parts = new ComponentParts(options);
  }

  get gateway(): string {
    return this.#parts.names.gateway;
  }

  /** The server may come later. @throws BridgeError `store-down`: its rooms are not known. */
  async start(host: HomeHost): Promise<void> {
    this.#parts.host = host;
    await this.#parts.speech.restore();
    await this.#parts.groups.start();
    this.#parts.link.start();
  }

  async stop(): Promise<void> {
    try {
      this.#parts.people.stop();
      await this.#parts.spool.stop(STOP_MS);
      this.#parts.teller.stop();
      await this.#parts.groups.stop();
      await this.#parts.recall.stop();
      await this.#parts.link.stop();
    } catch (error) {
      this.#parts.log.warn({ err: error }, "the XMPP side did not stop cleanly");
    }
  }

  health(): Readiness {
    return this.#parts.link.health();
  }

  attached(): Promise<void> {
    return this.#parts.link.attached();
  }

  grants(): ReadonlyMap<string, Grants> {
    return this.#parts.grants;
  }

  // What the core asks.

  read(raw: unknown): HomeEvent | undefined {
    return readStored(raw, XMPP, this.#parts.names);
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    this.#parts.typing.said(this.#parts.names.jid(ghost), residentJid(room.resident));
    return this.#parts.speech.deliver(room, ghost, message, key);
  }

  async deliverOwn(
    room: PortalRoom,
    ghost: GhostRef,
    _self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    return this.#parts.speech.deliverOwn(room, ghost, message, key);
  }

  /** A chat needs no room: it is there as soon as somebody says something. */
  async openDirect(_: PortalId, resident: ResidentId, ghost: GhostRef): Promise<RoomId> {
    return this.#parts.names.room(this.#parts.names.jid(ghost), residentJid(resident));
  }

  async adopt(): Promise<void> {}

  async decline(room: RoomId, ghost: GhostRef | undefined, why: BridgeError): Promise<void> {
    const resident = roomParts(room)?.resident;
    if (resident === undefined) return;
    const from = ghost === undefined ? this.#parts.names.gateway : this.#parts.names.jid(ghost);
    await this.#parts.speech.tell(from, resident, why.person, `decline|${room}|${why.code}|${Date.now()}`);
  }

  async perform(raw: unknown): Promise<void> {
    const stored = parseStored(raw);
    if (stored?.kind === "act") await this.#parts.performer.perform(stored);
  }

  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    if (room !== undefined && this.#parts.groups.isRoom(room)) return this.#parts.groups.say(resident, room, text, key);
    return this.#parts.speech.say(resident, room, text, key);
  }

  async reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    const { groups } = this.#parts;
    if (groups.isRoom(room.room)) return groups.reportFailure(room.room, room.resident, message, failure, key);
    return this.#parts.speech.reportFailure(room, message, failure, key);
  }

  async confirm(room: RoomId, message: MessageId): Promise<void> {
    this.#parts.speech.confirm(room, message);
  }

  /** Names go with each person's own view of the contact. */
  async nameGhost(): Promise<void> {}

  ghostLabel(ghost: GhostRef): string {
    return this.#parts.names.jid(ghost);
  }

  async showTyping(room: RoomId, _: GhostRef, typing: boolean, forMs: number): Promise<void> {
    const chat = roomParts(room);
    if (chat) this.#parts.typing.show(chat.us, chat.resident, typing, forMs);
  }

  // Group chats.

  openGroup(view: GroupView): Promise<RoomId> {
    return this.#parts.groups.openGroup(view);
  }

  shapeGroup(room: RoomId, view: GroupView): Promise<void> {
    return this.#parts.groups.shapeGroup(room, view);
  }

  deliverToGroup(
    room: RoomId,
    group: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    return this.#parts.groups.deliverToGroup(room, group, speaker, message, key);
  }

  showGroupTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    return this.#parts.groups.showGroupTyping(room, ghost, typing, forMs);
  }

  nameIn(room: RoomId, resident: ResidentId): Promise<string> {
    return this.#parts.groups.nameIn(room, resident);
  }

  findRoom(text: string, resident: ResidentId): Promise<RoomId> {
    return this.#parts.groups.findRoom(text, resident);
  }

  mayBridge(room: RoomId, resident: ResidentId): Promise<RoomPower> {
    return this.#parts.groups.mayBridge(room, resident);
  }

  publicName(room: RoomId): string {
    return this.#parts.groups.publicName(room);
  }

  releaseGroup(room: RoomId, view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    return this.#parts.groups.releaseGroup(room, view, how);
  }

  useRosters(desk: RosterDesk): void {
    this.#parts.desk = desk;
  }

  showAccount(account: AccountRecord, owner: ResidentId, state: PuppetState): void {
    this.#safely(() => this.#parts.teller.showAccount(account, owner, state));
  }

  showRoster(account: AccountRecord, owner: ResidentId, contacts: readonly ContactSnapshot[]): void {
    this.#safely(() => this.#parts.teller.showRoster(account, owner, contacts));
  }

  showContact(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    this.#safely(() => this.#parts.teller.showContact(account, owner, contact));
  }

  showRequest(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    this.#safely(() => this.#parts.teller.showRequest(account, owner, contact));
  }

  dropRoster(account: AccountRecord, owner: ResidentId): void {
    this.#safely(() => this.#parts.teller.dropRoster(account, owner));
  }

  follows(resident: ResidentId): Promise<boolean> {
    return this.#parts.people.follows(resident);
  }

  setFollows(resident: ResidentId, follows: boolean): Promise<void> {
    return this.#parts.people.setFollows(resident, follows);
  }

  #safely(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#parts.log.error({ err: asBridgeError(error) }, "a contact list was not shown");
    }
  }
}
