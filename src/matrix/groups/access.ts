/** Rooms of people, asked for what the bridge must know before it is tied to one: which is meant, who is called how, who may do it. */
import { BridgeError } from "../../bridge/errors.ts";
import type { GroupId } from "../../bridge/groups/model.ts";
import { type ResidentId, residentParts } from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { RoomPower } from "../../bridge/ports/groups.ts";
import { RecentMap } from "../../bridge/recent.ts";
import { fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";
import type { HomeserverClient } from "../http/client.ts";
import { isRefusal } from "../http/errors.ts";
import type { Sender } from "../sender.ts";
import { otherBridge } from "./note.ts";
import { powerOf, powerToNote, powerToTie, type Rule, whoCouldTie } from "./powers.ts";
import { RoomState } from "./state.ts";

export interface AccessOptions {
  readonly client: HomeserverClient;
  readonly sender: Sender;
  readonly names: GhostNames;
  readonly bot: string;
}

const REMEMBERED = 10_000;
/** How long a name counts, ms. */
const FRESH_MS = 5 * 60_000;
const NAME_CHARACTERS = 80;
/** People who are named in a refusal. */
const NAMED = 4;

export class RoomAccess {
  readonly #o: AccessOptions;
  readonly #called = new RecentMap<string, { readonly name: string; readonly until: number }>(REMEMBERED);

  constructor(options: AccessOptions) {
    this.#o = options;
  }

  /** How somebody is called in a room, else everywhere, else by their id. Never rejects. */
  async nameIn(room: string | undefined, mxid: string): Promise<string> {
    const key = `${room ?? ""} ${mxid}`;
    const known = this.#called.get(key);
    if (known && known.until > Date.now()) return known.name;
    const name =
      oneLine((await this.#there(room, mxid)) ?? (await this.#everywhere(mxid)) ?? "", NAME_CHARACTERS) ||
      mxid.slice(1).replace(/:.*$/, "");
    this.#called.set(key, { name, until: Date.now() + FRESH_MS });
    return name;
  }

  async #there(room: string | undefined, mxid: string): Promise<string | undefined> {
    if (room === undefined) return undefined;
    const { sender, bot } = this.#o;
    return shown(() => sender.stateOf(room, bot, "m.room.member", mxid));
  }

  async #everywhere(mxid: string): Promise<string | undefined> {
    const path = `/_matrix/client/v3/profile/${encodeURIComponent(mxid)}/displayname`;
    return shown(() => this.#o.client.call({ name: "profile", method: "GET", path, as: this.#o.bot }));
  }

  /** By its id, its address, or a link to either. @throws BridgeError `room-unknown`, MatrixRefusal, HomeserverSilent. */
  async find(text: string): Promise<string> {
    const meant = roomReference(text);
    if (meant === undefined)
      throw new BridgeError("room-unknown", { detail: `"${oneLine(text, NAME_CHARACTERS)}" is no address of a room` });
    if (meant.startsWith("!")) return meant;
    const path = `/_matrix/client/v3/directory/room/${encodeURIComponent(meant)}`;
    try {
      const { room_id } = await this.#o.client.call({ name: "alias", method: "GET", path, as: this.#o.bot });
      if (typeof room_id === "string") return room_id;
    } catch (error) {
      if (!isRefusal(error, "M_NOT_FOUND", "M_INVALID_PARAM", "M_UNKNOWN", "M_FORBIDDEN")) throw error;
    }
    throw new BridgeError("room-unknown", { detail: `no room has the address ${meant}` });
  }

  /** The bot enters for it where it may, and goes again when the answer is no. @throws MatrixRefusal, HomeserverSilent. */
  async mayTie(room: string, resident: ResidentId, group?: GroupId): Promise<RoomPower> {
    const { sender, bot } = this.#o;
    const mxid = residentParts(resident).id;
    const here = await entered(() => sender.stateOf(room, bot, "m.room.member", bot));
    const came = here?.membership !== "join";
    if (came && (await entered(async () => (await sender.join(room, bot)) ?? true)) === undefined)
      return no(`the bridge is not in that room: invite ${bot} into it first`);
    const weighed = await this.#weigh(room, mxid);
    const isFree = weighed.allowed && group !== undefined ? await this.#unlessTied(room, group) : weighed;
    const power = isFree.allowed ? weighed : isFree;
    if (came && !power.allowed) await sender.leave(room, bot);
    return power;
  }

  /** Another bridge, whose bot is in the room, says of it that it has tied it to the same conversation. */
  async #unlessTied(room: string, group: GroupId): Promise<RoomPower> {
    const { sender, bot } = this.#o;
    const state = new RoomState(await sender.wholeState(room, bot));
    const other = otherBridge(state, bot, group);
    if (other === undefined) return { allowed: true };
    const who = oneLine(state.nameOf(other) ?? "", NAME_CHARACTERS);
    return no(
      `another bridge, ${who === "" ? other : `${who} (${other})`}, has tied that room to the same conversation already, and everything would be said twice. Say \`unbridge\` to that bridge first; when it runs no more, remove its bot from the room`,
    );
  }

  async #weigh(room: string, mxid: string): Promise<RoomPower> {
    const { sender, names, bot } = this.#o;
    const { algorithm } = await sender.stateOf(room, bot, "m.room.encryption", "");
    if (algorithm !== undefined)
      return no("that room is encrypted and the bridge cannot read it; take one without encryption");
    const members = await sender.members(room, bot);
    if (!members.includes(mxid)) return no("you are not in that room yourself");
    const rule = await this.#rule(room);
    const needed = powerToTie(rule);
    if (powerOf(rule, mxid) >= needed) return { allowed: true, ...this.#missing(rule) };
    const able = whoCouldTie(
      rule,
      members.filter((one) => one !== bot && !names.owns(one)),
    );
    return no(
      `your power in that room is ${powerOf(rule, mxid)}, and it takes ${needed} there; ${await this.#could(room, able)}`,
    );
  }

  #missing(rule: Rule): { readonly but?: string } {
    const { bot } = this.#o;
    const needed = powerToNote(rule);
    if (powerOf(rule, bot) >= needed) return {};
    return {
      but: `I may not change that room's settings: its topic will not say who speaks for others, and should the bridge lose its data, it will not find this room again. Whoever gives ${bot} the power ${needed} there mends that.`,
    };
  }

  async #could(room: string, able: readonly string[]): Promise<string> {
    if (able.length === 0) return "nobody in it has that";
    const named = await Promise.all(
      able.slice(0, NAMED).map(async (mxid) => `${await this.nameIn(room, mxid)} (${mxid})`),
    );
    const more = able.length - named.length;
    return `who could do it: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  async #rule(room: string): Promise<Rule> {
    const { client, sender, bot } = this.#o;
    const levels = await sender.stateOf(room, bot, "m.room.power_levels", "");
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/m.room.create/`;
    const event = await client.call({ name: "state", method: "GET", path, as: bot, query: "&format=event" });
    return {
      levels: Object.keys(levels).length === 0 ? undefined : levels,
      creator: typeof event.sender === "string" ? event.sender : "",
      create: fields(event.content),
    };
  }
}

