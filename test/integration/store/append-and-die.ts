/** Appends one entry and is gone in the same tick. Arguments: URL of Redis, name of the lane. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseLaneName } from "../../../src/bridge/model.ts";
import { openStore, SealingKeys } from "../../../src/store/index.ts";
import { said } from "./fixture.ts";

const [, , url = "", lane = ""] = process.argv;
const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
const store = await openStore({ url, keys, meter: noMeter, log: pino({ level: "silent" }) });
store.append(parseLaneName(lane), said("last words"), "tick-1").catch(() => {});
process.kill(process.pid, "SIGKILL");
