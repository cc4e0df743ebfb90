import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
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

const API_MS = 60_000;
const MENDED_ROSTER_SET = 23.1;
const LOOPBACK = "127.0.0.1";
const LOOPBACK_NETWORK = "127.0.0.0/8";

/**
 * Starts Debian's ejabberd from a folder of its own, on free loopback ports, with the same services as
 * {@link startProsody}. It runs as a plain Erlang program and not by `ejabberdctl`, which takes the settings of the
 * Debian service and listens on all interfaces; without a node name, so that no Erlang port mapper is started, which
 * would do the same. Source: stack §C3.
 *
 * @throws Error when it is not installed, ends early or does not serve by the deadline, with its log's last lines
 */
export async function startEjabberd(options: XmppServerOptions): Promise<XmppServer> {
  const server = new Ejabberd(options, await planXmppServer(options, "ejabberd"));
  await server.start();
  return server;
}

class Ejabberd extends LocalXmppServer {
  readonly kind = "ejabberd";

  override get canSetRosters(): boolean {
    return this.privileged && Number.parseFloat(this.version) >= MENDED_ROSTER_SET;
  }

  protected override prepare(): ProcessSpec {
    const { dir, logFile } = this.plan;
    const config = join(dir, "ejabberd.yml");
    const database = join(dir, "database");
    mkdirSync(database, { recursive: true });
    writeFileSync(config, this.configured(stringify(ejabberdConfig(this.plan))), { mode: 0o600 });
    return {
      name: "ejabberd",
      command: installedFile(["/usr/bin/erl", "/usr/local/bin/erl"], "ejabberd"),
      args: ["-noinput", "-boot", "start_sasl", "-mnesia", "dir", JSON.stringify(database), "-s", "ejabberd"],
      cwd: dir,
      env: {
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(dir, "ejabberd-own.log"),
        ERL_LIBS: librariesOfEjabberd(),
        ERL_CRASH_DUMP_SECONDS: "0",
        ERL_EPMD_ADDRESS: LOOPBACK,
        HOME: dir,
      },
      logFile,
    };
  }

  protected override async register({ name, password }: XmppUser): Promise<void> {
    const account = { user: name, host: this.domain };
    const exists = await this.#api("check_account", account);
    if (exists === 0) return;
    await this.#api("register", { ...account, password });
  }

  protected override async askVersion(): Promise<string> {
    const told = String(await this.#api("status", {}));
    return /ejabberd (\S+) is running/.exec(told)?.[1] ?? told;
  }

  async #api(command: string, body: object): Promise<unknown> {
    const answer = await fetch(`http://${LOOPBACK}:${this.httpPort}/api/${command}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(API_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`ejabberd refuses ${command}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}

/** Debian keeps Erlang's libraries of other packages below the folder of the machine's kind. */
function librariesOfEjabberd(): string {
  const candidates = globSync("/usr/lib/*/ejabberd-*/ebin/ejabberd.app");
  return dirname(dirname(dirname(installedFile(candidates, "ejabberd"))));
}

function ejabberdConfig(plan: XmppPlan): Record<string, unknown> {
  const { domain, component, certificate } = plan;
  return {
    loglevel: "info",
    hosts: [domain],
    certfiles: [certificate.certificate, certificate.key],
    ca_file: certificate.certificate,
    listen: listeners(plan),
    auth_method: "internal",
    auth_password_format: "scram",
    registration_timeout: "infinity",
    s2s_access: "none",
    disable_sasl_mechanisms: ["digest-md5", "X-OAUTH2"],
    acl: { local: { user_regexp: "" }, loopback: { ip: [LOOPBACK_NETWORK] }, gateway: { server: [component] } },
    access_rules: {
      c2s: { allow: "all" },
      local: { allow: "local" },
      gateway: { allow: "gateway" },
      local_or_gateway: [{ allow: "local" }, { allow: "gateway" }],
    },
    // What it takes without this is 100.
    shaper_rules: { max_user_offline_messages: 10_000 },
    // The calls by HTTP that make accounts; they can be reached from this machine only.
    api_permissions: { local: { who: [{ ip: LOOPBACK_NETWORK }], what: ["register", "check_account", "status"] } },
    modules: modules(plan),
  };
}

function listeners(plan: XmppPlan): readonly Record<string, unknown>[] {
  const loopback = { ip: LOOPBACK };
  const service = {
    port: plan.componentPort,
    module: "ejabberd_service",
    access: "all",
    hosts: { [plan.component]: { password: plan.secret } },
  };
  return [
    {
      ...loopback,
      port: plan.c2sPort,
      module: "ejabberd_c2s",
      access: "c2s",
      starttls_required: true,
      max_stanza_size: 262_144,
    },
    ...(plan.hasComponent ? [{ ...loopback, ...service }] : []),
    {
      ...loopback,
      port: plan.httpPort,
      module: "ejabberd_http",
      request_handlers: { "/api": "mod_http_api", "/upload": "mod_http_upload" },
    },
  ];
}

function modules(plan: XmppPlan): Record<string, unknown> {
  const { dir, muc, upload, httpPort } = plan;
  const privilege = {
    roster: { both: "gateway" },
    message: { outgoing: "gateway" },
    presence: { managed_entity: "gateway" },
  };
  return {
    mod_adhoc: {},
    mod_admin_extra: {},
    mod_blocking: {},
    mod_caps: {},
    mod_carboncopy: {},
    mod_client_state: {},
    mod_disco: {},
    mod_http_api: {},
    mod_http_upload: {
      hosts: [upload],
      access: "local_or_gateway",
      docroot: join(dir, "upload"),
      put_url: `http://${LOOPBACK}:${httpPort}/upload`,
      max_size: 16 * 1024 * 1024,
    },
    mod_last: {},
    mod_mam: { assume_mam_usage: true, default: "always" },
    mod_muc: {
      hosts: [muc],
      access_create: "local_or_gateway",
      min_message_interval: 0,
      max_users: 1_000,
      default_room_options: { mam: true, persistent: false },
    },
    mod_offline: { access_max_user_messages: "max_user_offline_messages" },
    mod_ping: {},
    mod_privacy: {},
    mod_private: {},
    ...(plan.privileged ? { mod_privilege: privilege } : {}),
    mod_pubsub: { access_createnode: "local_or_gateway", plugins: ["flat", "pep"] },
    mod_roster: { versioning: true },
    mod_stream_mgmt: { resend_on_timeout: "if_offline" },
    mod_time: {},
    mod_vcard: { search: false },
    mod_version: {},
  };
}
