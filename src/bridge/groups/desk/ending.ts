import { createHash } from "node:crypto";
import type { Asker } from "../../commands/group-desk.ts";
import { BridgeError } from "../../errors.ts";
import { inLanes } from "../../inbox.ts";
import { outLane } from "../../intake.ts";
import type { AccountRecord, HomeName, LaneRef, PortalId, PortalRoom, ResidentId } from "../../model.ts";
import { accountParts, residentParts } from "../../model.ts";
import { ghostOf, roomFor } from "../../portals.ts";
import { hostsGroups } from "../../ports/groups.ts";
import { endsChats } from "../../ports/home.ts";
import { inLane } from "../groups.ts";
import type { GroupRecord } from "../model.ts";
import { seatOf } from "../model.ts";
import { deletePower, demand, seatsOf } from "../plumbing.ts";
import type { Catalogue, Entry } from "./catalogue.ts";
import { nameOf } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { askingOf, homeOf, titleOf, tried } from "./desk-options.ts";
import { roomText } from "./listing.ts";
import { asSeen } from "./power.ts";

/** What deleting a portal would do, and the word that does it. */
interface Plan {
  /** What goes, as parts of one sentence. */
  readonly goes: readonly string[];
  readonly stays: string;
  /** Changes with whatever the plan is about, so that nothing else than what was shown is deleted. */
  readonly code: string;
  readonly name: string;
  readonly carryOut: () => Promise<readonly string[]>;
}

/** `portal delete`: says what would go, and does it when it is told the word for that. */
export async function deletePortal(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  code: string | undefined,
): Promise<string> {
  const entry = await catalogue.find(asker, what);
  const plan = entry.kind === "direct" ? await directPlan(o, asker, entry) : await groupPlan(o, asker, entry);
  if (code?.toLowerCase() !== plan.code) {
    const named = catalogue.numberOf(asker, entry.id) ?? entry.key;
    const wrong = code === undefined ? "" : "Nothing was deleted: that is not the word for it as things are now. ";
    return `${wrong}This would go: ${plan.goes.join("; ")}. ${plan.stays} Say \`portal delete ${named} ${plan.code}\` to do it.`;
  }
  const failed = await plan.carryOut();
  const end = failed.length === 0 ? "" : ` What did not work: ${failed.join(" ")}`;
  return `${plan.name} is deleted here. ${plan.stays}${end}`;
}

/** A lane, and the resident of whose words alone it is about. */
type Held = readonly [lane: LaneRef, of?: ResidentId];

const STAYS = "The conversation on MSN stays as it is, and comes back as a new room with the next word in it.";

async function directPlan(o: DeskOptions, asker: Asker, entry: Entry & { kind: "direct" }): Promise<Plan> {
  const { portal, account, name } = entry;
  const home = homeOf(o, asker.resident);
  const room = roomFor(portal, home.name, asker.resident);
  if (!room) throw new BridgeError("bad-input", { detail: `you have no room with ${name}` });
  const inbound = inLanes(account, ghostOf(portal.id).contact).filter((lane) => lane.home === home.name);
  // All owners speak through one lane; the others' words are not the asker's to delete.
  const lanes: readonly Held[] = [[outLane(portal.id), asker.resident], ...inbound.map((lane) => [lane] as const)];
  const held = await heldIn(o, lanes);
  const others = portal.rooms.filter((one) => one !== room).map((one) => titleOf(o, one.home));
  const beside = others.length === 0 ? "" : `The room in ${others.join(" and in ")} stays, with what was said there. `;
  return {
    goes: [`your room with ${name} (${home.title}), which ${name} leaves`, ...counted(held.waiting, held.parked)],
    stays: beside + STAYS,
    code: codeOf(portal.id, [room.room], asker),
    name: `Your room with ${name}`,
    carryOut: () => endDirect(o, home.name, portal.id, room, lanes),
  };
}

async function endDirect(
  o: DeskOptions,
  homeName: HomeName,
  portal: PortalId,
  room: PortalRoom,
  lanes: readonly Held[],
): Promise<readonly string[]> {
  const home = o.homes.get(homeName);
  // First, so that what is said meanwhile comes into another room.
  if (home && endsChats(home))
    await tried(o, "a room that may be found again", () => home.forgetDirect(portal, room.resident));
  await o.portals.unbind(portal, homeName, room.room);
  for (const lane of lanes) await o.store.dropLane(...lane);
  o.lanes().reread((lane) => lane.kind !== "control" && lane.portal === portal);
  const why = new BridgeError("chat-ended", { detail: "it was deleted at your word" });
  const ghost = ghostOf(portal);
  const end = async (): Promise<void> => {
    if (home && endsChats(home)) await home.endDirect(portal, room, ghost, why);
    else await home?.decline(room.room, ghost, why);
  };
  const failed = await tried(o, "a room not left", end);
  return failed === undefined ? [] : [failed];
}

