/**
 * What words are about and nobody remembers, as after a restart, asked of the homeserver before they are stored. It is a
 * kindness: with no answer in time they go out as they would without. Source: Matrix Client-Server API,
 * `GET /rooms/{roomId}/event/{eventId}`, `GET /rooms/{roomId}/relations/{eventId}/{relType}`.
 */
import type { Logger } from "pino";
import { RecentMap } from "../bridge/recent.ts";
import { pause } from "../bridge/waiting.ts";
import { type EventHead, eventHead } from "./convert/event.ts";
import { type Fields, fields } from "./convert/fields.ts";
import type { RoomKind } from "./groups/sort.ts";
import type { HomeserverClient } from "./http/client.ts";
import { MatrixRefusal } from "./http/errors.ts";
import type { Recall } from "./recall.ts";

export interface LookBackOptions {
  readonly client: Pick<HomeserverClient, "call">;
  /** Who asks: it has to be in the room. */
  readonly bot: string;
  readonly log: Logger;
  /** Nobody's words wait longer for this, ms. */
  readonly waitMs: number;
}

/** Events asked for at once; whoever answers to more of them in one moment gets no quotes. */
const MOST = 20;
/** Events that could not be had. */
const MISSING = 2000;
/** Who clears up what is older than this tells nobody, ms. */
const DAY_MS = 86_400_000;
/** Edits of one message that are looked at. */
const EDITS = 10;

/** What an event is about. */
interface Asked {
  readonly head: EventHead;
  readonly target: string;
  readonly isEdit: boolean;
  readonly isAnswer: boolean;
}

export class LookBack {
  readonly #o: LookBackOptions;
  readonly #missing = new RecentMap<string, true>(MISSING);
  #underWay = 0;

  constructor(options: LookBackOptions) {
    this.#o = options;
  }

  /**
   * Has what these events are about remembered, as far as it is not yet, and in groups the names of those who are answered.
   * Resolves in {@link LookBackOptions.waitMs} at the latest; never rejects. `kindOf`: what the room is to a person's event; asked for no more than needed.
   */
  async fill(
    events: readonly unknown[],
    recall: Recall,
    kindOf: (head: EventHead) => Promise<RoomKind>,
  ): Promise<void> {
    const heads = events.map((raw) => [raw, eventHead(raw)] as const);
    const here = new Set(heads.map(([, head]) => head?.event));
    const asked = new Map<string, Asked>();
    for (const [raw, head] of heads) {
      const one = head && askedBy(raw, head);
      if (one === undefined || here.has(one.target) || asked.has(one.target)) continue;
      const isNeeded = one.isAnswer || !recall.has(one.target);
      if (isNeeded && this.#missing.get(one.target) === undefined) asked.set(one.target, one);
    }
    if (asked.size === 0) return;
    const late = new AbortController();
    const all = Promise.all([...asked.values()].map((one) => this.#fill(one, recall, kindOf)));
    await Promise.race([all, pause(this.#o.waitMs, late.signal)]);
    late.abort();
  }

  async #fill(asked: Asked, recall: Recall, kindOf: (head: EventHead) => Promise<RoomKind>): Promise<void> {
    if (this.#underWay >= MOST) return;
    this.#underWay += 1;
    try {
      const kind = await kindOf(asked.head);
      if (kind !== "chat" && kind !== "group") return;
      if (!recall.has(asked.target)) await this.#remember(asked, recall, kind);
      if (kind === "group" && asked.isAnswer) await this.#name(asked, recall);
    } catch (error) {
      if (error instanceof MatrixRefusal && error.status < 500) this.#missing.set(asked.target, true);
      this.#o.log.debug({ err: error, room: asked.head.room }, "what words are about could not be asked for");
    } finally {
      this.#underWay -= 1;
    }
  }

  async #remember({ head: by, target, isEdit }: Asked, recall: Recall, kind: RoomKind): Promise<void> {
    const raw = await this.#get(`event/${encodeURIComponent(target)}`, by.room, "v3");
    const head = eventHead({ ...raw, room_id: by.room });
    if (head?.event !== target || (head.sender === this.#o.bot && head.content.msgtype === "m.notice")) return;
    const edits = isEdit ? await this.#editsBefore(by, target) : [bundledEdit(raw, by.room)];
    // What the homeserver is late with may have been said again meanwhile.
    if (recall.has(target)) return;
    // A chat has gone on without the bot.
    const wasTold = kind === "chat" || wasThere(raw);
    recall.noteEarlier(head, wasTold);
    if (!recall.has(target) && wasTold && by.at - head.at < DAY_MS) recall.noteGone(head);
    for (const edit of edits) if (edit?.sender === head.sender) recall.noteEarlier(edit, wasTold);
  }

  /** Among several it says something who is quoted. What the bot says for others has their names in it. */
  async #name({ head: { room, event }, target }: Asked, recall: Recall): Promise<void> {
    const author = recall.of(room, target, event)?.sender;
    if (author === undefined || author === this.#o.bot || recall.nameIn(room, author) !== undefined) return;
    const { displayname } = await this.#get(`state/m.room.member/${encodeURIComponent(author)}`, room, "v3");
    recall.noteName(room, author, typeof displayname === "string" ? displayname : author);
  }

  /** The newest edit of the message before this one, if there is one. */
  async #editsBefore(by: EventHead, target: string): Promise<(EventHead | undefined)[]> {
    const path = `relations/${encodeURIComponent(target)}/m.replace`;
    const { chunk } = await this.#get(path, by.room, "v1", `&dir=b&limit=${EDITS}`);
    const newestFirst = (Array.isArray(chunk) ? chunk : []).map((one) =>
      eventHead({ ...fields(one), room_id: by.room }),
    );
    const at = newestFirst.findIndex((edit) => edit?.event === by.event);
    return newestFirst.slice(at + 1, at + 2);
  }

  async #get(path: string, room: string, version: "v1" | "v3", query = ""): Promise<Fields> {
    const { client, bot } = this.#o;
    const whole = `/_matrix/client/${version}/rooms/${encodeURIComponent(room)}/${path}`;
    return await client.call({ name: "event", method: "GET", path: whole, as: bot, query });
  }
}

/** Whether the bot was in the room when it was said, as far as the homeserver tells (Client-Server API, `unsigned.membership`). */
function wasThere(raw: Fields): boolean {
  const { membership } = fields(raw.unsigned);
  return typeof membership !== "string" || membership === "join";
}

/** The newest edit, which comes with the message (Client-Server API, "Server-side aggregation of m.replace"). */
function bundledEdit(raw: Fields, room: string): EventHead | undefined {
  const relations = fields(fields(raw.unsigned)["m.relations"]);
  return eventHead({ ...fields(relations["m.replace"]), room_id: room });
}

function askedBy(raw: unknown, head: EventHead): Asked | undefined {
  const { type, content } = head;
  const relation = fields(content["m.relates_to"]);
  const isEdit = relation.rel_type === "m.replace";
  const isAbout = isEdit || relation.rel_type === "m.annotation";
  const answered = relation.is_falling_back === true ? undefined : fields(relation["m.in_reply_to"]).event_id;
  const removed = type === "m.room.redaction" ? (fields(raw).redacts ?? content.redacts) : undefined;
  const target = removed ?? (isAbout ? relation.event_id : answered);
  return typeof target === "string" && target.length <= 255
    ? { head, target, isEdit, isAnswer: target === answered }
    : undefined;
}
