/** What the ways to the network have in common: holding, parking, refusing and telling. */
import { asBridgeError, BridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { Outcome } from "./lanes.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountRecord,
  HomeEvent,
  LaneEntry,
  MessageId,
  PortalId,
  PortalRoom,
  PuppetState,
  ResidentId,
} from "./model.ts";
import { laneName, portalParts, residentParts } from "./model.ts";
import type { Home } from "./ports/home.ts";
import { holdsWords, type Network, type Session } from "./ports/network.ts";
import type { AccountStore } from "./ports/store.ts";
import { spokenBy, spokenRich } from "./speaker.ts";
import type { StandIns } from "./stand-ins.ts";
import type { RichText } from "./text/model.ts";

export interface SendingOptions {
  readonly fleet: Fleet;
  readonly networks: ReadonlyMap<AccountRecord["network"], Network>;
  readonly meter: Meter;
  /** How long words wait for a network that is away before they are parked. */
  readonly holdMinutes: number;
}

/** An entry on its way to the network. */
export interface Sending {
  readonly entry: LaneEntry;
  readonly home: Home;
  /** Through which it goes. */
  readonly account: AccountRecord;
  /** Who lets it speak for people without one; absent: it is the resident's own. */
  readonly lentBy?: ResidentId;
  /** Who said it, and hears what becomes of it. */
  readonly resident: ResidentId;
  readonly at: number;
  readonly standIns: StandIns;
  /** Settles when what becomes of the entry is stored. */
  readonly left: Promise<void>;
}

/** While a puppet is on its way the lane is nudged by its state; this is only the net below. */
const LOOK_AGAIN_MS = 5000;

/** Whose way to the network a lane is; not linked any more: `undefined`. @throws BridgeError `store-down`. */
export async function accountOf(
  o: { readonly fleet: Pick<Fleet, "record">; readonly store: Pick<AccountStore, "account"> },
  portal: PortalId,
): Promise<AccountRecord | undefined> {
  const { account } = portalParts(portal);
  return o.fleet.record(account) ?? (await o.store.account(account));
}

export function titleOf(o: SendingOptions, account: AccountRecord): string {
  return o.networks.get(account.network)?.title ?? account.network;
}

/** It came from a home that is not configured any more, and must not hold up the others: the owner finds it when it is. */
export function unread(owner: ResidentId | undefined): Outcome {
  if (!owner) return { kind: "done" };
  const { failure } = new BridgeError("send-failed", { detail: "the place you said it in was gone" });
  return { kind: "park", resident: owner, message: undefined, failure, report: undefined };
}

export async function perform(home: Home, raw: unknown): Promise<Outcome> {
  await home.perform(raw);
  return { kind: "done" };
}

/** Words, and the same with their looks where they have any; `instead`: of what they only tell. */
export type Words = { readonly text: string; readonly rich?: RichText; readonly instead?: string };

/** What the contact is to read. */
export function wordsOf(event: HomeEvent & { kind: "text" | "command" }): Words {
  if (event.kind === "command") return { text: event.line };
  const { text, rich, speaker, instead } = event;
  const names = instead === undefined ? {} : { instead };
  if (speaker === undefined) return { text, ...(rich && { rich }), ...names };
  return { text: spokenBy(speaker, text), ...(rich && { rich: spokenRich(speaker, rich) }), ...names };
}

export function key(what: string, entry: LaneEntry): string {
  return `${what}|${laneName(entry.lane)}|${entry.id}`;
}

