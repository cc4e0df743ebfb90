import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { BridgeError } from "../../src/bridge/errors.ts";
import type { GhostRef, HomeEvent, HomeName, Presence, ResidentId, RoomId } from "../../src/bridge/model.ts";
import type { Home, HomeHost, IntakeItem } from "../../src/bridge/ports/home.ts";
import type { ProfileStore, SecretStore } from "../../src/bridge/ports/store.ts";
import type { Secret } from "../../src/bridge/secret.ts";

/** Profiles in memory, so that the Matrix side can be tried without Redis; the real store has its own tests. */
export class MemoryProfiles implements ProfileStore {
  readonly ghosts = new Map<string, Record<string, string>>();
  readonly residents = new Map<string, Record<string, string>>();
  /** Set to make every call fail like a store that is away. */
  failure: Error | undefined;

  ghost(_home: HomeName, ghost: GhostRef): Promise<Readonly<Record<string, string>>> {
    return this.#get(this.ghosts, `${ghost.network}/${ghost.contact}`);
  }

  updateGhost(_home: HomeName, ghost: GhostRef, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.#put(this.ghosts, `${ghost.network}/${ghost.contact}`, fields);
  }

  resident(resident: ResidentId): Promise<Readonly<Record<string, string>>> {
    return this.#get(this.residents, resident);
  }

  updateResident(resident: ResidentId, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.#put(this.residents, resident, fields);
  }

  async #get(map: Map<string, Record<string, string>>, key: string): Promise<Record<string, string>> {
    if (this.failure) throw this.failure;
    return { ...map.get(key) };
  }

  async #put(map: Map<string, Record<string, string>>, key: string, fields: Record<string, string>): Promise<void> {
    if (this.failure) throw this.failure;
    map.set(key, { ...map.get(key), ...fields });
  }
}

/** Secrets in memory. */
export class MemorySecrets implements SecretStore {
  readonly kept = new Map<string, Secret>();

  async keepSecret(resident: ResidentId, name: string, secret: Secret): Promise<void> {
    this.kept.set(`${resident} ${name}`, secret);
  }

  async secret(resident: ResidentId, name: string): Promise<Secret | undefined> {
    return this.kept.get(`${resident} ${name}`);
  }

  async dropSecret(resident: ResidentId, name: string): Promise<void> {
    this.kept.delete(`${resident} ${name}`);
  }
}

/**
 * A core that only remembers: what was stored, in order, and what it means. Own events are carried out one after another,
 * as a lane would.
 */
export class RecordingHost implements HomeHost {
  readonly items: IntakeItem[] = [];
  readonly batches: string[] = [];
  readonly events: HomeEvent[] = [];
  readonly typings: { room: RoomId; resident: ResidentId; typing: boolean }[] = [];
  readonly presences: { resident: ResidentId; presence: Presence }[] = [];
  readonly portals = new Set<RoomId>();
  /** Portals that are tied to groups. */
  readonly groups = new Set<RoomId>();
  /** Set to refuse batches like a store that is away. */
  failure: Error | undefined;
  refused = 0;
  /** What carrying out an own event has thrown. */
  readonly failures: unknown[] = [];
  readonly #changed = new EventEmitter().setMaxListeners(0);
  #home: Home | undefined;
  #lane: Promise<void> = Promise.resolve();

  /** Carries out the home's own events from now on. */
  serve(home: Home): void {
    this.#home = home;
  }

  async intake(_home: HomeName, batch: string, items: readonly IntakeItem[]): Promise<"stored" | "repeated"> {
    if (this.failure) {
      this.refused += 1;
      this.#changed.emit("change");
      throw this.failure;
    }
    if (this.batches.includes(batch)) return "repeated";
    this.batches.push(batch);
    this.items.push(...items);
    this.#lane = this.#lane.then(() => this.#work(items)).catch((error: unknown) => void this.failures.push(error));
    return "stored";
  }

  async #work(items: readonly IntakeItem[]): Promise<void> {
    for (const { raw } of items) {
      const event = this.#home?.read(raw);
      if (event?.kind === "own") await this.#perform(raw);
      if (event) this.events.push(event);
      this.#changed.emit("change");
    }
  }

  /** As a lane does: what the home asks to wait for is tried again. */
  async #perform(raw: unknown): Promise<void> {
    for (;;) {
      try {
        return await this.#home?.perform(raw);
      } catch (error) {
        if (!(error instanceof BridgeError) || error.code !== "home-busy") throw error;
        await sleep(error.retryAfterMs ?? 100);
      }
    }
  }

  typing(room: RoomId, resident: ResidentId, typing: boolean): void {
    this.typings.push({ room, resident, typing });
    this.#changed.emit("change");
  }

  presence(resident: ResidentId, presence: Presence): void {
    this.presences.push({ resident, presence });
    this.#changed.emit("change");
  }

  async isPortal(_home: HomeName, room: RoomId): Promise<boolean> {
    return this.portals.has(room) || this.groups.has(room);
  }

  async isGroup(_home: HomeName, room: RoomId): Promise<boolean> {
    return this.groups.has(room);
  }

  async isLinked(): Promise<boolean> {
    return true;
  }

  /** Waits until `find` gives something; looked at again after each change. @throws Error naming `what` after a minute. */
  async waitFor<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const signal = AbortSignal.timeout(60_000);
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      await once(this.#changed, "change", { signal }).catch(() => {
        throw new Error(`waited a minute for ${what}; events so far: ${JSON.stringify(this.events.slice(-8))}`);
      });
    }
  }

  /** Waits for an event of a kind. */
  async event<K extends HomeEvent["kind"]>(kind: K, after = 0): Promise<HomeEvent & { kind: K }> {
    return await this.waitFor(`an event "${kind}"`, () =>
      this.events.slice(after).find((event): event is HomeEvent & { kind: K } => event.kind === kind),
    );
  }

  /** Resolves when all that was stored so far has been worked off. */
  async settled(): Promise<void> {
    await this.#lane;
    if (this.failures.length > 0) throw new AggregateError(this.failures, "own events failed");
  }
}
