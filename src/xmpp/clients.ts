import type { Presence } from "../bridge/model.ts";
import { fromPresence, mergeResources, type Resource } from "./convert/presence.ts";
import { resourceOf } from "./jid.ts";
import type { ReadPresence } from "./stanza/presence.ts";

/** Clients of one person that are looked at. */
const LIMIT = 32;

/** The clients that one person is signed in with, and what they look like together. */
export class Clients {
  static #seq = 0;
  readonly #resources = new Map<string, Resource>();

  heard(stanza: ReadPresence): void {
    const resource = resourceOf(stanza.from) ?? "";
    const presence = fromPresence(stanza);
    if (presence.availability === "offline") {
      // From the bare address: the server speaks for all of them.
      if (resource === "") this.clear();
      else this.#resources.delete(resource);
    } else if (this.#resources.has(resource) || this.#resources.size < LIMIT) {
      Clients.#seq += 1;
      this.#resources.set(resource, { presence, priority: stanza.priority, seq: Clients.#seq });
    }
  }

  clear(): void {
    this.#resources.clear();
  }

  get isThere(): boolean {
    return this.#resources.size > 0;
  }

  /** Whether one of them takes messages in (RFC 6121 §8.5.2). */
  get hears(): boolean {
    return [...this.#resources.values()].some(({ priority }) => priority >= 0);
  }

  /** Whether that very client is there. */
  has(resource: string): boolean {
    return this.#resources.has(resource);
  }

  get presence(): Presence {
    return mergeResources(this.#resources.values());
  }
}
