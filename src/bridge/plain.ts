/** Control characters and line ends. */
const BREAKING = /[\p{Cc}\u2028\u2029]+/gu;
/** What turns the direction of the text behind it, so that one name could rearrange a whole line. */
const TURNING = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
/** Homes leave noncharacters out, and control characters. */
const VISIBLE = /[^\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Z}\p{Cc}\u2800]/u;

/** Whether a reader sees anything of it. What nobody sees is said nowhere: some servers and programs drop an empty text. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

/**
 * Words that a stranger has chosen (a name, a personal message) as part of a line of ours: on one line, at most `max`
 * characters, and empty when nothing of them can be seen.
 */
export function oneLine(text: string, max: number): string {
  const clean = text.toWellFormed().replace(BREAKING, " ").replace(TURNING, "").trim();
  if (!isVisible(clean)) return "";
  const characters = [...clean];
  return characters.length <= max ? clean : `${characters.slice(0, max - 1).join("")}…`;
}
