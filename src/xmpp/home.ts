/** The XMPP side: a component (XEP-0114) behind the contracts of src/bridge/ports/home.ts. */
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../bridge/errors.ts";
import type {
  AccountRecord,
  ContactSnapshot,
  Failure,
  GhostRef,
  HomeEvent,
  MessageId,
  NetworkMessage,
  PortalId,
  PortalRoom,
  PuppetState,
  ResidentId,
  RoomId,
} from "../bridge/model.ts";
import type { Home, HomeHost, OwnerFollowing, RosterDesk, RosterShowing, TypingShowing } from "../bridge/ports/home.ts";
import type { Readiness } from "../bridge/ports/linking.ts";
import { Asking } from "./component/asking.ts";
import { Blocks } from "./component/blocks.ts";
import { AdHocCommands } from "./component/commands.ts";
import { Lists } from "./component/lists.ts";
import { Marks } from "./component/marks.ts";
import { People } from "./component/people.ts";
import { Performer } from "./component/perform.ts";
import { PrivilegedRosters } from "./component/privileged.ts";
import { Registration } from "./component/register.ts";
import { RosterTeller } from "./component/rosters.ts";
import { Services } from "./component/services.ts";
import { Views } from "./component/views.ts";
import { GhostJids, residentJid, roomParts } from "./convert/ghost.ts";
import { parseStored, readStored, type StoredAct } from "./convert/stored.ts";
import { IntakeSpool } from "./intake.ts";
import type { Jid } from "./jid.ts";
import { ComponentLink } from "./link/component-link.ts";
import { XMPP } from "./name.ts";
import { DEFAULT_LIMITS, type XmppHomeOptions, type XmppLimits } from "./options.ts";
import { Receiver } from "./receive.ts";
import { Speech } from "./speech.ts";
import { stateMessage } from "./stanza/message.ts";
import type { Grants } from "./stanza/privilege.ts";
import { GhostTyping } from "./typing.ts";

/** What the rest of the program may ask of the XMPP side beyond the core's contract. */
export interface XmppHome extends Home, TypingShowing, RosterShowing, OwnerFollowing {
  /** Why the XMPP side is or is not ready. */
  health(): Readiness;
  /** Resolves when the component is connected, for tools and tests. */
  attached(): Promise<void>;
  /** What each server has granted (XEP-0356), by its domain. */
  grants(): ReadonlyMap<string, Grants>;
  /** The gateway's JID. */
  readonly gateway: string;
}

const STOP_MS = 2000;
/** Servers that are remembered as granting something; any may say so of its own people. */
const MOST_GRANTING = 1000;

export function createXmppHome(options: XmppHomeOptions): XmppHome {
  return new XmppSide(options);
}

class XmppSide implements XmppHome {
  readonly name = XMPP;
  readonly title = "XMPP";
  readonly #limits: XmppLimits;
  readonly #log: Logger;
  readonly #names: GhostJids;
  readonly #link: ComponentLink;
  readonly #views: Views;
  readonly #people: People;
  readonly #privileged: PrivilegedRosters;
  readonly #blocks: Blocks;
  readonly #lists: Lists;
  readonly #teller: RosterTeller;
  readonly #performer: Performer;
  readonly #commands: AdHocCommands;
  readonly #speech: Speech;
  readonly #typing: GhostTyping;
  readonly #spool: IntakeSpool;
  readonly #receiver: Receiver;
  readonly #grants = new Map<string, Grants>();
  #host: HomeHost | undefined;
  #desk: RosterDesk | undefined;

