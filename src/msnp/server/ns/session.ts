import { randomInt } from "node:crypto";
import type { ServerConnection } from "../connection.ts";
import type { ServerDialect } from "../dialects/index.ts";
import type { Hub } from "../hub.ts";
import { randomHex } from "../ids.ts";
import type { LineArg } from "../line.ts";
import { initialMailNotice } from "../mail-data.ts";
import type { Board } from "../sb/board.ts";
import { type Account, looksOffline } from "../state/account.ts";
import type { Circle } from "../state/circles.ts";
import { FL } from "../state/lists.ts";
import type { Endpoint, KickReason, LiveSession, Phones, PresenceNews } from "../state/session.ts";
import { boardTail } from "./board-tail.ts";
import { CircleSeat } from "./late/circle-seat.ts";
import { LIST_NEWS, type News } from "./list-news.ts";
import { addressBookNotice, circleNotice, circleTicket, maintenanceMessage } from "./payloads.ts";
import { offlineLine, personalMessageLine, statusLine } from "./presence-lines.ts";

/** A signed-in client of the notification server. */
export class NsSession implements LiveSession {
  readonly account: Account;
  readonly dialect: ServerDialect;
  readonly connection: ServerConnection;
  readonly hub: Hub;
  readonly endpoint: Endpoint;
  readonly ticket: string;
  acceptsChats = true;
  synSent = false;
  listsReported = false;
  readonly circles = new CircleSeat();
  #firstStatus: string | undefined;
  #presenceStarted = false;
  #challenge: string | undefined;
  #challengeTimer: NodeJS.Timeout | undefined;
  readonly #circleSignature = randomHex(64);
  #serial = 0;
  #ended = false;

  constructor(parts: {
    account: Account;
    dialect: ServerDialect;
    connection: ServerConnection;
    hub: Hub;
    ticket: string;
    guid: string | undefined;
  }) {
    this.account = parts.account;
    this.dialect = parts.dialect;
    this.connection = parts.connection;
    this.hub = parts.hub;
    this.ticket = parts.ticket;
    this.endpoint = { capabilities: "0", extendedCapabilities: "0" };
    if (parts.guid !== undefined) this.endpoint.guid = parts.guid;
  }

  /** True once the client has told its first status. */
  get hasStatus(): boolean {
    return this.#firstStatus !== undefined;
  }

