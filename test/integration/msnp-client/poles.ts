import type { Dialect } from "../../../src/msnp/dialect/index.ts";
import { type NetworkOptions, OFFICIAL_QUIRKS } from "../../../src/msnp/server/index.ts";

/** A dialect and how the network behaves: as a live Escargot, or as Microsoft's servers did. */
export interface Pole {
  readonly dialect: Dialect;
  readonly title: string;
  readonly options: NetworkOptions;
}

/** Each dialect at one kind of server, both kinds in turn; in the long run each at both. */
export function poles(dialects: readonly Dialect[]): Pole[] {
  const isLong = process.env.MSNBRIDGE_LONG === "1";
  return dialects.flatMap((dialect): Pole[] => {
    const escargot = { dialect, title: `${dialect.name} at Escargot`, options: {} };
    const official = { dialect, title: `${dialect.name} at Microsoft`, options: { quirks: OFFICIAL_QUIRKS } };
    if (isLong) return [escargot, official];
    return [dialect.version % 2 === 0 ? escargot : official];
  });
}
