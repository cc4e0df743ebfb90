import { type Look, type Run, rich } from "./model.ts";
import { type Nested, nest } from "./nest.ts";

/** The looks that have a sign which people write around words in plain text. */
const SIGNED = ["bold", "italic", "strike"] as const satisfies readonly (keyof Look)[];
type Signed = (typeof SIGNED)[number];

const SIGNS: Readonly<Record<Signed, string>> = { bold: "*", italic: "_", strike: "~" };

/**
 * The words with `*bold*`, `_italic_` and `~strike~` written into them. A sign opens only at the beginning of a word, as
 * readers and programs expect it; parts of words stay without. What is `code` stays as it is.
 */
export function withSigns(runs: readonly Run[]): string {
  const nested = nest(hugging(runs), (run) =>
    run.code ? [] : SIGNED.filter((look) => run[look]).map((look) => ({ key: look, sign: SIGNS[look] })),
  );
  return written(nested, true);
}

interface Sign {
  readonly key: string;
  readonly sign: string;
}

/** `atWord`: whether a word may begin where these nodes do. */
function written(nodes: readonly Nested<Sign>[], atWord: boolean): string {
  let text = "";
  for (const node of nodes) {
    const begins = text === "" ? atWord : /\s/u.test(text.at(-1) ?? "");
    if ("text" in node) text += node.text;
    else if (begins) text += `${node.mark.sign}${written(node.children, true)}${node.mark.sign}`;
    else text += written(node.children, false);
  }
  return text;
}

/**
 * The runs with no look on blanks at the edge of a stretch nor on line breaks: signs must touch the words they are for, and
 * a stretch ends with its line.
 */
export function hugging(runs: readonly Run[]): Run[] {
  const pieces = runs.flatMap((run) =>
    (run.text.match(/\n|[^\S\n]+|\S+/gu) ?? []).map((text) => ({ ...run, text }) as Run),
  );
  const looks = pieces.map((piece) => lookOfSigned(piece));
  const isBlank = pieces.map(({ text }) => text.trim() === "");
  const nearest = (from: number, step: number): Look => {
    for (let i = from; i >= 0 && i < pieces.length; i += step) {
      if (pieces[i]?.text === "\n") return {};
      if (!isBlank[i]) return looks[i] ?? {};
    }
    return {};
  };
  const hugged = pieces.map((piece, i): Run => {
    if (!isBlank[i] || piece.code) return piece;
    const [before, behind] = piece.text === "\n" ? [{}, {}] : [nearest(i - 1, -1), nearest(i + 1, 1)];
    return withoutSigned(piece, (look) => before[look] === true && behind[look] === true);
  });
  return [...rich(hugged).runs];
}

function lookOfSigned(run: Run): Look {
  const look: { bold?: true; italic?: true; strike?: true } = {};
  for (const kind of SIGNED) if (run[kind]) look[kind] = true;
  return look;
}

function withoutSigned({ bold, italic, strike, ...rest }: Run, keep: (look: Signed) => boolean): Run {
  return {
    ...rest,
    ...(keep("bold") ? { bold: true as const } : {}),
    ...(keep("italic") ? { italic: true as const } : {}),
    ...(keep("strike") ? { strike: true as const } : {}),
  };
}
