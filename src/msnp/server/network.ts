import type { Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type ConnectionContext, ServerConnection } from "./connection.ts";
import { SERVER_DIALECTS } from "./dialects/index.ts";
import { Faults } from "./faults.ts";
import { GATEWAY_PATH, Gateway } from "./gateway.ts";
import type { ServerStream } from "./gateway-stream.ts";
import { createWebServer } from "./http/server.ts";
import type { Cookie, Hub, Ticket } from "./hub.ts";
import { NsFront } from "./ns/front.ts";
import { Gatherings } from "./ns/late/gatherings.ts";
import type { NsSession } from "./ns/session.ts";
import { leaveOfflineMessage } from "./offline.ts";
import { type AccountSpec, DEFAULT_LIMITS, DEFAULT_QUIRKS, type StartOptions } from "./options.ts";
import { PresenceFanOut } from "./presence.ts";
import { SbFront } from "./sb/front.ts";
import type { Account } from "./state/account.ts";
import { Circles } from "./state/circles.ts";
import { Directory } from "./state/directory.ts";
import { TemporaryGroups } from "./state/groups.ts";
import { LIST_BITS, type ListName, listNames, PL, RL } from "./state/lists.ts";
import { type OfflineMessage, OfflineStore } from "./state/offline.ts";
import { ProfileStore } from "./state/profiles.ts";
import type { KickReason } from "./state/session.ts";
import { TokenStore } from "./state/tokens.ts";
import { Transcript } from "./transcript.ts";

export interface NetworkPorts {
  readonly ns: number;
  readonly sb: number;
  readonly http: number;
}

/** Where a client finds the network: one address per service (source: msnp-chat §8.5). */
export interface NetworkServices {
  readonly ns: { readonly host: string; readonly port: number };
  readonly nexusUrl: string;
  readonly rstUrl: string;
  readonly rst2Url: string;
  readonly addressBookUrl: string;
  readonly sharingUrl: string;
  readonly storageUrl: string;
  readonly oimStoreUrl: string;
  readonly oimFetchUrl: string;
  readonly configUrl: string;
  readonly gatewayUrl: string;
}

/** An offline message for tests and the sandbox to leave. */
export interface LeftMessage {
  readonly from: string;
  /** Default the name of the account, if the sender has one. */
  readonly fromName?: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** GUID of the burst; default a new one. */
  readonly runId?: string;
  readonly sequence?: number;
}

/** A look at an account, for tests and the sandbox. */
export interface AccountView {
  readonly email: string;
  readonly id: string;
  readonly displayName: string;
  readonly status: string;
  readonly personalMessage: string;
  readonly currentMedia: string;
  /** By address: lists, and names of groups. PL in place of RL while the person waits for an answer. */
  readonly contacts: ReadonlyMap<string, { readonly lists: readonly ListName[]; readonly groups: readonly string[] }>;
  readonly groups: readonly string[];
  readonly sessions: readonly { readonly dialect: string; readonly guid: string | undefined }[];
}

/**
 * A whole MSN network on loopback: notification server, switchboard and web services, as Escargot behaves where a client
 * could notice (source: msnp-core §9). For tests, benchmarks and the sandbox; passwords are kept in memory as they are.
 */
export class MsnNetwork {
  /** Faults to be forced on clients. */
  readonly faults: Faults;
  readonly #hub: Hub;
  readonly #host: string;
  readonly #transcript: Transcript;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<ServerConnection>();
  readonly #servers: { ns: Server; sb: Server; http: HttpServer };
  readonly #gateway: Gateway;
  #nextConnection = 1;
  #closing: Promise<void> | undefined;

