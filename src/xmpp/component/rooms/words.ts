/** What one of ours says in a conference, as its stanzas carry it: as they themselves, or the bot for them. Pure. */
import type { GroupMessage } from "../../../bridge/model.ts";
import { messageId } from "../../../bridge/model.ts";
import { dated, partsOf, spoken, type Words, wordsOf } from "../../convert/words.ts";
import type { BareJid } from "../../jid.ts";
import { lookElements } from "../../stanza/message.ts";
import { noticeElement, viaElements } from "../../stanza/via.ts";
import { el, NS, type XmlElement } from "../../stanza/xml.ts";
import { reactionsAfter, speechOf } from "../groups/words.ts";
import type { Talk } from "./talk.ts";

/** One stanza's contents. */
export interface Said {
  readonly text: string;
  readonly parts: readonly XmlElement[];
}

export interface Speech {
  readonly own: readonly Said[];
  readonly spokenFor: readonly Said[];
}

/** `speaker`: by address. */
export function foreignSpeech(talk: Talk, room: BareJid, speaker: string, name: string, message: GroupMessage): Speech {
  const words = dated(wordsOf(message), message);
  const plain = stanzasOf(words, message);
  const own = natively(talk, room, speaker, message) ?? plain;
  const via = viaElements(message.via);
  const carried = ({ text, parts }: Said): Said => ({ text, parts: [...parts, ...via] });
  return { own: own.map(carried), spokenFor: stanzasOf(spoken(name, words), message).map(carried) };
}

/** Words of the bot itself. */
export function plainSpeech(text: string): Speech {
  const all = partsOf({ text }).map(({ body }) => ({ text: body, parts: [el("body", {}, body), noticeElement()] }));
  return { own: all, spokenFor: all };
}

/** `undefined`: what the message is about is not known here, or is not the speaker's to change. */
function natively(talk: Talk, room: BareJid, speaker: string, message: GroupMessage): readonly Said[] | undefined {
  const { about } = message;
  if (about === undefined) return undefined;
  const target = talk.find(room, about.target);
  const isOwn = target?.speaker === speaker;
  if ((about.kind === "edit" || about.kind === "removal") && !isOwn) return undefined;
  // Corrections name what they correct as its sender did.
  const name = about.kind === "edit" ? target?.id : (target?.as ?? about.target);
  if (name === undefined) return undefined;
  const found = target && { stanzaId: target.as, nick: target.nick, text: target.text };
  return speechOf(
    room,
    { ...message, about: { ...about, target: messageId(name) } },
    { find: () => found, reactions: (id) => talk.reactions(room, speaker, id) },
  );
}

/** What a reaction leaves behind, for the next. */
export function reacted(talk: Talk, room: BareJid, speaker: string, { about }: GroupMessage): void {
  if (about?.kind !== "reaction") return;
  const name = talk.find(room, about.target)?.as ?? about.target;
  talk.setReactions(room, speaker, name, reactionsAfter(talk.reactions(room, speaker, name), about));
}

function stanzasOf(words: Words, { nudge }: GroupMessage): Said[] {
  return partsOf(words).map((one, part) => {
    const ring = nudge && part === 0 ? [el("attention", { xmlns: NS.attention })] : [];
    return { text: one.body, parts: [el("body", {}, one.body), ...lookElements(one), ...ring] };
  });
}
