import { asBridgeError, type BridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { Outcome } from "./lanes.ts";
import { NO_HOME } from "./lanes.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountRecord,
  GhostRef,
  HomeName,
  LaneEntry,
  NetworkMessage,
  PortalId,
  PortalRoom,
  ResidentId,
} from "./model.ts";
import { laneName, ownerIn, portalParts } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { ghostOf, roomFor } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { endsChats, showsTyping } from "./ports/home.ts";
import type { AccountStore } from "./ports/store.ts";

export interface InboundOptions {
  readonly store: AccountStore;
  readonly fleet: Pick<Fleet, "record" | "session">;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly meter: Meter;
}

/** Handles the `in` lanes: words of the network, posted in a home as the ghost. */
export function inboundHandler(o: InboundOptions): (entry: LaneEntry) => Promise<Outcome> {
  return async (entry) => {
    const { lane, body } = entry;
    if (lane.kind !== "in" || body.from !== "network") return { kind: "done" };
    const { message } = body;
    const id = portalParts(lane.portal).account;
    const account = o.fleet.record(id) ?? (await o.store.account(id));
    const home = o.homes.get(lane.home);
    const owner = account && ownerIn(account, lane.home);
    // An account unlinked meanwhile has nobody left there to read this.
    if (!account || !owner) return { kind: "done" };
    if (!home) return NO_HOME;
    try {
      await deliver(o, home, account, owner, entry, message);
    } catch (error) {
      return inboundFailure(home, owner, entry, message, error);
    }
    const seconds = (Date.now() - Math.min(body.at ?? message.at, Date.now())) / 1000;
    o.meter.observe("msnb_delivery_seconds", { from: "network", to: "home" }, seconds);
    o.meter.count("msnb_events_total", { from: "network", to: "home", kind: message.kind, result: "delivered" });
    return { kind: "done" };
  };
}

/** In the chat's room; when that turns out to be gone, in the one that the chat has by now, or in a new one. */
async function deliver(
  o: InboundOptions,
  home: Home,
  account: AccountRecord,
  owner: ResidentId,
  { lane, id }: LaneEntry,
  message: NetworkMessage,
): Promise<void> {
  if (lane.kind !== "in") return;
  const { portals, fleet } = o;
  const ghost = ghostOf(lane.portal);
  const known = (): string => fleet.session(account.id)?.contact(ghost.contact)?.displayName ?? ghost.contact;
  const open = () => openRoom(o, home, owner, lane.portal, message.own ? known() : message.fromName);
  const post = (room: PortalRoom) => deliverInto(home, room, ghost, account, message, `${laneName(lane)}|${id}`);
  const room = await open();
  try {
    return await post(room);
  } catch (error) {
    if (asBridgeError(error).code !== "room-gone") throw error;
    // Whoever was asked into another room meanwhile, or left this one, needs no telling.
    if (roomFor(await portals.get(lane.portal), home.name, owner)?.room === room.room) {
      const text = `The bridge cannot get into your room with ${home.ghostLabel(ghost)} any more, so what is said to you there comes in a new one from now on.`;
      await home.say(owner, undefined, text, `room-gone|${laneName(lane)}|${id}`);
      await leaveRoom(portals, home, lane.portal, room);
    }
    // Nor does who has unlinked the account have anything to read.
    if (!(await o.store.account(account.id))?.owners.includes(owner)) return;
  }
  await post(await open());
}

/** The room is the chat's no more: the next words open a new one. `why`: those of the bridge who are in it leave it, too. */
export async function leaveRoom(
  portals: PortalDirectory,
  home: Home,
  portal: PortalId,
  room: PortalRoom,
  why?: BridgeError,
): Promise<void> {
  try {
    if (endsChats(home))
      await (why ? home.endDirect(portal, room, ghostOf(portal), why) : home.forgetDirect(portal, room.resident));
  } catch (error) {
    const failure = asBridgeError(error);
    // Whatever else the home refuses, the room is of no use.
    if (failure.retry === "wait" || failure.retry === "now") throw failure;
  }
  await portals.unbind(portal, home.name, room.room);
}

async function deliverInto(
  home: Home,
  room: PortalRoom,
  ghost: GhostRef,
  { network, address }: AccountRecord,
  message: NetworkMessage,
  key: string,
): Promise<void> {
  if (message.own) {
    await home.deliverOwn(room, ghost, { network, contact: address }, message, key);
    return;
  }
  if (showsTyping(home)) void home.showTyping(room.room, ghost, false, 0);
  await home.deliver(room, ghost, message, key);
}

/** An owner's room of a portal; made, and bound, when there is none yet. Who unlinks meanwhile has a room, but no chat. */
export async function openRoom(
  { portals, store }: { readonly portals: PortalDirectory; readonly store: Pick<AccountStore, "account"> },
  home: Home,
  owner: ResidentId,
  portal: PortalId,
  displayName: string,
): Promise<PortalRoom> {
  let isNew = false;
  const room = await portals.room(portal, home.name, owner, () => {
    isNew = true;
    return home.openDirect(portal, owner, ghostOf(portal), displayName);
  });
  if (isNew && !(await store.account(portalParts(portal).account))?.owners.includes(owner))
    await portals.unbind(portal, home.name, room.room);
  return room;
}

function inboundFailure(
  home: Home,
  owner: ResidentId,
  entry: LaneEntry,
  message: NetworkMessage,
  error: unknown,
): Outcome {
  const cause = asBridgeError(error);
  const what = message.own ? "What you said at another place" : `A message from ${message.from}`;
  if (cause.retry === "wait" || cause.retry === "now") throw cause;
  return {
    kind: "park",
    resident: owner,
    message: undefined,
    failure: cause.failure,
    report: () =>
      home.say(
        owner,
        undefined,
        `${what} could not be shown. ${cause.person}`,
        `lost|${laneName(entry.lane)}|${entry.id}`,
      ),
  };
}
