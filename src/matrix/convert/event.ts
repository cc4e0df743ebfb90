/**
 * What of a Matrix event is stored in a lane: only what {@link readStored} needs, picked field by field, so that a crafted
 * event (deep nesting, huge unknown content) costs nothing, and so that words that look like a password are gone before
 * anything is written. Pure.
 */
import { textOf } from "../../bridge/text/model.ts";
import { jsonBytes } from "../../bridge/text/size.ts";
import type { Via } from "../../bridge/via.ts";
import type { RoomNote } from "../groups/sort.ts";
import type { Reacted, Recalled } from "../recall.ts";
import { type Fields, fields } from "./fields.ts";
import type { GhostNames } from "./ghost.ts";
import { HTML, richOfHtml } from "./html.ts";
import { isNudge } from "./nudge.ts";
import { MOVING_PLACES, type StandIn, standIn } from "./others.ts";
import { carriesPassword } from "./password.ts";
import { reactionKey, replyFallback, withoutReplyFallback } from "./text.ts";
import { viaIn } from "./via.ts";

/** An event as it waits in its lane. */
export interface StoredEvent {
  readonly kind: "event";
  /** In the resident's management room every line is a command. */
  readonly management: boolean;
  readonly type: string;
  readonly room: string;
  readonly sender: string;
  readonly event: string;
  readonly stateKey?: string;
  readonly msgtype?: string;
  /** The words; of an edit the new ones. */
  readonly body?: string;
  /** The same words as HTML. */
  readonly html?: string;
  /** The words that are answered, edited or removed, as far as they are known. */
  readonly about?: string;
  /** Who has said what is answered, where there are several. */
  readonly of?: string;
  /** What no text can be, named in one. */
  readonly standIn?: StandIn;
  readonly nudge?: true;
  /** The message that is removed. */
  readonly removes?: string;
  /** The words were longer than any homeserver may send: they are not kept, and the sender is told. */
  readonly oversized?: true;
  readonly membership?: string;
  readonly direct?: boolean;
  /** `m.relates_to`. */
  readonly relation?: { readonly type?: string; readonly event?: string; readonly key?: string };
  readonly repliesTo?: string;
  /** Whether the bot is named as being addressed. */
  readonly mentionsBot?: boolean;
  /** Where a bridge has carried it from. */
  readonly via?: Via;
  /** It is something that was done to the room; nothing else of the event is looked at. */
  readonly note?: RoomNote;
}

/** Something the Matrix side has to do by itself, in its turn. */
export type OwnAct =
  /** `direct`: the invitation says that it is to a chat of two. */
  | { readonly act: "bot-invited"; readonly encrypted: boolean; readonly direct?: boolean }
  | { readonly act: "refuse-encrypted"; readonly ghost?: string }
  | { readonly act: "refuse-group"; readonly ghost: string }
  | { readonly act: "password" }
  /** `ghost`: the one who was thrown out, if one was. */
  | { readonly act: "leave-empty"; readonly ghost?: string }
  | { readonly act: "management-left" }
  /** The room goes on in `to`; `at`: since when, Unix ms. */
  | { readonly act: "follow"; readonly to: string; readonly at: number; readonly management: boolean };

export type StoredOwn = OwnAct & {
  readonly kind: "own";
  readonly room: string;
  readonly sender: string;
  readonly event: string;
};

export type Stored = StoredEvent | StoredOwn;

/** One item to be stored: where it goes and what it is. */
export interface Sorted {
  readonly control: boolean;
  readonly ghost?: string;
  readonly stored: Stored;
  /** What is stored instead when the room turns out to be no portal, because then the words are for the bot. */
  readonly unlessPortal?: StoredOwn;
  /** Means nothing in a room that is no portal. */
  readonly onlyInPortal?: true;
}

export interface SortingRules {
  readonly bot: string;
  readonly names: GhostNames;
  readonly networks: readonly string[];
  /** What was said in a room lately; `by`: the event that is about it. */
  readonly recall?: (room: string, event: string, by: string) => Recalled | undefined;
  /** What was reacted in a room lately. */
  readonly reaction?: (room: string, event: string) => Reacted | undefined;
  /** What the message is called of which an event is a part. */
  readonly messageOf?: (room: string, event: string) => string;
}

function text(value: unknown, limit = 255): string | undefined {
  return typeof value === "string" && value.length <= limit ? value : undefined;
}

