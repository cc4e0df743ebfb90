/** The ways to a network's chat servers that are no plain TCP: through a proxy, by TLS, through the HTTP gateway. */
import type { NetworkProfile } from "../../config/network.ts";
import type { NetworkSettings } from "../../msn/network.ts";
import { DEFAULT_GATEWAY_RULES, describeError, ServerError, type TransportKind } from "../../msnp/index.ts";
import { Connection } from "../../msnp/transport/connection.ts";
import { HttpClient } from "../../msnp/transport/http.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

const SILENT = { onCommand(): void {}, onEnd(): void {} };

/** One finding for each transport of the profile; one that does not work is a warning as long as another does. */
export async function checkWays(profile: NetworkProfile, settings: NetworkSettings): Promise<Finding[]> {
  const results = await Promise.all(
    profile.transports.map(async (transport) => ({ transport, result: await tryWay(settings, transport) })),
  );
  const works = results.some(({ result }) => result.isGood);
  return results.map(({ transport, result }) => {
    const by = settings.proxy === undefined ? "" : ` through ${settings.proxy.host}:${settings.proxy.port}`;
    const subject = `${profile.title}: ${transport}${by}`;
    if (result.isGood) return ok(subject, result.text);
    const fix = `Correct dispatch, services.gateway, tls or proxy in ${profile.name}.yaml or networks.proxy; or leave ${transport} out of its transports.`;
    return works ? warn(subject, result.text, fix) : fail(subject, result.text, fix);
  });
}

interface Result {
  readonly isGood: boolean;
  readonly text: string;
}

async function tryWay(settings: NetworkSettings, transport: TransportKind): Promise<Result> {
  const { services, timeouts, proxy, tls, dialects } = settings;
  const connect = timeouts?.connect ?? 10_000;
  const request = timeouts?.request ?? 10_000;
  const http = new HttpClient({ timeout: request, fetch: settings.fetch });
  const rules = { ...DEFAULT_GATEWAY_RULES, ...settings.gateway };
  let connection: Connection | undefined;
  try {
    connection = await Connection.open({
      ...services.ns,
      label: "check",
      owner: SILENT,
      connectTimeout: connect,
      requestTimeout: request,
      via: {
        transport,
        proxy,
        tls,
        gateway: services.gatewayUrl === undefined ? undefined : { url: services.gatewayUrl, rules, http },
      },
    });
    const answer = await connection.request("VER", [...dialects, "CVR0"]);
    const chosen = dialects.find((name) => answer.args.slice(1).some((word) => word.toUpperCase() === name));
    if (chosen !== undefined) return { isGood: true, text: `the server takes ${chosen}` };
    return { isGood: false, text: `the server speaks none of ${dialects.join(", ")}` };
  } catch (error) {
    if (error instanceof ServerError) return { isGood: false, text: `the server refused all that was offered` };
    return { isGood: false, text: describeError(error) };
  } finally {
    connection?.destroy();
  }
}
