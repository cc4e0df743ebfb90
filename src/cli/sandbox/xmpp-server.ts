import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type CertificateFiles, makeCertificate } from "./certificate.ts";
import { freePorts } from "./ports.ts";
import { type ManagedProcess, ProcessGroup, type ProcessSpec } from "./processes.ts";

export interface XmppUser {
  readonly name: string;
  readonly password: string;
}

export interface XmppServerOptions {
  /** Its data folder, made when missing; a second start with the same folder continues with the same data. */
  readonly dir: string;
  /** Default `xmpp.test`. */
  readonly domain?: string;
  /** The bridge's own domain; default `msn.<domain>`. */
  readonly component?: string;
  readonly users?: readonly XmppUser[];
  /**
   * Whether the component is a privileged entity (XEP-0356) with everything the server can grant: rosters, messages
   * in a user's name, everybody's presence and, where there is such a thing, IQs. Default true.
   */
  readonly privileged?: boolean;
  /** False for a server that knows nothing of the bridge. Default true. */
  readonly hasComponent?: boolean;
  /** Changes what stands in its configuration file. */
  readonly config?: (usual: string, plan: XmppPlan) => string;
  /** The group that owns the process; one of its own when not given. */
  readonly group?: ProcessGroup;
  readonly startDeadlineMs?: number;
}

export interface XmppAccount {
  readonly jid: string;
  readonly password: string;
}

/** A real XMPP server on 127.0.0.1, for tests and the sandbox. Source: stack §C3. */
export interface XmppServer {
  readonly kind: "prosody" | "ejabberd";
  readonly host: "127.0.0.1";
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly httpPort: number;
  readonly domain: string;
  /** Domain of our component; it connects to {@link componentPort} with {@link secret}. */
  readonly component: string;
  readonly secret: string;
  /** Domain of the conference service (XEP-0045). */
  readonly muc: string;
  /** Domain of the upload service (XEP-0363). */
  readonly upload: string;
  /** The certificate in PEM; it signs itself, so it is also what clients have to trust. */
  readonly ca: string;
  readonly caFile: string;
  readonly privileged: boolean;
  /** Whether the component can really change rosters: ejabberd before 23.10 grants it and fails (its issue 3942). */
  readonly canSetRosters: boolean;
  readonly users: readonly XmppAccount[];
  /** As the running server tells it. */
  readonly version: string;
  readonly logFile: string;
  /** Process id of the present run. */
  readonly pid: number;
  readonly running: boolean;
  /** Makes one more account. @throws Error when the server refuses it */
  addUser(user: XmppUser): Promise<XmppAccount>;
  /** Orderly end (SIGTERM). */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same ports with the same data (stopping it first when it runs); resolves when it serves. */
  restart(): Promise<void>;
}

/** What a server's own configuration is written from. */
export interface XmppPlan
  extends Pick<XmppServer, "domain" | "component" | "secret" | "muc" | "upload" | "privileged"> {
  readonly dir: string;
  readonly hasComponent: boolean;
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly httpPort: number;
  readonly certificate: CertificateFiles;
  readonly logFile: string;
}

const START_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 20_000;
const PROBE_MS = 5_000;
const POLL_MS = 50;
const HOST = "127.0.0.1";

/** What Prosody and ejabberd have in common: folder, ports, certificate, accounts, waiting until it serves. */
export abstract class LocalXmppServer implements XmppServer {
  abstract readonly kind: XmppServer["kind"];
  readonly host = HOST;
  readonly plan: XmppPlan;
  readonly #options: XmppServerOptions;
  readonly #group: ProcessGroup;
  readonly #accounts: XmppAccount[] = [];
  #process: ManagedProcess | undefined;
  #version = "";

  constructor(options: XmppServerOptions, plan: XmppPlan) {
    this.#options = options;
    this.#group = options.group ?? new ProcessGroup();
    this.plan = plan;
  }

  /** Writes the configuration and says how the program is run. */
  protected abstract prepare(): ProcessSpec;
  /** Makes an account; done when it exists already with this password. */
  protected abstract register(user: XmppUser): Promise<void>;
  protected abstract askVersion(): Promise<string>;

