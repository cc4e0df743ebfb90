/** Visiting cards: vcard-temp (XEP-0054) and vCard4 (XEP-0292). Pure. */
import { el, NS, type XmlElement } from "./xml.ts";

export interface Card {
  readonly name: string;
  readonly nickname: string | undefined;
  readonly email: string | undefined;
  readonly note: string | undefined;
}

const when = (value: string | undefined, make: (value: string) => XmlElement): XmlElement | undefined =>
  value === undefined || value === "" ? undefined : make(value);

export function vcardTemp({ name, nickname, email, note }: Card): XmlElement {
  return el(
    "vCard",
    { xmlns: NS.vcard },
    el("FN", {}, name),
    when(nickname, (value) => el("NICKNAME", {}, value)),
    when(email, (value) => el("EMAIL", {}, el("INTERNET"), el("USERID", {}, value))),
    when(note, (value) => el("DESC", {}, value)),
  );
}

export function vcard4({ name, nickname, email, note }: Card): XmlElement {
  const text = (tag: string, value: string): XmlElement => el(tag, {}, el("text", {}, value));
  return el(
    "vcard",
    { xmlns: NS.vcard4 },
    text("fn", name),
    when(nickname, (value) => text("nickname", value)),
    when(email, (value) => text("email", value)),
    when(note, (value) => text("note", value)),
  );
}