/** An event has 65 536 bytes at most (Matrix, size limits), so words above this come from no homeserver that keeps the rules. */
const BODY_BYTES = 70_000;

function fits(body: string): boolean {
  return body.length <= BODY_BYTES && jsonBytes(body) <= BODY_BYTES;
}

/** The fields that every event must have to be looked at. */
export interface EventHead {
  readonly type: string;
  readonly room: string;
  readonly sender: string;
  readonly event: string;
  /** When its homeserver made it, Unix ms; 0 when that is not said. */
  readonly at: number;
  readonly stateKey: string | undefined;
  readonly content: Record<string, unknown>;
}

/** `undefined`: not an event of a room, whatever it is. */
export function eventHead(raw: unknown): EventHead | undefined {
  const e = fields(raw);
  const type = text(e.type);
  const room = text(e.room_id);
  const sender = text(e.sender);
  const event = text(e.event_id);
  if (!type || !room || !event || !sender || !/^@[^:\s]*:\S+$/.test(sender)) return undefined;
  const at = typeof e.origin_server_ts === "number" ? e.origin_server_ts : 0;
  return { type, room, sender, event, at, stateKey: text(e.state_key), content: fields(e.content) };
}

/** Types that can mean something; everything else is not stored. */
const WANTED = new Set([
  "m.room.message",
  "m.sticker",
  "m.reaction",
  "m.room.redaction",
  "m.poll.start",
  "org.matrix.msc3381.poll.start",
  "m.call.invite",
  "m.call.notify",
  "m.rtc.notification",
]);

/** An invitation tells about the room by a few stripped state events. */
function inviteIsEncrypted(raw: Record<string, unknown>): boolean {
  const state = fields(raw.unsigned).invite_room_state;
  return Array.isArray(state) && state.some((event) => fields(event).type === "m.room.encryption");
}

/**
 * Sorts one event of a transaction: nothing, one or two items to store, in order.
 * @param management whether the room is the sender's management room (asked only for events that need it)
 */
export function sortEvent(raw: unknown, head: EventHead, management: boolean, rules: SortingRules): Sorted[] {
  if (head.sender === rules.bot || rules.names.owns(head.sender)) return [];
  switch (head.type) {
    case "m.room.member":
      return sortMember(raw, head, management, rules);
    case "m.room.encryption":
    case "m.room.encrypted":
      return refuseEncrypted(head, management);
    case "m.room.redaction":
      return sortRemoval(raw, head, management, rules);
    default:
      return WANTED.has(head.type) ? sortMessage(head, management, rules) : sortOther(head, management, rules);
  }
}

function own(head: EventHead, act: OwnAct): StoredOwn {
  return { kind: "own", room: head.room, sender: head.sender, event: head.event, ...act };
}

/** `who` is in the room no more. */
function leftEvent({ type, room, event }: EventHead, who: string): StoredEvent {
  return { kind: "event", management: false, type, room, sender: who, event, stateKey: who, membership: "leave" };
}

/** Those of ours, or one of them, are in the room no more, by what the sender did. */
function shutOut({ type, room, sender, event }: EventHead, how: Omit<RoomNote & { what: "shut-out" }, "what">): Sorted {
  const note = { what: "shut-out", ...how } as const;
  return { control: false, stored: { kind: "event", management: false, type, room, sender, event, note } };
}

function refuseEncrypted(head: EventHead, management: boolean): Sorted[] {
  const refuse: Sorted = { control: management, stored: own(head, { act: "refuse-encrypted" }) };
  return management ? [refuse] : [refuse, shutOut(head, { isEncrypted: true })];
}

function sortMember(raw: unknown, head: EventHead, management: boolean, rules: SortingRules): Sorted[] {
  const target = head.stateKey;
  if (target === undefined) return [];
  const ours = target === rules.bot || rules.names.owns(target);
  const membership = text(head.content.membership);
  if (membership === "invite") return ours ? sortInvite(head, target, inviteIsEncrypted(fields(raw)), rules) : [];
  if (membership !== "leave" && membership !== "ban") return [];
  const left: Sorted = { control: false, stored: leftEvent(head, target) };
  // Of several; whose chat it was is out of it as if they had left.
  if (target !== head.sender && !ours) return management ? [] : [{ ...left, onlyInPortal: true }];
  if (management) return [{ control: true, stored: own(head, { act: "management-left" }) }];
  // A chat goes on without the bot, which says elsewhere what it has to say; a ban is meant more seriously.
  if (target === rules.bot && membership === "leave") return [];
  const leaves: Sorted = {
    control: false,
    stored: own(head, { act: "leave-empty", ...(ours ? { ghost: target } : {}) }),
  };
  if (!ours) return [left, leaves];
  return [shutOut(head, target === rules.bot ? {} : { ghost: target }), leaves];
}

