import { EXIT, EXIT_MEANINGS } from "../../../src/cli/exit-codes.ts";
import { table } from "./text.ts";

/** The table of exit codes in docs/operators.md. */
export function exitCodeTable(): string {
  const rows = (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]]);
  return table(["exit code", "meaning"], rows);
}
