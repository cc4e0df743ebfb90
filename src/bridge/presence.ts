import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Meter } from "./metrics.ts";
import type { AccountId, Availability, ContactAddress, GhostRef, NetworkName, Presence } from "./model.ts";
import type { Home, PresenceShowing } from "./ports/home.ts";
import { showsPresence } from "./ports/home.ts";

/** Most present first: what several owners see of one contact is merged to the first of these. */
const ORDER: readonly Availability[] = [
  "online",
  "busy",
  "on-the-phone",
  "be-right-back",
  "out-to-lunch",
  "away",
  "idle",
  "hidden",
  "offline",
];

export const OFFLINE: Presence = { availability: "offline", text: "" };

/** One ghost stands for a contact of many owners; who is blocked sees them offline, so the most present view is the true one. Pure. */
export function mergePresence(views: Iterable<Presence>): Presence {
  let best: Presence = OFFLINE;
  for (const view of views) {
    if (ORDER.indexOf(view.availability) < ORDER.indexOf(best.availability)) best = view;
  }
  return best;
}

interface Seen {
  readonly ghost: GhostRef;
  readonly views: Map<AccountId, { presence: Presence; name: string }>;
  /** Homes in which someone shares a room with this ghost. */
  readonly homes: Set<Home>;
  shown: Presence | undefined;
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
    if (!seen) {
      this.#meter.count("msnb_presence_suppressed_total", { to: "home" });
      return;
    }
    seen.views.set(account, { presence, name });
    seen.name = name;
    for (const home of seen.homes) this.#mark(home, seen);
  }

  /** The ghost shares a room with someone in this home from now on. */
  watch(home: Home, ghost: GhostRef): void {
    let seen = this.#seen.get(key(ghost));
    if (!seen) {
      seen = { ghost, views: new Map(), homes: new Set(), shown: undefined, name: undefined };
      this.#seen.set(key(ghost), seen);
    }
    seen.homes.add(home);
  }

  unwatch(ghost: GhostRef, account: AccountId): void {
    const seen = this.#seen.get(key(ghost));
    if (!seen) return;
    seen.views.delete(account);
    for (const home of seen.homes) this.#mark(home, seen);
  }

  watches(ghost: GhostRef): boolean {
    return this.#seen.has(key(ghost));
  }

  /** The puppet sees nobody any more. */
  forget(account: AccountId, contacts: Iterable<{ network: NetworkName; contact: ContactAddress }>): void {
    for (const ghost of contacts) this.unwatch(ghost, account);
  }

  get size(): number {
    return this.#seen.size;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #mark(home: Home, seen: Seen): void {
    if (this.#stopped) return;
    this.#dirty.get(home)?.add(seen);
    const writers = this.#writers.get(home) ?? 0;
    if (writers < WRITERS) {
      this.#writers.set(home, writers + 1);
      void this.#write(home).finally(() => this.#writers.set(home, (this.#writers.get(home) ?? 1) - 1));
    }
  }

  async #write(home: Home): Promise<void> {
    const dirty = this.#dirty.get(home);
    for (;;) {
      const next = dirty?.values().next();
      if (!next || next.done || this.#stopped) return;
      dirty?.delete(next.value);
      await this.#show(home, next.value);
    }
  }

  async #show(home: Home, seen: Seen): Promise<void> {
    const presence = mergePresence([...seen.views.values()].map((view) => view.presence));
    try {
      if (seen.name) await home.nameGhost(seen.ghost, seen.name);
      if (!showsPresence(home)) return;
      seen.shown = presence;
      await home.showPresence(seen.ghost, presence);
      this.#meter.count("msnb_presence_writes_total", { to: home.name });
    } catch (error) {
      // The next change or the next refresh says it again; presence is never worth a queue.
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
        if (i++ % steps === step && seen.homes.has(home) && seen.shown && seen.shown.availability !== "offline")
          this.#mark(home, seen);
      }
      step = (step + 1) % steps;
    }, home.presenceRefreshMs / steps);
    timer.unref();
    this.#timers.push(timer);
  }
}

function key(ghost: GhostRef): string {
  return `${ghost.network}/${ghost.contact}`;
}
