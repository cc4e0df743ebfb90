import type { Color } from "../../bridge/text/model.ts";

/** The palette of Messenger Plus!, by the numbers in its codes. Source: emesene's reader of them, gui/base/Plus.py. */
export const PLUS_COLORS: readonly Color[] = (
  "ffffff 000000 00007f 009300 ff0000 7f0000 9c009c fc7f00 ffff00 00fc00 009393 00ffff 0000fc ff00ff 7f7f7f d2d2d2 " +
  "e7e6e4 cfcdd0 ffdea4 ffaeb9 ffa8ff b4b4fc bafbe5 c1ffa3 fafda2 b6b4b7 a2a0a1 f9c152 ff6d66 ff62ff 6c6cff 68ffc3 " +
  "8eff67 f9ff57 858482 6e6d7b ffa01e f92611 ff20ff 202bff 1effa5 60f913 fff813 5e6464 4b494c d98812 eb0505 de00de " +
  "0000d3 03cc88 59d80d d4c804 333335 18171c 944e00 9b0008 980299 01038c 01885f 389600 9a9e15 473400 4d0000 5f0162 " +
  "000047 06502f 1c5300 544d05"
)
  .split(" ")
  .map((hex): Color => `#${hex}`);

/** Its names of the first sixteen. */
export const PLUS_NAMES: readonly string[] =
  "white black marine green red brown purple orange yellow lime teal aqua blue pink gray silver".split(" ");
