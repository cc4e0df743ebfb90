/** Words in Matrix's content and back. Pure. */
import { oneLine } from "../../bridge/plain.ts";
import { concat, plainRich, type RichText } from "../../bridge/text/model.ts";
import { plainText } from "../../bridge/text/plain.ts";
import { jsonBytes } from "../../bridge/text/size.ts";
import { splitPlain, splitRich } from "../../bridge/text/split.ts";
import { contentOfRich, type Formatted } from "./html.ts";

const NAME_CHARACTERS = 256;

/**
 * A message's body without the quotation of the message it answers (`> <@user:server> …` lines and one empty line).
 * Clients since Matrix 1.13 send none.
 */
export function withoutReplyFallback(body: string): string {
  if (!body.startsWith("> ")) return body;
  const lines = body.split("\n");
  let i = 0;
  while (i < lines.length && (lines[i] ?? "").startsWith(">")) i++;
  if (lines[i] === "") i++;
  const rest = lines.slice(i).join("\n");
  return rest === "" ? body : rest;
}

const QUOTED = 500;

/** The words that a client without {@link withoutReplyFallback}'s newer way has quoted; none of the bot's. */
export function replyFallback(body: string, bot: string): string | undefined {
  if (!body.startsWith("> <@") || body.startsWith(`> <${bot}>`)) return undefined;
  const lines = body.slice(0, QUOTED).split("\n");
  const end = lines.findIndex((line) => !line.startsWith(">"));
  const quoted = (end < 0 ? lines : lines.slice(0, end)).map((line) => line.replace(/^> ?/, ""));
  return quoted.join("\n").replace(/^<@[^>]*>\s*/, "") || undefined;
}

const LONGEST_KEY = 64;

/** What somebody reacts with; of a picture of their own its name, if it has one (MSC4027). */
export function reactionKey(content: Readonly<Record<string, unknown>>): string | undefined {
  const { "m.relates_to": relation, shortcode, "com.beeper.reaction.shortcode": before } = content;
  if (typeof relation !== "object" || relation === null || !("key" in relation)) return undefined;
  const { key } = relation;
  const name = [shortcode, before].find((one) => typeof one === "string" && one !== "");
  const shown = typeof key === "string" && key.startsWith("mxc:") && typeof name === "string" ? colons(name) : key;
  return typeof shown === "string" && shown.length <= LONGEST_KEY ? shown : undefined;
}

function colons(name: string): string {
  return `:${name.replace(/^:|:$/g, "")}:`;
}

export interface TextContent extends Formatted {
  readonly msgtype: "m.text" | "m.notice";
}

/** Words, and the same with their looks where they have any. */
export interface Words {
  readonly text: string;
  readonly rich?: RichText;
}

type Kind = "text" | "notice";

/** What is done to each part of a message before it is sent, like putting a name in front. */
export type Dress = (part: Words) => Words;

const asIs: Dress = (part) => part;

/**
 * Matrix refuses events of more than 65 536 bytes of canonical JSON. What the words of one may have leaves room for the envelope,
 * relations and mentions.
 */
const CONTENT_BYTES = 60_000;
/** Bytes that a character of words, and a look, can take in JSON at most, as body and as HTML together. */
const SWELLS = 24;
const LOOK_BYTES = 5000;
/** Bytes of what is shown of an edit to who knows no edits, when there is no room for all of it. */
const GLIMPSE_BYTES = 300;

/** A message as the parts that it needs, so that each fits into an event. */
export function partsOf(kind: Kind, words: Words, dress: Dress = asIs): readonly [Words, ...Words[]] {
  const size = (part: Words): number => jsonBytes(textContent(kind, dress(part)));
  const { text, rich } = words;
  if (mostBytes(words) <= CONTENT_BYTES || size(words) <= CONTENT_BYTES) return [dress(words)];
  const parts =
    rich === undefined
      ? splitPlain(text, CONTENT_BYTES, (part) => size({ text: part })).map((part) => ({ text: part }))
      : splitRich(rich, CONTENT_BYTES, (part) => size(withLooks(part))).map(withLooks);
  const [head = words, ...others] = parts;
  return [dress(head), ...others.map(dress)];
}

/** The contents of the events that a message needs. */
export function contentsOf(kind: Kind, words: Words, dress?: Dress): readonly [TextContent, ...TextContent[]] {
  const [head, ...others] = partsOf(kind, words, dress);
  return [textContent(kind, head), ...others.map((part) => textContent(kind, part))];
}

/** Found without making anything of them; what they are dressed with is small. */
function mostBytes({ text, rich }: Words): number {
  return (text.length + 500) * SWELLS + (rich?.runs.length ?? 0) * LOOK_BYTES;
}

function withLooks(rich: RichText): Words {
  return { text: plainText(rich), rich };
}

/** Words that fit into an event, as its content. */
export function textContent(kind: Kind, { text, rich }: Words): TextContent {
  const words = rich === undefined ? { body: text } : contentOfRich(rich);
  return { msgtype: kind === "notice" ? "m.notice" : "m.text", ...words };
}

/** What the bridge says of its own accord; cut, and ending in `…`, where it is longer than any event. */
export function notice(text: string): TextContent {
  const [content, ...more] = contentsOf("notice", { text });
  return more.length === 0 ? content : { ...content, body: `${content.body}…` };
}

/** New words for an event, with what clients show that know no edits: all of them, or their beginning where it is too much. */
export function editContent(
  kind: Kind,
  words: Words,
  event: string,
  more: object = {},
): Readonly<Record<string, unknown>> {
  const { text, rich } = words;
  const relation = {
    "m.new_content": { ...textContent(kind, words), ...more },
    "m.relates_to": { rel_type: "m.replace", event_id: event },
  };
  const starred = { text: `* ${text}`, ...(rich && { rich: concat(plainRich("* "), rich) }) };
  const whole = { ...textContent(kind, starred), ...relation };
  if (mostBytes(words) * 2 <= CONTENT_BYTES || jsonBytes(whole) <= CONTENT_BYTES) return whole;
  const [glimpse = ""] = splitPlain(text, GLIMPSE_BYTES, jsonBytes);
  return { ...textContent(kind, { text: `* ${glimpse}…` }), ...relation };
}

/** A contact's name as Matrix takes it: one line of at most 256 characters; the address when there is nothing to be seen in it. */
export function ghostName(displayName: string, address: string): string {
  return oneLine(displayName, NAME_CHARACTERS) || address;
}
