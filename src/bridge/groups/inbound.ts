import { asBridgeError, BridgeError } from "../errors.ts";
import type { Fleet } from "../fleet.ts";
import type { Outcome } from "../lanes.ts";
import { NO_HOME } from "../lanes.ts";
import type { Meter } from "../metrics.ts";
import type { GhostRef, GroupMessage, HomeName, LaneEntry, MessageId, ResidentId } from "../model.ts";
import { accountId, laneName, messageId, storedAt } from "../model.ts";
import type { PortalDirectory } from "../portals.ts";
import type { GroupHosting } from "../ports/groups.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import { carriedFrom } from "../via.ts";
import { foreign } from "./foreign.ts";
import type { Groups } from "./groups.ts";
import type { GroupId, GroupRecord, GroupRoom, GroupSpeaker } from "./model.ts";
import { groupParts, isGroup } from "./model.ts";
import { parkRoom } from "./parking.ts";
import { mayCarry } from "./places.ts";
import { labelOf, whole } from "./view.ts";
import { withoutRooms } from "./without-rooms.ts";

export interface GroupInboundOptions {
  readonly groups: Groups;
  readonly store: Store;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly portals: PortalDirectory;
  /** Late-bound. */
  readonly fleet: () => Pick<Fleet, "record" | "session">;
  readonly meter: Meter;
}

/** The name of a message that all homes share; no home is called so. */
const SHARED = "~" as HomeName;
const LOOK_AGAIN_MS = 100;
/** Groups whose newest state is known to be stored, and lanes whose words were put aside. */
const REMEMBERED = 20_000;

const DONE: Outcome = { kind: "done" };

type Stopped = RecentMap<string, true>;

interface Post {
  readonly speaker: GroupSpeaker;
  readonly message: GroupMessage;
  /** Other names of the same message. */
  readonly names: readonly { readonly home: HomeName; readonly message: MessageId }[];
}

/** Handles the `in` lanes of groups: words of the network and of other homes, and what the rooms are to look like. */
export function groupInbound(o: GroupInboundOptions): (entry: LaneEntry) => Promise<Outcome> {
  /** Unix ms of the newest state merged: a lane that lags behind another home's must not bring an older one back. */
  const merged = new RecentMap<GroupId, number>(REMEMBERED);
  /** Lanes of which words were put aside for a room that has stopped. */
  const stopped: Stopped = new RecentMap(REMEMBERED);
  return async (entry) => {
    const { lane, body } = entry;
    if (lane.kind !== "in" || !isGroup(lane.portal)) return DONE;
    const group = lane.portal;
    const home = o.homes.get(lane.home);
    if (body.from === "group" && body.live && body.at >= (merged.get(group) ?? 0)) {
      const before = await o.groups.record(group);
      const now = await o.groups.merge(group, body.live, body.at);
      merged.set(group, body.at);
      // Who is out of a circle is out for good.
      if (now.kind === "circle" && before?.seats.some((seat) => !now.seats.includes(seat)))
        await o.groups.settle(group);
    }
    if (!home) return NO_HOME;
    const record = await o.groups.recent(group, home.name);
    if (!record) return DONE;
    if (body.from === "group" && body.ends) {
      await o.groups.end(group, home, entry);
      return DONE;
    }
    if (body.from === "group") {
      // As it was then: who spoke behind this may be gone by now.
      const then = body.live ? { ...record, members: whole(body.live, record).members } : record;
      return shape(o, home, then, record, entry, body.refused);
    }
    const post =
      body.from === "network"
        ? await ofNetwork(o, record, home, body.message, body.id)
        : await ofHome(o, record, home, body);
    if (!post) return DONE;
    const outcome = await deliver(o, stopped, home, record, entry, post);
    if (outcome.kind === "done") count(o, entry, post.message);
    return outcome;
  };
}

async function shape(
  o: GroupInboundOptions,
  home: Home,
  then: GroupRecord,
  record: GroupRecord,
  entry: LaneEntry,
  refused: GhostRef | undefined,
): Promise<Outcome> {
  const room = roomIn(record, home);
  if (!room || room.parked !== undefined || !hostsGroups(home)) return DONE;
  try {
    const view = await o.groups.view(then, home.name);
    await home.shapeGroup(room.room, refused === undefined ? view : { ...view, refused });
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.code !== "room-gone") throw failure;
    await parkRoom(o, record, room, reasonOf(failure), stopKey(entry));
  }
  return DONE;
}

async function ofNetwork(
  o: GroupInboundOptions,
  record: GroupRecord,
  home: Home,
  words: GroupMessage,
  id: string | undefined,
): Promise<Post | undefined> {
  const { network } = groupParts(record.id);
  const places = o.groups.places(record);
  if (!mayCarry(places, words.via, places.rooms.get(home.name))) return undefined;
  const { own, ...said } = words;
  const message = { ...said, via: carriedFrom(places.network, words.via) };
  const ghost = { network, contact: message.from };
  const name = message.fromName;
  const resident = await o.groups.ownerOf(accountId(network, message.from), home.name);
  const names = id === undefined ? [] : [{ home: SHARED, message: messageId(id) }];
  if (resident === undefined) return { speaker: { kind: "ghost", ghost, name }, message, names };
  const speaker = { kind: "own", resident, self: ghost, name } as const;
  return { speaker, message: { ...message, own: own ?? {} }, names };
}

