/**
 * The second registration, by which the bridge posts as people what they say in their own Messenger: whether it can be
 * read, and whether the homeserver lets it act for people.
 */
import { existsSync, readFileSync } from "node:fs";
import { BridgeError } from "../../bridge/errors.ts";
import { type Config, hasMatrix, type MatrixConfig } from "../../config/schema.ts";
import { type PuppetRegistration, parsePuppetRegistration } from "../../matrix/registration.ts";
import { othersMayRead } from "./files.ts";
import { ask, noAnswer } from "./http.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

const SUBJECT = "double puppeting";
const WRITE = "Run `msnbridge registration --double-puppet`, and give the homeserver the file.";

/** Nothing when none is configured: people can give access tokens of their own. */
export async function checkDoublePuppet(config: Config): Promise<Finding[]> {
  if (!hasMatrix(config)) return [];
  const file = config.matrix.doublePuppet.registration;
  if (file === undefined) return [];
  if (!existsSync(file)) return [fail(SUBJECT, `${file} is not there`, WRITE)];
  let registration: PuppetRegistration;
  try {
    registration = parsePuppetRegistration(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof BridgeError ? (error.context.detail ?? error.message) : String(error);
    return [fail(SUBJECT, `${file}: ${why}`, WRITE)];
  }
  const readable = othersMayRead(file)
    ? [fail(SUBJECT, `${file} can be read by everyone, who can act as anybody by it`, `Run: chmod o-rwx ${file}`)]
    : [];
  return [...readable, await tryIt(config, registration, file)];
}

async function tryIt(config: MatrixConfig, registration: PuppetRegistration, file: string): Promise<Finding> {
  const paste = `Name ${file} in the homeserver's config beside the other registration (Synapse: app_service_config_files) and restart it.`;
  try {
    const { status } = await whoami(config, registration);
    if (status === 401 || status === 403) return fail(SUBJECT, `the homeserver does not know ${file}`, paste);
    if (status !== 200) return fail(SUBJECT, `whoami answers ${status}`, "Look at the homeserver's log.");
    const person = somebody(config, registration);
    if (person === undefined) return knownOnly(config, registration, file);
    const answer = await whoami(config, registration, person);
    if (answer.status === 200) return ok(SUBJECT, `the homeserver lets the bridge post as ${person}`);
    const why = String(answer.json.error ?? `status ${answer.status}`);
    return warn(
      SUBJECT,
      `the homeserver does not let the bridge act for ${person} (${why})`,
      `If there is such a person: its copy of ${file} is another one. ${paste}`,
    );
  } catch (error) {
    return fail(SUBJECT, `no answer: ${noAnswer(error)}`, "Start the homeserver, or correct homeserver.url.");
  }
}

/** Without a person to try it with: whether it covers anybody is seen by what it says. */
function knownOnly({ homeserver: { domain } }: MatrixConfig, registration: PuppetRegistration, file: string): Finding {
  if (registration.covers(`@somebody:${domain}`)) return ok(SUBJECT, `the homeserver knows ${file}`);
  return warn(
    SUBJECT,
    `${file} does not cover everyone on ${domain}`,
    "If that is not on purpose: correct the regex in it, and in the homeserver's copy.",
  );
}

/** An admin who is a person of this server and covered. */
function somebody({ permissions, homeserver }: MatrixConfig, registration: PuppetRegistration): string | undefined {
  return permissions.admins.find(
    (entry) => entry.startsWith("@") && entry.endsWith(`:${homeserver.domain}`) && registration.covers(entry),
  );
}

function whoami({ homeserver }: MatrixConfig, { asToken }: PuppetRegistration, as?: string): ReturnType<typeof ask> {
  const query = as === undefined ? "" : `?user_id=${encodeURIComponent(as)}`;
  return ask(`${homeserver.url}/_matrix/client/v3/account/whoami${query}`, {
    headers: { authorization: `Bearer ${asToken.open()}` },
  });
}
