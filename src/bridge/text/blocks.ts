import { type Look, MAX_CHARACTERS, type RichText, type Run, rich, sameLook } from "./model.ts";

/** What stands in front of the lines of a block: of its first one, and of the others. */
interface Prefix {
  first: string;
  readonly others: string;
}

/** Deeper quotations and lists go on at the edge of these. */
const DEEPEST = 8;

/**
 * Lays blocks (paragraphs, lists, quotations) out as lines. Blanks are as in HTML: any number of them and of line breaks is
 * one, none stands at the edge of a line. Stops taking text at {@link MAX_CHARACTERS}.
 */
export class BlockWriter {
  readonly #runs: Run[] = [];
  readonly #prefixes: Prefix[] = [];
  #depth = 0;
  #length = 0;
  /** Line breaks that are due before the next word. */
  #breaks = 0;
  #breakLook: Look = {};
  /** A blank that is due before the next word. */
  #blank: Look | undefined;
  #atLineStart = true;
  #afterParagraph = false;

  /** Words, with the blanks between them. */
  text(text: string, look: Look): void {
    for (const piece of text.match(/[ \t\n\r\f]+|[^ \t\n\r\f]+/g) ?? []) {
      if (/^[ \t\n\r\f]/.test(piece)) this.#blank ??= look;
      else this.#word(piece.replaceAll("\u00A0", " "), look);
    }
  }

  /** Text whose blanks and line breaks are meant as they stand. */
  verbatim(text: string, look: Look): void {
    text.split("\n").forEach((line, i) => {
      if (i > 0) this.lineBreak(look);
      if (line !== "") this.#word(line, look);
    });
  }

  /** Code ends: a line break at its end was only there to end the last line. */
  endVerbatim(): void {
    this.#breaks = Math.max(0, this.#breaks - 1);
  }

  /** A line ends, within words of that look. */
  lineBreak(look: Look): void {
    this.#blank = undefined;
    this.#breakLook = this.#breaks === 0 || sameLook(this.#breakLook, look) ? look : {};
    this.#breaks += 1;
  }

  /** A block begins or ends here. Between two paragraphs is an empty line. */
  block(kind: "paragraph" | "other"): void {
    const apart = kind === "paragraph" && this.#afterParagraph;
    this.#blank = undefined;
    const wanted = this.#length === 0 ? 0 : apart ? 2 : 1;
    if (wanted > this.#breaks) [this.#breaks, this.#breakLook] = [wanted, {}];
    if (kind === "other") this.#afterParagraph = false;
  }

  endParagraph(): void {
    this.block("other");
    this.#afterParagraph = true;
  }

  /** A block whose lines begin with something; each one ends with {@link end}. */
  begin(first: string, others: string): void {
    this.block("other");
    this.#depth += 1;
    if (this.#depth <= DEEPEST) this.#prefixes.push({ first, others });
  }

  end(): void {
    this.block("other");
    if (this.#depth <= DEEPEST) this.#prefixes.pop();
    this.#depth -= 1;
  }

  result(): RichText {
    return rich(this.#runs);
  }

  #word(word: string, look: Look): void {
    if (this.#length >= MAX_CHARACTERS) return;
    this.#flushBreaks();
    if (this.#atLineStart) {
      for (const prefix of this.#prefixes) {
        this.#put(prefix.first, {});
        prefix.first = prefix.others;
      }
    } else if (this.#blank !== undefined) this.#put(" ", this.#blank);
    this.#blank = undefined;
    this.#put(word, look);
    this.#atLineStart = false;
    this.#afterParagraph = false;
  }

  #flushBreaks(): void {
    if (this.#breaks === 0) return;
    if (this.#length > 0) {
      // An empty line within a quotation belongs to it.
      const quoted = this.#prefixes
        .map(({ others }) => others)
        .join("")
        .trimEnd();
      for (let i = 0; i < this.#breaks; i++) {
        if (i > 0 && quoted !== "") this.#put(quoted, {});
        this.#put("\n", this.#breakLook);
      }
    }
    this.#breaks = 0;
    this.#atLineStart = true;
  }

  #put(text: string, look: Look): void {
    this.#length += text.length;
    this.#runs.push({ text, ...look });
  }
}