async function groupPlan(o: DeskOptions, asker: Asker, entry: Exclude<Entry, { kind: "direct" }>): Promise<Plan> {
  if (!("record" in entry))
    throw new BridgeError("group-refused", {
      detail: `there is nothing of "${entry.name}" here yet, since nobody has spoken in it; \`leave\` takes you out of it`,
    });
  const { record } = entry;
  demand(deletePower(asSeen(o, asker, record), askingOf(o, asker)));
  const name = `"${nameOf(record, asker.accounts)}"`;
  const rooms = await Promise.all(record.rooms.map((room) => roomPart(o, record, room.home)));
  const lanes = record.rooms.map(({ home }) => inLane(record.id, home));
  const [held, own] = await Promise.all([
    heldIn(
      o,
      lanes.map((lane) => [lane]),
    ),
    ownFailed(o, record, asker),
  ]);
  const others = record.seats.filter((seat) => !asker.accounts.some(({ id }) => id === seat));
  const theirs = others.map((seat) => accountParts(seat).address).slice(0, 5);
  return {
    goes: [
      ...(rooms.length === 0 ? [`what is kept of ${name}, which has no room`] : rooms),
      ...(record.relay ? ["its relay"] : []),
      ...(theirs.length > 0 ? [`all this also for ${theirs.join(", ")}${others.length > 5 ? ", …" : ""}`] : []),
      ...counted(held.waiting, held.parked + own),
    ],
    stays: `You stay in the group. ${STAYS}`,
    code: codeOf(
      record.id,
      record.rooms.map(({ home, room }) => `${home} ${room}`),
      asker,
    ),
    name: `The portal of ${name}`,
    carryOut: () => endGroup(o, record),
  };
}

/** What becomes of a group's room in one home. */
async function roomPart(o: DeskOptions, record: GroupRecord, home: HomeName): Promise<string> {
  const room = record.rooms.find((one) => one.home === home);
  const { people } = await o.groups.view(record, home);
  const ghosts = people.filter(({ kind }) => kind === "ghost").length;
  const where = `${titleOf(o, home)}: ${room ? roomText(room.room) : ""}`;
  const contacts = ghosts === 1 ? "1 contact" : `${ghosts} contacts`;
  if (room?.by !== undefined)
    return `the tie of the room in ${where}, which ${contacts} leave${ghosts === 1 ? "s" : ""} and which its people keep`;
  const residents = people.length - ghosts;
  return `the room in ${where}, which its ${residents === 1 ? "one person" : `${residents} people`} and ${contacts} leave`;
}

async function endGroup(o: DeskOptions, record: GroupRecord): Promise<readonly string[]> {
  const views = await Promise.all(record.rooms.map(({ home }) => o.groups.view(record, home)));
  await o.groups.drop(record.id);
  const failures = await Promise.all(
    record.rooms.map(({ home: name, room, by }, i) => {
      const home = o.homes.get(name);
      const view = views[i];
      if (!home || !view || !hostsGroups(home)) return undefined;
      return tried(o, "a room not deleted", () =>
        home.releaseGroup(room, view, by === undefined ? "delete" : "unbridge"),
      );
    }),
  );
  return failures.filter((one) => one !== undefined);
}

/** `leave`: the account leaves the conversation on MSN; a circle for good. */
export async function leave(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<string> {
  const record = await catalogue.group(asker, what);
  const name = nameOf(record, asker.accounts);
  const own = seatsOf(
    record,
    asker.accounts.map(({ id }) => id),
  );
  if (own.length === 0)
    throw new BridgeError("group-refused", {
      detail: `you have no account in "${name}". To get out of its room, leave the room`,
    });
  for (const seat of own) {
    const account = asker.accounts.find(({ id }) => id === seat);
    if (account) await leaveWith(o, account, record);
  }
  return record.kind === "circle"
    ? `You have left the circle "${name}" for good; somebody in it would have to invite you again.`
    : `You have left "${name}". Somebody in it can bring you back by an invitation.`;
}

/** A conversation that is over already needs no leaving; a circle is left on the network, or not at all. */
async function leaveWith(o: DeskOptions, account: AccountRecord, record: GroupRecord): Promise<void> {
  const now =
    record.kind === "circle" ? await o.groups.live(account, record.id) : o.groups.liveNow(account.id, record.id);
  await now?.session.leaveGroup(now.handle);
  await o.groups.leave(account.id, record.id);
}

/** What lanes would forget if they were dropped. */
async function heldIn(o: DeskOptions, lanes: readonly Held[]): Promise<{ waiting: number; parked: number }> {
  const all = await Promise.all(lanes.map((one) => o.store.held(...one)));
  return {
    waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
    parked: all.reduce((sum, { parked }) => sum + parked, 0),
  };
}

/** The asker's own words that have failed on their way out of the group's rooms: nothing of them can go when these are gone. */
async function ownFailed(o: DeskOptions, record: GroupRecord, asker: Asker): Promise<number> {
  const lanes = asker.accounts.map(({ id }) => outLane(seatOf(id, record.id)));
  const all = await Promise.all(lanes.map((lane) => o.store.held(lane, asker.resident)));
  return all.reduce((sum, { parked }) => sum + parked, 0);
}

function counted(waiting: number, parked: number): string[] {
  return [
    ...(waiting > 0 ? [`${waiting} message(s) that wait in it`] : []),
    ...(parked > 0 ? [`${parked} message(s) that have failed`] : []),
  ];
}

function codeOf(portal: PortalId, rooms: readonly string[], asker: Asker): string {
  const what = [portal, asker.resident, residentParts(asker.resident).home, ...[...rooms].sort()].join("\n");
  return createHash("sha256").update(what).digest("hex").slice(0, 4);
}
