import { setTimeout as pause } from "node:timers/promises";
import { type Email, toEmail } from "../../address.ts";
import { type MsnStatus, parseStatus } from "../../dialect/status.ts";
import { describeError, MsnpError } from "../../errors.ts";
import { ADDRESS_TYPE, type MultipartAddress, parseRosterUri } from "../../message/multipart-address.ts";
import {
  answerInvitation,
  type CircleEntry,
  type CircleMember,
  createCircle,
  createMember,
  findContactsPaged,
  inviteMember,
  leaveCircle,
  parseCircleMembers,
  parseCircles,
} from "../../soap/circles.ts";
import { find, type RawXml, textAt, type XmlElement } from "../../soap/xml.ts";
import { ServerError } from "../../transport/error-codes.ts";
import type { Core, Live } from "../core.ts";
import { toSendError } from "../errors.ts";
import type { Circles, Conversation, MsnCircle } from "../types.ts";
import { decodeCircle } from "./circle-document.ts";
import { circleOfNotice, claim, idOf, isSameRoster, roleFor, shown, subscription } from "./circle-entry.ts";
import { CircleRosters } from "./circle-rosters.ts";
import { joinRoster } from "./circle-wire.ts";
import { type ConversationHost, GroupChat } from "./conversation.ts";
import type { Notification } from "./envelope.ts";
import type { UserNews } from "./user-document.ts";

/** One circle of the account, with what the session knows of it. */
interface Circle {
  entry: CircleEntry;
  readonly chat: GroupChat;
  readonly presence: Map<Email, MsnStatus>;
  /** Its address book as it was read last. */
  people: readonly CircleMember[] | undefined;
  /** Told to the notification server. */
  isSubscribed: boolean;
  /** In its chat. */
  isJoined: boolean;
  /** Whether its chat was told of as a conversation. */
  isAnnounced: boolean;
}

/** How often a new circle is looked for: address books may lag. */
const MAX_READINGS = 3;
/** Readings that may fail in a row before the next notice is waited for. */
const MAX_RETRIES = 3;
/** Members of one circle whose presence is kept. */
const MAX_PRESENCE = 1000;

/** The circles of an account: address books by web service, chat and presence by NFY, PUT and SDG (source: msnp21 §5). */
export class CircleBook implements Circles {
  readonly #core: Core;
  readonly #host: ConversationHost;
  readonly #circles = new Map<string, Circle>();
  readonly #invited = new Set<string>();
  #list: ReadonlyMap<string, MsnCircle> = new Map();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #rosters: CircleRosters;
  /** The server tells this session of news about circles. */
  #isTold = false;
  #learnt = Promise.resolve();

