/** What this home stores in the core's lanes, and what it means (the home's `read`). Pure. */
import { type HomeEvent, type HomeName, residentId, roomId } from "../../bridge/model.ts";
import { type BareJid, bare, type Jid, readJid } from "../jid.ts";
import { type GhostJids, residentJid } from "./ghost.ts";
import { nameOf } from "./message-id.ts";

interface Sent {
  /** Who: the person's full address. */
  readonly from: Jid;
  /** The ghost, or the gateway. */
  readonly to: BareJid;
  /** The stanza's id. */
  readonly id?: string;
}

/** What a person does to their contact list. */
export type Act =
  | "subscribe"
  | "subscribed"
  | "unsubscribe"
  | "unsubscribed"
  | "block"
  | "unblock"
  | "roster-rename"
  | "roster-groups"
  | "roster-remove"
  /** The gateway alone: after everything is unlinked (XEP-0100 §4.3.1). */
  | "unregister";

export type Stored =
  | (Sent & { readonly kind: "message"; readonly body: string; readonly fixes?: true; readonly receipt?: true })
  | (Sent & { readonly kind: "nudge"; readonly receipt?: true })
  | (Sent & { readonly kind: "unsupported"; readonly what: string })
  /** The first word of a chat: its room comes about. */
  | (Sent & { readonly kind: "open" })
  | (Sent & { readonly kind: "command"; readonly line: string; readonly room: string })
  | (Sent & { readonly kind: "act"; readonly act: Act; readonly text?: string; readonly groups?: readonly string[] });

export type StoredAct = Stored & { kind: "act" };

const KINDS = new Set(["message", "nudge", "unsupported", "open", "command", "act"]);

/** What came out of a lane, checked; `undefined` for what no version of this home has stored. */
export function parseStored(raw: unknown): Stored | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { kind, from, to } = raw as Record<string, unknown>;
  if (typeof kind !== "string" || !KINDS.has(kind) || typeof from !== "string" || typeof to !== "string")
    return undefined;
  return readJid(from) !== undefined && readJid(to) !== undefined ? (raw as Stored) : undefined;
}

/** See {@link Home.read}. */
export function readStored(raw: unknown, home: HomeName, names: GhostJids): HomeEvent | undefined {
  const stored = parseStored(raw);
  if (stored === undefined) return undefined;
  if (stored.kind === "act") return { kind: "own" };
  const resident = residentId(home, bare(stored.from));
  const who = { resident, room: names.room(stored.to, residentJid(resident)) };
  if (stored.kind === "open") {
    const ghost = names.parse(stored.to);
    return ghost === undefined ? undefined : { kind: "invited", ...who, ghost, direct: true };
  }
  const message = nameOf(stored.from, stored.id, "receipt" in stored && stored.receipt === true);
  switch (stored.kind) {
    case "message":
      return { kind: "text", ...who, message, text: wordsOf(stored.body, stored.fixes === true) };
    case "nudge":
      return { kind: "nudge", ...who, message };
    case "unsupported":
      return { kind: "unsupported", ...who, message, what: stored.what };
    case "command":
      return { kind: "command", resident, room: roomId(stored.room), message, line: stored.line };
  }
}

/** MSN has neither actions nor corrections in its texts: a star stands for both, as people write it. */
function wordsOf(body: string, fixes: boolean): string {
  const words = body.startsWith("/me ") ? `* ${body.slice(4)}` : body;
  return fixes ? `* ${words}` : words;
}
