/** `msnbridge init`: from a few answers to config, registration and sealing key, and what to do next. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { type Config, configSchema, hasMatrix } from "../../config/schema.ts";
import { checkYaml } from "../../config/yaml.ts";
import { EXIT, Exit, type ExitCode } from "../exit-codes.ts";
import { writePrivate } from "../files.ts";
import { PUPPET_FILE, puppetRegistrationFor, registrationFor } from "../registration.ts";
import { type Answers, networkNames, QUESTIONS } from "./answers.ts";
import { collectAnswers, openTerminal, type Terminal } from "./ask.ts";
import {
  type AccountAnswer,
  accountFault,
  accountSteps,
  componentFault,
  PASSWORD_FILE,
  talkTo,
  type XmppAnswer,
  xmppAnswer,
  xmppSteps,
} from "./xmpp.ts";

export interface InitOptions extends Partial<Answers> {
  readonly folder: string;
  readonly force?: true;
  /** False: people live on XMPP alone. */
  readonly matrix?: boolean;
  /** Also a second registration, by which the bridge posts as people of the server. */
  readonly doublePuppet?: true;
  /** The bridge's domain at an XMPP server. */
  readonly xmpp?: string;
  /** Or the ordinary account that it signs in to. */
  readonly xmppClient?: string;
  /** That account is its owner's own. */
  readonly personal?: true;
}

interface Files {
  readonly config: string;
  readonly key: string;
  readonly registration?: string;
  readonly puppets?: string;
  readonly password?: string;
}

/** What is written for XMPP. */
interface XmppAnswers {
  readonly component?: XmppAnswer;
  readonly account?: AccountAnswer;
}

/** @throws Exit when a file is there already and `force` was not said, or when answers are missing. */
export async function init(options: InitOptions, terminal: Terminal = openTerminal()): Promise<ExitCode> {
  const matrix = options.matrix !== false;
  const xmpp = xmppOf(options);
  const files = filesOf(options, resolve(options.folder));
  // What was typed in there is not made here.
  const made = Object.values({ ...files, password: undefined }).filter((file) => file !== undefined);
  if (!options.force) refuseExisting(made);
  try {
    const questions = QUESTIONS.filter((question) => matrix || question.matrix !== true);
    const answers = await collectAnswers(matrix ? options : { ...xmppServer(xmpp), ...options }, terminal, questions);
    const text = configText(answers, options.doublePuppet === true, xmpp);
    const config = checkYaml(configSchema, { file: files.config, text, env: {}, prefix: "MSNBRIDGE" });
    writePrivate(files.config, text);
    if (hasMatrix(config) && files.registration !== undefined)
      writePrivate(files.registration, registrationFor(config));
    if (hasMatrix(config) && files.puppets !== undefined) writePrivate(files.puppets, puppetRegistrationFor(config));
    // Opens the stored passwords: an old one is never thrown away, even by force.
    if (!existsSync(files.key)) writePrivate(files.key, keyText());
    if (files.password !== undefined && !existsSync(files.password)) writePrivate(files.password, "");
    terminal.say(nextSteps(files, config, answers, xmpp));
  } finally {
    terminal.close();
  }
  return EXIT.ok;
}

/** @throws Exit when a flag's form is wrong, or flags do not go together. */
function xmppOf({ xmpp, xmppClient, personal, matrix }: InitOptions): XmppAnswers {
  const refuse = (text: string): never => {
    throw new Exit(EXIT.usage, text);
  };
  if (xmpp !== undefined && xmppClient !== undefined)
    refuse("--xmpp and --xmpp-client: the bridge is a component or an account; say one of them");
  if (personal && xmppClient === undefined) refuse("--personal goes with --xmpp-client");
  if (xmpp !== undefined) {
    const fault = componentFault(xmpp);
    return fault === undefined ? { component: xmppAnswer(xmpp) } : refuse(`--xmpp ${xmpp}: ${fault}`);
  }
  if (xmppClient !== undefined) {
    const fault = accountFault(xmppClient);
    if (fault !== undefined) refuse(`--xmpp-client ${xmppClient}: ${fault}`);
    return { account: { jid: xmppClient, personal: personal === true } };
  }
  return matrix === false
    ? refuse("--no-matrix goes with --xmpp or --xmpp-client: there must be somebody to bridge to")
    : {};
}

