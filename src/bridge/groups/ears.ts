import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { Inbox } from "../inbox.ts";
import { shortened } from "../inbox.ts";
import type { LaneRunner } from "../lanes.ts";
import type { AccountId, AccountRecord, ContactAddress, GroupMessage } from "../model.ts";
import type { CircleInvitation, GroupHooks } from "../ports/groups.ts";
import type { Store } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import type { Conversations } from "./conversations.ts";
import { placeKey } from "./conversations.ts";
import type { Groups } from "./groups.ts";
import { Listeners, MOST_LEFT } from "./listeners.ts";
import type { Marks } from "./marks.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId, GroupRecord, GroupWords, LiveGroup } from "./model.ts";
import { printOf } from "./prints.ts";
import { Reading } from "./reading.ts";
import type { Recalling } from "./recalling.ts";
import type { GroupWord } from "./scribe.ts";
import { Scribe } from "./scribe.ts";
import type { Coming } from "./tally.ts";
import type { GroupTyping } from "./typing.ts";
import { hasMore, shapeOf, whole } from "./view.ts";

/** Groups for which it is remembered when words came last that had no room. */
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
  readonly inbox: () => Pick<Inbox, "receiveBy">;
  readonly lanes: () => Pick<LaneRunner, "wake">;
  /** Names this process among the workers: `owner boot`. */
  readonly reader: string;
  /** So long after its last word another worker leaves a place to the one that has read it, ms. */
  readonly leaseMs: number;
  readonly invited: (account: AccountRecord, invitation: CircleInvitation) => void;
  readonly log: Logger;
}

/** What is read at one place of a group, and where that is. */
interface Here {
  /** As {@link placeKey} names it. */
  readonly key: string;
  readonly reading: Reading<GroupWord>;
}

/** What sessions hear in groups, on its way into the lanes of the homes: once, whoever of the linked accounts is there. */
export class Ears {
  readonly #o: EarsOptions;
  readonly #scribe: Scribe;
  readonly #listeners = new Listeners<GroupWord>();
  readonly #readings = new Map<string, Here>();
  /** Of places that all have left: who was called there may not have heard of it yet, and goes on. */
  readonly #lately = new RecentMap<string, Here>(MOST_LEFT);
  /** When words came last for which there was no room, of this process's own clock, ms. */
  readonly #opening = new RecentMap<GroupId, number>(REMEMBERED);

