import { again, type OutLane } from "../again.ts";
import { asBridgeError, BridgeError } from "../errors.ts";
import { passOn } from "../forwarding.ts";
import type { LaneHandler, LaneRunner, Outcome } from "../lanes.ts";
import type { AccountId, AccountRecord, HomeEvent, HomeName, LaneEntry, MessageId } from "../model.ts";
import { ownerIn, portalParts } from "../model.ts";
import type { Nudges } from "../nudges.ts";
import { nudged } from "../nudging.ts";
import type { PortalDirectory } from "../portals.ts";
import type { Home } from "../ports/home.ts";
import { followsRooms } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import { gathered, type ReactionEvent } from "../reacting.ts";
import type { Sending, SendingOptions, Words } from "../sending.ts";
import { accountOf, attempt, key, perform, refuse, tellOfStandIn, titleOf, unread, wordsOf } from "../sending.ts";
import { spokenBy, spokenRich } from "../speaker.ts";
import type { StandIns } from "../stand-ins.ts";
import { carriedFrom, type Place } from "../via.ts";
import type { Conversations } from "./conversations.ts";
import { isSaid, nameIn, viaOf } from "./foreign.ts";
import type { Groups } from "./groups.ts";
import type { Marks } from "./marks.ts";
import type { GroupId, GroupRecord, GroupRoom } from "./model.ts";
import { groupOfSeat, isGroup, seatLane, seatOf } from "./model.ts";
import type { Outsiders } from "./outsiders.ts";
import type { GroupRouting } from "./routing.ts";
import { left, rule, shutOut, toElsewhere } from "./ruling.ts";
import type { GroupTyping } from "./typing.ts";

export interface GroupOutboundOptions extends SendingOptions {
  readonly store: Store;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly portals: PortalDirectory;
  readonly groups: Groups;
  readonly conversations: Conversations;
  readonly marks: Marks;
  readonly typing: GroupTyping;
  readonly outsiders: Outsiders;
  readonly routing: Pick<GroupRouting, "speaksBy">;
  readonly nudges: Nudges;
  readonly standIns: StandIns;
  readonly lanes: () => LaneRunner;
}

/** An event of a group's room on its way through somebody's account. */
export interface GroupSending extends Sending {
  readonly group: GroupId;
  readonly record: GroupRecord;
  readonly room: GroupRoom;
  /** Where it was said, as all bridges call it. */
  readonly place: Place | undefined;
  /** The account is the resident's own; otherwise it is the relay. */
  readonly isOwn: boolean;
}

type Event = Exclude<HomeEvent, { kind: "own" }>;

const DONE: Outcome = { kind: "done" };

/** Handles the `out` lanes of groups: those of seats, and the one of people who have neither a seat nor a relay. */
export function groupOutbound(o: GroupOutboundOptions): LaneHandler {
  return async (entry, left) => {
    const { lane, body } = entry;
    if (lane.kind !== "out" || body.from !== "home") return DONE;
    const group = isGroup(lane.portal) ? lane.portal : groupOfSeat(lane.portal);
    if (!group) return DONE;
    const account = isGroup(lane.portal) ? undefined : await accountOf(o, lane.portal);
    const home = o.homes.get(body.home);
    if (!home) return unread(account && ownerIn(account, body.home));
    const event = home.read(body.raw);
    if (!event) return DONE;
    if (event.kind === "own") return perform(home, body.raw);
    const { record, room } = await placeOf(o, group, account, home.name, event);
    if (!record || !room) return noRoom(home, entry, event);
    if (event.kind === "shut-out") return shutOut(o, record, room, entry);
    if (event.kind === "moved") return toElsewhere(o, record, room, entry, event);
    if (event.kind === "retry") return retry(o, record, account?.id, event.target);
    if (!account || !maySpeak(record, account, event)) return byAnother(o, record, home, entry, event);
    const isOwn = account.owners.includes(event.resident);
    const { standIns } = o;
    const place = o.groups.places(record).rooms.get(home.name);
    return handle(
      o,
      {
        entry,
        home,
        account,
        resident: event.resident,
        at: body.at,
        standIns,
        left,
        group,
        record,
        room,
        place,
        isOwn,
        ...(!isOwn && record.relay && { lentBy: record.relay.by }),
      },
      event,
    );
  };
}

