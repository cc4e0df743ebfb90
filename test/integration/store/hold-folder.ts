/** A bridge of its own: starts a private Redis in a folder, stores an entry, prints the pid of Redis, and stays. */
import { randomBytes } from "node:crypto";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import { account, out, quiet, said } from "./fixture.ts";

const redis = await PrivateRedis.start({ folder: process.argv[2] ?? "", log: quiet });
const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
const store = await openStore({ options: redis.options, keys, meter: noMeter, log: quiet });
await store.append(out(account("held"), "bob"), said("from the other bridge"), "held-1");
console.log(redis.pid);
setInterval(() => {}, 60_000);