  get c2sPort(): number {
    return this.plan.c2sPort;
  }
  get componentPort(): number {
    return this.plan.componentPort;
  }
  get httpPort(): number {
    return this.plan.httpPort;
  }
  get domain(): string {
    return this.plan.domain;
  }
  get component(): string {
    return this.plan.component;
  }
  get secret(): string {
    return this.plan.secret;
  }
  get muc(): string {
    return this.plan.muc;
  }
  get upload(): string {
    return this.plan.upload;
  }
  get privileged(): boolean {
    return this.plan.privileged;
  }
  get canSetRosters(): boolean {
    return this.privileged;
  }
  get caFile(): string {
    return this.plan.certificate.certificate;
  }
  get ca(): string {
    return readFileSync(this.caFile, "utf8");
  }
  get logFile(): string {
    return this.plan.logFile;
  }
  get users(): readonly XmppAccount[] {
    return this.#accounts;
  }
  get version(): string {
    return this.#version;
  }
  get running(): boolean {
    return this.#process?.running === true;
  }
  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this.kind} was never started`);
    return this.#process.pid;
  }

  /** What is written into its configuration file. */
  protected configured(usual: string): string {
    return this.#options.config?.(usual, this.plan) ?? usual;
  }

  async start(): Promise<void> {
    await this.restart();
    this.#version = await this.askVersion();
    const users = this.#options.users ?? [];
    await Promise.all(users.map((user) => this.register(user)));
    this.#accounts.push(...users.map((user) => this.#accountOf(user)));
  }

  async addUser(user: XmppUser): Promise<XmppAccount> {
    await this.register(user);
    const account = this.#accountOf(user);
    this.#accounts.push(account);
    return account;
  }

  #accountOf({ name, password }: XmppUser): XmppAccount {
    return { jid: `${name}@${this.domain}`, password };
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#process = await this.#group.start({ stopDeadlineMs: STOP_DEADLINE_MS, ...this.prepare() });
    await this.#waitUntilServing(this.#process);
  }

  async #waitUntilServing(child: ManagedProcess): Promise<void> {
    const deadline = this.#options.startDeadlineMs ?? START_DEADLINE_MS;
    const giveUpAt = performance.now() + deadline;
    const doors = [
      () => opens(this.c2sPort, streamHeader("jabber:client", this.domain), "features>"),
      () =>
        !this.plan.hasComponent ||
        opens(this.componentPort, streamHeader("jabber:component:accept", this.component), "id="),
      () => opens(this.httpPort, "GET / HTTP/1.0\r\n\r\n", "HTTP/1."),
    ];
    for (const isOpen of doors) {
      while (!(await isOpen())) {
        if (!child.running) throw new Error(`${this.kind} ended while starting; its log says:\n${child.logTail()}`);
        if (performance.now() > giveUpAt) {
          await child.kill();
          throw new Error(`${this.kind} did not serve within ${deadline} ms; its log says:\n${child.logTail()}`);
        }
        await pause(POLL_MS);
      }
    }
  }
}

/** Picks free ports, makes or finds certificate and secret. */
export async function planXmppServer(options: XmppServerOptions, name: string): Promise<XmppPlan> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const domain = options.domain ?? "xmpp.test";
  const component = options.component ?? `msn.${domain}`;
  const [c2sPort = 0, componentPort = 0, httpPort = 0] = await freePorts(3);
  const muc = `conference.${domain}`;
  const upload = `upload.${domain}`;
  return {
    dir,
    domain,
    component,
    muc,
    upload,
    c2sPort,
    componentPort,
    httpPort,
    hasComponent: options.hasComponent ?? true,
    privileged: options.hasComponent !== false && (options.privileged ?? true),
    secret: randomBytes(16).toString("hex"),
    certificate: await makeCertificate(join(dir, "certs"), [domain, component, muc, upload]),
    logFile: join(dir, `${name}.log`),
  };
}

/**
 * The first of these paths that is there.
 *
 * @throws Error naming the Debian package to install
 */
export function installedFile(candidates: readonly string[], debianPackage: string): string {
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined) {
    throw new Error(
      `${debianPackage} is not installed; as root: apt-get install --no-install-recommends ${debianPackage}`,
    );
  }
  return found;
}

function streamHeader(namespace: string, to: string): string {
  const stream = `xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' to='${to}' version='1.0'`;
  return `<?xml version='1.0'?><stream:stream ${stream}>`;
}

/** Whether the port answers this opening with something that contains `expected`. */
function opens(port: number, opening: string, expected: string): Promise<boolean> {
  return new Promise((answer) => {
    let seen = "";
    const socket = connect({ port, host: HOST });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      answer(isOpen);
    };
    socket.setTimeout(PROBE_MS, () => end(false));
    socket.once("connect", () => socket.write(opening));
    socket.on("data", (data) => {
      seen += data.toString("latin1");
      if (seen.includes(expected)) end(true);
    });
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
  });
}
