import { randomUUID } from "node:crypto";
import type { Trace } from "./trace.ts";
import { Watchers } from "./watchers.ts";
import { ownCaps } from "./xmpp-features.ts";
import { PersonStream } from "./xmpp-person-stream.ts";
import { XmppRequests } from "./xmpp-requests.ts";
import { XmppRoom } from "./xmpp-room.ts";
import type { XmppServer } from "./xmpp-server.ts";
import {
  bare,
  type ChatState,
  describeMessage,
  describePresence,
  NS,
  type RosterItem,
  readMessage,
  readPresence,
  readRosterItem,
  type SeenMessage,
  type SeenPresence,
  type Stanza,
  xml,
} from "./xmpp-stanza.ts";

export interface XmppPersonOptions {
  readonly server: Pick<XmppServer, "host" | "c2sPort" | "domain" | "ca">;
  /** The bare JID. */
  readonly jid: string;
  readonly password: string;
  /** A random one when not given. */
  readonly resource?: string;
  /** False for a client that connects and stays invisible until {@link XmppPerson.setPresence}. Default true. */
  readonly available?: boolean;
  /** Whether it answers requests for receipts, as clients do. Default true. */
  readonly answersReceipts?: boolean;
  readonly trace?: Trace | undefined;
}

export interface OwnPresence {
  readonly show?: "away" | "chat" | "dnd" | "xa";
  readonly status?: string;
  readonly priority?: number;
  /** Further children of the stanza. */
  readonly extra?: readonly Stanza[];
}

export interface Utterance {
  readonly id?: string;
  readonly type?: "chat" | "normal" | "groupchat" | "headline";
  /** Default `active`. */
  readonly chatState?: ChatState;
  /** Whether a receipt is asked for; default true (in chats). */
  readonly receipt?: boolean;
  /** The id of the message that this one corrects (XEP-0308). */
  readonly replaces?: string;
  readonly extra?: readonly Stanza[];
}

/** For what will come, on however busy a machine. */
const WAIT_MS = 60_000;
const MOST_KEPT = 50_000;

/**
 * A person at an XMPP client, for tests and for the sandbox: the counterpart of MatrixPerson, on @xmpp/client and
 * independent of the bridge's own stanza code. Everything that comes is kept with the time it came.
 */
export class XmppPerson {
  readonly jid: string;
  /** Messages of any kind, chat states and receipts included, oldest first; carbons as what they carry. */
  readonly messages: SeenMessage[] = [];
  /** Presence stanzas of any kind, oldest first. */
  readonly presences: SeenPresence[] = [];
  readonly roster = new Map<string, RosterItem>();
  /** Roster pushes in the order they came. */
  readonly rosterPushes: RosterItem[] = [];
  readonly rooms = new Map<string, XmppRoom>();
  readonly ask: XmppRequests;
  readonly #options: XmppPersonOptions;
  readonly #stream: PersonStream;
  readonly #latest = new Map<string, SeenPresence>();
  readonly #archived = new Map<string, Stanza[]>();
  readonly #watchers = new Watchers();
  #own: OwnPresence | undefined;