  constructor(options: XmppHomeOptions) {
    const { service, networks, name = "MSN", profiles, meter } = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log.child({ home: XMPP });
    const [log, limits] = [this.#log, this.#limits];
    this.#names = new GhostJids(service.domain, networks);
    const names = this.#names;
    this.#link = new ComponentLink({
      service: { ...service, domain: names.gateway },
      home: XMPP,
      stanza: (stanza) => this.#receiver.take(stanza),
      online: () => {
        this.#people.online();
        this.#teller.online();
        this.#speech.online();
      },
      offline: () => this.#offline(),
      meter,
      log,
      limits: options.limits ?? {},
    });
    const link = this.#link;
    const host = () => this.#opened();
    const desk = () => this.#deskOf();
    const grants = (domain: string) => this.#grants.get(domain);
    this.#views = new Views(names);
    const views = this.#views;
    const asked = new Marks(profiles, "asked");
    this.#people = new People({
      home: XMPP,
      host,
      desk,
      profiles,
      stayOn: options.stayOn,
      limit: limits.residents,
      leaveMs: limits.leaveMs,
      isKnown: (resident) => views.accounts(resident).length > 0,
      came: (resident) => {
        this.#teller.came(resident);
        if (this.#people.hears(residentJid(resident))) this.#speech.came(resident);
      },
      log,
    });
    const people = this.#people;
    const named = new Marks(profiles, "named");
    this.#privileged = new PrivilegedRosters({ link, names, name, views, named, log });
    const privileged = this.#privileged;
    const store = (acts: readonly StoredAct[]) => this.#receiver.act(...acts);
    this.#blocks = new Blocks({ link, views, alike: new Marks(profiles, "blocked"), store, log });
    const blocks = this.#blocks;
    const asking = new Asking({
      link,
      names,
      name,
      views,
      asked,
      isSet: (domain) => this.#lists.isSet(domain),
      paceMs: limits.subscribePaceMs,
      log,
    });
    this.#lists = new Lists({
      link,
      views,
      asking,
      privileged,
      blocks,
      grants,
      lookMs: limits.rosterLookMs,
      isThere: (who) => people.isThere(who),
      store,
      introduced: (resident) => this.#teller.introduce(resident),
      freed: (resident, jid) => this.#teller.tellAgain(resident, jid),
      log,
    });
    const lists = this.#lists;
    this.#teller = new RosterTeller({
      link,
      names,
      name,
      views,
      asked,
      asking,
      privileged,
      blocks,
      lists,
      isThere: (who) => people.isThere(who),
      log,
    });
    const teller = this.#teller;
    this.#spool = new IntakeSpool({ home: XMPP, host, perResident: limits.waitingPerResident, log });
    const spool = this.#spool;
    this.#commands = new AdHocCommands({
      names,
      accounts: (resident) => views.accounts(resident).map(({ record }) => record.address),
      run: ({ from, line, room, id }) =>
        this.#receiver.act({ kind: "command", from, to: names.gateway, line, room, id }),
      waitMs: limits.commandMs,
    });
    const commands = this.#commands;
    const { secret } = service;
    this.#speech = new Speech({
      home: XMPP,
      link,
      names,
      secret,
      commands,
      grants,
      isOn: (client) => people.isOn(client),
      hears: (who) => people.hears(who),
      log,
    });
    const speech = this.#speech;
    this.#typing = new GhostTyping((from, to, state) => link.sendLoosely(stateMessage({ from, to }, state)));
    this.#performer = new Performer({
      home: XMPP,
      link,
      names,
      views,
      teller,
      asked,
      isSet: (domain) => lists.isSet(domain),
      desk,
      say: (resident, room, text, key) => this.say(resident, room, text, key),
      log,
    });
    const registration = new Registration({
      desk: options.desk,
      linker: options.linker,
      networks,
      passwordForm: options.passwordForm,
      mayLink: options.mayLink,
      unlinkAll: (resident) => this.#unlinkAll(resident),
      isLinked: (resident) => host().isLinked(resident),
    });
    const services = new Services({
      home: XMPP,
      link,
      names,
      networks,
      name,
      version: options.version ?? "unknown",
      views,
      commands,
      registration,
      privileged,
      grants,
      store,
      log,
    });
    this.#receiver = new Receiver({
      home: XMPP,
      host,
      names,
      secret,
      link,
      spool,
      people,
      teller,
      services,
      speech,
      granted: (domain, granted) => {
        if (!this.#grants.has(domain) && this.#grants.size >= MOST_GRANTING) return;
        this.#grants.set(domain, granted);
        log.info({ domain, ...granted, iq: [...granted.iq.keys()] }, "the server grants privileges");
        teller.granted(domain);
      },
      log,
    });
  }

  get gateway(): string {
    return this.#names.gateway;
  }

  /** Resolves at once; the server may come later. */
  async start(host: HomeHost): Promise<void> {
    this.#host = host;
    this.#link.start();
  }

  async stop(): Promise<void> {
    try {
      this.#people.stop();
      await this.#spool.stop(STOP_MS);
      this.#teller.stop();
      await this.#link.stop();
    } catch (error) {
      this.#log.warn({ err: error }, "the XMPP side did not stop cleanly");
    }
  }

  health(): Readiness {
    return this.#link.health();
  }

  attached(): Promise<void> {
    return this.#link.attached();
  }

  grants(): ReadonlyMap<string, Grants> {
    return this.#grants;
  }

  #offline(): void {
    this.#grants.clear();
    this.#privileged.reset();
    this.#blocks.reset();
  }

  #opened(): HomeHost {
    if (!this.#host) throw new BridgeError("store-down", { detail: "the XMPP side has not started" });
    return this.#host;
  }

  #deskOf(): RosterDesk {
    if (!this.#desk) throw new BridgeError("store-down", { detail: "the XMPP side has not started" });
    return this.#desk;
  }

  /** One `unlink` after the other, as if it were said. */
  async #unlinkAll(resident: ResidentId): Promise<void> {
    const accounts = await this.#deskOf().accounts(resident);
    const who = residentJid(resident);
    const to = this.#names.gateway;
    const room = this.#names.room(to, who);
    const from = who as string as Jid;
    const lines = accounts.map(({ address }) => `unlink ${address}`);
    await this.#receiver.act(...lines.map((line) => ({ kind: "command", from, to, line, room }) as const), {
      kind: "act",
      act: "unregister",
      from,
      to,
    });
  }

  // What the core asks.

  read(raw: unknown): HomeEvent | undefined {
    return readStored(raw, XMPP, this.#names);
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    this.#typing.said(this.#names.jid(ghost), residentJid(room.resident));
    return this.#speech.deliver(room, ghost, message, key);
  }

  async deliverOwn(
    room: PortalRoom,
    ghost: GhostRef,
    _self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    return this.#speech.deliverOwn(room, ghost, message, key);
  }

  /** A chat needs no room: it is there as soon as somebody says something. */
  async openDirect(_: PortalId, resident: ResidentId, ghost: GhostRef): Promise<RoomId> {
    return this.#names.room(this.#names.jid(ghost), residentJid(resident));
  }

  async adopt(): Promise<void> {}

  async decline(room: RoomId, ghost: GhostRef | undefined, why: BridgeError): Promise<void> {
    const resident = roomParts(room)?.resident;
    if (resident === undefined) return;
    const from = ghost === undefined ? this.#names.gateway : this.#names.jid(ghost);
    await this.#speech.tell(from, resident, why.person, `decline|${room}|${why.code}|${Date.now()}`);
  }

  async perform(raw: unknown): Promise<void> {
    const stored = parseStored(raw);
    if (stored?.kind === "act") await this.#performer.perform(stored);
  }

  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    return this.#speech.say(resident, room, text, key);
  }

  async reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    return this.#speech.reportFailure(room, message, failure, key);
  }

  async confirm(room: RoomId, message: MessageId): Promise<void> {
    this.#speech.confirm(room, message);
  }

  /** Names go with each person's own view of the contact. */
  async nameGhost(): Promise<void> {}

  ghostLabel(ghost: GhostRef): string {
    return this.#names.jid(ghost);
  }

  async showTyping(room: RoomId, _: GhostRef, typing: boolean, forMs: number): Promise<void> {
    const chat = roomParts(room);
    if (chat) this.#typing.show(chat.us, chat.resident, typing, forMs);
  }

  useRosters(desk: RosterDesk): void {
    this.#desk = desk;
  }

  showAccount(account: AccountRecord, owner: ResidentId, state: PuppetState): void {
    this.#safely(() => this.#teller.showAccount(account, owner, state));
  }

  showRoster(account: AccountRecord, owner: ResidentId, contacts: readonly ContactSnapshot[]): void {
    this.#safely(() => this.#teller.showRoster(account, owner, contacts));
  }

  showContact(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    this.#safely(() => this.#teller.showContact(account, owner, contact));
  }

  showRequest(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    this.#safely(() => this.#teller.showRequest(account, owner, contact));
  }

  dropRoster(account: AccountRecord, owner: ResidentId): void {
    this.#safely(() => this.#teller.dropRoster(account, owner));
  }

  follows(resident: ResidentId): Promise<boolean> {
    return this.#people.follows(resident);
  }

  setFollows(resident: ResidentId, follows: boolean): Promise<void> {
    return this.#people.setFollows(resident, follows);
  }

  #safely(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#log.error({ err: asBridgeError(error) }, "a contact list was not shown");
    }
  }
}
