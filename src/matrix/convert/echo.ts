/**
 * The mark on what the bridge posts as a resident, by which it is known when the homeserver brings it back: a homeserver
 * tells an application service everything that is said in its rooms. It is part of the event, so it holds from the moment
 * the event exists, over a crash between sending and noting what was sent. It is bound to room and person and made with a
 * secret, so that a copy of such a message elsewhere (clients copy unknown keys when they forward) is the person's own. Pure.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** The key in the event's content. */
export const ECHO = "msnbridge.echo";

/** `id`: names the event among those of the bridge, e.g. its transaction id. */
export function echoMark(secret: string, room: string, mxid: string, id: string): string {
  return `${id}.${proof(secret, room, mxid, id)}`;
}

/** Whether an event with this content is one that the bridge has posted as its sender. */
export function isEcho(
  secret: string,
  room: string,
  mxid: string,
  content: Readonly<Record<string, unknown>>,
): boolean {
  const mark = content[ECHO];
  if (typeof mark !== "string" || mark.length > 200) return false;
  const dot = mark.indexOf(".");
  const given = Buffer.from(mark.slice(dot + 1));
  const wanted = Buffer.from(proof(secret, room, mxid, mark.slice(0, Math.max(dot, 0))));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function proof(secret: string, room: string, mxid: string, id: string): string {
  return createHmac("sha256", secret).update(`echo\n${room}\n${mxid}\n${id}`).digest("base64url").slice(0, 32);
}
