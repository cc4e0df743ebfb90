import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { Fleet } from "../../../src/bridge/fleet.ts";
import { type GroupRecord, groupId, parseGroupKey, seatOf } from "../../../src/bridge/groups/model.ts";
import type { AccountRecord, ContactSnapshot, PortalId, PortalRecord } from "../../../src/bridge/model.ts";
import { parseHomeName, portalParts, residentId, roomId } from "../../../src/bridge/model.ts";
import type { Home, SpaceView } from "../../../src/bridge/ports/home.ts";
import { composeSpace, Spaces } from "../../../src/bridge/spaces.ts";
import { account, alice, contact, HOME, NET, portal, record, silent, until } from "./support.ts";

const OTHER = parseHomeName("otherhome");
const elsewhere = residentId(OTHER, "@alice:other");

function chat(name: string, id: PortalId = portal(name)): PortalRecord {
  const rooms = [{ home: HOME, room: roomId(`!${name}`), resident: alice }];
  return { id, ...portalParts(id), rooms };
}

function group(name: string, more: Partial<GroupRecord> = {}): GroupRecord {
  const rooms = [{ home: HOME, room: roomId(`!${name}`) }];
  const id = groupId(NET, parseGroupKey(name));
  return { id, kind: "several", name: "", topic: "", members: [], seats: [account()], rooms, ...more };
}

/** Rooms by folder; those in none under an empty name. */
function sketch(view: SpaceView | undefined): Record<string, string[]> | undefined {
  if (!view) return undefined;
  const folders = view.folders.map(({ name, rooms }) => [name, rooms.map(({ room }) => room)] as const);
  return Object.fromEntries([...folders, ["", view.loose.map(({ room }) => room)]]);
}

function compose(
  folders: Record<string, string[]>,
  portals: PortalRecord[],
  groups: GroupRecord[] = [],
): SpaceView | undefined {
  const foldersOf = (address: string): string[] => folders[address.split("@")[0] ?? ""] ?? [];
  return composeSpace({ title: "Toynet: alice", home: HOME, owner: alice, portals, groups, foldersOf });
}

describe("the space of an account", () => {
  it("has its chats by the groups of the contact list, in their order, and the rest loose", () => {
    const view = compose({ bob: ["Work"], dan: ["Friends"], eve: ["Friends"] }, [
      chat("eve"),
      chat("bob"),
      chat("dan"),
      chat("carl"),
    ]);
    expect(sketch(view)).toEqual({ Friends: ["!dan", "!eve"], Work: ["!bob"], "": ["!carl"] });
    expect(view?.folders[0]?.rooms[0]?.ghost).toEqual({ network: NET, contact: contact("dan") });
  });

  it("shows a contact of several groups in each of them, and rooms of groups beside them", () => {
    const view = compose({ bob: ["Work", "Friends", "Work"] }, [chat("bob")], [group("us")]);
    expect(sketch(view)).toEqual({ Friends: ["!bob"], Work: ["!bob"], "": ["!us"] });
    expect(view?.loose[0]?.ghost).toBeUndefined();
  });

  it("is none without a room in this home: elsewhere, parked, or only seats in groups", () => {
    const there = [{ home: OTHER, room: roomId("!there"), resident: elsewhere }];
    const parked = [{ home: HOME, room: roomId("!us"), parked: "thrown out" }];
    expect(compose({}, [])).toBeUndefined();
    expect(compose({}, [{ ...chat("bob"), rooms: there }], [group("us", { rooms: parked })])).toBeUndefined();
    expect(compose({}, [chat("us", seatOf(account(), group("us").id))])).toBeUndefined();
  });

  it("has no folder without a name that can be seen, and no more than sixty", () => {
    const names = Array.from({ length: 61 }, (_, i) => `G${String(i).padStart(2, "0")}`);
    const chats = names.map((_, i) => chat(`c${i}`));
    const folders = Object.fromEntries(names.map((name, i) => [`c${i}`, [name, " \u200b"]]));
    const view = compose(folders, chats);
    expect(view?.folders).toHaveLength(60);
    expect(view?.loose.map(({ room }) => room)).toEqual(["!c60"]);
  });
});

/** A home with spaces, and an account that is signed in. */
function stage() {
  const did: string[] = [];
  const portals: PortalRecord[] = [];
  const groups: GroupRecord[] = [];
  const folders = new Map<string, string[]>();
  const state = { isOn: true, failures: [] as BridgeError[], asked: 0, looked: 0 };
  const held: { until?: Promise<void> } = {};
  const snapshot = (name: string): ContactSnapshot =>
    ({ address: contact(name), groups: folders.get(name) ?? [] }) as unknown as ContactSnapshot;
  const session = { contact: (address: string) => snapshot(address.split("@")[0] ?? "") };
  const fleet = {
    record: () => record(),
    session: () => {
      state.looked += 1;
      return state.isOn ? session : undefined;
    },
  } as unknown as Fleet;
  const tried = async (what: string): Promise<void> => {
    await held.until;
    const failure = state.failures.shift();
    if (failure) throw failure;
    did.push(what);
  };
  const home = {
    name: HOME,
    hasSpaces: true,
    showSpace: (_: unknown, _owner: unknown, view: SpaceView) => tried(JSON.stringify(sketch(view))),
    dropSpace: (_: unknown, owner: string) => tried(`dropped of ${owner}`),
  } as unknown as Home;
  const spaces = new Spaces({
    homes: [home],
    portals: {
      ofAccount: async () => {
        state.asked += 1;
        return [...portals];
      },
    },
    groupsOf: async () => groups,
    fleet: () => fleet,
    titleOf: ({ network }: AccountRecord) => network,
    log: silent,
    gatherMs: 5,
  });
  return { spaces, did, portals, groups, folders, state, held, snapshot };
}

