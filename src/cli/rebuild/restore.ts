/**
 * What the homes have found of the bridge is put into the store. What stands there already stays as it is, so that a rebuild may
 * be broken off and run again, or run on a store that has gone on without it.
 */
import { createHash } from "node:crypto";
import type { GroupId, GroupRecord, GroupRoom } from "../../bridge/groups/model.ts";
import { groupId, groupParts, setKey } from "../../bridge/groups/model.ts";
import { accountId, type HomeName, portalParts, type RoomId, residentParts, shardOf } from "../../bridge/model.ts";
import { roomFor } from "../../bridge/portals.ts";
import type { Found, FoundChat, FoundGroup, FoundOwn, LeftOut, Rebuilding } from "../../bridge/ports/rebuild.ts";
import type { Store } from "../../bridge/ports/store.ts";
import type { Account } from "./report.ts";
import { Report } from "./report.ts";

export interface RestoreOptions {
  readonly store: Store;
  readonly homes: readonly Rebuilding[];
  /** Whether the config has a home of this name. */
  readonly has: (home: HomeName) => boolean;
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** What stands in the store is of a rebuild that was broken off. */
  readonly unfinished: boolean;
  /** Throws to break it off. */
  readonly step: (looked?: number, of?: number) => void;
}

interface Finds {
  readonly chats: (FoundChat & { readonly home: HomeName })[];
  readonly groups: (FoundGroup & { readonly home: HomeName })[];
  readonly own: FoundOwn[];
  readonly left: LeftOut[];
}

/** @throws BridgeError when a home or the store does not answer, and whatever {@link RestoreOptions.step} throws. */
export async function restore(o: RestoreOptions): Promise<Report> {
  const report = new Report(o.dryRun);
  const finds = await collect(o);
  for (const { room, why, isLoss } of finds.left) report.leftOut(room, why, isLoss);
  for (const chat of newest(finds.chats, ({ home, portal, resident }) => `${home} ${portal} ${resident}`, report)) {
    o.step();
    await restoreChat(o, chat, report);
  }
  for (const group of newest(finds.groups, ({ home, group: id }) => `${home} ${id}`, report)) {
    o.step();
    await restoreGroup(o, group, report);
  }
  for (const one of finds.own) {
    o.step();
    report.own(one, o.dryRun || (await one.keep()));
  }
  return report;
}

async function collect(o: RestoreOptions): Promise<Finds> {
  const finds: Finds = { chats: [], groups: [], own: [], left: [] };
  for (const one of o.homes)
    for await (const found of one.find((looked, of) => o.step(looked, of))) {
      o.step();
      put(finds, one.home, found);
    }
  return finds;
}

function put(finds: Finds, home: HomeName, found: Found): void {
  switch (found.kind) {
    case "chat":
      finds.chats.push({ ...found, home });
      return;
    case "group":
      finds.groups.push({ ...found, home });
      return;
    case "own":
      finds.own.push(found);
      return;
    case "left-out":
      finds.left.push(found);
  }
}

/**
 * Of those that are the same the one that was written last; a room that was found by way of another counts once. What was found
 * by way of another room comes last: the room may say of itself that it is something else.
 */
function newest<T extends { readonly room: RoomId; readonly at: number; readonly moved?: true }>(
  all: readonly T[],
  name: (one: T) => string,
  report: Report,
): T[] {
  const kept = new Map<string, T>();
  for (const one of all) {
    const known = kept.get(name(one));
    const [is, was] = known === undefined || one.at > known.at ? [one, known] : [known, one];
    kept.set(name(one), is);
    if (was !== undefined && was.room !== is.room)
      report.leftOut(was.room, `the conversation has gone on in ${is.room} since`, false);
  }
  return [...kept.values()].toSorted((a, b) => Number(a.moved ?? false) - Number(b.moved ?? false));
}

type Chat = Finds["chats"][number];

