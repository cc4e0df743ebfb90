import type { Run } from "./model.ts";

/**
 * Runs whose blanks HTML shows as they are: one at the edge of a line or behind another one becomes U+00A0, a tabulator four
 * blanks. `kept`: runs that stand where blanks are shown anyway.
 */
export function lastingBlanks(runs: readonly Run[], kept: (run: Run) => boolean = () => false): Run[] {
  let before = "\n";
  return runs.map((run, i) => {
    const behind = runs[i + 1]?.text[0] ?? "\n";
    const shown = kept(run) ? run.text : lasting(run.text.replaceAll("\t", "    "), before, behind);
    before = run.text.at(-1) ?? before;
    return { ...run, text: shown };
  });
}

function lasting(text: string, before: string, behind: string): string {
  return text.replace(/ +/g, (blanks, at: number) => {
    const atStart = /[\s]/u.test(text[at - 1] ?? before);
    const atEnd = /\n/.test(text[at + blanks.length] ?? behind);
    // One blank of several stays one at which a line may be broken.
    const first = atStart || (atEnd && blanks.length === 1) ? "\u00A0" : " ";
    return first + "\u00A0".repeat(blanks.length - 1);
  });
}
