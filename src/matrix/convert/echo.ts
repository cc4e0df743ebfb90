/**
 * The mark on what the bridge posts as a resident, by which it is known when the homeserver brings it back: a homeserver
 * tells an application service everything that is said in its rooms. It is part of the event, so it holds from the moment
 * the event exists, over a crash between sending and noting what was sent. It is bound to room and person and made with a
 * secret, so that a copy of such a message elsewhere (clients copy unknown keys when they forward) is the person's own.
 * Which of several events with one mark is the bridge's: puppets/echoes.ts. Pure.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** The key in the event's content. */
export const ECHO = "msnbridge.echo";

export interface Mark {
  /** Names the post among those of the bridge, e.g. its transaction id; without dots. */
  readonly id: string;
  /** When it was made, Unix ms. */
  readonly at: number;
}

export function echoMark(secret: string, room: string, mxid: string, { id, at }: Mark): string {
  const named = `${id}.${at.toString(36)}`;
  return `${named}.${proof(secret, room, mxid, named)}`;
}

/** The mark of an event whose sender was posted as; `undefined` when it has none that was made for room and sender. */
export function readMark(
  secret: string,
  room: string,
  mxid: string,
  content: Readonly<Record<string, unknown>>,
): Mark | undefined {
  const mark = content[ECHO];
  if (typeof mark !== "string" || mark.length > 200) return undefined;
  const [id = "", at = "", given = "", ...more] = mark.split(".");
  const wanted = Buffer.from(proof(secret, room, mxid, `${id}.${at}`));
  const found = Buffer.from(given);
  if (more.length > 0 || found.length !== wanted.length || !timingSafeEqual(found, wanted)) return undefined;
  return { id, at: Number.parseInt(at, 36) };
}

function proof(secret: string, room: string, mxid: string, named: string): string {
  return createHmac("sha256", secret).update(`echo\n${room}\n${mxid}\n${named}`).digest("base64url").slice(0, 32);
}
