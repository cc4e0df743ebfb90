import type { GroupMessage, HomeEvent, HomeName, LaneBody, MessageId, Relation } from "../model.ts";
import { accountParts, ownerIn } from "../model.ts";
import { isVisible } from "../plain.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import { wordsOf } from "../sending.ts";
import { spokenBy } from "../speaker.ts";
import { reactionText } from "../text/reactions.ts";
import { carriedFrom, type Via } from "../via.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord, GroupSpeaker } from "./model.ts";
import { groupParts } from "./model.ts";

export interface ForeignOptions {
  readonly groups: Groups;
  readonly store: Pick<Store, "messageIn">;
  readonly homes: ReadonlyMap<HomeName, Home>;
}

/** Words of somebody in another home, as one home is to post them. */
export interface Foreign {
  readonly speaker: GroupSpeaker;
  readonly message: GroupMessage;
  /** In the home where they were said. */
  readonly name: { readonly home: HomeName; readonly message: MessageId };
}

type Said = HomeEvent & { kind: "text" | "command" | "nudge" | "reaction" };

export function isSaid(event: HomeEvent | undefined): event is Said {
  switch (event?.kind) {
    case "text":
    case "command":
    case "nudge":
    case "reaction":
      return true;
    default:
      return false;
  }
}

/** Where a bridge has carried it from; `undefined`: a person says it. */
export function viaOf(event: HomeEvent): Via | undefined {
  const via = "via" in event ? event.via : undefined;
  return via === undefined || via.length === 0 ? undefined : via;
}

/** Reads what another home has stored for this one; `undefined`: there is nothing to post. */
export async function foreign(
  o: ForeignOptions,
  record: GroupRecord,
  to: HomeName,
  body: LaneBody & { from: "home" },
): Promise<Foreign | undefined> {
  const home = o.homes.get(body.home);
  const event = home?.read(body.raw);
  if (!home || !isSaid(event)) return undefined;
  // They could speak when it was said, else it would not stand here; whoever cannot any more is a guest by now.
  const account = await o.groups.seat(record, event.resident);
  const through = account?.id ?? record.relay?.account ?? record.seats[0];
  if (through === undefined) return undefined;
  const about = await relation(o, record, home.name, to, event);
  const isNothingThere = event.kind === "text" && event.looksAlone && about === undefined;
  const said = isNothingThere ? undefined : textOf(event, about);
  if (!said) return undefined;
  const { address } = accountParts(through);
  const known = record.members.find((member) => member.address === address)?.name;
  const fromName = account ? (known ?? address) : await nameIn(home, event);
  const via = carriedFrom(o.groups.places(record).rooms.get(home.name), viaOf(event));
  const message: GroupMessage = { ...said, from: address, fromName, at: body.at, via, ...(about && { about }) };
  const ghost = { network: groupParts(record.id).network, contact: address };
  const name = { home: home.name, message: event.message };
  if (!account) return { speaker: { kind: "guest", resident: event.resident, name: fromName }, message, name };
  // Linked from both homes: they are the words of one person, at another place.
  const resident = ownerIn(account, to);
  if (resident === undefined) return { speaker: { kind: "ghost", ghost, name: fromName }, message, name };
  const own = { own: { device: home.title } };
  return { speaker: { kind: "own", resident, self: ghost, name: fromName }, message: { ...message, ...own }, name };
}

export async function nameIn(home: Home, { room, resident }: Said): Promise<string> {
  return hostsGroups(home) ? home.nameIn(room, resident) : resident.slice(resident.indexOf(":") + 1);
}

/**
 * The words for homes, or clients, that have nothing of the kind; `undefined` when nothing of it can be seen. Only of a
 * reaction that is taken back they are empty: it has no words, and is something only to homes that know reactions.
 */
function textOf(
  event: Said,
  about: Relation | undefined,
): Pick<GroupMessage, "kind" | "text" | "rich" | "nudge"> | undefined {
  switch (event.kind) {
    case "text":
    case "command": {
      if (!isVisible(bareWords(event))) return undefined;
      const { text, rich } = wordsOf(event);
      return { kind: "text", text, ...(rich && { rich }) };
    }
    case "nudge": {
      const text = "sent a nudge";
      return { kind: "notice", text: event.speaker === undefined ? text : spokenBy(event.speaker, text), nudge: true };
    }
    case "reaction": {
      const { target, text, key, removed } = event;
      const said = reactionText([{ message: target, text, key, ...(removed && { removed }) }]);
      const isTakenBack = removed === true && about !== undefined;
      return said === undefined && !isTakenBack ? undefined : { kind: "text", text: said ?? "" };
    }
  }
}

/** What is said, without what is put in front of it. */
function bareWords(event: Said & { kind: "text" | "command" }): string {
  if (event.kind === "command") return event.line;
  const { about, text } = event;
  return about !== undefined && "text" in about ? about.text : text;
}

/** What it is to the other home, when that knows the message it is about. */
async function relation(
  o: ForeignOptions,
  record: GroupRecord,
  from: HomeName,
  to: HomeName,
  event: Said,
): Promise<Relation | undefined> {
  const about = aboutOf(event);
  const target = about && (await o.store.messageIn(record.id, from, about.target, to));
  return about && target !== undefined ? { ...about, target } : undefined;
}

function aboutOf(event: Said): Relation | undefined {
  if (event.kind === "text") return event.about;
  if (event.kind !== "reaction") return undefined;
  const { target, key, removed } = event;
  return { kind: "reaction", target, key, ...(removed && { removed }) };
}
