import { SaxesParser, type SaxesTagNS } from "saxes";
import { el, type XmlElement } from "../stanza/xml.ts";

export interface ReaderHooks {
  /** A whole child of the stream: a stanza or a word of the stream itself, always with its namespace as `xmlns`. */
  element(element: XmlElement): void;
  /** The other side has ended the stream in order. */
  ended(): void;
}

interface Open {
  readonly name: string;
  readonly uri: string;
  readonly attrs: Record<string, string>;
  readonly children: (XmlElement | string)[];
}

/** Servers' own limits lie far below (Prosody 512 KiB, ejabberd 256 KiB from clients). */
const LONGEST_STANZA = 2 * 1024 * 1024;
const DEEPEST = 100;

/**
 * An XML stream (RFC 6120 §4) as it comes off a socket. Names lose their prefixes, so that nothing depends on how a server
 * chooses them. What RFC 6120 §11.1 forbids (DTDs, comments, processing instructions) and what is larger than a stanza
 * may be ends it.
 */
export class StreamReader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #open: Open[] = [];
  readonly #hooks: ReaderHooks;
  #size = 0;
  #isOpen = false;

  constructor(hooks: ReaderHooks) {
    this.#hooks = hooks;
    const parser = this.#parser;
    parser.on("error", (error) => {
      throw error;
    });
    for (const kind of ["doctype", "comment", "processinginstruction"] as const) {
      parser.on(kind, () => {
        throw new Error(`the stream has a ${kind}, which XMPP forbids`);
      });
    }
    parser.on("opentag", (tag) => this.#opened(tag));
    parser.on("text", (text) => this.#open.at(-1)?.children.push(text));
    parser.on("cdata", (text) => this.#open.at(-1)?.children.push(text));
    parser.on("closetag", () => this.#closed());
  }

  /** @throws Error when it is no XML stream, or what came is too large. */
  write(text: string): void {
    this.#size += text.length;
    this.#parser.write(text);
    if (this.#size > LONGEST_STANZA) throw new Error("the server sent a stanza of more than 2 MiB");
  }

  #opened({ local, uri, attributes }: SaxesTagNS): void {
    if (!this.#isOpen) {
      if (local !== "stream") throw new Error(`the stream begins with <${local.slice(0, 50)}/>`);
      this.#isOpen = true;
      return;
    }
    if (this.#open.length >= DEEPEST) throw new Error(`the server sent elements within elements, ${DEEPEST} deep`);
    const attrs: Record<string, string> = {};
    for (const { name, prefix, value } of Object.values(attributes))
      if (name !== "xmlns" && prefix !== "xmlns") attrs[name] = value;
    if (uri !== this.#open.at(-1)?.uri) attrs.xmlns = uri;
    this.#open.push({ name: local, uri, attrs, children: [] });
  }

  #closed(): void {
    const done = this.#open.pop();
    if (done === undefined) {
      this.#hooks.ended();
      return;
    }
    const element = el(done.name, done.attrs, ...done.children);
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      parent.children.push(element);
      return;
    }
    this.#size = 0;
    this.#hooks.element(element);
  }
}
