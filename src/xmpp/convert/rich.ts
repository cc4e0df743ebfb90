/** The words of a message with their looks, in both of the ways XMPP has for them. Pure. */
import type { RichText } from "../../bridge/text/model.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { stylingOfRich } from "./styling.ts";
import { xhtmlOfRich } from "./xhtml.ts";

export interface RichWords {
  readonly body: string;
  /** The body has `<unstyled/>` beside it: no signs are to be looked for in it (XEP-0393 §6). */
  readonly unstyled: boolean;
  /** The `html` element of XEP-0071, if there is one. */
  readonly html?: XmlElement;
}

/** Rich text for every client: with signs for those that read them, and as XHTML-IM for those that show that. */
export function wordsOfRich(text: RichText): RichWords {
  const html = xhtmlOfRich(text);
  return { ...stylingOfRich(text), ...(html === undefined ? {} : { html }) };
}
