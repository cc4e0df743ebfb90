/** Words in Matrix's content and back. Pure. */
import { oneLine } from "../../bridge/plain.ts";
import type { RichText } from "../../bridge/text/model.ts";
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

export interface TextContent {
  readonly msgtype: "m.text" | "m.notice";
  readonly body: string;
}

/** Matrix refuses events above 65 536 bytes; what a longer text is cut to leaves room for the envelope and JSON's escapes. */
const BODY_BYTES = 60_000;

/** Whether {@link textContent} will have to cut a text. */
export function tooLong(text: string): boolean {
  return text.length * 3 > BODY_BYTES && jsonBytes(text) > BODY_BYTES;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** Words with their looks; `undefined` when they do not fit into an event with them. */
export function richContent(kind: "text" | "notice", text: RichText): (TextContent & Formatted) | undefined {
  const { body, ...html } = contentOfRich(text);
  const content = { msgtype: kind === "notice" ? "m.notice" : "m.text", body, ...html } as const;
  const units = body.length + (html.formatted_body?.length ?? 0);
  return units * 6 <= BODY_BYTES || Buffer.byteLength(JSON.stringify(content)) <= BODY_BYTES ? content : undefined;
}

/** A plain message. A text that no event can hold is cut at a character's edge and ends in `…`. */
export function textContent(kind: "text" | "notice", text: string): TextContent {
  const msgtype = kind === "notice" ? "m.notice" : "m.text";
  if (!tooLong(text)) return { msgtype, body: text };
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (jsonBytes(text.slice(0, middle)) <= BODY_BYTES) low = middle;
    else high = middle - 1;
  }
  const cut = text.slice(0, low).replace(/[\uD800-\uDBFF]$/, "");
  return { msgtype, body: `${cut}…` };
}

/** A contact's name as Matrix takes it: one line of at most 256 characters; the address when there is nothing to be seen in it. */
export function ghostName(displayName: string, address: string): string {
  return oneLine(displayName, NAME_CHARACTERS) || address;
}
