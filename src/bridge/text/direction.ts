/**
 * Which way a text runs. Where that cannot be said beside the text, readers go by the first letter with a direction of each
 * line (Unicode Bidirectional Algorithm, P2 and P3); a line that begins with another one gets U+200F in front.
 */
import { type RichText, type Run, rich, textOf } from "./model.ts";

const MARK = "\u200F";
const STRONG = /[\u200E\u200F\u061C\p{L}]/u;
const RIGHT_TO_LEFT =
  /[\u200F\u061C\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;

/** The direction of the first letter that has one. */
export function firstStrong(text: string): "ltr" | "rtl" | undefined {
  const letter = STRONG.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

/** The text with its direction within it, for sides that have no other place for it. */
export function markDirection(text: RichText): RichText {
  if (!text.rightToLeft) return text;
  const lines = textOf(text).split("\n");
  const marks = lines.map((line) => (line.trim() !== "" && firstStrong(line) !== "rtl" ? MARK : ""));
  let line = 0;
  let begun = false;
  const runs: Run[] = [];
  for (const run of text.runs) {
    const marked = run.text.split("\n").map((piece, i) => {
      if (i > 0) [line, begun] = [line + 1, false];
      if (begun || piece === "") return piece;
      begun = true;
      return `${marks[line] ?? ""}${piece}`;
    });
    runs.push({ ...run, text: marked.join("\n") });
  }
  return rich(runs, { rightToLeft: true });
}

/** The inverse of {@link markDirection}: the direction by the first letter, without the marks in front of lines. */
export function readDirection(text: RichText): RichText {
  const whole = textOf(text);
  // Of marks alone no direction is told: they would be taken off, and nothing be left to tell it by.
  if (firstStrong(whole) !== "rtl" || whole.replaceAll(MARK, "").trim() === "") return text;
  if (!whole.includes(MARK)) return rich(text.runs, { rightToLeft: true });
  let start = true;
  const runs = text.runs.map((run) => {
    const shown = (start ? run.text.replace(/^\u200F/, "") : run.text).replace(/\n\u200F/g, "\n");
    start = run.text === "" ? start : run.text.endsWith("\n");
    return { ...run, text: shown };
  });
  return rich(runs, { rightToLeft: true });
}