/**
 * The id (`!…`) or address (`#…`) of a room in what a person writes: either of them, or a link to it (`matrix.to`, `matrix:`).
 * `undefined`: it is neither. Pure.
 */
export function roomReference(text: string): string | undefined {
  const wanted = text.trim();
  const [, short] = /^https?:\/\/matrix\.to\/#\/([^/?]+)/i.exec(wanted) ?? [];
  const [, sort, plain] = /^matrix:(r|roomid)\/([^/?]+)/i.exec(wanted) ?? [];
  const sigil = sort === undefined ? "" : sort.toLowerCase() === "r" ? "#" : "!";
  const named = decoded(short ?? plain ?? wanted);
  const reference = named === undefined ? "" : sigil + named;
  return /^(?:#[^\s:]+:\S+|!\S+)$/.test(reference) && reference.length <= 255 ? reference : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function no(because: string): RoomPower {
  return { allowed: false, because };
}

/** `undefined`: the bot is not let in, or there is no such room. */
async function entered<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return undefined;
    throw error;
  }
}

async function shown(look: () => Promise<Readonly<Record<string, unknown>>>): Promise<string | undefined> {
  try {
    const { displayname } = await look();
    return typeof displayname === "string" && displayname !== "" ? displayname : undefined;
  } catch {
    return undefined;
  }
}
