/** Nudges on their way to the network, from a chat with one contact or from a group. */
import { asBridgeError, BridgeError } from "./errors.ts";
import type { Outcome } from "./lanes.ts";
import type { HomeEvent, PortalId, PuppetState } from "./model.ts";
import { type Nudges, notNudged, tooEarly } from "./nudges.ts";
import { holdsWords, type Session } from "./ports/network.ts";
import { halted, key, type Sending, type SendingOptions, titleOf } from "./sending.ts";

export interface NudgingOptions extends SendingOptions {
  readonly nudges: Nudges;
}

/** So long a nudge waits for its account to be signed in: a restart of the bridge is over by then. */
const WAIT_MS = 60_000;
/** While the puppet is on its way the lane is woken by its state; this is only the net below. */
const LOOK_AGAIN_MS = 5000;

type Nudge = HomeEvent & { readonly kind: "nudge" };

/**
 * Nudges through the account's session; `undefined`: it went. A nudge is of the moment: it waits for its account while that is
 * on its way, a minute at most, and for nothing else. What cannot be nudged then is told so, and not kept. `portal`: as for
 * {@link Nudges.take}.
 */
export async function nudged(
  o: NudgingOptions,
  work: Sending,
  event: Nudge,
  portal: PortalId,
  nudge: (session: Session) => Promise<void>,
): Promise<Outcome | undefined> {
  const session = o.fleet.session(work.account.id);
  if (!session) return notOn(o, work, event);
  const early = o.nudges.take(portal);
  if (early > 0) return tell(work, event, new BridgeError("not-nudged"), `Not nudged. ${tooEarly(early)}`);
  try {
    await nudge(session);
    if (holdsWords(session)) session.holdNext(work.left);
    return undefined;
  } catch (error) {
    o.nudges.giveBack(portal);
    return tell(work, event, notNudged(asBridgeError(error)));
  }
}

async function notOn(o: NudgingOptions, work: Sending, event: Nudge): Promise<Outcome> {
  const { id, halt, address } = work.account;
  const state: PuppetState = o.fleet.puppet(id)?.state ?? (halt === "none" ? "waiting" : halt);
  const network = titleOf(o, work.account);
  if (state === "signed-out" || state === "elsewhere" || state === "bad-password")
    return tell(work, event, notNudged(halted(work, state, network)));
  if (Date.now() - work.at <= WAIT_MS) return { kind: "hold", ms: LOOK_AGAIN_MS, why: "network-down" };
  return tell(work, event, notNudged(new BridgeError("network-down", { address, network })));
}

async function tell(
  { home, entry }: Sending,
  { room, resident, message }: Nudge,
  { failure }: BridgeError,
  text = failure.text,
): Promise<Outcome> {
  const target = { home: home.name, room, resident };
  await home.reportFailure(target, message, { ...failure, text }, key("nudge", entry));
  return { kind: "done" };
}
