/** `msnbridge registration`: the file that the homeserver and the bridge share. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BridgeError } from "../bridge/errors.ts";
import { Secret } from "../bridge/secret.ts";
import { type Config, hasMatrix, type MatrixConfig } from "../config/schema.ts";
import {
  parsePuppetRegistration,
  parseRegistration,
  type Registration,
  renderPuppetRegistration,
  renderRegistration,
} from "../matrix/registration.ts";
import { readConfig } from "./config-file.ts";
import { EXIT, Exit, type ExitCode } from "./exit-codes.ts";
import { writePrivate } from "./files.ts";

const newToken = (): Secret => new Secret(randomBytes(32).toString("hex"));

/** Where the homeserver reaches the bridge: as configured, else at the address that is listened on. */
export function bridgeUrl({ publicUrl, bind }: Config["appservice"]): string {
  if (publicUrl !== undefined) return publicUrl;
  const host = bind.host === "0.0.0.0" || bind.host === "::" ? "127.0.0.1" : bind.host;
  return `http://${host.includes(":") ? `[${host}]` : host}:${bind.port}`;
}

/** The registration's text for a config; `kept` gives id and tokens, otherwise they are made. */
export function registrationFor(config: Pick<MatrixConfig, "appservice" | "homeserver">, kept?: Registration): string {
  return renderRegistration({
    id: kept?.id ?? "msn",
    url: bridgeUrl(config.appservice),
    asToken: kept?.asToken ?? newToken(),
    hsToken: kept?.hsToken ?? newToken(),
    senderLocalpart: config.appservice.botLocalpart,
    prefix: config.appservice.ghostPrefix,
    domain: config.homeserver.domain,
  });
}

/** What the second registration is called where nothing else is said. */
export const PUPPET_FILE = "double-puppet.yaml";

/** A second registration's text for a config, with new tokens: it lets the bridge act for everyone on the server. */
export function puppetRegistrationFor({
  appservice,
  homeserver,
}: Pick<MatrixConfig, "appservice" | "homeserver">): string {
  return renderPuppetRegistration({
    id: "msn-double-puppet",
    asToken: newToken(),
    hsToken: newToken(),
    senderLocalpart: `${appservice.botLocalpart}_puppet`,
    domain: homeserver.domain,
  });
}

/** The registration that is there; undefined when there is none, or only the template or something unusable. */
function existing(file: string): { usable: Registration | undefined; template: boolean } | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  try {
    return { usable: parseRegistration(text), template: false };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { usable: undefined, template: (error.context.detail ?? "").includes("placeholder") };
  }
}

export interface RegistrationOptions {
  readonly config?: string;
  readonly print?: true;
  readonly update?: true;
  readonly force?: true;
  /** The second one instead, by which the bridge posts as people what they say elsewhere. */
  readonly doublePuppet?: true;
}

/** @throws Exit when the file is there and neither `update` nor `force` was said. */
export function writeRegistration(options: RegistrationOptions): ExitCode {
  const { config } = readConfig(options.config);
  if (!hasMatrix(config))
    throw new Exit(EXIT.cannotCreate, "the config has no homeserver section, so nobody needs this");
  if (options.doublePuppet) return writePuppetRegistration(config, options);
  const file = config.appservice.registration;
  const before = existing(file);
  if (options.update && before?.usable === undefined) {
    throw new Exit(EXIT.cannotCreate, `${file} holds no registration whose tokens could be kept; leave --update out.`);
  }
  const keep = options.update || options.print ? before?.usable : undefined;
  const text = registrationFor(config, keep);
  if (options.print) {
    process.stdout.write(text);
    return EXIT.ok;
  }
  if (before !== undefined && !before.template && !options.update && !options.force) {
    throw new Exit(
      EXIT.cannotCreate,
      `${file} is there already. --update rewrites it from the config and keeps its tokens; --force makes new tokens, and then the homeserver needs the new file too.`,
    );
  }
  writePrivate(file, text);
  console.log(`Written: ${file}\nThe homeserver must have the same file; restart it after a change.`);
  return EXIT.ok;
}

/** One that is usable stays as it is: its operator may have narrowed it. */
function writePuppetRegistration(config: MatrixConfig, options: RegistrationOptions): ExitCode {
  const named = config.matrix.doublePuppet.registration;
  const file = named ?? join(dirname(config.appservice.registration), PUPPET_FILE);
  const isThere = existsSync(file) && isUsable(file);
  if (options.print) {
    process.stdout.write(isThere ? readFileSync(file, "utf8") : puppetRegistrationFor(config));
    return EXIT.ok;
  }
  if (isThere && !options.force) {
    throw new Exit(
      EXIT.cannotCreate,
      `${file} is there already. --force makes new tokens, and then the homeserver needs the new file too.`,
    );
  }
  writePrivate(file, puppetRegistrationFor(config));
  const name = named === undefined ? `name it in the config (matrix.doublePuppet.registration: ${file}), ` : "";
  console.log(
    `Written: ${file}\nWhoever has it can act as anybody on ${config.homeserver.domain}: keep it secret.\nNext: ${name}give the homeserver the same file (Synapse: app_service_config_files, beside the other one), restart both, and try it with \`msnbridge check\`.`,
  );
  return EXIT.ok;
}

function isUsable(file: string): boolean {
  try {
    parsePuppetRegistration(readFileSync(file, "utf8"));
    return true;
  } catch (error) {
    if (error instanceof BridgeError) return false;
    throw error;
  }
}
