import type {
  AccountId,
  ConversationKey,
  GhostRef,
  HomeName,
  PortalId,
  PortalRecord,
  PortalRoom,
  ResidentId,
  RoomId,
} from "./model.ts";
import { accountParts, parseContactAddress, portalId, portalParts } from "./model.ts";
import type { Home } from "./ports/home.ts";
import { followsRooms } from "./ports/home.ts";
import type { PortalStore } from "./ports/store.ts";
import { RecentMap } from "./recent.ts";

/** Rooms remembered in memory; a miss costs one question to Redis. */
const REMEMBERED = 20_000;

export interface PortalDirectoryEvents {
  /** A portal has got a room, or has lost its last one: whoever is in it matters to someone, or no longer does. */
  changed(portal: PortalRecord): void;
}

/** Portals with their rooms, as the store has them, with the hot ones in memory. */
export class PortalDirectory {
  readonly #store: PortalStore;
  readonly #events: PortalDirectoryEvents;
  readonly #records = new RecentMap<PortalId, PortalRecord>(REMEMBERED);
  readonly #byRoom = new RecentMap<string, PortalId>(REMEMBERED);
  readonly #opening = new Map<string, Promise<PortalRoom>>();

  constructor(store: PortalStore, events: PortalDirectoryEvents) {
    this.#store = store;
    this.#events = events;
  }

  async get(portal: PortalId): Promise<PortalRecord | undefined> {
    const known = this.#records.get(portal);
    if (known) return known;
    const record = await this.#store.portal(portal);
    if (record) this.#remember(record);
    return record;
  }

  async ofRoom(home: HomeName, room: RoomId): Promise<PortalId | undefined> {
    const key = `${home} ${room}`;
    const known = this.#byRoom.get(key);
    if (known) return known;
    const portal = await this.#store.portalOfRoom(home, room);
    if (portal) this.#byRoom.set(key, portal);
    return portal;
  }

  /** The store has tied the room to a portal otherwise than by {@link bind}. */
  rememberRoom(home: HomeName, room: RoomId, portal: PortalId): void {
    this.#byRoom.set(`${home} ${room}`, portal);
  }

  forgetRoom(home: HomeName, room: RoomId): void {
    this.#byRoom.delete(`${home} ${room}`);
  }

  async bind(portal: PortalId, room: PortalRoom): Promise<PortalRecord> {
    const before = await this.get(portal);
    const record = await this.#store.bind(portal, room);
    if (before) this.#forget(before);
    this.#remember(record);
    this.#events.changed(record);
    return record;
  }

  async unbind(portal: PortalId, home: HomeName, room: RoomId): Promise<void> {
    await this.#store.unbind(home, room);
    this.#byRoom.delete(`${home} ${room}`);
    this.#records.delete(portal);
    const { account, conversation } = portalParts(portal);
    this.#events.changed((await this.#store.portal(portal)) ?? { id: portal, account, conversation, rooms: [] });
  }

  /** The resident's room of a portal; made by `make`, and bound, when there is none. Two who ask at once get the same. */
  async room(portal: PortalId, home: HomeName, resident: ResidentId, make: () => Promise<RoomId>): Promise<PortalRoom> {
    const known = roomFor(await this.get(portal), home, resident);
    if (known) return known;
    const key = `${home} ${resident} ${portal}`;
    const opening = this.#opening.get(key) ?? this.#make(portal, home, resident, make);
    this.#opening.set(key, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(key);
    }
  }

  /** The store has taken rooms out of these portals of an account, or all of them. */
  async reload(account: AccountId, before: readonly PortalRecord[]): Promise<void> {
    for (const record of before) this.#forget(record);
    const now = new Map((await this.ofAccount(account)).map((record) => [record.id, record]));
    for (const record of before) this.#events.changed(now.get(record.id) ?? { ...record, rooms: [] });
  }

  /** The account of these is unlinked: what is remembered of them goes, and whoever was in them no longer matters. */
  forget(records: readonly PortalRecord[]): void {
    for (const record of records) {
      this.#forget(record);
      this.#events.changed({ ...record, rooms: [] });
    }
  }

  /** All portals of an account, from the store. */
  async ofAccount(account: AccountId): Promise<PortalRecord[]> {
    const records = await this.#store.portalsOf(account);
    for (const record of records) this.#remember(record);
    return records;
  }

  async #make(
    portal: PortalId,
    home: HomeName,
    resident: ResidentId,
    make: () => Promise<RoomId>,
  ): Promise<PortalRoom> {
    const room = { home, room: await make(), resident };
    await this.bind(portal, room);
    return room;
  }

  #forget(record: PortalRecord): void {
    this.#records.delete(record.id);
    for (const { home, room } of record.rooms) this.#byRoom.delete(`${home} ${room}`);
  }

  #remember(record: PortalRecord): void {
    this.#records.set(record.id, record);
    for (const { home, room } of record.rooms) this.#byRoom.set(`${home} ${room}`, record.id);
  }
}

/** The room of a resident in a portal. */
export function roomFor(
  portal: PortalRecord | undefined,
  home: HomeName,
  resident: ResidentId,
): PortalRoom | undefined {
  return portal?.rooms.find((room) => room.home === home && room.resident === resident);
}

/** The contact at the far end of a one-to-one portal. */
export function ghostOf(portal: PortalId): GhostRef {
  const { account, conversation } = portalParts(portal);
  return { network: accountParts(account).network, contact: parseContactAddress(conversation) };
}

/** The portal of an account's chat with a contact. */
export function directPortal(account: AccountId, ghost: GhostRef): PortalId {
  return portalId(account, ghost.contact as string as ConversationKey);
}

/** Whether what is in a room may go into the one in which that is said to go on: its home says so, too, and it is free. */
export async function mayFollow(
  portals: Pick<PortalDirectory, "ofRoom">,
  home: Home,
  { room, to }: { readonly room: RoomId; readonly to: RoomId },
): Promise<boolean> {
  if (!followsRooms(home) || (await portals.ofRoom(home.name, to)) !== undefined) return false;
  return home.goesOn(room, to);
}
