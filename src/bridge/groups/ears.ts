import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { Inbox } from "../inbox.ts";
import { shortened } from "../inbox.ts";
import type { LaneRunner } from "../lanes.ts";
import type { AccountId, AccountRecord, ContactAddress, HomeName, LaneBody } from "../model.ts";
import type { CircleInvitation, GroupHooks } from "../ports/groups.ts";
import type { Store } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import type { Conversations } from "./conversations.ts";
import type { Groups } from "./groups.ts";
import { inLane } from "./groups.ts";
import type { Marks } from "./marks.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId, GroupRecord, GroupWords, LiveGroup } from "./model.ts";
import type { Recalling } from "./recalling.ts";
import type { GroupTyping } from "./typing.ts";
import { hasMore, shapeOf, whole } from "./view.ts";

/**
 * How long one worker alone reads a group after its last word. Two that hear the same words store them within a moment of
 * each other; a worker that died keeps others from reading for so long.
 */
const READER_MS = 10_000;
/** Groups whose shape at the last word is remembered. */
const REMEMBERED = 20_000;
/** So long after words for which there was no room one may be about to open, ms. */
const OPENING_MS = 60_000;

export interface EarsOptions {
  readonly store: Store;
  readonly memory: GroupMemory;
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly marks: Marks;
  readonly typing: GroupTyping;
  readonly recalling: Pick<Recalling, "talked">;
  readonly inbox: () => Inbox;
  readonly lanes: () => Pick<LaneRunner, "wake">;
  /** Names this process among the workers: `owner boot`. */
  readonly reader: string;
  readonly invited: (account: AccountRecord, invitation: CircleInvitation) => void;
  readonly log: Logger;
}

/** What sessions hear in groups, on its way into the lanes of the homes: once, whoever of the linked accounts is there. */
export class Ears {
  readonly #o: EarsOptions;
  /** As the lanes have been told. */
  readonly #shapes = new RecentMap<GroupId, string>(REMEMBERED);
  /** When words came last for which there was no room, of this process's own clock, ms. */
  readonly #opening = new RecentMap<GroupId, number>(REMEMBERED);

  constructor(o: EarsOptions) {
    this.#o = o;
  }

  /** For a session of an account. */
  hooks(account: () => AccountRecord): GroupHooks {
    return {
      group: (live) => this.#seen(account(), live),
      ended: (live) => this.#ended(account(), live),
      message: (live, words) => this.#heard(account(), live, words),
      typing: (live, from) => this.#typed(account(), live, from),
      invited: (invitation) => this.#o.invited(account(), invitation),
    };
  }

  /** The account's session is over. */
  gone(account: AccountId): void {
    this.#release(this.#o.conversations.gone(account));
  }

  /** Rooms that are there follow who comes; who goes from a loose conversation is missed when something is said without them. */
  #seen(account: AccountRecord, live: LiveGroup): void {
    const { group } = this.#o.conversations.seen(account, live);
    const record = group && this.#o.memory.peek(group);
    if (!group || !(this.#hasRooms(record) || this.#isOpening(group))) return;
    const isNew = record?.seats.includes(account.id) !== true;
    if (!isNew && !this.#o.conversations.reads(account, live, group)) return;
    if (isNew || this.#isOther(live, record)) this.#shape(account, group, live);
  }

  #isOther(live: LiveGroup, record: GroupRecord): boolean {
    return live.kind === "circle" ? shapeOf(whole(live, record)) !== shapeOf(record) : hasMore(live, record);
  }

  #hasRooms(record: GroupRecord | undefined): boolean {
    return record !== undefined && record.rooms.length > 0;
  }

  /** Rooms are made with the first words; who comes meanwhile stands behind those in the lanes. */
  #isOpening(group: GroupId): boolean {
    const at = this.#opening.get(group);
    return at !== undefined && performance.now() - at < OPENING_MS;
  }

  #heard(account: AccountRecord, live: LiveGroup, words: GroupWords): void {
    const { conversations, marks } = this.#o;
    const group = conversations.groupOf(account, live);
    if (!conversations.reads(account, live, group)) return;
    this.#o.recalling.talked(group);
    const { mark, ...message } = words;
    // An echo: the lanes of the homes have it already.
    if (marks.isOurs(group, message.from, mark)) return;
    if (!this.#hasRooms(this.#o.memory.peek(group))) this.#opening.set(group, performance.now());
    this.#shape(account, group, live);
    const id = randomUUID();
    this.#append(account, group, live, { from: "network", message: shortened(message), id }, id);
  }

  /** Who is there stands before the words, when that is not known yet. */
  #shape(account: AccountRecord, group: GroupId, live: LiveGroup): void {
    const record = this.#o.memory.peek(group);
    const shape = shapeOf(whole(live, record));
    const told = this.#shapes.get(group);
    // Of a group that is not known (any more) it is said with all words, until it is.
    if (told === shape && record?.seats.includes(account.id) === true) return;
    this.#shapes.set(group, shape);
    if (told === undefined && record && shapeOf(record) === shape && record.seats.includes(account.id)) return;
    this.#append(account, group, live, { from: "group", at: Date.now(), account: account.id, live }, randomUUID());
  }

  #append(account: AccountRecord, group: GroupId, live: LiveGroup, body: LaneBody, once: string): void {
    const { memory, inbox } = this.#o;
    inbox().receiveBy(account, `group|${group}`, async () => {
      const homes = memory.homes(group, live, account.network) ?? (await memory.look(group, live, account.network));
      await this.#give(group, [...homes], body, once);
    });
  }

  async #give(group: GroupId, homes: readonly HomeName[], body: LaneBody, once: string): Promise<void> {
    const { store, lanes, reader, log } = this.#o;
    let to = homes.map((home) => inLane(group, home));
    while (to.length > 0) {
      try {
        const stored = store.appendRead(group, reader, READER_MS, to, body, once);
        for (const lane of to) lanes().wake(lane);
        // Another worker's lane entries say what the group is; this one's may have to be said again when it reads again.
        if (!(await stored)) this.#shapes.delete(group);
        return;
      } catch (error) {
        if (asBridgeError(error).code !== "lane-full" || to.length === 1) throw error;
        // A home that has been away for so long must not stop the words for the others.
        const depths = await Promise.all(to.map((lane) => store.depth(lane)));
        const full = to[depths.indexOf(Math.max(...depths))];
        log.error({ group, home: full?.home }, "words lost for one of several homes: its lane is full");
        to = to.filter((lane) => lane !== full);
      }
    }
  }

  #ended(account: AccountRecord, live: LiveGroup): void {
    const { conversations, groups, log } = this.#o;
    const { group } = conversations.seen(account, live);
    this.#release(conversations.ended(account.id, live.handle));
    if (live.kind !== "circle" || !group) return;
    groups
      .leave(account.id, group)
      .catch((error: unknown) => log.warn({ err: asBridgeError(error), group }, "a seat in a circle was not given up"));
  }

  #release(left: readonly GroupId[]): void {
    const { store, reader, log } = this.#o;
    for (const group of left)
      store
        .releaseReader(group, reader)
        .catch((error: unknown) =>
          log.debug({ err: asBridgeError(error), group }, "the reader's lease runs out by itself"),
        );
  }

  #typed(account: AccountRecord, live: LiveGroup, from: ContactAddress): void {
    const { conversations, memory, typing } = this.#o;
    const { group } = conversations.seen(account, live);
    const record = group && memory.peek(group);
    if (record && conversations.reads(account, live, record.id)) typing.contact(record, from);
  }
}
