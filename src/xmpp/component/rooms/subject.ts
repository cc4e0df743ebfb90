/**
 * What people must know of the bridge, behind a room's own subject: `Our holidays [⇄ …]`. The brackets mark what is ours, so
 * that it can be taken away again and the rest stays as its people want it. Pure.
 */
import { oneLine } from "../../../bridge/plain.ts";

const LONGEST = 500;
const OURS = /\s*\[⇄ [^\]]*\]$/u;

/** What the room's people have set. */
export function ownSubject(subject: string): string {
  return subject.replace(OURS, "").trimEnd();
}

/**
 * The subject with our note behind it; "" for the note: without. What of the note is the room's own subject already is not
 * said twice.
 */
export function subjectWithNote(subject: string, note: string): string {
  const own = ownSubject(subject);
  const said = noteFor(own, note);
  if (said === "") return own;
  return own === "" ? `[⇄ ${said}]` : `${own} [⇄ ${said}]`;
}

/** What of the note is news in a room of that subject. */
export function noteFor(own: string, note: string): string {
  const news = own !== "" && note.startsWith(own) ? note.slice(own.length).replace(/^\s*\|\s*/, "") : note;
  return oneLine(news.replaceAll(/[[\]\s]+/g, " "), LONGEST);
}
