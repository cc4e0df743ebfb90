import { describe, expect, it } from "vitest";
import { carriedFrom, MOST_PLACES, type Place, placeOf, readVia, readViaText } from "../../../src/bridge/via.ts";

const places = (count: number): Place[] => Array.from({ length: count }, (_, i) => placeOf(`matrix:!room-${i}:a.test`));
const [here, there] = places(2) as [Place, Place];

describe("a place", () => {
  it.each([
    ["matrix:!room:example.org", "fb106e6a4e85"],
    ["muc:room@rooms.example.org", "d6040938a801"],
    ["msn:escargot:circle-00000000-0000-0000-0009-000000000001", "da7d7783395a"],
    ["msn:escargot:alice@example.com,bob@example.com", "f8557096a1fc"],
  ])("of %s is %s, the beginning of its SHA-256, for every bridge", (name, place) => {
    expect(placeOf(name)).toBe(place);
  });
});

describe("the list of a word", () => {
  it("grows by the place from which it is carried, behind where it has been", () => {
    expect(carriedFrom(here)).toEqual([here]);
    expect(carriedFrom(there, [here])).toEqual([here, there]);
  });

  it("names no place twice, and none where the place has no name", () => {
    expect(carriedFrom(here, [here, there])).toEqual([here, there]);
    expect(carriedFrom(undefined, [here])).toEqual([here]);
    expect(carriedFrom(undefined)).toEqual([]);
  });
});

describe("a list that comes from outside", () => {
  it("is read as it was written, as a list and as a text", () => {
    const all = places(MOST_PLACES);
    expect(readVia(all)).toEqual(all);
    expect(readViaText(all.join(","))).toEqual(all);
    expect(readViaText(` ${here} , ${there} `)).toEqual([here, there]);
  });

  it.each([
    [undefined],
    [null],
    [42],
    ["0123456789ab"],
    [{ 0: here, length: 1 }],
    [[]],
    [[1, null, "x", "0123456789AB"]],
  ])("of %j names nothing", (list) => {
    expect(readVia(list)).toEqual([]);
  });

  it.each([[undefined], [""], [","], ["0123456789abc"], ["<via/>"]])("that is the text %j names nothing", (text) => {
    expect(readViaText(text)).toEqual([]);
  });

  it("is not looked at beyond what it may have", () => {
    expect(readVia(places(100))).toEqual(places(MOST_PLACES));
    expect(readViaText(places(10_000).join(","))).toEqual(places(MOST_PLACES));
    expect(readVia([...Array.from({ length: MOST_PLACES }, () => "no place"), here])).toEqual([]);
  });
});
