import { BridgeError } from "../bridge/errors.ts";
import type { GroupHandle, LiveGroup } from "../bridge/groups/model.ts";
import type { Availability, ContactAddress, ContactSnapshot } from "../bridge/model.ts";
import type { CircleInvitation, CircleLearning, GroupTalking } from "../bridge/ports/groups.ts";
import type {
  ContactEditing,
  Device,
  DeviceListing,
  NudgeSending,
  PresenceSetting,
  Privacy,
  Sent,
  Session,
  TypingSending,
  WordsHolding,
} from "../bridge/ports/network.ts";
import type { RichText } from "../bridge/text/model.ts";
import type { Email, ListName, MsnClient, MsnEndpoint } from "../msnp/index.ts";
import { afterRunning, MsnpError, SendError } from "../msnp/index.ts";
import { emailOf, snapshotOf } from "./convert/contact.ts";
import { deviceError, rosterError, sendError } from "./convert/errors.ts";
import { currentMedia, statusOf } from "./convert/presence.ts";
import { wordsOfMsn } from "./convert/rich.ts";
import type { MsnGroups } from "./groups.ts";
import type { Hearing } from "./hearing.ts";
import { leftText, say, type TextSettings } from "./writing.ts";

/** Clients show typing for about 6 s and expect it again every 4-5 (source: msnp-chat §1.7). */
const TYPING_REPEAT_MS = 4500;
/** How far presence may be behind; Escargot tells it every 200 ms (source: msnp-core §9.3). */
const PRESENCE_LAG_MS = 2000;

/** What a session is made of; all of it is there before the sign-in. */
export interface SessionParts {
  readonly client: MsnClient;
  /** How people call the network. */
  readonly network: string;
  /** The personal message that the client has told. */
  readonly text: string;
  readonly texts: TextSettings;
  readonly groups: MsnGroups;
  readonly hearing: Hearing;
}

