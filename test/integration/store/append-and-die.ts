/** Appends one entry and is gone in the same tick. Arguments: URL of Redis, name of the lane; of a group: as its reader. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { isGroup } from "../../../src/bridge/groups/model.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseLaneName } from "../../../src/bridge/model.ts";
import { openStore, SealingKeys } from "../../../src/store/index.ts";
import { said, toRead } from "./fixture.ts";

const [, , url = "", lane = ""] = process.argv;
const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
const store = await openStore({ url, keys, meter: noMeter, log: pino({ level: "silent" }) });
const to = parseLaneName(lane);
const appended =
  to.kind === "in" && isGroup(to.portal)
    ? store.appendRead(toRead(to.portal, [to], said("last words"), "tick-1"))
    : store.append(to, said("last words"), "tick-1");
appended.catch(() => {});
process.kill(process.pid, "SIGKILL");
