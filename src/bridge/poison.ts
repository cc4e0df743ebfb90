import type { BridgeError } from "./errors.ts";
import { asBridgeError } from "./errors.ts";
import type { Groups } from "./groups/groups.ts";
import { groupOfSeat, isGroup } from "./groups/model.ts";
import type { Outcome } from "./lanes.ts";
import type { Failure, HomeEvent, HomeName, LaneEntry, PortalId, ResidentId } from "./model.ts";
import { laneName, ownerIn, portalParts, residentParts } from "./model.ts";
import type { Home } from "./ports/home.ts";
import type { AccountStore } from "./ports/store.ts";

export interface PoisonOptions {
  readonly store: AccountStore;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly groups: Pick<Groups, "record" | "residents">;
}

/**
 * Ends an entry that cannot be handled, so that its lane goes on: a portal's entry is parked with a notice to the owner in
 * its home, what was said to the bridge itself is answered with the reason (the person can say it again).
 */
export function poisonHandler(o: PoisonOptions): (entry: LaneEntry, error: BridgeError) => Promise<Outcome> {
  return async (entry, error) => {
    const { lane } = entry;
    const event = readAgain(o, entry);
    // What concerns the home alone has nobody to tell; the log has it.
    if (event?.kind === "own") return { kind: "done" };
    const { failure } = error;
    const key = `poison|${laneName(lane)}|${entry.id}`;
    if (lane.kind === "control") {
      await tell(o, lane.resident, failure.text, key);
      return { kind: "done" };
    }
    const name = homeOf(entry);
    const home = name && o.homes.get(name);
    const owner = name && (await ownerOf(o, lane.portal, name, event));
    if (!home || !owner) return { kind: "done" };
    return { kind: "park", resident: owner, failure, ...notice(home, owner, event, failure, key) };
  };
}

/** Who is told: the account's owner, or in groups who said it, else somebody of that home who is in it. */
async function ownerOf(
  o: PoisonOptions,
  portal: PortalId,
  home: HomeName,
  event: Exclude<HomeEvent, { kind: "own" }> | undefined,
): Promise<ResidentId | undefined> {
  const group = isGroup(portal) ? portal : groupOfSeat(portal);
  if (group && event && residentParts(event.resident).home === home) return event.resident;
  if (group && isGroup(portal)) {
    const record = await o.groups.record(group);
    return record && (await o.groups.residents(record, home))[0];
  }
  const account = await o.store.account(portalParts(portal).account);
  return account && ownerIn(account, home);
}

/** The home that a portal's entry came from or goes to. */
function homeOf({ lane, body }: LaneEntry): HomeName | undefined {
  if (body.from === "home") return body.home;
  return lane.kind === "in" ? lane.home : undefined;
}

function notice(
  home: Home,
  owner: ResidentId,
  event: HomeEvent | undefined,
  failure: Failure,
  key: string,
): Pick<Outcome & { kind: "park" }, "message" | "report"> {
  if (event && "message" in event && event.resident === owner) {
    const room = { home: home.name, room: event.room, resident: owner };
    return { message: event.message, report: () => home.reportFailure(room, event.message, failure, key) };
  }
  return { message: undefined, report: () => home.say(owner, undefined, failure.text, key) };
}

/** Best effort for what will not be told, but waits for a home that is down. @throws BridgeError `home-down`, `home-busy`. */
async function tell(o: PoisonOptions, resident: ResidentId, text: string, key: string): Promise<void> {
  try {
    await o.homes.get(residentParts(resident).home)?.say(resident, undefined, text, key);
  } catch (error) {
    const { retry } = asBridgeError(error);
    if (retry === "now" || retry === "wait") throw error;
  }
}

/** Reading may be what fails. */
function readAgain(o: PoisonOptions, { body }: LaneEntry): HomeEvent | undefined {
  if (body.from !== "home") return undefined;
  try {
    return o.homes.get(body.home)?.read(body.raw);
  } catch {
    return undefined;
  }
}
