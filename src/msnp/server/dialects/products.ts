import type { Product } from "../../dialect/types.ts";

function products(...pairs: readonly (readonly [id: string, key: string])[]): Product[] {
  return pairs.map(([id, key]) => ({ id, key }));
}

/** Programs that may answer challenges, by the first version that knows them (source: msnp-core §4). */
export const PRODUCTS_6 = products(
  ["msmsgs@msnmsgr.com", "Q1P7W2E4J9R8U3S5"],
  ["PROD0038W!61ZTF9", "VT6PX?UQTM4WM%YR"],
  ["PROD0058#7IL2{QD", "QHDCY@7R1TB6W?5B"],
  ["PROD0061VRRZH@4F", "JXQ6J@TUOGYV@N0M"],
  ["PROD00504RLUG%WL", "I2EBK%PYNLZL5_J4"],
  ["PROD0076ENE8*@AW", "CEQJ8}OE0!WTSWII"],
);
export const PRODUCTS_11 = products(["PROD0090YUAUV{2B", "YMM8C_H7KCQ2S_KL"], ["PROD0101{0RM?UBW", "CFHUR$52U_{VIX5T"]);
export const PRODUCTS_13 = products(["PROD01065C%ZFN6F", "O4BG@C7BWLYQX?5G"], ["PROD0112J1LW7%NB", "RH96F{PHI8PPX_TJ"]);
export const PRODUCTS_15 = products(
  ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5"],
  ["PROD0114ES4Z%Q5W", "PK}_A_0N_K%O?A9S"],
  ["PROD0118R6%2WYOS", "YIXPX@5I2P0UT*LK"],
  ["PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX"],
  ["PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM"],
);