/** Says something through the account's session, now or never; the outcome when that could not be. */
export async function attempt<T>(
  o: SendingOptions,
  work: Sending,
  message: MessageId,
  room: PortalRoom["room"],
  send: (session: Session) => Promise<T>,
): Promise<{ readonly result: T } | Outcome> {
  const puppet = o.fleet.puppet(work.account.id);
  // An account without a puppet here is on its way: its shard is being loaded, or it is being linked again.
  const { halt } = work.account;
  const state: PuppetState = puppet?.state ?? (halt === "none" ? "waiting" : halt);
  const session = puppet?.session;
  const title = titleOf(o, work.account);
  if (!session) return notOn(o, work, message, room, state, title);
  let result: T;
  try {
    result = await send(session);
    if (holdsWords(session)) session.holdNext(work.left);
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.code === "network-down") return notOn(o, work, message, room, "waiting", title);
    if (failure.retry !== "now") return parked(o, work, message, room, failure);
    const waited = Date.now() - work.at;
    if (waited < o.holdMinutes * 60_000) throw failure;
    const detail = `${title} has asked to go slower for ${Math.round(waited / 60_000)} minutes`;
    return parked(o, work, message, room, new BridgeError("send-failed", { detail }));
  }
  o.meter.observe("msnb_delivery_seconds", { from: "home", to: "network" }, (Date.now() - work.at) / 1000);
  o.meter.count("msnb_events_total", { from: "home", to: "network", kind: "text", result: "delivered" });
  return { result };
}

/** That no more than a line has gone out, where the sender may think otherwise. */
export async function tellOfStandIn(
  { home, resident, standIns, entry }: Sending,
  { text, instead }: Words,
  room: PortalRoom["room"],
  network: string,
): Promise<void> {
  if (instead === undefined) return;
  const say = (told: string): Promise<unknown> => home.say(resident, room, told, key("stand-in", entry));
  await standIns.tell({ resident, room }, { what: instead, text, network }, say);
}

/** Words wait for a puppet that is on its way, and are parked where only a person can help. */
function notOn(
  o: SendingOptions,
  work: Sending,
  message: MessageId,
  room: PortalRoom["room"],
  state: PuppetState,
  network: string,
): Outcome {
  if (state === "signed-out" || state === "elsewhere" || state === "bad-password")
    return parked(o, work, message, room, halted(work, state, network));
  const waited = Date.now() - work.at;
  if (waited > o.holdMinutes * 60_000) {
    return parked(
      o,
      work,
      message,
      room,
      new BridgeError("network-down-long", { network, minutes: Math.round(waited / 60_000) }),
    );
  }
  return { kind: "hold", ms: LOOK_AGAIN_MS, why: "network-down" };
}

/** What is not theirs is not for them to mend. */
export function halted({ account, lentBy }: Sending, halt: Halt, network: string): BridgeError {
  const { address } = account;
  if (lentBy !== undefined)
    return new BridgeError("relay-away", { address, detail: HALTED[halt], whom: residentParts(lentBy).id });
  return new BridgeError(halt, halt === "bad-password" ? { address, network } : {});
}

type Halt = "signed-out" | "elsewhere" | "bad-password";

const HALTED: Readonly<Record<Halt, string>> = {
  "signed-out": "is signed out",
  elsewhere: "has signed in somewhere else",
  "bad-password": "cannot sign in with the password that it had",
};

export function parked(
  o: SendingOptions,
  work: Sending,
  message: MessageId,
  room: PortalRoom["room"],
  error: BridgeError,
): Outcome {
  o.meter.count("msnb_events_total", { from: "home", to: "network", kind: "text", result: error.code });
  const { failure } = error;
  const target = { home: work.home.name, room, resident: work.resident };
  return {
    kind: "park",
    resident: work.resident,
    message,
    failure,
    report: () => work.home.reportFailure(target, message, failure, key("failure", work.entry)),
  };
}

/** Content that cannot go is refused for good: told, and not kept. */
export async function refuse(
  work: Sending,
  event: Exclude<HomeEvent, { kind: "own" }>,
  what: string,
): Promise<Outcome> {
  if (!("message" in event)) return { kind: "done" };
  const { failure } = new BridgeError("unsupported", { detail: what });
  const room = { home: work.home.name, room: event.room, resident: event.resident };
  await work.home.reportFailure(room, event.message, failure, key("refused", work.entry));
  return { kind: "done" };
}