/** The group as it is, with the room in which it happened; asked of the store before anything is refused. */
async function placeOf(
  o: GroupOutboundOptions,
  group: GroupId,
  account: AccountRecord | undefined,
  home: HomeName,
  event: Event,
): Promise<{ record: GroupRecord | undefined; room: GroupRoom | undefined }> {
  const roomIn = (record: GroupRecord | undefined): GroupRoom | undefined =>
    record?.rooms.find((one) => one.home === home && one.room === event.room);
  const known = await o.groups.record(group);
  const room = roomIn(known);
  if (known && room && account && maySpeak(known, account, event)) return { record: known, room };
  const record = await o.groups.reread(group);
  return { record, room: roomIn(record) ?? (account && (await nextRoom(o, record, home, event))) };
}

/** Where a room goes on in which something was said that has waited since. @throws BridgeError `home-down`. */
async function nextRoom(
  o: GroupOutboundOptions,
  record: GroupRecord | undefined,
  name: HomeName,
  event: Event,
): Promise<GroupRoom | undefined> {
  const home = o.homes.get(name);
  const next = record?.rooms.find((one) => one.home === name);
  if (!home || !next || !isSaid(event) || !followsRooms(home)) return undefined;
  return (await home.goesOn(event.room, next.room)) ? next : undefined;
}

/** Through an account in the group that is their own, or the relay. */
function maySpeak({ seats, relay }: GroupRecord, account: AccountRecord, { resident }: Event): boolean {
  return seats.includes(account.id) && (account.owners.includes(resident) || relay?.account === account.id);
}

/** Who was to carry it may not any more: it goes on by who speaks for its sender now, behind what waits there. */
async function byAnother(
  o: GroupOutboundOptions,
  record: GroupRecord,
  home: Home,
  entry: LaneEntry,
  event: Event,
): Promise<Outcome> {
  const { lane } = entry;
  if (lane.kind !== "out" || isGroup(lane.portal)) return o.outsiders.refuse(record, home, entry, event);
  const by = await o.routing.speaksBy(record, event.resident);
  if (by === undefined || by === portalParts(lane.portal).account)
    return o.outsiders.refuseTaken(record, home, entry, event);
  await passOn(o, entry, seatLane(by, record.id));
  return DONE;
}

async function handle(o: GroupOutboundOptions, work: GroupSending, event: Event): Promise<Outcome> {
  switch (event.kind) {
    case "text":
    case "command":
      if (event.kind === "text" && event.looksAlone) return DONE;
      return send(o, work, event, await spoken(work, event, wordsOf(event)));
    case "nudge":
      return nudge(o, work, event);
    case "reaction":
      return react(o, work, event);
    case "unsupported":
      return refuse(work, event, event.what);
    case "again":
      return again(
        { ...o, home: work.home, account: work.account.id, others: othersOf(work.record, work.account.id) },
        work.entry,
        event,
      );
    case "left":
      return left(o, work);
    case "invited":
    case "removed":
    case "reshaped":
      return rule(o, work, event);
    case "retry":
    case "shut-out":
    case "moved":
      return DONE;
  }
}

/** The room was the group's when it was said, and is not any more. */
async function noRoom(home: Home, entry: LaneEntry, event: Event): Promise<Outcome> {
  if (event.kind !== "text" && event.kind !== "command") return DONE;
  const { failure } = new BridgeError("unsupported", {
    detail: "what is said in a room that is not (or no longer) a group's",
  });
  const room = { home: home.name, room: event.room, resident: event.resident };
  await home.reportFailure(room, event.message, failure, key("refused", entry));
  return DONE;
}

/** `onward`: what tells who says them, when the network needs several messages for them. */
type SpokenWords = Words & { readonly onward?: string };

/** Through a relay, with the name of who says it where that is wished. */
async function spoken(
  work: GroupSending,
  event: Event & { kind: "text" | "command" | "reaction" },
  words: Words,
): Promise<SpokenWords> {
  const speaker = await prefix(work, event);
  if (speaker === undefined) return words;
  const { text, rich, ...rest } = words;
  const onward = spokenBy(speaker, "");
  return { ...rest, text: spokenBy(speaker, text), ...(rich && { rich: spokenRich(speaker, rich) }), onward };
}

async function prefix(
  { isOwn, record, home }: GroupSending,
  event: Event & { kind: "text" | "command" | "reaction" },
): Promise<string | undefined> {
  return isOwn || !record.relay?.prefix ? undefined : nameIn(home, event);
}

