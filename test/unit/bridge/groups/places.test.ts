import { describe, expect, it } from "vitest";
import { circleKey, type GroupRecord, groupId, setKey } from "../../../../src/bridge/groups/model.ts";
import { mayCarry, nameOnNetwork, Places } from "../../../../src/bridge/groups/places.ts";
import { roomId } from "../../../../src/bridge/model.ts";
import { MOST_PLACES, placeOf } from "../../../../src/bridge/via.ts";
import { ToyGroupHome } from "../../../support/toy-group-home.ts";
import { contact, NET } from "../support.ts";

const [ALICE, BOB] = [contact("alice"), contact("bob")];
const home = new ToyGroupHome();
const house = new ToyGroupHome("toyhouse", "Toyhouse");
const other = placeOf("matrix:!elsewhere:a.test");
const far = placeOf("muc:far@rooms.a.test");

function group(more: Partial<GroupRecord> = {}): GroupRecord {
  return {
    id: groupId(NET, circleKey("00000000-0000-0000-0009-000000000001")),
    kind: "circle",
    name: "Chess",
    topic: "",
    members: [BOB, ALICE].map((address) => ({ address, role: "member" })),
    seats: [],
    rooms: [
      { home: home.name, room: roomId("!here") },
      { home: house.name, room: roomId("!there") },
    ],
    ...more,
  };
}
const placesOf = (record: GroupRecord) => new Places(new Map([home, house].map((one) => [one.name, one]))).of(record);

describe("how bridges call a group on its network", () => {
  it("is by its key when it lasts", () => {
    expect(nameOnNetwork(group())).toBe("msn:toynet:circle-00000000-0000-0000-0009-000000000001");
  });

  it("is by who is in it when it does not, in whatever order each of them knows them, and whatever its key has become", () => {
    const several = (members: GroupRecord["members"]) =>
      nameOnNetwork(group({ kind: "several", id: groupId(NET, setKey([ALICE])), members }));
    expect(several(group().members)).toBe("msn:toynet:alice@msn.test,bob@msn.test");
    expect(several(group().members.toReversed())).toBe(several(group().members));
  });
});

describe("the places of a group", () => {
  it("are its conversation on the network and its rooms, as their homes call them", () => {
    const places = placesOf(group());
    expect(places.network).toBe(placeOf("msn:toynet:circle-00000000-0000-0000-0009-000000000001"));
    expect([...places.rooms]).toEqual([
      [home.name, placeOf(home.publicName(roomId("!here")))],
      [house.name, placeOf(house.publicName(roomId("!there")))],
    ]);
    expect([...places.read]).toEqual([places.network, ...places.rooms.values()]);
  });

  it("are counted once for a record, and anew for what it has become", () => {
    const all = new Places(new Map([home, house].map((one) => [one.name, one])));
    const record = group();
    expect(all.of(record)).toBe(all.of(record));
    expect(all.of({ ...record })).not.toBe(all.of(record));
  });
});

describe("a word that was read in one conversation of a group", () => {
  const places = placesOf(group());
  const [here, there] = [places.rooms.get(home.name), places.rooms.get(house.name)];

  it("goes into all others when a person says it", () => {
    for (const to of [places.network, here, there, undefined])
      expect([mayCarry(places, undefined, to), mayCarry(places, [], to)]).toEqual([true, true]);
  });

  it("goes there, too, when a bridge has carried it from somewhere else", () => {
    for (const to of [places.network, here, there, undefined]) expect(mayCarry(places, [other, far], to)).toBe(true);
  });

  it("goes nowhere when it has been in any of them: this bridge has carried it from there itself", () => {
    for (const been of [places.network, ...places.rooms.values()])
      for (const to of [places.network, here, there, undefined])
        expect(mayCarry(places, [other, been], to), `${been} to ${to}`).toBe(false);
  });

  it("goes no further after as many conversations as a list may have", () => {
    const many = Array.from({ length: MOST_PLACES }, (_, i) => placeOf(`matrix:!${i}:a.test`));
    expect(mayCarry(places, many.slice(1), places.network)).toBe(true);
    expect(mayCarry(places, many, places.network)).toBe(false);
  });

  it("is carried past a room that has stopped, where nothing is read, but not into that", () => {
    const stopped = placesOf(
      group({
        rooms: [
          { home: home.name, room: roomId("!here"), parked: "the bot was thrown out" },
          { home: house.name, room: roomId("!there") },
        ],
      }),
    );
    const parked = stopped.rooms.get(home.name);
    const via = parked === undefined ? [] : [parked];
    expect(mayCarry(stopped, via, stopped.rooms.get(house.name))).toBe(true);
    expect(mayCarry(stopped, via, parked)).toBe(false);
  });
});
