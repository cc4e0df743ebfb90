import type { Asker } from "../../commands/group-desk.ts";
import { asBridgeError, BridgeError } from "../../errors.ts";
import type { HomeName, ResidentId, RoomId } from "../../model.ts";
import { residentParts } from "../../model.ts";
import { mayFollow } from "../../portals.ts";
import type { GroupHosting, RoomPower } from "../../ports/groups.ts";
import { hostsGroups } from "../../ports/groups.ts";
import type { Home } from "../../ports/home.ts";
import type { GroupRecord, GroupRoom } from "../model.ts";
import { groupParts, isGroup } from "../model.ts";
import { followTo, tiedTo } from "../parking.ts";
import { both, demand, either, groupPower, seatsOf, untiePower } from "../plumbing.ts";
import type { Catalogue } from "./catalogue.ts";
import { nameOf, shortKey } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { askingOf, hostOf, titleOf, tried } from "./desk-options.ts";
import { roomText } from "./listing.ts";
import { asSeen, powerNow } from "./power.ts";

type Host = Home & GroupHosting;

/** `bridge`: an existing room of the asker's home becomes the group's. */
export async function bridge(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string,
  where: string | undefined,
): Promise<string> {
  const home = hostOf(o, asker.resident);
  const record = await catalogue.group(asker, what);
  const room = where === undefined ? asker.room : await home.findRoom(where, asker.resident);
  if (room === undefined)
    throw new BridgeError("bad-input", { detail: "say which room, or say this in the room itself" });
  const name = nameOf(record, asker.accounts);
  const before = record.rooms.find((one) => one.home === home.name);
  if (before?.room === room) return again(o, home, asker, record, before, name);
  await demandFree(o, asker, home, room);
  const power = both(await powerNow(o, asker, record), await home.mayBridge(room, asker.resident, record.id));
  demand(power);
  const left = await o.groups.inTurn(record.id, () =>
    o.groups.inTurn(room, () => tieNow(o, home, asker, record, room, name)),
  );
  await tellOthers(
    o,
    home,
    asker.resident,
    record,
    `${residentParts(asker.resident).id} has tied the group "${name}" to the room ${roomText(room)}: what is said in the group is there from now on. Ask to be let into it.`,
    `tied|${room}`,
  );
  return [
    // The answer may be shown in another room than that in which it was asked for.
    `"${name}" is tied to ${asker.room === room ? "the room in which you said that" : roomText(room)} now: what is said there and in the group is one conversation.`,
    left ?? "",
    record.relay
      ? ""
      : "People in that room who have no MSN account in the group are not heard there; `relay set` lets one of your accounts speak for them.",
    power.allowed ? (power.but ?? "") : "",
    "`unbridge` undoes it.",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** Somebody else may have tied the group, or the room, while power was asked for. Resolves with what went wrong, for the person. */
async function tieNow(
  o: DeskOptions,
  home: Host,
  asker: Asker,
  known: GroupRecord,
  room: RoomId,
  name: string,
): Promise<string | undefined> {
  const record = (await o.groups.reread(known.id)) ?? known;
  const before = record.rooms.find((one) => one.home === home.name);
  if (before?.room !== room) await demandFree(o, asker, home, room);
  const lettingGo = before && before.room !== room && (await o.groups.view(record, home.name));
  const tie = { home: home.name, room, by: asker.resident };
  // What has waited comes at once, and from whoever is in the group.
  if (before?.parked !== undefined) await home.shapeGroup(room, await o.groups.view(tiedTo(record, tie), home.name));
  await o.groups.tie(record.id, tie, "free");
  if (!before || !lettingGo) return undefined;
  const failed = await movedFrom(o, home, asker, before, room, name, lettingGo);
  return `It was in ${roomText(before.room)} before.${failed === undefined ? "" : ` ${failed}`}`;
}

/** The room is the group's already; where it had stopped it goes on. */
async function again(
  o: DeskOptions,
  home: Host,
  asker: Asker,
  record: GroupRecord,
  room: GroupRoom,
  name: string,
): Promise<string> {
  if (room.parked !== undefined) return goOn(o, home, asker, record, room, name);
  const how = room.by === undefined ? "is its own room already, which the bridge has made" : "is tied to it already";
  return `Nothing was changed: that room ${how} ("${name}").`;
}

/** @throws BridgeError `group-refused` when the room is a chat of somebody, or another group's. */
async function demandFree(o: DeskOptions, asker: Asker, home: Host, room: RoomId): Promise<void> {
  // Another worker may have untied it.
  o.portals.forgetRoom(home.name, room);
  const taken = await o.portals.ofRoom(home.name, room);
  if (taken === undefined) return;
  if (!isGroup(taken))
    throw new BridgeError("group-refused", {
      detail: "that room is a chat with one contact, and those cannot be tied to a group. Take another room",
    });
  const other = await o.groups.record(taken);
  const { accounts, isAdmin } = askingOf(o, asker);
  const isTheirs = other !== undefined && (isAdmin || seatsOf(other, accounts).length > 0);
  const name = isTheirs ? `the group "${nameOf(other, asker.accounts)}"` : "another group";
  throw new BridgeError("group-refused", {
    detail: `that room belongs to ${name} already. Say \`unbridge\` in it first`,
  });
}

/** A room that cannot be asked any more gives no power, and takes none. */
async function powerIn(home: Host, room: RoomId, resident: ResidentId): Promise<RoomPower> {
  try {
    return await home.mayBridge(room, resident);
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.retry === "now" || failure.retry === "wait") throw failure;
    return { allowed: false, because: failure.person };
  }
}

/** The last word in the old room, and the end of the bridge's part there. Resolves with what went wrong, for the person. */
async function movedFrom(
  o: DeskOptions,
  home: Host,
  asker: Asker,
  before: GroupRoom,
  to: RoomId,
  name: string,
  view: Parameters<GroupHosting["releaseGroup"]>[1],
): Promise<string | undefined> {
  const word = `The group "${name}" goes on in ${roomText(to)}. Nothing is passed on here any more.`;
  const key = `moved|${before.room}|${to}`;
  await tried(o, "the last word in a room not said", () => home.say(asker.resident, before.room, word, key));
  const failed = await tried(o, "a room not let go", () => home.releaseGroup(before.room, view, "unbridge"));
  return failed && `That room could not be left: ${failed}`;
}

/** Those of the group who live in the same home, and did not ask for this. Best effort. */
async function tellOthers(
  o: DeskOptions,
  home: Home,
  by: ResidentId,
  record: GroupRecord,
  text: string,
  key: string,
): Promise<void> {
  await tried(o, "the others of a group not told", async () => {
    const others = (await o.groups.residents(record, home.name)).filter((one) => one !== by);
    await Promise.all(others.map((one) => home.say(one, undefined, text, `${key}|${one}`)));
  });
}

/** `unbridge`: a tied room is only its people's again. */
export async function unbridge(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<string> {
  const record = await meant(o, catalogue, asker, what);
  const name = nameOf(record, asker.accounts);
  const room = tiedRoom(record, asker.resident, name);
  const home = o.homes.get(room.home);
  const isOwn = residentParts(asker.resident).home === room.home;
  const host = home && hostsGroups(home) ? home : undefined;
  const power = isOwn && host ? await powerIn(host, room.room, asker.resident) : undefined;
  demand(untiePower(asSeen(o, asker, record), room, askingOf(o, asker), power));
  const view = await o.groups.view(record, room.home);
  const letGo = (): Promise<string | undefined> | undefined =>
    host && tried(o, "a room not let go", () => host.releaseGroup(room.room, view, "unbridge"));
  const failed = await o.groups.inTurn(record.id, () => part(o, record, room, letGo));
  return [
    `${roomText(room.room)} (${titleOf(o, room.home)}) and the group "${name}" are apart now: its contacts leave, and nothing is passed on there any more.`,
    failed ? `The room could not be left: ${failed}` : "",
    "The conversation on MSN is as it was; with the next word in it, the group gets a room of its own again.",
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/**
 * What has waited for a room that had stopped goes on its way when that is untied, and makes another room: the old one, whose
 * name the new one may get, is let go before. One that is in use is untied first, or words would be seen to fail there.
 */
async function part<T>(
  o: DeskOptions,
  { id }: GroupRecord,
  { home, room }: GroupRoom,
  letGo: () => Promise<T> | undefined,
): Promise<T | undefined> {
  const now = (await o.groups.reread(id))?.rooms.find((one) => one.home === home);
  // Somebody else was quicker.
  if (now?.room !== room) return undefined;
  if (now.parked === undefined) {
    await o.groups.untie(id, home);
    return letGo();
  }
  const failed = await letGo();
  await o.groups.untie(id, home);
  return failed;
}

/** A group by its name, or by its room. */
async function meant(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<GroupRecord> {
  if (what === undefined) return catalogue.group(asker, undefined);
  try {
    return await catalogue.group(asker, what);
  } catch (error) {
    const unknown = asBridgeError(error);
    if (unknown.code !== "bad-input" || !/[@#!:]/.test(what)) throw unknown;
    const home = hostOf(o, asker.resident);
    const record = await o.groups.ofRoom(home.name, await home.findRoom(what, asker.resident));
    if (record) return record;
    throw new BridgeError("bad-input", { detail: "that room is tied to no group" });
  }
}

/**
 * The room that is meant: the tied one in the asker's home, else the only one. A room that the bridge has made is let go only
 * when nothing goes there any more. @throws BridgeError `group-refused`.
 */
function tiedRoom(record: GroupRecord, resident: ResidentId, name: string): GroupRoom {
  const home: HomeName = residentParts(resident).home;
  const tied = record.rooms.filter(({ by, parked }) => by !== undefined || parked !== undefined);
  const found = tied.find((one) => one.home === home) ?? (tied.length === 1 ? tied[0] : undefined);
  if (found) return found;
  const detail = record.rooms.some((one) => one.home === home)
    ? `the room of "${name}" was made by the bridge, not tied. \`leave\` takes you out of the group, \`portal delete\` deletes the room`
    : `no room is tied to "${name}"`;
  throw new BridgeError("group-refused", { detail });
}

/** `portal resume`: goes on with a room that had stopped. */
export async function resume(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<string> {
  const home = hostOf(o, asker.resident);
  const asked = await catalogue.group(asker, what);
  // People are told of a stop before it is noted, and by any worker; they may answer in between.
  const record = (await o.groups.inTurn(asked.id, () => o.groups.reread(asked.id))) ?? asked;
  const name = nameOf(record, asker.accounts);
  const room = record.rooms.find((one) => one.home === home.name);
  if (room?.parked === undefined) return `Nothing has stopped in "${name}".`;
  return goOn(o, home, asker, record, room, name);
}

async function goOn(
  o: DeskOptions,
  home: Host,
  asker: Asker,
  record: GroupRecord,
  tied: GroupRoom,
  name: string,
): Promise<string> {
  const { room, by } = tied;
  const asking = askingOf(o, asker);
  const isIn = by === asker.resident || seatsOf(record, asking.accounts).length > 0;
  // Also when the power is there in any case: by this the bridge enters a room into which it was invited again.
  const power = await powerIn(home, room, asker.resident);
  if (!isIn) demand(either(groupPower(record, asking), power));
  if (tied.to !== undefined) return goOnIn(o, home, record, tied, tied.to, name);
  try {
    await home.shapeGroup(room, await o.groups.view(record, home.name));
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.code !== "room-gone") throw failure;
    throw new BridgeError("group-refused", {
      detail: `the bridge is still not in ${roomText(room)}. Invite its bot there and say this again; or say \`unbridge\` to give the room up`,
    });
  }
  if (!(await o.groups.mark(record.id, tied, undefined)))
    throw new BridgeError("group-refused", { detail: `${roomText(room)} is not the room of "${name}" any more` });
  return `"${name}" goes on in ${roomText(room)}; what has waited for it comes now.`;
}

/** The room that has stopped is closed for good; the group goes on in the one to which it leads, when that says so, too. */
async function goOnIn(
  o: DeskOptions,
  home: Host,
  record: GroupRecord,
  tied: GroupRoom,
  to: RoomId,
  name: string,
): Promise<string> {
  if (!(await mayFollow(o.portals, home, { room: tied.room, to })))
    throw new BridgeError("group-refused", {
      detail: `${roomText(tied.room)} is said to go on in ${roomText(to)}, but the bridge is not in there, or that room says nothing of it. Invite its bot there and say this again; or say \`bridge ${shortKey(groupParts(record.id).key)}\` in the room in which the group is to go on; or \`unbridge\` to give the room up`,
    });
  await o.groups.inTurn(record.id, () => followTo(o.groups, home, record, tied, to));
  return `"${name}" goes on in ${roomText(to)}; what has waited for it comes now.`;
}
