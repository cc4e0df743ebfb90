import type { CommandServices } from "./commands/services.ts";
import { BridgeError } from "./errors.ts";
import type { AccountRecord, ResidentId } from "./model.ts";
import { directConversation, portalId, portalParts, residentParts } from "./model.ts";
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
  /** The account is unlinked. */
  readonly unlinked: (account: AccountRecord) => void;
}

/** What the commands can do, done by the core's parts. */
export function createServices(o: ServicesOptions): CommandServices {
  const { store, fleet, lanes, networks } = o;
  const title = (network: AccountRecord["network"]): string => networks.get(network)?.title ?? network;
  const homeOf = (resident: ResidentId): Home | undefined => o.homes.get(residentParts(resident).home);
  return {
    issueLink: async (resident) => {
      if (!o.mayLink(resident)) throw new BridgeError("not-allowed");
      return o.desk().issue({ resident });
    },
    unlink: async (account) => {
      // Whoever has no account left has no words from elsewhere either. This first: after the account nobody would ask again.
      const home = homeOf(account.owner);
      const others = (await store.accountsOf(account.owner)).filter(({ id }) => id !== account.id);
      if (home && doublePuppets(home) && others.length === 0) await home.dropPuppet(account.owner);
      await unlink(o, account);
    },
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
    openChat: async (account, contact) => {
      const home = homeOf(account.owner);
      if (!home) throw new BridgeError("internal", { detail: "the owner's home is not configured" });
      const portal = portalId(account.id, directConversation(contact));
      await openChat(o, home, account, portal);
      return `Your room with ${home.ghostLabel(ghostOf(portal))} is open; if your client asks first, look among your invitations.`;
    },
    wish: (account, change) => fleet.wish(account.id, change.availability, change.text),
    parked: (account) => store.parked(account.id),
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
    title,
  };
}

async function unlink(o: ServicesOptions, account: AccountRecord): Promise<void> {
  const { id } = account;
  await o.fleet.remove(id);
  const portals = await o.portals.ofAccount(id);
  try {
    await o.store.unlink(id);
  } finally {
    o.told.forget(id);
    o.portals.forget(portals);
    o.lanes().reread((lane) => lane.kind !== "control" && portalParts(lane.portal).account === id);
  }
  o.unlinked(account);
}

function liveOf(o: ServicesOptions, account: AccountRecord): Session {
  const session = o.fleet.session(account.id);
  if (session) return session;
  throw new BridgeError("not-signed-in", { address: account.address });
}
