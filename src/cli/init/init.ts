/** `msnbridge init`: from six answers to config, registration and sealing key, and what to do next. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { type Config, configSchema, hasMatrix } from "../../config/schema.ts";
import { checkYaml } from "../../config/yaml.ts";
import { EXIT, Exit, type ExitCode } from "../exit-codes.ts";
import { writePrivate } from "../files.ts";
import { PUPPET_FILE, puppetRegistrationFor, registrationFor } from "../registration.ts";
import { type Answers, networkNames } from "./answers.ts";
import { collectAnswers, openTerminal, type Terminal } from "./ask.ts";
import { componentFault, type XmppAnswer, xmppAnswer, xmppSteps } from "./xmpp.ts";

export interface InitOptions extends Partial<Answers> {
  readonly folder: string;
  readonly force?: true;
  /** Also a second registration, by which the bridge posts as people of the server. */
  readonly doublePuppet?: true;
  /** The bridge's domain at an XMPP server. */
  readonly xmpp?: string;
}

/** @throws Exit when a file is there already and `force` was not said, or when answers are missing. */
export async function init(options: InitOptions, terminal: Terminal = openTerminal()): Promise<ExitCode> {
  const folder = resolve(options.folder);
  const files = {
    config: join(folder, "config.yaml"),
    registration: join(folder, "registration.yaml"),
    key: join(folder, "sealing.key"),
    ...(options.doublePuppet ? { puppets: join(folder, PUPPET_FILE) } : {}),
  };
  const fault = options.xmpp === undefined ? undefined : componentFault(options.xmpp);
  if (fault !== undefined) throw new Exit(EXIT.usage, `--xmpp ${options.xmpp}: ${fault}`);
  if (!options.force) refuseExisting(Object.values(files));
  const xmpp = options.xmpp === undefined ? undefined : xmppAnswer(options.xmpp);
  try {
    const answers = await collectAnswers(options, terminal);
    const text = configText(answers, options.doublePuppet === true, xmpp);
    const config = checkYaml(configSchema, { file: files.config, text, env: {}, prefix: "MSNBRIDGE" });
    if (!hasMatrix(config)) throw new Error("the config that was just made names a homeserver");
    writePrivate(files.config, text);
    writePrivate(files.registration, registrationFor(config));
    if (files.puppets !== undefined) writePrivate(files.puppets, puppetRegistrationFor(config));
    // Opens the stored passwords: an old one is never thrown away, even by force.
    if (!existsSync(files.key)) writePrivate(files.key, keyText());
    terminal.say(nextSteps(files, config, answers));
    if (xmpp !== undefined) terminal.say(xmppSteps(xmpp));
  } finally {
    terminal.close();
  }
  return EXIT.ok;
}

function refuseExisting(files: readonly string[]): void {
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) return;
  const what = there.map((file) => relative(process.cwd(), file) || file).join(", ");
  throw new Exit(
    EXIT.cannotCreate,
    `already there: ${what}. Choose another --folder, or say --force to write config and registration anew (the sealing key is kept).`,
  );
}

function keyText(): string {
  return `# Opens the stored MSN passwords. Keep it secret, and keep a copy.\n1:${randomBytes(32).toString("base64")}\n`;
}

/** Only what differs from the defaults; the sample file has the rest. */
function configText(answers: Answers, doublePuppet: boolean, xmpp: XmppAnswer | undefined): string {
  const { protocol, hostname, port } = new URL(answers.bridgeUrl);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  // Behind another name the bridge sits in a container or on another machine: it must listen beyond loopback.
  const host = local ? "127.0.0.1" : "0.0.0.0";
  const listen = protocol === "http:" && port !== "" ? { host, port: Number(port) } : { host };
  const body = stringify({
    homeserver: { url: answers.homeserverUrl.replace(/\/+$/, ""), domain: answers.serverName },
    appservice: { bind: listen, publicUrl: answers.bridgeUrl.replace(/\/+$/, "") },
    web: { ...(local ? {} : { bind: { host } }), publicUrl: answers.publicUrl.replace(/\/+$/, "") },
    networks: { enabled: networkNames(answers.networks) },
    permissions: { admins: [answers.admin] },
    ...(xmpp === undefined ? {} : { xmpp: { ...xmpp } }),
    ...(doublePuppet ? { matrix: { doublePuppet: { registration: PUPPET_FILE } } } : {}),
  });
  return `# Made by \`msnbridge init\`. Every key, with its default, is in docs/config.md.\n${body}`;
}

function nextSteps(
  files: { config: string; registration: string; key: string; puppets?: string },
  config: Config,
  answers: Answers,
): string {
  const { bind } = config.web;
  const written =
    files.puppets === undefined
      ? ""
      : `\n  ${files.puppets}   (secret: who has it can act as anybody on your server; the homeserver needs to read it)`;
  const more = files.puppets === undefined ? "" : `\n  - ${files.puppets}`;
  return `
Written:
  ${files.config}
  ${files.registration}   (secret; the homeserver needs to read it)${written}
  ${files.key}   (secret; keep a copy apart from the data)

1. Paste into homeserver.yaml (Synapse), with the path as the homeserver sees it:

app_service_config_files:
  - ${files.registration}${more}
presence:
  enabled: true

2. Restart the homeserver.

3. Let your reverse proxy pass ${answers.publicUrl} on to http://${bind.host === "0.0.0.0" ? "<this machine>" : bind.host}:${bind.port}

4. Test everything, then start:

msnbridge check --config ${files.config}
msnbridge run --config ${files.config}

5. Write to @${config.appservice.botLocalpart}:${answers.serverName} and say: link
`;
}
