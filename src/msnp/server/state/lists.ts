/** Bits of the contact lists (source: msnp-core §5.1). */
export const FL = 1;
export const AL = 2;
export const BL = 4;
export const RL = 8;
export const PL = 16;

export type ListName = "FL" | "AL" | "BL" | "RL" | "PL";

export const LIST_BITS: Readonly<Record<ListName, number>> = { FL, AL, BL, RL, PL };

/** The bit of a list by the name it has on the wire, or undefined. */
export function listBit(name: string): number | undefined {
  return Object.hasOwn(LIST_BITS, name) ? LIST_BITS[name as ListName] : undefined;
}

/** Names of the lists in a set of bits, in the order of their bits. */
export function listNames(bits: number): ListName[] {
  return (Object.keys(LIST_BITS) as ListName[]).filter((name) => (bits & LIST_BITS[name]) !== 0);
}

/** How many entries a list may hold (source: msnp-core §1.5, §9.4). RL and PL follow from what others do. */
export const LIST_LIMITS: readonly (readonly [bit: number, limit: number])[] = [
  [FL, 1000],
  [AL, 1500],
  [BL, 1200],
];

export const MAX_GROUPS = 30;
/** Longest group name in characters (source: msnp-core §1.5). */
export const MAX_GROUP_NAME = 61;

/** Why a change of the lists is refused; each front has its own number or fault for it. */
export type ListFault =
  | "no-such-account"
  | "list-full"
  | "already-on-list"
  | "not-on-list"
  | "no-such-group"
  | "group-exists"
  | "group-name-too-long"
  | "too-many-groups";

/** A refused change of contact lists. */
export class ListError extends Error {
  override readonly name = "ListError";
  readonly fault: ListFault;

  constructor(fault: ListFault) {
    super(`The list change was refused: ${fault}`);
    this.fault = fault;
  }
}
