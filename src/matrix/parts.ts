/**
 * A message that needs several events. The first says how many they are; the others refer to it (`m.reference`) and say which
 * they are, so that words about one of them, and edits and removals of them all, find each other, after a restart as well.
 * Each has a transaction id of its own that is the same at every try: a repeat after a crash makes those that are missing.
 */
import type { MessageId } from "../bridge/model.ts";
import { type Fields, fields } from "./convert/fields.ts";

/** In the first of several events: how many they are. */
export const PARTS = "msnbridge.parts";
/** In each of the others: which it is, counted from 1. */
const PART = "msnbridge.part";

/** Events in their order; the first is what the message is called. */
export type Posted = readonly [MessageId, ...MessageId[]];

/** What the first of so many has in its content beside the words. */
export function first(count: number): Fields {
  return count > 1 ? { [PARTS]: count } : {};
}

/** What each of the others has. */
export function further(part: number, firstEvent: string): Fields {
  return { [PART]: part, "m.relates_to": { rel_type: "m.reference", event_id: firstEvent } };
}

/** The key of a part's event. */
export function partKey(key: string, part: number): string {
  return part === 0 ? key : `${key} part ${part}`;
}

/** Posts contents behind one another; `undefined` as soon as `post` gives that. */
export async function postParts<T extends MessageId | undefined>(
  [head, ...others]: readonly [object, ...object[]],
  key: string,
  post: (content: object, key: string, part: number) => Promise<T>,
): Promise<Posted | Exclude<T, MessageId>> {
  const event = await post({ ...head, ...first(others.length + 1) }, key, 0);
  if (event === undefined) return event as Exclude<T, MessageId>;
  const events: [MessageId, ...MessageId[]] = [event];
  for (const [at, content] of others.entries()) {
    const part = at + 1;
    const next = await post({ ...content, ...further(part, event) }, partKey(key, part), part);
    if (next === undefined) return next as Exclude<T, MessageId>;
    events.push(next);
  }
  return events;
}

/**
 * How many events a message is made of at most, by the content of its first one and the newest edit of it (`m.replace`). Where an
 * edit has fewer, those that are too many may still be there: it may have been cut off before they were taken back.
 */
export function countOf(content: unknown, edit: unknown): number {
  const newest = fields(fields(edit).content)["m.new_content"];
  const counts = [content, newest].map((one) => fields(one)[PARTS]);
  return Math.max(1, ...counts.filter((count) => Number.isInteger(count)).map(Number));
}

/** The first event of the message of which this is a further one; `undefined`: it stands alone. */
export function firstOf(content: Fields): string | undefined {
  const { rel_type, event_id } = fields(content["m.relates_to"]);
  return typeof content[PART] === "number" && rel_type === "m.reference" && typeof event_id === "string"
    ? event_id
    : undefined;
}

/** Events that refer to a message and are further ones of it, by the same sender, in their order. */
export function furtherOf(events: readonly unknown[], sender: string): string[] {
  const parts = events.flatMap((raw) => {
    const { event_id, sender: by, content } = fields(raw);
    const part = fields(content)[PART];
    return typeof event_id === "string" && by === sender && typeof part === "number" ? [{ event_id, part }] : [];
  });
  return parts.sort((a, b) => a.part - b.part).map(({ event_id }) => event_id);
}