async function send(
  o: GroupOutboundOptions,
  work: GroupSending,
  event: Event & { readonly message: MessageId },
  words: SpokenWords,
): Promise<Outcome> {
  const { message } = event;
  const { room } = work.room;
  const via = carriedFrom(work.place, viaOf(event));
  const tried = await attempt(o, work, message, room, async () => {
    o.typing.said(work.account.id, work.group);
    const mark = await o.marks.of(work.group, work.account.id, work.entry);
    const { text, rich, onward } = words;
    await inConversation(o, work, ({ session, handle }) => session.sendToGroup(handle, text, rich, mark, onward, via));
  });
  if (!("result" in tried)) return tried;
  return {
    kind: "done",
    after: async () => {
      await work.home.confirm(room, message);
      await tellOfStandIn(work, words, room, titleOf(o, work.account));
    },
  };
}

/** A conversation that has ended in this moment is begun anew, once. */
export async function inConversation<T>(
  o: Pick<GroupOutboundOptions, "groups" | "conversations">,
  { account, group }: Pick<GroupSending, "account" | "group">,
  act: (there: Awaited<ReturnType<Groups["live"]>>) => Promise<T>,
): Promise<T> {
  try {
    const there = await o.groups.live(account, group);
    try {
      return await act(there);
    } catch (error) {
      const { code, certainty } = asBridgeError(error);
      if (code !== "group-gone" || certainty !== "not-sent" || there.live.kind === "circle") throw error;
      o.conversations.ended(account.id, there.handle);
      return await act(await o.groups.live(account, group));
    }
  } catch (error) {
    // The session has ended since it was looked for.
    if (asBridgeError(error).code === "not-signed-in") throw new BridgeError("network-down", {}, { cause: error });
    throw error;
  }
}

async function nudge(o: GroupOutboundOptions, work: GroupSending, event: Event & { kind: "nudge" }): Promise<Outcome> {
  const not = await nudged(o, work, event, seatOf(work.account.id, work.group), async () => {
    const mark = await o.marks.of(work.group, work.account.id, work.entry);
    const via = carriedFrom(work.place, viaOf(event));
    await inConversation(o, work, (there) => there.session.nudgeGroup(there.handle, mark, via));
  });
  return not ?? { kind: "done", after: () => work.home.confirm(event.room, event.message) };
}

async function react(o: GroupOutboundOptions, work: GroupSending, event: ReactionEvent): Promise<Outcome> {
  const { home, account } = work;
  const relayed = {
    has: ({ resident }: ReactionEvent) => !account.owners.includes(resident),
    name: (one: ReactionEvent) => nameIn(home, one),
  };
  const isNamed = !work.isOwn && work.record.relay?.prefix === true;
  const reacted = await gathered(o.store, home, work.entry, event, isNamed ? relayed : undefined);
  if (reacted.kind === "wait") return { kind: "hold", ms: reacted.ms, why: "reactions" };
  const { isOf, text, also } = reacted;
  if (text === undefined) return { kind: "done", also };
  const outcome = await send(o, work, event, isOf === "several" ? { text } : await spoken(work, event, { text }));
  return outcome.kind === "done" ? { ...outcome, also } : outcome;
}

/** It is parked with the account it was to go through, or with the group when it was to go into a room. */
async function retry(
  o: GroupOutboundOptions,
  record: GroupRecord,
  account: AccountId | undefined,
  target: MessageId,
): Promise<Outcome> {
  const owners = [...(account === undefined ? [] : [account]), portalParts(record.id).account];
  // Somebody else may have been the relay by then.
  for (const lane of othersOf(record, account))
    if ((await o.store.parked(portalParts(lane.portal).account, undefined, lane)).length > 0)
      owners.push(portalParts(lane.portal).account);
  for (const owner of owners) {
    const lane = await o.store.retry(owner, target);
    if (!lane) continue;
    o.lanes().wake(lane);
    return DONE;
  }
  return DONE;
}

/** The ways into the group through accounts other than this one. */
function othersOf(record: GroupRecord, account: AccountId | undefined): OutLane[] {
  const all = new Set([...record.seats, ...(record.relay ? [record.relay.account] : [])]);
  return [...all].filter((one) => one !== account).map((one) => seatLane(one, record.id));
}
