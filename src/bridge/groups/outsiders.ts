import { BridgeError } from "../errors.ts";
import type { Outcome } from "../lanes.ts";
import type { HomeEvent, LaneEntry, ResidentId, RoomId } from "../model.ts";
import type { Home } from "../ports/home.ts";
import { RecentMap } from "../recent.ts";
import { key } from "../sending.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord } from "./model.ts";

/** People may talk among themselves: they are told this often that it does not reach the group. */
const TOLD_MS = 3_600_000;
const REMEMBERED = 5000;

const DONE: Outcome = { kind: "done" };

/** People in a group's room who have neither an account in the group nor a relay: why nothing of theirs goes. */
export class Outsiders {
  readonly #groups: Pick<Groups, "reshape">;
  /** When they were told, by room and resident: Unix ms. */
  readonly #told = new RecentMap<string, number>(REMEMBERED);

  constructor(groups: Pick<Groups, "reshape">) {
    this.#groups = groups;
  }

  /** What nobody has taken: it stays among them. */
  async refuse(
    record: GroupRecord,
    home: Home,
    entry: LaneEntry,
    event: Exclude<HomeEvent, { kind: "own" }>,
  ): Promise<Outcome> {
    if (isWord(event)) return this.#tell(home, entry, event);
    switch (event.kind) {
      case "invited":
      case "removed":
      case "reshaped":
        // Their own room is theirs to change; what it says of the group is not.
        if (event.kind !== "reshaped" || !isTheirs(record, home, event)) await this.#say(home, entry, event);
        await this.#groups.reshape(record, home.name, event.kind === "invited" ? event.ghost : undefined);
        return DONE;
      default:
        return DONE;
    }
  }

  /** What somebody was to carry into the group who is in it no more: its sender hears of each word. */
  async refuseTaken(
    record: GroupRecord,
    home: Home,
    entry: LaneEntry,
    event: Exclude<HomeEvent, { kind: "own" }>,
  ): Promise<Outcome> {
    if (!isWord(event)) return this.refuse(record, home, entry, event);
    await report(home, entry, event, new BridgeError("relay-gone"));
    return DONE;
  }

  async #tell(home: Home, entry: LaneEntry, event: Word): Promise<Outcome> {
    const { room, resident } = event;
    const who = `${room} ${resident}`;
    if (this.#isTold(who)) return DONE;
    await report(home, entry, event, new BridgeError("not-in-group"));
    this.#told.set(who, Date.now());
    return DONE;
  }

  /** What they did is no message that could be answered. */
  async #say(home: Home, entry: LaneEntry, { room, resident }: { room: RoomId; resident: ResidentId }): Promise<void> {
    const who = `${room} ${resident} rules`;
    if (this.#isTold(who)) return;
    const detail = "only somebody with an account of their own in the group can do that";
    await home.say(resident, room, new BridgeError("group-refused", { detail }).person, key("outsider", entry));
    this.#told.set(who, Date.now());
  }

  #isTold(who: string): boolean {
    const at = this.#told.get(who);
    return at !== undefined && Date.now() - at < TOLD_MS;
  }
}

type Word = HomeEvent & { kind: "text" | "command" | "nudge" | "unsupported" };

function isWord(event: HomeEvent): event is Word {
  return ["text", "command", "nudge", "unsupported"].includes(event.kind);
}

async function report(
  home: Home,
  entry: LaneEntry,
  { room, resident, message }: Word,
  { failure }: BridgeError,
): Promise<void> {
  await home.reportFailure({ home: home.name, room, resident }, message, failure, key("outsider", entry));
}

function isTheirs({ rooms }: GroupRecord, { name }: Home, { room }: { room: RoomId }): boolean {
  return rooms.some((one) => one.home === name && one.room === room && one.by !== undefined);
}
