import type { Absences } from "./absences.ts";
import { again } from "./again.ts";
import { BridgeError } from "./errors.ts";
import { leaveRoom, openRoom } from "./inbound.ts";
import { inLanes, shortened } from "./inbox.ts";
import type { LaneHandler, LaneRunner, Outcome } from "./lanes.ts";
import type {
  AccountRecord,
  ContactAddress,
  HomeEvent,
  HomeName,
  LaneCopy,
  LaneEntry,
  MessageId,
  NetworkMessage,
  PortalId,
  PortalRoom,
  ResidentId,
} from "./model.ts";
import { ownerIn } from "./model.ts";
import type { Nudges } from "./nudges.ts";
import { nudged } from "./nudging.ts";
import type { PortalDirectory } from "./portals.ts";
import { ghostOf, mayFollow, roomFor } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { endsChats } from "./ports/home.ts";
import { sendsNudges } from "./ports/network.ts";
import type { Store } from "./ports/store.ts";
import { gathered, type ReactionEvent } from "./reacting.ts";
import { RecentMap } from "./recent.ts";
import type { Sending, SendingOptions, Words } from "./sending.ts";
import { accountOf, attempt, key, perform, refuse, tellOfStandIn, titleOf, unread, wordsOf } from "./sending.ts";
import { spokenBy } from "./speaker.ts";
import { StandIns } from "./stand-ins.ts";
import type { Typing } from "./typing.ts";

export interface OutboundOptions extends SendingOptions {
  readonly store: Store;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly typing: Typing;
  /** Late-bound: lanes and handlers know each other. */
  readonly lanes: () => LaneRunner;
  readonly absences: Absences;
  readonly nudges: Nudges;
}

interface Work extends Sending {
  /** The owner in that home. */
  readonly owner: ResidentId;
  readonly portal: PortalId;
}

/** An owner's nudge, in words, for their other homes. */
const NUDGED = "sent a nudge";
/** A guest in somebody's chat is told this often that only the owner's words go. */
const GUEST_MS = 3_600_000;

const DONE: Outcome = { kind: "done" };

/** Handles the `out` lanes: a resident's words in a portal, on their way to the network. */
export function outboundHandler(o: OutboundOptions): LaneHandler {
  /** Guests who know that their words do not go, with when they were told: Unix ms. */
  const guests = new RecentMap<string, number>(5000);
  const standIns = new StandIns(o.store);
  return async (entry, left) => {
    const { lane, body } = entry;
    if (lane.kind !== "out" || body.from !== "home") return { kind: "done" };
    const home = o.homes.get(body.home);
    const account = await accountOf(o, lane.portal);
    const owner = account && ownerIn(account, body.home);
    if (!home) return unread(owner);
    const event = home.read(body.raw);
    if (!event) return { kind: "done" };
    if (event.kind === "own") return perform(home, body.raw);
    if (!account || !owner) return orphan(home, event, entry);
    const work: Work = {
      entry,
      home,
      account,
      owner,
      resident: owner,
      portal: lane.portal,
      at: body.at,
      standIns,
      left,
    };
    if (event.kind === "shut-out") return shutOut(o, work, event);
    if (event.kind === "moved") return moved(o, work, event);
    if (event.resident !== owner) return event.kind === "reaction" ? DONE : refuseGuest(guests, work, event);
    switch (event.kind) {
      case "text":
      case "command":
        if (event.kind === "text" && event.looksAlone) return DONE;
        // The ghost may have declined this room, or the chat have moved to another: its words are not for the contact.
        if ((await o.portals.ofRoom(home.name, event.room)) !== lane.portal)
          return refuse(work, event, "what is said in a room that is not (or no longer) a chat with one contact");
        return send(o, work, event.message, wordsOf(event), event.room);
      case "nudge":
        return nudge(o, work, event);
      case "reaction":
        return react(o, work, event);
      case "unsupported":
        return refuse(work, event, event.what);
      case "invited":
        return invited(o, work, event);
      case "retry":
        return retry(o, work, event.target);
      case "again":
        if ((await o.portals.ofRoom(home.name, event.room)) !== lane.portal) return DONE;
        return again({ ...o, home, account: account.id }, entry, event);
      case "removed":
      case "reshaped":
        return DONE;
      case "left":
        if ((await o.portals.ofRoom(home.name, event.room)) === lane.portal)
          await leaveRoom(o.portals, home, lane.portal, { home: home.name, room: event.room, resident: owner });
        return DONE;
    }
  };
}