describe("spaces are told to homes", () => {
  it("once for many changes at a time, and not before there is a room", async () => {
    const s = stage();
    s.spaces.changed(account());
    await until("it was looked at", () => s.state.asked === 1);
    s.portals.push(chat("bob"));
    for (let i = 0; i < 10; i++) s.spaces.changed(account());
    await until("it is told", () => s.did.length > 0);
    expect(s.did).toEqual(['{"":["!bob"]}']);
    expect(s.state.asked).toBe(2);
  });

  it("when the groups of a contact with a room change, and not for who has none, or only comes and goes", async () => {
    const s = stage();
    s.portals.push(chat("bob"));
    s.spaces.changed(account());
    await until("it is told", () => s.did.length === 1);
    s.folders.set("carol", ["Friends"]);
    s.spaces.contact(record(), s.snapshot("carol"));
    s.spaces.contact(record(), s.snapshot("bob"));
    s.folders.set("bob", ["Friends"]);
    s.spaces.contact(record(), s.snapshot("bob"));
    await until("it is told again", () => s.did.length === 2);
    expect(s.did[1]).toBe('{"Friends":["!bob"],"":[]}');
    expect(s.state.asked).toBe(2);
  });

  it("when a group's room is tied or parked, and not with each word in it", async () => {
    const s = stage();
    const us = group("us");
    s.groups.push(us);
    s.spaces.group(us);
    await until("it is told", () => s.did.length === 1);
    s.spaces.group({ ...us, topic: "other" });
    s.groups[0] = { ...us, rooms: us.rooms.map((room) => ({ ...room, parked: "thrown out" })) };
    s.spaces.group(s.groups[0]);
    await until("it is told again", () => s.did.length === 2);
    expect(s.did).toEqual(['{"":["!us"]}', '{"":[]}']);
    expect(s.state.asked).toBe(2);
  });

  it("when the account has left a group", async () => {
    const s = stage();
    const us = group("us");
    s.portals.push(chat("bob"));
    s.groups.push(us);
    s.spaces.group(us);
    await until("it is told", () => s.did.length === 1);
    s.groups.pop();
    s.spaces.group({ ...us, seats: [] });
    await until("it is told again", () => s.did.length === 2);
    expect(s.did).toEqual(['{"":["!bob","!us"]}', '{"":["!bob"]}']);
  });

  it("again when the home was away, with what is so by then; what it refuses waits for the next change", async () => {
    const s = stage();
    s.portals.push(chat("bob"));
    s.state.failures.push(new BridgeError("home-down", {}, { retryAfterMs: 10 }));
    s.spaces.changed(account());
    await until("it was tried", () => s.state.failures.length === 0);
    s.portals.push(chat("carol"));
    await until("it is told", () => s.did.length === 1);
    expect(s.did).toEqual(['{"":["!bob","!carol"]}']);
    s.state.failures.push(new BridgeError("home-refused", { detail: "no" }));
    s.spaces.changed(account());
    await until("it was refused", () => s.state.failures.length === 0);
    s.spaces.changed(account());
    await until("it is told", () => s.did.length === 2);
  });

  it("not while the account is signed out: its list is not known", async () => {
    const s = stage();
    s.portals.push(chat("bob"));
    s.state.isOn = false;
    s.spaces.changed(account());
    await until("it was looked at", () => s.state.looked === 1);
    expect(s.state.asked).toBe(0);
    s.state.isOn = true;
    s.spaces.changed(account());
    await until("it is told", () => s.did.length === 1);
  });

  it("what changes while it is told is told after it, and what is unlinked goes before what is linked anew", async () => {
    const s = stage();
    const gate = Promise.withResolvers<void>();
    s.held.until = gate.promise;
    s.portals.push(chat("bob"));
    s.spaces.changed(account());
    await until("it is being told", () => s.state.asked === 1);
    s.portals.push(chat("carol"));
    s.spaces.changed(account());
    s.spaces.dropped(record(), [alice, elsewhere]);
    gate.resolve();
    await until("all is told", () => s.did.length === 3);
    expect(s.did).toEqual(['{"":["!bob"]}', `dropped of ${alice}`, '{"":["!bob","!carol"]}']);
  });
});
