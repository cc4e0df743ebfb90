import { randomUUID } from "node:crypto";
import { BridgeError } from "../bridge/errors.ts";
import { type GroupHandle, groupHandle, type LiveGroup } from "../bridge/groups/model.ts";
import type { ContactAddress, OwnPlace } from "../bridge/model.ts";
import type { CircleInvitation, GroupHooks, GroupTalking } from "../bridge/ports/groups.ts";
import type { RichText } from "../bridge/text/model.ts";
import type { Via } from "../bridge/via.ts";
import type { Conversation, Email, IncomingMessage, MsnCircle, MsnClient } from "../msnp/index.ts";
import { addressOf, emailOf } from "./convert/contact.ts";
import { circleError, groupSendError, sendError } from "./convert/errors.ts";
import { circleOf, invitationOf, lastingHandle, liveGroup, placeOf } from "./convert/group.ts";
import { groupWords, type Reading } from "./convert/message.ts";
import { say, type TextSettings } from "./writing.ts";

const MARK = /^[\w.-]{1,64}$/;
/** Conversations that the core knows; of more, those that nobody is in just now are ended, the oldest first. */
const MOST_GROUPS = 500;

/** The conversations of several people that an account is in: told to the core, and talked in (source: msnp-chat §1, §6, msnp21 §5). */
export class MsnGroups implements GroupTalking {
  readonly #client: MsnClient;
  readonly #network: string;
  readonly #texts: TextSettings;
  readonly #hooks: GroupHooks | undefined;
  /** As the core knows them. */
  readonly #told = new Map<Conversation, LiveGroup>();
  readonly #handles = new WeakMap<Conversation, GroupHandle>();
  #isOver = false;

  constructor(client: MsnClient, network: string, texts: TextSettings, hooks: GroupHooks | undefined) {
    this.#client = client;
    this.#network = network;
    this.#texts = texts;
    this.#hooks = hooks;
  }

