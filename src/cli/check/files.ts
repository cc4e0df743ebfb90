/** Registration, sealing key, data folder: what can be seen without a network. */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BridgeError } from "../../bridge/errors.ts";
import type { Config, MatrixConfig } from "../../config/schema.ts";
import { coversGhosts, parseRegistration, type Registration } from "../../matrix/registration.ts";
import { loadSealingKeys } from "../../store/sealing.ts";
import { bridgeUrl } from "../registration.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

export const othersMayRead = (file: string): boolean => (statSync(file).mode & 0o007) !== 0;

/** The registration, and whether it says the same as the config. */
export function checkRegistration(config: MatrixConfig): {
  findings: Finding[];
  registration: Registration | undefined;
} {
  const file = config.appservice.registration;
  const subject = "registration";
  if (!existsSync(file)) {
    return {
      findings: [fail(subject, `${file} is not there`, "Run `msnbridge registration`.")],
      registration: undefined,
    };
  }
  let text: string;
  let registration: Registration;
  try {
    text = readFileSync(file, "utf8");
    registration = parseRegistration(text);
  } catch (error) {
    const why = error instanceof BridgeError ? (error.context.detail ?? error.message) : String(error);
    return {
      findings: [
        fail(subject, `${file}: ${why}`, "Run `msnbridge registration --force` and give the homeserver the new file."),
      ],
      registration: undefined,
    };
  }
  const findings: Finding[] = [];
  if (differs(config, registration, text)) {
    findings.push(
      fail(
        subject,
        `${file} does not fit the config (address, bot or ghost names)`,
        "Run `msnbridge registration --update`, give the homeserver the new file and restart it.",
      ),
    );
  }
  if (othersMayRead(file)) {
    findings.push(warn(subject, `${file} can be read by everyone`, `Run: chmod o-rwx ${file}`));
  }
  if (!registration.ephemeral) {
    findings.push(
      warn(
        subject,
        "typing and presence are not handed over by the homeserver",
        "Run `msnbridge registration --update`, give the homeserver the new file and restart it.",
      ),
    );
  }
  return { findings: findings.length > 0 ? findings : [ok(subject, file)], registration };
}

/** Whether something that matters differs; other keys and another order are the operator's own affair. */
function differs(config: MatrixConfig, registration: Registration, text: string): boolean {
  const { appservice, homeserver } = config;
  return (
    registration.url.replace(/\/+$/, "") !== bridgeUrl(appservice) ||
    registration.senderLocalpart !== appservice.botLocalpart ||
    !coversGhosts(text, appservice.ghostPrefix, homeserver.domain)
  );
}

/** The sealing key; it is not made here, `run` does that. */
export async function checkSealingKey(config: Config): Promise<Finding> {
  const file = config.data.sealingKeyFile;
  if (!existsSync(file)) return ok("sealing key", `${file} is not there yet; the first \`run\` makes it`);
  try {
    await loadSealingKeys({ file });
    return ok("sealing key", `${file}; keep a copy of it apart from the data`);
  } catch (error) {
    return fail(
      "sealing key",
      error instanceof Error ? error.message : String(error),
      `Mend ${file}, or restore your copy.`,
    );
  }
}

/** Whether this user may write where the bridge keeps its data. */
export function checkDataFolder(config: Config): Finding {
  let folder = config.data.folder;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return ok("data folder", config.data.folder);
  } catch {
    return fail(
      "data folder",
      `this user may not write in ${folder}`,
      `Give the folder to the user that runs the bridge, or change data.folder.`,
    );
  }
}
