/** A worker that signs one linked account in. Argument: {@link ReaderWorker} as JSON. */
import { Bridge } from "../../../src/bridge/bridge.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { AccountId, Shard } from "../../../src/bridge/model.ts";
import type { MsnNetworkOptions } from "../../../src/msn/network.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import { openStore, SealingKeys } from "../../../src/store/index.ts";
import { ToyGroupHome } from "../../support/toy-group-home.ts";
import { NET, silent } from "../../unit/bridge/support.ts";

export interface ReaderWorker {
  readonly url: string;
  /** Of the seals, base64. */
  readonly key: string;
  readonly account: AccountId;
  readonly shard: Shard;
  readonly services: MsnNetworkOptions["services"];
}

const { url, key, account, shard, services } = JSON.parse(process.argv[2] ?? "") as ReaderWorker;
const keys = new SealingKeys(new Map([[1, Buffer.from(key, "base64")]]));
const real = await openStore({ url, keys, meter: noMeter, log: silent });
const bridge = new Bridge({
  // What is read for homes stays in the lanes: nobody has their shard.
  store: { ...real, acquire: async (one, ...rest) => (one === shard ? real.acquire(one, ...rest) : undefined) },
  homes: [new ToyGroupHome()],
  networks: [createMsnNetwork({ name: NET, title: "Toynet", services, dialects: ["MSNP18"], log: silent })],
  desk: () => ({ issue: async () => ({ url: "https://bridge.test/link/x", minutes: 10 }) }),
  owner: account,
  leaseMs: 30_000,
  signInsPerSecond: () => 1000,
  ownerOffline: "online",
  mayLink: () => true,
  holdMinutes: 10,
  reconnect: { baseMs: 20, capMs: 50 },
  concurrency: 16,
  meter: noMeter,
  log: silent,
});
await bridge.start();
