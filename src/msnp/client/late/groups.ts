import { type Email, toEmail } from "../../address.ts";
import { describeError } from "../../errors.ts";
import { formatMultipartAddress, type MultipartAddress, parseRosterUri } from "../../message/multipart-address.ts";
import { afterRunning } from "../../transport/running-time.ts";
import type { Core, Live } from "../core.ts";
import { SendError, toSendError } from "../errors.ts";
import { gathered } from "../gather.ts";
import { decodeCircle, type RosterEntry } from "./circle-document.ts";
import { createGroup, inviteToGroup, joinRoster, leaveGroup } from "./circle-wire.ts";
import { type ConversationHost, GroupChat } from "./conversation.ts";
import type { Notification } from "./envelope.ts";

/** Groups that the account may be in at once; invitations beyond are not answered. */
const MAX_GROUPS = 256;

/** Temporary groups: they live as long as somebody is in them (source: msnp21 §5.4). */
export class Groups {
  readonly #core: Core;
  readonly #host: ConversationHost;
  readonly #chats = new Map<string, GroupChat>();
  /** Of which listeners do not know yet: what happens in them is not told. */
  readonly #beginning = new Set<GroupChat>();
  /** Who waits for somebody's arrival, or the end of the group. */
  readonly #waiting = new Map<GroupChat, Set<() => void>>();

  constructor(core: Core, host: ConversationHost) {
    this.#core = core;
    this.#host = host;
  }

