import type { StubHome } from "./homes.ts";

/** One measured number, with the mark it is held against when it has one (source: design §7). */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: Target;
  /** What the number stands on: sizes, counts, the runs it is the best of. */
  readonly note?: string;
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };
export type Verdict = "ok" | "MISSED" | "";

export interface PartOptions {
  /** Those that are measured, where a part measures several. */
  readonly homes: readonly StubHome[];
  readonly quick: boolean;
  readonly full: boolean;
  /** Write a CPU profile of the bridge under load, too. */
  readonly profile: boolean;
  /** Tells the person at the terminal what goes on. */
  readonly say: (what: string) => void;
}

export interface Part {
  readonly name: string;
  readonly title: string;
  run(options: PartOptions): Promise<readonly Figure[]>;
}

export function verdict({ value, target }: Figure): Verdict {
  if (target === undefined) return "";
  return ("atLeast" in target ? value >= target.atLeast : value <= target.atMost) ? "ok" : "MISSED";
}

/** A number as a person wants to read it. */
export function readable(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US").replaceAll(",", " ");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** The figures of a part as a table of plain text. */
export function table(title: string, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${readable(figure.value)} ${figure.unit}`.trimEnd(),
    targetText(figure),
    verdict(figure),
    figure.note ?? "",
  ]);
  const head = ["what", "measured", "target", "", "how"];
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `  ${cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd()}`;
  const rule = widths.map((width) => "─".repeat(width));
  return [title, line(head), line(rule), ...rows.map(line), ""].join("\n");
}

function targetText({ target, unit }: Figure): string {
  if (target === undefined) return "";
  const [sign, mark] = "atLeast" in target ? ["≥", target.atLeast] : ["≤", target.atMost];
  return `${sign} ${mark} ${unit}`.trimEnd();
}
