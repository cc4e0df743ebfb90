/** What a group is called in its room: the room's name, and the line that the bridge adds to the topic of a room of others. Pure. */
import { oneLine } from "../../bridge/plain.ts";

/** Names in the name of a room. */
const SHOWN = 4;
const NAME_CHARACTERS = 40;
const TOPIC_CHARACTERS = 1000;
/** Begins the line of the bridge in a topic. */
const MARK = "⇄ ";

/** Of the people in it, in whatever order they are given: "Anna, Ben, Carol and 2 others". */
export function nameOfPeople(people: readonly string[]): string {
  const names = [...new Set(people.map((name) => oneLine(name, NAME_CHARACTERS)).filter((name) => name !== ""))].sort();
  const last = names.length > SHOWN ? `${names.length - SHOWN + 1} others` : names.at(-1);
  const first = names.slice(0, names.length > SHOWN ? SHOWN - 1 : -1);
  if (last === undefined) return "Group chat";
  return first.length === 0 ? last : `${first.join(", ")} and ${last}`;
}

/** The lines of bridges at the end of a topic. */
const LINES = /(?:(?:^|\n)⇄ [^\n]*)+$/;

/** The topic of a room of others without what bridges say in it. */
export function ownTopic(topic: string): string {
  return topic.replace(LINES, "");
}

/**
 * The topic of a room of others with what people must know of the bridge; `note` empty: without. What of the note is the
 * room's own topic already is not said twice. `before`: our note until now, in whose place it comes; lines of other bridges stay.
 * Absent: that is not known, and all such lines were ours.
 */
export function topicWithNote(topic: string, note: string, before?: string): string {
  const own = ownTopic(topic);
  const now = lineOf(own, note);
  const old = before === undefined ? undefined : lineOf(own, before);
  const there = (LINES.exec(topic)?.[0] ?? "").split("\n").filter((line) => line !== "");
  const lines = old === undefined ? [] : there;
  const at = old === undefined ? -1 : lines.indexOf(old);
  if (!lines.includes(now)) lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, now);
  else if (old !== now && at >= 0) lines.splice(at, 1);
  return [own, ...lines].filter((line) => line !== "").join("\n");
}

function lineOf(own: string, note: string): string {
  const said = own !== "" && note.startsWith(own) ? note.slice(own.length) : note;
  const line = oneLine(said.replace(/^\s*\|\s*/, ""), TOPIC_CHARACTERS);
  return line === "" ? "" : MARK + line;
}