  private constructor({ host = "127.0.0.1", options = {}, tls, trace }: StartOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const quirks = { ...DEFAULT_QUIRKS, ...options.quirks };
    const now = options.now ?? Date.now;
    this.#host = host;
    this.#transcript = new Transcript(limits.transcriptLines, trace);
    this.faults = new Faults();
    const gatherings = new Gatherings();
    this.#hub = {
      directory: new Directory(limits.maxAccounts),
      tickets: new TokenStore<Ticket>(now),
      cookies: new TokenStore<Cookie>(now),
      sessionsByTicket: new Map<string, NsSession>(),
      boards: new Map(),
      circles: new Circles(),
      gatherings,
      groups: new TemporaryGroups(),
      presence: new PresenceFanOut(quirks.presenceDelayMs, (subject, before) => gatherings.changed(subject, before)),
      offline: new OfflineStore(limits.maxOfflineMessages),
      profiles: new ProfileStore(),
      faults: this.faults,
      quirks,
      limits,
      dialects: chooseDialects(options.dialects),
      now,
      nsAddress: () => `${host}:${this.ports.ns}`,
      sbAddress: () => `${host}:${this.ports.sb}`,
      httpUrl: () => `http://${host}:${this.ports.http}/`,
    };
    this.#context = {
      faults: this.faults,
      transcript: this.#transcript,
      maxOutputBytes: limits.maxOutputBytes,
      signInTimeoutMs: limits.signInTimeoutMs,
      self: () => ({ host, port: this.ports.ns }),
      gone: (connection) => this.#connections.delete(connection),
    };
    this.#gateway = new Gateway(this.#hub, (stream, kind) => this.#accept(stream, kind));
    const listener = (kind: "NS" | "SB"): Server => {
      const accept = (stream: ServerStream): void => this.#accept(stream, kind);
      return tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
    };
    this.#servers = {
      ns: listener("NS"),
      sb: listener("SB"),
      http: createWebServer(this.#hub, this.#transcript, this.#gateway),
    };
    for (const server of [this.#servers.ns, this.#servers.sb]) server.maxConnections = limits.maxConnections;
  }

  /**
   * Starts a network with its accounts and waits until all servers listen. Rejects when a port is taken, and for accounts
   * that make no sense (no address, twice the same, contacts that do not exist).
   */
  static async start(options: StartOptions): Promise<MsnNetwork> {
    const network = new MsnNetwork(options);
    for (const spec of options.accounts) network.#create(spec);
    for (const spec of options.accounts) network.#introduce(spec);
    network.#settle();
    const { ns, sb, http } = network.#servers;
    try {
      await listen(ns, network.#host, options.nsPort ?? 0);
      await listen(sb, network.#host, options.sbPort ?? 0);
      await listen(http, network.#host, options.httpPort ?? 0);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  get host(): string {
    return this.#host;
  }

  get ports(): NetworkPorts {
    return { ns: portOf(this.#servers.ns), sb: portOf(this.#servers.sb), http: portOf(this.#servers.http) };
  }

  get services(): NetworkServices {
    const base = this.#hub.httpUrl();
    return {
      ns: { host: this.#host, port: this.ports.ns },
      nexusUrl: `${base}rdr/pprdr.asp`,
      rstUrl: `${base}RST.srf`,
      rst2Url: `${base}RST2.srf`,
      addressBookUrl: `${base}abservice/abservice.asmx`,
      sharingUrl: `${base}abservice/SharingService.asmx`,
      storageUrl: `${base}storageservice/SchematizedStore.asmx`,
      oimStoreUrl: `${base}OimWS/oim.asmx`,
      oimFetchUrl: `${base}rsi/rsi.asmx`,
      configUrl: `${base}Config/MsgrConfig.asmx`,
      gatewayUrl: new URL(GATEWAY_PATH, base).href,
    };
  }

  /** Adds an account while the network runs; its contacts must exist. */
  addAccount(spec: AccountSpec): void {
    this.#create(spec);
    this.#introduce(spec);
    this.#settle();
  }

  /** Makes two accounts contacts of each other, as if both had agreed long ago; nobody is told. */
  befriend(one: string, other: string): void {
    this.#hub.directory.befriend(this.#account(one), this.#account(other));
  }

  changePassword(email: string, password: string): void {
    this.#account(email).changePassword(password);
  }

  /** Throws for an address that is no account here. */
  account(email: string): AccountView {
    const account = this.#account(email);
    const groupName = (id: string): string => account.groups.get(id)?.name ?? id;
    return {
      email: account.email,
      id: account.id,
      displayName: account.name,
      status: account.status,
      personalMessage: account.personalMessage,
      currentMedia: account.currentMedia,
      contacts: new Map(
        [...account.contacts.values()].map((entry) => [
          entry.account.email,
          {
            lists: listNames(entry.pending ? (entry.lists & ~RL) | PL : entry.lists),
            groups: [...entry.groups].map(groupName),
          },
        ]),
      ),
      groups: [...account.groups.values()].map((group) => group.name),
      sessions: account.sessions.map(({ dialect, endpoint }) => ({ dialect: dialect.name, guid: endpoint.guid })),
    };
  }

  /**
   * Leaves messages for somebody as if others had sent them; who is signed in hears of them. The senders need no account.
   * Throws for a recipient who is no account here, and when the store is full.
   */
  leaveOfflineMessages(to: string, messages: readonly LeftMessage[]): void {
    const { email } = this.#account(to);
    for (const message of messages) {
      const fromName = message.fromName ?? this.#hub.directory.byEmail(message.from)?.name;
      if (leaveOfflineMessage(this.#hub, { ...message, fromName, to: email }) === undefined) {
        throw new Error(`The store takes no more messages for ${email}, or the text is too long`);
      }
    }
  }

  /** What waits for somebody, the oldest first. */
  offlineMessages(email: string): readonly OfflineMessage[] {
    return this.#hub.offline.list(this.#account(email).email);
  }

  /** How many clients are signed in, and how many switchboard sessions there are. */
  get load(): { sessions: number; boards: number; connections: number } {
    const { sessionsByTicket, boards } = this.#hub;
    return { sessions: sessionsByTicket.size, boards: boards.size, connections: this.#connections.size };
  }

  /**
   * Gives a member of a circle another role, as its web site would; all who are concerned are told. Throws for a circle
   * that does not exist, and CircleError for somebody who is no member or the last admin.
   */
  setCircleRole(id: string, email: string, role: "Admin" | "AssistantAdmin" | "Member"): void {
    const circle = this.#hub.circles.get(id);
    if (circle === undefined) throw new Error(`There is no circle ${id} on this network`);
    const account = this.#account(email);
    circle.setRole(account, role);
    for (const session of [...account.sessions]) session.circleNotice(circle);
    this.#hub.gatherings.notice(circle, account);
  }

  /** Signs all sessions of an account out: `OUT` with the reason, or without one. */
  kick(email: string, reason?: KickReason): void {
    for (const session of [...this.#account(email).sessions]) session.kick(reason);
  }

  /** Announces to everybody that the network goes down in so many minutes (source: msnp-core §9.3). */
  announceMaintenance(minutes: number): void {
    for (const session of [...this.#hub.sessionsByTicket.values()]) session.announceMaintenance(minutes);
  }

  /** Breaks every open connection without a word, as a crash would; the network goes on listening. */
  dropConnections(): void {
    for (const connection of [...this.#connections]) connection.drop("all connections were dropped");
  }

  /** The last lines of all connections, for a failing test to print. Tickets and proofs are sealed. */
  transcript(): string {
    return this.#transcript.toString();
  }

  /** Ends all connections and stops listening. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const connection of [...this.#connections]) connection.drop("the network was closed");
    const { ns, sb, http } = this.#servers;
    this.#gateway.close();
    http.closeAllConnections();
    await Promise.all([ns, sb, http].map((server) => stop(server)));
    // All sockets have ended by now; that each of them tells so may still be on its way.
    this.#connections.clear();
    this.#hub.presence.close();
  }

  #accept(stream: ServerStream, kind: "NS" | "SB"): void {
    const connection = new ServerConnection(stream, kind, this.#nextConnection, this.#context);
    this.#nextConnection += 1;
    this.#connections.add(connection);
    connection.serve(kind === "NS" ? new NsFront(connection, this.#hub) : new SbFront(connection, this.#hub));
  }

  #account(email: string): Account {
    const account = this.#hub.directory.byEmail(email);
    if (account === undefined) throw new Error(`There is no account ${email} on this network`);
    return account;
  }

  #create(spec: AccountSpec): void {
    const account = this.#hub.directory.create(spec);
    for (const group of spec.groups ?? []) this.#hub.directory.addGroup(account, group.name, group.id);
  }

  #introduce(spec: AccountSpec): void {
    const { directory } = this.#hub;
    const owner = this.#account(spec.email);
    for (const { email, lists, groups } of spec.contacts ?? []) {
      const contact = this.#account(email);
      let bits = 0;
      for (const name of lists ?? (["FL", "AL"] as const)) bits |= LIST_BITS[name] & ~(RL | PL);
      directory.addToLists(owner, contact, bits);
      for (const name of groups ?? []) {
        const known = [...owner.groups.values()].find((group) => group.name === name);
        directory.addToLists(owner, contact, 0, (known ?? directory.addGroup(owner, name)).id);
      }
    }
  }

  /** Whoever knows the one who added them has long since answered. */
  #settle(): void {
    for (const account of this.#hub.directory) {
      for (const entry of account.contacts.values()) if ((entry.lists & ~RL) !== 0) entry.pending = false;
    }
  }
}

function chooseDialects(names: readonly string[] | undefined): Hub["dialects"] {
  if (names === undefined) return SERVER_DIALECTS;
  for (const name of names) {
    if (!SERVER_DIALECTS.some((dialect) => dialect.name === name)) {
      throw new Error(`The embedded network does not speak ${name}`);
    }
  }
  return SERVER_DIALECTS.filter((dialect) => names.includes(dialect.name));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  // A server that never listened has nothing to stop.
  return new Promise((resolve) => server.close(() => resolve()));
}
