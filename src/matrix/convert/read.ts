/**
 * A stored event in neutral words (the home's `read`). Pure.
 *
 * What is left out on purpose: notices (`m.notice`) are what programs say, bridging them makes two bots talk for ever.
 */

import { type HomeEvent, type HomeName, messageId, residentId, roomId } from "../../bridge/model.ts";
import { isVisible } from "../../bridge/plain.ts";
import { readNote } from "../groups/sort.ts";
import type { Stored, StoredEvent } from "./event.ts";
import type { GhostNames } from "./ghost.ts";
import { standIn } from "./others.ts";
import { edited, named, removed, said, showsWords, type Who } from "./said.ts";

const AGAIN = new Set(["🔁", "🔄", "🔂", "retry"]);
const COMMAND = /^!msn(?:\s+|$)/i;

function isStored(raw: unknown): raw is Stored {
  if (typeof raw !== "object" || raw === null) return false;
  const { kind, room, sender, event } = raw as Record<string, unknown>;
  return (
    (kind === "event" || kind === "own") &&
    typeof room === "string" &&
    typeof sender === "string" &&
    typeof event === "string"
  );
}

/** What came out of a lane, checked; `undefined` for what no version of this home has stored. */
export function parseStored(raw: unknown): Stored | undefined {
  return isStored(raw) ? raw : undefined;
}

/** See {@link Home.read}. */
export function readStored(raw: unknown, home: HomeName, names: GhostNames): HomeEvent | undefined {
  const stored = parseStored(raw);
  if (stored === undefined) return undefined;
  if (stored.kind === "own") return { kind: "own" };
  const event = readEvent(stored, home, names);
  const isSaid = event?.kind === "text" || event?.kind === "nudge" || event?.kind === "reaction";
  return isSaid && stored.via !== undefined ? { ...event, via: stored.via } : event;
}

function readEvent(stored: StoredEvent, home: HomeName, names: GhostNames): HomeEvent | undefined {
  if (stored.note !== undefined) return readNote(stored, stored.note, home, names);
  switch (stored.type) {
    case "m.room.member":
      return readMember(stored, home, names);
    case "m.reaction":
      return readReaction(stored, home);
    case "m.room.redaction": {
      const who = { ...base(stored, home), message: messageId(stored.event) };
      return reaction(stored, who, true) ?? removed(stored, who);
    }
    case "m.room.encrypted":
      return {
        kind: "unsupported",
        ...base(stored, home),
        message: messageId(stored.event),
        what: "an encrypted message",
      };
    default:
      return readMessage(stored, home);
  }
}

function base(stored: StoredEvent, home: HomeName) {
  return { resident: residentId(home, stored.sender), room: roomId(stored.room) };
}

function readMember(stored: StoredEvent, home: HomeName, names: GhostNames): HomeEvent | undefined {
  if (stored.membership === "leave") return { kind: "left", ...base(stored, home) };
  const ghost = names.parse(stored.stateKey ?? "");
  if (stored.membership !== "invite" || ghost === undefined) return undefined;
  return { kind: "invited", ...base(stored, home), ghost, direct: stored.direct === true };
}

function readReaction(stored: StoredEvent, home: HomeName): HomeEvent | undefined {
  const { relation } = stored;
  if (relation?.type !== "m.annotation" || relation.event === undefined) return undefined;
  if (!AGAIN.has((relation.key ?? "").replace(/\uFE0F/g, "")))
    return reaction(stored, { ...base(stored, home), message: messageId(stored.event) });
  return { kind: "retry", ...base(stored, home), target: messageId(relation.event) };
}

/** To a message that is known; `undefined` for any other, for pictures in place of an emoji, and for nothing. */
function reaction({ relation, about }: StoredEvent, who: Who, removed?: true): HomeEvent | undefined {
  const { event: target, key } = relation ?? {};
  if (target === undefined || key === undefined || about === undefined) return undefined;
  if (key.startsWith("mxc:") || !isVisible(key)) return undefined;
  return { kind: "reaction", ...who, target: messageId(target), text: about, key, ...(removed && { removed }) };
}

function readMessage(stored: StoredEvent, home: HomeName): HomeEvent | undefined {
  const who = { ...base(stored, home), message: messageId(stored.event) };
  const unsupported = (what: string): HomeEvent | undefined =>
    stored.management ? undefined : { kind: "unsupported", ...who, what };
  // Also in the management room: whoever is not read is told so.
  if (stored.oversized) return { kind: "unsupported", ...who, what: "a message of more than 64 kB" };
  const isEdit = stored.relation?.type === "m.replace";
  if (isEdit && stored.body === undefined && !stored.standIn) return unsupported("an edit of an earlier message");
  if (stored.nudge && !stored.management) return { kind: "nudge", ...who };
  if (stored.standIn !== undefined) return stored.management ? undefined : named(stored.standIn, stored, who);
  const body = stored.body ?? "";
  if (stored.msgtype === "m.notice" || stored.msgtype === "m.key.verification.request" || !showsWords(stored))
    return undefined;
  if (stored.repliesTo !== undefined && (stored.management || stored.mentionsBot) && isRetry(body)) {
    return { kind: "retry", ...base(stored, home), target: messageId(stored.repliesTo) };
  }
  if (isEdit) return COMMAND.test(body) || stored.management ? undefined : edited(stored, who);
  if (COMMAND.test(body) || stored.management) {
    return { kind: "command", ...who, line: body.replace(COMMAND, "").trim() };
  }
  const other = standIn(stored.type, { msgtype: stored.msgtype, body });
  return other === undefined ? said(stored, who) : named(other, stored, who);
}

function isRetry(body: string): boolean {
  return /^retry[.!]?$/i.test(body.replace(COMMAND, "").trim());
}
