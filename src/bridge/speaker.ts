const LONGEST_SPEAKER = 24;

/**
 * Somebody's words in the mouth of another: `[Anna] hello`. The name is cut to 24 characters; no line of the words can
 * look as if somebody else had said it.
 */
export function spokenBy(speaker: string, text: string): string {
  const plain = speaker.replaceAll(/[\p{C}\p{Zl}\p{Zp}[\]]+/gu, " ").trim();
  const letters = [...plain];
  const shown = letters.length > LONGEST_SPEAKER ? `${letters.slice(0, LONGEST_SPEAKER - 1).join("")}…` : plain;
  return `[${shown === "" ? "?" : shown}] ${text.replaceAll(/(\r\n|[\n\r\u2028\u2029])(?=\s*\[)/g, "$1> ")}`;
}
