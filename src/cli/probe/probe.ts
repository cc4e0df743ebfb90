/** `msnbridge probe`: what works with an MSN network, dialect by dialect and feature by feature. */
import { randomUUID } from "node:crypto";
import { loadProfile, profileFile, profileFolders } from "../../config/load.ts";
import type { NetworkProfile } from "../../config/network.ts";
import { DIALECTS, type DialectName, type TransportKind } from "../../msnp/index.ts";
import { EXIT, Exit, type ExitCode } from "../exit-codes.ts";
import { clientSettings } from "../network-settings.ts";
import { type ProbeAccount, readAccounts } from "./accounts.ts";
import { playRow } from "./play.ts";
import { failures, type Row, render } from "./report.ts";
import { isOwnNetwork, OWN_ACCOUNTS, openOwnNetwork, SANDBOX_ROWS } from "./sandbox.ts";

export interface ProbeOptions {
  /** Name of a profile. */
  readonly network: string;
  /** A folder of own profiles, looked into first. */
  readonly folder?: string;
  readonly accounts?: string;
  readonly passwords?: string;
  /** Names separated by commas; default all that the profile and this program have. */
  readonly dialects?: string;
  /** As `dialects`; default those of the profile. */
  readonly transports?: string;
  /** Seconds that anything may take. */
  readonly patience?: string;
  readonly json?: true;
  /** Shows each line of the protocol. */
  readonly trace?: true;
}

const DEFAULT_PATIENCE_S = 20;
const WRITTEN_MS = 1500;
const TRANSPORTS: readonly TransportKind[] = ["tcp", "tls", "gateway"];

/** @returns 1 when anything failed. @throws Exit, ConfigError for a probe that cannot be begun. */
export async function probe(options: ProbeOptions, env: NodeJS.ProcessEnv = process.env): Promise<ExitCode> {
  const file = fileOf(options);
  const isOwn = isOwnNetwork(options.network, env);
  const accounts = readAccounts(options.accounts ?? (isOwn ? OWN_ACCOUNTS : undefined), {
    file: options.passwords,
    env,
    ...(isOwn && { fallback: () => randomUUID() }),
  });
  if (accounts.length === 0) {
    throw new Exit(EXIT.usage, "name at least one account by --accounts, two or three to have them talk");
  }
  const own = isOwn ? await openOwnNetwork(accounts) : undefined;
  try {
    const profile = loadProfile(file, { ...env, ...own?.env });
    const rows = await playAll(profile, accounts, options);
    console.log(options.json ? JSON.stringify(rows.map(plain), undefined, 2) : `\n${render(rows)}`);
    return failures(rows) === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await own?.close();
  }
}

function fileOf({ network, folder }: ProbeOptions): string {
  const folders = profileFolders(folder);
  const file = profileFile(network, folders);
  if (file === undefined) throw new Exit(EXIT.usage, `there is no ${network}.yaml in ${folders.join(" or ")}`);
  return file;
}

async function playAll(
  profile: NetworkProfile,
  accounts: readonly ProbeAccount[],
  options: ProbeOptions,
): Promise<Row[]> {
  const patienceMs = seconds(options.patience) * 1000;
  const rows: Row[] = [];
  for (const { dialect, transport } of combinations(profile, options)) {
    if (!options.json) process.stderr.write(`${dialect} over ${transport} …\n`);
    const settings = clientSettings(profile, { dialects: [dialect], transports: [transport] });
    rows.push(
      await playRow({
        dialect,
        transport,
        settings: options.trace
          ? { ...settings, trace: (way, name, line) => console.error(`${way} ${name} ${line}`) }
          : settings,
        first: firstHost(profile, transport),
        accounts,
        patienceMs,
        writtenMs: profile.status === "sandbox" ? 0 : WRITTEN_MS,
      }),
    );
  }
  return rows;
}

function seconds(text: string | undefined): number {
  const value = text === undefined ? DEFAULT_PATIENCE_S : Number(text);
  if (!(value > 0 && value <= 600)) throw new Exit(EXIT.usage, "--patience is a number of seconds up to 600");
  return value;
}

interface Combination {
  readonly dialect: DialectName;
  readonly transport: TransportKind;
}

/** Every dialect over every transport that was asked for. @throws Exit for a name that nobody knows. */
function combinations(profile: NetworkProfile, { dialects, transports }: ProbeOptions): readonly Combination[] {
  if (profile.status === "sandbox" && dialects === undefined && transports === undefined) return SANDBOX_ROWS;
  const spoken = (names(dialects) ?? profile.dialects.map(String)).map(dialectNamed);
  const ways = (names(transports) ?? profile.transports).map(transportNamed);
  spoken.sort((one, other) => one.version - other.version);
  return ways.flatMap((transport) => spoken.map(({ name }) => ({ dialect: name, transport })));
}

function dialectNamed(name: string): (typeof DIALECTS)[number] {
  const found = DIALECTS.find((dialect) => dialect.name === name.toUpperCase());
  if (found !== undefined) return found;
  const known = DIALECTS.map((one) => one.name).join(", ");
  throw new Exit(EXIT.usage, `this program does not speak ${name}; it speaks ${known}`);
}

function transportNamed(name: string): TransportKind {
  const found = TRANSPORTS.find((kind) => kind === name);
  if (found !== undefined) return found;
  throw new Exit(EXIT.usage, `"${name}" is no transport; there are ${TRANSPORTS.join(", ")}`);
}

function names(list: string | undefined): string[] | undefined {
  return list
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function firstHost({ dispatch, services }: NetworkProfile, transport: TransportKind): { host: string; port: number } {
  if (transport !== "gateway" || services.gateway === undefined) return dispatch;
  const { hostname, port, protocol } = new URL(services.gateway);
  return { host: hostname, port: Number(port) || (protocol === "https:" ? 443 : 80) };
}

function plain({ dialect, transport, stages, features }: Row): unknown {
  return { dialect, transport, stages: Object.fromEntries(stages), features: Object.fromEntries(features) };
}
