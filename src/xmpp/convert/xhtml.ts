/** XHTML-IM (XEP-0071) and the bridge's rich text, both ways. Pure. */
import { lastingBlanks } from "../../bridge/text/blanks.ts";
import { markDirection, readDirection } from "../../bridge/text/direction.ts";
import { type Attributes, DEEPEST_ELEMENT, FlowReader, type FlowRules } from "../../bridge/text/flow.ts";
import { isPlain, type Look, type RichText, type Run, readColor } from "../../bridge/text/model.ts";
import { type Mark, type Nested, nest } from "../../bridge/text/nest.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";

const XHTML = "http://www.w3.org/1999/xhtml";

/** Elements that are looked at; servers take no stanza that could hold more. */
const MOST_ELEMENTS = 20_000;

const RULES: FlowRules = { look: (_name, attributes) => lookOfStyle(attributes) };

/** The look in a `style` attribute; of the properties of XEP-0071 §7.7.1 those that a run can have. */
function lookOfStyle({ style = "" }: Attributes): Look {
  const look: { -readonly [K in keyof Look]: Look[K] } = {};
  for (const declaration of style.slice(0, 1000).split(";")) {
    const [property = "", ...rest] = declaration.split(":");
    declare(look, property.trim().toLowerCase(), rest.join(":").trim());
  }
  return look;
}

function declare(look: { -readonly [K in keyof Look]: Look[K] }, property: string, value: string): void {
  const word = value.toLowerCase();
  const color = readColor(word);
  if (property === "color" && color) look.color = color;
  else if (property === "background-color" && color) look.background = color;
  else if (property === "font-weight" && /^(?:bold|bolder|[6-9]00)$/.test(word)) look.bold = true;
  else if (property === "font-style" && /^(?:italic|oblique)$/.test(word)) look.italic = true;
  else if (property === "text-decoration") {
    if (word.includes("underline")) look.underline = true;
    if (word.includes("line-through")) look.strike = true;
  } else if (property === "font-family") Object.assign(look, fontOf(value));
}

function fontOf(family: string): Look {
  const first = (family.split(",")[0] ?? "").replace(/["']/g, "").trim();
  if (/^monospace$/i.test(first)) return { code: true };
  return /^(?:|serif|sans-serif|cursive|fantasy|inherit)$/i.test(first) ? {} : { font: first };
}

/**
 * The text of an `html` element of XEP-0071; `undefined` when there is none within or it is larger or deeper than what a person
 * writes: then the message's `body` counts.
 */
export function richOfXhtml(html: XmlElement): RichText | undefined {
  const body = html.getChild("body", XHTML);
  if (body === undefined) return undefined;
  const reader = new FlowReader(RULES);
  let elements = 0;
  const walk = (node: XmlElement): boolean => {
    for (const child of node.children) {
      if (typeof child === "string") {
        reader.text(child);
        continue;
      }
      elements += 1;
      if (elements > MOST_ELEMENTS || reader.depth >= DEEPEST_ELEMENT) return false;
      reader.open(child.getName().toLowerCase(), child.attrs);
      if (!walk(child)) return false;
      reader.close();
    }
    return true;
  };
  return walk(body) ? readDirection(reader.result()) : undefined;
}

interface Tag extends Mark {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function tag(name: string, attributes: Readonly<Record<string, string>> = {}): Tag {
  return { key: `${name} ${JSON.stringify(attributes)}`, name, attributes };
}

function tagsOf(run: Run): Tag[] {
  const style = styleOf(run);
  return [
    ...(run.link === undefined ? [] : [tag("a", { href: run.link })]),
    ...(style === "" ? [] : [tag("span", { style })]),
    ...(run.bold ? [tag("strong")] : []),
    ...(run.italic ? [tag("em")] : []),
  ];
}

function styleOf({ color, background, font, underline, strike, code }: Run): string {
  const lines = [...(underline ? ["underline"] : []), ...(strike ? ["line-through"] : [])];
  // Only letters, digits and what names of fonts need: nothing may end the declaration.
  const family = code ? "monospace" : font?.replace(/[^\p{L}\p{N} ._-]/gu, "").trim();
  return [
    ...(color ? [`color: ${color}`] : []),
    ...(background ? [`background-color: ${background}`] : []),
    ...(family ? [`font-family: ${/ /.test(family) ? `'${family}'` : family}`] : []),
    ...(lines.length > 0 ? [`text-decoration: ${lines.join(" ")}`] : []),
  ].join("; ");
}

/** Rich text as an `html` element; `undefined` when it has no look to show. */
export function xhtmlOfRich(text: RichText): XmlElement | undefined {
  const shown = markDirection(text);
  if (isPlain(shown)) return undefined;
  return el(
    "html",
    { xmlns: NS.xhtmlIm },
    el("body", { xmlns: XHTML }, written(nest(lastingBlanks(shown.runs), tagsOf))),
  );
}

function written(nodes: readonly Nested<Tag>[]): (XmlElement | string)[] {
  return nodes.flatMap((node) =>
    "text" in node ? lines(node.text) : [el(node.mark.name, node.mark.attributes, written(node.children))],
  );
}

function lines(text: string): (XmlElement | string)[] {
  return text.split("\n").flatMap((line, i) => [...(i === 0 ? [] : [el("br")]), ...(line === "" ? [] : [line])]);
}
