import type { HomeName } from "../model.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import { MOST_PLACES, type Place, placeOf, type Via } from "../via.ts";
import type { GroupRecord } from "./model.ts";
import { groupParts } from "./model.ts";

/** The conversations that a group is, as all bridges call them. */
export interface GroupPlaces {
  readonly network: Place;
  readonly rooms: ReadonlyMap<HomeName, Place>;
  /** Those in which this bridge reads: all but rooms that are parked. */
  readonly read: ReadonlySet<Place>;
}

/** Counted once for each record that was read: words cost nothing. */
export class Places {
  readonly #homes: ReadonlyMap<HomeName, Home>;
  readonly #known = new WeakMap<GroupRecord, GroupPlaces>();

  constructor(homes: ReadonlyMap<HomeName, Home>) {
    this.#homes = homes;
  }

  of(record: GroupRecord): GroupPlaces {
    const known = this.#known.get(record);
    if (known !== undefined) return known;
    const network = placeOf(nameOnNetwork(record));
    const rooms = new Map<HomeName, Place>();
    const read = new Set([network]);
    for (const { home: name, room, parked } of record.rooms) {
      const home = this.#homes.get(name);
      if (home === undefined || !hostsGroups(home)) continue;
      const place = placeOf(home.publicName(room));
      rooms.set(name, place);
      if (parked === undefined) read.add(place);
    }
    const places = { network, rooms, read };
    this.#known.set(record, places);
    return places;
  }
}

/** A circle by its key. What does not last has no name: who is in it is all that several bridges know alike. */
export function nameOnNetwork({ id, kind, members }: Pick<GroupRecord, "id" | "kind" | "members">): string {
  const { network, key } = groupParts(id);
  const people = [...new Set(members.map(({ address }) => address))].sort();
  return `msn:${network}:${kind === "circle" ? key : people.join(",")}`;
}

/**
 * Whether words that this bridge has read in one conversation of a group may go into another one (`to`; `undefined`: a room that is not made
 * yet). Not where they have been; and nowhere when they have been in any in which this bridge reads, because it has carried
 * them from there itself. Nothing else is carried for ever, either.
 */
export function mayCarry(places: GroupPlaces, via: Via | undefined, to: Place | undefined): boolean {
  if (via === undefined || via.length === 0) return true;
  if (via.length >= MOST_PLACES || via.some((place) => places.read.has(place))) return false;
  return to === undefined || !via.includes(to);
}
