/**
 * The rooms of groups: made by the bot, shaped after the group, and released.
 *
 * - **A room that the bridge has made** has the group's name (else one made of its people), its topic, its people and their
 *   roles. Each shaping looks at the room with one request and changes what differs, whoever has changed it; so what people
 *   may not do is put right by shaping again.
 * - **Residents** are asked in when they come into the group, and not again while they are in it: whoever declines or leaves
 *   has said no. Those who were in the group are noted in the room (note.ts): who was not is asked in anew, who is no more
 *   is taken out. Guests whom people have asked in themselves are left alone.
 * - **A contact whom a person has asked in** stays invited until the network says what became of it, and is asked in anew when
 *   somebody wants that; a `pending` one of a
 *   circle is invited by the bot.
 * - **A room of others** (plumbed) keeps its name, people and powers. Ghosts come when they speak (words.ts) and go here; the
 *   topic gets a line of the bridge when there is something to tell and the bot may write it.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { GroupPerson, GroupRole, GroupView } from "../../bridge/groups/model.ts";
import { residentParts } from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { notice } from "../convert/text.ts";
import type { Ghosts } from "../ghosts.ts";
import { isNoWayIn, isRefusal, MatrixRefusal } from "../http/errors.ts";
import type { RoomMaker } from "../room-maker.ts";
import { FUNCTIONAL_MEMBERS, type Sender } from "../sender.ts";
import { BRIDGE_TYPES, bridgeContent, bridgeKey, residentsBefore, residentsOf, toldBefore } from "./note.ts";
import { powersOf, withRoles } from "./powers.ts";
import { nameOfPeople, topicWithNote } from "./spelling.ts";
import { RoomState } from "./state.ts";

export interface GroupRoomsOptions {
  readonly maker: RoomMaker;
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly names: GhostNames;
  readonly bot: string;
  /** How a resident is called where no room says so. */
  readonly nameOf: (mxid: string) => Promise<string>;
  readonly log: Logger;
}

type GhostPerson = GroupPerson & { kind: "ghost" };

/** What a room's name may have. */
const NAME_CHARACTERS = 250;
/** People who are brought in at one time: a homeserver lets ten of an application service's users join at once. */
const AT_ONCE = 6;

const REMEMBERED = 1000;

const NO_LONGER = "no longer in the group on MSN";
const UNTIED =
  "This room is no longer tied to an MSN group chat: nothing goes from it to MSN any more, or comes from there.";

export class GroupRooms {
  readonly #o: GroupRoomsOptions;
  /** What stands in rooms because their topic may not say it. */
  readonly #said = new RecentMap<string, string>(REMEMBERED);

  constructor(options: GroupRoomsOptions) {
    this.#o = options;
  }

  /** The room of a group: made, or found when it was made before. @throws MatrixRefusal, HomeserverSilent. */
  async open(view: GroupView): Promise<string> {
    const { maker, bot, ghosts } = this.#o;
    const name = await this.#nameFor(view);
    const guests: string[] = [];
    await someAtATime(this.#ghostsOf(view), async ({ ghost }) => void guests.push(await ghosts.prepare(ghost)));
    const content = bridgeContent(view, bot, name);
    const room = await maker.open({
      maker: bot,
      alias: this.#alias(view),
      invite: [...residentsOf(view), ...guests],
      inviteAgain: [],
      preset: "private_chat",
      isDirect: false,
      name,
      ...(view.topic === "" ? {} : { topic: view.topic }),
      powers: powersOf(view.kind),
      state: [
        { type: FUNCTIONAL_MEMBERS, state_key: "", content: { service_members: [bot] } },
        ...BRIDGE_TYPES.map((type) => ({ type, state_key: bridgeKey(view.id), content })),
      ],
    });
    await this.shape(room, view);
    return room;
  }

  /** @throws BridgeError `room-gone`, MatrixRefusal, HomeserverSilent. */
  async shape(room: string, view: GroupView): Promise<void> {
    return view.plumbed ? this.#shapeTheirs(room, view) : this.#shapeOurs(room, view);
  }

  #alias(view: GroupView): string {
    return this.#o.maker.alias("group", view.id);
  }

