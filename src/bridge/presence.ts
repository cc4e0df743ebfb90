import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Meter } from "./metrics.ts";
import type { AccountId, GhostRef, Presence } from "./model.ts";
import { MOST_PRESENT_FIRST } from "./model.ts";
import type { Home, PresenceShowing } from "./ports/home.ts";
import { showsPresence } from "./ports/home.ts";

export const OFFLINE: Presence = { availability: "offline", text: "" };

/** One ghost stands for a contact of many owners; who is blocked sees them offline, so the most present view is the true one. Pure. */
export function mergePresence(views: Iterable<Presence>): Presence {
  let best: Presence = OFFLINE;
  for (const view of views) {
    if (MOST_PRESENT_FIRST.indexOf(view.availability) < MOST_PRESENT_FIRST.indexOf(best.availability)) best = view;
  }
  return best;
}

/**
 * One person in several homes: they are as present as where they are most present, and say what they say there, else what
 * they say anywhere. `undefined`: no home has said anything. Pure.
 */
export function ownPresence(homes: Iterable<Presence>): Presence | undefined {
  const all = [...homes];
  const best = mergePresence(all);
  const main = all.find(({ availability }) => availability === best.availability);
  if (!main) return undefined;
  const text = main.text || (all.find((one) => one.text !== "")?.text ?? "");
  const media = main.media ?? all.find((one) => one.media !== undefined)?.media;
  return { availability: main.availability, text, ...(media === undefined ? {} : { media }) };
}

interface Seen {
  readonly ghost: GhostRef;
  readonly views: Map<AccountId, { presence: Presence; name: string }>;
  /** Homes in which an account's owners share a room with this ghost. */
  readonly rooms: Map<AccountId, Set<Home>>;
  /** What each home was told last; absent: not yet, or it is to be told again. */
  readonly shown: Map<Home, Presence>;
  /** Homes that are being told now; a ghost is told by one writer at a time, so that the newest state is the last. */
  readonly writing: Set<Home>;
  name: string | undefined;
}

/** Writes under way at once per home; the newest state of a ghost waits its turn, older ones are dropped. */
const WRITERS = 4;

/**
 * Presence and names of contacts: what the puppets see, merged per ghost, shown in the homes where the ghost shares a
 * room with someone, and set again as often as the home needs (source: stack A3).
 */
export class PresenceBoard {
  readonly #seen = new Map<string, Seen>();
  /** Ghosts of which an account has a view, so that they can be forgotten together. */
  readonly #viewed = new Map<AccountId, Set<Seen>>();
  readonly #dirty = new Map<Home, Set<Seen>>();
  readonly #writers = new Map<Home, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #meter: Meter;
  readonly #log: Logger;
  #stopped = false;

  constructor(o: { homes: readonly Home[]; meter: Meter; log: Logger }) {
    this.#meter = o.meter;
    this.#log = o.log;
    for (const home of o.homes) {
      this.#dirty.set(home, new Set());
      this.#writers.set(home, 0);
      if (showsPresence(home) && home.presenceRefreshMs > 0) this.#refresh(home);
    }
  }

  /** A puppet sees a contact so. Contacts who matter to nobody are not kept. */
  see(account: AccountId, ghost: GhostRef, name: string, presence: Presence): void {
    const seen = this.#seen.get(key(ghost));
    if (!seen || seen.rooms.size === 0) {
      this.#meter.count("msnb_presence_suppressed_total", { to: "home" });
      return;
    }
    seen.views.set(account, { presence, name });
    seen.name = name;
    const viewed = this.#viewed.get(account) ?? new Set();
    this.#viewed.set(account, viewed.add(seen));
    this.#markAll(seen);
  }

  /**
   * The account's owners share rooms with the ghost in these homes from now on, and in no others. Whom nobody shares a
   * room with is shown offline and dropped.
   */
  watch(homes: readonly Home[], ghost: GhostRef, account: AccountId): void {
    let seen = this.#seen.get(key(ghost));
    if (homes.length === 0) {
      if (seen) this.#unwatch(seen, account);
      return;
    }
    if (!seen) {
      seen = { ghost, views: new Map(), rooms: new Map(), shown: new Map(), writing: new Set(), name: undefined };
      this.#seen.set(key(ghost), seen);
    }
    const before = seen.rooms.get(account);
    seen.rooms.set(account, new Set(homes));
    // A home that nobody shares a room in any more is told that they are gone.
    if (before && [...before].some((home) => !homes.includes(home))) this.#markAll(seen);
  }

