import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ENV_PREFIX, type Loaded, loadConfig } from "../config/load.ts";
import type { Environment } from "../config/yaml.ts";
import { EXIT, Exit } from "./exit-codes.ts";

/**
 * Which config file: `--config`, else `MSNBRIDGE_CONFIG`, else `config.yaml` here; undefined when everything is in the
 * environment, as in a container.
 * @throws Exit when there is none of them.
 */
function findConfigFile(given: string | undefined, env: Environment): string | undefined {
  const named = given ?? env[`${ENV_PREFIX}_CONFIG`];
  if (named !== undefined) return resolve(named);
  if (existsSync("config.yaml")) return resolve("config.yaml");
  if (env[`${ENV_PREFIX}_HOMESERVER_URL`] !== undefined) return undefined;
  throw new Exit(
    EXIT.config,
    "there is no config.yaml in this folder. Make one with `msnbridge init`, or name one with --config.",
  );
}

/** The settings for a verb. @throws Exit, ConfigError. */
export function readConfig(given: string | undefined, env: Environment = process.env): Loaded {
  return loadConfig(findConfigFile(given, env), env);
}
