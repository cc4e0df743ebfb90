/**
 * Commands at which a version ends the connection without an error, because they are older or newer than it is
 * (source: msnp-core §1.9, §5.2-5.6). The sets are Escargot's; official servers are not known to differ.
 */
const FROM_MSNP18 = ["VAS", "PUT", "SDG"];
const FROM_MSNP14 = ["FQY", "UUM", ...FROM_MSNP18];
const FROM_MSNP13 = ["ADL", "RML", "UUN", ...FROM_MSNP14];
const FROM_MSNP11 = ["GCF", ...FROM_MSNP13];
const FROM_MSNP10 = ["ADC", "SBP", ...FROM_MSNP11];
const FROM_MSNP5 = ["PRP", "SDC", ...FROM_MSNP10];
const UNTIL_MSNP9 = ["ADD"];
const UNTIL_MSNP12 = ["GTC", "SBP", ...UNTIL_MSNP9];

export const CLOSING_2: ReadonlySet<string> = new Set(FROM_MSNP5);
export const CLOSING_5: ReadonlySet<string> = new Set(FROM_MSNP10);
export const CLOSING_10: ReadonlySet<string> = new Set([...UNTIL_MSNP9, ...FROM_MSNP11]);
export const CLOSING_11: ReadonlySet<string> = new Set([...UNTIL_MSNP9, ...FROM_MSNP13]);
export const CLOSING_13: ReadonlySet<string> = new Set([...UNTIL_MSNP12, ...FROM_MSNP14]);
export const CLOSING_14: ReadonlySet<string> = new Set([...UNTIL_MSNP12, ...FROM_MSNP18]);
export const CLOSING_18: ReadonlySet<string> = new Set(UNTIL_MSNP12);
