import { createHash } from "node:crypto";
import type { ResidentId } from "../../bridge/model.ts";
import type { ProfileStore } from "../../bridge/ports/store.ts";
import { RecentMap } from "../../bridge/recent.ts";

/** A field of a profile holds 4 KiB: the marks of one person are spread over several. */
const FIELDS = 16;
const MARK = 6;
const MOST = Math.floor(4096 / MARK);
const REMEMBERED = 5000;

/**
 * A set of facts about each person that outlives restarts, e.g. whom they have been asked to see. Kept as short hashes: one
 * in some millions is taken for another.
 */
export class Marks {
  readonly #profiles: ProfileStore;
  readonly #prefix: string;
  readonly #known = new RecentMap<ResidentId, Map<string, string>>(REMEMBERED);

  /** `prefix`: first letters of the profile's fields. */
  constructor(profiles: ProfileStore, prefix: string) {
    this.#profiles = profiles;
    this.#prefix = prefix;
  }

  /** @throws BridgeError `store-down`. */
  async has(resident: ResidentId, what: string): Promise<boolean> {
    const { field, mark } = this.#place(what);
    return includes((await this.#of(resident)).get(field) ?? "", mark);
  }

  /** @throws BridgeError `store-down`. */
  async add(resident: ResidentId, what: string): Promise<void> {
    const { field, mark } = this.#place(what);
    const marks = await this.#of(resident);
    const before = marks.get(field) ?? "";
    if (includes(before, mark)) return;
    const after = (before + mark).slice(-MOST * MARK);
    marks.set(field, after);
    await this.#keep(resident, { [field]: after });
  }

  /** @throws BridgeError `store-down`. */
  async remove(resident: ResidentId, what: string): Promise<void> {
    const { field, mark } = this.#place(what);
    const marks = await this.#of(resident);
    const before = marks.get(field) ?? "";
    if (!includes(before, mark)) return;
    const after = cut(before)
      .filter((one) => one !== mark)
      .join("");
    marks.set(field, after);
    await this.#keep(resident, { [field]: after });
  }

  /** Forgets everything about a person. @throws BridgeError `store-down`. */
  async clear(resident: ResidentId): Promise<void> {
    const marks = await this.#of(resident);
    const fields = [...marks].filter(([field, value]) => this.#isMine(field) && value !== "").map(([field]) => field);
    if (fields.length === 0) return;
    for (const field of fields) marks.delete(field);
    await this.#keep(resident, Object.fromEntries(fields.map((field) => [field, ""])));
  }

  /** Where that fails, what is in memory may not be what is kept. */
  async #keep(resident: ResidentId, fields: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.#profiles.updateResident(resident, fields);
    } catch (error) {
      this.#known.delete(resident);
      throw error;
    }
  }

  #isMine(field: string): boolean {
    return field.startsWith(this.#prefix) && /^\d+$/.test(field.slice(this.#prefix.length));
  }

  #place(what: string): { field: string; mark: string } {
    const hash = createHash("sha256").update(what).digest();
    return { field: `${this.#prefix}${(hash[0] ?? 0) % FIELDS}`, mark: hash.toString("base64url").slice(2, 2 + MARK) };
  }

  async #of(resident: ResidentId): Promise<Map<string, string>> {
    const known = this.#known.get(resident);
    if (known) return known;
    const marks = new Map(Object.entries(await this.#profiles.resident(resident)));
    const meanwhile = this.#known.get(resident);
    if (meanwhile) return meanwhile;
    this.#known.set(resident, marks);
    return marks;
  }
}

function cut(marks: string): string[] {
  return marks.match(/.{6}/g) ?? [];
}

function includes(marks: string, mark: string): boolean {
  return cut(marks).includes(mark);
}