async function ofHome(
  o: GroupInboundOptions,
  record: GroupRecord,
  home: Home,
  body: LaneEntry["body"] & { from: "home" },
): Promise<Post | undefined> {
  if (body.home === home.name) return undefined;
  const said = await foreign(o, record, home.name, body);
  return said && { speaker: said.speaker, message: said.message, names: [said.name] };
}

async function deliver(
  o: GroupInboundOptions,
  stopped: Stopped,
  home: Home,
  known: GroupRecord,
  entry: LaneEntry,
  { speaker, message, names }: Post,
): Promise<Outcome> {
  const key = `${laneName(entry.lane)}|${entry.id}`;
  const tied = roomIn(known, home);
  // Another worker may have tied a room, or gone on with it.
  const isOpen = tied !== undefined && tied.parked === undefined;
  const record = isOpen || !hostsGroups(home) ? known : await o.groups.reread(known.id);
  if (!record) return DONE;
  // What was put aside stands before this again.
  const hadStopped = tied?.parked !== undefined || stopped.get(laneName(entry.lane));
  if (roomIn(record, home)?.parked === undefined && hadStopped) {
    stopped.delete(laneName(entry.lane));
    return { kind: "anew" };
  }
  let room: GroupRoom | undefined;
  try {
    if (!hostsGroups(home)) {
      await withoutRooms(o, home, record, speaker, message, key);
      return DONE;
    }
    room = roomIn(record, home) ?? (await open(o, home, record));
    if (!room) return DONE;
    // They have left the conversation, and may come back to their room; what is said without them is not for it.
    if (room.by === undefined && (await o.groups.residents(record, home.name)).length === 0) return DONE;
    if (room.parked !== undefined) {
      stopped.set(laneName(entry.lane), true);
      return waits(o, home, record, room.parked);
    }
    if (speaker.kind === "ghost") void home.showGroupTyping(room.room, speaker.ghost, false, 0);
    const id = await home.deliverToGroup(room.room, record.id, speaker, message, key);
    if (names.length > 0) await o.store.sameMessage(record.id, [...names, { home: home.name, message: id }]);
    return DONE;
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.retry === "wait" || failure.retry === "now") throw failure;
    if (failure.code !== "room-gone" || !room) return lost(o, home, record, message, failure, key);
    await parkRoom(o, record, room, reasonOf(failure), stopKey(entry));
    // Looked at once more: somebody may have dealt with it already.
    return { kind: "hold", ms: LOOK_AGAIN_MS, why: failure.code };
  }
}

/** The first words make the room, in homes where somebody belongs in it. */
async function open(
  o: GroupInboundOptions,
  home: Home & GroupHosting,
  record: GroupRecord,
): Promise<GroupRoom | undefined> {
  if ((await o.groups.residents(record, home.name)).length === 0) return undefined;
  const room = { home: home.name, room: await home.openGroup(await o.groups.view(record, home.name)) };
  await o.groups.tie(record.id, room, "shaped");
  return room;
}

/** The room is parked, and so are its words: nobody is told of each. */
async function waits(o: GroupInboundOptions, home: Home, record: GroupRecord, why: string): Promise<Outcome> {
  const { failure } = new BridgeError("room-gone", { detail: why });
  const resident = await somebody(o, home, record);
  if (resident === undefined) return DONE;
  return { kind: "park", resident, message: undefined, failure, report: undefined, stopped: true };
}

async function lost(
  o: GroupInboundOptions,
  home: Home,
  record: GroupRecord,
  message: GroupMessage,
  error: BridgeError,
  key: string,
): Promise<Outcome> {
  const resident = await somebody(o, home, record);
  if (resident === undefined) return DONE;
  const text = `A message from ${message.fromName || message.from} in ${labelOf(record)} could not be shown. ${error.person}`;
  const report = (): Promise<MessageId> => home.say(resident, undefined, text, `lost|${key}`);
  return { kind: "park", resident, message: undefined, failure: error.failure, report };
}

/** Who is told: who has tied the room, else the first who belongs in it. */
async function somebody(o: GroupInboundOptions, home: Home, record: GroupRecord): Promise<ResidentId | undefined> {
  return (await o.groups.residents(record, home.name))[0] ?? roomIn(record, home)?.by;
}

function count(o: GroupInboundOptions, { body }: LaneEntry, message: GroupMessage): void {
  const from = body.from === "home" ? "home" : "network";
  const seconds = Math.max(0, Date.now() - storedAt(body)) / 1000;
  o.meter.observe("msnb_delivery_seconds", { from, to: "home" }, seconds);
  o.meter.count("msnb_events_total", { from, to: "home", kind: message.kind, result: "delivered" });
}

/** People are told anew when what has come back finds the room gone again. */
function stopKey({ lane, id, again }: LaneEntry): string {
  return [laneName(lane), id, ...(again === undefined ? [] : [again])].join("|");
}

function roomIn({ rooms }: GroupRecord, home: Home): GroupRoom | undefined {
  return rooms.find((room) => room.home === home.name);
}

function reasonOf({ context }: BridgeError): string {
  return (context.detail ?? "it is gone, or the bridge was removed from it").replace(/\.$/, "");
}
