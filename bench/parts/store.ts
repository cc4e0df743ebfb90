import type { Part } from "../lib/report.ts";
import { benchStore } from "../store.bench.ts";

/** The store alone, on a Redis of its own. */
export const store: Part = {
  name: "store",
  title: "Store: append, read and done",
  async run({ quick }) {
    const entries = quick ? 1000 : 10_000;
    const { oneLanePerSecond, manyLanesPerSecond, appendMs } = await benchStore(entries);
    return [
      { what: "one lane, one after another", value: oneLanePerSecond, unit: "entries/s", note: `${entries} entries` },
      { what: "100 lanes side by side", value: manyLanesPerSecond, unit: "entries/s", note: `${entries} entries` },
      { what: "one append at 1 000/s, p50", value: appendMs.p50, unit: "ms" },
      { what: "one append at 1 000/s, p99", value: appendMs.p99, unit: "ms" },
    ];
  },
};
