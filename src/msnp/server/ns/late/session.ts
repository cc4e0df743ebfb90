import { encodeMultipart, type Multipart } from "../../../message/multipart.ts";
import type { Board } from "../../sb/board.ts";
import { type Account, looksOffline } from "../../state/account.ts";
import type { PresenceNews } from "../../state/session.ts";
import { NsSession } from "../session.ts";
import { BoardBridge } from "./board-bridge.ts";
import { endpointAddress, type Notification, notification } from "./envelopes.ts";
import { leaveAllGroups } from "./group-commands.ts";
import { deliverStored } from "./stored.ts";
import {
  changedDocument,
  document,
  emptySections,
  fullDocument,
  ownPortrait,
  type Portrait,
  portrait,
} from "./user-document.ts";

const USER_DOCUMENT = "application/user+xml";
/** The challenge that Escargot sends at MSNP21, whose answer it does not look at (source: msnp21 §9). */
const FIXED_CHALLENGE = "1663122458434562624782678054";

/** What a viewer was told of somebody. */
interface Shown {
  readonly portrait: Portrait;
  readonly number: number;
}

/** A client that speaks MSNP21: presence as documents, messages without switchboards (source: msnp21 §2.1). */
export class LateSession extends NsSession {
  /** By account id: what the client knows of people; its differences to what is true are the news. */
  readonly #shown = new Map<string, Shown>();
  readonly #bridge = new BoardBridge(this);
  #published = false;

  /** The own address with the endpoint, as it stands in From. */
  get address(): string {
    return endpointAddress(this.account.email, this.endpoint.guid);
  }

  get bridge(): BoardBridge {
    return this.#bridge;
  }

  /** True the first time it is asked. */
  takeFirstPublication(): boolean {
    const first = !this.#published;
    this.#published = true;
    return first;
  }

  /** Challenge, profile of the account, and when that profile was changed last (source: msnp21 §2.4). */
  override welcome(profile: string): void {
    if (this.hub.quirks.challenges) this.startChallenges();
    else this.send("CHL", 0, FIXED_CHALLENGE);
    this.message(profile);
    const changed = `${new Date(this.hub.now()).toISOString().slice(0, 19)}Z`;
    this.notify("PUT", {
      to: endpointAddress(this.account.email, "00000000-0000-0000-0000-000000000000"),
      from: `1:${this.account.email}`,
      number: 0,
      uri: "/user",
      type: "Partial",
      contentType: USER_DOCUMENT,
      body: document(`<s n="PF" ts="${changed}"></s>`),
    });
  }

  notify(kind: "PUT" | "DEL", news: Notification): void {
    this.sendPayload(["NFY", kind], notification(news));
  }

  deliver(message: Multipart): void {
    this.sendPayload(["SDG", 0], encodeMultipart(message));
  }

  override startPresence(trid: string): void {
    const isFirst = !this.hasStatus;
    super.startPresence(trid);
    if (isFirst) this.hub.gatherings.begin(this, this.hub.circles.of(this.account));
  }

  override presence(news: PresenceNews): void {
    if (!this.presenceStarted) return;
    const { subject } = news;
    const status = subject.statusFor(this.account);
    if (looksOffline(status) || subject.sessions.length === 0) {
      this.#hide(subject);
      return;
    }
    delete this.account.contacts.get(subject.id)?.given;
    const now = portrait(subject, status);
    const before = news.trid === undefined ? this.#shown.get(subject.id) : undefined;
    if (before === undefined) this.#show(subject, now);
    else this.#update(subject, before, now);
  }

  #show(subject: Account, now: Portrait): void {
    this.#shown.set(subject.id, { portrait: now, number: 0 });
    this.#tell("PUT", subject, 0, "Full", fullDocument(now));
  }

  #update(subject: Account, before: Shown, now: Portrait): void {
    let { number } = before;
    const changed = changedDocument(before.portrait, now);
    if (changed !== undefined) this.#tell("PUT", subject, ++number, "Partial", changed);
    const own = subject === this.account;
    const gone = [...before.portrait.endpoints.keys()].filter((guid) => !now.endpoints.has(guid));
    if (gone.length > 0) {
      const services = own ? ["IM", "PD"] : ["IM", "PE"];
      const sections = gone.map((guid) => emptySections(guid, services)).join("");
      this.#tell("DEL", subject, ++number, "Partial", document(sections));
    }
    this.#shown.set(subject.id, { portrait: now, number });
  }

  #hide(subject: Account): void {
    const before = this.#shown.get(subject.id);
    if (before === undefined) return;
    this.#shown.delete(subject.id);
    const sections = [...before.portrait.endpoints.keys()].map((guid) => emptySections(guid, ["IM"])).join("");
    this.#tell("DEL", subject, before.number + 1, "Partial", document(`<s n="IM"/>${sections}`));
  }

  #tell(kind: "PUT" | "DEL", subject: Account, number: number, type: "Full" | "Partial", body: string): void {
    this.notify(kind, {
      to: `1:${this.account.email}`,
      from: `1:${subject.email}`,
      // News of the own endpoints are not counted.
      number: subject === this.account ? 0 : number,
      uri: "/user",
      type,
      contentType: USER_DOCUMENT,
      body,
    });
  }

  /** What this endpoint has published itself is no news to it. */
  noteOwnPublication(): void {
    const known = this.#shown.get(this.account.id)?.portrait.endpoints ?? new Map<string, string>();
    const now = ownPortrait(this.account, this.endpoint);
    this.#shown.set(this.account.id, { portrait: { ...now, endpoints: known }, number: 0 });
  }

  override ownPresence(): void {
    const before = this.#shown.get(this.account.id);
    if (!this.presenceStarted || before === undefined) return;
    this.#update(this.account, before, ownPortrait(this.account, this.endpoint));
  }

  /** One of the own endpoints was signed out from another: all are told, the one itself as well (source: msnp21 §4.5). */
  tellSignedOut(guid: string): void {
    const before = this.#shown.get(this.account.id);
    if (before !== undefined) {
      const endpoints = new Map(before.portrait.endpoints);
      endpoints.delete(guid);
      this.#shown.set(this.account.id, { ...before, portrait: { ...before.portrait, endpoints } });
    }
    this.#tell("DEL", this.account, 0, "Partial", document(emptySections(guid, ["IM", "PD"])));
  }

  /** Whatever waits comes as messages, not as a notice. */
  override mailNotice(): void {
    if (this.presenceStarted) deliverStored(this);
  }

  /** There is nothing to be called to: the network joins the board in place of the client. */
  override ring(board: Board, inviter: Account): void {
    this.#bridge.answer(board, inviter);
  }

  /** Notifications of older versions have no place here. */
  override userNotification(): void {}

  override end(): void {
    this.#bridge.close();
    leaveAllGroups(this);
    super.end();
  }
}

/** The late sessions of an account that have told a status, but for one. */
export function lateSessions(account: Account, but?: NsSession): LateSession[] {
  return account.sessions.filter(
    (session): session is LateSession => session instanceof LateSession && session !== but && session.hasStatus,
  );
}
