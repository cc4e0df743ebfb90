/** What a probe found, and how it is printed: one table of sign-in stages, one of features, and a reason for each fail. */

export type Verdict = "pass" | "fail" | "not offered" | "not tried";

export interface Result {
  readonly verdict: Verdict;
  /** For `fail` and `not tried`: why. */
  readonly detail?: string;
}

/** One dialect over one transport. */
export interface Row {
  readonly dialect: string;
  readonly transport: string;
  /** By stage of the sign-in, in their order. */
  readonly stages: ReadonlyMap<string, Result>;
  /** By feature; empty when only one account was given. */
  readonly features: ReadonlyMap<string, Result>;
}

export const PASS: Result = { verdict: "pass" };
export const NOT_OFFERED: Result = { verdict: "not offered" };

export function failed(detail: string): Result {
  return { verdict: "fail", detail };
}

export function notTried(detail: string): Result {
  return { verdict: "not tried", detail };
}

/** Fails stand out in a table of passes. */
const CELLS: Readonly<Record<Verdict, string>> = {
  pass: "pass",
  fail: "FAIL",
  "not offered": "not offered",
  "not tried": "not tried",
};

function table(title: string, rows: readonly Row[], pick: (row: Row) => ReadonlyMap<string, Result>): string[] {
  const columns = [...new Set(rows.flatMap((row) => [...pick(row).keys()]))];
  if (columns.length === 0) return [];
  const head = [title, "over", ...columns];
  const cells = rows.map((row) => [
    row.dialect,
    row.transport,
    ...columns.map((column) => CELLS[pick(row).get(column)?.verdict ?? "not tried"]),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (parts: readonly string[]): string =>
    parts
      .map((part, i) => part.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line), ""];
}

/** Each result with its column, stages first. */
function* results(row: Row): Generator<readonly [string, Result]> {
  yield* row.stages;
  yield* row.features;
}

export function failures(rows: readonly Row[]): number {
  return rows.flatMap((row) => [...results(row)]).filter(([, { verdict }]) => verdict === "fail").length;
}

/** The tables, the reasons, and one line on the whole. */
export function render(rows: readonly Row[]): string {
  const reasons = rows.flatMap((row) =>
    [...results(row)]
      .filter(([, { verdict, detail }]) => verdict === "fail" || (verdict === "not tried" && detail !== ""))
      .map(
        ([column, { verdict, detail }]) =>
          `${row.dialect} over ${row.transport}, ${column}: ${CELLS[verdict]}: ${detail ?? ""}`,
      ),
  );
  const count = failures(rows);
  return [
    ...table("sign-in", rows, (row) => row.stages),
    ...table("talk", rows, (row) => row.features),
    ...reasons,
    ...(reasons.length > 0 ? [""] : []),
    count === 0
      ? `Everything that is offered works: ${rows.length} row(s), 0 fails.`
      : `${count} fail(s) in ${rows.length} row(s).`,
  ].join("\n");
}
