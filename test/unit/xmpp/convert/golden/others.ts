import { standIn } from "../../../../../src/xmpp/convert/others.ts";
import { readMessage } from "../../../../../src/xmpp/stanza/message.ts";
import { el, NS, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

const body = (text: string): XmlElement => el("body", {}, text);
const beside = el("fallback", { xmlns: NS.fallback, for: NS.sfs }, el("body"));
const URL = "https://up.example.org/x/cat.jpg";

interface About {
  readonly name?: string;
  readonly desc?: string;
  readonly type?: string;
  readonly url?: string;
}

function sharing({ name, desc, type, url }: About): XmlElement {
  return el(
    "file-sharing",
    { xmlns: NS.sfs },
    el(
      "file",
      { xmlns: NS.fileMetadata },
      type === undefined ? undefined : el("media-type", {}, type),
      name === undefined ? undefined : el("name", {}, name),
      desc === undefined ? undefined : el("desc", {}, desc),
    ),
    url === undefined ? undefined : el("sources", {}, el("url-data", { xmlns: NS.urlData, target: url })),
  );
}

function place(...children: XmlElement[]): XmlElement {
  return el("geoloc", { xmlns: NS.geoloc }, ...children);
}

const sticker = el("sticker", { xmlns: NS.stickers, pack: "x" });
const picture: About = { name: "cat.jpg", type: "image/jpeg" };

export const XMPP_OTHERS: OneWayTable<readonly XmlElement[]> = {
  title: "XMPP messages that are no text",
  about: "other kinds",
  from: "what is in a message",
  loss: "MSN gets a line that names it, with its address where everybody can have it; if there is none, the sender is told once a day and kind that no more than this has gone out",
  convert: (children) => {
    const message = readMessage(el("message", { from: "anna@example.org", to: "bob@example.org" }, ...children));
    return message && standIn(message)?.line;
  },
  showFrom: (children) => children.map(String).join(""),
  cases: [
    {
      name: "a sticker",
      from: [sticker, sharing({ desc: "hello", type: "image/png" }), body("👋")],
      to: "[sent a sticker: “hello”]",
    },
    { name: "a sticker with an emoji alone", from: [sticker, body("👋")], to: "[sent a sticker: “👋”]" },
    { name: "a picture", from: [sharing({ ...picture, url: URL })], to: `[sent a picture: “cat.jpg” ${URL}]` },
    {
      name: "a picture with its address for others",
      from: [sharing({ ...picture, url: URL }), body(URL)],
      to: `[sent a picture: “cat.jpg” ${URL}]`,
    },
    {
      name: "a picture with words for others",
      from: [sharing({ ...picture, url: URL }), body("a picture is here"), beside],
      to: `[sent a picture: “cat.jpg” ${URL}]`,
    },
    {
      name: "a picture with words",
      from: [sharing({ ...picture, url: URL }), body("look at her")],
      to: `[sent a picture: “cat.jpg” ${URL}] look at her`,
    },
    { name: "a picture that is nowhere", from: [sharing(picture)], to: "[sent a picture: “cat.jpg”]" },
    {
      name: "a file of an encrypted source",
      from: [sharing({ name: "a.pdf", type: "application/pdf", url: "aesgcm://up.example.org/x#00" })],
      to: "[sent a file: “a.pdf”]",
    },
    { name: "a sound", from: [sharing({ name: "note.opus", type: "audio/ogg" })], to: "[sent a sound: “note.opus”]" },
    { name: "a video", from: [sharing({ type: "video/mp4", desc: "the cat" })], to: "[sent a video: “the cat”]" },
    {
      name: "two files",
      from: [sharing({ name: "a" }), sharing({ name: "b" })],
      to: "[sent a file: “a”]\n[sent a file: “b”]",
    },
    { name: "an address as words", from: [body(URL), oob(URL)], to: undefined },
    { name: "an address beside words", from: [body("look"), oob(URL)], to: `look\n${URL}` },
    { name: "an address alone", from: [oob(URL)], to: URL },
    { name: "an address of a script", from: [body("look"), oob("javascript:x")], to: undefined },
    {
      name: "a place",
      from: [place(el("lat", {}, "52.51"), el("lon", {}, "13.4"), el("description", {}, "the old house"))],
      to: "[sent a location: “the old house” 52.51, 13.4]",
    },
    { name: "a place as an address", from: [body("geo:52.51,13.4")], to: "[sent a location: 52.51, 13.4]" },
    {
      name: "a place in both ways",
      from: [body("geo:52.51,13.4;u=9"), place(el("lat", {}, "52.51"), el("lon", {}, "13.4"))],
      to: "[sent a location: 52.51, 13.4]",
    },
    { name: "a place that is none", from: [place(el("lat", {}, "north"))], to: "[sent a location]" },
    { name: "a call", from: [el("propose", { xmlns: NS.jingleMessage, id: "c1" })], to: "[tried to call]" },
    { name: "words", from: [body("hi")], to: undefined },
    {
      name: "something else with words for others",
      from: [el("x", { xmlns: "urn:x" }), body("a thing")],
      to: undefined,
    },
  ],
};

function oob(url: string): XmlElement {
  return el("x", { xmlns: NS.oob }, el("url", {}, url));
}
