import type { Fleet } from "../fleet.ts";
import { openRoom } from "../inbound.ts";
import type { AccountId, GroupMessage } from "../model.ts";
import { accountParts } from "../model.ts";
import { oneLine } from "../plain.ts";
import { directPortal, type PortalDirectory } from "../portals.ts";
import type { Home } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import { concat, plainRich } from "../text/model.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord, GroupSpeaker } from "./model.ts";
import { groupParts } from "./model.ts";

export interface WithoutRoomsOptions {
  readonly groups: Groups;
  readonly store: Store;
  readonly portals: PortalDirectory;
  /** Late-bound. */
  readonly fleet: () => Pick<Fleet, "record" | "session">;
}

/**
 * A home that has no rooms for groups gets the words in the chats with those who say them, marked with the group they belong
 * to: each of its residents with a seat, in their own. What they answer there goes to that one contact.
 */
export async function withoutRooms(
  o: WithoutRoomsOptions,
  home: Home,
  record: GroupRecord,
  speaker: GroupSpeaker,
  message: GroupMessage,
  key: string,
): Promise<void> {
  // What has no words here, like a reaction that is taken back.
  if (message.text === "") return;
  const { network } = groupParts(record.id);
  const told = new Set<string>();
  for (const seat of record.seats) {
    const owner = await o.groups.ownerOf(seat, home.name);
    if (owner === undefined || told.has(owner)) continue;
    told.add(owner);
    const { address } = accountParts(seat);
    const isOwn = message.from === address;
    const other = isOwn ? record.members.find((member) => member.address !== address)?.address : message.from;
    if (other === undefined) continue;
    const ghost = { network, contact: other };
    const room = await openRoom(o, home, owner, directPortal(seat, ghost), nameOf(o, seat, record, ghost.contact));
    const words = marked(record, speaker, message);
    const each = `${key}|${seat}`;
    if (isOwn)
      await home.deliverOwn(room, ghost, { network, contact: address }, { ...words, own: words.own ?? {} }, each);
    else await home.deliver(room, ghost, words, each);
  }
}

function marked(record: GroupRecord, speaker: GroupSpeaker, message: GroupMessage): GroupMessage {
  const name = record.name === "" ? `to ${record.members.length} people` : `in “${oneLine(record.name, 60)}”`;
  const guest = speaker.kind === "guest" ? `${oneLine(speaker.name, 30)}, ` : "";
  const mark = `(${guest}${name}) `;
  const { about: _, own, ...words } = message;
  const isOwn = speaker.kind === "own" && own !== undefined;
  const rich = words.rich && { rich: concat(plainRich(mark), words.rich) };
  return { ...words, text: `${mark}${words.text}`, ...rich, ...(isOwn && { own }) };
}

function nameOf(o: WithoutRoomsOptions, seat: AccountId, record: GroupRecord, contact: GroupMessage["from"]): string {
  const seen = o.fleet().session(seat)?.contact(contact)?.displayName;
  return seen ?? record.members.find(({ address }) => address === contact)?.name ?? contact;
}
