/** Visiting cards: vcard-temp (XEP-0054) and vCard4 (XEP-0292), and the picture's mark in presence (XEP-0153). Pure. */
import { createHash } from "node:crypto";
import { el, NS, type XmlElement } from "./xml.ts";

export interface Picture {
  /** Media type, e.g. `image/png`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface Card {
  readonly name: string;
  readonly nickname: string | undefined;
  readonly email: string | undefined;
  readonly note: string | undefined;
  readonly picture?: Picture | undefined;
}

const when = (value: string | undefined, make: (value: string) => XmlElement): XmlElement | undefined =>
  value === undefined || value === "" ? undefined : make(value);

export function vcardTemp({ name, nickname, email, note, picture }: Card): XmlElement {
  return el(
    "vCard",
    { xmlns: NS.vcard },
    el("FN", {}, name),
    when(nickname, (value) => el("NICKNAME", {}, value)),
    when(email, (value) => el("EMAIL", {}, el("INTERNET"), el("USERID", {}, value))),
    when(note, (value) => el("DESC", {}, value)),
    picture && el("PHOTO", {}, el("TYPE", {}, picture.type), el("BINVAL", {}, base64(picture.bytes))),
  );
}

export function vcard4({ name, nickname, email, note, picture }: Card): XmlElement {
  const text = (tag: string, value: string): XmlElement => el(tag, {}, el("text", {}, value));
  return el(
    "vcard",
    { xmlns: NS.vcard4 },
    text("fn", name),
    when(nickname, (value) => text("nickname", value)),
    when(email, (value) => text("email", value)),
    when(note, (value) => text("note", value)),
    picture && el("photo", {}, el("uri", {}, `data:${picture.type};base64,${base64(picture.bytes)}`)),
  );
}

/** Goes with presence: which picture there is; without one, that none is known yet and clients keep theirs (XEP-0153 §4.1). */
export function pictureMark(picture: Picture | undefined): XmlElement {
  const hash = picture && createHash("sha1").update(picture.bytes).digest("hex");
  return el("x", { xmlns: NS.vcardUpdate }, hash === undefined ? undefined : el("photo", {}, hash));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
