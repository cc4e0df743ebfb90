import type { Email } from "../../address.ts";
import { describeError } from "../../errors.ts";
import { formatMultipartAddress, type MultipartAddress, parseRosterUri } from "../../message/multipart-address.ts";
import type { Core, Live } from "../core.ts";
import { SendError, toSendError } from "../errors.ts";
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

  constructor(core: Core, host: ConversationHost) {
    this.#core = core;
    this.#host = host;
  }

  /** Makes a group and calls everybody into it. Rejects with SendError when nobody could be called. */
  async start(members: readonly Email[]): Promise<GroupChat> {
    const live = this.#live();
    if (this.#chats.size >= MAX_GROUPS) {
      throw new SendError("rate-limited", "not-sent", "Too many groups are open at once");
    }
    try {
      const address = await createGroup(this.#core, live);
      const chat = this.#chat(address);
      await joinRoster(this.#core, live, address);
      this.#core.events.emit("conversation", chat);
      await this.#inviteAll(chat, members);
      return chat;
    } catch (error) {
      throw toSendError(error);
    }
  }

  async #inviteAll(chat: GroupChat, members: readonly Email[]): Promise<void> {
    const failures: unknown[] = [];
    for (const email of members) {
      try {
        await this.invite(chat, email);
      } catch (error) {
        this.#note(error);
        failures.push(error);
      }
    }
    if (failures.length === 0 || failures.length < members.length) return;
    await this.leave(chat).catch((error: unknown) => this.#note(error));
    throw failures[0];
  }

  async invite(chat: GroupChat, email: Email): Promise<void> {
    await inviteToGroup(this.#core, this.#live(), chat.address, email);
  }

  async leave(chat: GroupChat): Promise<void> {
    if (!this.#chats.delete(chat.id)) return;
    const { live } = this.#core;
    try {
      if (live !== undefined) await leaveGroup(this.#core, live, chat.address);
    } finally {
      this.#emptied(chat);
    }
  }

  chatOf(address: MultipartAddress): GroupChat | undefined {
    return this.#chats.get(keyOf(address));
  }

  /** All groups are left with the session. */
  clear(): void {
    const chats = [...this.#chats.values()];
    this.#chats.clear();
    for (const chat of chats) this.#emptied(chat);
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
    const known = this.chatOf(address);
    if (known !== undefined) {
      if (known.join(here, isWhole)) this.#core.events.emit("membersChanged", known);
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
      if (isCalled && live !== undefined) await joinRoster(this.#core, live, chat.address);
      if (this.#chats.get(chat.id) === chat) this.#core.events.emit("conversation", chat);
    };
    entered().catch((error: unknown) => {
      this.#chats.delete(chat.id);
      this.#note(error);
    });
  }

  /** Somebody left, or the group is no more. */
  #left(address: MultipartAddress, member: MultipartAddress | undefined): void {
    const chat = this.chatOf(address);
    if (chat === undefined) return;
    if (member === undefined || member.account === this.#core.self.email) {
      this.#chats.delete(chat.id);
      this.#emptied(chat);
    } else if (chat.part(member.account as Email)) this.#core.events.emit("membersChanged", chat);
  }

  #emptied(chat: GroupChat): void {
    if (chat.empty()) this.#core.events.emit("membersChanged", chat);
  }

  #chat(address: MultipartAddress): GroupChat {
    const chat = this.chatOf(address) ?? new GroupChat(this.#host, address);
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
