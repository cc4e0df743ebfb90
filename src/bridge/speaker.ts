import { type RichText, type Run, rich, textOf } from "./text/model.ts";

const LONGEST_SPEAKER = 24;
const FALSE_START = /(\r\n|[\n\r\u2028\u2029])(?=\s*\[)/g;

/**
 * Somebody's words in the mouth of another: `[Anna] hello`. The name is cut to 24 characters; no line of the words can
 * look as if somebody else had said it.
 */
export function spokenBy(speaker: string, text: string): string {
  const plain = speaker.replaceAll(/[\p{C}\p{Zl}\p{Zp}[\]]+/gu, " ").trim();
  const letters = [...plain];
  const shown = letters.length > LONGEST_SPEAKER ? `${letters.slice(0, LONGEST_SPEAKER - 1).join("")}…` : plain;
  return `[${shown === "" ? "?" : shown}] ${text.replaceAll(FALSE_START, "$1> ")}`;
}

/** {@link spokenBy} for words with looks; the name has none. */
export function spokenRich(speaker: string, words: RichText): RichText {
  const breaks = [...textOf(words).matchAll(FALSE_START)].map(({ 0: found, index }) => index + found.length);
  const runs: Run[] = [{ text: spokenBy(speaker, "") }];
  let at = 0;
  for (const run of words.runs) {
    const end = at + run.text.length;
    let from = at;
    for (const place of breaks.filter((one) => one > at && one <= end)) {
      runs.push({ ...run, text: run.text.slice(from - at, place - at) }, { text: "> " });
      from = place;
    }
    runs.push({ ...run, text: run.text.slice(from - at) });
    at = end;
  }
  return rich(runs, { rightToLeft: words.rightToLeft === true });
}
