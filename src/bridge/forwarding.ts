import { createHash } from "node:crypto";
import { isGroup } from "./groups/model.ts";
import type { GroupRouting } from "./groups/routing.ts";
import { outLane } from "./intake.ts";
import type { LaneRunner } from "./lanes.ts";
import type { HomeName, LaneEntry, LaneRef, PortalId } from "./model.ts";
import { laneName } from "./model.ts";
import type { Home } from "./ports/home.ts";
import type { LaneStore } from "./ports/store.ts";

export interface ForwardingOptions {
  readonly store: Pick<LaneStore, "append">;
  readonly homes: ReadonlyMap<HomeName, Home>;
  /** Late-bound. */
  readonly routing: () => GroupRouting;
  readonly lanes: () => Pick<LaneRunner, "wake">;
}

/** Sends what came to a control lane, and belongs in a chat, on its way there; once, however often it is tried. */
export function forwarding(o: ForwardingOptions): (portal: PortalId, entry: LaneEntry) => Promise<void> {
  return async (portal, entry) => {
    for (const lane of await lanesOf(o, portal, entry)) {
      await passOn(o, entry, lane);
    }
  };
}

/** Puts an entry behind what waits in another lane; once, however often it is tried. @throws BridgeError `store-down`, `lane-full`. */
export async function passOn(
  o: Pick<ForwardingOptions, "store" | "lanes">,
  entry: LaneEntry,
  lane: LaneRef,
): Promise<void> {
  // The store takes 64 characters; entries have their ids per lane.
  const once = createHash("sha256")
    .update(`${laneName(entry.lane)}|${entry.id}|${laneName(lane)}`)
    .digest("base64url");
  await o.store.append(lane, entry.body, `forward|${once}`);
  o.lanes().wake(lane);
}

async function lanesOf(o: ForwardingOptions, portal: PortalId, { body }: LaneEntry): Promise<readonly LaneRef[]> {
  if (!isGroup(portal) || body.from !== "home") return [outLane(portal)];
  const event = o.homes.get(body.home)?.read(body.raw);
  if (!event || event.kind === "own") return [];
  const { resident, room } = event;
  const route = await o.routing().route(body.home, portal, { resident, room, raw: body.raw });
  return route ? [...(route.out ? [route.out] : []), ...route.others] : [];
}
