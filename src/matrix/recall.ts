/**
 * What was said lately in rooms, for words about it: an answer quotes it, an edit tells the difference, a removal says what is
 * gone. In memory alone: what is not known any more is not quoted.
 */
import { RecentMap } from "../bridge/recent.ts";
import type { EventHead } from "./convert/event.ts";
import { withoutReplyFallback } from "./convert/text.ts";

/** A message as it was understood. */
export interface Recalled {
  readonly sender: string;
  /** Without what it quotes. */
  readonly text: string;
  /** False: its end was too much to remember. */
  readonly isWhole: boolean;
}

const REMEMBERED = 5000;
const CHARACTERS = 2000;
const LONGEST_KEY = 64;

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
  /** By the id of an edit: the words that it has changed. A transaction that could not be stored comes again. */
  readonly #before = new RecentMap<string, Said>(REMEMBERED);

  /** The words of a message; an edit's are those of the message that it edits. Called when the event has been understood. */
  note({ type, room, sender, event, content }: EventHead): void {
    const relation = fields(content["m.relates_to"]);
    if (type === "m.reaction") this.#react(event, room, sender, relation);
    if (type !== "m.room.message") return;
    const isEdit = relation.rel_type === "m.replace";
    const { body } = isEdit ? fields(content["m.new_content"]) : content;
    const id = isEdit ? relation.event_id : event;
    if (typeof body !== "string" || typeof id !== "string") return;
    // Only its author edits a message; what is of another's is none.
    const before = this.#said.get(id);
    if (isEdit && (before?.room !== room || before.sender !== sender)) return;
    if (isEdit && before !== undefined && this.#before.get(event) === undefined) this.#before.set(event, before);
    const text = withoutReplyFallback(body);
    const isWhole = text.length <= CHARACTERS;
    // A piece of a text would keep all of it in memory.
    const kept = isWhole ? text : Buffer.from(text.slice(0, CHARACTERS)).toString();
    this.#said.set(id, { room, sender, text: kept, isWhole });
  }

  #react(event: string, room: string, sender: string, { event_id: target, key }: ReturnType<typeof fields>): void {
    if (typeof target !== "string" || typeof key !== "string" || key.length > LONGEST_KEY) return;
    this.#reactions.set(event, { room, sender, target, key });
  }

  reaction(room: string, event: string): Reacted | undefined {
    const reaction = this.#reactions.get(event);
    return reaction?.room === room ? reaction : undefined;
  }

  /** Only what was said in that room: ids can be named anywhere. `by`: the event that is about it. */
  of(room: string, event: string, by: string): Recalled | undefined {
    const said = this.#before.get(by) ?? this.#said.get(event);
    return said?.room === room ? said : undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
