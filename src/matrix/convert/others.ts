/**
 * Events that no text can be, named in one. Pure. Source: Matrix Client-Server API, "m.room.message msgtypes" (`filename`
 * beside `body` is a caption), "Location", "Polls" (MSC3381), "Stickers", "Voice over IP"; voice messages: MSC3245; locations of
 * who moves: MSC3672.
 */
import { type Other, otherLine } from "../../bridge/text/others.ts";
import { type Fields, fields } from "./fields.ts";

/** What was sent, for its sender (`a sticker`), and the line that stands for it. */
export interface StandIn {
  readonly what: string;
  readonly line: string;
}

/** `undefined`: it says nothing to people. */
type Reader = (content: Fields) => (Other & { readonly what: string }) | undefined;

/** Characters of anything that is taken from such an event. */
const LONGEST = 4000;
const MOST_ANSWERS = 20;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.slice(0, LONGEST) : undefined;
}

/** A picture or the like: its file's name, and what is said to it. */
function file(what: string): Reader {
  return ({ body, filename }) => {
    const [said, name] = [text(body), text(filename)];
    const hasCaption = name !== undefined && said !== name;
    return { what, act: `sent ${what}`, name: name ?? said, words: hasCaption ? said : undefined };
  };
}

const VOICE = ["org.matrix.msc3245.voice", "org.matrix.msc3245.voice.v2", "m.voice"];

/** A voice message has no name worth telling, but a length. */
const sound: Reader = (content) => {
  if (!VOICE.some((key) => content[key] !== undefined)) return file("a sound")(content);
  const { duration } = fields(content.info);
  const length = typeof duration === "number" && duration > 0 && duration < 360_000_000 ? clock(duration) : undefined;
  return { what: "a voice message", act: "sent a voice message", where: length };
};

function clock(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** RFC 5870, as far as people's places go. */
const GEO = /^geo:(-?\d{1,3}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)/;

const place: Reader = (content) => {
  const asset = fields(content["m.location"] ?? content["org.matrix.msc3488.location"]);
  const point = GEO.exec(text(content.geo_uri) ?? text(asset.uri) ?? "");
  const body = text(content.body);
  // Clients put the coordinates into the body when the place has no name.
  const isName = body !== undefined && !/geo:/.test(body);
  return {
    what: "a location",
    act: "sent a location",
    name: text(asset.description) ?? (isName ? body : undefined),
    where: point === null ? undefined : `${point[1]}, ${point[2]}`,
  };
};

const poll: Reader = (content) => {
  const { question, answers } = fields(content["m.poll"] ?? content["org.matrix.msc3381.poll.start"]);
  const choices = (Array.isArray(answers) ? answers.slice(0, MOST_ANSWERS) : []).map((one) => extensible(fields(one)));
  const shown = choices.filter((choice) => choice !== undefined);
  const name = extensible(fields(question));
  return { what: "a poll", act: "sent a poll", name, where: shown.length === 0 ? undefined : shown.join(" / ") };
};

/** The words of an extensible event, as it is and as it was before it was settled (MSC1767). */
function extensible(of: Fields): string | undefined {
  const [first] = Array.isArray(of["m.text"]) ? of["m.text"] : [];
  return text(fields(first).body) ?? text(of["org.matrix.msc1767.text"]) ?? text(of.body);
}

const sticker: Reader = ({ body }) => ({ what: "a sticker", act: "sent a sticker", name: text(body) });
const call: Reader = () => ({ what: "a call", act: "tried to call" });

/** The beginning is told; where somebody is from then on, and the end, are not. */
const movingPlace: Reader = ({ live, description }) =>
  live === true ? { what: "a live location", act: "shares their location", name: text(description) } : undefined;

/** State by which people begin, under their own name, to share where they are. */
export const MOVING_PLACES: ReadonlySet<string> = new Set(["m.beacon_info", "org.matrix.msc3672.beacon_info"]);

const KINDS: Readonly<Record<string, Reader>> = {
  "m.image": file("a picture"),
  "m.file": file("a file"),
  "m.audio": sound,
  "m.video": file("a video"),
  "m.location": place,
  "m.sticker": sticker,
  "m.poll.start": poll,
  "org.matrix.msc3381.poll.start": poll,
  ...Object.fromEntries([...MOVING_PLACES].map((type) => [type, movingPlace])),
  "m.call.invite": call,
  // Calls of several, as newer clients make them of two as well (MSC4075).
  "m.call.notify": call,
  "m.rtc.notification": call,
  "org.matrix.msc4075.call.notify": call,
  "org.matrix.msc4075.rtc.notification": call,
};

/** Kinds of messages whose body is what is said. */
const WORDS: ReadonlySet<string> = new Set(["m.text", "m.emote", "m.notice", "m.server_notice"]);

/** Says nothing to people. */
const SILENT = /^m\.key\.verification\./;

/** The line for an event; `undefined` when its words say it all, or it says nothing. */
export function standIn(type: string, content: Fields): StandIn | undefined {
  const msgtype = typeof content.msgtype === "string" ? content.msgtype.slice(0, 100) : "";
  const kind = type === "m.room.message" ? msgtype : type;
  const read = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (read !== undefined) {
    const shown = read(content);
    return shown && { what: shown.what, line: otherLine(shown) };
  }
  if (kind === "" || WORDS.has(kind) || SILENT.test(kind)) return undefined;
  // Of a message whole: it may be what its sender has typed, beside some effect that the message is to have.
  const body = type === "m.room.message" && typeof content.body === "string" ? content.body : text(content.body);
  if (body === undefined || body.trim() === "") return undefined;
  return { what: `a message of the kind ${kind}`, line: otherLine({ act: kind, words: body }) };
}