/** A signed-in {@link MsnClient} as the core's session. */
export class MsnSession
  implements
    Session,
    WordsHolding,
    TypingSending,
    PresenceSetting,
    ContactEditing,
    DeviceListing,
    NudgeSending,
    GroupTalking,
    CircleLearning
{
  readonly typingRepeatMs = TYPING_REPEAT_MS;
  readonly #client: MsnClient;
  readonly #network: string;
  readonly #texts: TextSettings;
  readonly #groups: MsnGroups;
  readonly #hearing: Hearing;
  /** The personal message as the server has it, and what is playing. */
  #text: string;
  #media: string | undefined;

  constructor({ client, network, text, texts, groups, hearing }: SessionParts) {
    this.#client = client;
    this.#network = network;
    this.#texts = texts;
    this.#groups = groups;
    this.#hearing = hearing;
    this.#text = text;
  }

  get dialect(): string {
    return this.#client.dialect ?? "";
  }

  get displayName(): string {
    return wordsOfMsn(this.#client.self.displayName);
  }

  *contacts(): Iterable<ContactSnapshot> {
    for (const contact of this.#client.contacts.values()) yield snapshotOf(contact);
  }

  contact(address: ContactAddress): ContactSnapshot | undefined {
    const email = emailOf(address);
    const contact = email && this.#client.contacts.get(email);
    return contact && snapshotOf(contact);
  }

  /**
   * Into the chat, or, when the contact is not there, to the server's store, where the dialect has one
   * (source: msnp-chat §5.6). Only what certainly went nowhere goes the second way.
   */
  async sendText(to: ContactAddress, text: string, rich?: RichText): Promise<Sent> {
    const email = this.#emailOf(to);
    const context = { address: to, network: this.#network };
    // A server rings nobody for who has blocked them, and takes words for its store all the same, to lose them.
    if (this.#isOn(email, "BL")) throw new BridgeError("contact-refused", { ...context, because: "blocked" });
    try {
      await this.#say(email, text, rich);
      return { via: "chat" };
    } catch (error) {
      if (!this.#keeps(email, error)) throw sendError(error, context);
    }
    if (!this.#isOn(email, "FL")) throw new BridgeError("contact-offline", { ...context, because: "stranger" });
    await this.#seenGone(email);
    try {
      await this.#client.offline.send(email, leftText(text, rich, this.#texts));
      return { via: "offline" };
    } catch (error) {
      if (!this.#isRefusedAsOnline(email, error)) throw sendError(error, { address: to, network: this.#network });
    }
    try {
      await this.#say(email, text, rich);
      return { via: "chat" };
    } catch (error) {
      throw sendError(error, { address: to, network: this.#network });
    }
  }

  async #say(email: Email, text: string, rich: RichText | undefined): Promise<void> {
    await say(this.#client.conversation(email), text, rich, this.#texts);
  }

  /** Nothing can be left for them, and nothing was, because they are there after all: they can be called again. */
  #isRefusedAsOnline(email: Email, error: unknown): boolean {
    if (!(error instanceof SendError) || error.code !== "refused") return false;
    return error.certainty === "not-sent" && error.partsSent === 0 && !this.#isGone(email);
  }

  /** Whether words that could not be said now are for the server's store. */
  #keeps(email: Email, error: unknown): boolean {
    if (!(error instanceof SendError) || error.certainty !== "not-sent" || error.partsSent > 0) return false;
    if (!this.#client.offline.isSupported) return false;
    // A client that does not answer its call while its owner is shown as online is only slow.
    return error.code === "peer-offline" || (error.code === "no-answer" && this.#isGone(email));
  }

  #isOn(email: Email, list: ListName): boolean {
    return this.#client.contacts.get(email)?.lists.has(list) ?? false;
  }

  /** As presence has it. */
  #isGone(email: Email): boolean {
    return (this.#client.contacts.get(email)?.status ?? "FLN") === "FLN";
  }

  /**
   * A call tells sooner than presence does that somebody has gone, and nothing is left for who is shown as online
   * (source: msnp-chat §5.6.4). Resolves when it is shown, or after a while all the same.
   */
  #seenGone(email: Email): Promise<void> {
    if (this.#isGone(email)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        callOff();
        this.#client.off("contactChanged", look);
        resolve();
      };
      const look = (): void => {
        if (this.#isGone(email)) done();
      };
      const callOff = afterRunning(PRESENCE_LAG_MS, done);
      this.#client.on("contactChanged", look);
    });
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

  holdNext(noted: Promise<void>): void {
    this.#client.holdNext(noted);
  }

  async sendNudge(to: ContactAddress): Promise<void> {
    try {
      await this.#client.conversation(this.#emailOf(to)).sendNudge();
    } catch (error) {
      throw sendError(error, { address: to, network: this.#network });
    }
  }

  async setPresence(availability: Availability, text: string, media?: string): Promise<void> {
    const status = statusOf(availability);
    try {
      // Servers refuse changes that come too fast, and tell each one to every contact: only what changes is sent.
      if (status !== this.#client.self.status) await this.#client.setStatus(status);
      if (text !== this.#text || media !== this.#media) await this.#tell(text, media);
      this.#text = text;
      this.#media = media;
    } catch (error) {
      throw new BridgeError("network-down", { network: this.#network }, { cause: error });
    }
  }

  /** Dialects below 11 have no personal message; there is nothing to be told of that. */
  async #tell(text: string, media: string | undefined): Promise<void> {
    const playing = media === undefined ? {} : { media: currentMedia(media) };
    try {
      await this.#client.setPersonalMessage({ text, ...playing });
    } catch (error) {
      if (!(error instanceof MsnpError) || error.code !== "not-supported") throw error;
    }
  }

  async addContact(contact: ContactAddress, message: string | undefined): Promise<void> {
    const options = message === undefined ? {} : { message };
    await this.#edit(contact, (email) => this.#client.roster.add(email, options));
  }

  async removeContact(contact: ContactAddress): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.remove(email));
  }

  async block(contact: ContactAddress): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.block(email));
  }

  async unblock(contact: ContactAddress): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.unblock(email));
  }

  async rename(contact: ContactAddress, nickname: string): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.rename(email, nickname));
  }

  groups(): readonly string[] {
    return [...this.#client.roster.groups.values()];
  }

  async createGroup(name: string): Promise<void> {
    await this.#change(() => this.#client.roster.createGroup(name));
  }

  async renameGroup(name: string, to: string): Promise<void> {
    await this.#change(() => this.#client.roster.renameGroup(name, to));
  }

  async deleteGroup(name: string): Promise<void> {
    await this.#change(() => this.#client.roster.deleteGroup(name));
  }

  async addToGroup(contact: ContactAddress, name: string): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.addToGroup(email, name));
  }

  async removeFromGroup(contact: ContactAddress, name: string): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.removeFromGroup(email, name));
  }

  requests(): readonly ContactSnapshot[] {
    return this.#client.roster.requests.map(snapshotOf);
  }

  async accept(contact: ContactAddress): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.accept(email));
  }

  async decline(contact: ContactAddress): Promise<void> {
    await this.#edit(contact, (email) => this.#client.roster.decline(email));
  }

  privacy(): Privacy | undefined {
    const { privacy } = this.#client.roster;
    if (privacy === undefined) return undefined;
    return privacy === "allow-all" ? "everybody" : "allowed";
  }

  async setPrivacy(privacy: Privacy): Promise<void> {
    await this.#change(() => this.#client.roster.setPrivacy(privacy === "everybody" ? "allow-all" : "allowed-only"));
  }

  devices(): readonly Device[] {
    return [...this.#client.endpoints.list.values()].map(({ id, name, isSelf }) => ({ id, name, isSelf }));
  }

  async signOutDevice(id: string): Promise<void> {
    try {
      const place = this.#client.endpoints.list.get(id as MsnEndpoint["id"]);
      if (place) await this.#client.endpoints.signOut(place.id);
    } catch (error) {
      throw deviceError(error, { network: this.#network });
    }
  }

  liveGroups(): Iterable<LiveGroup> {
    return this.#groups.liveGroups();
  }

  startGroup(members: readonly ContactAddress[]): Promise<LiveGroup> {
    return this.#groups.startGroup(members);
  }

  sendToGroup(...what: Parameters<GroupTalking["sendToGroup"]>): Promise<void> {
    return this.#groups.sendToGroup(...what);
  }

  nudgeGroup(...what: Parameters<GroupTalking["nudgeGroup"]>): Promise<void> {
    return this.#groups.nudgeGroup(...what);
  }

  typeInGroup(group: GroupHandle): Promise<void> {
    return this.#groups.typeInGroup(group);
  }

  inviteToGroup(group: GroupHandle, contact: ContactAddress): Promise<void> {
    return this.#groups.inviteToGroup(group, contact);
  }

  leaveGroup(group: GroupHandle): Promise<void> {
    return this.#groups.leaveGroup(group);
  }

  removeMember(group: GroupHandle, contact: ContactAddress): Promise<void> {
    return this.#groups.removeMember(group, contact);
  }

  nameGroup(group: GroupHandle, name: string): Promise<void> {
    return this.#groups.nameGroup(group, name);
  }

  setGroupRole(group: GroupHandle, contact: ContactAddress, role: "admin" | "member"): Promise<void> {
    return this.#groups.setGroupRole(group, contact, role);
  }

  createCircle(name: string): Promise<LiveGroup> {
    return this.#groups.createCircle(name);
  }

  circlesKnown(): Promise<void> {
    return this.#client.circles.whenKnown();
  }

  circleInvitations(): readonly CircleInvitation[] {
    return this.#groups.circleInvitations();
  }

  answerCircle(circle: string, accept: boolean): Promise<void> {
    return this.#groups.answerCircle(circle, accept);
  }

  async close(): Promise<void> {
    this.#hearing.end();
    await this.#client.signOut();
  }

  #emailOf(address: ContactAddress): Email {
    const email = emailOf(address);
    if (email === undefined) throw new BridgeError("bad-address", { address });
    return email;
  }

  async #edit(contact: ContactAddress, change: (email: Email) => Promise<void>): Promise<void> {
    const email = this.#emailOf(contact);
    await this.#change(() => change(email), contact);
  }

  async #change(change: () => Promise<void>, contact?: ContactAddress): Promise<void> {
    try {
      await change();
    } catch (error) {
      throw rosterError(error, { network: this.#network, ...(contact === undefined ? {} : { address: contact }) });
    }
  }
}
