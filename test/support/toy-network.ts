import { BridgeError } from "../../src/bridge/errors.ts";
import type { GroupHandle, LiveGroup } from "../../src/bridge/groups/model.ts";
import type { Availability, ContactAddress, ContactSnapshot, NetworkName } from "../../src/bridge/model.ts";
import { parseNetworkName } from "../../src/bridge/model.ts";
import type { CircleInvitation, GroupTalking } from "../../src/bridge/ports/groups.ts";
import type {
  ClosedReason,
  ContactEditing,
  Credentials,
  Device,
  DeviceListing,
  Network,
  NudgeSending,
  OfflineWords,
  PresenceSetting,
  Privacy,
  Sent,
  Session,
  SessionHooks,
  SignInOptions,
  StageListener,
  TypingSending,
  WordsHolding,
} from "../../src/bridge/ports/network.ts";
import type { RichText } from "../../src/bridge/text/model.ts";
import type { Via } from "../../src/bridge/via.ts";
import { Turns } from "../../src/msnp/client/turns.ts";
import { ToyBoards } from "./toy-boards.ts";

/** A network in memory whose server outlives the bridge: accounts, who is there, what was said. */
export class ToyNetwork implements Network {
  readonly name: NetworkName = parseNetworkName("toynet");
  readonly title = "Toynet";
  /** Passwords by address. */
  readonly accounts = new Map<string, string>();
  readonly sessions = new Map<string, ToySession>();
  readonly contacts = new Map<ContactAddress, ContactSnapshot>();
  /** What contacts have received, as `from > to: words`. */
  readonly received: string[] = [];
  /** The looks of what they have received, as far as it has any. */
  readonly looks: RichText[] = [];
  readonly typed: string[] = [];
  /** When each sign-in came in (ms). */
  readonly signIns: number[] = [];
  down = false;
  /** Contacts who do not take words now. */
  readonly away = new Set<string>();
  /** While set, words arrive but are not acknowledged. */
  withheld: PromiseWithResolvers<void> | undefined;
  /** While set, a sign-in does not come to its end. */
  stalled: PromiseWithResolvers<void> | undefined;
  /** Each acknowledgement takes so long. */
  slowMs = 0;
  /** Ends each session in the moment of its sign-in. */
  dropsAtOnce = 0;
  /** The network keeps words for contacts who are away, here, instead of refusing them; as `from > to: words`. */
  left: string[] | undefined;
  /** The network hands over what waited in batches, and forgets it only when they are stored. */
  readonly waiting = new Map<string, OfflineWords[]>();
  /** The answer to so many batches is lost: they are not forgotten and come again. */
  losesReceipts = 0;
  /** Who asks to be a contact. */
  readonly asking = new Map<ContactAddress, ContactSnapshot>();
  readonly groups = new Set<string>();
  privacy: Privacy = "everybody";
  /** Conversations of several people. */
  readonly boards = new ToyBoards(this);
  readonly devices: Device[] = [{ id: "self", name: "msnbridge", isSelf: true }];
  /** Changes of the contact list are refused with this. */
  refusal: BridgeError | undefined;
  readonly #offline = new Map<string, { from: ContactAddress; text: string }[]>();

  account(address: ContactAddress, password = "secret"): void {
    this.accounts.set(address, password);
  }

  contact(
    address: ContactAddress,
    availability: Availability = "online",
    text = "",
    displayName = address as string,
  ): void {
    const snapshot: ContactSnapshot = {
      address,
      displayName,
      presence: { availability, text },
      listed: true,
      blocked: false,
      groups: [],
    };
    this.contacts.set(address, snapshot);
    for (const session of this.sessions.values()) session.hooks.contact(snapshot);
  }

  /** A contact writes to an account; kept until it signs in when it is not there. */
  say(from: ContactAddress, to: ContactAddress, text: string): void {
    const session = this.sessions.get(to);
    if (session) session.hear(from, text);
    else this.#offline.set(to, [...(this.#offline.get(to) ?? []), { from, text }]);
  }

