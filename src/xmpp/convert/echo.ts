/**
 * What the bridge says in a person's name comes back to it like anything that they say. It is known by its id, which nobody
 * else can make, and not by a list of what was sent: a list would have a gap between sending and storing. Pure.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../bridge/secret.ts";
import { stanzaId } from "./text.ts";

function mac(secret: Secret, id: string, to: string): string {
  return createHmac("sha256", secret.open()).update(`own ${id} ${to}`).digest("base64url").slice(0, 22);
}

/** The id of words said in a person's name, the same for each try. */
export function ownId(secret: Secret, key: string, to: string, part = 0): string {
  const id = stanzaId(key, part);
  return `${id}.${mac(secret, id, to)}`;
}

/** Whether a message to `to` is one of ours. */
export function isOwnId(secret: Secret, id: string | undefined, to: string): boolean {
  const dot = id?.lastIndexOf(".") ?? -1;
  if (id === undefined || dot < 0) return false;
  const [given, right] = [Buffer.from(id.slice(dot + 1)), Buffer.from(mac(secret, id.slice(0, dot), to))];
  return given.length === right.length && timingSafeEqual(given, right);
}