function sortInvite(head: EventHead, target: string, encrypted: boolean, rules: SortingRules): Sorted[] {
  const direct = head.content.is_direct === true;
  if (target === rules.bot) return [{ control: true, stored: own(head, { act: "bot-invited", encrypted, direct }) }];
  if (rules.names.parse(target) === undefined) return [];
  if (encrypted) return [{ control: true, stored: own(head, { act: "refuse-encrypted", ghost: target }) }];
  if (!direct) return [{ control: true, stored: own(head, { act: "refuse-group", ghost: target }) }];
  const { type, room, sender, event } = head;
  const kind = { kind: "event", management: false, membership: "invite", direct } as const;
  return [{ control: false, ghost: target, stored: { ...kind, type, room, sender, event, stateKey: target } }];
}

/**
 * Somebody takes back words of their own; who takes back anything else, what nobody remembers or what never went anywhere,
 * has said nothing.
 */
function sortRemoval(raw: unknown, head: EventHead, management: boolean, rules: SortingRules): Sorted[] {
  const { type, room, sender, event } = head;
  const gone = text(fields(raw).redacts) ?? text(head.content.redacts);
  if (management || gone === undefined) return [];
  const reaction = rules.reaction?.(room, gone);
  const said = rules.recall?.(room, reaction?.target ?? gone, event);
  if (said?.told === undefined || (reaction ?? said).sender !== sender) return [];
  const target = reaction && (rules.messageOf?.(room, reaction.target) ?? reaction.target);
  const relation = reaction && { type: "m.annotation", ...(target && { event: target }), key: reaction.key };
  const common = {
    kind: "event",
    management,
    type,
    room,
    sender,
    event,
    ...(said.told.text === undefined ? {} : { about: said.told.text }),
    ...viaOf(head),
  } as const;
  const stored = relation === undefined ? { ...common, removes: gone } : { ...common, relation };
  return [{ control: false, onlyInPortal: true, stored }];
}

/** Kinds that nobody has told us of count where they are said to somebody, and have words for who does not know them. */
function sortOther(head: EventHead, management: boolean, rules: SortingRules): Sorted[] {
  const isOwnPlace = MOVING_PLACES.has(head.type) && head.stateKey === head.sender;
  if (management || (!isOwnPlace && (head.stateKey !== undefined || head.type.startsWith("m.")))) return [];
  if (standIn(head.type, head.content) === undefined) return [];
  return sortMessage(head, management, rules).map((sorted) => ({ ...sorted, onlyInPortal: true }));
}

const COMMAND_PREFIX = /^!msn\b/i;

/** What programs say is passed on to nobody. */
function isNotice(head: EventHead): boolean {
  return wordsIn(head).some(({ msgtype }) => msgtype === "m.notice");
}

/** Whether what a person said is for others, as far as it tells: no command, and no notice. */
export function isForOthers(head: EventHead): boolean {
  const isCommand = ({ body }: Fields): boolean =>
    typeof body === "string" && COMMAND_PREFIX.test(withoutReplyFallback(body));
  return !isNotice(head) && !wordsIn(head).some(isCommand);
}

/** As they are, and of an edit the new ones. */
function wordsIn({ content }: EventHead): Fields[] {
  return [content, fields(content["m.new_content"])];
}

function sortMessage(head: EventHead, management: boolean, rules: SortingRules): Sorted[] {
  const stored = pick(head, management, rules);
  if (isNotice(head)) return [];
  const isEdit = stored.relation?.type === "m.replace";
  const control = management || (!isEdit && COMMAND_PREFIX.test(stored.body ?? ""));
  if (!spoken(head.content).some((words) => carriesPassword(words, rules.networks))) return [{ control, stored }];
  const sealed = own(head, { act: "password" });
  if (control) return [{ control, stored: sealed }];
  return [{ control, stored, unlessPortal: sealed }];
}

