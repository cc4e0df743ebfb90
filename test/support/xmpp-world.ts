import { copyFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BridgeProcess, prepareBridge } from "../../src/cli/sandbox/bridge-process.ts";
import { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { startRedis } from "../../src/cli/sandbox/redis.ts";
import { TraceRecorder } from "../../src/cli/sandbox/trace.ts";
import { XmppPerson, type XmppPersonOptions } from "../../src/cli/sandbox/xmpp-person.ts";
import type { XmppServer } from "../../src/cli/sandbox/xmpp-server.ts";
import type { DialectName } from "../../src/msnp/index.ts";
import { MsnNetwork } from "../../src/msnp/server/index.ts";
import { type CutProxy, cutProxy } from "./cut-proxy.ts";
import { XMPP_SERVERS } from "./xmpp.ts";

export interface XmppWorldOptions {
  readonly server: keyof typeof XMPP_SERVERS;
  /** Default true. */
  readonly privileged?: boolean;
  readonly xmppUsers: readonly string[];
  readonly msnNames: readonly string[];
}

export interface MsnAccount {
  readonly email: string;
  readonly password: string;
}

interface Parts {
  readonly dir: string;
  readonly group: ProcessGroup;
  readonly trace: TraceRecorder;
  readonly server: XmppServer;
  readonly msn: MsnNetwork;
  readonly wire: CutProxy;
  readonly bridge: BridgeProcess;
}

/**
 * The network tells the other places of an account what its owner changes at one, so that it is seen on XMPP; and presence
 * sooner than Escargot does, so that nobody waits for that.
 */
const QUIRKS = { tellsOwnChanges: true, presenceDelayMs: 10 };

/**
 * Redis, an XMPP server, an MSN network, and the bridge as a process of its own, without Matrix. Everything that crosses
 * is in one trace: what each person sees, what passes between the bridge and its server, and the lines of the network.
 */
export class XmppWorld {
  readonly trace: TraceRecorder;
  readonly server: XmppServer;
  readonly msn: MsnNetwork;
  readonly bridge: BridgeProcess;
  /** Between the bridge and its server. */
  readonly wire: CutProxy;
  readonly #parts: Parts;
  readonly #people: { close(): Promise<void> }[] = [];

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.trace = parts.trace;
    this.server = parts.server;
    this.msn = parts.msn;
    this.bridge = parts.bridge;
    this.wire = parts.wire;
  }

  /** Starts all of it; whatever fails, nothing is left running. */
  static async start({ server: kind, privileged = true, xmppUsers, msnNames }: XmppWorldOptions): Promise<XmppWorld> {
    const dir = await mkdtemp(join(tmpdir(), `msnbridge-${kind}-`));
    const group = new ProcessGroup();
    const trace = new TraceRecorder(50_000);
    const users = xmppUsers.map((name) => ({ name, password: `pw-${name}` }));
    try {
      const [server, redis, msn, setup] = await Promise.all([
        XMPP_SERVERS[kind]({ dir: join(dir, kind), group, privileged, users }),
        startRedis({ dir: join(dir, "redis"), group }),
        MsnNetwork.start({
          accounts: msnNames.map((name) => ({ ...msnAccount(name), displayName: capital(name) })),
          options: { quirks: QUIRKS },
          trace: ({ connection, side, text }) => trace.add(`network ${connection}`, `${side} ${text}`),
        }),
        prepareBridge({ dir: join(dir, "bridge"), serverName: "matrix.test" }),
      ]);
      const wire = await cutProxy(server.componentPort, (to, data) =>
        trace.add("component", `${to === "server" ? "->" : "<-"} ${data}`),
      );
      const { component, secret, domain } = server;
      const xmpp = { host: "127.0.0.1", port: wire.port, component, secret, domain };
      const bridge = new BridgeProcess({
        setup,
        redisUrl: redis.url,
        msn: msn.services,
        group,
        overrides: { xmpp: { ...xmpp, passwordForm: true, rosterLookSeconds: 1 } },
      });
      await bridge.start();
      return new XmppWorld({ dir, group, trace, server, msn, wire, bridge });
    } catch (error) {
      await group.stopAll();
      throw error;
    }
  }

  get gateway(): string {
    return this.server.component;
  }

  /** Whether the server does what it grants: ejabberd 23.01 does not (source: stack C3). */
  get setsRosters(): boolean {
    return this.server.canSetRosters;
  }

  /** Whether words can be said in a person's name so that this person's clients show them. */
  get speaksForPeople(): boolean {
    return this.server.privileged && this.server.kind === "prosody";
  }

  /** Whether whom one blocks on MSN is blocked at one's server, too, and the other way round. */
  get mirrorsBlocks(): boolean {
    return this.speaksForPeople;
  }

  /** The JID of the ghost of an MSN account. */
  ghost(name: string): string {
    return `${name}\\40msn.test@${this.gateway}`;
  }

  /** A client of an XMPP user, by localpart. */
  async person(name: string, options: Partial<XmppPersonOptions> = {}): Promise<XmppPerson> {
    const { server, trace } = this;
    const user = server.users.find(({ jid }) => jid.startsWith(`${name}@`));
    if (user === undefined) throw new Error(`there is no XMPP user ${name} in this world`);
    const person = await XmppPerson.signIn({ server, ...user, trace: trace.add, ...options });
    this.#people.push(person);
    return person;
  }

  /** A client of an MSN account, by the part before the @. */
  async messenger(name: string, dialect: DialectName = "MSNP18"): Promise<MsnPerson> {
    const { services } = this.msn;
    const person = await MsnPerson.signIn({ ...msnAccount(name), services, dialect, trace: this.trace.add });
    this.#people.push({ close: () => person.signOut() });
    return person;
  }

  /** Copies the logs of the bridge and of the server to files that begin like this. */
  keepLogs(nameOf: (ending: string) => string): void {
    copyFileSync(this.bridge.logFile, nameOf(".bridge.log"));
    copyFileSync(this.server.logFile, nameOf(`.${this.server.kind}.log`));
  }

  /** Ends everything, people first. @returns what is still alive, which is to be nothing */
  async stop(): Promise<readonly { readonly pid: number }[]> {
    const { dir, group } = this.#parts;
    await Promise.allSettled(this.#people.map((person) => person.close()));
    await this.bridge.stop();
    await this.wire.close();
    await this.msn.close();
    await group.stopAll();
    await rm(dir, { recursive: true, force: true });
    return group.survivors();
  }
}

export function msnAccount(name: string): MsnAccount {
  return { email: `${name}@msn.test`, password: `pw-${name}` };
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
