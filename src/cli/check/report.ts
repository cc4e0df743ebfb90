/** What the checks found, as lines for a terminal and a numbered list of what to do. */

export type Verdict = "ok" | "warn" | "fail" | "skip";

export interface Finding {
  readonly verdict: Verdict;
  /** What was looked at, e.g. `Escargot: version`. */
  readonly subject: string;
  readonly text: string;
  /** What to do; always there for `fail` and `warn`. */
  readonly fix?: string;
}

export const ok = (subject: string, text: string): Finding => ({ verdict: "ok", subject, text });
export const warn = (subject: string, text: string, fix: string): Finding => ({ verdict: "warn", subject, text, fix });
export const fail = (subject: string, text: string, fix: string): Finding => ({ verdict: "fail", subject, text, fix });
export const skip = (subject: string, text: string): Finding => ({ verdict: "skip", subject, text });

const MARKS: Readonly<Record<Verdict, string>> = { ok: "ok  ", warn: "WARN", fail: "FAIL", skip: "skip" };

export function findingLine({ verdict, subject, text }: Finding): string {
  return `${MARKS[verdict]}  ${subject}: ${text}`;
}

/** The last lines: one numbered fix for each failure, then for each warning; and one line on the whole. */
export function summary(findings: readonly Finding[]): string {
  const failed = findings.filter(({ verdict }) => verdict === "fail");
  const warned = findings.filter(({ verdict }) => verdict === "warn");
  const fixes = [...failed, ...warned].map(({ subject, fix }, i) => `${i + 1}. ${subject}: ${fix ?? ""}`);
  const whole =
    failed.length === 0
      ? `All that matters works${warned.length > 0 ? `; ${warned.length} warning(s)` : ""}.`
      : `${failed.length} check(s) failed${warned.length > 0 ? `, ${warned.length} warning(s)` : ""}.`;
  return fixes.length === 0 ? `\n${whole}` : `\nWhat to do:\n${fixes.join("\n")}\n\n${whole}`;
}
