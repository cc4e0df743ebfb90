/** Messages that carry what no text can be, named in one. Pure. */
import { otherLine, pieceOf } from "../../bridge/text/others.ts";
import type { ReadMessage } from "../stanza/message.ts";
import type { Carried } from "../stanza/others.ts";

/** A line in place of a body; `what` it is for its sender, where nobody can have it by that line. */
export interface StandIn {
  readonly line: string;
  readonly what?: string;
}

const GEO = /^geo:(-?\d{1,3}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)(?:[;?]\S*)?$/;

/** `undefined`: the words of a message are all there is to it. */
export function standIn(message: ReadMessage): StandIn | undefined {
  const { carried, body = "", isFallback, url } = message;
  const point = GEO.exec(body.trim());
  const all: readonly Carried[] =
    carried.length === 0 && point !== null ? [{ kind: "place", at: `${point[1]}, ${point[2]}` }] : carried;
  if (all.length === 0) return linked(body, url);
  const isSticker = all[0]?.kind === "sticker";
  // A client that knows no files shows their address, or the sticker as an emoji.
  const addresses = all.map((one) => (one.kind === "file" ? one.url : undefined));
  const isWords = !isSticker && !isFallback && point === null && !addresses.includes(body.trim());
  const told = all.map((one) => lineOf(one, body));
  const what = all.map(nameOf).find((one) => one !== undefined);
  const words = isWords && body.trim() !== "" ? ` ${body.trim()}` : "";
  return { line: told.join("\n") + words, ...(what === undefined ? {} : { what }) };
}

/** An address beside the words (XEP-0066) that they do not name. */
function linked(body: string, url: string | undefined): StandIn | undefined {
  if (url === undefined || body.includes(url)) return undefined;
  return { line: body.trim() === "" ? url : `${body}\n${url}` };
}

function lineOf(one: Carried, body: string): string {
  switch (one.kind) {
    case "sticker":
      return otherLine({ act: "sent a sticker", name: one.name ?? body });
    case "file":
      return otherLine({ act: `sent ${pieceOf(one.mediaType)}`, name: one.name, where: one.url });
    case "place":
      return otherLine({ act: "sent a location", name: one.name, where: one.at });
    case "call":
      return otherLine({ act: "tried to call" });
  }
}

/** What a reader does not have, for all that the line says of it. */
function nameOf(one: Carried): string | undefined {
  switch (one.kind) {
    case "sticker":
      return "a sticker";
    case "file":
      return one.url === undefined ? pieceOf(one.mediaType) : undefined;
    case "place":
      return one.at === undefined ? "a location" : undefined;
    case "call":
      return "a call";
  }
}
