import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DialectName } from "../../msnp/index.ts";
import { MsnNetwork } from "../../msnp/server/index.ts";
import { BridgeProcess, prepareBridge } from "./bridge-process.ts";
import { MatrixPerson } from "./matrix-person.ts";
import { MsnPerson } from "./msn-person.ts";
import { ProcessGroup } from "./processes.ts";
import { startProsody } from "./prosody.ts";
import { type RedisServer, startRedis } from "./redis.ts";
import { createMatrixUser, type MatrixAccount, type Synapse, startSynapse } from "./synapse.ts";
import type { Trace } from "./trace.ts";
import { XmppPerson } from "./xmpp-person.ts";
import type { XmppServer } from "./xmpp-server.ts";

export interface WorldOptions {
  /** Empty or missing folder for everything that runs. */
  readonly dir: string;
  /** The virtual environment with Synapse. */
  readonly venv: string;
  readonly serverName?: string;
  readonly matrixUsers?: readonly string[];
  readonly msnNames?: readonly string[];
  /** Users of a Prosody; only when there are any is it started, and has the bridge a home there. */
  readonly xmppUsers?: readonly string[];
  readonly trace?: Trace | undefined;
  /** Versions of MSNP that the bridge may speak, best first; those of the network's profile when not given. */
  readonly dialects?: readonly DialectName[];
  readonly bridge?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly onProgress?: (what: string) => void;
  /** False when the caller ends the world itself on SIGINT and SIGTERM. */
  readonly handleSignals?: boolean;
}

export interface MsnAccount {
  readonly email: string;
  readonly password: string;
  readonly name: string;
}

const MSN_DOMAIN = "msn.test";

/**
 * Everything that a conversation needs, real and on loopback: Redis, Synapse, an MSN network, the bridge, and a Prosody
 * when there are people for it.
 */
export class World {
  readonly synapse: Synapse;
  readonly redis: RedisServer;
  readonly msn: MsnNetwork;
  readonly bridge: BridgeProcess;
  readonly users: readonly MatrixAccount[];
  readonly accounts: readonly MsnAccount[];
  /** The Prosody, when this world has XMPP users. */
  readonly xmpp: XmppServer | undefined;
  readonly #group: ProcessGroup;
  readonly #trace: Trace | undefined;
  readonly #people: { close(): Promise<void> }[] = [];

  private constructor(
    parts: Pick<World, "synapse" | "redis" | "msn" | "bridge" | "users" | "accounts" | "xmpp">,
    group: ProcessGroup,
    trace: Trace | undefined,
  ) {
    this.synapse = parts.synapse;
    this.redis = parts.redis;
    this.msn = parts.msn;
    this.bridge = parts.bridge;
    this.users = parts.users;
    this.accounts = parts.accounts;
    this.xmpp = parts.xmpp;
    this.#group = group;
    this.#trace = trace;
  }

  /** Starts all of it; the bridge last, when everything it needs is there. Whatever fails, nothing is left running. */
  static async start(options: WorldOptions): Promise<World> {
    mkdirSync(options.dir, { recursive: true });
    const group = new ProcessGroup({ handleSignals: options.handleSignals ?? true });
    const serverName = options.serverName ?? "matrix.test";
    const say = options.onProgress ?? (() => {});
    let msn: MsnNetwork | undefined;
    try {
      const setup = await prepareBridge({ dir: join(options.dir, "bridge"), serverName });
      const accounts = (options.msnNames ?? ["alice", "bob", "carol", "dave"]).map(msnAccount);
      msn = await MsnNetwork.start({
        accounts: accounts.map(({ name, ...account }) => ({ ...account, displayName: name })),
      });
      for (const a of accounts) for (const b of accounts) if (a.email < b.email) msn.befriend(a.email, b.email);
      say("MSN network");
      const [redis, synapse, xmpp] = await Promise.all([
        startRedis({ dir: join(options.dir, "redis"), group }),
        startSynapse({
          dir: join(options.dir, "synapse"),
          venv: options.venv,
          serverName,
          registrationFile: setup.registrationFile,
          group,
        }),
        startXmpp(options, group),
      ]);
      say(`Redis ${redis.version}, Synapse ${synapse.version}${xmpp ? `, Prosody ${xmpp.version}` : ""}`);
      const users = await Promise.all(
        (options.matrixUsers ?? ["anna", "ben"]).map((name) =>
          createMatrixUser(synapse, name, `pw-${name}`, { displayName: capital(name) }),
        ),
      );
      const bridge = new BridgeProcess({
        setup,
        homeserverUrl: synapse.url,
        redisUrl: redis.url,
        msn: msn.services,
        group,
        ...(options.dialects === undefined
          ? {}
          : { env: { MSNBRIDGE_NETWORK_SANDBOX_DIALECTS: options.dialects.join(",") } }),
        overrides: { ...(xmpp === undefined ? {} : { xmpp: componentOf(xmpp) }), ...options.bridge },
      });
      await bridge.start();
      say("bridge");
      return new World({ synapse, redis, msn, bridge, users, accounts, xmpp }, group, options.trace);
    } catch (error) {
      await msn?.close();
      await group.stopAll();
      throw error;
    }
  }

