import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { noMeter } from "../../src/bridge/metrics.ts";
import {
  accountId,
  directConversation,
  type GhostRef,
  type NetworkMessage,
  type PortalId,
  type PortalRoom,
  parseContactAddress,
  parseNetworkName,
  portalId,
  type ResidentId,
  residentId,
  roomId,
} from "../../src/bridge/model.ts";
import { Secret } from "../../src/bridge/secret.ts";
import { freePort } from "../../src/cli/sandbox/ports.ts";
import { createMatrixHome, MATRIX, type MatrixHome, type MatrixHomeOptions } from "../../src/matrix/index.ts";
import { parseRegistration, type Registration, renderRegistration } from "../../src/matrix/registration.ts";
import { MemoryProfiles, MemorySecrets, RecordingHost } from "./matrix-host.ts";

export const NETWORK = parseNetworkName("escargot");
export const PREFIX = "_msn_";

export function ghostOf(address: string): GhostRef {
  return { network: NETWORK, contact: parseContactAddress(address) };
}

export function portalOf(address: string, own = "owner@example.com"): PortalId {
  const account = accountId(NETWORK, parseContactAddress(own));
  return portalId(account, directConversation(parseContactAddress(address)));
}

export function resident(mxid: string): ResidentId {
  return residentId(MATRIX, mxid);
}

export function portalRoom(room: string, mxid: string): PortalRoom {
  return { home: MATRIX, room: roomId(room), resident: resident(mxid) };
}

export function words(from: string, text: string, at = Date.now()): NetworkMessage {
  return { kind: "text", from: parseContactAddress(from), fromName: from, text, at };
}

/** Tokens and an address for a bridge that will listen on a free port, and the file a homeserver needs. */
export async function makeRegistration(
  domain: string,
): Promise<{ text: string; registration: Registration; port: number }> {
  const port = await freePort();
  const text = renderRegistration({
    id: "msn",
    url: `http://127.0.0.1:${port}`,
    asToken: new Secret(randomBytes(32).toString("hex")),
    hsToken: new Secret(randomBytes(32).toString("hex")),
    senderLocalpart: "_msnbot",
    prefix: PREFIX,
    domain,
  });
  return { text, registration: parseRegistration(text), port };
}

export function writeRegistration(dir: string, text: string): string {
  const file = join(dir, "registration.yaml");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

export interface RunningHome {
  readonly home: MatrixHome;
  readonly host: RecordingHost;
  readonly profiles: MemoryProfiles;
  /** All that was logged, one JSON object per line. */
  readonly logged: string[];
  readonly asToken: string;
}

/** A Matrix side that is started, with a core that records. */
export async function startHome(
  options: Pick<MatrixHomeOptions, "homeserverUrl" | "domain" | "registration"> &
    Partial<MatrixHomeOptions> & { port: number; profiles?: MemoryProfiles },
): Promise<RunningHome> {
  const { port, ...given } = options;
  const logged: string[] = [];
  const profiles = options.profiles ?? new MemoryProfiles();
  const home = createMatrixHome({
    bind: { host: "127.0.0.1", port },
    ghostPrefix: PREFIX,
    networks: [NETWORK],
    presence: true,
    secrets: new MemorySecrets(),
    meter: noMeter,
    log: pino({ level: "trace" }, { write: (line: string) => void logged.push(line) }),
    ...given,
    profiles,
    limits: { firstWaitMs: 50, longestWaitMs: 200, ...given.limits },
  });
  const host = new RecordingHost();
  host.serve(home);
  await home.start(host);
  return { home, host, profiles, logged, asToken: options.registration.asToken.open() };
}
