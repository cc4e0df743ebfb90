import type { Email } from "../address.ts";
import { answerChallenge } from "../auth/challenge.ts";
import type { MsnStatus } from "../dialect/status.ts";
import type { Dialect, DialectName } from "../dialect/types.ts";
import { MsnpError } from "../errors.ts";
import { type Connection, ConnectionError } from "../transport/connection.ts";
import { HttpClient } from "../transport/http.ts";
import { webFetch } from "../transport/web-fetch.ts";
import type { Command } from "../wire/command.ts";
import { Boards } from "./boards.ts";
import { endReason, outReason } from "./closing.ts";
import { ContactBook } from "./contacts.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import { Emitter } from "./emitter.ts";
import { ClientEndpoints, dismissByNotification, type Endpoints } from "./endpoints.ts";
import { SendError, SignInError, type SignInStage, toSendError, toSignInError } from "./errors.ts";
import { Keepalive } from "./keepalive.ts";
import { Late } from "./late/late.ts";
import { LIST_STRATEGIES, type ListStrategy } from "./lists.ts";
import { logIn } from "./login.ts";
import { ClientOffline, type Offline } from "./offline.ts";
import { onPresence } from "./presence.ts";
import { LINES, type PresenceStrategy } from "./presence-kinds.ts";
import { ClientRoster, type Roster } from "./roster.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./timeouts.ts";
import type {
  Circles,
  ClientState,
  CloseReason,
  Conversation,
  MsnClientEvents,
  MsnClientOptions,
  MsnContact,
  MsnSelf,
  PersonalMessage,
} from "./types.ts";

const MAX_HTTP_RESPONSE = 4 * 1024 * 1024;

/** A sign-in under way: where it stands and what must be given up when it fails. */
interface SignIn {
  stage: SignInStage;
  connection: Connection | undefined;
  readonly abort: AbortController;
  /** Why the server ended it, when it said so. */
  reason: CloseReason | undefined;
  /** How its connection ended by itself. */
  ended: ConnectionError | undefined;
}

/**
 * One MSN account, signed in or not: lists, presence, conversations. It can sign in again after it was closed;
 * reconnecting is the user's decision.
 */
export class MsnClient {
  readonly #core: ClientCore;

  constructor(options: MsnClientOptions) {
    this.#core = new ClientCore(options);
  }

  get state(): ClientState {
    return this.#core.state;
  }

  get self(): MsnSelf {
    return this.#core.self;
  }

  /** What was agreed on with the server; undefined when not signed in. */
  get dialect(): DialectName | undefined {
    return this.#core.live?.dialect.name;
  }

  /** Everybody on any list; also kept after the session ended, until the next sign-in. */
  get contacts(): ReadonlyMap<Email, MsnContact> {
    return this.#core.contacts.all;
  }

  /** Lasting groups, where the dialect has them. */
  get circles(): Circles {
    return this.#core.late.circles;
  }

  /** The places at which the account is signed in. */
  get endpoints(): Endpoints {
    return this.#core.endpoints;
  }

  /** Messages to people who are offline. */
  get offline(): Offline {
    return this.#core.offline;
  }

  /** Editing the contact list. */
  get roster(): Roster {
    return this.#core.roster;
  }

  /** Resolves when the account is visible: lists read, status set. Rejects with SignInError. */
  signIn(signal?: AbortSignal): Promise<void> {
    return this.#core.signIn(signal);
  }

  /** Says OUT, closes all switchboards, calls a sign-in under way off. Always settles. */
  signOut(): Promise<void> {
    this.#core.signOut();
    return Promise.resolve();
  }

  /** Rejects with MsnpError, `not-signed-in` among others; FLN is refused, use {@link signOut}. */
  async setStatus(status: MsnStatus): Promise<void> {
    if (status === "FLN") throw new MsnpError("bad-status", "FLN is no status to set: sign out instead");
    const live = this.#core.signedIn();
    await this.#core.presenceOf(live).changeStatus(this.#core, live, status);
  }

  /** Rejects with MsnpError, `not-supported` where the dialect has no such thing. */
  async setPersonalMessage(message: PersonalMessage): Promise<void> {
    const live = this.#core.signedIn();
    if (!live.dialect.personalMessages) {
      throw new MsnpError("not-supported", `${live.dialect.name} has no personal messages`);
    }
    await this.#core.presenceOf(live).changePersonalMessage(this.#core, live, message);
  }

  /**
   * Rejects with MsnpError, `bad-name` for a blank one: it would leave a hole in every line that names the account.
   * Servers refuse names of more than 387 bytes when encoded (source: msnp-core §1.5).
   */
  async setDisplayName(name: string): Promise<void> {
    if (name.trim() === "") throw new MsnpError("bad-name", "A display name must not be blank");
    const live = this.#core.signedIn();
    await this.#core.presenceOf(live).changeDisplayName(this.#core, live, name);
  }

  /** The one-to-one conversation with somebody; a switchboard is opened when something is sent. */
  conversation(email: Email): Conversation {
    return this.#core.direct(email);
  }

