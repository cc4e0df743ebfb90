/** Texts on their way to XMPP. Pure. */
import { createHash } from "node:crypto";
import type { Failure, NetworkMessage } from "../../bridge/model.ts";

/** Bytes of one message's text; the stanza around it stays far below what servers take. */
export const PART_BYTES = 60_000;
/** What was said longer ago than this carries its time, ms. */
const FRESH_MS = 60_000;

/** The stanza's id of an entry's try, the same for each; `part` counts from 0. */
export function stanzaId(key: string, part = 0): string {
  const hash = createHash("sha256").update(key).digest("base64url").slice(0, 27);
  return part === 0 ? `msn-${hash}` : `msn-${hash}-${part}`;
}

/** Splits a text at characters so that each part has at most `bytes` bytes of UTF-8. */
export function splitText(text: string, bytes = PART_BYTES): string[] {
  if (Buffer.byteLength(text) <= bytes) return [text];
  const parts: string[] = [];
  let [part, size] = ["", 0];
  for (const char of text) {
    const more = Buffer.byteLength(char);
    if (size + more > bytes) {
      parts.push(part);
      [part, size] = ["", 0];
    }
    part += char;
    size += more;
  }
  return part === "" && parts.length > 0 ? parts : [...parts, part];
}

/** The time to show with a message, if any. */
export function saidAt({ at, delayed }: Pick<NetworkMessage, "at" | "delayed">, now = Date.now()): number | undefined {
  return delayed || now - at > FRESH_MS ? at : undefined;
}

/** The words of an error stanza. In a chat with a contact a bare `retry` would go to the contact. */
export function failureText({ text }: Failure, gateway: string): string {
  return text.replace("Say `retry`", `Say \`retry\` to ${gateway}`).replace("to the bridge bot", `to ${gateway}`);
}
