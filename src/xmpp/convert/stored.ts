/** What this home stores in the core's lanes, and what it means (the home's `read`). Pure. */
import {
  type GhostRef,
  type HomeEvent,
  type HomeName,
  type MessageId,
  type ResidentId,
  residentId,
  roomId,
} from "../../bridge/model.ts";
import { type BareJid, bare, type Jid, readJid } from "../jid.ts";
import { type GhostJids, residentJid } from "./ghost.ts";
import { messageName, nameOf, nameQuoted } from "./message-id.ts";

interface Sent {
  /** Who: the person's full address. */
  readonly from: Jid;
  /** The ghost, or the gateway. */
  readonly to: BareJid;
  /** The stanza's id. */
  readonly id?: string;
  /** The conference in which it was said; absent: in the chat of the two. */
  readonly room?: string;
  /** Whose words they count as, where the sender may be anybody. */
  readonly resident?: string;
  /** Who said it in the resident's stead. */
  readonly speaker?: string;
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
  /** A message that is stored already, said again by a client that has heard nothing of it. */
  | (Sent & { readonly kind: "again"; readonly id: string; readonly receipt?: true })
  /** The first word of a chat: its room comes about. */
  | (Sent & { readonly kind: "open"; readonly ghost?: GhostRef })
  | (Sent & { readonly kind: "command"; readonly line: string; readonly room: string })
  | (Sent & { readonly kind: "act"; readonly act: Act; readonly text?: string; readonly groups?: readonly string[] });

export type StoredAct = Stored & { kind: "act" };

const KINDS = new Set(["message", "nudge", "unsupported", "again", "open", "command", "act"]);

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
  const resident = (stored.resident as ResidentId | undefined) ?? residentId(home, bare(stored.from));
  const room = stored.room === undefined ? names.room(stored.to, residentJid(resident)) : roomId(stored.room);
  const who = { resident, room };
  if (stored.kind === "open") {
    const ghost = stored.ghost ?? names.parse(stored.to);
    return ghost === undefined ? undefined : { kind: "invited", ...who, ghost, direct: true };
  }
  const message = nameStored(stored);
  const speaker = stored.speaker === undefined ? {} : { speaker: stored.speaker };
  switch (stored.kind) {
    case "message":
      return { kind: "text", ...who, message, text: wordsOf(stored.body, stored.fixes === true), ...speaker };
    case "nudge":
      return { kind: "nudge", ...who, message, ...speaker };
    case "again":
      return { kind: "again", ...who, message, is: (name) => messageName(name)?.id === stored.id };
    case "unsupported":
      return { kind: "unsupported", ...who, message, what: stored.what };
    case "command":
      return { kind: "command", ...who, message, line: stored.line };
  }
}

function nameStored(stored: Stored): MessageId {
  const isPublic = stored.room !== undefined && stored.kind !== "command";
  if (isPublic) return nameQuoted(stored.id, stored.kind === "message" ? stored.body : "");
  return nameOf(stored.from, stored.id, "receipt" in stored && stored.receipt === true);
}

/** MSN has neither actions nor corrections in its texts: a star stands for both, as people write it. */
function wordsOf(body: string, fixes: boolean): string {
  const words = body.startsWith("/me ") ? `* ${body.slice(4)}` : body;
  return fixes ? `* ${words}` : words;
}
