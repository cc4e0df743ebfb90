import type { Logger } from "pino";
import type { Asker } from "../../commands/group-desk.ts";
import { asBridgeError, BridgeError } from "../../errors.ts";
import type { Fleet } from "../../fleet.ts";
import type { LaneRunner } from "../../lanes.ts";
import type { AccountId, AccountRecord, HomeName, ResidentId } from "../../model.ts";
import { residentParts } from "../../model.ts";
import type { Nudges } from "../../nudges.ts";
import type { PortalDirectory } from "../../portals.ts";
import type { GroupHosting, GroupTalking } from "../../ports/groups.ts";
import { hostsGroups, talksInGroups } from "../../ports/groups.ts";
import type { Home } from "../../ports/home.ts";
import type { Network, Session } from "../../ports/network.ts";
import type { Store } from "../../ports/store.ts";
import type { Groups } from "../groups.ts";
import type { GroupId } from "../model.ts";
import type { Asking } from "../plumbing.ts";

/** What of the groups commands need. */
export type DeskGroups = Pick<
  Groups,
  | "record"
  | "reread"
  | "inTurn"
  | "ofAccount"
  | "ofRoom"
  | "known"
  | "live"
  | "liveNow"
  | "save"
  | "leave"
  | "tie"
  | "mark"
  | "untie"
  | "drop"
  | "view"
  | "residents"
>;

/** What the desk's parts work with. */
export interface DeskOptions {
  readonly groups: DeskGroups;
  readonly store: Pick<Store, "append" | "dropLane" | "held" | "contactsOf" | "allGroups">;
  readonly portals: Pick<PortalDirectory, "ofAccount" | "ofRoom" | "forgetRoom" | "unbind">;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly networks: ReadonlyMap<AccountRecord["network"], Network>;
  readonly fleet: Pick<Fleet, "session" | "record">;
  readonly lanes: () => Pick<LaneRunner, "wake" | "reread">;
  readonly nudges: Nudges;
  /** A mark for words of ours in a group ({@link GroupTalking.sendToGroup}). */
  readonly mark: (group: GroupId, account: AccountId) => Promise<string>;
  /** Of the operator's admins. */
  readonly isAdmin: (resident: ResidentId) => boolean;
  /** Accounts of the operator that may be the relay of any group they are in. */
  readonly isRelay: (account: AccountId) => boolean;
  readonly log: Logger;
}

export function askingOf(o: DeskOptions, { resident, accounts }: Asker): Asking {
  return { resident, accounts: accounts.map(({ id }) => id), isAdmin: o.isAdmin(resident) };
}

/** @throws BridgeError `not-offered` when the resident's home has no rooms for groups. */
export function hostOf(o: DeskOptions, resident: ResidentId): Home & GroupHosting {
  const home = homeOf(o, resident);
  if (hostsGroups(home)) return home;
  throw new BridgeError("not-offered", { network: home.title, detail: "it has no rooms for groups here" });
}

export function homeOf(o: DeskOptions, resident: ResidentId): Home {
  const home = o.homes.get(residentParts(resident).home);
  if (home) return home;
  throw new BridgeError("internal", { detail: "the resident's home is not configured" });
}

export function titleOf(o: DeskOptions, home: HomeName): string {
  return o.homes.get(home)?.title ?? home;
}

/** A live sign-in that can talk in groups. @throws BridgeError `not-signed-in`, `not-offered`. */
export function talking(o: DeskOptions, account: AccountRecord): Session & GroupTalking {
  const session = o.fleet.session(account.id);
  if (!session) throw new BridgeError("not-signed-in", { address: account.address });
  if (talksInGroups(session)) return session;
  const network = o.networks.get(account.network)?.title ?? account.network;
  throw new BridgeError("not-offered", { network, detail: "it has no group chats" });
}

/** For what must not undo what is done already: what went wrong is logged, and resolves with the sentence for the person. */
export async function tried(o: DeskOptions, what: string, act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    const failure = asBridgeError(error);
    o.log.warn({ err: failure }, what);
    return failure.person;
  }
}
