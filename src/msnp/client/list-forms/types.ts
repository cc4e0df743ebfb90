import type { Email } from "../../address.ts";
import type { ListName, MsnContact } from "../types.ts";

/** A person on lists, as a line says it. What a line does not say is absent. */
export interface Person {
  readonly email?: Email;
  /** Id of the contact, lower-case. */
  readonly guid?: string;
  readonly displayName?: string;
  readonly groupIds: readonly string[];
}

export interface Listed extends Person {
  /** List bits. */
  readonly bits: number;
  /** Whether the bits are all that there are; otherwise they are one list of several lines. */
  readonly isWhole: boolean;
}

export interface ListChange extends Person {
  readonly list: ListName;
}

export interface Group {
  readonly id: string;
  readonly name: string;
}

/** Name of a command and what follows its trid. */
export type Line = readonly [name: string, ...args: (string | number)[]];

/** A contact whose id is known, where the form has ids. */
export interface Named extends Pick<MsnContact, "email" | "displayName"> {
  readonly guid?: string | undefined;
}

/**
 * How one family of dialects writes lists: what lines say, and what is sent to change them. The arguments of lines are
 * given as they came, trid included (source: msnp-core §5.2-§5.5).
 */
export interface ListWire {
  /** Arguments of SYN for "I have nothing". */
  readonly sync: readonly number[];
  /** How many lines of contacts and groups follow the answer to SYN; undefined when it does not say. */
  counts(args: readonly string[]): { contacts: number; groups: number } | undefined;
  /** Whether a LST is the last one; for forms without counts. */
  isLast(args: readonly string[]): boolean;
  /** LST; undefined for an empty list and for a line that cannot be read. */
  listed(args: readonly string[]): Listed | undefined;
  /** LSG */
  group(args: readonly string[]): Group | undefined;
  /** ADD or ADC */
  added(args: readonly string[]): ListChange | undefined;
  /** REM */
  removed(args: readonly string[]): ListChange | undefined;
  /** The id in the answer to ADG, or in one that another place caused. */
  newGroup(args: readonly string[], name?: string): Group | undefined;
  /** REG */
  renamedGroup(args: readonly string[]): Group | undefined;
  /** RMG */
  removedGroup(args: readonly string[]): string | undefined;

  add(list: ListName, who: Named, groupId?: string): Line;
  addToGroup(who: Named, groupId: string): Line;
  remove(list: ListName, who: Named, groupId?: string): Line;
  rename(who: Named, name: string): Line;
  addGroup(name: string): Line;
  renameGroup(id: string, name: string): Line;
}
