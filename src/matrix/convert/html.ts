/**
 * Matrix's formatted messages (`org.matrix.custom.html`) and the bridge's rich text, both ways. Pure. Source: Matrix
 * Client-Server API, "m.room.message msgtypes": the tags and attributes that may be used, `mx-reply`, and that no more than 100
 * of them may lie in one another.
 */
import { Parser } from "htmlparser2";
import { lastingBlanks } from "../../bridge/text/blanks.ts";
import { markDirection, readDirection } from "../../bridge/text/direction.ts";
import { type Attributes, DEEPEST_ELEMENT, FlowReader, type FlowRules } from "../../bridge/text/flow.ts";
import { isPlain, type Look, plainRich, type RichText, type Run, readColor, rich } from "../../bridge/text/model.ts";
import { type Mark, type Nested, nest } from "../../bridge/text/nest.ts";
import { plainText } from "../../bridge/text/plain.ts";

/** Characters of HTML: no event can hold more. */
const LONGEST = 70_000;

const RULES: FlowRules = {
  look: lookOfTag,
  skipped: ["mx-reply"],
  isMention: (link) => /^https:\/\/matrix\.to\/#\/(?:@|%40)/i.test(link),
  note: (_name, attributes) => spoilerNote(attributes),
};

function lookOfTag(name: string, attributes: Attributes): Look {
  const isFont = name === "font" || name === "span";
  const color = isFont ? (attributes["data-mx-color"] ?? (name === "font" ? attributes.color : undefined)) : undefined;
  const background = isFont ? attributes["data-mx-bg-color"] : undefined;
  const [ink, paper] = [color, background].map((value) => (value === undefined ? undefined : readColor(value)));
  return { ...(ink && { color: ink }), ...(paper && { background: paper }) };
}

/** Nobody can hide words on MSN; at least it is said that they were to be hidden. */
function spoilerNote(attributes: Attributes): string | undefined {
  const reason = attributes["data-mx-spoiler"];
  if (reason === undefined) return undefined;
  return reason === "" ? "(spoiler) " : `(spoiler: ${reason}) `;
}

/**
 * A message's `formatted_body` as rich text; the quotation of the message it answers is left out. `undefined` when it is
 * longer or deeper than what a person writes: then the message's `body` counts.
 */
export function richOfHtml(html: string): RichText | undefined {
  if (html.length > LONGEST) return undefined;
  const reader = new FlowReader(RULES);
  let tooDeep = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (reader.depth < DEEPEST_ELEMENT) reader.open(name, attributes);
      else tooDeep = true;
      // What comes behind is not even looked at: unclosed tags by the thousand would cost more than they are worth.
      if (tooDeep) parser.pause();
    },
    ontext: (text) => reader.text(text),
    onclosetag: () => reader.close(),
  });
  parser.write(html);
  if (tooDeep) return undefined;
  parser.end();
  return readDirection(reader.result());
}

interface Tag extends Mark {
  readonly open: string;
  readonly close: string;
}

function tag(name: string, attributes = ""): Tag {
  const open = `<${name}${attributes}>`;
  return { key: open, open, close: `</${name}>` };
}

function tagsOf(run: Run): Tag[] {
  const { link, color, background, bold, italic, underline, strike, code } = run;
  const colors = `${color ? ` data-mx-color="${color}"` : ""}${background ? ` data-mx-bg-color="${background}"` : ""}`;
  return [
    ...(link === undefined ? [] : [tag("a", ` href="${escaped(link)}"`)]),
    ...(colors === "" ? [] : [tag("span", colors)]),
    ...(bold ? [tag("strong")] : []),
    ...(italic ? [tag("em")] : []),
    ...(underline ? [tag("u")] : []),
    ...(strike ? [tag("del")] : []),
    ...(isBlock(run) ? [tag("pre")] : []),
    ...(code ? [tag("code")] : []),
  ];
}

/** The words of a message's content. */
export interface Formatted {
  readonly body: string;
  readonly format?: string;
  readonly formatted_body?: string;
}

/** The `format` of a message with HTML. */
export const HTML = "org.matrix.custom.html";

/** A message's words with their looks; by its `body` alone when it has no HTML that can be read. */
export function richOfContent({ body, format, formatted_body: html }: Formatted): RichText {
  const formatted = format === HTML && html !== undefined ? richOfHtml(html) : undefined;
  return formatted ?? readDirection(plainRich(body));
}

/** Rich text as the words of a message's content. */
export function contentOfRich(text: RichText): Formatted {
  const html = htmlOfRich(text);
  const body = bodyOfRich(text);
  return html === undefined ? { body } : { body, format: HTML, formatted_body: html };
}

/** Rich text as a `formatted_body`; `undefined` when it has no look that HTML could add to its `body`. */
export function htmlOfRich(text: RichText): string | undefined {
  const shown = markDirection(rich(text.runs.map(withoutFont), { rightToLeft: text.rightToLeft === true }));
  return isPlain(shown) ? undefined : written(nest(lastingBlanks(besideBlocks(shown.runs), isBlock), tagsOf));
}

/** Rich text as the `body` beside it. */
export function bodyOfRich(text: RichText): string {
  return plainText(markDirection(text));
}

/** Code of several lines stands alone and as it is. */
function isBlock({ code, text }: Run): boolean {
  return code === true && text.includes("\n");
}

/** The runs without the line breaks that a block brings by itself, before and behind it. */
function besideBlocks(runs: readonly Run[]): Run[] {
  return runs.map((run, i) => {
    if (isBlock(run)) return run;
    const [before, behind] = [runs[i - 1], runs[i + 1]];
    let { text } = run;
    if (behind !== undefined && isBlock(behind)) text = text.replace(/\n$/, "");
    if (before !== undefined && isBlock(before)) text = text.replace(/^\n/, "");
    return { ...run, text };
  });
}

function withoutFont({ font: _font, ...run }: Run): Run {
  return run;
}

function written(nodes: readonly Nested<Tag>[]): string {
  return nodes
    .map((node) => {
      if (!("text" in node)) return `${node.mark.open}${written(node.children)}${node.mark.close}`;
      return isBlock(node) ? escaped(node.text) : escaped(node.text).replaceAll("\n", "<br>");
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
