import type { RichText, Run } from "./model.ts";

/** The words as a side without looks shows them: the characters, and behind what leads somewhere else the address. */
export function plainText({ runs }: RichText): string {
  return linkGroups(runs)
    .map(({ text, link }) => (link === undefined || saysLink(text, link) ? text : `${text} (${link})`))
    .join("");
}

/** Neighbours that lead to the same place, together. */
function linkGroups(runs: readonly Run[]): { text: string; link: string | undefined }[] {
  const groups: { text: string; link: string | undefined }[] = [];
  for (const { text, link } of runs) {
    const last = groups.at(-1);
    if (last !== undefined && last.link === link) last.text += text;
    else groups.push({ text, link });
  }
  return groups;
}

/** Whether the words are the address itself, if need be without its scheme or its last slash. */
function saysLink(text: string, link: string): boolean {
  const bare = (address: string): string =>
    address
      .replace(/[\u200E\u200F]/g, "")
      .trim()
      .toLowerCase()
      .replace(/^(?:https?:\/\/|mailto:)/, "")
      .replace(/\/$/, "");
  const said = bare(text);
  return said === "" || said === bare(link);
}

/**
 * The runs with the address written behind what leads somewhere else, and no run that leads anywhere: for sides that can
 * show looks but no links.
 */
export function linksAsText({ runs }: RichText): Run[] {
  const written: Run[] = [];
  let words = "";
  runs.forEach((run, i) => {
    const { link, ...unlinked } = run;
    written.push(unlinked);
    if (link === undefined) return;
    words += run.text;
    if (runs[i + 1]?.link === link) return;
    if (!saysLink(words, link)) written.push({ text: ` (${link})` });
    words = "";
  });
  return written;
}
