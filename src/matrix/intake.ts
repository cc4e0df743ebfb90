/** From the homeserver's transactions to the core: what is stored, what is passed on at once, what is dropped. */
import { createHash } from "node:crypto";
import type { Logger } from "pino";
import { type HomeName, residentId, roomId } from "../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../bridge/ports/home.ts";
import { RecentMap } from "../bridge/recent.ts";
import { type EventHead, eventHead, type Sorted, type SortingRules, sortEvent } from "./convert/event.ts";
import { fields } from "./convert/fields.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { fromMatrixPresence } from "./convert/presence.ts";
import { parseStored, readStored } from "./convert/read.ts";
import type { EarlyWords } from "./early.ts";
import { concernsRoom, type RoomKind, sortRoomEvent } from "./groups/sort.ts";
import type { Transaction } from "./listener/appservice.ts";
import type { LookBack } from "./lookback.ts";
import { Recall } from "./recall.ts";

export interface IntakeOptions {
  readonly home: HomeName;
  readonly bot: string;
  readonly names: GhostNames;
  readonly networks: readonly string[];
  /** Whether a room is the management room of the person. */
  readonly isManagement: (mxid: string, room: string) => boolean | Promise<boolean>;
  /** Whether the bot is in a room with several people. */
  readonly isSeveral: (room: string) => Promise<boolean>;
  readonly early: EarlyWords;
  readonly lookBack: Pick<LookBack, "fill">;
  /** Whether an event is what the bridge itself has posted as a person. */
  readonly isEcho: (head: EventHead) => boolean;
  readonly log: Logger;
}

/** Rooms whose typists are remembered, and typists that are looked at per room. */
const TYPING_ROOMS = 10_000;
const TYPISTS = 50;

