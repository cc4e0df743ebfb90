import type { LaneRunner, Outcome } from "./lanes.ts";
import type { AccountId, EntryId, HomeEvent, LaneEntry, LaneRef } from "./model.ts";
import { portalParts } from "./model.ts";
import type { Home } from "./ports/home.ts";
import type { LaneStore } from "./ports/store.ts";
import { MOST_PARKED } from "./ports/store.ts";

export interface AgainOptions {
  readonly store: Pick<LaneStore, "read" | "retry" | "parked">;
  readonly lanes: () => LaneRunner;
  readonly home: Home;
  readonly account: AccountId;
  /** Other lanes in which it may have been stored. */
  readonly others?: readonly OutLane[];
}

export type OutLane = LaneRef & { readonly kind: "out" };

type Again = HomeEvent & { kind: "again" };

/** Entries read from Redis at once. */
const PAGE = 64;
/** The end of an entry that was handled before this one may still be on its way to Redis. */
const LEAVING_MS = 100;

/**
 * A message that was stored already is said again under its name: its sender has heard neither of its arrival nor of its
 * failure. What still waits needs nothing; what is parked is tried again; what has left its lane otherwise has arrived, and
 * its sender hears it now.
 */
export async function again(o: AgainOptions, entry: LaneEntry, event: Again): Promise<Outcome> {
  switch (await place(o, entry, event)) {
    case "before":
      return { kind: "hold", ms: LEAVING_MS, why: "leaving" };
    case "behind":
      return { kind: "done" };
    case "gone":
      for (const lane of o.others ?? [])
        if ((await place(o, { ...entry, lane }, event)) !== "gone") return { kind: "done" };
      return fromParked(o, entry, event);
  }
}

/** Where in the lane the original is, seen from where it is said again. */
async function place(o: AgainOptions, { lane, id }: LaneEntry, event: Again): Promise<"before" | "behind" | "gone"> {
  let isBehind = false;
  let after: EntryId | undefined;
  for (;;) {
    const page = await o.store.read(lane, after, PAGE);
    for (const one of page) {
      if (one.id === id) isBehind = true;
      else if (isOriginal(o.home, one, event)) return isBehind ? "behind" : "before";
    }
    if (page.length < PAGE) return "gone";
    after = page.at(-1)?.id;
  }
}

function isOriginal(home: Home, { body }: LaneEntry, event: Again): boolean {
  if (body.from !== "home" || body.home !== home.name) return false;
  const said = home.read(body.raw);
  return said?.kind === "text" && said.room === event.room && event.is(said.message);
}

/** The same name may stand for something else in another chat. */
async function fromParked(o: AgainOptions, { lane }: LaneEntry, event: Again): Promise<Outcome> {
  const others = (o.others ?? []).map((one) => ({ lane: one, account: portalParts(one.portal).account }));
  for (const one of [{ lane, account: o.account }, ...others]) {
    const parked = await o.store.parked(one.account, event.resident, one.lane);
    const original = parked.find(({ message }) => message !== undefined && event.is(message));
    if (original) {
      const back = await o.store.retry(one.account, original.place);
      if (back) o.lanes().wake(back);
      return { kind: "done" };
    }
    // Not all that is parked may have been seen.
    if (parked.length >= MOST_PARKED) return { kind: "done" };
  }
  return { kind: "done", after: () => o.home.confirm(event.room, event.message) };
}
