/** What people do to a group in its room: asking in, throwing out, renaming, leaving; and what becomes of the room itself. */
import { asBridgeError, BridgeError } from "../errors.ts";
import type { Outcome } from "../lanes.ts";
import type { ContactAddress, HomeEvent, HomeName } from "../model.ts";
import type { PortalDirectory } from "../portals.ts";
import { mayFollow } from "../portals.ts";
import type { Home } from "../ports/home.ts";
import { key } from "../sending.ts";
import type { Conversations } from "./conversations.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord, GroupRoom } from "./model.ts";
import { groupParts } from "./model.ts";
import type { GroupSending } from "./outbound.ts";
import { inConversation } from "./outbound.ts";
import { followTo, parkRoom } from "./parking.ts";
import { ownTopic } from "./view.ts";

export interface RulingOptions {
  readonly groups: Groups;
  readonly conversations: Conversations;
  readonly homes: ReadonlyMap<HomeName, Home>;
  /** How long a leaving waits for a network that is away. */
  readonly holdMinutes: number;
}

type Ruling = HomeEvent & { kind: "invited" | "removed" | "reshaped" };

const DONE: Outcome = { kind: "done" };
const LOOK_AGAIN_MS = 5000;

/** What the network does not do is said in the room with the reason, and the room becomes again what the group is. */
export async function rule(o: RulingOptions, work: GroupSending, event: Ruling): Promise<Outcome> {
  const { home, record, room, entry, resident } = work;
  // A room of the people's own has its own name, topic and powers; they are not the group's.
  if (event.kind === "reshaped" && room.by !== undefined) return DONE;
  try {
    if (!work.isOwn)
      throw new BridgeError("group-refused", {
        detail: "only somebody with an account of their own in the group can do that",
      });
    await act(o, work, event);
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.retry === "now") throw failure;
    await home.say(resident, room.room, failure.person, key("ruling", entry));
    await o.groups.reshape(record, home.name, event.kind === "invited" ? event.ghost : undefined);
  }
  return DONE;
}

async function act(o: RulingOptions, work: GroupSending, event: Ruling): Promise<void> {
  const { record, group } = work;
  switch (event.kind) {
    case "invited": {
      const { contact } = own(record, event.ghost);
      if (record.members.some(({ address }) => address === contact)) return o.groups.reshape(record, work.home.name);
      return inConversation(o, work, ({ session, handle }) => session.inviteToGroup(handle, contact));
    }
    case "removed": {
      const { contact } = own(record, event.ghost);
      return inConversation(o, work, ({ session, handle }) => session.removeMember(handle, contact));
    }
    case "reshaped": {
      const { change } = event;
      if (change.what === "topic") {
        // Networks have none: it is for the homes alone.
        await o.groups.save(group, { topic: ownTopic(change.text) });
        return;
      }
      if (change.what === "role") {
        const contact = await contactOf(o, record, change);
        // A guest of the room alone, who has no role in the group.
        if (contact === undefined) return;
        return inConversation(o, work, ({ session, handle }) => session.setGroupRole(handle, contact, change.role));
      }
      await inConversation(o, work, ({ session, handle }) => session.nameGroup(handle, change.text));
      await o.groups.save(group, { name: change.text });
    }
  }
}

type RoleChange = (Ruling & { kind: "reshaped" })["change"] & { what: "role" };

/** @throws BridgeError `group-refused` for somebody of another network. */
async function contactOf(
  { groups }: RulingOptions,
  record: GroupRecord,
  change: RoleChange,
): Promise<ContactAddress | undefined> {
  if ("ghost" in change) return own(record, change.ghost).contact;
  return (await groups.seat(record, change.whom))?.address;
}

/** @throws BridgeError `group-refused` for somebody of another network. */
function own(record: GroupRecord, ghost: (HomeEvent & { kind: "removed" })["ghost"]): typeof ghost {
  if (ghost.network === groupParts(record.id).network) return ghost;
  throw new BridgeError("group-refused", { detail: `${ghost.contact} is on another network` });
}

/** Who leaves the room leaves the group: the account goes out of the conversation, and out of a circle for good. */
export async function left(o: RulingOptions, work: GroupSending): Promise<Outcome> {
  const { account, group, record, room, home, entry, resident, isOwn } = work;
  // A room of the people's own is more than the group, and who speaks through a relay is not in it.
  if (!isOwn || room.by !== undefined) return DONE;
  const there = o.groups.liveNow(account.id, group);
  try {
    if (there) await there.session.leaveGroup(there.handle);
    else if (record.kind === "circle") throw new BridgeError("network-down");
  } catch (error) {
    const failure = asBridgeError(error);
    const waits = failure.retry === "now" || failure.retry === "wait";
    if (waits && Date.now() - work.at < o.holdMinutes * 60_000)
      return { kind: "hold", ms: failure.retryAfterMs ?? LOOK_AGAIN_MS, why: failure.code };
    const text = `You have left the room, but ${account.address} is still in the group on its network. ${failure.person}`;
    if (record.kind === "circle") await home.say(resident, undefined, text, key("left", entry));
  }
  if (there) o.conversations.ended(account.id, there.handle);
  await o.groups.leave(account.id, group);
  return DONE;
}

/** The bridge was thrown out of the room. */
export async function shutOut(
  o: RulingOptions,
  record: GroupRecord,
  room: GroupRoom,
  entry: GroupSending["entry"],
): Promise<Outcome> {
  await parkRoom(o, record, room, "the bridge was removed from it", key("shut-out", entry));
  return DONE;
}

/** The group goes where its room has gone; not into whatever room somebody names. */
export async function toElsewhere(
  o: RulingOptions & { readonly portals: Pick<PortalDirectory, "ofRoom"> },
  record: GroupRecord,
  room: GroupRoom,
  entry: GroupSending["entry"],
  event: HomeEvent & { kind: "moved" },
): Promise<Outcome> {
  const home = o.homes.get(room.home);
  if (home && (await mayFollow(o.portals, home, event))) await followTo(o.groups, home, record, room, event.to);
  else {
    const why = "it is said to go on elsewhere, and the bridge was not asked in there";
    await parkRoom(o, record, room, why, key("moved", entry), event.to);
  }
  return DONE;
}