/** All that a message says, without what it quotes; an edit says its new words, too. */
function spoken(content: Record<string, unknown>): string[] {
  return [content, fields(content["m.new_content"])].flatMap(({ body, formatted_body }) => {
    const said = text(body, BODY_BYTES);
    const html = text(formatted_body, BODY_BYTES);
    const shown = html === undefined ? undefined : richOfHtml(html);
    const plain = said === undefined ? [] : [withoutReplyFallback(said)];
    return [...plain, ...(shown === undefined ? [] : [textOf(shown)])].map((words) => words.replace(/^\s*\*\s+/, ""));
  });
}

function pick(
  head: EventHead,
  management: boolean,
  { bot, recall, messageOf = (_, id) => id }: SortingRules,
): StoredEvent {
  const { content, type, room, sender, event } = head;
  const rel = fields(content["m.relates_to"]);
  const relation = { type: text(rel.rel_type), event: text(rel.event_id), key: reactionKey(content) };
  const isEdit = relation.type === "m.replace";
  // Clients that know no threads show what is said there as an answer to what was said last.
  const repliesTo = rel.is_falling_back === true ? undefined : text(fields(rel["m.in_reply_to"]).event_id);
  const words = isEdit ? fields(content["m.new_content"]) : content;
  const msgtype = text(words.msgtype) ?? text(content.msgtype);
  const whole = text(words.body, Number.POSITIVE_INFINITY);
  const said = whole !== undefined && fits(whole) ? whole : undefined;
  // Of a picture its name is enough, which stands in the line that is kept.
  const speaks = type === "m.room.message" && !MEDIA.has(msgtype ?? "") && !(isEdit && management);
  const other = speaks || management ? undefined : standIn(type, isEdit ? words : content);
  const mentions = fields(content["m.mentions"]).user_ids;
  const mentionsBot = (Array.isArray(mentions) && mentions.includes(bot)) || (said?.startsWith(`> <${bot}>`) ?? false);
  const html = speaks && said !== undefined && !management ? htmlOf(words) : undefined;
  const reacts = type === "m.reaction";
  const asked = isEdit || reacts ? relation.event : repliesTo;
  const target = reacts && relation.event !== undefined ? messageOf(room, relation.event) : relation.event;
  const recalled = (speaks || reacts) && !management && asked !== undefined ? recall?.(room, asked, event) : undefined;
  const answered = recalled?.text ?? (repliesTo && replyFallback(said ?? "", bot));
  const about = isEdit ? before(recalled, sender) : reacts ? recalled?.told?.text : answered;
  return {
    kind: "event",
    management,
    type,
    room,
    sender,
    event,
    ...(msgtype === undefined ? {} : { msgtype }),
    ...(speaks && said !== undefined ? { body: repliesTo ? withoutReplyFallback(said) : said } : {}),
    ...(html === undefined ? {} : { html }),
    ...(about === undefined ? {} : { about }),
    ...(about === undefined || isEdit || recalled?.name === undefined ? {} : { of: recalled.name }),
    ...(other === undefined ? {} : { standIn: other }),
    ...(speaks && !isEdit && isNudge(content) ? { nudge: true as const } : {}),
    ...(speaks && whole !== said ? { oversized: true as const } : {}),
    ...(relation.type === undefined ? {} : { relation: defined({ ...relation, event: target }) }),
    ...(repliesTo === undefined ? {} : { repliesTo: messageOf(room, repliesTo) }),
    ...(mentionsBot ? { mentionsBot } : {}),
    ...viaOf(head),
  };
}

function viaOf({ room, sender, content }: EventHead): Pick<StoredEvent, "via"> {
  const via = viaIn(room, sender, content);
  return via === undefined ? {} : { via };
}

/** What others have read: pieces cannot be compared, and nobody edits another's words. */
function before(recalled: Recalled | undefined, sender: string): string | undefined {
  return recalled?.told?.isWhole && recalled.sender === sender ? recalled.told.text : undefined;
}

function htmlOf({ format, formatted_body }: Record<string, unknown>): string | undefined {
  const html = format === HTML ? text(formatted_body, BODY_BYTES) : undefined;
  return html !== undefined && fits(html) ? html : undefined;
}

const MEDIA: ReadonlySet<string> = new Set(["m.image", "m.file", "m.audio", "m.video", "m.location"]);

function defined(r: { type: string | undefined; event: string | undefined; key: string | undefined }) {
  return {
    ...(r.type === undefined ? {} : { type: r.type }),
    ...(r.event === undefined ? {} : { event: r.event }),
    ...(r.key === undefined ? {} : { key: r.key }),
  };
}