  /** Words for an account wait on the network under an id, said at `at`. */
  leave(id: string, from: ContactAddress, to: ContactAddress, text: string, at: number): void {
    const message = { kind: "text", from, fromName: from, text, at } as const;
    this.waiting.set(to, [...(this.waiting.get(to) ?? []), { id, message }]);
  }

  /** Somebody asks an account's owner to be a contact. */
  ask(from: ContactAddress, displayName: string = from): void {
    const presence = { availability: "offline", text: "" } as const;
    const contact = { address: from, displayName, presence, listed: false, blocked: false, groups: [] };
    this.asking.set(from, contact);
    for (const session of this.sessions.values()) session.hooks.request(contact);
  }

  /** Ends an account's session from the server's side. */
  drop(address: ContactAddress, reason: ClosedReason = { kind: "lost", detail: "connection reset" }): void {
    const session = this.sessions.get(address);
    this.sessions.delete(address);
    if (session) this.boards.over(address);
    session?.hooks.closed(reason);
  }

  async verify(credentials: Credentials, onStage: StageListener): Promise<{ displayName: string }> {
    onStage("connect");
    this.#check(credentials);
    return { displayName: credentials.address };
  }

  async signIn(c: Credentials, options: SignInOptions, hooks: SessionHooks, signal: AbortSignal): Promise<Session> {
    this.signIns.push(Date.now());
    if (this.stalled) await Promise.race([this.stalled.promise, aborted(signal)]);
    signal.throwIfAborted();
    this.#check(c);
    this.drop(c.address, { kind: "elsewhere", detail: "signed in somewhere else" });
    const session = new ToySession(this, c.address, options, hooks);
    this.sessions.set(c.address, session);
    const kept = this.#offline.get(c.address) ?? [];
    this.#offline.delete(c.address);
    for (const { from, text } of kept) session.hear(from, text);
    for (const contact of this.asking.values()) hooks.request(contact);
    this.boards.begun(session, c.address);
    session.fetched = session.fetch();
    if (this.dropsAtOnce > 0) {
      this.dropsAtOnce -= 1;
      this.drop(c.address);
    }
    return session;
  }

  #check({ address, password }: Credentials): void {
    if (this.down)
      throw new BridgeError("sign-in-failed", { network: this.title, stage: "connect", detail: "refused" });
    if (this.accounts.get(address) !== password.open())
      throw new BridgeError("bad-password", { address, network: this.title });
  }
}

const BATCH = 50;

