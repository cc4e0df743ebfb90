/** What a rebuild has restored and what not, as lines for a terminal. */
import { type AccountId, type ResidentId, type RoomId, residentParts } from "../../bridge/model.ts";
import type { FoundOwn } from "../../bridge/ports/rebuild.ts";

export interface Account {
  readonly account: AccountId;
  /** Who had a chat by it, where that is known. */
  readonly resident?: ResidentId;
}

/** Accounts that are named at the end. */
const NAMED = 200;

export class Report {
  readonly lines: string[] = [];
  readonly #dryRun: boolean;
  readonly #counts = new Map<string, { restored: number; there: number }>();
  readonly #accounts = new Map<AccountId, Set<string>>();
  readonly #relays: string[] = [];
  #losses = 0;
  #empty = 0;

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun;
  }

  /** Rooms in which something may be lost. */
  get losses(): number {
    return this.#losses;
  }

  /** `isNew` false: the store has it already. */
  chat(room: RoomId, what: string, isNew: boolean): void {
    this.#count("chats", isNew);
    this.#line(room, what, isNew);
  }

  group(room: RoomId, what: string, isNew: boolean): void {
    this.#count("groups", isNew);
    this.#line(room, what, isNew);
  }

  own({ sort, line }: FoundOwn, isNew: boolean): void {
    this.#count(sort, isNew);
    if (line !== undefined) this.lines.push(`${isNew ? this.#restored : "there     "}  ${line}`);
  }

  leftOut(room: RoomId, why: string, isLoss: boolean): void {
    if (isLoss) this.#losses += 1;
    else this.#empty += 1;
    this.lines.push(`${isLoss ? "NOT       " : "left      "}  ${room}: ${why}`);
  }

  /** Somebody must link it again. */
  unlinked({ account, resident }: Account): void {
    const people = this.#accounts.get(account) ?? new Set<string>();
    this.#accounts.set(account, people);
    if (resident !== undefined) people.add(residentParts(resident).id);
  }

  relay(room: RoomId, account: AccountId): void {
    this.#relays.push(
      `${room}: people without an account spoke through ${account}; say \`relay set\` when it is linked`,
    );
  }

  /** The end of the report. */
  summary(): string[] {
    const done = this.#dryRun ? "Would restore" : "Restored";
    const counted = [...this.#counts].map(
      ([sort, { restored, there }]) =>
        `${sort} ${restored}${there === 0 ? "" : ` (and ${there} that were there already)`}`,
    );
    return [
      `${done}: ${counted.length === 0 ? "nothing" : counted.join(", ")}.`,
      ...(this.#empty === 0 ? [] : [`${rooms(this.#empty)} left as they are: there is nothing to restore in them.`]),
      this.#losses === 0
        ? "Nothing that was found had to be given up."
        : `${rooms(this.#losses)} NOT restored; see above.`,
      ...(this.#relays.length === 0 ? [] : ["", "Relays:", ...this.#relays.map((line) => `  ${line}`)]),
      ...this.#toLink(),
    ];
  }

  #toLink(): string[] {
    const all = [...this.#accounts];
    if (all.length === 0) return [];
    const named = all.slice(0, NAMED).map(([account, people]) => {
      const whose = people.size === 0 ? "" : ` (${[...people].join(", ")})`;
      return `  ${account}${whose}`;
    });
    const more = all.length > NAMED ? [`  and ${all.length - NAMED} more`] : [];
    return ["", "Linked accounts and their passwords are gone; each must be linked again (`link`):", ...named, ...more];
  }

  get #restored(): string {
    return this.#dryRun ? "would     " : "restored  ";
  }

  #line(room: RoomId, what: string, isNew: boolean): void {
    this.lines.push(`${isNew ? this.#restored : "there     "}  ${room}: ${what}`);
  }

  #count(sort: string, isNew: boolean): void {
    const known = this.#counts.get(sort) ?? { restored: 0, there: 0 };
    this.#counts.set(sort, {
      restored: known.restored + (isNew ? 1 : 0),
      there: known.there + (isNew ? 0 : 1),
    });
  }
}

const rooms = (count: number): string => (count === 1 ? "1 room was" : `${count} rooms were`);