  /**
   * Nothing more is said before `noted` has settled, for half a minute at most; called in the tick in which a text was
   * acknowledged. With `maxUnacknowledged` 1 a program that dies leaves no more than one text that it has not noted.
   */
  holdNext(noted: Promise<unknown>): void {
    this.#core.boards.turns.hold(noted);
    this.#core.offline.hold(noted);
  }

  /**
   * Begins a conversation with several people; resolves when each has come or could not. Rejects with SendError when
   * nobody comes.
   */
  startGroup(members: readonly Email[]): Promise<Conversation> {
    return this.#core.startGroup(new Set(members));
  }

  on<K extends keyof MsnClientEvents>(event: K, listener: (...args: MsnClientEvents[K]) => void): void {
    this.#core.events.on(event, listener);
  }

  off<K extends keyof MsnClientEvents>(event: K, listener: (...args: MsnClientEvents[K]) => void): void {
    this.#core.events.off(event, listener);
  }
}

/** What the parts of the client see of it. */
class ClientCore implements Core {
  readonly options: MsnClientOptions;
  readonly timeouts: Timeouts;
  readonly events: Emitter<MsnClientEvents>;
  readonly contacts: ContactBook;
  readonly http: HttpClient;
  readonly boards: Boards;
  readonly late: Late;
  readonly roster: ClientRoster;
  readonly offline: ClientOffline;
  readonly endpoints: ClientEndpoints;
  self: MsnSelf;
  live: Live | undefined;
  #dialect: Dialect | undefined;
  #lists: ListStrategy | undefined;
  #keepalive: Keepalive | undefined;
  #signIn: SignIn | undefined;

  constructor(options: MsnClientOptions) {
    this.options = options;
    this.timeouts = options.timeouts === undefined ? DEFAULT_TIMEOUTS : { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.events = new Emitter(options.onListenerError ?? throwOutside);
    this.contacts = new ContactBook((contact, previous) => {
      this.events.emit("contactChanged", contact, previous);
      this.roster.contactChanged(contact);
    });
    this.roster = new ClientRoster(this, (live) => this.#lists?.roster(this, live));
    this.endpoints = new ClientEndpoints(this, (live, id) =>
      live.dialect.presence.kind === "documents"
        ? this.late.presence.signOutPlace(live, id)
        : dismissByNotification(live, id),
    );
    this.offline = new ClientOffline(this, ({ dialect }) =>
      dialect.offline === "sdg"
        ? { isSupported: true, send: (email, text) => this.late.messenger.direct(email).sendStored(text) }
        : undefined,
    );
    const { trace } = options;
    this.http = new HttpClient({
      fetch: options.fetch ?? fetchOf(options, this.timeouts),
      timeout: this.timeouts.http,
      maxResponse: options.maxHttpResponse ?? MAX_HTTP_RESPONSE,
      trace: trace === undefined ? undefined : (direction, line) => trace(direction, "HTTP", line),
    });
    this.self = { email: options.email, displayName: options.email, status: "FLN" };
    this.boards = new Boards(this);
    this.late = new Late(this, this.boards.turns, {
      refreshLists: () => this.#lists?.refresh?.(this),
      ownPlaces: ({ endpoints }, isWhole) => this.endpoints.update(endpoints, isWhole),
      ownPlacesGone: (ids) => this.endpoints.remove(ids),
    });
  }

  /** How the account shows itself in this session. */
  presenceOf({ dialect }: Live): PresenceStrategy {
    return dialect.presence.kind === "documents" ? this.late.presence : LINES;
  }

  direct(email: Email): Conversation {
    return this.#dialect?.conversations === "sdg" ? this.late.messenger.direct(email) : this.boards.direct(email);
  }

  get state(): ClientState {
    if (this.#signIn !== undefined) return "signing-in";
    return this.live === undefined ? "signed-out" : "signed-in";
  }

  signedIn(): Live {
    if (this.live === undefined) throw new MsnpError("not-signed-in", "The account is not signed in");
    return this.live;
  }

  async signIn(signal: AbortSignal | undefined): Promise<void> {
    if (this.state !== "signed-out") {
      throw new SignInError("connect", "already-signed-in", "The account is signed in, or about to be");
    }
    const attempt: SignIn = {
      stage: "connect",
      connection: undefined,
      abort: new AbortController(),
      reason: undefined,
      ended: undefined,
    };
    this.#signIn = attempt;
    const onAbort = (): void => this.#abandon(attempt);
    signal?.addEventListener("abort", onAbort);
    try {
      if (signal?.aborted) this.#abandon(attempt);
      await this.#run(attempt);
    } catch (error) {
      attempt.connection?.destroy();
      this.live = undefined;
      this.boards.closeAll();
      this.late.end();
      updateSelf(this, { status: "FLN" });
      throw this.#failure(attempt, error, signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#signIn = undefined;
    }
  }

  async #run(attempt: SignIn): Promise<void> {
    this.contacts.clear();
    this.roster.reset();
    this.offline.reset();
    this.endpoints.clear();
    this.#lists = undefined;
    this.#dialect = undefined;
    const enter = (stage: SignInStage): void => {
      attempt.abort.signal.throwIfAborted();
      attempt.stage = stage;
      this.events.emit("stage", stage);
    };
    const live = await logIn(this, {
      stage: enter,
      dialect: (dialect) => {
        this.#dialect = dialect;
      },
      connection: (connection) => {
        attempt.connection = connection;
      },
      signal: attempt.abort.signal,
    });
    this.contacts.requestList = live.dialect.pendingList ? "PL" : "RL";
    enter("lists");
    this.#lists = LIST_STRATEGIES[live.dialect.lists]();
    await this.#lists.load(this, live, attempt.abort.signal);
    const pings = await this.late.prepare(live, attempt.abort.signal);
    this.events.emit("contactsLoaded");
    this.roster.loaded();
    enter("presence");
    // From the moment the account is visible it can be called.
    this.live = live;
    await this.presenceOf(live).goVisible(this, live);
    // The connection may have ended in the tick in which the last answer came.
    if (live.ns.isOver) throw new ConnectionError("closed", "The server closed the connection");
    this.late.started(live);
    this.offline.started();
    if (!live.ns.needsKeepalive) return;
    this.#keepalive = new Keepalive(pings, this.timeouts, (error) => this.end(endReason(error)));
    this.#keepalive.ask();
  }

  #abandon(attempt: SignIn): void {
    attempt.abort.abort();
    attempt.connection?.destroy(new ConnectionError("aborted", "The sign-in was called off"));
  }

  #failure(attempt: SignIn, error: unknown, signal: AbortSignal | undefined): SignInError {
    const { reason, stage, ended } = attempt;
    if (reason?.kind === "elsewhere") return new SignInError(stage, "elsewhere", reason.detail, { cause: error });
    if (reason !== undefined) return new SignInError(stage, "server-busy", reason.detail, { cause: error });
    if (ended !== undefined) return toSignInError(stage, ended, false);
    return toSignInError(stage, error, signal?.aborted === true || attempt.abort.signal.aborted);
  }

