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

/** The topic of a room of others without what bridges say in it. */
export function ownTopic(topic: string): string {
  return topic.slice(0, endOfOwn(topic));
}

/** Where the lines of bridges begin that end a topic. Line by line from the end: a topic has up to 60 000 characters, of anybody's. */
function endOfOwn(topic: string): number {
  let end = topic.length;
  while (end > 0) {
    const before = topic.lastIndexOf("\n", end - 1);
    if (!topic.startsWith(MARK, before + 1)) break;
    end = Math.max(before, 0);
  }
  return end;
}

/**
 * The topic of a room of others with what people must know of the bridge; `note` empty: without. What of the note is the
 * room's own topic already is not said twice. `before`: our note until now, in whose place it comes; lines of other bridges stay.
 * Absent: that is not known, and all such lines were ours.
 */
export function topicWithNote(topic: string, note: string, before?: string): string {
  const own = ownTopic(topic);
  const now = lineOf(own, note);
  const there = topic.slice(own.length).split("\n");
  const lines = before === undefined ? [] : there.filter((line) => line !== "");
  const at = before === undefined ? -1 : placeOf(lines, own, before);
  if (!lines.includes(now)) lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, now);
  else if (at >= 0 && lines[at] !== now) lines.splice(at, 1);
  return [own, ...lines].filter((line) => line !== "").join("\n");
}

/** Which of the lines is that of a note; what the room's own topic was when it was written may have been another one. */
function placeOf(lines: readonly string[], own: string, note: string): number {
  const exact = lines.indexOf(lineOf(own, note));
  const whole = oneLine(`| ${note}`, TOPIC_CHARACTERS);
  return exact >= 0 ? exact : lines.findIndex((line) => whole.endsWith(`| ${line.slice(MARK.length)}`));
}

function lineOf(own: string, note: string): string {
  const said = own !== "" && note.startsWith(own) ? note.slice(own.length) : note;
  const line = oneLine(said.replace(/^\s*\|\s*/, ""), TOPIC_CHARACTERS);
  return line === "" ? "" : MARK + line;
}
