/**
 * Who may do what in a room: the powers in the rooms that the bridge makes for groups, and the power that people need to
 * tie a room of theirs. Pure. Source: Matrix Client-Server API, `m.room.power_levels`; room version 12 for creators, who
 * stand above all levels and are not named among them (stack A3).
 */
import { isDeepStrictEqual } from "node:util";
import type { GroupKind } from "../../bridge/groups/model.ts";
import { type Fields, fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";

/** From here on somebody is an admin of a group. */
export const ADMIN = 50;
const BRIDGE = 100;

/** Old rooms write levels as texts. */
function level(value: unknown, otherwise: number): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : otherwise;
}

/**
 * For making a room: everything but who has them, which is the maker's part. In a circle admins give name, topic and roles
 * and take people out; what is just several people has no admins, and everybody names the room. What would break the
 * bridge is the bridge's: encryption, tombstones, its own notes.
 */
export function powersOf(kind: GroupKind): object {
  const naming = kind === "circle" ? ADMIN : 0;
  return {
    users_default: 0,
    events_default: 0,
    state_default: ADMIN,
    invite: 0,
    kick: ADMIN,
    ban: ADMIN,
    redact: ADMIN,
    notifications: { room: ADMIN },
    events: {
      "m.room.name": naming,
      "m.room.topic": naming,
      "m.room.avatar": naming,
      "m.room.power_levels": kind === "circle" ? ADMIN : BRIDGE,
      "m.room.encryption": BRIDGE,
      "m.room.history_visibility": BRIDGE,
      "m.room.server_acl": BRIDGE,
      "m.room.tombstone": BRIDGE,
      "m.bridge": BRIDGE,
      "uk.half-shot.bridge": BRIDGE,
    },
  };
}

/**
 * The levels with the roles of these people; the same object when nothing is to change. `gone`: ours who are not in it any
 * more. Whoever stands as high as the bot cannot be changed and is left alone, as are all who are not named.
 */
export function withRoles(
  levels: Fields,
  roles: ReadonlyMap<string, "admin" | "member">,
  gone: readonly string[],
): Fields {
  const before = fields(levels.users);
  const users: Record<string, unknown> = { ...before };
  const usual = level(levels.users_default, 0);
  for (const user of gone) if (level(users[user], usual) < BRIDGE) delete users[user];
  for (const [user, role] of roles) {
    const now = level(users[user], usual);
    if (now >= BRIDGE || now >= ADMIN === (role === "admin")) continue;
    if (role === "admin") users[user] = ADMIN;
    else delete users[user];
  }
  return isDeepStrictEqual(users, before) ? levels : { ...levels, users };
}

/** Users whose role a change of levels has changed, but for those of ours who are no contacts. */
export function changedRoles(
  now: Fields,
  before: Fields,
  names: GhostNames,
): readonly { readonly user: string; readonly role: "admin" | "member" }[] {
  const [new_, old] = [fields(now.users), fields(before.users)];
  const isAdmin = (users: Fields, levels: Fields, user: string): boolean =>
    level(users[user], level(levels.users_default, 0)) >= ADMIN;
  return [...new Set([...Object.keys(new_), ...Object.keys(old)])].flatMap((user) => {
    const isSomebody = names.parse(user) !== undefined || !names.owns(user);
    const admin = isAdmin(new_, now, user);
    if (!isSomebody || admin === isAdmin(old, before, user)) return [];
    return [{ user, role: admin ? ("admin" as const) : ("member" as const) }];
  });
}

/** What is known of who rules a room. */
export interface Rule {
  /** Content of `m.room.power_levels`; absent: the room has none. */
  readonly levels: Fields | undefined;
  /** Sender and content of `m.room.create`. */
  readonly creator: string;
  readonly create: Fields;
}

/** In these versions of rooms creators are named nowhere and can do all. */
const CREATORS_RULE = /^(?:1[2-9]|[2-9]\d)$/;

export function creatorsOf({ creator, create }: Rule): readonly string[] {
  const version = typeof create.room_version === "string" ? create.room_version : "1";
  if (!CREATORS_RULE.test(version)) return [];
  const more = create.additional_creators;
  return [creator, ...(Array.isArray(more) ? more.filter((one): one is string => typeof one === "string") : [])];
}

export function powerOf(rule: Rule, user: string): number {
  if (creatorsOf(rule).includes(user)) return Number.POSITIVE_INFINITY;
  if (rule.levels === undefined) return user === rule.creator ? BRIDGE : 0;
  return level(fields(rule.levels.users)[user], level(rule.levels.users_default, 0));
}

/** What one needs to tie the room to a group: the power over its state and its people. */
export function powerToTie({ levels }: Rule): number {
  if (levels === undefined) return ADMIN;
  return Math.max(level(levels.state_default, ADMIN), level(levels.kick, ADMIN));
}

/** What the bot needs to write into the room what it is tied to, and who speaks for others. */
export function powerToNote({ levels }: Rule): number {
  if (levels === undefined) return 0;
  const events = fields(levels.events);
  const usual = level(levels.state_default, ADMIN);
  return Math.max(level(events["m.bridge"], usual), level(events["m.room.topic"], usual));
}

/** Those of these people who have that power. */
export function whoCouldTie(rule: Rule, people: readonly string[]): readonly string[] {
  const needed = powerToTie(rule);
  return people.filter((user) => powerOf(rule, user) >= needed);
}
