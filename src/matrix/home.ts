/** The Matrix side: an application service behind the contracts of src/bridge/ports/home.ts. */
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import {
  type AccountId,
  type Failure,
  type GhostRef,
  type HomeEvent,
  type MessageId,
  type NetworkMessage,
  type PortalId,
  type PortalRoom,
  type Presence,
  type ResidentId,
  type RoomId,
  residentId,
  residentParts,
  roomId,
} from "../bridge/model.ts";
import type { GroupHosting, RoomPower } from "../bridge/ports/groups.ts";
import type {
  ChatEnding,
  DoublePuppeting,
  Home,
  HomeHost,
  NicknameShowing,
  PresenceShowing,
  PuppetAccess,
  RoomFollowing,
  SpaceShowing,
  SpaceView,
  TypingShowing,
} from "../bridge/ports/home.ts";
import type { Readiness } from "../bridge/ports/linking.ts";
import type { Secret } from "../bridge/secret.ts";
import { Attachment } from "./attach.ts";
import { Company } from "./company.ts";
import type { EventHead } from "./convert/event.ts";
import { GhostNames } from "./convert/ghost.ts";
import { parseStored, readStored } from "./convert/read.ts";
import { EarlyWords } from "./early.ts";
import { Ghosts } from "./ghosts.ts";
import { Arrivals } from "./groups/arrivals.ts";
import { MatrixGroups } from "./groups/hosting.ts";
import { MATRIX } from "./home-name.ts";
import { HomeserverClient } from "./http/client.ts";
import { isNoWayIn, told } from "./http/errors.ts";
import { Intake } from "./intake.ts";
import { Knocker } from "./knock.ts";
import { DurableAppService, type Inbox, type Transaction } from "./listener/appservice.ts";
import { Library } from "./listener/library.ts";
import { Transactions } from "./listener/transactions.ts";
import { LookBack } from "./lookback.ts";
import { ManagementRooms } from "./management.ts";
import { DEFAULT_LIMITS, type MatrixHomeOptions, type MatrixLimits } from "./options.ts";
import { Performer } from "./perform.ts";
import { GhostPresence } from "./presence.ts";
import { DoublePuppets } from "./puppets/double.ts";
import { OwnGhost } from "./puppets/own-ghost.ts";
import { RoomNames } from "./puppets/room-names.ts";
import { Reports } from "./reports.ts";
import { RoomMaker } from "./room-maker.ts";
import { Rooms } from "./rooms.ts";
import { Sender } from "./sender.ts";
import { Spaces } from "./spaces/spaces.ts";
import { Speech } from "./speech.ts";
import { GhostTyping } from "./typing.ts";
import { BotVoice } from "./voice.ts";

/** What the rest of the program may ask of the Matrix side beyond the core's contract. */
export interface MatrixHome
  extends Home,
    TypingShowing,
    PresenceShowing,
    NicknameShowing,
    DoublePuppeting,
    ChatEnding,
    GroupHosting,
    SpaceShowing,
    RoomFollowing {
  /** Why the Matrix side is or is not ready. */
  health(): Readiness;
  /** Resolves when the homeserver has been reached and has reached us, for tools and tests. */
  attached(): Promise<void>;
  /** The port the application service listens on, after {@link Home.start}. */
  readonly port: number;
  /** The bot's Matrix id. */
  readonly bot: string;
}

/** Synapse calls a ghost offline 30 s after its last presence (stack A3). */
const PRESENCE_REFRESH_MS = 23_000;

const LOST_ACCESS =
  "The access that you gave me to post as you does not work any more: your server has ended it. What you say in your own Messenger comes as a contact with your name from now on. Say `puppet` to give me a new one.";

export function createMatrixHome(options: MatrixHomeOptions): MatrixHome {
  return new MatrixSide(options);
}

/** Every line there is for the bridge, so that nothing could be said to a group. */
const MANAGEMENT: RoomPower = {
  allowed: false,
  because: "this is where you talk with the bridge itself; say it in the room that you mean, or name that room",
};

