import type { ListForm } from "../../dialect/types.ts";
import { BITS } from "./bits.ts";
import { GUIDS } from "./guids.ts";
import { SERIALS } from "./serials.ts";
import type { ListWire } from "./types.ts";

/** The form each dialect names; a dialect whose lists do not come by SYN has none. */
export const LIST_WIRES: Readonly<Record<Exclude<ListForm, "none">, ListWire>> = {
  serials: SERIALS,
  bits: BITS,
  guids: GUIDS,
};
