import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ProcessSpec } from "./processes.ts";
import {
  installedFile,
  LocalXmppServer,
  planXmppServer,
  type XmppPlan,
  type XmppServer,
  type XmppServerOptions,
  type XmppUser,
} from "./xmpp-server.ts";

const run = promisify(execFile);
const REGISTER_MS = 60_000;

/**
 * Starts Debian's Prosody from a folder of its own, on free loopback ports, without federation: archive, stream
 * management, carbons, blocklist and PEP for the users, conference and upload services, and our component.
 *
 * @throws Error when it is not installed, ends early or does not serve by the deadline, with its log's last lines
 */
export async function startProsody(options: XmppServerOptions): Promise<XmppServer> {
  const server = new Prosody(options, await planXmppServer(options, "prosody"));
  await server.start();
  return server;
}

class Prosody extends LocalXmppServer {
  readonly kind = "prosody";

  protected override prepare(): ProcessSpec {
    const { dir, logFile } = this.plan;
    mkdirSync(join(dir, "data"), { recursive: true });
    writeFileSync(this.#configFile, this.configured(prosodyConfig(this.plan)), { mode: 0o600 });
    return {
      name: "prosody",
      command: installedFile(["/usr/bin/prosody", "/usr/local/bin/prosody"], "prosody"),
      args: ["--config", this.#configFile, "-F"],
      cwd: dir,
      logFile,
    };
  }

  protected override async register({ name, password }: XmppUser): Promise<void> {
    const prosodyctl = installedFile(["/usr/bin/prosodyctl", "/usr/local/bin/prosodyctl"], "prosody");
    const args = ["--config", this.#configFile, "register", name, this.domain, password];
    await run(prosodyctl, args, { timeout: REGISTER_MS, cwd: this.plan.dir }).catch((cause: { stdout?: string }) => {
      if (cause.stdout?.includes("already exists") === true) return;
      throw new Error(`prosodyctl cannot make the account ${name}: ${cause.stdout ?? ""}`, { cause });
    });
  }

  /** It greets with its version in its log. */
  protected override async askVersion(): Promise<string> {
    const greetings = [...readFileSync(this.logFile, "utf8").matchAll(/welcome to Prosody version (\S+)/gi)];
    return greetings.at(-1)?.[1] ?? "unknown";
  }

  get #configFile(): string {
    return join(this.plan.dir, "prosody.cfg.lua");
  }
}

/** For users. Prosody loads what it needs itself (message, presence, iq, c2s, component) without being told. */
const MODULES = [
  "roster",
  "saslauth",
  "tls",
  "disco",
  "carbons",
  "pep",
  "private",
  "blocklist",
  "vcard4",
  "vcard_legacy",
  "version",
  "time",
  "ping",
  "mam",
  "smacks",
  "csi_simple",
  "bookmarks",
  "adhoc",
  "offline",
];

/** IQs that a gateway may send in a user's name when everything is granted: rosters, blocks, PEP, vCards. */
const PRIVILEGED_IQ = [
  "jabber:iq:roster",
  "urn:xmpp:blocking",
  "http://jabber.org/protocol/pubsub",
  "http://jabber.org/protocol/pubsub#owner",
  "vcard-temp",
];

/** stack §C3, with encryption and without anything that listens outside of loopback. */
function prosodyConfig(plan: XmppPlan): string {
  const { dir, certificate } = plan;
  const iq = PRIVILEGED_IQ.map((namespace) => `      [${lua(namespace)}] = "both";`).join("\n");
  const privileges = `  privileged_entities = {
    [${lua(plan.component)}] = {
      roster = "both"; message = "outgoing"; presence = "managed_entity";
      iq = {
${iq}
      };
    };
  }`;
  const privilegeModule = `  modules_enabled = { "privilege" }`;
  const ownComponent = `Component ${lua(plan.component)}
  component_secret = ${lua(plan.secret)}
${plan.privileged ? privilegeModule : ""}`;
  return `run_as_root = true
daemonize = false
pidfile = ${lua(join(dir, "prosody.pid"))}
data_path = ${lua(join(dir, "data"))}
certificates = ${lua(join(dir, "certs"))}
plugin_paths = { "/usr/lib/prosody/modules" }

interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${plan.c2sPort} }
c2s_direct_tls_ports = {}
s2s_ports = {}
s2s_direct_tls_ports = {}
component_interfaces = { "127.0.0.1" }
component_ports = { ${plan.componentPort} }
http_interfaces = { "127.0.0.1" }
http_ports = { ${plan.httpPort} }
https_ports = {}

modules_enabled = { ${MODULES.map(lua).join(", ")} }
modules_disabled = { "s2s" }
ssl = { certificate = ${lua(certificate.certificate)}; key = ${lua(certificate.key)} }
authentication = "internal_hashed"
-- the fewest that SCRAM allows: xmpp.js works through them in JavaScript at each sign-in
default_iteration_count = 4096
storage = "internal"
limits = {}
max_archive_query_results = 250
log = { { levels = { min = "info" }, to = "console" } }

VirtualHost ${lua(plan.domain)}
${plan.privileged ? `${privilegeModule}\n${privileges}` : ""}

Component ${lua(plan.muc)} "muc"
  modules_enabled = { "muc_mam" }
  muc_room_locking = false

Component ${lua(plan.upload)} "http_file_share"
  http_file_share_size_limit = 16 * 1024 * 1024
  -- the host has to be that of the URL, or a PUT finds nothing
  http_host = "127.0.0.1"
  http_external_url = "http://127.0.0.1:${plan.httpPort}/"
${plan.hasComponent ? `\n${ownComponent}\n` : ""}`;
}

function lua(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
