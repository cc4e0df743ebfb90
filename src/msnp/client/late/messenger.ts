import { type Email, toEmail } from "../../address.ts";
import type { MessageBody } from "../../message/body.ts";
import { ChunkAssembler } from "../../message/chunks.ts";
import { markIn } from "../../message/mark.ts";
import { type HeaderList, header, headerAnywhere, type Multipart } from "../../message/multipart.ts";
import { formatMultipartAddress, type MultipartAddress } from "../../message/multipart-address.ts";
import type { Core } from "../core.ts";
import type { Conversation } from "../types.ts";
import { type ConversationHost, DirectChat, type GroupChat } from "./conversation.ts";
import { isGroupAddress, type Received, readEnvelope } from "./envelope.ts";
import { decodeSdg, messageType } from "./sdg-content.ts";
import { type StoredTexts, storedAt } from "./stored-texts.ts";

/** One-to-one conversations that are remembered. */
const MAX_CONVERSATIONS = 1000;
/** Messages of all conversations of which parts are missing; more are given up. */
const MAX_INCOMPLETE = 32;
/** Another place of the account has changed the address book (source: msnp21 §3.4). */
const BOOK_CHANGED = "signal/forceabchsync";

/** What the messages of others lead to. */
export interface MessengerHost extends ConversationHost {
  readonly stored: StoredTexts;
  /** The circle or group of an address; undefined when the account is not in it. */
  groupChat(address: MultipartAddress, speaker: Email): GroupChat | undefined;
  bookChanged(): void;
}

/** Messages by SDG: whose they are, and to which conversation they belong (source: msnp21 §3). */
export class Messenger {
  readonly #core: Core;
  readonly #host: MessengerHost;
  readonly #direct = new Map<Email, DirectChat>();
  readonly #chunks = new ChunkAssembler(MAX_INCOMPLETE);

  constructor(core: Core, host: MessengerHost) {
    this.#core = core;
    this.#host = host;
  }

  /** The one-to-one conversation with a contact; the same object as long as it is among those used last. */
  direct(peer: Email): DirectChat {
    const known = this.#direct.get(peer);
    const conversation = known ?? new DirectChat(this.#host, peer);
    const oldest = this.#direct.keys().next();
    if (known === undefined && this.#direct.size >= MAX_CONVERSATIONS && !oldest.done)
      this.#direct.delete(oldest.value);
    this.#direct.delete(peer);
    this.#direct.set(peer, conversation);
    return conversation;
  }

  onMessage(payload: Buffer | undefined): void {
    const receivedAt = Date.now();
    const received = readEnvelope(payload);
    const from = received === undefined ? undefined : toEmail(received.from.account);
    if (received === undefined || from === undefined) return;
    const isOwn = from === this.#core.self.email;
    // What this place said itself is known here.
    if (isOwn && received.from.epid === this.#core.options.machineGuid) return;
    const type = messageType(received.message);
    if (type.startsWith("signal/")) {
      if (isOwn && type === BOOK_CHANGED) this.#host.bookChanged();
      return;
    }
    const conversation = this.#conversation(received, from, isOwn);
    if (conversation === undefined) return;
    const take = (whole: Received): void => {
      if (!isOwn && this.#host.stored.take(whole, from, conversation)) return;
      this.tell(whole, from, conversation, storedAt(whole) ?? receivedAt);
    };
    const whole = this.#whole(received, receivedAt, take);
    if (whole !== undefined) take(whole);
  }

  /** The session is over: of texts of which parts are missing what came is told. */
  end(): void {
    this.#chunks.close();
  }

  /** Undefined while parts of a text are missing; `take` gets what came when the rest does not come (source: msnp-chat §1.8). */
  #whole(received: Received, now: number, take: (whole: Received) => void): Received | undefined {
    const { message, from, to } = received;
    if (message.content === undefined || !isText(message)) return received;
    const joined = ({ headers, body }: { headers: HeaderList; body: Buffer }): Received => ({
      ...received,
      message: { ...message, content: headers, body },
    });
    const sender = `${formatMultipartAddress(from)} ${formatMultipartAddress(to)}`;
    const part = { headers: message.content, body: message.body };
    const whole = this.#chunks.add(sender, part, now, (rest) => take(joined(rest)));
    return whole === part ? received : whole && joined(whole);
  }

  /** Tells of a message as of one that was said at that moment. */
  tell(received: Received, from: Email, conversation: Conversation, receivedAt: number): void {
    for (const body of decodeSdg(received)) this.#emit(received, from, conversation, body, receivedAt);
  }

  /** By the circle or group it went to, by the sender, or by whom one wrote to oneself at another place. */
  #conversation(received: Received, from: Email, isOwn: boolean): Conversation | undefined {
    if (isGroupAddress(received.to)) return this.#host.groupChat(received.to, from);
    if (!isOwn) return this.direct(from);
    const peer = toEmail(received.to.account);
    return peer === undefined || peer === this.#core.self.email ? undefined : this.direct(peer);
  }

  #emit(received: Received, from: Email, conversation: Conversation, body: MessageBody, receivedAt: number): void {
    const { events, self, contacts } = this.#core;
    const isOwn = from === self.email;
    if (body.kind === "typing" || body.kind === "recording") {
      if (!isOwn) events.emit("typing", { from, conversation });
      return;
    }
    const said = headerAnywhere(received.message, "IM-Display-Name");
    const known = isOwn ? self.displayName : contacts.all.get(from)?.displayName;
    const [peer] = conversation.members;
    events.emit("message", {
      from,
      fromName: said || known || from,
      conversation,
      ...markIn(received.message.content ?? []),
      receivedAt,
      body,
      ...(isOwn && received.from.epid !== undefined && { endpoint: received.from.epid }),
      ...(isOwn && conversation.kind === "direct" && peer !== undefined && { to: peer }),
    });
  }
}

/** Parts other than the first may come without a type, as on switchboards (source: msnp-chat §1.8). */
function isText(message: Multipart): boolean {
  const type = messageType(message);
  return type === "text" || (type === "" && header(message.content ?? [], "Chunk") !== undefined);
}
