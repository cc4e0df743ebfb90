/** An MSN network, stage by stage, without an account: name, connection, dialect, web services. */
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { NetworkProfile } from "../../config/network.ts";
import { DIALECTS } from "../../msnp/index.ts";
import { clientSettings, type SettingsChoice } from "../network-settings.ts";
import { noAnswer } from "./http.ts";
import { checkWays } from "./network-ways.ts";
import { type Finding, fail, ok, skip, warn } from "./report.ts";

const CONNECT_MS = 10_000;
const MAX_LINE = 512;

/** `proxy`: `networks.proxy`, for profiles without one of their own. */
export async function checkNetwork(profile: NetworkProfile, proxy?: SettingsChoice["proxy"]): Promise<Finding[]> {
  const settings = clientSettings(profile, proxy === undefined ? {} : { proxy });
  const isPlain = settings.proxy === undefined && profile.transports.every((transport) => transport === "tcp");
  const chat = await (isPlain ? checkChat(profile) : checkWays(profile, settings));
  return [...chat, ...(await checkServices(profile, settings.fetch ?? fetch))];
}

async function checkChat(profile: NetworkProfile): Promise<Finding[]> {
  const { dispatch, title } = profile;
  const subject = (stage: string): string => `${title}: ${stage}`;
  const findings: Finding[] = [];
  try {
    const { address } = await lookup(dispatch.host);
    findings.push(ok(subject("name"), `${dispatch.host} is ${address}`));
  } catch (error) {
    const text = `${dispatch.host} cannot be resolved (${noAnswer(error)})`;
    return [
      fail(subject("name"), text, `Check this machine's DNS, and dispatch.host in the profile ${profile.name}.yaml.`),
      skip(subject("connection"), "not tried"),
    ];
  }
  let socket: Socket;
  try {
    socket = await open(dispatch.host, dispatch.port);
    findings.push(ok(subject("connection"), `port ${dispatch.port} is open`));
  } catch (error) {
    const text = `port ${dispatch.port} of ${dispatch.host}: ${noAnswer(error)}`;
    const fix = `Allow outgoing TCP to port ${dispatch.port} (and the switchboards' port); if it is allowed, the network is down or dispatch in ${profile.name}.yaml is wrong.`;
    return [...findings, fail(subject("connection"), text, fix)];
  }
  return [...findings, await checkDialect(profile, socket)];
}

async function checkDialect(profile: NetworkProfile, socket: Socket): Promise<Finding> {
  const subject = `${profile.title}: dialect`;
  const known = DIALECTS.map(({ name }) => String(name));
  const spoken = profile.dialects.filter((name) => known.includes(name));
  if (spoken.length === 0) {
    socket.destroy();
    return fail(
      subject,
      `the bridge speaks none of ${profile.dialects.join(", ")}`,
      `Offer one of ${known.join(", ")} in ${profile.name}.yaml.`,
    );
  }
  try {
    const answer = await exchange(socket, `VER 1 ${spoken.join(" ")} CVR0\r\n`, profile.limits.requestSeconds * 1000);
    const chosen = spoken.find((name) => answer.toUpperCase().split(" ").includes(name));
    if (answer.startsWith("VER ") && chosen !== undefined) return ok(subject, `the server takes ${chosen}`);
    return fail(
      subject,
      `offered ${spoken.join(", ")}, the answer is "${answer}"`,
      `Offer dialects that the server speaks in ${profile.name}.yaml; docs/operators.md names those of the bridge.`,
    );
  } catch (error) {
    return fail(
      subject,
      `the server says nothing (${noAnswer(error)})`,
      `Is ${profile.dispatch.host}:${profile.dispatch.port} really an MSN server? Try again later.`,
    );
  } finally {
    socket.destroy();
  }
}

async function checkServices(profile: NetworkProfile, ask: typeof fetch): Promise<Finding[]> {
  const { nexus, rst, rst2, addressBook, sharing } = profile.services;
  const named = { nexus, rst, ...(rst2 === undefined ? {} : { rst2 }), addressBook, sharing };
  return Promise.all(Object.entries(named).map(([name, url]) => checkService(profile, name, url, ask)));
}

async function checkService(profile: NetworkProfile, name: string, url: string, ask: typeof fetch): Promise<Finding> {
  const subject = `${profile.title}: ${name}`;
  try {
    // Any answer will do: these services want a POST or a header, and some answer 404 or 405 to all else.
    const response = await ask(url, { redirect: "manual", signal: AbortSignal.timeout(CONNECT_MS) });
    await response.body?.cancel();
    if (response.status < 500 || response.status === 501) return ok(subject, `${url} answers (${response.status})`);
    return warn(subject, `${url} answers ${response.status}`, "The network may be in trouble; try again later.");
  } catch (error) {
    return fail(
      subject,
      `${url}: ${noAnswer(error)}`,
      `Allow outgoing HTTP(S), or correct services.${name} in ${profile.name}.yaml.`,
    );
  }
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** Sends a line, gives back the line that comes; printable characters only, because it is shown. */
function exchange(socket: Socket, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = "";
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("it closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      got += chunk.toString("latin1");
      const end = got.indexOf("\n");
      if (end < 0 && got.length < MAX_LINE) return;
      const first = got.slice(0, end < 0 ? MAX_LINE : end);
      resolve(first.replaceAll(/[^\x20-\x7e]/g, "").trim());
    });
    socket.write(line);
  });
}
