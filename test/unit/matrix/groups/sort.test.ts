import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHomeName } from "../../../../src/bridge/model.ts";
import { eventHead } from "../../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import { readStored } from "../../../../src/matrix/convert/read.ts";
import { concernsRoom, type RoomKind, sortRoomEvent } from "../../../../src/matrix/groups/sort.ts";
import { cases } from "../../../support/property.ts";

const HOME = parseHomeName("matrix");
const BOT = "@_msnbot:example.org";
const ANNA = "@anna:example.org";
const BEN = "@ben:example.org";
const BOB = "@_msn_escargot_bob=40example.com:example.org";
const names = new GhostNames("_msn_", "example.org");
const rules = { bot: BOT, names };
const bob = names.parse(BOB);
const who = { resident: `matrix:${ANNA}`, room: "!r:example.org" };

interface Given {
  readonly type?: string;
  readonly content?: unknown;
  readonly sender?: string;
  readonly state_key?: string | undefined;
  readonly unsigned?: unknown;
}

/** `undefined`: nothing of a group's. */
function through(kind: RoomKind, given: Given) {
  const raw = {
    type: "m.room.member",
    room_id: "!r:example.org",
    sender: ANNA,
    event_id: "$e",
    state_key: "",
    ...given,
  };
  const head = eventHead(raw);
  if (head === undefined || !concernsRoom(head, rules)) return [];
  return sortRoomEvent(raw, head, kind, rules)?.map(({ stored }) =>
    readStored(JSON.parse(JSON.stringify(stored)), HOME, names),
  );
}

const member = (membership: string, state_key: string, sender = ANNA): Given => ({
  content: { membership },
  state_key,
  sender,
});

describe("in a group's room", () => {
  it.each([
    ["a contact is asked in", member("invite", BOB), [{ kind: "invited", ...who, ghost: bob, direct: false }]],
    ["a contact is thrown out", member("leave", BOB), [{ kind: "removed", ...who, message: "$e", ghost: bob }]],
    ["a contact is banned", member("ban", BOB), [{ kind: "removed", ...who, message: "$e", ghost: bob }]],
    ["somebody leaves", member("leave", ANNA), [{ kind: "left", ...who }]],
    ["somebody is thrown out", member("leave", BEN), [{ kind: "left", room: who.room, resident: `matrix:${BEN}` }]],
    ["the bot is thrown out", member("leave", BOT), [{ kind: "shut-out", ...who }]],
    ["the bot is banned", member("ban", BOT), [{ kind: "shut-out", ...who }]],
    ["somebody comes", member("join", ANNA), []],
    ["a guest is asked in", member("invite", "@_msn_.xmpp_zoe=40x:example.org"), []],
    ["it is encrypted", { type: "m.room.encryption", content: {} }, [{ kind: "own" }, { kind: "shut-out", ...who }]],
    [
      "it is named",
      { type: "m.room.name", content: { name: "Us" } },
      [{ kind: "reshaped", ...who, message: "$e", change: { what: "name", text: "Us" } }],
    ],
    [
      "its name is taken away",
      { type: "m.room.name", content: {} },
      [{ kind: "reshaped", ...who, message: "$e", change: { what: "name", text: "" } }],
    ],
    [
      "its topic is changed, and the bridge's line is not the people's",
      { type: "m.room.topic", content: { topic: "Us\n⇄ Dora speaks" } },
      [{ kind: "reshaped", ...who, message: "$e", change: { what: "topic", text: "Us" } }],
    ],
    [
      "a contact becomes an admin",
      { type: "m.room.power_levels", content: { users: { [BOB]: 50 } }, unsigned: { prev_content: {} } },
      [{ kind: "reshaped", ...who, message: "$e", change: { what: "role", ghost: bob, role: "admin" } }],
    ],
    [
      "somebody of this home becomes an admin, and so do those who are nobody's contact",
      {
        type: "m.room.power_levels",
        content: { users: { [BEN]: 50, [BOT]: 100, "@_msn_.xmpp_zoe=40x:example.org": 50 } },
      },
      [{ kind: "reshaped", ...who, message: "$e", change: { what: "role", whom: `matrix:${BEN}`, role: "admin" } }],
    ],
    [
      "it goes on elsewhere",
      { type: "m.room.tombstone", content: { replacement_room: "!new:example.org" } },
      [{ kind: "own" }, { kind: "moved", ...who, to: "!new:example.org" }],
    ],
    ["it ends", { type: "m.room.tombstone", content: {} }, []],
  ])("%s", (_what, given, events) => {
    expect(through("group", given)).toEqual(events);
  });

  it.each([
    ["the bot", member("leave", BEN, BOT)],
    ["a ghost", member("leave", BOB, BOB)],
    ["the bot, a name", { type: "m.room.name", content: { name: "Us" }, sender: BOT }],
  ])("what is done by %s itself is no news", (_who, given) => {
    expect(through("group", given)).toEqual([]);
  });

  it.each([BOB, BEN, BOT])("a ban of %s that is taken back throws nobody out: they were out", (user) => {
    const unsigned = { prev_content: { membership: "ban" } };
    expect(through("group", { ...member("leave", user), unsigned })).toEqual([]);
  });

  it("words that somebody has encrypted are theirs alone to hear of: anybody can send such, and that ends no room", () => {
    const given = { type: "m.room.encrypted", state_key: undefined, content: { ciphertext: "…" } };
    expect(through("group", given)).toEqual([
      { kind: "unsupported", ...who, message: "$e", what: "an encrypted message" },
    ]);
  });

  it("the bot's own invitation is taken as in any room", () => {
    expect(through("group", member("invite", BOT))).toBeUndefined();
  });
});

describe("in a chat with one contact", () => {
  it("a ban of the bot is told and ends it, and it goes on without a bot that is only thrown out", () => {
    expect(through("chat", member("ban", BOT))).toEqual([{ kind: "shut-out", ...who }, { kind: "own" }]);
    expect(through("chat", member("leave", BOT))).toEqual([]);
  });

  it("a move is followed", () => {
    const given = { type: "m.room.tombstone", content: { replacement_room: "!new:example.org" } };
    expect(through("chat", given)).toEqual([{ kind: "own" }, { kind: "moved", ...who, to: "!new:example.org" }]);
  });

  it.each([
    member("leave", BOB),
    member("leave", ANNA),
    member("invite", BOB),
    { type: "m.room.name", content: { name: "x" } },
  ])("%j is as it was", (given) => {
    expect(through("chat", given)).toBeUndefined();
  });
});

describe("elsewhere", () => {
  it("the bot follows its own chat with somebody, for which the core need not care", () => {
    const given = { type: "m.room.tombstone", content: { replacement_room: "!new:example.org" } };
    expect(through("management", given)).toEqual([{ kind: "own" }]);
    expect(through("other", given)).toEqual([]);
  });
});

describe("whatever comes", () => {
  it("is sorted and read without throwing", () => {
    const types = [
      "m.room.member",
      "m.room.name",
      "m.room.topic",
      "m.room.power_levels",
      "m.room.tombstone",
      "m.room.encryption",
    ];
    const kinds: RoomKind[] = ["group", "chat", "management", "other"];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom(...kinds),
        fc.oneof(fc.object(), fc.record({ membership: fc.string(), users: fc.dictionary(fc.string(), fc.anything()) })),
        fc.oneof(fc.string(), fc.constantFrom(BOT, BOB, ANNA)),
        (type, kind, content, state_key) => {
          expect(() => through(kind, { type, content, state_key, unsigned: content })).not.toThrow();
        },
      ),
      cases(300, 20_000),
    );
  });
});
