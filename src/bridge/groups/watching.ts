import type { Fleet } from "../fleet.ts";
import type { AccountRecord, ContactAddress, ContactSnapshot, HomeName } from "../model.ts";
import { portalParts } from "../model.ts";
import type { Home } from "../ports/home.ts";
import type { PresenceBoard } from "../presence.ts";
import type { GroupId, GroupRecord } from "./model.ts";
import { groupParts } from "./model.ts";

export interface WatchingOptions {
  readonly fleet: () => Pick<Fleet, "session" | "record">;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly presence: Pick<PresenceBoard, "watch">;
  /** A session of this worker sees the contact so. */
  readonly see: (account: AccountRecord, contact: ContactSnapshot) => void;
}

/** People in groups whose rooms are there: their presence matters as that of contacts with a chat of their own does. */
export class Watching {
  readonly #o: WatchingOptions;
  readonly #watched = new Map<GroupId, { readonly homes: string; readonly people: ReadonlySet<ContactAddress> }>();

  constructor(o: WatchingOptions) {
    this.#o = o;
  }

  /** A group is so now. Only the worker of an account in it sees anybody. */
  changed({ id, rooms, members, seats }: GroupRecord): void {
    const { fleet, homes, presence, see } = this.#o;
    const local = seats.map((seat) => fleet().record(seat)).filter((record) => record !== undefined);
    const there = rooms.flatMap((room) => (room.parked === undefined ? (homes.get(room.home) ?? []) : []));
    const before = this.#watched.get(id);
    const people = new Set(local.length > 0 && there.length > 0 ? members.map(({ address }) => address) : []);
    const names = there.map(({ name }) => name).join(" ");
    const { network } = groupParts(id);
    // Not an account, but who watches: a chat of the account with the same contact is watched for itself.
    const watcher = portalParts(id).account;
    for (const contact of before?.people ?? [])
      if (!people.has(contact)) presence.watch([], { network, contact }, watcher);
    if (people.size === 0) this.#watched.delete(id);
    else this.#watched.set(id, { homes: names, people });
    for (const contact of people) {
      if (before?.homes === names && before.people.has(contact)) continue;
      presence.watch(there, { network, contact }, watcher);
      for (const account of local) {
        const seen = fleet().session(account.id)?.contact(contact);
        if (seen) see(account, seen);
      }
    }
  }
}