  /** Of its contacts; with several residents, each of whom sees the others there, of all. */
  async #nameFor(view: GroupView): Promise<string> {
    const own = oneLine(view.name, NAME_CHARACTERS);
    if (own !== "") return own;
    const residents = residentsOf(view);
    const others = residents.length > 1 ? await Promise.all(residents.map((mxid) => this.#o.nameOf(mxid))) : [];
    return nameOfPeople([...this.#ghostsOf(view).map(({ name, ghost }) => name || ghost.contact), ...others]);
  }

  async #shapeOurs(room: string, view: GroupView): Promise<void> {
    const state = await this.#look(room);
    const before = residentsBefore(state.content(BRIDGE_TYPES[0], bridgeKey(view.id)));
    const residents = residentsOf(view);
    const lost = before.filter((mxid) => !residents.includes(mxid));
    const gone = this.#strangers(view, state, lost.length > 0);
    for (const mxid of gone) await this.#o.sender.leave(room, mxid);
    for (const mxid of lost) await this.#takeOut(room, state, mxid);
    await someAtATime(this.#ghostsOf(view), (person) => this.#bringIn(room, state, person));
    for (const mxid of residents) await this.#askIn(room, state, mxid, before);
    const name = await this.#nameFor(view);
    if (state.text("m.room.name", "name") !== name) await this.#set(room, "m.room.name", "", { name });
    if (state.text("m.room.topic", "topic") !== view.topic)
      await this.#set(room, "m.room.topic", "", { topic: view.topic });
    const levels = state.content("m.room.power_levels");
    const wanted = withRoles(levels, this.#rolesIn(view), gone);
    if (wanted !== levels) await this.#set(room, "m.room.power_levels", "", wanted);
    await this.#writeNote(room, view, name, (type, key) => state.content(type, key));
  }

  /** Those whom Matrix can have as users: an address may be too long for that. */
  #ghostsOf(view: GroupView): GhostPerson[] {
    return view.people.filter(
      (one): one is GhostPerson => one.kind === "ghost" && this.#o.names.isSpellable(one.ghost),
    );
  }

  #rolesIn(view: GroupView): Map<string, "admin" | "member"> {
    const roles = new Map<string, "admin" | "member">();
    const set = (mxid: string, role: GroupRole) => roles.set(mxid, role === "admin" ? role : "member");
    for (const { ghost, role } of this.#ghostsOf(view)) set(this.#o.names.mxid(ghost), role);
    for (const one of view.people) if (one.kind === "resident") set(residentParts(one.resident).id, one.role);
    return roles;
  }

  /**
   * Ours who are in the room and not in the group. Those who speak for a resident there, and guests of homes that have a room
   * of the group, are in no view and stay; the former until a resident goes.
   */
  #strangers(view: GroupView, state: RoomState, servantsToo: boolean): string[] {
    const { names, bot } = this.#o;
    const wanted = new Set(this.#ghostsOf(view).map(({ ghost }) => names.mxid(ghost)));
    const known = state.content(FUNCTIONAL_MEMBERS).service_members;
    const servants: readonly unknown[] = servantsToo || !Array.isArray(known) ? [] : known;
    const homes = new Set<string>(view.rooms.map(({ home }) => home));
    return state.members("join", "invite").filter((user) => {
      if (!names.owns(user) || wanted.has(user) || servants.includes(user)) return false;
      if (homes.has(names.guestHome(user) ?? "")) return false;
      if (view.refused !== undefined && user === names.mxid(view.refused)) return true;
      return state.membership(user) === "join" || state.membershipBy(user) === bot;
    });
  }

  async #bringIn(room: string, state: RoomState, { ghost, name, role }: GhostPerson): Promise<void> {
    const { ghosts, sender, bot } = this.#o;
    const mxid = this.#o.names.mxid(ghost);
    const now = state.membership(mxid);
    if (now === "join" || (now === "invite" && role === "pending")) return;
    await ghosts.prepare(ghost);
    // What they are called now is told with their words; here they only must have a name.
    if ((await ghosts.nameOf(ghost)) === undefined) await ghosts.name(ghost, name);
    await this.#unlessRefused(room, "a contact could not be brought into a group's room", async () => {
      if (now === "ban") await sender.unban(room, bot, mxid);
      if (now !== "invite") await sender.invite(room, bot, mxid);
      if (role !== "pending") await sender.join(room, mxid);
    });
  }