class MatrixSide implements MatrixHome, Inbox {
  readonly name = MATRIX;
  readonly title = "Matrix";
  readonly presenceRefreshMs: number;
  readonly hasSpaces: boolean;
  readonly bot: string;
  readonly #options: MatrixHomeOptions;
  readonly #limits: MatrixLimits;
  readonly #log: Logger;
  readonly #names: GhostNames;
  readonly #client: HomeserverClient;
  readonly #ghosts: Ghosts;
  readonly #sender: Sender;
  readonly #rooms: Rooms;
  readonly #management: ManagementRooms;
  readonly #voice: BotVoice;
  readonly #reports: Reports;
  readonly #groups: MatrixGroups;
  readonly #spaces: Spaces;
  readonly #performer: Performer;
  readonly #arrivals: Arrivals;
  readonly #typing: GhostTyping;
  readonly #presence: GhostPresence;
  readonly #double: DoublePuppets;
  readonly #speech: Speech;
  readonly #roomNames: RoomNames;
  readonly #transactions: Transactions;
  readonly #attachment: Attachment;
  readonly #knocker: Knocker;
  readonly #listener: DurableAppService;
  #library: Library | undefined;
  #host: HomeHost | undefined;
  #stopped = false;

  constructor(options: MatrixHomeOptions) {
    const { registration, domain, homeserverUrl, meter, profiles, networks } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log.child({ home: MATRIX });
    this.presenceRefreshMs = options.presence ? PRESENCE_REFRESH_MS : 0;
    this.hasSpaces = options.spaces !== false;
    this.bot = `@${registration.senderLocalpart}:${domain}`;
    const { connections, requestTimeoutMs: timeoutMs, cacheSize } = this.#limits;
    const library = () => this.#opened();
    const log = this.#log;
    const bot = this.bot;
    this.#names = new GhostNames(options.ghostPrefix, domain);
    const names = this.#names;
    this.#client = new HomeserverClient({
      homeserverUrl,
      token: registration.asToken,
      home: MATRIX,
      meter,
      connections,
      timeoutMs,
      // Pinging until it answers shows when it is back, also when nothing else is asked of it.
      onSilent: () => this.#attachAgain(),
    });
    const client = this.#client;
    this.#ghosts = new Ghosts({ home: MATRIX, names, bot, client, library, profiles, log, cacheSize });
    const ghosts = this.#ghosts;
    this.#sender = new Sender(client, ghosts, bot);
    const sender = this.#sender;
    const maker = new RoomMaker({ client, library, sender, names, bot });
    this.#rooms = new Rooms({ maker, sender, names, bot });
    this.#management = new ManagementRooms(MATRIX, profiles, cacheSize);
    const management = this.#management;
    this.#voice = new BotVoice({ sender, rooms: this.#rooms, management, names, bot });
    const voice = this.#voice;
    this.#reports = new Reports({ home: MATRIX, sender, voice, bot, status: options.messageStatus === true, log });
    this.#arrivals = new Arrivals({ client, sender, management, names, bot, log });
    const arrivals = this.#arrivals;
    this.#performer = new Performer({ sender, ghosts, management, names, bot, voice, arrivals, log });
    this.#typing = new GhostTyping(client);
    this.#presence = new GhostPresence({ home: MATRIX, ghosts, meter, log });
    this.#double = new DoublePuppets({
      home: MATRIX,
      client,
      secrets: options.secrets,
      operator: options.doublePuppet,
      secret: registration.asToken,
      lost: (resident) => this.#tellOfLostAccess(resident),
      log,
    });
    const double = this.#double;
    const ownGhost = new OwnGhost({ sender, ghosts, names, bot, log });
    this.#speech = new Speech({ sender, ghosts, double, ownGhost });
    this.#groups = new MatrixGroups({ client, maker, sender, ghosts, names, double, ownGhost, bot, log });
    this.#spaces = new Spaces({ maker, sender, ghosts, names, bot, log });
    this.#roomNames = new RoomNames({ sender, ghosts, log });
    const isEcho = (head: EventHead) => double.isEcho(head);
    const isManagement = (mxid: string, room: string) => management.has(mxid, room);
    const early = new EarlyWords({ bot, names, latest: (room, as) => sender.latest(room, as), log });
    const lookBack = new LookBack({ client, bot, log, waitMs: this.#limits.lookBackMs });
    const company = new Company({ sender, names, bot });
    const isSeveral = (room: string) => company.isSeveral(room);
    const intake = new Intake({
      home: MATRIX,
      bot,
      names,
      networks,
      isManagement,
      isSeveral,
      early,
      lookBack,
      isEcho,
      log,
    });
    const self = residentId(MATRIX, bot);
    this.#transactions = new Transactions({ intake, profiles, self, again: () => this.#attachAgain(), log });
    this.#attachment = new Attachment({
      client,
      ghosts,
      library,
      bot,
      botName: options.botName ?? "MSN bridge",
      registrationId: registration.id,
      homeserverUrl,
      ownUrl: registration.url,
      log,
      firstWaitMs: this.#limits.firstWaitMs,
      longestWaitMs: this.#limits.longestWaitMs,
      pingEveryMs: this.#limits.pingEveryMs,
      onAttached: () => this.#knocker.begin(),
    });
    const afterMs = this.#limits.knockAfterMs;
    this.#knocker = new Knocker({ maker, sender, bot, ping: () => this.#attachment.ping(), afterMs, log });
    const { hsToken } = registration;
    this.#listener = new DurableAppService({
      hsToken,
      maxBodyBytes: this.#limits.maxTransactionBytes,
      inbox: this,
      log,
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Resolves once it listens; the homeserver may come later. @throws BridgeError `bad-input` when it cannot listen. */
  async start(host: HomeHost): Promise<void> {
    const { homeserverUrl, domain, ghostPrefix: prefix, registration, meter, bind } = this.#options;
    const timeoutMs = this.#limits.requestTimeoutMs;
    await this.#transactions.recall();
    this.#host = host;
    const log = this.#log;
    this.#library = await Library.open({
      homeserverUrl,
      domain,
      prefix,
      registration,
      home: MATRIX,
      meter,
      timeoutMs,
      log,
    });
    try {
      await this.#library.listen(bind.port, bind.host, this.#listener);
    } catch (error) {
      const detail = `cannot listen on ${bind.host}:${bind.port}: ${error instanceof Error ? error.message : "unknown"}`;
      throw new BridgeError("bad-input", { detail }, { cause: error });
    }
    log.info({ host: bind.host, port: this.port }, "listening for the homeserver");
    if (!registration.ephemeral)
      log.warn("the registration has no receive_ephemeral: typing and presence will not come");
    this.#attachment.begin();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#transactions.stop();
    this.#knocker.stop();
    this.#roomNames.stop();
    try {
      await this.#attachment.stop();
      await this.#library?.close();
      const late = setTimeout(() => void this.#client.destroy(), 5000);
      await this.#client.close();
      clearTimeout(late);
    } catch (error) {
      this.#log.warn({ err: error }, "the Matrix side did not stop cleanly");
    }
  }

  health(): Readiness {
    if (this.#stopped) return { ready: false, reasons: ["the Matrix side has stopped"] };
    const { readiness } = this.#attachment;
    const silent = this.#client.silent;
    if (!readiness.ready || silent === undefined) return readiness;
    return { ready: false, reasons: [`the homeserver at ${this.#options.homeserverUrl} does not answer (${silent})`] };
  }

  attached(): Promise<void> {
    return this.#attachment.attached();
  }

  #opened(): Library {
    if (!this.#library) throw new BridgeError("home-down", { detail: "the Matrix side has not started" });
    return this.#library;
  }

  // What the listener brings.

  async transaction(transaction: Transaction): Promise<void> {
    if (!this.#host || this.#stopped) throw new BridgeError("store-down", { detail: "not taking anything in" });
    await this.#transactions.take(this.#host, transaction);
    this.#knocker.heard(transaction.events);
  }

  #attachAgain(): void {
    if (!this.#stopped) this.#attachment.begin();
  }

  async user(mxid: string): Promise<boolean> {
    const ghost = this.#names.parse(mxid);
    if (ghost === undefined || !this.#options.networks.includes(ghost.network)) return false;
    await this.#ghosts.prepare(ghost);
    return true;
  }

  pinged(): void {
    this.#attachment.pinged();
    this.#log.debug("pinged by the homeserver");
  }

  // What the core asks.

  read(raw: unknown): HomeEvent | undefined {
    return readStored(raw, this.name, this.#names);
  }

  async deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId> {
    return told(() => this.#speech.deliver(room, ghost, message, key));
  }

  async deliverOwn(
    room: PortalRoom,
    ghost: GhostRef,
    self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId> {
    return told(() => this.#speech.deliverOwn(room, ghost, self, message, key));
  }

  async showNickname(room: PortalRoom, ghost: GhostRef, nickname: string): Promise<void> {
    return told(() => this.#roomNames.show(room.room, ghost, nickname));
  }

  puppetAccess(resident: ResidentId): Promise<PuppetAccess> {
    return this.#double.access(resident);
  }

  givePuppet(resident: ResidentId, access: Secret): Promise<void> {
    return this.#double.give(resident, access);
  }

  dropPuppet(resident: ResidentId): Promise<void> {
    return this.#double.drop(resident);
  }

  async openDirect(portal: PortalId, resident: ResidentId, ghost: GhostRef, displayName: string): Promise<RoomId> {
    return told(async () => {
      await this.#ghosts.name(ghost, displayName);
      return roomId(await this.#rooms.openDirect(portal, residentParts(resident).id, ghost, displayName));
    });
  }

  async adopt(portal: PortalId, room: PortalRoom, ghost: GhostRef, displayName: string): Promise<void> {
    return told(async () => {
      await this.#ghosts.name(ghost, displayName);
      await this.#rooms.adopt(portal, room.room, residentParts(room.resident).id, ghost, displayName);
    });
  }

  async decline(room: RoomId, ghost: GhostRef | undefined, why: BridgeError): Promise<void> {
    return told(async () => {
      const as = ghost === undefined ? this.bot : await this.#ghosts.prepare(ghost);
      await this.#performer.decline(room, as, why.person);
    });
  }

  async endDirect(portal: PortalId, room: PortalRoom, ghost: GhostRef, why: BridgeError): Promise<void> {
    // First, so that what is said meanwhile comes into another room.
    await this.forgetDirect(portal, room.resident);
    return told(async () => {
      const as = await this.#ghosts.prepare(ghost);
      await this.#performer.end(room.room, residentParts(room.resident).id, as, why.person);
    });
  }

  async holdsDirect({ room }: PortalRoom, ghost: GhostRef): Promise<boolean> {
    return told(async () => {
      try {
        await this.#sender.join(room, await this.#ghosts.prepare(ghost));
        return true;
      } catch (error) {
        if (isNoWayIn(error)) return false;
        throw error;
      }
    });
  }

  async forgetDirect(portal: PortalId, resident: ResidentId): Promise<void> {
    return told(() => this.#rooms.forgetDirect(portal, residentParts(resident).id));
  }

  async perform(raw: unknown): Promise<void> {
    const stored = parseStored(raw);
    if (stored?.kind !== "own") return;
    return told(() => this.#performer.perform(stored));
  }

  async say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId> {
    return told(() => this.#voice.say(residentParts(resident).id, room, text, key));
  }

  async reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    return told(() => this.#reports.failure(room, message, failure, key));
  }

  confirm(room: RoomId, message: MessageId): Promise<void> {
    return this.#reports.sent(room, message);
  }

  async #tellOfLostAccess(resident: ResidentId): Promise<void> {
    await this.say(resident, undefined, LOST_ACCESS, `lost access ${Date.now()}`);
  }

  async nameGhost(ghost: GhostRef, displayName: string): Promise<void> {
    return told(() => this.#ghosts.name(ghost, displayName));
  }

  ghostLabel(ghost: GhostRef): string {
    return this.#names.mxid(ghost);
  }

  async showTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    try {
      await this.#typing.show(room, this.#names.mxid(ghost), typing, forMs);
    } catch (error) {
      this.#log.debug({ err: error, room }, "typing was not shown");
    }
  }

  async showPresence(ghost: GhostRef, presence: Presence): Promise<void> {
    if (this.#options.presence) await this.#presence.show(ghost, presence);
  }

  async goesOn(room: RoomId, to: RoomId): Promise<boolean> {
    return told(async () => (await this.#arrivals.predecessor(to, this.bot)) === room);
  }

  // Groups.

  readonly openGroup: GroupHosting["openGroup"] = (view) => this.#groups.openGroup(view);
  readonly shapeGroup: GroupHosting["shapeGroup"] = (room, view) => this.#groups.shapeGroup(room, view);
  readonly deliverToGroup: GroupHosting["deliverToGroup"] = (room, _group, ...words) =>
    this.#groups.deliverToGroup(room, ...words);
  readonly showGroupTyping: GroupHosting["showGroupTyping"] = (...typing) => this.showTyping(...typing);
  readonly nameIn: GroupHosting["nameIn"] = (room, resident) => this.#groups.nameIn(room, resident);
  readonly findRoom: GroupHosting["findRoom"] = (text) => this.#groups.findRoom(text);
  readonly publicName: GroupHosting["publicName"] = (room) => `matrix:${room}`;
  readonly mayBridge: GroupHosting["mayBridge"] = async (room, resident, group) => {
    if (await this.#management.has(residentParts(resident).id, room)) return MANAGEMENT;
    return this.#groups.mayBridge(room, resident, group);
  };
  readonly releaseGroup: GroupHosting["releaseGroup"] = (...release) => this.#groups.releaseGroup(...release);
  async showSpace(account: AccountId, owner: ResidentId, view: SpaceView): Promise<void> {
    return told(() => this.#spaces.show(account, residentParts(owner).id, view));
  }

  async dropSpace(account: AccountId, owner: ResidentId): Promise<void> {
    return told(() => this.#spaces.drop(account, residentParts(owner).id));
  }
}
