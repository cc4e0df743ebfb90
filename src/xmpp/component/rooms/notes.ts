/** What is kept of a conference that is tied to a group. Pure. */
import type { GroupId } from "../../../bridge/groups/model.ts";
import { isGroup } from "../../../bridge/groups/model.ts";
import type { PortalId } from "../../../bridge/model.ts";
import { type BareJid, parseBareJid } from "../../jid.ts";
import type { Position } from "../../muc/archive.ts";

/** One of ours who sits there beside the bot. */
export interface VoiceNote {
  readonly jid: BareJid;
  /** What they are called, and as what the room knows them. */
  readonly name: string;
  readonly nick: string;
}

export interface TieNote {
  readonly kind: "tied";
  readonly group: GroupId;
  /** What was said before the room was tied is none of ours, Unix ms. */
  readonly since: number;
  /** Up to where the room was read. */
  readonly position: Position;
  /** Who of ours may still be in it after a crash. */
  readonly voices: readonly VoiceNote[];
  /** What we have put behind the subject, or said in its stead. */
  readonly told?: string;
  /** Why we do not enter it, until somebody asks us to. */
  readonly shutOut?: string;
  /** It has a password, which is kept elsewhere, sealed. */
  readonly locked?: true;
}

/** Bytes: the store takes 4 KiB. */
const MOST = 4000;

/** Voices that it has no place for are left out. */
export function writeTie(note: TieNote): string {
  const text = JSON.stringify(note);
  if (Buffer.byteLength(text) <= MOST || note.voices.length === 0) return text;
  return writeTie({ ...note, voices: note.voices.slice(0, Math.floor(note.voices.length / 2)) });
}

/** `undefined` for a note of another kind. */
export function readTie(text: string): TieNote | undefined {
  try {
    return checked(JSON.parse(text) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

function checked({
  kind,
  group,
  since,
  position,
  voices,
  told,
  shutOut,
  locked,
}: Record<string, unknown>): TieNote | undefined {
  const { id, at } = (position ?? {}) as Partial<Position>;
  if (kind !== "tied" || typeof group !== "string" || typeof at !== "number" || typeof since !== "number")
    return undefined;
  if (!isGroup(group as PortalId)) return undefined;
  return {
    kind,
    group: group as GroupId,
    since,
    position: typeof id === "string" ? { id, at } : { at },
    voices: Array.isArray(voices) ? voices.flatMap(voiceOf) : [],
    ...(typeof told === "string" ? { told } : {}),
    ...(typeof shutOut === "string" ? { shutOut } : {}),
    ...(locked === true ? { locked } : {}),
  };
}

function voiceOf(raw: Partial<Record<keyof VoiceNote, unknown>>): VoiceNote[] {
  const { jid, name, nick } = raw;
  if (typeof jid !== "string" || typeof name !== "string" || typeof nick !== "string") return [];
  return [{ jid: parseBareJid(jid), name, nick }];
}
