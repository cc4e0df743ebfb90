import { BridgeError } from "../bridge/errors.ts";
import type { Availability, ContactAddress, ContactSnapshot } from "../bridge/model.ts";
import type { PresenceSetting, Session, SessionHooks, TypingSending } from "../bridge/ports/network.ts";
import type { Email, MsnClient } from "../msnp/index.ts";
import { addressOf, emailOf, snapshotOf } from "./convert/contact.ts";
import { closedReason, sendError } from "./convert/errors.ts";
import { networkMessage } from "./convert/message.ts";
import { statusOf } from "./convert/presence.ts";

/** Clients show typing for about 6 s and expect it again every 4-5 (source: msnp-chat §1.7). */
const TYPING_REPEAT_MS = 4500;

/** A signed-in {@link MsnClient} as the core's session. */
export class MsnSession implements Session, TypingSending, PresenceSetting {
  readonly typingRepeatMs = TYPING_REPEAT_MS;
  readonly #client: MsnClient;
  readonly #network: string;
  /** The personal message as the server has it. */
  #text: string;

  constructor(client: MsnClient, network: string, text: string) {
    this.#client = client;
    this.#network = network;
    this.#text = text;
  }

  get dialect(): string {
    return this.#client.dialect ?? "";
  }

  get displayName(): string {
    return this.#client.self.displayName;
  }

  *contacts(): Iterable<ContactSnapshot> {
    for (const contact of this.#client.contacts.values()) yield snapshotOf(contact);
  }

  contact(address: ContactAddress): ContactSnapshot | undefined {
    const email = emailOf(address);
    const contact = email && this.#client.contacts.get(email);
    return contact && snapshotOf(contact);
  }

  async sendText(to: ContactAddress, text: string): Promise<void> {
    const email = emailOf(to);
    if (email === undefined) throw new BridgeError("bad-address", { address: to });
    try {
      await this.#client.conversation(email).sendText(text);
    } catch (error) {
      throw sendError(error, { address: to, network: this.#network });
    }
  }

  async sendTyping(to: ContactAddress): Promise<void> {
    const email = emailOf(to);
    if (email === undefined) return;
    // A notice of typing that does not arrive is followed by the next one or by the message.
    await this.#client
      .conversation(email)
      .sendTyping()
      .catch(() => {});
  }

  async setPresence(availability: Availability, text: string): Promise<void> {
    const status = statusOf(availability);
    try {
      // Servers refuse changes that come too fast, and tell each one to every contact: only what changes is sent.
      if (status !== this.#client.self.status) await this.#client.setStatus(status);
      if (text !== this.#text) await this.#client.setPersonalMessage({ text });
      this.#text = text;
    } catch (error) {
      throw new BridgeError("network-down", { network: this.#network }, { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#client.signOut();
  }
}

/** Lets the core hear what the client hears. Called before the sign-in, so that nothing is missed. */
export function listen(client: MsnClient, self: Email, hooks: SessionHooks): void {
  client.on("message", (message) => {
    if (message.from === self) return;
    const neutral = networkMessage(message);
    if (neutral) hooks.message(neutral);
  });
  client.on("typing", ({ from, conversation }) => {
    if (from !== self && !conversation.isGroup) hooks.typing(addressOf(from));
  });
  client.on("contactChanged", (contact) => hooks.contact(snapshotOf(contact)));
  client.on("closed", (reason) => {
    if (reason.kind !== "signed-out") hooks.closed(closedReason(reason));
  });
}
