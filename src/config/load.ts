/** Loading of the settings: one file, the environment over it, and the profiles of the networks. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../bridge/nearest.ts";
import { Secret } from "../bridge/secret.ts";
import { type NetworkProfile, networkSchema } from "./network.ts";
import { type Config, configSchema } from "./schema.ts";
import type { XmppClientConfig } from "./xmpp.ts";
import { ConfigError, checkYaml, type Environment, readText, strayVariables } from "./yaml.ts";

export const ENV_PREFIX = "MSNBRIDGE";
/** Profiles that come with the program: `config/networks` beside `src` or `dist`. */
export const SHIPPED_NETWORKS = fileURLToPath(new URL("../../config/networks", import.meta.url));

/** Variables that are read elsewhere: where the config is, test switches, profiles; and what Kubernetes sets for a service. */
const OTHER_VARIABLES = /^MSNBRIDGE_(CONFIG|LONG|TEST_.*|NETWORK_.*|PORT(_.*)?|SERVICE_.*)$/;

export interface Loaded {
  readonly config: Config;
  /** The profiles of `networks.enabled`, in that order. */
  readonly profiles: readonly NetworkProfile[];
  /** What does not stop the program but is probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads the config file (undefined: the environment alone), puts environment variables over it, makes paths absolute and
 * loads the profiles of the enabled networks.
 * @throws ConfigError with everything that is wrong.
 */
export function loadConfig(file: string | undefined, env: Environment): Loaded {
  const text = file === undefined ? "" : readText(file, "the config file");
  const raw = checkYaml(configSchema, { file: file ?? "environment", text, env, prefix: ENV_PREFIX });
  const config = withAbsolutePaths(raw, file === undefined ? process.cwd() : dirname(resolve(file)));
  return {
    config,
    profiles: loadProfiles(config, env),
    warnings: strayVariables(configSchema, env, ENV_PREFIX, OTHER_VARIABLES),
  };
}

function withAbsolutePaths(config: Config, base: string): Config {
  const { appservice, data, matrix, networks, xmpp } = config;
  const puppets = matrix.doublePuppet.registration;
  return {
    ...config,
    ...(xmpp?.mode === "client" ? { xmpp: withFilesOf(xmpp, base) } : {}),
    appservice: { ...appservice, registration: resolve(base, appservice.registration) },
    matrix: puppets === undefined ? matrix : { ...matrix, doublePuppet: { registration: resolve(base, puppets) } },
    data: { folder: resolve(base, data.folder), sealingKeyFile: resolve(base, data.sealingKeyFile) },
    networks: networks.folder === undefined ? networks : { ...networks, folder: resolve(base, networks.folder) },
  };
}

/** @throws ConfigError when the file with the password cannot be read, or is empty. */
function withFilesOf(xmpp: XmppClientConfig, base: string): XmppClientConfig {
  const { caFile, passwordFile, password } = xmpp;
  return {
    ...xmpp,
    ...(caFile === undefined ? {} : { caFile: resolve(base, caFile) }),
    password: passwordFile === undefined ? password : readPassword(resolve(base, passwordFile), xmpp.jid),
  };
}

function readPassword(file: string, jid: string): Secret {
  const key = "xmpp.client.passwordFile";
  const password = readText(file, `the file that ${key} names`).trim();
  if (password === "")
    throw new ConfigError([{ where: file, key, text: `is empty: write the password of ${jid} into it` }]);
  return new Secret(password);
}

/** Where profiles are looked for: an operator's own folder, when there is one, comes before the shipped ones. */
export function profileFolders(own: string | undefined): string[] {
  return [own, SHIPPED_NETWORKS].filter((folder) => folder !== undefined);
}

/** The file of a network's profile; undefined when no folder has it. */
export function profileFile(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, `${name}.yaml`)).find((path) => existsSync(path));
}

/**
 * The profiles of the enabled networks; your own folder comes before the shipped ones.
 * @throws ConfigError when one is not there or is faulty.
 */
function loadProfiles(config: Config, env: Environment): NetworkProfile[] {
  const folders = profileFolders(config.networks.folder);
  const profiles: NetworkProfile[] = [];
  const failed: ConfigError[] = [];
  for (const name of config.networks.enabled) {
    try {
      const file = profileFile(name, folders);
      if (file === undefined) throw noSuchProfile(name, folders);
      profiles.push(loadProfile(file, env));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      failed.push(error);
    }
  }
  if (failed.length > 0) throw new ConfigError(failed.flatMap((error) => error.problems));
  return profiles;
}

/**
 * Reads one profile; `MSNBRIDGE_NETWORK_<NAME>_…` wins over the file, e.g. `MSNBRIDGE_NETWORK_SANDBOX_DISPATCH_PORT`.
 * @throws ConfigError with everything that is wrong with it.
 */
export function loadProfile(file: string, env: Environment): NetworkProfile {
  const name = basename(file, ".yaml");
  const prefix = `${ENV_PREFIX}_NETWORK_${name.toUpperCase().replaceAll("-", "_")}`;
  const profile = checkYaml(networkSchema, { file, text: readText(file, "the network profile"), env, prefix });
  if (profile.name !== name) {
    throw new ConfigError([
      {
        where: file,
        key: "name",
        text: `is "${profile.name}" but the file is called ${name}.yaml; make them the same`,
      },
    ]);
  }
  const { caFile } = profile.tls;
  if (caFile === undefined) return profile;
  return { ...profile, tls: { ...profile.tls, caFile: resolve(dirname(file), caFile) } };
}

function noSuchProfile(name: string, folders: readonly string[]): ConfigError {
  const there = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((entry) => entry.endsWith(".yaml"))
    .map((entry) => basename(entry, ".yaml"));
  const meant = nearest(name, there);
  const hint = meant === undefined ? `there are: ${there.join(", ")}` : `did you mean "${meant}"?`;
  return new ConfigError([
    { where: "networks.enabled", key: name, text: `no ${name}.yaml in ${folders.join(" or ")}; ${hint}` },
  ]);
}
