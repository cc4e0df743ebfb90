import { BlockWriter } from "./blocks.ts";
import { type Look, type RichText, readLink } from "./model.ts";

export type Attributes = Readonly<Record<string, string | undefined>>;

/** What differs between the dialects of HTML in chats. */
export interface FlowRules {
  /** What attributes say about the look. */
  readonly look: (name: string, attributes: Attributes) => Look;
  /** Elements left out with all that is in them, besides scripts and the like. */
  readonly skipped?: readonly string[];
  /** Whether a link only names somebody; then its words stay and the link does not. */
  readonly isMention?: (link: string) => boolean;
  /** Words in front of an element's own. */
  readonly note?: (name: string, attributes: Attributes) => string | undefined;
}

const NEVER_SHOWN = ["head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "title"];

const PLAIN_LOOKS: Readonly<Record<string, Look>> = {
  b: { bold: true },
  cite: { italic: true },
  code: { code: true },
  dfn: { italic: true },
  del: { strike: true },
  em: { italic: true },
  i: { italic: true },
  ins: { underline: true },
  kbd: { code: true },
  pre: { code: true },
  s: { strike: true },
  samp: { code: true },
  strike: { strike: true },
  strong: { bold: true },
  summary: { bold: true },
  th: { bold: true },
  tt: { code: true },
  u: { underline: true },
  var: { italic: true },
};

const HEADING = /^h[1-6]$/;
const PARAGRAPHS = new Set(["h1", "h2", "h3", "h4", "h5", "h6", "p"]);
const OTHER_BLOCKS = new Set(["address", "caption", "center", "dd", "details", "div", "dl", "dt", "summary", "tr"]);
const LISTS = new Set(["ul", "ol", "menu"]);

/** How deep elements may lie in one another; the specifications of chats say 100, too. */
export const DEEPEST_ELEMENT = 100;

interface Frame {
  readonly name: string;
  readonly look: Look;
  readonly isPre: boolean;
  /** Number of the next item; 0 for a list without numbers; absent when this is no list. */
  item?: number;
  /** Cells of this row so far. */
  cells?: number;
}

/**
 * Reads HTML, element by element, into lines of text: lists get bullets and numbers, quotations `> `, headings are bold,
 * cells are told apart by `|`. Elements it does not know are their words. What is in `code` keeps its blanks.
 */
export class FlowReader {
  readonly #rules: FlowRules;
  readonly #skipped: ReadonlySet<string>;
  readonly #writer = new BlockWriter();
  readonly #frames: Frame[] = [];
  /** Within `pre`, before its first character: a line break there is not shown. */
  #isFresh = false;
  /** Elements within one that is left out, it included. */
  #hidden = 0;

  constructor(rules: FlowRules) {
    this.#rules = rules;
    this.#skipped = new Set([...NEVER_SHOWN, ...(rules.skipped ?? [])]);
  }

  get depth(): number {
    return this.#frames.length + this.#hidden;
  }

  /** @param name in lower case */
  open(name: string, attributes: Attributes): void {
    if (this.#hidden > 0 || this.#skipped.has(name)) {
      this.#hidden += 1;
      return;
    }
    const parent = this.#frames.at(-1);
    const look = { ...parent?.look, ...this.#lookOf(name, attributes) };
    this.#begin(name, attributes, look, parent);
    const isPre = name === "pre" || parent?.isPre === true;
    if (name === "pre") this.#isFresh = true;
    this.#frames.push({ name, look, isPre, ...(LISTS.has(name) ? { item: firstItem(name, attributes) } : {}) });
    const note = this.#rules.note?.(name, attributes);
    if (note !== undefined) this.#writer.text(note, {});
  }

  text(text: string): void {
    if (this.#hidden > 0 || text === "") return;
    const { look = {}, isPre } = this.#frames.at(-1) ?? {};
    if (isPre) this.#writer.verbatim(this.#isFresh ? text.replace(/^\r?\n/, "") : text, look);
    else this.#writer.text(text, look);
    this.#isFresh = false;
  }

  close(): void {
    if (this.#hidden > 0) {
      this.#hidden -= 1;
      return;
    }
    const name = this.#frames.pop()?.name ?? "";
    if (name === "pre") this.#writer.endVerbatim();
    if (PARAGRAPHS.has(name)) this.#writer.endParagraph();
    else if (name === "li" || name === "blockquote") this.#writer.end();
    else if (OTHER_BLOCKS.has(name) || LISTS.has(name) || name === "pre" || name === "table")
      this.#writer.block("other");
  }

  result(): RichText {
    return this.#writer.result();
  }

  #lookOf(name: string, attributes: Attributes): Look {
    const own = HEADING.test(name) ? { bold: true as const } : (PLAIN_LOOKS[name] ?? {});
    return { ...own, ...this.#rules.look(name, attributes), ...(name === "a" ? this.#linkOf(attributes) : {}) };
  }

  #linkOf({ href }: Attributes): Look {
    const link = href === undefined ? undefined : readLink(href);
    return link === undefined || this.#rules.isMention?.(link) ? {} : { link };
  }

  #begin(name: string, attributes: Attributes, look: Look, parent: Frame | undefined): void {
    const writer = this.#writer;
    if (PARAGRAPHS.has(name)) writer.block("paragraph");
    else if (name === "br") writer.lineBreak(look);
    else if (name === "hr") this.#rule();
    else if (name === "img") writer.text(attributes.alt ?? attributes.title ?? "", look);
    else if (name === "blockquote") writer.begin("> ", "> ");
    else if (name === "li") this.#item(parent);
    else if (name === "td" || name === "th") this.#cell(parent);
    else if (name === "sup") writer.text("^", look);
    else if (OTHER_BLOCKS.has(name) || LISTS.has(name) || name === "pre" || name === "table") writer.block("other");
  }

  #rule(): void {
    this.#writer.block("other");
    this.#writer.text("———", {});
    this.#writer.block("other");
  }

  #item(list: Frame | undefined): void {
    const bullet = list?.item === undefined || list.item === 0 ? "- " : `${list.item}. `;
    if (list?.item) list.item += 1;
    this.#writer.begin(bullet, " ".repeat(bullet.length));
  }

  #cell(row: Frame | undefined): void {
    if (row === undefined) return;
    if (row.cells) this.#writer.text(" | ", {});
    row.cells = (row.cells ?? 0) + 1;
  }
}

function firstItem(name: string, { start }: Attributes): number {
  if (name !== "ol") return 0;
  const number = Number(start ?? 1);
  return Number.isInteger(number) && number > 0 && number < 1_000_000 ? number : 1;
}