  signOut(): void {
    if (this.#signIn !== undefined) this.#abandon(this.#signIn);
    else this.end({ kind: "signed-out", detail: "Signed out" });
  }

  /** Ends the session or the sign-in for a reason the server gave, or that was found on this side. */
  end(reason: CloseReason): void {
    const attempt = this.#signIn;
    if (attempt !== undefined) {
      attempt.reason = reason;
      attempt.abort.abort();
      attempt.connection?.destroy(new ConnectionError("closed", reason.detail));
      return;
    }
    const { live } = this;
    if (live === undefined) return;
    this.live = undefined;
    this.#keepalive?.stop();
    this.#keepalive = undefined;
    this.boards.closeAll();
    this.late.end();
    this.endpoints.clear();
    if (reason.kind === "signed-out") live.ns.close();
    else live.ns.destroy();
    updateSelf(this, { status: "FLN" });
    this.events.emit("closed", reason);
  }

  onEnd(error: ConnectionError, connection: Connection): void {
    if (this.#signIn?.connection === connection) {
      this.#signIn.ended = error;
      this.#signIn.abort.abort();
    } else if (this.live?.ns === connection) this.end(endReason(error));
  }

  onCommand(command: Command, connection: Connection): void {
    switch (command.name) {
      case "CHL":
        this.#answerChallenge(command, connection);
        return;
      case "MSG":
        this.offline.onNotice(command);
        return;
      case "RNG":
        this.boards.answer(command);
        return;
      case "OUT":
        this.end(outReason(command));
        return;
      case "XFR":
        if (command.args[1] === "NS") {
          this.end({ kind: "reconnect-later", detail: "The server passes the session on to another", retryAfterMs: 0 });
        }
        return;
      default:
    }
    if (this.endpoints.onCommand(command)) return;
    if (this.late.onCommand(command)) return;
    if (this.#dialect !== undefined && onPresence(this, this.#dialect, command)) return;
    this.#lists?.onCommand(this, command);
  }

  async startGroup(members: ReadonlySet<Email>): Promise<Conversation> {
    const others = new Set([...members].filter((email) => email !== this.self.email));
    if (others.size === 0) throw new SendError("refused", "not-sent", "A group chat needs somebody to talk to");
    try {
      if (this.#dialect?.conversations === "sdg") return await this.late.startGroup([...others]);
      return await this.boards.startGroup(others);
    } catch (error) {
      throw toSendError(error);
    }
  }

  #answerChallenge(command: Command, connection: Connection): void {
    const challenge = command.args[1] ?? command.args[0];
    const dialect = this.#dialect;
    if (challenge === undefined || dialect === undefined || dialect.challenge === "none") return;
    const product = this.options.product ?? dialect.product;
    connection.post("QRY", [product.id], answerChallenge(dialect.challenge, challenge, product));
  }
}

/** The way to the web services, when it is not the usual one. */
function fetchOf({ proxy, tls }: MsnClientOptions, { connect }: Timeouts): typeof fetch | undefined {
  if (proxy === undefined && tls?.ca === undefined) return undefined;
  return webFetch({ proxy, ca: tls?.ca, connectTimeout: connect });
}

/** A listener's error is its owner's bug: it shows as it would from any event handler. */
function throwOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
