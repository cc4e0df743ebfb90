import { describe, expect, it } from "vitest";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import {
  changedRoles,
  creatorsOf,
  powerOf,
  powersOf,
  powerToNote,
  powerToTie,
  type Rule,
  whoCouldTie,
  withRoles,
} from "../../../../src/matrix/groups/powers.ts";

const names = new GhostNames("_msn_", "example.org");
const ANNA = "@anna:example.org";
const BEN = "@ben:example.org";
const BOT = "@_msnbot:example.org";
const BOB = "@_msn_escargot_bob=40example.com:example.org";

describe("roles", () => {
  const roles = (given: Record<string, "admin" | "member">) => new Map(Object.entries(given));

  it("that are so already change nothing, not even the object", () => {
    const levels = { users: { [BOT]: 100, [ANNA]: 50 }, users_default: 0 };
    expect(withRoles(levels, roles({ [ANNA]: "admin", [BEN]: "member" }), [])).toBe(levels);
  });

  it("are given and taken; who is not named keeps what they have", () => {
    const levels = { users: { [BOT]: 100, [ANNA]: 50, [BOB]: 50, "@guest:x": 25 }, ban: 50 };
    expect(withRoles(levels, roles({ [ANNA]: "member", [BEN]: "admin" }), [BOB])).toEqual({
      users: { [BOT]: 100, [BEN]: 50, "@guest:x": 25 },
      ban: 50,
    });
  });

  it("of those who stand as high as the bot are left alone", () => {
    const levels = { users: { [ANNA]: 100 } };
    expect(withRoles(levels, roles({ [ANNA]: "member" }), [])).toBe(levels);
  });

  it("need no creator among the users, as in rooms of version 12", () => {
    expect(withRoles({}, roles({ [ANNA]: "admin" }), [])).toEqual({ users: { [ANNA]: 50 } });
  });

  it("are read from a change of levels, of contacts and of people", () => {
    const before = { users: { [BOB]: 50, [ANNA]: 100 } };
    const carol = "@_msn_escargot_carol=40example.com:example.org";
    const guest = "@_msn_.xmpp_zoe=40x:example.org";
    const now = { users: { [carol]: 75, [ANNA]: 0, [guest]: 50 } };
    expect(changedRoles(now, before, names)).toEqual([
      { user: carol, role: "admin" },
      { user: ANNA, role: "member" },
      { user: BOB, role: "member" },
    ]);
    expect(changedRoles(now, now, names)).toEqual([]);
    expect(changedRoles({}, {}, names)).toEqual([]);
  });

  it("are in no list: what stands where the users should be and is none of them names nobody", () => {
    expect(changedRoles({ users: [100, 50] }, {}, names)).toEqual([]);
  });
});

describe("a new room", () => {
  it("lets admins of a circle name it, and everybody where there are none", () => {
    expect(powersOf("circle")).toMatchObject({ kick: 50, events: { "m.room.name": 50, "m.room.power_levels": 50 } });
    expect(powersOf("several")).toMatchObject({ kick: 50, events: { "m.room.name": 0, "m.room.power_levels": 100 } });
  });
});

describe("the power to tie a room", () => {
  const rule = (levels: Rule["levels"], version?: string, more: object = {}): Rule => ({
    levels,
    creator: ANNA,
    create: { ...(version === undefined ? {} : { room_version: version }), ...more },
  });

  it.each([
    ["as Matrix has it", {}, 50],
    ["that over state", { state_default: 75 }, 75],
    ["that over people", { state_default: 0, kick: 60 }, 60],
    ["as an old room writes it", { state_default: "80" }, 80],
    ["where no levels are", undefined, 50],
  ])("is %s", (_what, levels, needed) => {
    expect(powerToTie(rule(levels))).toBe(needed);
  });

  it("is the creator's from version 12 on, whatever the levels say", () => {
    const twelve = rule({ users: { [BEN]: 100 } }, "12", { additional_creators: [BOT] });
    expect(powerOf(twelve, ANNA)).toBe(Number.POSITIVE_INFINITY);
    expect(creatorsOf(twelve)).toEqual([ANNA, BOT]);
    expect(creatorsOf(rule({}, "11"))).toEqual([]);
    expect(whoCouldTie(twelve, [ANNA, BEN, "@c:x"])).toEqual([ANNA, BEN]);
  });

  it("is what the levels say before that, and the creator's where there are none", () => {
    const eleven = rule({ users: { [BEN]: 50 }, users_default: 10 }, "11");
    expect(powerOf(eleven, ANNA)).toBe(10);
    expect(whoCouldTie(eleven, [ANNA, BEN])).toEqual([BEN]);
    expect(whoCouldTie(rule(undefined), [ANNA, BEN])).toEqual([ANNA]);
  });
});

describe("to write into a room what it is tied to", () => {
  const rule = (levels: Rule["levels"]): Rule => ({ levels, creator: ANNA, create: { room_version: "11" } });

  it("takes what changes of its state take, or of the topic or the bridge's note where they are set apart", () => {
    expect(powerToNote(rule({}))).toBe(50);
    expect(powerToNote(rule({ state_default: 10 }))).toBe(10);
    expect(powerToNote(rule({ state_default: 10, events: { "m.bridge": 75 } }))).toBe(75);
    expect(powerToNote(rule({ state_default: 10, events: { "m.room.topic": 60 } }))).toBe(60);
    expect(powerToNote(rule(undefined))).toBe(0);
  });
});
