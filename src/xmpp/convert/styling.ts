/** Message Styling (XEP-0393) and the bridge's rich text, both ways. Pure. */
import { markDirection, readDirection } from "../../bridge/text/direction.ts";
import { type Look, type RichText, type Run, rich, textOf } from "../../bridge/text/model.ts";
import { linksAsText, plainText } from "../../bridge/text/plain.ts";
import { withSigns } from "../../bridge/text/signs.ts";

const SPANS: Readonly<Record<string, Look>> = {
  "*": { bold: true },
  _: { italic: true },
  "~": { strike: true },
  "`": { code: true },
};

/** A body with its signs read: they are gone, what they mean is the runs' look. Quotations stay lines with `>`. */
export function richOfStyling(body: string): RichText {
  const runs: Run[] = [];
  const lines = body.replace(/\r\n?/g, "\n").split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (i > 0) runs.push({ text: "\n" });
    if (!line.startsWith("```")) {
      runs.push(...spans(line));
      continue;
    }
    // Without an end the block takes the rest (XEP-0393 §5.1.2).
    const found = lines.indexOf("```", i + 1);
    const end = found < 0 ? lines.length : found;
    const block = lines.slice(i + 1, end).join("\n");
    if (block !== "") runs.push({ text: block, code: true });
    i = end;
  }
  return readDirection(rich(runs));
}

/** One line; what quotes stands before its words. */
function spans(line: string): Run[] {
  const quote = /^(?:> ?)*/.exec(line)?.[0] ?? "";
  const runs: Run[] = quote === "" ? [] : [{ text: quote }];
  scan(line, quote.length, line.length, {}, runs);
  return runs;
}

/** Reads from `from` to `to`, within spans that give `look`. Every sign is searched an end for at most once in vain. */
function scan(line: string, from: number, to: number, look: Look, runs: Run[]): void {
  const endless = new Set<string>();
  let plain = from;
  let i = from;
  while (i < to) {
    const sign = line[i] ?? "";
    const span = SPANS[sign];
    const close = span === undefined || endless.has(sign) || !opens(line, i, from) ? -1 : closing(line, i, to);
    if (close === -1) {
      if (span !== undefined && opens(line, i, from)) endless.add(sign);
      i += 1;
      continue;
    }
    if (i > plain) runs.push({ text: line.slice(plain, i), ...look });
    if (sign === "`") runs.push({ text: line.slice(i + 1, close), ...look, ...span });
    else scan(line, i + 1, close, { ...look, ...span }, runs);
    i = close + 1;
    plain = i;
  }
  if (to > plain) runs.push({ text: line.slice(plain, to), ...look });
}

/** At the beginning of the line or of the span around it or after a blank, and with no blank behind it. */
function opens(line: string, at: number, from: number): boolean {
  if (/\s/u.test(line[at + 1] ?? " ")) return false;
  return at === from || /\s/u.test(line[at - 1] ?? "");
}

/** The first such sign that has no blank before it; nothing between two is no span. */
function closing(line: string, at: number, to: number): number {
  const sign = line[at] ?? "";
  for (let j = line.indexOf(sign, at + 2); j >= 0 && j < to; j = line.indexOf(sign, j + 1)) {
    if (!/\s/u.test(line[j - 1] ?? " ")) return j;
  }
  return -1;
}

/** A message's body; `unstyled` when a reader must not look for signs in it (XEP-0393 §6). */
export interface StyledBody {
  readonly body: string;
  readonly unstyled: boolean;
}

/**
 * Rich text with the signs for bold, italic, struck and code. Should reading it again not give the same words, because some
 * of them look like signs, it goes without any and is to be marked as unstyled.
 */
export function stylingOfRich(text: RichText): StyledBody {
  const shown = markDirection(text);
  const unlinked = rich(linksAsText(shown));
  const body = withSigns(fenced(unlinked));
  const words = textOf(unlinked);
  if (textOf(markDirection(richOfStyling(body))) === words) return { body, unstyled: false };
  return { body: plainText(shown), unstyled: true };
}

/** Code with its own signs: a block when it has lines, else within the line. */
function fenced({ runs }: RichText): Run[] {
  return runs.flatMap((run): Run[] => {
    if (!run.code) return [run];
    return [{ text: run.text.includes("\n") ? `\`\`\`\n${run.text}\n\`\`\`` : `\`${run.text}\``, code: true }];
  });
}