  constructor(o: EarsOptions) {
    this.#o = o;
    this.#scribe = new Scribe(o);
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
  gone(account: AccountRecord): void {
    this.#o.conversations.gone(account.id);
    this.#left(account);
  }

  stop(): void {
    for (const { reading } of this.#readings.values()) reading.stop();
  }

  /** Rooms that are there follow who comes; who goes from a loose conversation is missed when something is said without them. */
  #seen(account: AccountRecord, live: LiveGroup): void {
    const { conversations, memory, inbox } = this.#o;
    const { group, before } = conversations.seen(account, live);
    const key = placeKey(account, live, group);
    if (key !== undefined) this.#listeners.came(key, account.id, performance.now());
    if (before && before.place !== live.place) this.#left(account);
    const record = group && memory.peek(group);
    if (!group || !(this.#hasRooms(record) || this.#isOpening(group))) return;
    const isNew = record?.seats.includes(account.id) !== true;
    if (!isNew && !conversations.reads(account, live, group)) return;
    if (!isNew && !this.#isOther(live, record)) return;
    const sight = { account, group, live, id: randomUUID(), heardAt: Date.now() };
    inbox().receiveBy(account, spoolOf(group), () => this.#scribe.shape(sight));
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
    const { conversations, marks, recalling } = this.#o;
    const group = conversations.groupOf(account, live);
    const reads = conversations.reads(account, live, group);
    if (reads) recalling.talked(group);
    const { mark, ...message } = words;
    // An echo: the lanes of the homes have it already.
    if (marks.isOurs(group, message.from, mark)) return;
    const key = placeKey(account, live, group);
    this.#listeners.hear(key, account.id, heard(account, group, live, message));
    if (reads) this.#read(key, account.id);
  }

  /** The account reads for all of this worker who are there, beginning with what nobody of them has read. */
  #read(key: string, account: AccountId): void {
    const now = performance.now();
    const coming = this.#listeners.coming(key, account, now);
    for (const word of this.#listeners.take(key, account, now)) this.#take(key, word, coming);
  }

  /** Without `coming` its account has left, and hears no more. */
  #take(key: string, word: GroupWord, coming?: Coming): void {
    if (!this.#hasRooms(this.#o.memory.peek(word.group))) this.#opening.set(word.group, performance.now());
    this.#here(key, word, coming ?? { at: word.at, left: 0 }).reading.hear(word, coming);
  }

  #here(key: string, { account, group, live }: GroupWord, coming: Coming): Here {
    const place = live.place ?? "";
    const name = `${group} ${place}`;
    const known = this.#readings.get(name) ?? this.#lately.get(name);
    if (known) {
      this.#readings.set(name, known);
      return known;
    }
    const { inbox, log } = this.#o;
    const reading = new Reading<GroupWord>({
      self: account.address,
      coming,
      append: (word, after) => this.#scribe.append(word, after),
      inTurn: (word, run) => inbox().receiveBy(word.account, spoolOf(group), run),
      lost: (count) => log.debug({ group, count }, "words that another worker was to read are kept no longer"),
      over: () => {
        if (!this.#readings.delete(name)) return;
        this.#lately.set(name, here);
        this.#release(account, group, place);
      },
    });
    const here: Here = { key, reading };
    this.#readings.set(name, here);
    return here;
  }

  #ended(account: AccountRecord, live: LiveGroup): void {
    const { conversations, groups, log } = this.#o;
    const { group } = conversations.seen(account, live);
    conversations.ended(account.id, live.handle);
    this.#left(account);
    if (live.kind !== "circle" || !group) return;
    groups
      .leave(account.id, group)
      .catch((error: unknown) => log.warn({ err: asBridgeError(error), group }, "a seat in a circle was not given up"));
  }

  /** The account is no longer everywhere where it was: others go on there at once. */
  #left(account: AccountRecord): void {
    const { conversations } = this.#o;
    const now = performance.now();
    for (const { place, isEmpty, stranded } of this.#listeners.keep(
      account.id,
      conversations.places(account.id),
      now,
    )) {
      for (const word of stranded) this.#take(place, word);
      for (const { account: other, last } of this.#listeners.waiting(place))
        if (conversations.reads(last.account, last.live, last.group)) this.#read(place, other);
      if (isEmpty) for (const here of [...this.#readings.values()]) if (here.key === place) here.reading.leave();
    }
  }

  /** Another may read there at once; behind what waits for the store. */
  #release(account: AccountRecord, group: GroupId, place: string): void {
    const { store, inbox, reader, log } = this.#o;
    inbox().receiveBy(account, spoolOf(group), () =>
      store
        .releaseReader(group, place, reader, this.#readsIn(group))
        .catch((error: unknown) =>
          log.debug({ err: asBridgeError(error), group }, "the reader's lease runs out by itself"),
        ),
    );
  }

  #readsIn(group: GroupId): boolean {
    return [...this.#readings.keys()].some((name) => name.startsWith(`${group} `));
  }

  #typed(account: AccountRecord, live: LiveGroup, from: ContactAddress): void {
    const { conversations, memory, typing } = this.#o;
    const { group } = conversations.seen(account, live);
    const record = group && memory.peek(group);
    if (record && conversations.reads(account, live, record.id)) typing.contact(record, from);
  }
}

function heard(account: AccountRecord, group: GroupId, live: LiveGroup, said: GroupMessage): GroupWord {
  const message = shortened(said);
  const bytes = 2 * message.text.length + 1000;
  const [id, heardAt, at] = [randomUUID(), Date.now(), performance.now()];
  return { account, group, live, message, print: printOf(live, said), id, heardAt, at, bytes };
}

const spoolOf = (group: GroupId): string => `group|${group}`;
