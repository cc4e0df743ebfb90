/** The words of a stored message in neutral form: for who knows no answers and edits, and natively for who does. Pure. */
import { type HomeEvent, messageId, type Relation } from "../../bridge/model.ts";
import { isVisible } from "../../bridge/plain.ts";
import { correctionLine } from "../../bridge/text/correction.ts";
import { firstStrong } from "../../bridge/text/direction.ts";
import { concat, plainRich, type RichText, storable, textOf } from "../../bridge/text/model.ts";
import { plainText } from "../../bridge/text/plain.ts";
import { deletionNote, quotedReply } from "../../bridge/text/quote.ts";
import type { StoredEvent } from "./event.ts";
import { HTML, richOfContent } from "./html.ts";

type Text = HomeEvent & { kind: "text" };
export type Who = Pick<Text, "resident" | "room" | "message">;
type More = Pick<Text, "about">;

/** Plain words, which most are, cost nothing more. */
export function said(stored: StoredEvent, who: Who): HomeEvent {
  const { body = "", html, about, of: name = "", msgtype, repliesTo } = stored;
  const star = msgtype === "m.emote" ? "* " : "";
  const isPlain = html === undefined && firstStrong(body) !== "rtl";
  if (isPlain && about === undefined)
    return { kind: "text", ...who, text: star + body, ...replyTo(repliesTo, { text: star + body }) };
  const words = wordsOf({ body, html });
  const shown = star === "" ? words : concat(plainRich(star), words);
  const reply = replyTo(repliesTo, spoken(shown));
  return {
    kind: "text",
    ...who,
    ...spoken(about === undefined ? shown : quotedReply(shown, { name, text: about })),
    ...reply,
  };
}

/** A line for who knows no edits, which begins as an emote does. */
export function edited(stored: StoredEvent, who: Who): HomeEvent {
  const { body = "", html, about, msgtype } = stored;
  const words = wordsOf({ body, html });
  const text = plainText(words);
  const whole = `* ${text.trim()}`;
  const line = about === undefined ? whole : correctionLine(about, text);
  const starred = concat(plainRich("* "), words);
  const shown = line === undefined || line === whole ? spoken(starred) : { text: line };
  const common = { kind: "text", ...who, ...shown } as const;
  const relation = relationTo("edit", stored.relation?.event, spoken(msgtype === "m.emote" ? starred : words));
  return line === undefined ? { ...common, ...relation, looksAlone: true } : { ...common, ...relation };
}

/** Words that were taken back. */
export function removed({ about, removes }: StoredEvent, who: Who): HomeEvent {
  const relation: More = removes === undefined ? {} : { about: { kind: "removal", target: messageId(removes) } };
  return { kind: "text", ...who, text: deletionNote(about), ...relation };
}

/** What was sent is no text: a line names it. */
export function named({ what, line }: NonNullable<StoredEvent["standIn"]>, stored: StoredEvent, who: Who): HomeEvent {
  const isEdit = stored.relation?.type === "m.replace";
  return {
    kind: "text",
    ...who,
    text: isEdit ? `* ${line}` : line,
    instead: what,
    ...(isEdit
      ? relationTo("edit", stored.relation?.event, { text: line })
      : replyTo(stored.repliesTo, { text: line })),
  };
}

function replyTo(target: string | undefined, words: Words): More {
  return relationTo("reply", target, words);
}

function relationTo(kind: "reply" | "edit", target: string | undefined, words: Words): More {
  if (target === undefined) return {};
  const about: Relation = { kind, target: messageId(target), ...words };
  return { about };
}

/** The words of a message as they are read, where they have any looks by these. */
export function wordsOf({ body, html }: { readonly body: string; readonly html: string | undefined }): RichText {
  const words = richOfContent(html === undefined ? { body } : { body, format: HTML, formatted_body: html });
  // HTML in which nothing is to be seen says less than the words beside it.
  return isVisible(textOf(words)) ? words : plainRich(body);
}

/** Whether a message shows anything; what does not is said to nobody. */
export function showsWords({ body = "", html }: StoredEvent): boolean {
  return isVisible(body) || (html !== undefined && isVisible(textOf(wordsOf({ body, html }))));
}

type Words = Pick<Text, "text" | "rich">;

function spoken(words: RichText): Words {
  const rich = storable(words);
  return { text: plainText(words), ...(rich && { rich }) };
}
