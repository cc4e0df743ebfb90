/** XML as plain data, to be stored and made again. Pure. */
import { el, type XmlElement } from "../stanza/xml.ts";

/** An element: its name, its attributes, what is in it. */
export interface Packed {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly in: readonly (Packed | string)[];
}

/** How deep elements may lie in each other; what lies deeper is left out. */
const DEEPEST = 40;

export function pack(element: XmlElement, depth = 0): Packed {
  const attrs = Object.entries(element.attrs).filter((pair): pair is [string, string] => isKept(...pair));
  const children = element.children.filter((child) => typeof child === "string" || depth < DEEPEST);
  const inner = children.map((child) => (typeof child === "string" ? child : pack(child, depth + 1)));
  return { name: element.name, attrs: Object.fromEntries(attrs), in: inner };
}

/** Prefixes were lost on reading: an attribute that has one would make the server end the stream. */
function isKept(name: string, value: string | undefined): boolean {
  return value !== undefined && (!name.includes(":") || name.startsWith("xml:"));
}

export function unpack(packed: Packed): XmlElement {
  const children = packed.in.map((child) => (typeof child === "string" ? child : unpack(child)));
  return el(packed.name, packed.attrs, ...children);
}

/** The same element under no parent: one element must not stand in two stanzas that are still read. */
export const copyOf = (element: XmlElement): XmlElement => unpack(pack(element));