  async #askIn(room: string, state: RoomState, mxid: string, before: readonly string[]): Promise<void> {
    const now = state.membership(mxid);
    if (now === "join" || now === "invite" || (now !== undefined && before.includes(mxid))) return;
    const { sender, bot } = this.#o;
    await this.#unlessRefused(room, "a resident could not be asked in", () => sender.invite(room, bot, mxid));
  }

  async #takeOut(room: string, state: RoomState, mxid: string): Promise<void> {
    const now = state.membership(mxid);
    if (now !== "join" && now !== "invite") return;
    const { sender, bot } = this.#o;
    await this.#unlessRefused(room, "a resident could not be taken out", () => sender.kick(room, bot, mxid, NO_LONGER));
  }

  async #shapeTheirs(room: string, view: GroupView): Promise<void> {
    const { sender, names, bot } = this.#o;
    const inside = await this.#fromInside(
      room,
      () => sender.members(room, bot),
      (users) => users.includes(bot),
    );
    const wanted = new Set(this.#ghostsOf(view).map(({ ghost }) => names.mxid(ghost)));
    const homes = new Set<string>(view.rooms.map(({ home }) => home));
    for (const user of inside)
      if (names.owns(user) && !wanted.has(user) && !homes.has(names.guestHome(user) ?? ""))
        await sender.leave(room, user);
    const known = await sender.stateOf(room, bot, BRIDGE_TYPES[0], bridgeKey(view.id));
    const told = toldBefore(known, bot);
    const written = await this.#retouch(room, (topic) => topicWithNote(topic, view.topic, told));
    if (!written) await this.#sayNote(room, topicWithNote("", view.topic));
    const { name } = await sender.stateOf(room, bot, "m.room.name", "");
    const called = view.name !== "" ? view.name : typeof name === "string" ? name : "";
    await this.#writeNote(room, view, called, () => known);
  }

  /** What the topic may not say is said in the room, once. */
  async #sayNote(room: string, note: string): Promise<void> {
    if (note === "" || this.#said.get(room) === note) return;
    const { sender, bot } = this.#o;
    const content = notice(note);
    const key = `note ${room} ${createHash("sha256").update(note).digest("base64url")}`;
    await this.#unlessRefused(room, "what the topic may not say could not be said", async () => {
      await sender.post({ room, as: bot, type: "m.room.message", content, key });
    });
    this.#said.set(room, note);
  }

  /** Changes the topic of a room of others; false: that is more than the bot may do there. */
  async #retouch(room: string, change: (topic: string) => string): Promise<boolean> {
    const { sender, bot } = this.#o;
    const { topic } = await sender.stateOf(room, bot, "m.room.topic", "");
    const now = typeof topic === "string" ? topic : "";
    return change(now) === now || (await this.#set(room, "m.room.topic", "", { topic: change(now) }));
  }

  async #writeNote(
    room: string,
    view: GroupView,
    called: string,
    known: (type: string, key: string) => Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const key = bridgeKey(view.id);
    const content = bridgeContent(view, this.#o.bot, called);
    for (const type of BRIDGE_TYPES)
      if (!isDeepStrictEqual({ ...known(type, key) }, content)) await this.#set(room, type, key, content);
  }

  /** Ends the bridge's part in a room. @throws MatrixRefusal, HomeserverSilent. */
  async release(room: string, view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    const { sender, names, bot, maker } = this.#o;
    if (!view.plumbed) await maker.dropAlias(this.#alias(view));
    const inside = await this.#ifInside(() => sender.members(room, bot));
    const ours =
      inside?.filter((user) => names.owns(user)) ?? this.#ghostsOf(view).map(({ ghost }) => names.mxid(ghost));
    for (const user of ours) await sender.leave(room, user);
    if (!inside?.includes(bot)) return;
    if (how === "delete" && !view.plumbed) return this.#empty(room);
    const told = toldBefore(await sender.stateOf(room, bot, BRIDGE_TYPES[0], bridgeKey(view.id)), bot);
    // Before the note is gone in which it stands what is ours there: this may be done twice.
    if (view.plumbed) await this.#retouch(room, (topic) => topicWithNote(topic, "", told));
    for (const type of BRIDGE_TYPES) await this.#set(room, type, bridgeKey(view.id), {});
    const content = notice(UNTIED);
    await this.#unlessRefused(room, "the end could not be told", async () => {
      await sender.post({ room, as: bot, type: "m.room.message", content, key: `untied ${room} ${Date.now()}` });
    });
    // A room that people have made stays open to being tied again; one of ours is theirs from now on.
    if (!view.plumbed) await this.#handOver(room, inside);
  }

  async #empty(room: string): Promise<void> {
    const { sender, names, bot } = this.#o;
    const state = new RoomState(await sender.wholeState(room, bot));
    for (const user of state.members("join", "invite"))
      if (user !== bot && !names.owns(user))
        await this.#unlessRefused(room, "somebody could not be taken out", () =>
          sender.kick(room, bot, user, "this group chat was deleted"),
        );
    await sender.leave(room, bot);
  }

  /** The people of the room can do there what the bot could. */
  async #handOver(room: string, inside: readonly string[]): Promise<void> {
    const { sender, names, bot } = this.#o;
    const levels = await sender.stateOf(room, bot, "m.room.power_levels", "");
    const people = inside.filter((user) => user !== bot && !names.owns(user));
    const users = { ...(levels.users as object), ...Object.fromEntries(people.map((user) => [user, 100])) };
    await this.#set(room, "m.room.power_levels", "", { ...levels, users });
    await sender.leave(room, bot);
  }

  async #look(room: string): Promise<RoomState> {
    const { sender, bot } = this.#o;
    const look = async () => new RoomState(await sender.wholeState(room, bot));
    return this.#fromInside(room, look, (state) => state.membership(bot) === "join");
  }

  /**
   * Looks at a room as the bot, which comes back in for it where it may. A homeserver shows a room to those who have left, as
   * it was then, and its members to every application service that has somebody in it.
   * @throws BridgeError `room-gone`.
   */
  async #fromInside<T>(room: string, look: () => Promise<T>, isInside: (seen: T) => boolean): Promise<T> {
    const { sender, bot } = this.#o;
    const seen = await this.#ifInside(look);
    if (seen !== undefined && isInside(seen)) return seen;
    try {
      await sender.join(room, bot);
      return await look();
    } catch (error) {
      if (!isNoWayIn(error)) throw error;
      throw new BridgeError("room-gone", { detail: "the bridge bot is not in it" }, { cause: error });
    }
  }

  async #ifInside<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #set(room: string, type: string, key: string, content: object): Promise<boolean> {
    const { sender, bot } = this.#o;
    return this.#unlessRefused(room, `${type} could not be set`, () => sender.state(room, bot, type, key, content));
  }

  /** People may have given the bot less power than it had, and have put up a ban: the rest of the room is shaped all the same. */
  async #unlessRefused(room: string, what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (
        !(error instanceof MatrixRefusal) ||
        error.status >= 500 ||
        error.status === 429 ||
        error.status === 401 ||
        error.errcode === ""
      )
        throw error;
      this.#o.log.info({ err: error, room }, what);
      return false;
    }
  }
}

/** Some at a time. The first failure is thrown when those under way are through. */
async function someAtATime<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await work(one);
  };
  const done = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const one of done) if (one.status === "rejected") throw one.reason;
}