  constructor(core: Core, host: ConversationHost) {
    this.#core = core;
    this.#host = host;
    this.#rosters = new CircleRosters(core, async (id) => {
      if (this.#circles.get(id)?.isJoined) await this.members(id);
    });
  }

  get isSupported(): boolean {
    const { live, options } = this.#core;
    return live?.dialect.circles === true && options.circles !== false;
  }

  get list(): ReadonlyMap<string, MsnCircle> {
    return this.#list;
  }

  whenKnown(): Promise<void> {
    return this.#learnt;
  }

  /** The first reading of a session is under way; `reading` never rejects. */
  learning(reading: Promise<void>): void {
    this.#learnt = reading;
  }

  conversation(id: string): Conversation {
    return this.#known(id).chat;
  }

  presence(id: string): ReadonlyMap<Email, MsnStatus> {
    return this.#known(id).presence;
  }

  async create(name: string): Promise<string> {
    const live = this.#live();
    const response = await this.#call(
      live,
      "CreateCircle",
      createCircle(name, this.#core.self.displayName),
      "CircleSave",
    );
    const guid = textAt(find(response, "CreateCircleResult"), "Id");
    for (let readings = 1; readings <= MAX_READINGS; readings++) {
      await this.refresh();
      const made = [...this.#circles.values()].find(({ entry }) => entry.id === guid?.toLowerCase());
      if (made !== undefined) return made.chat.id;
      await pause(this.#core.timeouts.refresh);
    }
    throw new MsnpError("refused", "The server made a circle, but does not list it");
  }

  async invite(id: string, email: Email, message = ""): Promise<void> {
    const live = this.#live();
    const { entry } = this.#known(id);
    const response = await this.#call(live, "CreateContact", createMember(entry.id, email), "CircleInvite");
    const contactId = textAt(find(response, "CreateContactResult"), "contactId");
    if (contactId === undefined)
      throw new MsnpError("refused", "The server did not say whom it has put into the circle");
    await this.#call(live, "ManageWLConnection", inviteMember(entry.id, contactId, message), "CircleInvite");
  }

  async accept(id: string): Promise<void> {
    await this.#answer(id, true);
    await this.refresh();
  }

  async decline(id: string): Promise<void> {
    await this.#answer(id, false);
    this.#drop(id);
  }

  /** Takes the own entry out of the circle's address book, then its subscription back (source: msnp21 §5.2, §5.3). */
  async leave(id: string): Promise<void> {
    const live = this.#live();
    const { entry } = this.#known(id);
    const self = (await this.members(id)).find(({ email }) => email === this.#core.self.email);
    if (self === undefined) throw new MsnpError("refused", "The circle does not list this account");
    await this.#call(live, "BreakConnection", leaveCircle(entry.id, self.contactId), "CircleLeave");
    await this.#tolerated(live.ns.request("RML", [], { payload: subscription(entry.id, "masks") }));
    this.#drop(id);
  }

  async members(id: string): Promise<readonly CircleMember[]> {
    const live = this.#live();
    const circle = this.#known(id);
    const response = await this.#call(live, "ABFindContactsPaged", findContactsPaged(circle.entry.id), "Initial");
    if (live.ns.isOver) throw new MsnpError("not-signed-in", "The session has ended");
    const members = parseCircleMembers(response);
    circle.chat.roles = new Map(members.map(({ email, role, state }) => [email, roleFor(role, state)]));
    const isNews = !isSameRoster(circle.people, members);
    circle.people = members;
    if (isNews) this.#core.events.emit("membersChanged", circle.chat);
    return members;
  }

  people(id: string): readonly CircleMember[] | undefined {
    return this.#known(id).people;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isTold = false;
    this.#learnt = Promise.resolve();
    this.#invited.clear();
    this.#rosters.clear();
    for (const circle of this.#circles.values()) {
      circle.isSubscribed = false;
      circle.isJoined = false;
      circle.people = undefined;
      circle.chat.empty();
      circle.presence.clear();
    }
  }

  /** Reads the circles and claims the right to use them: before any of them is named to the server (source: msnp21 §5.3). */
  async learn(live: Live, signal?: AbortSignal): Promise<void> {
    const read = async (): Promise<string> => {
      const response = await this.#call(
        live,
        "ABFindContactsPaged",
        findContactsPaged(),
        "JoinedCircleDuringPush",
        signal,
      );
      // What belongs to a session that is over must not reach the next.
      if (live.ns.isOver) throw new MsnpError("not-signed-in", "The session has ended");
      const { circles, ticket } = parseCircles(response);
      this.#take(circles);
      return ticket;
    };
    try {
      await this.#claim(live, await read());
    } catch (error) {
      // The circles changed between the ticket and its use.
      if (!(error instanceof ServerError) || error.kind !== "auth") throw error;
      await this.#claim(live, await read());
    }
  }

  /** Only who has claimed is told of news, and the claim needs a reading: what came up in between needs another. */
  async #claim(live: Live, ticket: string): Promise<void> {
    const wasTold = this.#isTold || live.dialect.presence.kind === "documents";
    this.#isTold = false;
    await claim(live, ticket);
    this.#isTold = true;
    if (!wasTold) this.scheduleRefresh();
  }

  /** Subscribes to the circles that the server does not know yet of (source: msnp21 §5.3, T10). */
  async subscribe(live: Live): Promise<void> {
    const form = live.dialect.lists === "services" ? "services" : "masks";
    for (const circle of this.#circles.values()) {
      if (circle.isSubscribed || circle.entry.state !== "accepted") continue;
      circle.isSubscribed = true;
      try {
        await live.ns.request("ADL", [], { payload: subscription(circle.entry.id, form) });
      } catch (error) {
        circle.isSubscribed = false;
        if (!(error instanceof ServerError)) throw error;
        this.#note(error);
      }
    }
  }

  /** Goes into the chats of all circles: only then others see one there (source: msnp21 §5.3, T25). */
  async joinAll(live: Live): Promise<void> {
    for (const circle of this.#circles.values()) await this.#join(live, circle);
  }

  async #join(live: Live, circle: Circle): Promise<void> {
    if (!circle.isSubscribed || circle.isJoined || circle.entry.state !== "accepted") return;
    circle.isJoined = true;
    try {
      await joinRoster(this.#core, live, circle.chat.address);
    } catch (error) {
      circle.isJoined = false;
      if (!(error instanceof ServerError)) throw error;
      this.#note(error);
      return;
    }
    this.#rosters.want(circle.chat.id);
    if (circle.isAnnounced) return;
    circle.isAnnounced = true;
    this.#core.events.emit("conversation", circle.chat);
  }

  /** Everything anew; what is under way counts when it began after this was asked for. Rejects with what went wrong. */
  refresh(): Promise<void> {
    const live = this.#live();
    const run = async (): Promise<void> => {
      await this.learn(live);
      await this.subscribe(live);
      await this.joinAll(live);
    };
    const before = this.#running ?? Promise.resolve();
    const running = before.catch(() => undefined).then(run);
    this.#running = running;
    const done = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }

  /**
   * Reads the circles again before long; several reasons cost one reading. A failure leaves all as it is, and it is tried
   * again a few times.
   */
  scheduleRefresh(failures = 0): void {
    if (this.#timer !== undefined || !this.isSupported) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (!this.isSupported) return;
        this.refresh().catch((error: unknown) => {
          this.#note(error);
          if (failures < MAX_RETRIES) this.scheduleRefresh(failures + 1);
        });
      },
      this.#core.timeouts.refresh * 4 ** failures,
    );
    this.#timer.unref();
  }

  /** The server says that something has changed: in the circle that it names, or in any. */
  onNotice(payload: Buffer | undefined): void {
    this.scheduleRefresh();
    const id = circleOfNotice(payload);
    if (id !== undefined && this.#circles.has(id)) this.#rosters.want(id);
  }

  /** The chat of a circle that the account is in. */
  chatOf(address: MultipartAddress): GroupChat | undefined {
    return this.#circles.get(idOf(address.account))?.chat;
  }

  /** Takes NFY that comes from a circle (source: msnp21 §5.3). */
  onNotification(kind: "PUT" | "DEL", notification: Notification): void {
    const circle = this.#circles.get(idOf(notification.from.account));
    if (circle === undefined) {
      this.scheduleRefresh();
    } else if (kind === "DEL") {
      const member = parseRosterUri(notification.uri);
      const email = toEmail(member?.account ?? "");
      const isGone = member === undefined ? circle.chat.empty() : email !== undefined && circle.chat.part(email);
      // Whether they have left for good is not said.
      this.#rosters.want(circle.chat.id);
      if (isGone) this.#core.events.emit("membersChanged", circle.chat);
    } else this.#changed(circle, notification);
  }

  #changed(circle: Circle, { body, type }: Notification): void {
    const { roster, name } = decodeCircle(body);
    if (name !== undefined && circle.chat.rename(name)) this.#told();
    if (roster !== undefined) {
      const here = roster.filter(({ isPending }) => !isPending).map(({ email }) => email);
      for (const email of here) this.#seen(circle, email);
      if (circle.chat.join(here, type === "full")) this.#core.events.emit("membersChanged", circle.chat);
    } else if (!circle.isSubscribed) this.scheduleRefresh();
    else this.#joinAgain(circle, type === "sync");
  }

  /** Somebody who is there and was not in the address book has come into the circle since it was read. */
  #seen({ people, chat }: Circle, email: Email): void {
    if (people !== undefined && !people.some((known) => known.email === email)) this.#rosters.want(chat.id);
  }

  #joinAgain(circle: Circle, isAsked: boolean): void {
    const { live } = this.#core;
    if (live === undefined) return;
    if (isAsked) circle.isJoined = false;
    this.#join(live, circle).catch((error: unknown) => this.#note(error));
  }

  /** Presence of a member as seen through a circle; members need not be contacts (source: msnp21 §5.3, T27). */
  onMember(
    via: MultipartAddress,
    email: Email,
    kind: "PUT" | "DEL",
    news: Pick<UserNews, "status" | "hasMessaging">,
    isSync = false,
  ): void {
    const circle = this.#circles.get(idOf(via.account));
    if (circle === undefined) return;
    if (isSync) this.#joinAgain(circle, true);
    const status = news.status === undefined ? undefined : parseStatus(news.status);
    const isGone = kind === "DEL" ? news.hasMessaging : status === "FLN" || status === "HDN";
    if (isGone) {
      circle.presence.delete(email);
      if (circle.chat.part(email)) this.#core.events.emit("membersChanged", circle.chat);
    } else if (status !== undefined && (circle.presence.has(email) || circle.presence.size < MAX_PRESENCE)) {
      circle.presence.set(email, status);
      this.#seen(circle, email);
    }
  }

  async #answer(id: string, isAccepted: boolean): Promise<void> {
    const { entry } = this.#known(id);
    await this.#call(this.#live(), "ManageWLConnection", answerInvitation(entry.contactId, isAccepted), "CircleInvite");
  }

  /** Takes the circles of the address book; those that are there no more, or not wanted, go. */
  #take(entries: readonly CircleEntry[]): void {
    const wanted = entries.filter(({ state }) => state === "accepted" || state === "invited");
    const ids = new Set(wanted.map(({ id }) => idOf(`${id}@live.com`)));
    for (const [id, circle] of this.#circles) if (!ids.has(id)) this.#remove(id, circle);
    for (const entry of wanted) this.#put(entry);
    this.#told();
    for (const circle of this.#list.values()) {
      if (circle.state !== "invited") this.#invited.delete(circle.id);
      else if (!this.#invited.has(circle.id)) {
        this.#invited.add(circle.id);
        this.#core.events.emit("circleInvite", circle);
      }
    }
  }

  #put(entry: CircleEntry): void {
    const address = { type: ADDRESS_TYPE.circle, account: `${entry.id}@live.com` };
    const id = idOf(address.account);
    const known = this.#circles.get(id);
    const circle = known ?? {
      entry,
      chat: new GroupChat(this.#host, address, entry.name),
      presence: new Map(),
      people: undefined,
      isSubscribed: false,
      isJoined: false,
      isAnnounced: false,
    };
    circle.entry = entry;
    circle.chat.rename(entry.name);
    circle.chat.roles = new Map([...circle.chat.roles, [this.#core.self.email, roleFor(entry.role, entry.state)]]);
    this.#circles.set(id, circle);
  }

  /** Tells of the list when it has changed. */
  #told(): void {
    const list = new Map([...this.#circles].map(([id, { entry, chat }]) => [id, shown(id, entry, chat.name)]));
    const isSame = JSON.stringify([...list]) === JSON.stringify([...this.#list]);
    this.#list = list;
    if (!isSame) this.#core.events.emit("circlesChanged");
  }

  #drop(id: string): void {
    const circle = this.#circles.get(id);
    if (circle === undefined) return;
    this.#remove(id, circle);
    this.#told();
  }

  #remove(id: string, { chat }: Circle): void {
    this.#circles.delete(id);
    this.#invited.delete(id);
    if (chat.end()) this.#core.events.emit("membersChanged", chat);
  }

  #known(id: string): Circle {
    const circle = this.#circles.get(id);
    if (circle === undefined) throw new MsnpError("no-such-circle", "The account is in no such circle");
    return circle;
  }

  #live(): Live {
    const { live } = this.#core;
    if (live === undefined) throw new MsnpError("not-signed-in", "The account is not signed in");
    if (!this.isSupported)
      throw new MsnpError("not-supported", `${live.dialect.name} has no circles, or they are not wanted`);
    return live;
  }

  #call(live: Live, operation: string, body: RawXml, scenario: string, signal?: AbortSignal): Promise<XmlElement> {
    const service = operation === "CreateCircle" ? "sharing" : "addressBook";
    return live.web.book(service, { operation, body }, { scenario, signal });
  }

  async #tolerated(request: Promise<unknown>): Promise<void> {
    try {
      await request;
    } catch (error) {
      if (!(error instanceof ServerError)) throw toSendError(error);
      this.#note(error);
    }
  }

  #note(error: unknown): void {
    this.#core.options.trace?.("<<<", "NS", `Circles: ${describeError(error)}`);
  }
}