  /** The circle ticket of this session: the same each time, until the account's circles change. */
  get circleTicket(): string {
    const circles = this.hub.circles.of(this.account).filter((circle) => circle.isAccepted(this.account));
    const ids = circles.map(({ id }) => id);
    return circleTicket(this.account, ids, this.#circleSignature);
  }

  /** Presence of contacts goes to this client. */
  protected get presenceStarted(): boolean {
    return this.#presenceStarted;
  }

  /** The serial of the next change of lists or settings, in versions that count them (source: msnp-core §5.2). */
  nextSerial(): number | undefined {
    if (!this.dialect.serials) return undefined;
    this.#serial += 1;
    return this.#serial;
  }

  /** Counting goes on from the version of the lists that the client has. Throws when that is no number. */
  startSerials(version: string): void {
    if (!/^\d{1,9}$/.test(version)) throw new Error("a list version must be a number");
    this.#serial = Number(version);
  }

  send(...parts: readonly LineArg[]): void {
    this.connection.send(...parts);
  }

  sendPayload(parts: readonly LineArg[], payload: Buffer | string): void {
    this.connection.sendPayload(parts, payload);
  }

  /** From the first CHG on, and where lists are awaited after them, too, the client gets presence. */
  startPresence(trid: string): void {
    this.#firstStatus ??= trid;
    if (this.#presenceStarted) return;
    const { quirks } = this.hub;
    if (quirks.presenceAwaitsLists && this.dialect.lists === "adl" && !this.listsReported) return;
    this.#presenceStarted = true;
    for (const entry of this.account.contacts.values()) {
      if ((entry.lists & FL) !== 0) this.showContact(entry.account, this.#firstStatus);
    }
    this.mailNotice(initialMailNotice(this.hub.offline.list(this.account.email), quirks.exactMailData));
    if (quirks.challenges && this.dialect.challenge !== undefined) this.startChallenges();
  }

  /** The lists have been reported by ADL. */
  reportLists(): void {
    this.listsReported = true;
    if (this.#firstStatus !== undefined) this.startPresence(this.#firstStatus);
  }

  /** Presence of a contact who is online, as an answer to a command. */
  showContact(subject: Account, trid: string, phones?: Phones): void {
    const news = { subject, before: "FLN", status: true, info: true, trid } as const;
    this.presence(phones === undefined ? news : { ...news, phones });
  }

  presence(news: PresenceNews): void {
    this.#phones(news);
    if (!this.#presenceStarted) return;
    const { subject } = news;
    const { hiddenShows } = this.hub.quirks;
    const now = hiddenShows ? subject.shownTo(this.account) : subject.statusFor(this.account);
    const before = !hiddenShows && looksOffline(news.before) ? "FLN" : news.before;
    if (looksOffline(now)) {
      if (news.trid !== undefined) return;
      if (now !== before) {
        this.send(...offlineLine(this.dialect, subject));
        return;
      }
      if (!hiddenShows) return;
    }
    if (subject.sessions.length === 0) return;
    if (news.status || now !== before) {
      delete this.account.contacts.get(subject.id)?.given;
      this.send(...statusLine(this.dialect, this.account, subject, news.trid));
    }
    if (news.info || this.dialect.syncsOwnPresence) this.#personalMessage(subject);
  }

  #phones({ subject, phones, withdrawsPhones }: PresenceNews): void {
    if (phones === undefined || !this.dialect.phoneNews || !this.synSent) return;
    for (const [key, value] of phones) {
      if (value === undefined) continue;
      this.send("BPR", this.nextSerial(), subject.email, key, withdrawsPhones === true ? undefined : value);
    }
  }

  ownPresence(): void {
    if (!this.#presenceStarted || !this.dialect.syncsOwnPresence) return;
    this.send(...statusLine(this.dialect, this.account, this.account));
    this.#personalMessage(this.account);
  }

  #personalMessage(subject: Account): void {
    if (!this.dialect.personalMessages) return;
    const { head, payload } = personalMessageLine(this.dialect, this.account, subject);
    this.sendPayload(head, payload);
  }

  /** What follows `USR .. OK`: the profile, and where there are endpoints, the own empty one (source: msnp-core §3.8). */
  welcome(profile: string): void {
    this.message(profile);
    const { dialect, account } = this;
    if (dialect.endpoints) this.sendPayload(["UBX", ...dialect.address(account.email)], "");
  }

  /** A message from the server itself (source: msnp-core §7.1). */
  message(body: string): void {
    this.sendPayload(["MSG", "Hotmail", "Hotmail"], body);
  }

  mailNotice(body: string): void {
    if (this.#presenceStarted && this.dialect.mailData) this.message(body);
  }

  /** Announces that the server goes down in so many minutes. */
  announceMaintenance(minutes: number): void {
    this.message(maintenanceMessage(minutes));
  }

  ring(board: Board, inviter: Account): void {
    const cookie = this.hub.cookies.issue({ session: this, board }, this.hub.limits.cookieMs);
    this.send(
      "RNG",
      board.id,
      this.hub.sbAddress(),
      "CKI",
      cookie,
      inviter.email,
      inviter.displayName,
      ...boardTail(this, "messenger.hotmail.com"),
    );
  }

  addedBy(other: Account): void {
    const entry = this.account.contacts.get(other.id);
    // Where there is no pending list, being told is all there is to it.
    if (!this.dialect.pendingList && entry !== undefined) entry.pending = false;
    this.#reverseListChanged(LIST_NEWS[this.dialect.listNews].added(other, this.nextSerial()));
  }

  removedBy(other: Account): void {
    this.#reverseListChanged(LIST_NEWS[this.dialect.listNews].removed(other, this.nextSerial()));
  }

  #reverseListChanged({ line, payload }: News): void {
    if (payload === undefined) this.send(...line);
    else this.sendPayload(line, payload);
    this.addressBookChanged();
  }

  addressBookChanged(): void {
    if (!this.dialect.addressBookNotices) return;
    this.sendPayload(["NOT"], addressBookNotice(this.account, this.hub.now()));
  }

  /** A circle of the account has changed. */
  circleNotice(circle: Circle): void {
    if (!this.dialect.circles || !(this.circles.authenticated || this.dialect.multipart)) return;
    this.sendPayload(["NOT"], circleNotice(this.account, circle.id));
  }

  userNotification(from: string, type: string, payload: Buffer): void {
    this.sendPayload(["UBN", from, type], payload);
  }

  kick(reason?: KickReason): void {
    this.send("OUT", reason);
    this.connection.close();
  }

  /** Once is enough: the answer starts the next one. */
  protected startChallenges(): void {
    if (this.#challengeTimer === undefined) this.#sendChallenge();
  }

  #sendChallenge(): void {
    this.#challenge = Array.from({ length: 20 }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join("");
    this.send("CHL", 0, this.#challenge);
    this.#arm(() => this.failChallenge("0"), this.hub.quirks.challengeAnswerMs);
  }

  /** The challenge that is open, which is thereby closed. */
  takeChallenge(): string | undefined {
    const challenge = this.#challenge;
    this.#challenge = undefined;
    return challenge;
  }

  /** The answer was right: the next challenge comes after an interval. */
  passChallenge(): void {
    this.#arm(() => this.#sendChallenge(), this.hub.quirks.challengeIntervalMs);
  }

  failChallenge(trid: string): void {
    this.send(540, trid);
    this.connection.close();
  }

  #arm(action: () => void, ms: number): void {
    clearTimeout(this.#challengeTimer);
    this.#challengeTimer = setTimeout(action, ms);
    this.#challengeTimer.unref();
  }

  /** Takes the session into the network: from here on others can reach it. */
  begin(): void {
    this.account.sessions.push(this);
    this.hub.sessionsByTicket.set(this.ticket, this);
  }

  /** The connection is gone: contacts see the person leave, or one endpoint less. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#challengeTimer);
    const { account, hub } = this;
    hub.gatherings.end(this);
    if (hub.sessionsByTicket.get(this.ticket) === this) hub.sessionsByTicket.delete(this.ticket);
    const at = account.sessions.indexOf(this);
    if (at >= 0) account.sessions.splice(at, 1);
    const before = account.status;
    if (account.sessions.length > 0) {
      if (before === "FLN") return;
      hub.presence.contacts(account, before, { status: false, info: true });
      hub.presence.self(account);
      return;
    }
    account.status = "FLN";
    if (!hub.quirks.keepsPersonalMessages) {
      account.personalMessage = "";
      account.currentMedia = "";
    }
    hub.presence.contacts(account, before, { status: true, info: true });
  }
}