/** The owner hears how the chat goes on, unless it is by their own doing: then they know, or were told there. */
async function shutOut(
  o: OutboundOptions,
  work: Work,
  event: HomeEvent & { kind: "shut-out" | "moved" },
): Promise<Outcome> {
  const { home, owner, portal, entry } = work;
  if ((await o.portals.ofRoom(home.name, event.room)) !== portal) return DONE;
  const ghost = ghostOf(portal);
  const out = event.kind === "shut-out" ? event.ghost : undefined;
  // The chat goes on without others of the bridge.
  if (out && (out.contact !== ghost.contact || out.network !== ghost.network)) return DONE;
  const room = { home: home.name, room: event.room, resident: owner };
  if (event.kind === "shut-out" && event.resident === owner && (out || event.isEncrypted)) {
    await leaveRoom(o.portals, home, portal, room);
    return DONE;
  }
  const text = `${whyLost(event, home.ghostLabel(ghost))}, so nothing can be said there any more. What they say next opens a new room; \`chat ${ghost.contact}\` opens it now.`;
  await home.say(owner, undefined, text, key("shut-out", entry));
  // The contact is not thrown out with the bot.
  const isStaying = event.kind === "shut-out" && !out && !event.isEncrypted;
  const why = isStaying ? new BridgeError("chat-ended", { detail: "the bridge was removed from it" }) : undefined;
  await leaveRoom(o.portals, home, portal, room, why);
  return DONE;
}

function whyLost(event: HomeEvent & { kind: "shut-out" | "moved" }, contact: string): string {
  if (event.kind === "moved")
    return `It is said that your room with ${contact} goes on elsewhere, and the bridge was not asked in there`;
  if (event.isEncrypted) return `Your room with ${contact} is encrypted now, and the bridge cannot read it`;
  if (event.ghost) return `${contact} was taken out of your room with them`;
  return `The bridge was removed from your room with ${contact}`;
}

/** The chat goes where its room has gone; not into whatever room somebody names. */
async function moved(o: OutboundOptions, work: Work, event: HomeEvent & { kind: "moved" }): Promise<Outcome> {
  const { home, owner, portal } = work;
  if ((await o.portals.ofRoom(home.name, event.room)) !== portal) return DONE;
  if (!(await mayFollow(o.portals, home, event))) return shutOut(o, work, event);
  await o.portals.bind(portal, { home: home.name, room: event.to, resident: owner });
  return DONE;
}

/** The account was unlinked, there or altogether: the room is told once per message and nothing is kept. */
async function orphan(home: Home, event: Exclude<HomeEvent, { kind: "own" }>, entry: LaneEntry): Promise<Outcome> {
  if (event.kind === "text" || event.kind === "command") {
    await home.say(event.resident, event.room, new BridgeError("not-linked").person, key("orphan", entry));
  }
  return { kind: "done" };
}

async function send(
  o: OutboundOptions,
  work: Work,
  message: MessageId,
  words: Words,
  room: PortalRoom["room"],
): Promise<Outcome> {
  const { contact } = ghostOf(work.portal);
  const tried = await attempt(o, work, message, room, async (session) => {
    o.typing.resident(work.portal, false);
    return session.sendText(contact, words.text, words.rich);
  });
  if (!("result" in tried)) return tried;
  const sent = tried.result;
  const title = titleOf(o, work.account);
  if (sent.via === "chat") o.absences.back(work.account, contact);
  return {
    kind: "done",
    copies: copiesFor(o, work, { kind: "text", text: words.text, ...(words.rich && { rich: words.rich }) }),
    after: async () => {
      await work.home.confirm(room, message);
      await tellOfStandIn(work, words, room, title);
      if (sent.via === "offline") await tellOfAbsence(o, work, contact, room, title);
    },
  };
}

/** The same words for the owners in other homes, to whom they are their own, said at another place. */
function copiesFor(
  o: OutboundOptions,
  { home, account, portal }: Work,
  said: Pick<NetworkMessage, "kind" | "text" | "rich" | "nudge">,
): readonly LaneCopy[] {
  if (account.owners.length === 1) return [];
  const { address } = account;
  const fromName = o.fleet.session(account.id)?.displayName ?? address;
  const own = { device: home.title };
  const message = shortened({ ...said, from: address, fromName, at: Date.now(), own });
  return inLanes(account, ghostOf(portal).contact)
    .filter((lane) => lane.home !== home.name)
    .map((lane) => ({ lane, body: { from: "network", message } }));
}