/** Without Matrix the XMPP server's name is the server's name, and who alone uses the bridge is its admin. */
function xmppServer({ component, account }: XmppAnswers): { serverName?: string; admin?: string } {
  if (component !== undefined) return { serverName: component.domain };
  if (account === undefined) return {};
  const { jid, personal } = account;
  return { serverName: jid.slice(jid.indexOf("@") + 1), ...(personal ? { admin: jid } : {}) };
}

function filesOf({ matrix, doublePuppet, xmppClient }: InitOptions, folder: string): Files {
  return {
    config: join(folder, "config.yaml"),
    ...(matrix === false ? {} : { registration: join(folder, "registration.yaml") }),
    key: join(folder, "sealing.key"),
    ...(doublePuppet ? { puppets: join(folder, PUPPET_FILE) } : {}),
    ...(xmppClient === undefined ? {} : { password: join(folder, PASSWORD_FILE) }),
  };
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
function configText(answers: Answers, doublePuppet: boolean, xmpp: XmppAnswers): string {
  const { homeserverUrl, bridgeUrl = "http://127.0.0.1" } = answers;
  const { protocol, hostname, port } = new URL(bridgeUrl);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  // Behind another name the bridge sits in a container or on another machine: it must listen beyond loopback.
  const host = local ? "127.0.0.1" : "0.0.0.0";
  const listen = protocol === "http:" && port !== "" ? { host, port: Number(port) } : { host };
  const body = stringify({
    ...(homeserverUrl === undefined
      ? {}
      : {
          homeserver: { url: homeserverUrl.replace(/\/+$/, ""), domain: answers.serverName },
          appservice: { bind: listen, publicUrl: bridgeUrl.replace(/\/+$/, "") },
        }),
    web: { ...(local ? {} : { bind: { host } }), publicUrl: answers.publicUrl.replace(/\/+$/, "") },
    networks: { enabled: networkNames(answers.networks) },
    permissions: { admins: [answers.admin] },
    ...(xmpp.component === undefined ? {} : { xmpp: { ...xmpp.component } }),
    ...(xmpp.account === undefined ? {} : { xmpp: { client: { ...xmpp.account, passwordFile: PASSWORD_FILE } } }),
    ...(doublePuppet ? { matrix: { doublePuppet: { registration: PUPPET_FILE } } } : {}),
  });
  return `# Made by \`msnbridge init\`. Every key, with its default, is in docs/config.md.\n${body}`;
}

function nextSteps(files: Files, config: Config, answers: Answers, xmpp: XmppAnswers): string {
  const { bind } = config.web;
  const secrets = [
    files.registration && `  ${files.registration}   (secret; the homeserver needs to read it)`,
    files.puppets &&
      `  ${files.puppets}   (secret: who has it can act as anybody on your server; the homeserver needs to read it)`,
    `  ${files.key}   (secret; keep a copy apart from the data)`,
    files.password && `  ${files.password}   (secret; the account's password goes in there)`,
  ].filter((line) => line !== undefined);
  const proxy = `Let your reverse proxy pass ${answers.publicUrl} on to http://${bind.host === "0.0.0.0" ? "<this machine>" : bind.host}:${bind.port}`;
  const start = `Test everything, then start:

msnbridge check --config ${files.config}
msnbridge run --config ${files.config}`;
  const talk = `Write to @${config.appservice.botLocalpart}:${answers.serverName} and say: link`;
  const atXmpp = [
    xmpp.component && xmppSteps(xmpp.component),
    xmpp.account && accountSteps(xmpp.account, files.password ?? PASSWORD_FILE),
  ].filter((step) => step !== undefined);
  const steps = hasMatrix(config)
    ? [pasteForHomeserver(files), "Restart the homeserver.", ...atXmpp, proxy, start, talk, ...talkTo(xmpp)]
    : [...atXmpp, proxy, start, ...talkTo(xmpp)];
  return `
Written:
  ${files.config}
${secrets.join("\n")}

${steps.map((step, at) => `${at + 1}. ${step}`).join("\n\n")}
`;
}

function pasteForHomeserver({ registration, puppets }: Files): string {
  const files = [registration, puppets].filter((file) => file !== undefined).map((file) => `  - ${file}`);
  return `Paste into homeserver.yaml (Synapse), with the path as the homeserver sees it:

app_service_config_files:
${files.join("\n")}
presence:
  enabled: true`;
}
