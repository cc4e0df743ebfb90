import { randomUUID } from "node:crypto";
import type { Asker } from "../../commands/group-desk.ts";
import { asBridgeError, BridgeError } from "../../errors.ts";
import { inLanes, shortened } from "../../inbox.ts";
import type { AccountRecord, ContactAddress, GroupMessage, LaneRef, PortalId } from "../../model.ts";
import { accountParts, parseContactAddress, residentParts } from "../../model.ts";
import { notNudged, tooEarly } from "../../nudges.ts";
import { directPortal, ghostOf } from "../../portals.ts";
import type { GroupHosting } from "../../ports/groups.ts";
import type { Home } from "../../ports/home.ts";
import { holdsWords, type Session, sendsNudges } from "../../ports/network.ts";
import { inLane } from "../groups.ts";
import type { GroupRecord, LiveGroup } from "../model.ts";
import { groupId, seatOf, setKey } from "../model.ts";
import { seatsOf } from "../plumbing.ts";
import type { Catalogue } from "./catalogue.ts";
import { nameOf } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { homeOf, hostOf, talking, titleOf, tried } from "./desk-options.ts";

/** The words that stand for a nudge where there is none. */
const NUDGED = "sent a nudge";

/** `chat` with several: calls them into a conversation, and opens the room of it. */
export async function start(
  o: DeskOptions,
  asker: Asker,
  account: AccountRecord,
  members: readonly ContactAddress[],
): Promise<string> {
  const home = hostOf(o, asker.resident);
  const others = [...new Set(members)].filter((one) => one !== account.address);
  if (others.length < 2)
    throw new BridgeError("bad-input", { detail: "a group chat needs two contacts besides yourself" });
  const { record, live } = await atOnce(
    () => together(o, account, others),
    `${others.join(", ")} cannot be reached now, and a group chat begins with somebody who is there; \`contacts\` shows who is`,
  );
  await openRoom(o, record, home);
  const name = nameOf(record, [account]);
  const missing = others.filter((one) => !live.members.some(({ address }) => address === one));
  const left = missing.length === 0 ? "" : ` ${missing.join(", ")} did not come; \`invite\` them when they are there.`;
  return `Your room with ${name} is open; if your client asks first, look among your invitations.${left}`;
}

/** What a command does is not kept when it fails: the reason is told without a `retry`. `nobody`: why, when nobody is there. */
async function atOnce<T>(
  act: () => Promise<T>,
  nobody = "nobody of this group can be reached now. Say it again when somebody is there",
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const failure = asBridgeError(error);
    const { address = "the contact", detail } = failure.context;
    if (failure.code === "group-gone") throw new BridgeError("group-refused", { detail: detail ?? nobody });
    if (failure.code === "contact-offline")
      throw new BridgeError("group-refused", { detail: `${address} is offline. Say it again when they are back` });
    if (failure.code === "send-failed")
      throw new BridgeError("group-refused", { detail: detail ?? "the MSN server refused it" });
    throw failure;
  }
}

/** The conversation of just these people: the one in which they were before, else a new one. */
async function together(
  o: DeskOptions,
  account: AccountRecord,
  others: readonly ContactAddress[],
): Promise<{ record: GroupRecord; live: LiveGroup }> {
  const known = await o.groups.record(groupId(account.network, setKey([account.address, ...others])));
  if (known?.seats.includes(account.id)) return { record: known, live: (await o.groups.live(account, known.id)).live };
  const live = await talking(o, account).startGroup(others);
  return { record: await o.groups.known(account, live), live };
}

/** The group's room in a home; made when there is none. */
async function openRoom(o: DeskOptions, record: GroupRecord, home: Home & GroupHosting): Promise<void> {
  if (record.rooms.some((room) => room.home === home.name)) return;
  const room = await home.openGroup(await o.groups.view(record, home.name));
  await o.groups.tie(record.id, { home: home.name, room });
}

/** `invite`: another contact comes into the group. */
export async function invite(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  contact: ContactAddress,
  what: string | undefined,
): Promise<string> {
  const record = await catalogue.group(asker, what);
  const account = speaker(asker, record);
  if (record.members.some(({ address, role }) => address === contact && role !== "pending"))
    throw new BridgeError("group-refused", { detail: `${contact} is in "${nameOf(record, asker.accounts)}" already` });
  await atOnce(async () => {
    const { session, handle } = await o.groups.live(account, record.id);
    await session.inviteToGroup(handle, contact);
  });
  return record.kind === "circle"
    ? `${contact} is invited into the circle "${nameOf(record, asker.accounts)}" and is in it when they agree.`
    : `${contact} has been called into "${nameOf(record, asker.accounts)}".`;
}

/** The asker's account in the group. @throws BridgeError `group-refused`. */
export function speaker(asker: Asker, record: GroupRecord): AccountRecord {
  const [seat] = seatsOf(
    record,
    asker.accounts.map(({ id }) => id),
  );
  const account = asker.accounts.find(({ id }) => id === seat);
  if (account) return account;
  throw new BridgeError("group-refused", {
    detail: `you have no account in "${nameOf(record, asker.accounts)}"; somebody who is in it has to do that`,
  });
}

