import type { OwnPlace } from "../bridge/model.ts";
import type { SessionHooks } from "../bridge/ports/network.ts";
import type { Conversation, Email, IncomingMessage, MsnClient } from "../msnp/index.ts";
import { addressOf, snapshotOf } from "./convert/contact.ts";
import { closedReason } from "./convert/errors.ts";
import { networkMessage, ownWords, type Reading } from "./convert/message.ts";
import type { Pictures } from "./convert/rich.ts";
import type { MsnGroups } from "./groups.ts";

/** Lets the core hear what the client hears. Called before the sign-in, so that nothing is missed. */
export class Hearing {
  readonly #client: MsnClient;
  readonly #self: Email;
  readonly #hooks: SessionHooks;
  readonly #pictures: Pictures;
  readonly #groups: MsnGroups;
  readonly #speakers = new WeakMap<Conversation, Email>();
  readonly #own = new OwnPictures();
  #isOver = false;

  constructor(client: MsnClient, self: Email, hooks: SessionHooks, pictures: Pictures, groups: MsnGroups) {
    this.#client = client;
    this.#self = self;
    this.#hooks = hooks;
    this.#pictures = pictures;
    this.#groups = groups;
    client.on("message", (message) => this.#heard(message));
    client.on("typing", ({ from, conversation }) => this.#typing(from, conversation));
    client.on("contactChanged", (contact) => hooks.contact(snapshotOf(contact)));
    client.on("request", (contact) => hooks.request(snapshotOf(contact)));
    client.on("closed", (reason) => {
      this.end();
      if (reason.kind !== "signed-out") hooks.closed(closedReason(reason));
    });
    groups.listen();
  }

  /** What still comes is not told of. */
  end(): void {
    this.#isOver = true;
    this.#groups.end();
  }

  #typing(from: Email, conversation: Conversation): void {
    if (from === this.#self) return;
    if (this.#groups.takes(conversation)) this.#groups.typing(from, conversation);
    else if (!conversation.isGroup) this.#hooks.typing(addressOf(from));
  }

  #heard(message: IncomingMessage): void {
    if (this.#isOver || this.#own.take(message)) return;
    const reading = { ...this.#pictures, custom: this.#own.of(message) };
    if (message.from === this.#self) this.#heardOwn(message, reading);
    else if (this.#groups.takes(message.conversation)) this.#groups.heard(message, reading);
    else {
      this.#speakers.set(message.conversation, message.from);
      const neutral = networkMessage(message, reading);
      if (neutral) this.#hooks.message(neutral);
    }
  }

  /** What the owner says at another place, with the name of that place where it has one. */
  #heardOwn(message: IncomingMessage, reading: Reading): void {
    const place = message.endpoint && this.#client.endpoints.list.get(message.endpoint);
    if (place?.isSelf) return;
    const own: OwnPlace = place === undefined || place.name === "" ? {} : { device: place.name };
    if (this.#groups.takes(message.conversation)) {
      this.#groups.heard(message, reading, own);
      return;
    }
    const words = ownWords(message, own.device, this.#speakers.get(message.conversation), reading);
    if (words) this.#hooks.ownMessage(words);
  }
}

/** Shortcuts of one person in one conversation that are remembered; the newest count. */
const MOST_SHORTCUTS = 64;
const MOST_SPEAKERS = 64;

/** Which shortcuts stand for people's own pictures: they are told in front of the words (source: msnp-chat §2.4). */
class OwnPictures {
  readonly #known = new WeakMap<Conversation, Map<Email, readonly string[]>>();

  /** True: the message names pictures, and says nothing. */
  take({ conversation, from, body }: IncomingMessage): boolean {
    if (body.kind !== "emoticons") return false;
    const all = this.#known.get(conversation) ?? new Map<Email, readonly string[]>();
    if (!all.has(from) && all.size >= MOST_SPEAKERS) return true;
    this.#known.set(conversation, all);
    const shortcuts = [...(all.get(from) ?? []), ...body.emoticons.map(({ shortcut }) => shortcut)];
    all.set(from, [...new Set(shortcuts)].slice(-MOST_SHORTCUTS));
    return true;
  }

  of({ conversation, from }: IncomingMessage): readonly string[] {
    return this.#known.get(conversation)?.get(from) ?? [];
  }
}