  private constructor(options: XmppPersonOptions) {
    this.#options = options;
    this.jid = options.jid;
    if (options.available !== false) this.#own = {};
    this.#stream = new PersonStream(
      {
        ...options,
        resource: options.resource ?? `test-${randomUUID().slice(0, 8)}`,
        traceName: `xmpp ${options.jid.split("@", 1)[0]}`,
      },
      {
        stanza: (stanza) => this.#see(stanza),
        rosterPush: (items) => this.#seeRosterPush(items),
        bound: async () => await this.#introduce(),
        changed: () => this.#wake(),
      },
    );
    this.ask = new XmppRequests(
      this.jid,
      async (type, to, payload) => await this.#stream.request(type, to, payload),
      (query) => {
        const results = this.#archived.get(query) ?? [];
        this.#archived.delete(query);
        return results;
      },
    );
  }

  /**
   * Signs in over STARTTLS, turns stream management and carbons on, fetches the roster and shows itself.
   *
   * @throws SASLError when the server refuses the password
   */
  static async signIn(options: XmppPersonOptions): Promise<XmppPerson> {
    const person = new XmppPerson(options);
    await person.#stream.start();
    return person;
  }

  get fullJid(): string {
    return this.#stream.fullJid;
  }

  get online(): boolean {
    return this.#stream.online;
  }

  /** How often a stream was taken up again where it had broken off (XEP-0198), and how often a new one was opened. */
  get sessions(): { readonly resumed: number; readonly fresh: number } {
    return this.#stream.sessions;
  }

  /** Signs out in good order; waiting calls fail. */
  async close(): Promise<void> {
    await this.#stream.close();
    this.#wake();
  }

  /** Cuts the connection as a broken network does, without ending the stream. It stays down until {@link reconnect}. */
  async cut(): Promise<void> {
    await this.#stream.cut();
  }

  /** Connects again: takes the stream up where it broke off if the server still has it, else signs in anew. */
  async reconnect(): Promise<"resumed" | "fresh"> {
    return await this.#stream.reconnect();
  }

  /** Sends a stanza as it is. */
  async send(stanza: Stanza): Promise<void> {
    await this.#stream.send(stanza);
  }

  /** Says something and gives the stanza's id. */
  async say(to: string, body: string, how: Utterance = {}): Promise<string> {
    const type = how.type ?? "chat";
    const asksReceipt = how.receipt ?? type === "chat";
    return await this.#message(to, type, how.id, [
      xml("body", {}, body),
      type === "chat" ? xml(how.chatState ?? "active", { xmlns: NS.chatStates }) : undefined,
      asksReceipt ? xml("request", { xmlns: NS.receipts }) : undefined,
      how.replaces === undefined ? undefined : xml("replace", { xmlns: NS.correction, id: how.replaces }),
      ...(how.extra ?? []),
    ]);
  }

  /** Replaces what was said by something else (XEP-0308). */
  async correct(to: string, id: string, body: string): Promise<string> {
    return await this.say(to, body, { replaces: id });
  }

  async showChatState(to: string, state: ChatState): Promise<void> {
    await this.#message(to, "chat", undefined, [xml(state, { xmlns: NS.chatStates })]);
  }

  /** XEP-0224. */
  async nudge(to: string, body?: string): Promise<string> {
    const attention = xml("attention", { xmlns: NS.attention });
    return await this.#message(to, "headline", undefined, [attention, body && xml("body", {}, body)]);
  }

  async sendReceipt(to: string, id: string): Promise<void> {
    await this.#message(to, "chat", undefined, [xml("received", { xmlns: NS.receipts, id })]);
  }

  /** XEP-0333. */
  async markDisplayed(to: string, id: string): Promise<void> {
    await this.#message(to, "chat", undefined, [xml("displayed", { xmlns: NS.markers, id })]);
  }

  async setPresence(presence: OwnPresence = {}): Promise<void> {
    this.#own = presence;
    await this.send(ownPresence(presence));
  }

  /** Says that it is gone, and stays connected. */
  async goOffline(status?: string): Promise<void> {
    this.#own = undefined;
    await this.send(xml("presence", { type: "unavailable" }, status && xml("status", {}, status)));
  }

  /** A presence stanza to somebody: subscribe, subscribed, unsubscribe, unsubscribed, probe, unavailable. */
  async sendPresence(to: string, type?: string, ...children: readonly Stanza[]): Promise<void> {
    await this.send(xml("presence", { to, type }, children));
  }

  /** Adds or changes a roster entry; resolves when the server has taken it. */
  async setContact(jid: string, name?: string, groups: readonly string[] = []): Promise<void> {
    const item = xml(
      "item",
      { jid, name },
      groups.map((group) => xml("group", {}, group)),
    );
    await this.#stream.request("set", undefined, xml("query", { xmlns: NS.roster }, item));
  }

  async removeContact(jid: string): Promise<void> {
    const item = xml("item", { jid, subscription: "remove" });
    await this.#stream.request("set", undefined, xml("query", { xmlns: NS.roster }, item));
  }

  /** The last presence of somebody: of one resource, or of whichever of a bare JID's spoke last. */
  presenceOf(jid: string): SeenPresence | undefined {
    return this.#latest.get(jid);
  }

  /** Messages with a body from somebody (bare JID), oldest first, each as the person sees it. */
  textsFrom(jid: string): readonly string[] {
    return this.#from(jid).flatMap(({ body, type }) => (body === undefined || type === "error" ? [] : [body]));
  }

  /**
   * Enters a conference; resolves when the room has let one in.
   *
   * @throws Error when the room refuses
   */
  async joinRoom(jid: string, nick: string, options: { readonly password?: string } = {}): Promise<XmppRoom> {
    const room = new XmppRoom(jid, nick);
    this.rooms.set(jid, room);
    const { password } = options;
    const wish = xml("x", { xmlns: NS.muc }, password === undefined ? undefined : xml("password", {}, password));
    await this.send(xml("presence", { to: `${jid}/${nick}` }, wish));
    await this.waitFor(`to be let into ${jid}`, () => room.joined || room.left !== undefined);
    if (!room.joined)
      throw new Error(`${jid} refuses ${nick}: ${room.left?.codes.join(", ")} ${room.left?.reason ?? ""}`);
    return room;
  }

  async sayInRoom(jid: string, body: string, how: Utterance = {}): Promise<string> {
    return await this.say(jid, body, { ...how, type: "groupchat" });
  }

  async leaveRoom(jid: string): Promise<void> {
    const room = this.rooms.get(jid);
    await this.send(xml("presence", { to: `${jid}/${room?.nick ?? ""}`, type: "unavailable" }));
    await this.waitFor(`to be out of ${jid}`, () => room?.joined !== true);
  }

  /**
   * Waits until `find` gives something other than undefined or false; asked again after each thing that comes.
   *
   * @param what completes the sentence "anna waited for …"
   * @throws Error saying what was waited for and what was seen last
   */
  async waitFor<T>(what: string, find: () => T | undefined | false, timeoutMs = WAIT_MS): Promise<T> {
    return await this.#watchers.waitFor(find, {
      timeoutMs,
      ended: () => (this.#stream.closed ? "signed out" : undefined),
      gaveUp: (why) => this.#gaveUp(what, why),
    });
  }

  /** Waits for a message whose body is (or matches) `text`; from `sender` (bare JID) only, when given. */
  async waitForMessage(text: string | RegExp, sender?: string, timeoutMs = WAIT_MS): Promise<SeenMessage> {
    const fits = (body: string): boolean => (typeof text === "string" ? body === text : text.test(body));
    return await this.waitFor(
      `the message ${text} of ${sender ?? "anyone"}`,
      () => this.#from(sender).find(({ body, type }) => body !== undefined && type !== "error" && fits(body)),
      timeoutMs,
    );
  }

  /** Waits until the last presence of somebody is such. */
  async waitForPresence(
    jid: string,
    what: string,
    fits: (presence: SeenPresence) => boolean,
    timeoutMs = WAIT_MS,
  ): Promise<SeenPresence> {
    const find = (): SeenPresence | undefined => {
      const latest = this.presenceOf(jid);
      return latest !== undefined && fits(latest) ? latest : undefined;
    };
    return await this.waitFor(`${jid} to be ${what}`, find, timeoutMs);
  }

  /** Waits for a receipt (XEP-0184) of a message. */
  async waitForReceipt(id: string, timeoutMs = WAIT_MS): Promise<SeenMessage> {
    return await this.waitFor(
      `the receipt of ${id}`,
      () => this.messages.find(({ receiptOf }) => receiptOf === id),
      timeoutMs,
    );
  }

  /** Waits until a message comes back as a stanza error. */
  async waitForError(id: string, timeoutMs = WAIT_MS): Promise<SeenMessage> {
    const find = (): SeenMessage | undefined =>
      this.messages.find((seen) => seen.id === id && seen.error !== undefined);
    return await this.waitFor(`an error for ${id}`, find, timeoutMs);
  }

  #from(sender: string | undefined): readonly SeenMessage[] {
    return sender === undefined ? this.messages : this.messages.filter(({ from }) => bare(from) === sender);
  }

  async #message(
    to: string,
    type: string,
    id: string | undefined,
    children: readonly (Stanza | string | undefined)[],
  ): Promise<string> {
    const used = id ?? randomUUID();
    await this.send(xml("message", { to, type, id: used }, children));
    return used;
  }

  /** What a client does on a new session. */
  async #introduce(): Promise<void> {
    // Nobody has said in this session how they are.
    this.#latest.clear();
    const roster = await this.#stream.request("get", undefined, xml("query", { xmlns: NS.roster }));
    this.roster.clear();
    for (const item of roster.getChild("query", NS.roster)?.getChildren("item") ?? []) {
      this.roster.set(item.attrs.jid ?? "", readRosterItem(item));
    }
    await this.#stream.request("set", undefined, xml("enable", { xmlns: NS.carbons }));
    if (this.#own === undefined) return;
    const seen = this.presences.length;
    await this.send(ownPresence(this.#own));
    // The server tells it to all of one's devices, this one included: from then on messages come here.
    await this.waitFor("its own presence", () => this.presences.slice(seen).some(({ from }) => from === this.fullJid));
  }

  #see(stanza: Stanza): void {
    if (stanza.name === "presence") this.#seePresence(readPresence(stanza));
    else if (stanza.name === "message") this.#seeMessage(stanza);
    this.#wake();
  }

  #seePresence(presence: SeenPresence): void {
    keep(this.presences, presence);
    if (presence.type === "available" || presence.type === "unavailable" || presence.type === "error") {
      this.#latest.set(presence.from, presence);
      this.#latest.set(bare(presence.from), presence);
    }
    this.rooms.get(bare(presence.from))?.seePresence(presence);
  }

  #seeMessage(stanza: Stanza): void {
    const result = stanza.getChild("result", NS.mam);
    if (result !== undefined) {
      const query = result.attrs.queryid ?? "";
      this.#archived.set(query, [...(this.#archived.get(query) ?? []), result]);
      return;
    }
    const message = readMessage(stanza, this.jid);
    if (message.type === "groupchat") this.rooms.get(bare(message.from))?.seeMessage(message);
    keep(this.messages, message);
    const { id, carbon, wantsReceipt, type } = message;
    const mayAnswer = wantsReceipt && carbon === undefined && type !== "error" && type !== "groupchat";
    if (this.#options.answersReceipts === false || id === undefined || !mayAnswer) return;
    // Refused only when the link is going down: then nobody waits for it.
    this.sendReceipt(message.from, id).catch(() => {});
  }

  #seeRosterPush(items: readonly Stanza[]): void {
    for (const item of items.map(readRosterItem)) {
      keep(this.rosterPushes, item);
      if (item.subscription === "remove") this.roster.delete(item.jid);
      else this.roster.set(item.jid, item);
    }
    this.#wake();
  }

  #wake(): void {
    this.#watchers.wake();
  }

  #gaveUp(what: string, why: string): Error {
    const { resumed, fresh } = this.sessions;
    const parts = [
      `${this.jid} ${why}, waiting for ${what}. Seen by then:`,
      `  ${this.online ? "online" : "not connected"}, ${fresh} sessions, ${resumed} times resumed`,
      `  ${this.messages.length} messages, the last:`,
      ...this.messages.slice(-8).map((message) => `    ${describeMessage(message)}`),
      `  ${this.presences.length} presences, the last:`,
      ...this.presences.slice(-8).map((presence) => `    ${describePresence(presence)}`),
      `  roster: ${[...this.roster.values()].map(({ jid, subscription }) => `${jid} (${subscription})`).join(", ")}`,
    ];
    return new Error(parts.join("\n"));
  }
}

function ownPresence({ show, status, priority, extra }: OwnPresence): Stanza {
  return xml(
    "presence",
    {},
    show === undefined ? undefined : xml("show", {}, show),
    status === undefined ? undefined : xml("status", {}, status),
    priority === undefined ? undefined : xml("priority", {}, String(priority)),
    ownCaps(),
    extra ?? [],
  );
}

function keep<T>(list: T[], item: T): void {
  if (list.length >= MOST_KEPT) list.shift();
  list.push(item);
}