  #unwatch(seen: Seen, account: AccountId): void {
    if (!seen.rooms.delete(account)) return;
    if (seen.rooms.size === 0) {
      for (const viewer of seen.views.keys()) this.#viewed.get(viewer)?.delete(seen);
      seen.views.clear();
      this.#dropUnwatched(seen);
    }
    this.#markAll(seen);
  }

  /** The puppet sees nobody any more. */
  forget(account: AccountId): void {
    for (const seen of this.#viewed.get(account) ?? []) {
      seen.views.delete(account);
      this.#markAll(seen);
    }
    this.#viewed.delete(account);
  }

  /** Ghosts that share a room with someone. */
  get size(): number {
    return this.#seen.size;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #markAll(seen: Seen): void {
    for (const home of new Set([...homesOf(seen), ...seen.shown.keys()])) this.#mark(home, seen);
  }

  #mark(home: Home, seen: Seen): void {
    if (this.#stopped) return;
    this.#dirty.get(home)?.add(seen);
    const writers = this.#writers.get(home) ?? 0;
    if (writers < WRITERS) {
      this.#writers.set(home, writers + 1);
      void this.#write(home);
    }
  }

  async #write(home: Home): Promise<void> {
    const dirty = this.#dirty.get(home) ?? new Set<Seen>();
    for (let next = free(dirty, home); next && !this.#stopped; next = free(dirty, home)) {
      dirty.delete(next);
      next.writing.add(home);
      await this.#show(home, next);
      next.writing.delete(home);
      this.#dropUnwatched(next);
    }
    this.#writers.set(home, (this.#writers.get(home) ?? 1) - 1);
  }

  /** A ghost with whom nobody shares a room goes when every home has been told. */
  #dropUnwatched(seen: Seen): void {
    const told = [...seen.shown.values()].every((presence) => presence.availability === "offline");
    if (seen.rooms.size === 0 && seen.writing.size === 0 && told) this.#seen.delete(key(seen.ghost));
  }

  async #show(home: Home, seen: Seen): Promise<void> {
    const views = homesOf(seen).has(home) ? [...seen.views.values()] : [];
    const presence = mergePresence(views.map((view) => view.presence));
    if (seen.name)
      await home
        .nameGhost(seen.ghost, seen.name)
        .catch((error: unknown) =>
          this.#log.debug({ err: asBridgeError(error), ghost: seen.ghost.contact }, "name not shown"),
        );
    if (!showsPresence(home) || isSame(seen.shown.get(home), presence)) return;
    seen.shown.set(home, presence);
    try {
      await home.showPresence(seen.ghost, presence);
      this.#meter.count("msnb_presence_writes_total", { to: home.name });
    } catch (error) {
      // The next change or the next refresh says it again; presence is never worth a queue.
      seen.shown.delete(home);
      this.#log.debug({ err: asBridgeError(error), ghost: seen.ghost.contact }, "presence not shown");
    }
  }

  /** Spreads the refresh of all watched ghosts evenly over the home's interval. */
  #refresh(home: Home & PresenceShowing): void {
    const steps = 10;
    let step = 0;
    const timer = setInterval(() => {
      let i = 0;
      for (const seen of this.#seen.values()) {
        if (i++ % steps !== step || seen.shown.get(home)?.availability === "offline") continue;
        if (!homesOf(seen).has(home) || seen.views.size === 0) continue;
        seen.shown.delete(home);
        this.#mark(home, seen);
      }
      step = (step + 1) % steps;
    }, home.presenceRefreshMs / steps);
    timer.unref();
    this.#timers.push(timer);
  }
}

function homesOf(seen: Seen): Set<Home> {
  return new Set([...seen.rooms.values()].flatMap((homes) => [...homes]));
}

/** The next ghost that nobody is telling this home of. */
function free(dirty: ReadonlySet<Seen>, home: Home): Seen | undefined {
  for (const seen of dirty) if (!seen.writing.has(home)) return seen;
  return undefined;
}

function isSame(a: Presence | undefined, b: Presence): boolean {
  return a !== undefined && a.availability === b.availability && a.text === b.text && a.media === b.media;
}

function key(ghost: GhostRef): string {
  return `${ghost.network}/${ghost.contact}`;
}