/** Once per contact, owner and absence, in the chat. */
async function tellOfAbsence(
  o: OutboundOptions,
  { account, owner, home, entry }: Work,
  contact: ContactAddress,
  room: PortalRoom["room"],
  network: string,
): Promise<void> {
  const text = `${contact} is offline. ${network} keeps what you say and hands it over when they sign in.`;
  await o.absences.left(account, contact, owner, () => home.say(owner, room, text, key("away", entry)));
}

/** What is reacted in a while is one text. */
async function react(o: OutboundOptions, work: Work, event: ReactionEvent): Promise<Outcome> {
  if ((await o.portals.ofRoom(work.home.name, event.room)) !== work.portal) return DONE;
  const reacted = await gathered(o.store, work.home, work.entry, event);
  if (reacted.kind === "wait") return { kind: "hold", ms: reacted.ms, why: "reactions" };
  const { text, also } = reacted;
  if (text === undefined) return { kind: "done", also };
  const outcome = await send(o, work, event.message, { text }, event.room);
  return outcome.kind === "done" ? { ...outcome, also } : outcome;
}

async function nudge(o: OutboundOptions, work: Work, event: HomeEvent & { kind: "nudge" }): Promise<Outcome> {
  const not = await nudged(o, work, event, work.portal, async (session) => {
    if (!sendsNudges(session)) throw new BridgeError("send-failed", { detail: "this network has no nudges" });
    await session.sendNudge(ghostOf(work.portal).contact);
  });
  const text = event.speaker === undefined ? NUDGED : spokenBy(event.speaker, NUDGED);
  return (
    not ?? {
      kind: "done",
      copies: copiesFor(o, work, { kind: "notice", text, nudge: true }),
      after: () => work.home.confirm(event.room, event.message),
    }
  );
}

/** Only the owner's words go. A guest is told so, but not at each word: people may talk among themselves. */
async function refuseGuest(
  told: RecentMap<string, number>,
  work: Work,
  event: Exclude<HomeEvent, { kind: "own" }>,
): Promise<Outcome> {
  const guest = `${event.room} ${event.resident}`;
  const at = told.get(guest);
  if (at !== undefined && Date.now() - at < GUEST_MS) return { kind: "done" };
  const outcome = await refuse(work, event, "words of anyone but the owner of the account");
  if ("message" in event) told.set(guest, Date.now());
  return outcome;
}

async function invited(o: OutboundOptions, work: Work, event: HomeEvent & { kind: "invited" }): Promise<Outcome> {
  const { home, account, portal } = work;
  const ghost = ghostOf(portal);
  if (!event.direct || event.ghost.contact !== ghost.contact || event.ghost.network !== ghost.network) {
    const why = new BridgeError("unsupported", { detail: "a room with several people" });
    await home.decline(event.room, event.ghost, why);
    return { kind: "done" };
  }
  const room = { home: home.name, room: event.room, resident: work.owner };
  const before = roomFor(await o.portals.get(portal), home.name, work.owner);
  await home.adopt(portal, room, ghost, nameOf(o, account, ghost.contact));
  await o.portals.bind(portal, room);
  // Whatever were said in a room that is no chat any more would be for the bot.
  if (before && before.room !== room.room && endsChats(home))
    await home.endDirect(portal, before, ghost, new BridgeError("chat-ended", { because: "moved" })).catch(() => {});
  return { kind: "done" };
}

/** A retry may name the message or the notice about it; the message goes to the end of its lane. */
async function retry(o: OutboundOptions, work: Work, target: MessageId): Promise<Outcome> {
  const lane = await o.store.retry(work.account.id, target);
  if (lane) o.lanes().wake(lane);
  return { kind: "done" };
}

function nameOf(o: OutboundOptions, account: AccountRecord, contact: ContactAddress): string {
  return o.fleet.session(account.id)?.contact(contact)?.displayName ?? contact;
}

/** Opens, or finds, an owner's room with a contact; for commands. */
export async function openChat(
  o: OutboundOptions,
  home: Home,
  account: AccountRecord,
  owner: ResidentId,
  portal: PortalId,
): Promise<PortalRoom> {
  const ghost = ghostOf(portal);
  const known = roomFor(await o.portals.get(portal), home.name, owner);
  if (known && endsChats(home) && !(await home.holdsDirect(known, ghost)))
    await leaveRoom(o.portals, home, portal, known);
  return openRoom(o, home, owner, portal, nameOf(o, account, ghost.contact));
}
