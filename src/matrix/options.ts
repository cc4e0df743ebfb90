import type { Logger } from "pino";
import type { Meter } from "../bridge/metrics.ts";
import type { NetworkName } from "../bridge/model.ts";
import type { ProfileStore, SecretStore } from "../bridge/ports/store.ts";
import type { PuppetRegistration, Registration } from "./registration.ts";

export interface MatrixLimits {
  /** A transaction holds up to 100 events of 64 KiB and ephemeral data; above this it is refused and would come again for ever. */
  readonly maxTransactionBytes: number;
  /** Connections to the homeserver. */
  readonly connections: number;
  /** Bound on one request to the homeserver, ms. */
  readonly requestTimeoutMs: number;
  /** Ghosts, and residents, kept in memory. */
  readonly cacheSize: number;
  /** Waits between tries to reach the homeserver at the start, ms. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** How long words wait for what they are about to be asked of the homeserver, ms. */
  readonly lookBackMs: number;
  /** Between the end of an outage and the first look whether everything has come in, ms. */
  readonly knockAfterMs: number;
  /** How often the homeserver is asked to reach the bridge, about; ms. */
  readonly pingEveryMs: number;
}

export const DEFAULT_LIMITS: MatrixLimits = {
  maxTransactionBytes: 50 * 1024 * 1024,
  connections: 32,
  requestTimeoutMs: 20_000,
  cacheSize: 20_000,
  firstWaitMs: 500,
  longestWaitMs: 15_000,
  lookBackMs: 10_000,
  knockAfterMs: 2000,
  pingEveryMs: 300_000,
};

export interface MatrixHomeOptions {
  /** Where the client-server API is, e.g. `http://synapse:8008`. */
  readonly homeserverUrl: string;
  /** The server's name in ids, e.g. `example.org`. */
  readonly domain: string;
  readonly registration: Registration;
  /** Lets the bridge post as people of this server what they say in their own Messenger. */
  readonly doublePuppet?: PuppetRegistration;
  /** Where the application service listens; port 0 picks a free one. */
  readonly bind: { readonly host: string; readonly port: number };
  /** Start of every ghost's localpart and of every alias, e.g. `_msn_`; must match the registration. */
  readonly ghostPrefix: string;
  /** Networks whose contacts can be ghosts, and that may follow `link`. */
  readonly networks: readonly NetworkName[];
  /** Whether ghosts show presence. */
  readonly presence: boolean;
  /** Whether people get their rooms in spaces; absent: yes. */
  readonly spaces?: boolean;
  /** Whether senders are told by `com.beeper.message_send_status` events, too; for clients that know them. */
  readonly messageStatus?: boolean;
  readonly botName?: string;
  readonly profiles: ProfileStore;
  readonly secrets: SecretStore;
  readonly meter: Meter;
  readonly log: Logger;
  readonly limits?: Partial<MatrixLimits>;
}
