/**
 * The rooms of accounts in order: told to homes that show them together, in the folders of the contact list. Nothing is
 * made before an account has a room. Changes come in crowds (a sign-in, a list that is sorted anew), so they are gathered
 * for a moment; a home that is away is tried again.
 */
import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { GroupId, GroupRecord } from "./groups/model.ts";
import { groupOfSeat, isGroup } from "./groups/model.ts";
import type {
  AccountId,
  AccountRecord,
  ContactAddress,
  ContactSnapshot,
  HomeName,
  PortalRecord,
  ResidentId,
} from "./model.ts";
import { ownerIn, residentParts } from "./model.ts";
import { oneLine } from "./plain.ts";
import type { PortalDirectory } from "./portals.ts";
import { ghostOf, roomFor } from "./portals.ts";
import type { Home, SpaceRoom, SpaceShowing, SpaceView } from "./ports/home.ts";
import { showsSpaces } from "./ports/home.ts";
import { RecentMap } from "./recent.ts";
import { backOff, Gate } from "./waiting.ts";

/** Folders of one account; what is in further ones stands loose. */
const MOST_FOLDERS = 60;
/** Folders in which one room stands. */
const FOLDERS_EACH = 10;
const FOLDER_NAME = 100;

export interface SpaceParts {
  readonly title: string;
  readonly home: HomeName;
  readonly owner: ResidentId;
  /** Chats of the account. */
  readonly portals: readonly PortalRecord[];
  /** Groups in which the account has a seat. */
  readonly groups: readonly GroupRecord[];
  /** Groups of the contact list in which a contact is. */
  readonly foldersOf: (contact: ContactAddress) => readonly string[];
}