  listen(): void {
    const look = (conversation: Conversation): void => this.#look(conversation);
    this.#client.on("conversation", look);
    this.#client.on("membersChanged", look);
    this.#client.on("circlesChanged", () => {
      for (const conversation of this.#circles()) this.#look(conversation);
    });
    this.#client.on("circleInvite", (circle) => {
      if (!this.#isOver) this.#hooks?.invited(invitationOf(circle));
    });
  }

  /** The session ends, and the conversations with it; nothing is told of that. */
  end(): void {
    this.#isOver = true;
    this.#told.clear();
  }

  /** Whether what is said there is told here, and not with who says it. */
  takes({ isGroup }: Conversation): boolean {
    return isGroup && this.#hooks !== undefined;
  }

  heard(message: IncomingMessage, reading: Reading, own?: OwnPlace): void {
    const words = groupWords(message, reading, own);
    const live = words && this.#now(message.conversation);
    if (words && live) this.#hooks?.message(live, words);
  }

  typing(from: Email, conversation: Conversation): void {
    const live = this.#told.get(conversation);
    if (live && !this.#isOver) this.#hooks?.typing(live, addressOf(from));
  }

  *liveGroups(): Iterable<LiveGroup> {
    if (this.#isOver) return;
    yield* this.#told.values();
    for (const conversation of this.#circles()) if (!this.#told.has(conversation)) yield this.#sight(conversation);
  }

  async startGroup(members: readonly ContactAddress[]): Promise<LiveGroup> {
    const emails = members.map((member) => this.#emailOf(member));
    try {
      return this.#begun(await this.#client.startGroup(emails));
    } catch (error) {
      throw this.#sendError(error);
    }
  }

  async sendToGroup(
    group: GroupHandle,
    text: string,
    rich: RichText | undefined,
    mark: string,
    onward = "",
    via?: Via,
  ): Promise<void> {
    const conversation = this.#of(group);
    requireMark(mark);
    try {
      await say(conversation, text, rich, this.#texts, { mark, onward, via });
    } catch (error) {
      throw this.#sendError(error);
    }
  }

  async nudgeGroup(group: GroupHandle, mark: string, via?: Via): Promise<void> {
    const conversation = this.#of(group);
    requireMark(mark);
    try {
      await conversation.sendNudge({ mark, via });
    } catch (error) {
      throw this.#sendError(error);
    }
  }

  async typeInGroup(group: GroupHandle): Promise<void> {
    const conversation = this.#find(group);
    // Nobody is called together again to see that somebody types.
    if (conversation === undefined || conversation.members.size === 0) return;
    await conversation.sendTyping().catch(() => {});
  }

  async inviteToGroup(group: GroupHandle, contact: ContactAddress): Promise<void> {
    const conversation = this.#of(group);
    const email = this.#emailOf(contact);
    if (conversation.kind === "circle") {
      this.#requireInvitable(conversation, contact);
      await this.#circle(() => this.#client.circles.invite(conversation.id ?? "", email));
      return;
    }
    try {
      await conversation.invite(email);
    } catch (error) {
      throw sendError(error, { address: contact, network: this.#network });
    }
  }

  #requireInvitable(conversation: Conversation, contact: ContactAddress): void {
    if (conversation.role?.(this.#client.self.email) !== "admin")
      throw this.#refused("only its admins can ask somebody into a circle");
    const known = this.#sight(conversation).members.find(({ address }) => address === contact);
    if (known === undefined) return;
    const detail = `${contact} ${known.role === "pending" ? "is asked into" : "is in"} this circle already`;
    throw new BridgeError("contact-known", { network: this.#network, address: contact, detail });
  }

  async leaveGroup(group: GroupHandle): Promise<void> {
    const conversation = this.#of(group);
    if (conversation.kind === "circle") await this.#leaveCircle(conversation);
    // Whatever the server answers, it is over for this account.
    else await conversation.leave().catch(() => {});
  }

  async #leaveCircle({ id = "" }: Conversation): Promise<void> {
    await this.#circle(async () => {
      const people = await this.#client.circles.members(id);
      const admins = people.filter(({ role, state }) => role === "admin" && state === "accepted");
      const isLast = admins.length === 1 && admins[0]?.email === this.#client.self.email;
      if (isLast) throw this.#refused("the last admin cannot leave a circle");
      await this.#client.circles.leave(id);
    });
  }

  async removeMember(group: GroupHandle, _contact: ContactAddress): Promise<void> {
    throw this.#not(
      group,
      "nobody can be removed from a group chat",
      "circles' members were removed on MSN's web site",
    );
  }

  async nameGroup(group: GroupHandle, _name: string): Promise<void> {
    throw this.#not(group, "a group chat has no name", "circles were renamed on MSN's web site");
  }

  async setGroupRole(group: GroupHandle, _contact: ContactAddress, _role: "admin" | "member"): Promise<void> {
    throw this.#not(group, "a group chat has no roles", "the roles of a circle were given on MSN's web site");
  }

  async createCircle(name: string): Promise<LiveGroup> {
    return this.#circle(async () => {
      const { circles } = this.#client;
      const id = await circles.create(name);
      // Without it the circle is one of which not everybody is known.
      await circles.members(id).catch(() => {});
      return this.#begun(circles.conversation(id));
    });
  }

  circleInvitations(): readonly CircleInvitation[] {
    return [...this.#client.circles.list.values()].filter(({ state }) => state === "invited").map(invitationOf);
  }

  async answerCircle(circle: string, accept: boolean): Promise<void> {
    const { circles } = this.#client;
    const invited = [...circles.list.values()].find(({ id, state }) => state === "invited" && circleOf(id) === circle);
    if (invited === undefined)
      throw new BridgeError("group-gone", { network: this.#network, detail: "nobody has asked you into that circle" });
    await this.#circle(() => (accept ? circles.accept(invited.id) : circles.decline(invited.id)));
  }

  /** Tells of a conversation what is new. A circle waits until its people are known, or somebody speaks there. */
  #look(conversation: Conversation): void {
    if (this.#isOver || !conversation.isGroup) return;
    const before = this.#told.get(conversation);
    if (conversation.isOver) {
      this.#told.delete(conversation);
      if (before) this.#hooks?.ended(before);
      return;
    }
    const isKnown = conversation.kind !== "circle" || this.#people(conversation) !== undefined;
    if (before !== undefined || isKnown) this.#tell(conversation);
  }

  /** As it was told last; who called people together again after a lost switchboard is elsewhere with them. */
  #now(conversation: Conversation): LiveGroup | undefined {
    const told = this.#told.get(conversation);
    return told?.place === placeOf(conversation) ? told : this.#tell(conversation);
  }

  /** Tells of a conversation as it is now, if that is news; undefined when there is nothing to be told any more. */
  #tell(conversation: Conversation): LiveGroup | undefined {
    if (this.#isOver || conversation.isOver) return undefined;
    const before = this.#told.get(conversation);
    const live = this.#sight(conversation);
    if (JSON.stringify(before) === JSON.stringify(live)) return before;
    if (before === undefined && this.#told.size >= MOST_GROUPS) this.#forgetLost();
    this.#told.set(conversation, live);
    this.#hooks?.group(live);
    return live;
  }

  /** Ends a conversation whose switchboard was lost and that nobody has called together again. */
  #forgetLost(): void {
    for (const [conversation, live] of this.#told) {
      if (conversation.kind !== "switchboard" || conversation.members.size > 0) continue;
      this.#told.delete(conversation);
      this.#hooks?.ended(live);
      return;
    }
  }

  #sight(conversation: Conversation): LiveGroup {
    const { self } = this.#client;
    return liveGroup(conversation, { handle: this.#handleOf(conversation), self, people: this.#people(conversation) });
  }

  #people({ kind, id = "" }: Conversation): ReturnType<MsnClient["circles"]["people"]> {
    const { circles } = this.#client;
    return kind === "circle" && circles.list.has(id) ? circles.people(id) : undefined;
  }

  #handleOf(conversation: Conversation): GroupHandle {
    const known = this.#handles.get(conversation);
    if (known !== undefined) return known;
    const handle = lastingHandle(conversation) ?? groupHandle(`board-${randomUUID()}`);
    this.#handles.set(conversation, handle);
    return handle;
  }

  *#circles(): Iterable<Conversation> {
    const { circles } = this.#client;
    const isIn = ({ state }: MsnCircle): boolean => state === "accepted";
    for (const { id } of [...circles.list.values()].filter(isIn)) yield circles.conversation(id);
  }

  #find(group: GroupHandle): Conversation | undefined {
    if (this.#isOver) return undefined;
    for (const conversation of this.#told.keys()) if (this.#handleOf(conversation) === group) return conversation;
    for (const conversation of this.#circles()) if (this.#handleOf(conversation) === group) return conversation;
    return undefined;
  }

  #of(group: GroupHandle): Conversation {
    const conversation = this.#find(group);
    if (conversation === undefined) throw new BridgeError("group-gone", { network: this.#network });
    return conversation;
  }

  /** A conversation that was asked for is there, unless it is over already. */
  #begun(conversation: Conversation): LiveGroup {
    const live = this.#tell(conversation);
    if (live === undefined) throw new BridgeError("group-gone", { network: this.#network });
    return live;
  }

  #emailOf(address: ContactAddress): Email {
    const email = emailOf(address);
    if (email === undefined) throw new BridgeError("bad-address", { address });
    return email;
  }

  #sendError(error: unknown): BridgeError {
    return groupSendError(error, this.#client.state === "signed-in", { network: this.#network });
  }

  async #circle<T>(deed: () => Promise<T>): Promise<T> {
    try {
      return await deed();
    } catch (error) {
      throw circleError(error, { network: this.#network });
    }
  }

  #refused(detail: string): BridgeError {
    return new BridgeError("group-refused", { network: this.#network, detail });
  }

  #not(group: GroupHandle, several: string, circle: string): BridgeError {
    const { kind } = this.#of(group);
    return new BridgeError("not-offered", { network: this.#network, detail: kind === "circle" ? circle : several });
  }
}

function requireMark(mark: string): void {
  if (!MARK.test(mark))
    throw new BridgeError("bad-input", { detail: "a mark has 1-64 letters, digits, dots and dashes" });
}