export class ToySession
  implements
    Session,
    WordsHolding,
    TypingSending,
    NudgeSending,
    PresenceSetting,
    ContactEditing,
    DeviceListing,
    GroupTalking
{
  readonly dialect = "TOY1";
  readonly displayName: string;
  readonly typingRepeatMs = 40;
  readonly hooks: SessionHooks;
  shown: { availability: Availability; text: string };
  readonly #network: ToyNetwork;
  readonly #address: ContactAddress;
  /** One text or nudge at a time, as on MSN. */
  readonly #turns = new Turns(1);

  constructor(network: ToyNetwork, address: ContactAddress, options: SignInOptions, hooks: SessionHooks) {
    this.#network = network;
    this.#address = address;
    this.displayName = address;
    this.shown = { availability: options.availability, text: options.text };
    this.hooks = hooks;
  }

  /** Ends when all that waited has been handed over, or the session is over. */
  fetched: Promise<void> = Promise.resolve();

  #fetching: Promise<void> | undefined;

  /** Has handed over what waits; whoever asks meanwhile gets the same. */
  fetch(): Promise<void> {
    this.#fetching ??= this.#handOver().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #handOver(): Promise<void> {
    const { waiting } = this.#network;
    for (;;) {
      const batch = (waiting.get(this.#address) ?? []).slice(0, BATCH);
      if (batch.length === 0 || this.#network.sessions.get(this.#address) !== this) return;
      const stored = await this.hooks.offline(batch).then(
        () => true,
        () => false,
      );
      if (!stored) return;
      if (this.#network.losesReceipts > 0) {
        this.#network.losesReceipts -= 1;
        return;
      }
      waiting.set(
        this.#address,
        (waiting.get(this.#address) ?? []).filter((one) => !batch.includes(one)),
      );
    }
  }

  /** The owner says something at another place. */
  hearOwn(to: ContactAddress, text: string, device = "Laptop"): void {
    this.hooks.ownMessage({ kind: "text", to, fromName: this.displayName, text, at: Date.now(), device });
  }

  hear(from: ContactAddress, text: string, rich?: RichText): void {
    this.hooks.message({ kind: "text", from, fromName: from, text, ...(rich && { rich }), at: Date.now() });
  }

  contacts(): Iterable<ContactSnapshot> {
    return this.#network.contacts.values();
  }

  contact(address: ContactAddress): ContactSnapshot | undefined {
    return this.#network.contacts.get(address);
  }

  holdNext(noted: Promise<void>): void {
    this.#turns.hold(noted);
  }

  sendText(to: ContactAddress, text: string, rich?: RichText): Promise<Sent> {
    return this.#turns.take(() => this.#say(to, text, rich));
  }

  async #say(to: ContactAddress, text: string, rich: RichText | undefined): Promise<Sent> {
    this.#alive();
    if (rich) this.#network.looks.push(rich);
    const away = this.#network.away.has(to);
    if (away && !this.#network.left) throw new BridgeError("contact-offline", { address: to });
    if (away) {
      this.#network.left?.push(`${this.#address} > ${to}: ${text}`);
      return { via: "offline" };
    }
    this.#network.received.push(`${this.#address} > ${to}: ${text}`);
    if (this.#network.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#network.slowMs));
    await this.#network.withheld?.promise;
    return { via: "chat" };
  }

  sendNudge(to: ContactAddress): Promise<void> {
    return this.#turns.take(async () => {
      this.#alive();
      this.#network.received.push(`${this.#address} > ${to}: (nudge)`);
    });
  }

  async addContact(contact: ContactAddress): Promise<void> {
    if (this.contact(contact)?.listed) throw new BridgeError("contact-known", { address: contact });
    this.#refuses();
    this.#network.contact(contact, "offline");
  }

  async removeContact(contact: ContactAddress): Promise<void> {
    this.#change(contact, { listed: false });
  }

  async block(contact: ContactAddress): Promise<void> {
    this.#change(contact, { blocked: true });
  }

  async unblock(contact: ContactAddress): Promise<void> {
    this.#change(contact, { blocked: false });
  }

  async rename(contact: ContactAddress, nickname: string): Promise<void> {
    this.#change(contact, { nickname });
  }

  groups(): readonly string[] {
    return [...this.#network.groups];
  }

  async createGroup(name: string): Promise<void> {
    this.#refuses();
    if (this.#network.groups.has(name)) throw new BridgeError("group-known");
    this.#network.groups.add(name);
  }

  async renameGroup(name: string, to: string): Promise<void> {
    await this.deleteGroup(name);
    this.#network.groups.add(to);
  }

  async deleteGroup(name: string): Promise<void> {
    this.#refuses();
    if (!this.#network.groups.delete(name)) throw new BridgeError("group-unknown");
  }

  async addToGroup(contact: ContactAddress, name: string): Promise<void> {
    this.#change(contact, { groups: [...(this.contact(contact)?.groups ?? []), name] });
  }

  async removeFromGroup(contact: ContactAddress, name: string): Promise<void> {
    this.#change(contact, { groups: (this.contact(contact)?.groups ?? []).filter((one) => one !== name) });
  }

  requests(): readonly ContactSnapshot[] {
    return [...this.#network.asking.values()];
  }

  async accept(contact: ContactAddress): Promise<void> {
    this.#refuses();
    this.#network.asking.delete(contact);
    this.#network.contact(contact);
  }

  async decline(contact: ContactAddress): Promise<void> {
    this.#refuses();
    this.#network.asking.delete(contact);
  }

  privacy(): Privacy {
    return this.#network.privacy;
  }

  async setPrivacy(privacy: Privacy): Promise<void> {
    this.#refuses();
    this.#network.privacy = privacy;
  }

  devices(): readonly Device[] {
    return this.#network.devices;
  }

  async signOutDevice(id: string): Promise<void> {
    this.#network.devices.splice(
      this.#network.devices.findIndex((one) => one.id === id),
      1,
    );
  }

  #refuses(): void {
    this.#alive();
    if (this.#network.refusal) throw this.#network.refusal;
  }

  #change(contact: ContactAddress, change: Partial<ContactSnapshot>): void {
    this.#refuses();
    const known = this.contact(contact);
    if (!known?.listed) throw new BridgeError("contact-unknown", { address: contact });
    const changed = { ...known, ...change };
    this.#network.contacts.set(contact, changed);
    for (const session of this.#network.sessions.values()) session.hooks.contact(changed);
  }

  async sendTyping(to: ContactAddress): Promise<void> {
    this.#network.typed.push(`${this.#address} > ${to}`);
  }

  async setPresence(availability: Availability, text: string): Promise<void> {
    this.#alive();
    this.shown = { availability, text };
  }

  async close(): Promise<void> {
    if (this.#network.sessions.get(this.#address) !== this) return;
    this.#network.sessions.delete(this.#address);
    this.#network.boards.over(this.#address);
  }

  *liveGroups(): Iterable<LiveGroup> {
    for (const board of this.#network.boards.of(this.#address)) yield board.live;
  }

  async startGroup(members: readonly ContactAddress[]): Promise<LiveGroup> {
    this.#alive();
    return this.#network.boards.start(this.#address, members).live;
  }

  sendToGroup(
    group: GroupHandle,
    text: string,
    rich: RichText | undefined,
    mark: string,
    _onward?: string,
    via?: Via,
  ): Promise<void> {
    return this.#turns.take(async () => {
      this.#alive();
      const { boards } = this.#network;
      const how = { mark, ...(rich && { rich }), ...(via && { via }) };
      boards.board(group, this.#address).say(this.#address, text, how);
      await boards.withheld?.promise;
    });
  }

  nudgeGroup(group: GroupHandle, mark: string, via?: Via): Promise<void> {
    return this.#turns.take(async () => {
      this.#alive();
      const how = { mark, nudge: true, kind: "notice", ...(via && { via }) } as const;
      this.#network.boards.board(group, this.#address).say(this.#address, "sent a nudge", how);
    });
  }

  async typeInGroup(group: GroupHandle): Promise<void> {
    const { boards } = this.#network;
    boards.typed.push(`${this.#address} in ${group}`);
    boards.board(group, this.#address).type(this.#address);
  }

  async inviteToGroup(group: GroupHandle, contact: ContactAddress): Promise<void> {
    this.#alive();
    const board = this.#network.boards.board(group, this.#address);
    if (this.#network.away.has(contact)) throw new BridgeError("contact-offline", { address: contact });
    board.join(contact);
  }

  async leaveGroup(group: GroupHandle): Promise<void> {
    this.#alive();
    this.#network.boards.board(group, this.#address).leave(this.#address);
  }

  async removeMember(group: GroupHandle, contact: ContactAddress): Promise<void> {
    const board = this.#network.boards.board(group, this.#address);
    if (board.kind === "several")
      throw new BridgeError("not-offered", { network: this.#network.title, detail: "nobody can be thrown out" });
    board.leave(contact);
  }

  async nameGroup(group: GroupHandle, name: string): Promise<void> {
    const board = this.#network.boards.board(group, this.#address);
    if (board.kind === "several")
      throw new BridgeError("not-offered", { network: this.#network.title, detail: "this has no name" });
    board.rename(name);
  }

  async setGroupRole(group: GroupHandle, contact: ContactAddress, role: "admin" | "member"): Promise<void> {
    this.#network.boards.board(group, this.#address).join(contact, role);
  }

  async createCircle(name: string): Promise<LiveGroup> {
    return this.#network.boards.circle(name, this.#address).live;
  }

  circleInvitations(): readonly CircleInvitation[] {
    return this.#network.boards.invitations.get(this.#address) ?? [];
  }

  async answerCircle(circle: string, accept: boolean): Promise<void> {
    const { boards } = this.#network;
    boards.invitations.set(
      this.#address,
      this.circleInvitations().filter((one) => one.circle !== circle),
    );
    if (accept) boards.all.find(({ id }) => id === circle)?.join(this.#address);
  }

  #alive(): void {
    if (this.#network.sessions.get(this.#address) !== this) throw new BridgeError("network-down");
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
