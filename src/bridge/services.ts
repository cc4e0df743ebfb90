import type { GroupDesk } from "./commands/group-desk.ts";
import type { CommandServices } from "./commands/services.ts";
import { BridgeError } from "./errors.ts";
import type { AccountId, AccountRecord, HomeName, ResidentId } from "./model.ts";
import { directConversation, ownerIn, portalId, portalParts, residentParts } from "./model.ts";
import type { OutboundOptions } from "./outbound.ts";
import { openChat } from "./outbound.ts";
import { ghostOf } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { doublePuppets, followsOwners } from "./ports/home.ts";
import type { LinkDesk } from "./ports/linking.ts";
import type { Session } from "./ports/network.ts";
import { editsContacts, listsDevices } from "./ports/network.ts";
import type { Requests } from "./requests.ts";
import type { Told } from "./told.ts";

export interface ServicesOptions extends OutboundOptions {
  readonly desk: () => LinkDesk;
  readonly mayLink: (resident: ResidentId) => boolean;
  readonly requests: Requests;
  readonly told: Told;
  readonly groups: GroupDesk;
  /** Before the account goes; the function deals, afterwards, with what others have said through it and what has not gone. */
  readonly wordsOfOthers: (account: AccountRecord) => Promise<() => Promise<void>>;
  /** These owners have the account no longer, at the word of one of them. */
  readonly unlinked: (account: AccountRecord, owners: readonly ResidentId[], by: ResidentId) => void;
}

/** What the commands can do, done by the core's parts. */
export function createServices(o: ServicesOptions): CommandServices {
  const { store, fleet, lanes, networks } = o;
  const title = (network: AccountRecord["network"]): string => networks.get(network)?.title ?? network;
  const homeOf = (resident: ResidentId): Home | undefined => o.homes.get(residentParts(resident).home);
  const place = (owner: ResidentId): string => homeOf(owner)?.title ?? residentParts(owner).home;
  return {
    issueLink: async (resident) => {
      if (!o.mayLink(resident)) throw new BridgeError("not-allowed");
      return o.desk().issue({ resident });
    },
    unlink: async (account, by, everywhere) => {
      // Whoever has no account left has no words from elsewhere either. This first: after the account nobody would ask again.
      for (const leaving of everywhere ? account.owners : [by]) {
        const home = homeOf(leaving);
        const others = (await store.accountsOf(leaving)).filter(({ id }) => id !== account.id);
        if (home && doublePuppets(home) && others.length === 0) await home.dropPuppet(leaving);
      }
      return (await unlink(o, account, by, everywhere)).map(place);
    },
    elsewhere: (account, owner) => account.owners.filter((one) => one !== owner).map(place),
    state: (account) => {
      const puppet = fleet.puppet(account.id);
      return {
        state: puppet?.state ?? "signed-out",
        dialect: puppet?.session?.dialect,
        ...(puppet?.trouble ?? { why: undefined, retryAt: undefined }),
      };
    },
    waiting: async (account) => {
      const waiting = lanes()
        .snapshot()
        .filter(({ lane }) => lane.kind === "out" && portalParts(lane.portal).account === account.id);
      const depths = await Promise.all(waiting.map(({ lane }) => store.depth(lane)));
      return depths.reduce((sum, depth) => sum + depth, 0);
    },
    contacts: async (account) => {
      const session = fleet.session(account.id);
      return session ? [...session.contacts()] : store.contactsOf(account.id);
    },
    openChat: async (account, owner, contact) => {
      const home = homeOf(owner);
      if (!home) throw new BridgeError("internal", { detail: "the owner's home is not configured" });
      const portal = portalId(account.id, directConversation(contact));
      await openChat(o, home, account, owner, portal);
      return `Your room with ${home.ghostLabel(ghostOf(portal))} is open; if your client asks first, look among your invitations.`;
    },
    wish: (account, change) => fleet.wish(account.id, change.availability, change.text),
    parked: (account, owner) => store.parked(account.id, owner),
    retry: async (account, message) => {
      const lane = await store.retry(account.id, message);
      if (lane) lanes().wake(lane);
      return lane !== undefined;
    },
    list: (account) => {
      const session = liveOf(o, account);
      if (editsContacts(session)) return session;
      throw new BridgeError("not-offered", { network: title(account.network) });
    },
    answered: (account, contact) => o.requests.answered(account, contact),
    places: (account) => {
      const session = liveOf(o, account);
      if (listsDevices(session)) return session;
      throw new BridgeError("not-offered", { network: title(account.network) });
    },
    resume: (account) => fleet.resume(account.id),
    puppetAccess: async (resident) => {
      const home = homeOf(resident);
      return home && doublePuppets(home) ? home.puppetAccess(resident) : undefined;
    },
    issuePuppetPage: (resident) => o.desk().issue({ resident, purpose: "puppet" }),
    dropPuppet: async (resident) => {
      const home = homeOf(resident);
      if (home && doublePuppets(home)) await home.dropPuppet(resident);
    },
    follows: async (resident) => {
      const home = homeOf(resident);
      return home && followsOwners(home) ? home.follows(resident) : undefined;
    },
    setFollows: async (resident, follows) => {
      const home = homeOf(resident);
      if (home && followsOwners(home)) await home.setFollows(resident, follows);
    },
    groups: o.groups,
    title,
  };
}

/** Resolves with the owners who remain. */
async function unlink(
  o: ServicesOptions,
  account: AccountRecord,
  by: ResidentId,
  everywhere: boolean,
): Promise<readonly ResidentId[]> {
  const { id } = account;
  const gone = everywhere ? account.owners : [by];
  const staying = account.owners.filter((one) => !gone.includes(one));
  // While somebody stays, so does the sign-in.
  if (staying.length === 0) await o.fleet.remove(id);
  const dealWithOthers = staying.length === 0 ? await o.wordsOfOthers(account) : undefined;
  const portals = await o.portals.ofAccount(id);
  let left: readonly ResidentId[] = staying;
  try {
    left = await o.store.unlink(id, everywhere ? undefined : by);
  } finally {
    if (left.length === 0) {
      o.told.forget(id);
      o.portals.forget(portals);
    }
    const isGone = (home: HomeName): boolean => ownerIn({ owners: left }, home) === undefined;
    o.lanes().reread(
      (lane) =>
        lane.kind !== "control" &&
        portalParts(lane.portal).account === id &&
        (left.length === 0 || (lane.kind === "in" && isGone(lane.home))),
    );
  }
  await settle(o, id, left);
  if (left.length === 0) await dealWithOthers?.();
  if (left.length > 0) await o.portals.reload(id, portals);
  o.unlinked(account, gone, by);
  return left;
}

/** The fleet knows who has the account now, also when somebody has linked or unlinked it meanwhile. */
async function settle(o: ServicesOptions, id: AccountId, owners: readonly ResidentId[]): Promise<void> {
  if (owners.length === 0) {
    // Who has linked it anew since puts it into the fleet.
    const anew = await o.store.account(id).catch(() => undefined);
    return anew ? undefined : o.fleet.remove(id);
  }
  if (o.fleet.record(id)) return o.fleet.owned(id, owners);
  const record = await o.store.account(id);
  if (record) await o.fleet.adopt(record);
}

function liveOf(o: ServicesOptions, account: AccountRecord): Session {
  const session = o.fleet.session(account.id);
  if (session) return session;
  throw new BridgeError("not-signed-in", { address: account.address });
}