async function restoreChat(o: RestoreOptions, chat: Chat, report: Report): Promise<void> {
  const { store } = o;
  const { home, room, portal, resident } = chat;
  const { account, conversation } = portalParts(portal);
  const known = roomFor(await store.portal(portal), home, resident);
  const what = `chat of ${residentParts(resident).id} with ${conversation}`;
  const elsewhere = known === undefined ? await store.portalOfRoom(home, room) : undefined;
  if (known !== undefined && known.room !== room)
    return report.leftOut(room, `Redis has another room of the ${what}: ${known.room}`, false);
  if (elsewhere !== undefined) return report.leftOut(room, "Redis has it as the room of another conversation", false);
  if (known === undefined && !o.dryRun) await store.bind(portal, { home, room, resident });
  report.chat(room, what, known === undefined);
  await owes(store, report, { account, resident });
}

/** Who has to link an account again. */
async function owes(store: Store, report: Report, one: Account): Promise<void> {
  if ((await store.account(one.account)) === undefined) report.unlinked(one);
}

type Group = Finds["groups"][number];

async function restoreGroup(o: RestoreOptions, found: Group, report: Report): Promise<void> {
  const { store, dryRun } = o;
  const { group, room, sort, circle, name, topic, members } = found;
  const before = await store.group(group);
  const other = before?.rooms.find(({ home }) => home === found.home);
  const what = `group ${name === "" ? `of ${members.length} people` : `"${name}"`} on ${groupParts(group).network}`;
  if (other !== undefined && other.room !== room)
    return report.leftOut(room, `Redis has another room of the ${what}: ${other.room}`, false);
  if (!dryRun && before === undefined)
    await store.saveGroup(group, { kind: sort, ...(circle === undefined ? {} : { circle }), name, topic, members });
  const tied: GroupRoom[] = [];
  for (const one of found.rooms) if (await tie(o, group, before, one, found, report)) tied.push(one);
  if (before === undefined || o.unfinished) await seats(o, found, report);
  if (!dryRun) await found.settle();
  const elsewhere = tied.filter(({ home }) => home !== found.home).map((one) => `${one.home}: ${one.room}`);
  report.group(room, `${what}${elsewhere.length === 0 ? "" : `, also ${elsewhere.join(", ")}`}`, other === undefined);
}

/** @returns whether the group has the room now */
async function tie(
  { store, dryRun, has }: RestoreOptions,
  group: GroupId,
  before: GroupRecord | undefined,
  one: GroupRoom,
  found: Group,
  report: Report,
): Promise<boolean> {
  const { home, room } = one;
  if (!has(home)) {
    report.leftOut(room, `${found.room} belongs together with it, but the config has no home called ${home}`, true);
    return false;
  }
  const known = before?.rooms.find((tied) => tied.home === home);
  if (known !== undefined) return known.room === room;
  const elsewhere = await store.portalOfRoom(home, room);
  if (elsewhere !== undefined && elsewhere !== group) {
    report.leftOut(room, "Redis has it as the room of another conversation", false);
    return false;
  }
  if (dryRun) return true;
  await store.tieRoom(group, one);
  // What this home keeps of its rooms is lost with the store: it makes them again, in front of the first words.
  if (home !== found.home)
    await store.append(
      { kind: "in", shard: shardOf(portalParts(group).account), portal: group, home },
      { from: "group", at: Date.now() },
      `rebuild ${createHash("sha256").update(`${group} ${home}`).digest("base64url")}`,
    );
  return true;
}

/** The accounts come back to their places when they are linked; also by the set of people who were there last. */
async function seats({ store, dryRun }: RestoreOptions, found: Group, report: Report): Promise<void> {
  const { group, sort, members, accounts, relay } = found;
  const { network } = groupParts(group);
  const key = sort === "several" ? setKey(members.map(({ address }) => address)) : undefined;
  const further = key !== undefined && groupId(network, key) !== group ? key : undefined;
  for (const address of accounts) {
    const account = accountId(network, address);
    if (!dryRun) await store.awaitSeat(account, group, further);
    await owes(store, report, { account });
  }
  if (relay === undefined) return;
  if ((await store.account(relay.account)) === undefined) report.relay(found.room, relay.account);
  else if (!dryRun) await store.saveGroup(group, { relay });
}
