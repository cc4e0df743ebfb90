/**
 * Messages that carry what no text can be. Pure. Source: XEP-0449 (stickers), XEP-0447 and XEP-0446 (files and what is known of
 * them), XEP-0080 (places), XEP-0353 (calls).
 */
import { elements, NS, type XmlElement } from "./xml.ts";

/** What a message carries beside its body, or in place of it. */
export type Carried =
  | { readonly kind: "sticker"; readonly name?: string | undefined }
  | {
      readonly kind: "file";
      readonly name?: string | undefined;
      readonly mediaType?: string | undefined;
      /** Where everybody can have it. */
      readonly url?: string | undefined;
    }
  | { readonly kind: "place"; readonly name?: string | undefined; readonly at?: string | undefined }
  | { readonly kind: "call" };

/** Files of one message that are named. */
const MOST = 10;
const LONGEST = 2000;
const COORDINATE = /^-?\d{1,3}(?:\.\d{1,12})?$/;

/** In the order in which they stand there. */
export function carriedBy(message: XmlElement): Carried[] {
  const files = message.getChildren("file-sharing", NS.sfs).slice(0, MOST);
  if (message.getChild("sticker", NS.stickers) !== undefined) return [sticker(files[0])];
  const place = message.getChild("geoloc", NS.geoloc);
  const isCall = message.getChild("propose", NS.jingleMessage) !== undefined;
  return [
    ...files.map(file),
    ...(place === undefined ? [] : [placed(place)]),
    ...(isCall ? [{ kind: "call" as const }] : []),
  ];
}

function aboutFile(sharing: XmlElement | undefined): XmlElement | undefined {
  return sharing?.getChild("file", NS.fileMetadata);
}

/** What a sticker shows is its file's description (XEP-0449 §3). */
function sticker(sharing: XmlElement | undefined): Carried {
  return { kind: "sticker", name: text(aboutFile(sharing), "desc") };
}

function file(sharing: XmlElement): Carried {
  const about = aboutFile(sharing);
  const sources = elements(sharing.getChild("sources", NS.sfs));
  const urls = sources.map((source) =>
    source.is("url-data", NS.urlData) ? publicUrl(source.attrs.target) : undefined,
  );
  return {
    kind: "file",
    name: text(about, "name") ?? text(about, "desc"),
    mediaType: text(about, "media-type"),
    url: urls.find((url) => url !== undefined),
  };
}

function placed(place: XmlElement): Carried {
  const [lat, lon] = [text(place, "lat"), text(place, "lon")];
  const isThere = lat !== undefined && lon !== undefined && COORDINATE.test(lat) && COORDINATE.test(lon);
  const name = text(place, "text") ?? text(place, "description") ?? text(place, "locality");
  return { kind: "place", name, at: isThere ? `${lat}, ${lon}` : undefined };
}

function text(of: XmlElement | undefined, name: string): string | undefined {
  const said = elements(of)
    .find((child) => child.getName() === name)
    ?.text()
    .trim()
    .slice(0, LONGEST);
  return said === "" ? undefined : said;
}

/** An address that a reader of MSN can open, too. */
export function publicUrl(url: string | undefined): string | undefined {
  const isPublic = url !== undefined && url.length <= LONGEST && /^https?:\/\/[^\s<>"]+$/i.test(url);
  return isPublic ? url : undefined;
}
