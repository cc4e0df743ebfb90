/**
 * The homeserver, both ways: our token there (whoami), and its token here (ping, MSC2659). When the bridge does not run, a
 * listener stands in for it while the homeserver pings; it takes nothing else, so no event can be lost to it.
 */
import { createServer, type Server } from "node:http";
import type { MatrixConfig } from "../../config/schema.ts";
import type { Registration } from "../../matrix/registration.ts";
import { type Answer, ask, noAnswer } from "./http.ts";
import { type Finding, fail, ok, skip, warn } from "./report.ts";

const PASTE = (file: string) =>
  `Give the homeserver the registration (Synapse: "app_service_config_files: [${file}]" in homeserver.yaml) and restart it.`;

export async function checkHomeserver(
  config: MatrixConfig,
  registration: Registration | undefined,
): Promise<Finding[]> {
  const { url } = config.homeserver;
  try {
    const { status, json } = await ask(`${url}/_matrix/client/versions`);
    if (status !== 200 || !Array.isArray(json.versions)) {
      return [fail("homeserver", `${url} answers ${status}, not like a homeserver`, "Correct homeserver.url.")];
    }
  } catch (error) {
    return [fail("homeserver", `${url}: ${noAnswer(error)}`, "Start the homeserver, or correct homeserver.url.")];
  }
  const findings = [ok("homeserver", `${url} is a homeserver`)];
  if (registration === undefined) return [...findings, skip("homeserver: tokens", "there is no registration to try")];
  const known = await checkOwnToken(config, registration);
  findings.push(known);
  if (known.verdict === "fail") return findings;
  return [...findings, await checkPing(config, registration)];
}

async function checkOwnToken(config: MatrixConfig, registration: Registration): Promise<Finding> {
  const subject = "bridge -> homeserver";
  const { status, json } = await ask(`${config.homeserver.url}/_matrix/client/v3/account/whoami`, {
    headers: { authorization: `Bearer ${registration.asToken.open()}` },
  });
  if (status === 401 || status === 403) {
    return fail(subject, "the homeserver does not know the as_token", PASTE(config.appservice.registration));
  }
  const who = String(json.user_id ?? "");
  if (status !== 200) return fail(subject, `whoami answers ${status}`, "Look at the homeserver's log.");
  const wanted = `@${config.appservice.botLocalpart}:${config.homeserver.domain}`;
  if (who === wanted) return ok(subject, `the homeserver knows the bridge as ${who}`);
  const [, domain = ""] = /:(.*)$/.exec(who) ?? [];
  return domain === config.homeserver.domain
    ? fail(
        subject,
        `the homeserver knows the bridge as ${who}, the config says ${wanted}`,
        PASTE(config.appservice.registration),
      )
    : fail(subject, `the homeserver's name is ${domain}`, `Set homeserver.domain to ${domain}.`);
}

async function checkPing(config: MatrixConfig, registration: Registration): Promise<Finding> {
  const subject = "homeserver -> bridge";
  const listener = await standIn(config, registration);
  try {
    const path = `/_matrix/client/v1/appservice/${encodeURIComponent(registration.id)}/ping`;
    const answer = await ask(`${config.homeserver.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${registration.asToken.open()}`, "content-type": "application/json" },
      body: JSON.stringify({ transaction_id: `check-${Date.now()}` }),
    });
    const by = listener === undefined ? "the running bridge" : "a stand-in for the bridge";
    if (answer.status === 200)
      return ok(subject, `the homeserver reaches ${by} in ${String(answer.json.duration_ms)} ms`);
    return pingFault(subject, answer, config, registration);
  } catch (error) {
    return fail(subject, `the ping got no answer: ${noAnswer(error)}`, "Look at the homeserver's log.");
  } finally {
    await close(listener);
  }
}

function pingFault(
  subject: string,
  { status, json }: Answer,
  config: MatrixConfig,
  registration: Registration,
): Finding {
  const code = String(json.errcode ?? "");
  const detail = String(json.error ?? `status ${status}`);
  const { bind } = config.appservice;
  switch (code) {
    case "M_UNRECOGNIZED":
      return warn(
        subject,
        "this homeserver cannot ping (Synapse can since 1.84)",
        "Update the homeserver, or trust it.",
      );
    case "M_URL_NOT_SET":
      return fail(
        subject,
        "the homeserver's copy of the registration has no url",
        PASTE(config.appservice.registration),
      );
    case "M_CONNECTION_FAILED":
    case "M_CONNECTION_TIMEOUT":
      return fail(
        subject,
        `the homeserver does not get through to ${registration.url}`,
        `The bridge listens on ${bind.host}:${bind.port}. From the homeserver's machine or container, ${registration.url} must lead there: set appservice.publicUrl and appservice.bind accordingly, then run \`msnbridge registration --update\` and restart the homeserver.`,
      );
    case "M_BAD_STATUS":
      return fail(subject, "the homeserver uses another hs_token", PASTE(config.appservice.registration));
    default:
      return fail(subject, `${code} ${detail}`.trim(), PASTE(config.appservice.registration));
  }
}

/** Listens in the bridge's place; undefined when the port is taken, which means that the bridge itself runs. */
async function standIn(config: MatrixConfig, registration: Registration): Promise<Server | undefined> {
  const { host, port } = config.appservice.bind;
  const server = createServer((request, response) => {
    request.resume();
    const known = request.headers.authorization === `Bearer ${registration.hsToken.open()}`;
    // 503 for anything but the ping: the homeserver keeps its transactions and brings them again.
    const status = request.method === "POST" && request.url === "/_matrix/app/v1/ping" ? (known ? 200 : 403) : 503;
    response.writeHead(status, { "content-type": "application/json", connection: "close" }).end("{}");
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(port, host, () => resolve(server));
  });
}

async function close(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
