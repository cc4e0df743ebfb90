/** The network `sandbox` of a probe: made for it, unless one is running already. */
import { ENV_PREFIX } from "../../config/load.ts";
import { DIALECTS, type DialectName, type TransportKind } from "../../msnp/index.ts";
import { MsnNetwork } from "../../msnp/server/index.ts";
import { profileEnvironment } from "../sandbox/profile-env.ts";
import type { ProbeAccount } from "./accounts.ts";

const SANDBOX = "sandbox";
const RUNNING = `${ENV_PREFIX}_NETWORK_SANDBOX_DISPATCH_PORT`;
export const OWN_ACCOUNTS = "ann@sandbox.test,ben@sandbox.test,cat@sandbox.test";

/** What is played over the gateway: one dialect of each family that went through it. */
const BY_GATEWAY: readonly DialectName[] = ["MSNP8", "MSNP11", "MSNP15", "MSNP18", "MSNP21"];

/** Everything that the embedded network speaks, unless less is asked for. */
export const SANDBOX_ROWS: readonly { readonly dialect: DialectName; readonly transport: TransportKind }[] = [
  ...DIALECTS.filter(({ isExperimental }) => !isExperimental)
    .map(({ name }) => ({ dialect: name, transport: "tcp" }) as const)
    .reverse(),
  ...BY_GATEWAY.map((dialect) => ({ dialect, transport: "gateway" }) as const),
];

/** A network that was made for the probe. */
export interface OwnNetwork {
  /** What the profile needs to find it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Whether the probe makes the network itself: the sandbox, unless one is running already. */
export function isOwnNetwork(name: string, env: NodeJS.ProcessEnv): boolean {
  return name === SANDBOX && env[RUNNING] === undefined;
}

/** Starts the embedded network with the accounts of the probe. */
export async function openOwnNetwork(accounts: readonly ProbeAccount[]): Promise<OwnNetwork> {
  const network = await MsnNetwork.start({
    accounts: accounts.map(({ email, handle, password }) => ({
      email: handle,
      password: password.open(),
      displayName: email.split("@")[0] ?? email,
    })),
  });
  return { env: profileEnvironment(network.services), close: () => network.close() };
}
