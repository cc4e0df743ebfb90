import { randomUUID } from "node:crypto";
import type { Email } from "../../address.ts";
import { chunkHeaders, MAX_CHUNKS } from "../../message/chunks.ts";
import type { TextFormat } from "../../message/format.ts";
import { markBytes, markHeaders } from "../../message/mark.ts";
import type { HeaderList } from "../../message/multipart.ts";
import { ADDRESS_TYPE, formatMultipartAddress, type MultipartAddress } from "../../message/multipart-address.ts";
import type { OutgoingBody } from "../../message/outgoing.ts";
import type { Core, Live } from "../core.ts";
import { SendError, toSendError } from "../errors.ts";
import { type TextPart, TextQueue } from "../text-queue.ts";
import type { Conversation, ConversationRole, SendOptions } from "../types.ts";
import { encodeSdg, selfAddress } from "./envelope.ts";
import type { Letter, Post } from "./post.ts";
import { MESSAGING_1, MESSAGING_2, type SdgContent, type SdgForm } from "./sdg-content.ts";

/** Channel of what is said to somebody who is there, and to somebody who is not (source: msnp21 §3.3). */
export type Channel = "IM/Online" | "IM/Offline";

/** What conversations without a switchboard need of the client. */
export interface ConversationHost {
  readonly core: Core;
  readonly post: Post;
  /** Makes a group of the members and one more. Rejects with SendError. */
  startGroup(members: readonly Email[]): Promise<Conversation>;
  /** Calls somebody into a circle or group. Rejects with what went wrong. */
  inviteTo(conversation: GroupChat, email: Email): Promise<void>;
  /** Leaves a circle or group for good. Rejects with what went wrong. */
  leave(conversation: GroupChat): Promise<void>;
}

/** Sending by SDG; to whom is for the kinds of conversation (source: msnp21 §3.6). */
abstract class SdgConversation implements Conversation {
  abstract readonly kind: Conversation["kind"];
  abstract readonly id: string | undefined;
  abstract readonly name: string | undefined;
  abstract readonly members: ReadonlySet<Email>;
  abstract readonly isGroup: boolean;
  abstract readonly isOver: boolean;
  protected readonly host: ConversationHost;
  protected readonly texts = new TextQueue();

  constructor(host: ConversationHost) {
    this.host = host;
  }

  protected abstract readonly target: MultipartAddress;
  /** The channel that is named for what is said; circles name none (source: msnp21 §5.3). */
  protected abstract readonly channel: Channel | undefined;
  abstract invite(email: Email): Promise<void>;
  abstract close(): Promise<void>;
  abstract leave(): Promise<void>;

  get participants(): ReadonlySet<Email> {
    return this.members;
  }

  get joinsParts(): boolean {
    const { live } = this.host.core;
    return live !== undefined && formOf(live).joinsParts;
  }

  nameOf(email: Email): string | undefined {
    return this.host.core.contacts.all.get(email)?.displayName;
  }

  async sendText(text: string, format?: TextFormat, options: SendOptions = {}): Promise<void> {
    const headers = markHeaders(options);
    const id = randomUUID();
    await this.texts.send(
      text,
      (part) =>
        this.deliver((form) => withContent(form.text(part.text, format), [...headers, ...placeOf(form, id, part)])),
      markBytes(options),
    );
  }

  async sendTyping(): Promise<void> {
    this.host.post.tell(this.letter((form) => form.typing(this.host.core.self.email)));
  }

  async sendNudge(options: SendOptions = {}): Promise<void> {
    const headers = markHeaders(options);
    await this.deliver((form) => withContent(form.nudge(), headers));
  }

  async sendBody(body: OutgoingBody): Promise<void> {
    const { live } = this.host.core;
    if (live === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    const contents = formOf(live).body(body);
    if (contents === undefined) {
      throw new SendError("not-supported", "not-sent", `${live.dialect.name} cannot carry a message of this kind`);
    }
    for (const content of contents) await this.deliver(() => content);
  }

  /** Why nothing can be said now, if so. */
  protected refusal(): SendError | undefined {
    return undefined;
  }

  protected async deliver(say: Say): Promise<void> {
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
    await this.host.post.deliver(this.letter(say));
  }

  protected letter(say: Say, channel = this.channel): Letter {
    const { core } = this.host;
    return (live) => {
      const { reliability, content, body, isSpoken, toEndpoint, routing = [] } = say(formOf(live));
      const spoken: HeaderList = isSpoken && channel !== undefined ? [["Service-Channel", channel]] : [];
      const to = toEndpoint === undefined ? this.target : { ...this.target, epid: toEndpoint };
      const route = { to, from: selfAddress(core, live), routing: [...routing, ...spoken], reliability };
      return encodeSdg(route, content, body);
    };
  }
}

type Say = (form: SdgForm) => SdgContent;

function withContent(said: SdgContent, more: HeaderList): SdgContent {
  return { ...said, content: [...said.content, ...more] };
}

/** Each part of a long text is one by itself to clients that put none together, and there is no end to very long ones. */
function placeOf(form: SdgForm, id: string, { index, total }: TextPart): HeaderList {
  return form.joinsParts && total > 1 && total <= MAX_CHUNKS ? chunkHeaders(id, index, total) : [];
}

/** At MSNP18 only circles go by SDG, in an older form (source: msnp21 §5.3). */
function formOf({ dialect }: Live): SdgForm {
  return dialect.conversations === "sdg" ? MESSAGING_2 : MESSAGING_1;
}

/** A chat with one contact. */
export class DirectChat extends SdgConversation {
  readonly kind = "direct";
  readonly id = undefined;
  readonly name = undefined;
  readonly isGroup = false;
  readonly isOver = false;
  readonly members: ReadonlySet<Email>;
  readonly peer: Email;
  protected readonly channel = "IM/Online";