/** What has come of a transaction so far, and the ids of its events. */
interface Taking {
  readonly items: IntakeItem[];
  readonly ids: Set<string>;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #rules: SortingRules;
  readonly #recall: Recall;
  readonly #typing = new RecentMap<string, ReadonlySet<string>>(TYPING_ROOMS);

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { bot, names, networks } = options;
    this.#recall = new Recall((mxid) => mxid === bot || names.owns(mxid));
    const recall = (room: string, event: string, by: string) => this.#recall.of(room, event, by);
    const reaction = (room: string, event: string) => this.#recall.reaction(room, event);
    const messageOf = (room: string, event: string) => this.#recall.messageOf(room, event);
    this.#rules = { bot, names, networks, recall, reaction, messageOf };
  }

  /**
   * Stores what matters of a transaction, then passes on typing and presence.
   * @throws BridgeError `store-down`, `home-down`: the transaction is to come again.
   */
  async take(host: HomeHost, transaction: Transaction): Promise<void> {
    const { home, early, log } = this.#options;
    const items: IntakeItem[] = [];
    const taking: Taking = { items, ids: new Set() };
    const kindOf = async (said: EventHead) =>
      this.#isPerson(said.sender) ? await this.#kindOf(host, said, false) : "other";
    await this.#options.lookBack.fill(transaction.events, this.#recall, kindOf);
    for (const raw of transaction.events) {
      const head = eventHead(raw);
      if (head === undefined) {
        log.debug({ transaction: transaction.id }, "skipped what is no room event");
        continue;
      }
      if (early.isComing(raw, head) && (await this.#isChat(host, head)))
        for (const missed of await early.missed(raw, head)) await this.#take(host, missed, taking);
      await this.#take(host, raw, taking);
    }
    // A homeserver that was set up anew counts from 1 again: the events are part of the name, or they would be lost as repeats.
    const own = createHash("sha256");
    for (const raw of transaction.events) own.update(eventHead(raw)?.event ?? "").update("\n");
    const batch = `${transaction.id.slice(0, 100)}.${own.digest("base64url").slice(0, 22)}`;
    if (items.length > 0) {
      const result = await host.intake(home, batch, items);
      if (result === "repeated") log.debug({ batch }, "a transaction came again");
    }
    early.took(taking.ids);
    for (const raw of transaction.ephemeral) this.#ephemeral(host, raw);
  }

  /** What one event means to the core; an event counts once. */
  async #take(host: HomeHost, raw: unknown, taking: Taking): Promise<void> {
    const head = eventHead(raw);
    if (head === undefined || taking.ids.has(head.event) || this.#options.early.has(head.event)) return;
    taking.ids.add(head.event);
    if (await this.#isToGuest(host, head)) return;
    const isEcho = this.#options.isEcho(head);
    const items = isEcho ? [] : await this.#sorted(host, raw, head);
    taking.items.push(...items);
    // The bot's own words are no part of a chat, nor is what looks like a password.
    const isSealed = items.some(({ raw }) => isPassword(raw));
    const isNotice = head.sender === this.#options.bot && head.content.msgtype === "m.notice";
    if (isNotice || isSealed) return;
    // What ghosts say, and the bridge as a person, has come from where words go.
    const isHeard = isEcho || !this.#isPerson(head.sender);
    this.#recall.note(
      head,
      isHeard || (items.some((item) => this.#says(item)) && (await this.#goesOut(host, head, taking))),
    );
  }

  /** Whether it is a reaction to what somebody else says in a chat of two, where only whose chat it is speaks to others. */
  async #isToGuest(host: HomeHost, head: EventHead): Promise<boolean> {
    const { type, room, sender, event, content } = head;
    const { event_id: target } = fields(content["m.relates_to"]);
    if (type !== "m.reaction" || typeof target !== "string") return false;
    const by = this.#recall.of(room, target, event)?.sender;
    const isOther = by !== undefined && by !== sender && this.#isPerson(by);
    return isOther && (await this.#kindOf(host, head, false)) === "chat";
  }

  /** Whether it says something to others. */
  #says({ control, raw }: IntakeItem): boolean {
    const event = control ? undefined : readStored(raw, this.#options.home, this.#options.names);
    return event?.kind === "text" || event?.kind === "nudge";
  }

  /** Whether somebody hears what is said in the room; also behind an invitation that is as new. */
  async #goesOut(host: HomeHost, head: EventHead, { items }: Taking): Promise<boolean> {
    return items.some(({ room, invites }) => invites && room === head.room) || this.#isPortal(host, head.room);
  }

  async #sorted(host: HomeHost, raw: unknown, head: EventHead): Promise<IntakeItem[]> {
    const asked = this.#isPerson(head.sender) && this.#options.isManagement(head.sender, head.room);
    const wasManagement = typeof asked === "boolean" ? asked : await asked;
    // A room in which somebody was alone with the bot may be a group's by now.
    const management = wasManagement && !(await host.isGroup(this.#options.home, roomId(head.room)));
    const items: IntakeItem[] = [];
    const ofRoom = concernsRoom(head, this.#rules)
      ? sortRoomEvent(raw, head, await this.#kindOf(host, head, management), this.#rules)
      : undefined;
    for (const sorted of ofRoom ?? sortEvent(raw, head, management, this.#rules)) {
      if (sorted.onlyInPortal && !(await this.#isPortal(host, head.room))) continue;
      if (!sorted.control && isWords(head) && (await this.#isTalkOfOthers(host, head.room))) continue;
      items.push(await this.#item(host, head, sorted));
    }
    return items;
  }

  async #kindOf(host: HomeHost, { room }: EventHead, management: boolean): Promise<RoomKind> {
    if (management) return "management";
    if (await host.isGroup(this.#options.home, roomId(room))) return "group";
    return (await this.#isPortal(host, room)) ? "chat" : "other";
  }

  /** What several people say in a room that is tied to nothing. */
  async #isTalkOfOthers(host: HomeHost, room: string): Promise<boolean> {
    return !(await this.#isPortal(host, room)) && (await this.#options.isSeveral(room));
  }

  /** Early words to the bot are for the bot; those to a ghost count only when it has come to stay. */
  #isChat(host: HomeHost, { sender, room }: EventHead): boolean | Promise<boolean> {
    return sender === this.#options.bot || host.isPortal(this.#options.home, roomId(room));
  }

  #isPortal(host: HomeHost, room: string): Promise<boolean> {
    return host.isPortal(this.#options.home, roomId(room));
  }

  async #item(host: HomeHost, head: EventHead, sorted: Sorted): Promise<IntakeItem> {
    const { home, names } = this.#options;
    const room = roomId(head.room);
    const sealed = sorted.unlessPortal;
    const seal = sealed !== undefined && !(await host.isPortal(home, room));
    const invites = sorted.ghost === undefined ? undefined : names.parse(sorted.ghost);
    return {
      resident: residentId(home, sorted.stored.sender),
      room,
      control: sorted.control || seal,
      raw: seal ? sealed : sorted.stored,
      ...(invites ? { invites } : {}),
    };
  }

  #ephemeral(host: HomeHost, raw: unknown): void {
    if (typeof raw !== "object" || raw === null) return;
    const edu = raw as { type?: unknown; room_id?: unknown; sender?: unknown; content?: unknown };
    const content = edu.content as Record<string, unknown> | undefined | null;
    if (typeof content !== "object" || content === null) return;
    if (edu.type === "m.typing" && typeof edu.room_id === "string") this.#typed(host, edu.room_id, content.user_ids);
    if (edu.type === "m.presence" && typeof edu.sender === "string" && this.#isPerson(edu.sender)) {
      const presence = fromMatrixPresence(content);
      if (presence) host.presence(residentId(this.#options.home, edu.sender), presence);
    }
  }

  /** A room's list of typists is the whole list each time: the core is told who started and who stopped. */
  #typed(host: HomeHost, room: string, users: unknown): void {
    if (!Array.isArray(users)) return;
    const people = users.filter((user): user is string => typeof user === "string" && this.#isPerson(user));
    const now = new Set(people.slice(0, TYPISTS));
    const before = this.#typing.get(room) ?? new Set<string>();
    if (now.size === 0) this.#typing.delete(room);
    else this.#typing.set(room, now);
    const tell = (user: string, typing: boolean) =>
      host.typing(roomId(room), residentId(this.#options.home, user), typing);
    for (const user of now) if (!before.has(user)) tell(user, true);
    for (const user of before) if (!now.has(user)) tell(user, false);
  }

  #isPerson(mxid: string): boolean {
    return mxid.startsWith("@") && mxid !== this.#options.bot && !this.#options.names.owns(mxid);
  }
}

function isWords({ stateKey, type }: EventHead): boolean {
  return stateKey === undefined && type !== "m.room.encrypted";
}

function isPassword(raw: unknown): boolean {
  const stored = parseStored(raw);
  return stored?.kind === "own" && stored.act === "password";
}
