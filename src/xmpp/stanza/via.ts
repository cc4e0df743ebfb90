/**
 * What bridges write for each other into messages of conferences: where words have been that they carry (bridge/via.ts), and which
 * words are their own and not to be carried at all. Pure.
 */
import { readViaText, type Via } from "../../bridge/via.ts";
import { el, type XmlElement } from "./xml.ts";

const NAMESPACE = "https://msnbridge.invalid/via";

/** Nothing for words that have been nowhere. */
export function viaElements(via: Via | undefined): XmlElement[] {
  return via === undefined || via.length === 0 ? [] : [el("via", { xmlns: NAMESPACE }, via.join(","))];
}

/** For what is stored of a message; without it, its sender says it. */
export function viaIn(stanza: XmlElement): { readonly via?: Via } {
  const via = readViaText(stanza.getChildText("via", NAMESPACE) ?? undefined);
  return via.length === 0 ? {} : { via };
}

/** A bridge says something of itself: two that carried that would tell each other of it for ever. */
export function noticeElement(): XmlElement {
  return el("notice", { xmlns: NAMESPACE });
}

export function isNotice(stanza: XmlElement): boolean {
  return stanza.getChild("notice", NAMESPACE) !== undefined;
}
