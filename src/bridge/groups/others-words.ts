import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../errors.ts";
import { passOn } from "../forwarding.ts";
import type { LaneRunner } from "../lanes.ts";
import type { AccountRecord, EntryId, HomeEvent, HomeName, LaneEntry, MessageId, ResidentId } from "../model.ts";
import { residentParts } from "../model.ts";
import type { Home } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import type { Groups } from "./groups.ts";
import type { GroupId, GroupRecord } from "./model.ts";
import { seatLane } from "./model.ts";
import type { GroupRouting } from "./routing.ts";
import { labelOf } from "./view.ts";

export interface OthersWordsOptions {
  readonly store: Pick<Store, "groupsOf" | "read" | "parked" | "append">;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly groups: Pick<Groups, "reread">;
  readonly routing: Pick<GroupRouting, "speaksBy">;
  readonly lanes: () => Pick<LaneRunner, "wake">;
  /** Beside the room, until it is heard. */
  readonly tell: (owners: readonly ResidentId[], text: string, key: string) => void;
  readonly log: Logger;
}

interface Word {
  readonly resident: ResidentId;
  readonly message: MessageId | undefined;
  /** It waits; absent: it was put aside. */
  readonly entry?: LaneEntry;
  /** The same for each telling. */
  readonly key: string;
}

/** Entries read at once, and of a group at most. */
const PAGE = 64;
const MOST = 1_000;

/**
 * Before the account goes: what people who do not own it have said through it, and what waits or was put aside. The function
 * deals with it when the account is gone: it goes on through who speaks for them now, or they hear that it does not.
 * @throws BridgeError `store-down`.
 */
export async function wordsOfOthers(o: OthersWordsOptions, account: AccountRecord): Promise<() => Promise<void>> {
  const all: { group: GroupRecord; words: readonly Word[] }[] = [];
  for (const group of await o.store.groupsOf(account.id)) {
    const words = [...(await putAside(o, account, group.id)), ...(await waiting(o, account, group.id))];
    if (words.length > 0) all.push({ group, words });
  }
  return async () => {
    // Nobody who unlinks waits for a home that is away once for each word.
    const silent = new Set<HomeName>();
    for (const { group, words } of all)
      for (const word of words)
        await settle(o, group, word, silent).catch((error: unknown) =>
          o.log.warn({ err: asBridgeError(error), group: group.id }, "words of somebody whose relay is gone are lost"),
        );
  };
}

async function putAside(o: OthersWordsOptions, { id, owners }: AccountRecord, group: GroupId): Promise<Word[]> {
  const parked = await o.store.parked(id, undefined, seatLane(id, group));
  return parked
    .filter(({ resident }) => !owners.includes(resident))
    .map(({ resident, message, place }) => ({ resident, message, key: `${group}|${id}|${place}` }));
}

async function waiting(o: OthersWordsOptions, { id, owners }: AccountRecord, group: GroupId): Promise<Word[]> {
  const words: Word[] = [];
  let after: EntryId | undefined;
  for (let read = 0; read < MOST; read += PAGE) {
    const page = await o.store.read(seatLane(id, group), after, PAGE);
    for (const entry of page) {
      const event = eventOf(o, entry);
      if (event?.kind !== "text" && event?.kind !== "command") continue;
      const { resident, message } = event;
      if (!owners.includes(resident)) words.push({ resident, message, entry, key: `${group}|${id}|${entry.id}` });
    }
    if (page.length < PAGE) return words;
    after = page.at(-1)?.id;
  }
  o.log.warn({ account: id, group }, "not all that waits for a relay that goes was looked at");
  return words;
}

/** What cannot be read would not have gone either. */
function eventOf({ homes }: OthersWordsOptions, { body }: LaneEntry): HomeEvent | undefined {
  try {
    return body.from === "home" ? homes.get(body.home)?.read(body.raw) : undefined;
  } catch {
    return undefined;
  }
}

async function settle(o: OthersWordsOptions, before: GroupRecord, word: Word, silent: Set<HomeName>): Promise<void> {
  const { resident, message, entry, key } = word;
  const now = await o.groups.reread(before.id);
  const by = now && (await o.routing.speaksBy(now, resident));
  if (entry && by !== undefined) return passOn(o, entry, seatLane(by, before.id));
  const { home: name } = residentParts(resident);
  const home = o.homes.get(name);
  const room = before.rooms.find((one) => one.home === name)?.room;
  const { failure } = new BridgeError("relay-gone");
  try {
    if (!home || room === undefined || message === undefined || silent.has(name)) throw new BridgeError("home-refused");
    await home.reportFailure({ home: name, room, resident }, message, failure, `relay-gone|${key}`);
  } catch (error) {
    if (asBridgeError(error).code === "home-down") silent.add(name);
    o.tell(
      [resident],
      `What you said in ${labelOf(before)} waited for an account. ${failure.text}`,
      `relay-gone|${key}`,
    );
  }
}
