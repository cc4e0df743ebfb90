/** What the network or another home says in a group's room, as stanzas carry it. Pure. */
import type { GroupMessage, Relation } from "../../../bridge/model.ts";
import { excerpt } from "../../../bridge/text/quote.ts";
import { MUC_NS } from "../../conference/build.ts";
import type { RichWords } from "../../convert/rich.ts";
import { partsOf, type Words, wordsOf } from "../../convert/words.ts";
import { type BareJid, withResource } from "../../jid.ts";
import { lookElements } from "../../stanza/message.ts";
import { el, NS, type XmlElement } from "../../stanza/xml.ts";
import type { Remembered } from "./memory.ts";

export interface SpeechParts {
  /** What is shown of it, for those who answer it. */
  readonly text: string;
  readonly parts: readonly XmlElement[];
}

/** What the room knows of a message that others are about. */
export interface Known {
  readonly find: (id: string) => Remembered | undefined;
  /** What the speaker reacts to it with now. */
  readonly reactions: (id: string) => readonly string[];
}

/** A message as the stanzas that it needs, each of a size that servers take. */
export function speechOf(room: BareJid, message: GroupMessage, known: Known): SpeechParts[] {
  const { about } = message;
  const plainly = (): SpeechParts[] => partsOf(wordsOf(message)).map(spoken);
  if (about === undefined) {
    const [first, ...others] = plainly();
    if (!message.nudge || first === undefined) return first === undefined ? [] : [first, ...others];
    return [{ ...first, parts: [...first.parts, el("attention", { xmlns: NS.attention })] }, ...others];
  }
  switch (about.kind) {
    case "reply":
      return reply(room, about, known.find(about.target)) ?? plainly();
    case "edit": {
      const replace = el("replace", { xmlns: NS.correct, id: about.target });
      const [first, ...others] = partsOf(wordsOf({ kind: message.kind, ...wordsAbout(about) })).map(spoken);
      return first === undefined ? [] : [{ ...first, parts: [...first.parts, replace] }, ...others];
    }
    case "removal":
      return [removal(about.target, message.text)];
    case "reaction":
      return isEmoji(about.key) ? [reaction(about, known.reactions(about.target))] : plainly();
  }
}

/** The reactions that are left after one was added or taken away. */
export function reactionsAfter(now: readonly string[], { key, removed }: Relation & { kind: "reaction" }): string[] {
  const others = now.filter((one) => one !== key);
  return removed ? others : [...others, key];
}

const wordsAbout = ({ text, rich }: Relation & { kind: "reply" | "edit" }): Words =>
  rich === undefined ? { text } : { text, rich };

function spoken(words: RichWords): SpeechParts {
  return { text: words.body, parts: [el("body", {}, words.body), ...lookElements(words)] };
}

/** XEP-0461, with the quotation in front for clients that know nothing of it (§3.1, XEP-0428). */
function reply(
  room: BareJid,
  about: Relation & { kind: "reply" | "edit" },
  target: Remembered | undefined,
): SpeechParts[] | undefined {
  if (target === undefined) return undefined;
  const [first, ...others] = partsOf(wordsAbout(about));
  if (first === undefined) return undefined;
  const quote = `> ${target.nick}: ${excerpt(target.text)}\n`;
  const marks = [
    el("reply", { xmlns: NS.reply, to: withResource(room, target.nick), id: target.stanzaId }),
    el("fallback", { xmlns: NS.fallback, for: NS.reply }, el("body", { start: "0", end: `${[...quote].length}` })),
  ];
  const body = el("body", {}, quote + first.body);
  return [{ text: first.body, parts: [body, ...lookElements(first), ...marks] }, ...others.map(spoken)];
}

/** XEP-0424 §3.1, with words for clients that know nothing of it. */
function removal(target: string, text: string): SpeechParts {
  const parts = [
    el("retract", { xmlns: NS.retract, id: target }),
    el("fallback", { xmlns: NS.fallback, for: NS.retract }),
    el("body", {}, text),
    el("store", { xmlns: NS.hints }),
  ];
  return { text, parts };
}

/** XEP-0444: all that somebody reacts to a message with, each time. */
function reaction(about: Relation & { kind: "reaction" }, now: readonly string[]): SpeechParts {
  const all = reactionsAfter(now, about).map((one) => el("reaction", {}, one));
  const parts = [el("reactions", { xmlns: MUC_NS.reactions, id: about.target }, all), el("store", { xmlns: NS.hints })];
  return { text: "", parts };
}

/** XEP-0444 knows nothing else. Some emoji, like ℹ️, are letters as well. */
function isEmoji(key: string): boolean {
  const others = key.replace(/\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3/gu, "");
  return key.length <= 40 && others !== key && !/\p{L}/u.test(others);
}
