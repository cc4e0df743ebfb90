import { type RichText, type Run, rich, textOf } from "./text/model.ts";

const LONGEST_SPEAKER = 24;
/** Square brackets, and what looks like them. */
const BRACKETS = String.raw`\[\]\u2045\u2046\u2772\u2773\u27e6\u27e7\u3010\u3011\u3014\u3015\u301a\u301b\ufe47\ufe48\uff3b\uff3d`;
const BRACKET = new RegExp(`[${BRACKETS}]`, "gu");
/** What a client may show as a line break. */
const BREAKS = String.raw`\n\v\f\r\u0085\u2028\u2029`;
/** What nobody sees. */
const BLANK = String.raw`\s\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0`;
/** What can show a line in another order than it is written in. */
const TURNING = String.raw`\u202a-\u202e\u2066-\u2069`;
const NOT_IN_A_NAME = new RegExp(String.raw`[\p{C}\p{Zl}\p{Zp}${BRACKETS}]+`, "gu");
const FALSE_START = new RegExp(
  `(\\r\\n|[${BREAKS}])(?=(?:(?![${BREAKS}])[${BLANK}])*[${BRACKETS}]|[^${BREAKS}]*[${TURNING}])`,
  "gu",
);

/**
 * Somebody's words in the mouth of another: `[Anna] hello`. The name is cut to 24 characters; no line of the words can
 * look as if somebody else had said it.
 */
export function spokenBy(speaker: string, text: string): string {
  const plain = speaker.replaceAll(NOT_IN_A_NAME, " ").trim();
  const letters = [...plain];
  const shown = letters.length > LONGEST_SPEAKER ? `${letters.slice(0, LONGEST_SPEAKER - 1).join("")}…` : plain;
  return `[${shown === "" ? "?" : shown}] ${text.replaceAll(FALSE_START, "$1> ")}`;
}

/** Words at the beginning of a line of ours: nothing in them looks like somebody's name. */
export function unbracketed(text: string): string {
  return text.replaceAll(BRACKET, " ").trim();
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