  /** Makes a group, calls everybody into it and waits for them. Rejects with SendError when nobody comes. */
  async start(members: readonly Email[]): Promise<GroupChat> {
    const live = this.#live();
    if (this.#chats.size >= MAX_GROUPS) {
      throw new SendError("rate-limited", "not-sent", "Too many groups are open at once");
    }
    let chat: GroupChat | undefined;
    try {
      const address = await createGroup(this.#core, live);
      chat = this.#chat(address);
      this.#beginning.add(chat);
      await joinRoster(this.#core, live, address);
      await this.#inviteAll(chat, members);
      this.#told(chat);
      return chat;
    } catch (error) {
      if (chat !== undefined) await this.leave(chat).catch((reason: unknown) => this.#note(reason));
      throw toSendError(error);
    }
  }

  async #inviteAll(chat: GroupChat, members: readonly Email[]): Promise<void> {
    const calls = members.map((email) => this.invite(chat, email));
    for (const call of calls) call.catch((error: unknown) => this.#note(error));
    await gathered(calls, this.#core.timeouts.gather);
  }

  /** A group is told of when those who come are there: before, it may come to nothing. */
  #told(chat: GroupChat): void {
    this.#beginning.delete(chat);
    if (this.#chats.get(chat.id) === chat) this.#core.events.emit("conversation", chat);
  }

  /** Calls somebody and waits until they are there. Rejects with ServerError, ConnectionError or SendError. */
  async invite(chat: GroupChat, email: Email): Promise<void> {
    await inviteToGroup(this.#core, this.#live(), chat.address, email);
    await this.#arrival(chat, email);
  }

  async #arrival(chat: GroupChat, email: Email): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (chat.members.has(email) || !this.#chats.has(chat.id)) resolve();
    };
    const checks = this.#waiting.get(chat) ?? new Set();
    this.#waiting.set(chat, checks.add(check));
    const callOff = afterRunning(this.#core.timeouts.ring, resolve);
    check();
    await promise;
    callOff();
    checks.delete(check);
    if (checks.size === 0) this.#waiting.delete(chat);
    if (!chat.members.has(email)) throw new SendError("no-answer", "not-sent", `${email} did not answer the call`);
  }

  async leave(chat: GroupChat): Promise<void> {
    if (this.#chats.get(chat.id) !== chat) return;
    const { live } = this.#core;
    try {
      if (live !== undefined) await leaveGroup(this.#core, live, chat.address);
    } finally {
      // Only now, lest words that were under way bring it back as a group that nobody knows.
      if (this.#chats.get(chat.id) === chat) this.#chats.delete(chat.id);
      this.#ended(chat);
    }
  }

  /** The group that something was said in. One that is not known yet is taken for one's own, lest the words be lost. */
  chatFor(address: MultipartAddress, speaker: Email): GroupChat | undefined {
    const known = this.#chatOf(address);
    if (known !== undefined || this.#chats.size >= MAX_GROUPS) return known;
    const chat = this.#chat(address);
    chat.join([speaker], false);
    this.#core.events.emit("conversation", chat);
    return chat;
  }

  #chatOf(address: MultipartAddress): GroupChat | undefined {
    return this.#chats.get(keyOf(address));
  }

  /** All groups are left with the session. */
  clear(): void {
    const chats = [...this.#chats.values()];
    this.#chats.clear();
    for (const chat of chats) this.#ended(chat);
  }

  /** Takes NFY that comes from a group (source: msnp21 §5.4). */
  onNotification(kind: "PUT" | "DEL", { from, uri, body, type }: Notification): void {
    if (kind === "DEL") {
      this.#left(from, parseRosterUri(uri));
      return;
    }
    const { roster } = decodeCircle(body);
    if (roster !== undefined) this.#changed(from, roster, type === "full");
  }

  #changed(address: MultipartAddress, roster: readonly RosterEntry[], isWhole: boolean): void {
    const own = roster.find(({ email }) => email === this.#core.self.email);
    const others = roster.filter(({ email, isPending }) => !isPending && email !== this.#core.self.email);
    const here = others.map(({ email }) => email);
    const known = this.#chatOf(address);
    if (known !== undefined) {
      if (known.join(here, isWhole)) this.#membersChanged(known);
      return;
    }
    // With nobody else in it, it is the echo of a group that this account makes at this moment, or at another place.
    if (own === undefined || here.length === 0 || this.#chats.size >= MAX_GROUPS) return;
    const chat = this.#chat(address);
    chat.join(here, true);
    this.#enter(chat, own.isPending);
  }

  /** Whoever is called comes (source: msnp21 §5.4, T33); what was accepted at another place holds here, too. */
  #enter(chat: GroupChat, isCalled: boolean): void {
    const { live } = this.#core;
    const entered = async (): Promise<void> => {
      this.#beginning.add(chat);
      if (isCalled && live !== undefined) await joinRoster(this.#core, live, chat.address);
      this.#told(chat);
    };
    entered().catch((error: unknown) => {
      this.#chats.delete(chat.id);
      this.#ended(chat);
      this.#note(error);
    });
  }

  /** Somebody left, or the group is no more. */
  #left(address: MultipartAddress, member: MultipartAddress | undefined): void {
    const chat = this.#chatOf(address);
    if (chat === undefined) return;
    const email = member === undefined ? this.#core.self.email : toEmail(member.account);
    if (email === this.#core.self.email) {
      this.#chats.delete(chat.id);
      this.#ended(chat);
    } else if (email !== undefined && chat.part(email)) this.#membersChanged(chat);
  }

  #ended(chat: GroupChat): void {
    // Something may have been said in it before it was told of.
    this.#beginning.delete(chat);
    if (chat.end()) this.#membersChanged(chat);
    else this.#wake(chat);
  }

  #membersChanged(chat: GroupChat): void {
    if (!this.#beginning.has(chat)) this.#core.events.emit("membersChanged", chat);
    this.#wake(chat);
  }

  #wake(chat: GroupChat): void {
    for (const check of [...(this.#waiting.get(chat) ?? [])]) check();
  }

  #chat(address: MultipartAddress): GroupChat {
    const chat = this.#chatOf(address) ?? new GroupChat(this.#host, address);
    this.#chats.set(chat.id, chat);
    return chat;
  }

  #live(): Live {
    const { live } = this.#core;
    if (live === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    return live;
  }

  #note(error: unknown): void {
    this.#core.options.trace?.("<<<", "NS", `Groups: ${describeError(error)}`);
  }
}

function keyOf({ type, account }: MultipartAddress): string {
  return formatMultipartAddress({ type, account });
}