/** `nudge`: rings a contact, or a whole group. */
export async function nudge(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  who: string | undefined,
): Promise<string> {
  const contact = who === undefined ? undefined : addressIn(who);
  if (contact !== undefined) return nudgeContact(o, asker, accountFor(o, asker, contact), contact);
  const entry = await catalogue.find(asker, who);
  if (entry.kind === "direct") return nudgeContact(o, asker, entry.account, ghostOf(entry.id).contact);
  const record = "record" in entry ? entry.record : await o.groups.known(entry.account, entry.live);
  return nudgeGroup(o, asker, record);
}

function addressIn(text: string): ContactAddress | undefined {
  try {
    return parseContactAddress(text);
  } catch {
    return undefined;
  }
}

/** Of several accounts the one that has the contact on its list. @throws BridgeError `bad-input`, `not-linked`. */
function accountFor(o: DeskOptions, { accounts }: Asker, contact: ContactAddress): AccountRecord {
  const knowing = accounts.filter(({ id }) => o.fleet.session(id)?.contact(contact)?.listed);
  const [first, second] = knowing.length > 0 ? knowing : accounts;
  if (!first) throw new BridgeError("not-linked");
  if (second)
    throw new BridgeError("bad-input", {
      detail: `several of your accounts could nudge ${contact}; say it in the room, or the number from \`portals\``,
    });
  return first;
}

async function nudgeContact(
  o: DeskOptions,
  asker: Asker,
  account: AccountRecord,
  contact: ContactAddress,
): Promise<string> {
  const session = o.fleet.session(account.id);
  if (!session) throw new BridgeError("not-signed-in", { address: account.address });
  if (!sendsNudges(session))
    throw new BridgeError("not-offered", { network: networkOf(o, account), detail: "it has no nudges" });
  const portal = directPortal(account.id, { network: account.network, contact });
  const early = await ring(o, portal, async () => {
    await session.sendNudge(contact);
    hold(asker, session);
  });
  if (early !== undefined) return `${contact} was not nudged again. ${early}`;
  const lanes = inLanes(account, contact).filter(({ home }) => home !== homeOf(o, asker.resident).name);
  await elsewhere(o, asker, account, lanes);
  return `You have nudged ${contact}.`;
}

async function nudgeGroup(o: DeskOptions, asker: Asker, record: GroupRecord): Promise<string> {
  const name = nameOf(record, asker.accounts);
  const account = speaker(asker, record);
  const early = await ring(o, seatOf(account.id, record.id), async () => {
    const { session, handle } = await o.groups.live(account, record.id);
    await session.nudgeGroup(handle, await o.mark(record.id, account.id));
    hold(asker, session);
  });
  if (early !== undefined) return `"${name}" was not nudged again. ${early}`;
  const { home } = residentParts(asker.resident);
  const lanes = record.rooms.flatMap((room) => (room.home === home ? [] : [inLane(record.id, room.home)]));
  await elsewhere(o, asker, account, lanes);
  return `You have nudged everybody in "${name}".`;
}

/** At the client's own pace; resolves with what to say when it is too early for another one. */
async function ring(o: DeskOptions, portal: PortalId, send: () => Promise<void>): Promise<string | undefined> {
  const left = o.nudges.take(portal);
  if (left > 0) return tooEarly(left);
  try {
    await send();
    return undefined;
  } catch (error) {
    o.nudges.giveBack(portal);
    throw notNudged(asBridgeError(error));
  }
}

/** As with words: nothing more is said before it is noted, or a crash would have two things come again. */
function hold({ noted }: Asker, session: Session): void {
  if (noted && holdsWords(session)) session.holdNext(noted);
}

/** The nudge as one's own in the other homes that have the chat. Best effort: it has gone out already. */
async function elsewhere(
  o: DeskOptions,
  asker: Asker,
  { id, address }: AccountRecord,
  lanes: readonly LaneRef[],
): Promise<void> {
  const { home } = residentParts(asker.resident);
  const own = { device: titleOf(o, home) };
  const fromName = o.fleet.session(id)?.displayName ?? address;
  const words: GroupMessage = {
    kind: "notice",
    from: address,
    fromName,
    text: NUDGED,
    nudge: true,
    at: Date.now(),
    own,
  };
  const message = shortened(words);
  await tried(o, "a nudge not shown elsewhere", async () => {
    for (const lane of lanes) {
      await o.store.append(lane, { from: "network", message, at: Date.now() }, `nudge|${randomUUID()}`);
      o.lanes().wake(lane);
    }
  });
}

function networkOf(o: DeskOptions, { id }: AccountRecord): string {
  const { network } = accountParts(id);
  return o.networks.get(network)?.title ?? network;
}
