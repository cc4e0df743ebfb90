/**
 * What was said lately in rooms, for words about it: an answer quotes it, an edit tells the difference, a removal says what is
 * gone. In memory alone; what is not known any more is asked of the homeserver by {@link LookBack}, and else is not quoted.
 */
import { RecentMap } from "../bridge/recent.ts";
import { plainText } from "../bridge/text/plain.ts";
import { type EventHead, isForOthers } from "./convert/event.ts";
import { type Fields, fields } from "./convert/fields.ts";
import { HTML } from "./convert/html.ts";
import { standIn } from "./convert/others.ts";
import { wordsOf } from "./convert/said.ts";
import { reactionKey, withoutReplyFallback } from "./convert/text.ts";
import { firstOf } from "./parts.ts";

/** What was passed on. Without words: nobody knows any more what it was. */
export interface Told {
  readonly text?: string;
  /** Not so when its end was too much to remember. */
  readonly isWhole?: true;
}

/** A message as it was understood. */
export interface Recalled {
  readonly sender: string;
  /** As it is read, without what it quotes; absent: it is known to have been there, and nobody knows any more what it was. */
  readonly text?: string;
  /** As it was passed on last; absent: it never was, and is nobody's concern. */
  readonly told?: Told;
  /** How its sender is called in the room, where that has been asked for. */
  readonly name?: string;
}

const REMEMBERED = 5000;
const CHARACTERS = 2000;
const LONGEST_NAME = 200;

/** Who reacted with what to which message. */
export interface Reacted {
  readonly room: string;
  readonly sender: string;
  readonly target: string;
  readonly key: string;
}

interface Said extends Recalled {
  readonly room: string;
}

export class Recall {
  readonly #said = new RecentMap<string, Said>(REMEMBERED);
  readonly #reactions = new RecentMap<string, Reacted>(REMEMBERED);
  /** By room and person: how they are called there; of those whose name somebody needs. */
  readonly #names = new RecentMap<string, string>(REMEMBERED);
  /** By the id of an edit: the words that it has changed. A transaction that could not be stored comes again. */
  readonly #before = new RecentMap<string, Said>(REMEMBERED);
  /** By a further event of a message: room and first event of it. */
  readonly #firsts = new RecentMap<string, { readonly room: string; readonly first: string }>(REMEMBERED);
  readonly #isOurs: (mxid: string) => boolean;

  /** `isOurs`: users of the bridge, whose messages may be of several events. */
  constructor(isOurs: (mxid: string) => boolean = () => false) {
    this.#isOurs = isOurs;
  }

  /**
   * The words of a message; an edit's are those of the message that it edits. Called when the event has been understood.
   * `isTold`: it is passed on, or has come from where it would be.
   */
  note({ type, room, sender, event, content }: EventHead, isTold: boolean): void {
    const relation = fields(content["m.relates_to"]);
    if (type === "m.room.member") this.#renamed(room, sender, content);
    if (type === "m.reaction") this.#react(event, room, sender, relation.event_id, reactionKey(content));
    if (type === "m.reaction") return;
    const first = firstOf(content);
    if (first !== undefined && this.#isOurs(sender)) this.#firsts.set(event, { room, first });
    const isEdit = relation.rel_type === "m.replace";
    const words = isEdit ? fields(content["m.new_content"]) : content;
    const text = standIn(type, words)?.line ?? (type === "m.room.message" ? plainWords(words, relation) : undefined);
    const id = isEdit ? relation.event_id : event;
    if (text === undefined || typeof id !== "string") return;
    // Only its author edits a message; what is of another's is none.
    const before = this.#said.get(id);
    if (isEdit && (before?.room !== room || before.sender !== sender)) return;
    if (isEdit && before !== undefined && this.#before.get(event) === undefined) this.#before.set(event, before);
    const isWhole = text.length <= CHARACTERS;
    // A piece of a text would keep all of it in memory.
    const kept = isWhole ? text : Buffer.from(text.slice(0, CHARACTERS)).toString();
    const told = isTold ? { text: kept, ...(isWhole && { isWhole }) } : before?.told;
    this.#said.set(id, { room, sender, text: kept, ...(told && { told }) });
  }

  /** The same of an event that this run has not heard: it was passed on if it looks like it, and `mayBeTold`. */
  noteEarlier(head: EventHead, mayBeTold: boolean): void {
    this.note(head, mayBeTold && (this.#isOurs(head.sender) || isForOthers(head)));
  }

  /** A message that is there no more, as the homeserver tells it. */
  noteGone({ type, room, sender, event }: EventHead): void {
    if (type === "m.room.message" || type === "m.sticker") this.#said.set(event, { room, sender, told: {} });
  }

  /** How somebody is called in a room; `undefined` until {@link noteName}. */
  nameIn(room: string, mxid: string): string | undefined {
    return this.#names.get(`${room} ${mxid}`);
  }

  noteName(room: string, mxid: string, name: string): void {
    this.#names.set(`${room} ${mxid}`, name);
  }

  #renamed(room: string, mxid: string, { displayname }: EventHead["content"]): void {
    const isAsked = this.nameIn(room, mxid) !== undefined;
    if (isAsked && typeof displayname === "string") this.noteName(room, mxid, displayname.slice(0, LONGEST_NAME));
  }

  /** Whether anything is remembered of an event. */
  has(event: string): boolean {
    return this.#said.get(event) !== undefined || this.#reactions.get(event) !== undefined;
  }

  #react(event: string, room: string, sender: string, target: unknown, key: string | undefined): void {
    if (typeof target !== "string" || key === undefined) return;
    this.#reactions.set(event, { room, sender, target, key });
  }

  reaction(room: string, event: string): Reacted | undefined {
    const reaction = this.#reactions.get(event);
    return reaction?.room === room ? reaction : undefined;
  }

  /** What the message of an event is called: by its first one, when it is made of several. */
  messageOf(room: string, event: string): string {
    const known = this.#firsts.get(event);
    return known?.room === room ? known.first : event;
  }

  /** Only what was said in that room: ids can be named anywhere. `by`: the event that is about it. */
  of(room: string, event: string, by: string): Recalled | undefined {
    const said = this.#before.get(by) ?? this.#said.get(event);
    if (said?.room !== room) return undefined;
    const name = this.nameIn(room, said.sender);
    return name === undefined ? said : { ...said, name };
  }
}

/** What a reader without looks sees of a message, which is what an edit is compared with. */
function plainWords({ body, format, formatted_body }: Fields, relation: Fields): string | undefined {
  if (typeof body !== "string") return undefined;
  const html = format === HTML && typeof formatted_body === "string" ? formatted_body : undefined;
  const isAnswer = relation["m.in_reply_to"] !== undefined;
  return plainText(wordsOf({ body: isAnswer ? withoutReplyFallback(body) : body, html }));
}
