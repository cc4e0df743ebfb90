interface Place<K, V> {
  readonly key: K;
  value: V;
  older: Place<K, V> | undefined;
  younger: Place<K, V> | undefined;
}

/**
 * A map with a bound: what was put in or asked for longest ago goes first. Its order is a chain beside the map: the oldest key
 * of a Map that loses its oldest again and again is behind as many gaps as it has entries, which made each entry slow.
 */
export class RecentMap<K, V> {
  readonly #places = new Map<K, Place<K, V>>();
  readonly #limit: number;
  #oldest: Place<K, V> | undefined;
  #youngest: Place<K, V> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    const place = this.#places.get(key);
    if (place !== undefined) this.#renew(place);
    return place?.value;
  }

  set(key: K, value: V): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#renew(known);
      return;
    }
    const place: Place<K, V> = { key, value, older: undefined, younger: undefined };
    this.#places.set(key, place);
    this.#append(place);
    if (this.#places.size > this.#limit && this.#oldest !== undefined) this.delete(this.#oldest.key);
  }

  delete(key: K): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#unlink(place);
  }

  /** All of it as it is now, the oldest first. */
  *[Symbol.iterator](): IterableIterator<[K, V]> {
    const all: [K, V][] = [];
    for (let place = this.#oldest; place !== undefined; place = place.younger) all.push([place.key, place.value]);
    yield* all;
  }

  get size(): number {
    return this.#places.size;
  }

  #renew(place: Place<K, V>): void {
    if (place === this.#youngest) return;
    this.#unlink(place);
    this.#append(place);
  }

  #append(place: Place<K, V>): void {
    place.older = this.#youngest;
    place.younger = undefined;
    if (this.#youngest === undefined) this.#oldest = place;
    else this.#youngest.younger = place;
    this.#youngest = place;
  }

  #unlink({ older, younger }: Place<K, V>): void {
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
  }
}