  /** A client of a Matrix user, by localpart. */
  async matrix(name: string): Promise<MatrixPerson> {
    const user = this.users.find(({ id }) => id.startsWith(`@${name}:`));
    if (!user) throw new Error(`there is no Matrix user ${name} in this world`);
    const person = await MatrixPerson.signIn(this.synapse.url, user.id, {
      accessToken: user.accessToken,
      trace: this.#trace,
    });
    this.#people.push(person);
    return person;
  }

  /** A client of an XMPP user, by localpart. */
  async xmppClient(name: string): Promise<XmppPerson> {
    const server = this.xmpp;
    const user = server?.users.find(({ jid }) => jid.startsWith(`${name}@`));
    if (server === undefined || user === undefined) throw new Error(`there is no XMPP user ${name} in this world`);
    const person = await XmppPerson.signIn({ server, ...user, trace: this.#trace });
    this.#people.push(person);
    return person;
  }

  /** A client of an MSN account, by the part before the @. */
  async messenger(name: string, dialect: DialectName = "MSNP18"): Promise<MsnPerson> {
    const account = this.account(name);
    const person = await MsnPerson.signIn({ ...account, services: this.msn.services, dialect, trace: this.#trace });
    this.#people.push({ close: () => person.signOut() });
    return person;
  }

  account(name: string): MsnAccount {
    const account = this.accounts.find(({ email }) => email === `${name}@${MSN_DOMAIN}`);
    if (!account) throw new Error(`there is no MSN account ${name} in this world`);
    return account;
  }

  /** The Matrix id of the ghost of an MSN account. */
  ghost(name: string): string {
    const { ghostPrefix, serverName } = this.bridge.setup;
    return `@${ghostPrefix}sandbox_${name}=40${MSN_DOMAIN}:${serverName}`;
  }

  /** The JID of the ghost of an MSN account. */
  xmppGhost(name: string): string {
    return `${name}\\40${MSN_DOMAIN}@${this.xmpp?.component ?? ""}`;
  }

  pids(): Record<string, number> {
    return Object.fromEntries(this.#group.running().map(({ name, pid }) => [name, pid]));
  }

  /** Ends everything, people first. @returns what is still alive, which is to be nothing */
  async stop(): Promise<readonly { readonly pid: number }[]> {
    await Promise.allSettled(this.#people.map((person) => person.close()));
    await this.bridge.stop();
    await this.msn.close();
    await this.#group.stopAll();
    return this.#group.survivors();
  }
}

async function startXmpp({ dir, xmppUsers = [] }: WorldOptions, group: ProcessGroup): Promise<XmppServer | undefined> {
  if (xmppUsers.length === 0) return undefined;
  const users = xmppUsers.map((name) => ({ name, password: `pw-${name}` }));
  return await startProsody({ dir: join(dir, "prosody"), users, group });
}

function componentOf({ host, componentPort, component, secret, domain }: XmppServer): Record<string, unknown> {
  return { host, port: componentPort, component, secret, domain };
}

function msnAccount(name: string): MsnAccount {
  return { email: `${name}@${MSN_DOMAIN}`, password: `pw-${name}`, name: capital(name) };
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
