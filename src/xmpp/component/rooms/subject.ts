/**
 * What people must know of the bridge, behind a room's own subject: `Our holidays [⇄ …]`. The brackets mark what a bridge says, so
 * that it can be taken away again and the rest stays as its people want it. Each bridge of several leaves what the others say. Pure.
 */
import { oneLine } from "../../../bridge/plain.ts";

const LONGEST = 500;
const BEGIN = "[⇄ ";

/** What the room's people have set. */
export function ownSubject(subject: string): string {
  return taken(subject).own;
}

/** From its end, each letter once: a subject may be as long as a stanza, and anybody's who may set one. */
function taken(subject: string): { readonly own: string; readonly notes: string[] } {
  const notes: string[] = [];
  let own = subject;
  while (own.endsWith("]")) {
    const begin = own.lastIndexOf(BEGIN);
    const text = own.slice(begin + BEGIN.length, -1);
    if (begin < 0 || text.includes("]")) break;
    notes.push(text);
    own = own.slice(0, begin).trimEnd();
  }
  return { own: own.trimEnd(), notes: notes.reverse() };
}

/**
 * The subject with our note behind it; "" for the note: without. What of the note is the room's own subject already is not
 * said twice. `before`: our note until now, in whose place it comes.
 */
export function subjectWithNote(subject: string, note: string, before = note): string {
  const { own, notes } = taken(subject);
  const now = noteFor(own, note);
  const at = placeOf(notes, own, before);
  if (!notes.includes(now)) notes.splice(at < 0 ? notes.length : at, at < 0 ? 0 : 1, now);
  else if (at >= 0 && notes[at] !== now) notes.splice(at, 1);
  const shown = notes.filter((text) => text !== "").map((text) => `[⇄ ${text}]`);
  return [own, ...shown].filter((part) => part !== "").join(" ");
}

/** Which of the notes is that one; what the room's own subject was when it was written may have been another. */
function placeOf(notes: readonly string[], own: string, note: string): number {
  const exact = notes.indexOf(noteFor(own, note));
  const whole = noteFor("", `| ${note}`);
  return exact >= 0 ? exact : notes.findIndex((text) => whole.endsWith(`| ${text}`));
}

/** What of the note is news in a room of that subject. */
export function noteFor(own: string, note: string): string {
  const news = own !== "" && note.startsWith(own) ? note.slice(own.length).replace(/^\s*\|\s*/, "") : note;
  return oneLine(news.replaceAll(/[[\]\s]+/g, " "), LONGEST);
}
