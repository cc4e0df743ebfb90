/** `msnbridge check`: everything that can be tested without an MSN account, with what to do for each thing that fails. */
import type { Loaded } from "../../config/load.ts";
import { hasMatrix } from "../../config/schema.ts";
import { readConfig } from "../config-file.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { checkDoublePuppet } from "./double-puppet.ts";
import { checkDataFolder, checkRegistration, checkSealingKey } from "./files.ts";
import { checkHomeserver } from "./homeserver.ts";
import { checkNetwork } from "./network.ts";
import { type Finding, fail, findingLine, ok, summary, warn } from "./report.ts";
import { checkStore } from "./store.ts";
import { checkWeb } from "./web.ts";
import { checkXmpp } from "./xmpp.ts";

/** All findings, in an order from the inside to the outside; each is handed over as soon as it is there. */
export async function findings(loaded: Loaded, found: (finding: Finding) => void): Promise<void> {
  const { config, profiles, warnings } = loaded;
  found(ok("config", `good; networks: ${profiles.map(({ title }) => title).join(", ")}`));
  for (const text of warnings) found(warn("config", text, "Correct the name of the variable, or unset it."));
  const matrix = hasMatrix(config) ? config : undefined;
  const { findings: registrationFindings, registration } = matrix
    ? checkRegistration(matrix)
    : { findings: [], registration: undefined };
  registrationFindings.forEach(found);
  found(await checkSealingKey(config));
  found(checkDataFolder(config));
  const steps: readonly (readonly [string, () => Promise<Finding[]>])[] = [
    ["redis", () => checkStore(config)],
    ["homeserver", async () => (matrix ? checkHomeserver(matrix, registration) : [])],
    ["double puppeting", () => checkDoublePuppet(config)],
    ["XMPP", () => checkXmpp(config)],
    ["link pages", () => checkWeb(config)],
    ...profiles.map((profile) => [profile.title, () => checkNetwork(profile, config.networks.proxy)] as const),
  ];
  for (const [subject, step] of steps) {
    try {
      (await step()).forEach(found);
    } catch (error) {
      // One check that stumbles must not hide the others.
      const text = error instanceof Error ? error.message : String(error);
      found(fail(subject, text, "If the text does not help, please report it."));
    }
  }
}

/** @returns 0 when nothing failed (warnings are no failure). @throws ConfigError, Exit when the config cannot be read. */
export async function check(configFile: string | undefined): Promise<ExitCode> {
  const loaded = readConfig(configFile);
  const all: Finding[] = [];
  await findings(loaded, (finding) => {
    all.push(finding);
    console.log(findingLine(finding));
  });
  console.log(summary(all));
  return all.some(({ verdict }) => verdict === "fail") ? EXIT.failed : EXIT.ok;
}
