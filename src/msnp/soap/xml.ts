import { SaxesParser } from "saxes";
import { MsnpError } from "../errors.ts";

/** An element by local name; namespaces are ignored, as servers disagree on them (source: msnp-core §3.6). */
export interface XmlElement {
  readonly name: string;
  /** Attributes by local name. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** The element's own character data, entities resolved, untrimmed. */
  readonly text: string;
}

export interface XmlLimits {
  /** Characters of the document; default 1 Mi. */
  readonly maxSize?: number;
  /** Nested elements; default 64. */
  readonly maxDepth?: number;
  /** Elements in all; default 100 000. */
  readonly maxElements?: number;
}

/** The text is not XML, or more of it than allowed. */
export class XmlError extends MsnpError {
  constructor(message: string, options?: ErrorOptions) {
    super("bad-xml", message, options);
  }
}

interface Building {
  name: string;
  attributes: Record<string, string>;
  children: Building[];
  text: string;
}

const NO_ATTRIBUTES: Record<string, string> = Object.freeze({});

/** Below this many characters V8 copies a piece of a string by itself. */
const SLICED = 13;

/** A piece of a string keeps all of it alive; what is kept of an answer must not keep the answer. */
function ownCopy(piece: string): string {
  return piece.length < SLICED ? piece : Buffer.from(piece).toString();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function localAttributes(attributes: Record<string, string>): Record<string, string> {
  let result: Record<string, string> | undefined;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "xmlns" || name.startsWith("xmlns:")) continue;
    result ??= Object.create(null) as Record<string, string>;
    result[localName(name)] = ownCopy(value);
  }
  return result ?? NO_ATTRIBUTES;
}

/** Reads one document into a tree. Document types (and so entity bombs) are refused. Throws XmlError. */
export function parseXml(source: string | Buffer, limits: XmlLimits = {}): XmlElement {
  const text = typeof source === "string" ? source : source.toString("utf8");
  if (text.length > (limits.maxSize ?? 1024 * 1024)) throw new XmlError("The XML document is larger than allowed");
  const maxDepth = limits.maxDepth ?? 64;
  let left = limits.maxElements ?? 100_000;
  const stack: Building[] = [];
  let root: Building | undefined;

  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw new XmlError(`This is not well-formed XML (${error.message})`);
  });
  parser.on("doctype", () => {
    throw new XmlError("The XML document declares a document type, which is refused");
  });
  parser.on("opentag", (tag) => {
    left -= 1;
    if (left < 0) throw new XmlError("The XML document has more elements than allowed");
    const element: Building = {
      name: localName(tag.name),
      attributes: localAttributes(tag.attributes),
      children: [],
      text: "",
    };
    const parent = stack.at(-1);
    if (parent === undefined) root ??= element;
    else parent.children.push(element);
    stack.push(element);
    if (stack.length > maxDepth) throw new XmlError("The XML document is nested deeper than allowed");
  });
  parser.on("closetag", () => {
    stack.pop();
  });
  const append = (data: string): void => {
    const element = stack.at(-1);
    if (element !== undefined) element.text += ownCopy(data);
  };
  parser.on("text", append);
  parser.on("cdata", append);
  parser.write(text.trim()).close();
  if (root === undefined) throw new XmlError("The XML document has no element");
  return root;
}

/** The first child of that local name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

/** All children of that local name. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? [];
}

/** Follows a path of children; undefined when a step is missing. */
export function path(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  let at = element;
  for (const name of names) at = child(at, name);
  return at;
}

/** The first element of that local name anywhere below (or the element itself), in document order. */
export function find(element: XmlElement | undefined, name: string): XmlElement | undefined {
  if (element === undefined || element.name === name) return element;
  for (const candidate of element.children) {
    const found = find(candidate, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every element of that local name below (and the element itself), in document order. */
export function findAll(element: XmlElement | undefined, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const visit = (at: XmlElement): void => {
    if (at.name === name) found.push(at);
    for (const candidate of at.children) visit(candidate);
  };
  if (element !== undefined) visit(element);
  return found;
}

/** Trimmed text at the end of a path of children; undefined when a step is missing. */
export function textAt(element: XmlElement | undefined, ...names: readonly string[]): string | undefined {
  return path(element, ...names)?.text.trim();
}

// Characters XML 1.0 cannot carry even escaped.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const SPECIAL = /[&<>"']/g;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text made safe for content and attributes; what XML cannot say becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, "\ufffd")
    .replace(SPECIAL, (found) => ENTITIES[found] ?? found);
}

/** XML that is already escaped. */
export class RawXml {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toString(): string {
    return this.source;
  }
}

export type XmlValue = string | number | boolean | RawXml | readonly RawXml[];

/** Template for XML: interpolated text is escaped, other `xml` results (and lists of them) are put in as they are. */
export function xml(strings: TemplateStringsArray, ...values: readonly XmlValue[]): RawXml {
  let source = strings[0] ?? "";
  for (const [i, value] of values.entries()) source += render(value) + (strings[i + 1] ?? "");
  return new RawXml(source);
}

function render(value: XmlValue): string {
  if (value instanceof RawXml) return value.source;
  if (typeof value === "object") return value.map(render).join("");
  return escapeXml(String(value));
}