  constructor(host: ConversationHost, peer: Email) {
    super(host);
    this.peer = peer;
    this.members = new Set([peer]);
  }

  protected get target(): MultipartAddress {
    const type = this.host.core.contacts.all.get(this.peer)?.network ?? ADDRESS_TYPE.live;
    return { type, account: this.peer };
  }

  /** A text that the server keeps until the contact signs in (source: msnp21 §3.7). Rejects with SendError. */
  sendStored(text: string): Promise<void> {
    return this.texts.send(text, (part) =>
      this.host.post.deliver(this.letter((form) => form.text(part.text, undefined), "IM/Offline")),
    );
  }

  async invite(email: Email): Promise<void> {
    await this.host.startGroup([this.peer, email]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }
}

/** A circle or a temporary group. */
export class GroupChat extends SdgConversation {
  readonly kind: "circle" | "group";
  readonly id: string;
  readonly isGroup = true;
  readonly address: MultipartAddress;
  protected readonly channel = undefined;
  #name: string | undefined;
  readonly #members = new Set<Email>();
  readonly #selfEmail: Email;
  #isLeft = false;
  /** Of those whose role is known. */
  roles: ReadonlyMap<Email, ConversationRole> = new Map();

  constructor(host: ConversationHost, address: MultipartAddress, name?: string) {
    super(host);
    this.kind = address.type === ADDRESS_TYPE.circle ? "circle" : "group";
    this.address = { type: address.type, account: address.account };
    this.id = formatMultipartAddress(this.address);
    this.#name = name;
    this.#selfEmail = host.core.self.email;
  }

  get name(): string | undefined {
    return this.#name;
  }

  /** Those who are in the chat now, without oneself. */
  get members(): ReadonlySet<Email> {
    return this.#members;
  }

  /** A temporary group ends with the last of the others; a circle when the account is in it no more. */
  get isOver(): boolean {
    return this.#isLeft || (this.kind === "group" && this.#members.size === 0);
  }

  role(email: Email): ConversationRole | undefined {
    return this.roles.get(email);
  }

  protected get target(): MultipartAddress {
    return this.kind === "circle" ? { ...this.address, path: "IM" } : this.address;
  }

  /** Nothing is kept for those who are not in a temporary group. */
  protected override refusal(): SendError | undefined {
    if (this.#isLeft) return new SendError("closed", "not-sent", "This group was left");
    if (this.kind === "circle" || this.#members.size > 0) return undefined;
    return new SendError("closed", "not-sent", "Everybody else has left this group chat");
  }

  /** Takes a new name; true when it is another. */
  rename(name: string): boolean {
    const isNew = name !== this.#name;
    this.#name = name;
    return isNew;
  }

  /** Takes a roster, the whole of it or additions; true when something changed. */
  join(people: readonly Email[], isWhole: boolean): boolean {
    const before = [...this.#members];
    for (const email of people) if (email !== this.#selfEmail) this.#members.add(email);
    if (isWhole) for (const email of before) if (!people.includes(email)) this.#members.delete(email);
    return before.length !== this.#members.size || before.some((email) => !this.#members.has(email));
  }

  /** Somebody is gone; true when they were there. */
  part(email: Email): boolean {
    return this.#members.delete(email);
  }

  /** The account is in it no more; true when that is news. */
  end(): boolean {
    const isNews = !this.#isLeft;
    this.#isLeft = true;
    this.#members.clear();
    return isNews;
  }

  /** Nobody is there any more; true when somebody was. */
  empty(): boolean {
    const was = this.#members.size > 0;
    this.#members.clear();
    return was;
  }

  async invite(email: Email): Promise<void> {
    try {
      await this.host.inviteTo(this, email);
    } catch (error) {
      throw toSendError(error);
    }
  }

  /** A circle stays; a temporary group is left. */
  async close(): Promise<void> {
    if (this.kind === "group") await this.leave().catch(() => undefined);
  }

  async leave(): Promise<void> {
    await this.host.leave(this);
  }
}
