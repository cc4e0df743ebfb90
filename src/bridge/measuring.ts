import type { Fleet } from "./fleet.ts";
import type { LaneRunner } from "./lanes.ts";
import type { Meter } from "./metrics.ts";
import { storedAt } from "./model.ts";
import type { LaneStore } from "./ports/store.ts";
import type { PresenceBoard } from "./presence.ts";

/** Lanes looked at for the figures; those in memory beyond are many, and the figures say so well enough. */
const MEASURED = 500;

/** Figures of the moment. @throws BridgeError `store-down`. */
export async function measure(
  { meter, store }: { readonly meter: Meter; readonly store: LaneStore },
  fleet: Fleet,
  presence: PresenceBoard,
  running: LaneRunner,
): Promise<void> {
  fleet.measure();
  meter.gauge("msnb_ghosts", {}, presence.size);
  const lanes = running.snapshot().slice(0, MEASURED);
  const depths = await Promise.all(lanes.map(({ lane }) => store.depth(lane)));
  meter.gauge(
    "msnb_lane_depth",
    {},
    depths.reduce((sum, depth) => sum + depth, 0),
  );
  const heads = await Promise.all(lanes.map(({ lane }) => store.read(lane, undefined, 1)));
  const oldest = Math.min(Date.now(), ...heads.flat().map(({ body }) => storedAt(body)));
  meter.gauge("msnb_lane_oldest_seconds", {}, (Date.now() - oldest) / 1000);
}