/** The space of an account; `undefined`: its owner has no room in this home. Pure. */
export function composeSpace({ title, home, owner, portals, groups, foldersOf }: SpaceParts): SpaceView | undefined {
  const chats = portals.flatMap((portal): (SpaceRoom & { contact: ContactAddress })[] => {
    const room = isChat(portal) ? roomFor(portal, home, owner)?.room : undefined;
    if (room === undefined) return [];
    const ghost = ghostOf(portal.id);
    return [{ room, ghost, order: ghost.contact, contact: ghost.contact }];
  });
  const shared = groups.flatMap(({ id, rooms }): SpaceRoom[] => {
    const tied = rooms.find((room) => room.home === home && room.parked === undefined);
    return tied ? [{ room: tied.room, order: id }] : [];
  });
  if (chats.length === 0 && shared.length === 0) return undefined;
  const folders = new Map<string, SpaceRoom[]>();
  const loose: SpaceRoom[] = [];
  const names = new Map(chats.map(({ contact }) => [contact, folderNames(foldersOf(contact))]));
  const known = new Set([...new Set([...names.values()].flat())].sort(byText).slice(0, MOST_FOLDERS));
  for (const { contact, ...room } of chats) {
    const inside = (names.get(contact) ?? []).filter((name) => known.has(name)).slice(0, FOLDERS_EACH);
    for (const name of inside) folders.set(name, [...(folders.get(name) ?? []), room]);
    if (inside.length === 0) loose.push(room);
  }
  return {
    title,
    folders: [...folders]
      .map(([name, rooms]) => ({ name, rooms: rooms.sort(byOrder) }))
      .sort((a, b) => byText(a.name, b.name)),
    loose: [...loose.sort(byOrder), ...shared.sort(byOrder)],
  };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byOrder = (a: SpaceRoom, b: SpaceRoom): number => byText(a.order, b.order);

function isChat({ id }: PortalRecord): boolean {
  return !isGroup(id) && groupOfSeat(id) === undefined;
}

function folderNames(groups: readonly string[]): string[] {
  return [...new Set(groups.map((name) => oneLine(name, FOLDER_NAME)).filter((name) => name !== ""))].sort(byText);
}

export interface SpacesOptions {
  readonly homes: readonly Home[];
  readonly portals: Pick<PortalDirectory, "ofAccount">;
  /** Groups in which an account has a seat. @throws BridgeError `store-down`. */
  readonly groupsOf: (account: AccountId) => Promise<readonly GroupRecord[]>;
  readonly fleet: () => Pick<Fleet, "record" | "session">;
  /** How people call the account's network. */
  readonly titleOf: (account: AccountRecord) => string;
  readonly log: Logger;
  /** How long changes are gathered, ms. */
  readonly gatherMs?: number;
}

/** Accounts, and groups, of which is remembered what was shown. */
const REMEMBERED = 20_000;
const GATHER_MS = 1000;
/** Accounts that are put in order at once: people's words go first. */
const AT_ONCE = 2;
/** With pauses of up to a minute. */
const TRIES = 60;
const LONGEST_PAUSE_MS = 60_000;

type Showing = Home & SpaceShowing;

/** What is to be done for an account. */
interface Turn {
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Something has changed while it was running. */
  again: boolean;
  failures: number;
  /** Owners who have unlinked it. */
  readonly gone: Map<ResidentId, Showing>;
}

export class Spaces {
  readonly #o: SpacesOptions;
  readonly #homes: readonly Showing[];
  readonly #turns = new Map<AccountId, Turn>();
  readonly #gate = new Gate(AT_ONCE);
  /** Folders of the contacts with rooms, as they were shown. */
  readonly #folders = new RecentMap<AccountId, ReadonlyMap<ContactAddress, string>>(REMEMBERED);
  readonly #groups = new RecentMap<GroupId, { readonly print: string; readonly seats: readonly AccountId[] }>(
    REMEMBERED,
  );
  /** Owners to whom something was shown: with the last room the rest of it goes. */
  readonly #shown = new RecentMap<string, true>(REMEMBERED);
  #stopped = false;

  constructor(options: SpacesOptions) {
    this.#o = options;
    this.#homes = options.homes.filter(showsSpaces);
  }

  /** The account has signed in, or its rooms are others than before. */
  changed(account: AccountId): void {
    if (this.#homes.length === 0 || !this.#o.fleet().record(account)) return;
    this.#soon(account, this.#turn(account));
  }

  /** A contact as its account sees it now. */
  contact(account: AccountRecord, { address, groups }: ContactSnapshot): void {
    const before = this.#folders.get(account.id)?.get(address);
    if (before !== undefined && before !== folderNames(groups).join("\n")) this.changed(account.id);
  }

  /** A group as it is stored now. */
  group({ id, rooms, seats }: GroupRecord): void {
    if (this.#homes.length === 0) return;
    const print = JSON.stringify([rooms.map(({ home, room, parked }) => [home, room, parked !== undefined]), seats]);
    const before = this.#groups.get(id);
    if (before?.print === print) return;
    this.#groups.set(id, { print, seats });
    // Who has left it has one room less.
    for (const seat of new Set([...(before?.seats ?? []), ...seats])) this.changed(seat);
  }

  /** These owners have unlinked the account. */
  dropped(account: AccountRecord, owners: readonly ResidentId[]): void {
    for (const owner of owners) {
      const home = this.#homes.find(({ name }) => name === residentParts(owner).home);
      if (!home) continue;
      const turn = this.#turn(account.id);
      turn.gone.set(owner, home);
      this.#soon(account.id, turn);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#turns.values()) clearTimeout(timer);
    this.#turns.clear();
  }

  #turn(account: AccountId): Turn {
    const turn = this.#turns.get(account) ?? {
      timer: undefined,
      running: false,
      again: false,
      failures: 0,
      gone: new Map(),
    };
    this.#turns.set(account, turn);
    return turn;
  }

  #soon(account: AccountId, turn: Turn, ms = this.#o.gatherMs ?? GATHER_MS): void {
    if (this.#stopped) return;
    if (turn.running) {
      turn.again = true;
      return;
    }
    if (turn.timer) return;
    turn.timer = setTimeout(() => void this.#run(account, turn), ms);
    turn.timer.unref();
  }

  /** Never rejects. */
  async #run(account: AccountId, turn: Turn): Promise<void> {
    turn.timer = undefined;
    turn.running = true;
    let pause: number | undefined;
    try {
      await this.#gate.run(() => this.#work(account, turn));
      turn.failures = 0;
    } catch (error) {
      const cause = asBridgeError(error);
      const hopeless = cause.retry === "never" || cause.retry === "by-hand" || turn.failures >= TRIES;
      if (hopeless) this.#o.log.warn({ err: cause, account }, "the rooms of an account are not in order");
      else pause = cause.retryAfterMs ?? backOff(turn.failures, 1000, LONGEST_PAUSE_MS);
      turn.failures = hopeless ? 0 : turn.failures + 1;
      if (hopeless) turn.gone.clear();
    }
    turn.running = false;
    const again = turn.again;
    turn.again = false;
    if (pause !== undefined || again) this.#soon(account, turn, pause);
    else this.#turns.delete(account);
  }

  async #work(account: AccountId, turn: Turn): Promise<void> {
    for (const [owner, home] of turn.gone) {
      if (this.#stopped) return;
      await home.dropSpace(account, owner);
      turn.gone.delete(owner);
      this.#shown.delete(`${account} ${owner}`);
    }
    const { fleet } = this.#o;
    const record = fleet().record(account);
    const session = fleet().session(account);
    // Without its contact list it cannot be put in order; with the sign-in this is called again.
    if (!record || !session) return;
    const [portals, groups] = await Promise.all([this.#o.portals.ofAccount(account), this.#o.groupsOf(account)]);
    const foldersOf = (contact: ContactAddress): readonly string[] => session.contact(contact)?.groups ?? [];
    this.#folders.set(
      account,
      new Map(
        portals
          .filter((portal) => isChat(portal) && portal.rooms.length > 0)
          .map(({ id }) => ghostOf(id).contact)
          .map((contact) => [contact, folderNames(foldersOf(contact)).join("\n")]),
      ),
    );
    const title = `${this.#o.titleOf(record)}: ${record.address}`;
    for (const home of this.#homes) {
      const owner = ownerIn(record, home.name);
      if (this.#stopped || owner === undefined) continue;
      const key = `${account} ${owner}`;
      const view = composeSpace({ title, home: home.name, owner, portals, groups, foldersOf });
      if (!view && !this.#shown.get(key)) continue;
      await home.showSpace(account, owner, view ?? { title, folders: [], loose: [] });
      if (view) this.#shown.set(key, true);
      else this.#shown.delete(key);
    }
  }
}
