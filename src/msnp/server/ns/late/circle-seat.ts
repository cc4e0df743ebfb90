import type { Circle } from "../../state/circles.ts";

/** What a client has shown of its right to circles (source: msnp-core §3.9). */
export class CircleSeat {
  /** The ticket that names the circles of the account was right. */
  authenticated = false;
  /** Circles were reported by ADL, and contacts before them; publications fail until then (source: msnp21 §2.6). */
  reported = false;
  /** Circles that came up since the last ticket, to be told with the next one. */
  readonly #fresh = new Set<Circle>();

  add(circle: Circle): void {
    this.#fresh.add(circle);
  }

  forget(circle: Circle): void {
    this.#fresh.delete(circle);
  }

  /** Each is given once. */
  takeFresh(): Circle[] {
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    return fresh;
  }
}
