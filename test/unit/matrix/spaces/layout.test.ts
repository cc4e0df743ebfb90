import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roomId } from "../../../../src/bridge/model.ts";
import type { SpaceView } from "../../../../src/bridge/ports/home.ts";
import {
  changes,
  childContent,
  doesBelong,
  folderContent,
  foldersIn,
  freeSlot,
  ghostsIn,
  layoutOf,
  orderOf,
} from "../../../../src/matrix/spaces/layout.ts";
import { ghostOf } from "../../../support/matrix-home.ts";
import { cases } from "../../../support/property.ts";

const room = (name: string) => ({ room: roomId(`!${name}`), ghost: ghostOf(`${name}@example.com`), order: name });
const view = (folders: SpaceView["folders"], loose: SpaceView["loose"] = []): SpaceView => ({
  title: "T",
  folders,
  loose,
});

describe("the order of a space", () => {
  it("is that of the names, whatever their accents and capitals, with folders before rooms", () => {
    expect(["zoë", "Éva", "adam"].map((name) => orderOf("b", name)).sort()).toEqual([
      orderOf("b", "adam"),
      orderOf("b", "eva"),
      orderOf("b", "zoe"),
    ]);
    expect(orderOf("a", "zzz") < orderOf("b", "aaa")).toBe(true);
  });

  it("is always what the specification allows", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(orderOf("a", name)).toMatch(/^[\x20-\x7e]{1,50}$/);
      }),
      cases(100, 20_000),
    );
  });
});

describe("rooms in a space", () => {
  it("belong to the first folder that has them, and to no other; a group's room to none", () => {
    const layout = layoutOf(
      view(
        [
          { name: "A", rooms: [room("bob")] },
          { name: "B", rooms: [room("bob"), room("carol")] },
        ],
        [room("dan"), { room: roomId("!us"), order: "us" }],
      ),
    );
    const belong = (places: (typeof layout)["loose"]) => places.map((place) => doesBelong(childContent("x", place)));
    expect(layout.folders.map(({ places }) => belong(places))).toEqual([[true], [false, true]]);
    expect(belong(layout.loose)).toEqual([true, false]);
    expect([...ghostsIn(layout).keys()].sort()).toEqual(["!bob", "!carol", "!dan"]);
  });

  it("are written when they are missing or other than they should be, and taken out when they are not wanted", () => {
    const now = new Map([
      ["!same", { via: ["x"], order: "1" }],
      ["!moved", { via: ["x"], order: "1" }],
      ["!gone", { via: ["x"], order: "1" }],
      ["!out", {}],
    ]);
    const wanted = new Map([
      ["!same", { via: ["x"], order: "1" }],
      ["!moved", { via: ["x"], order: "2" }],
      ["!new", { via: ["x"], order: "3" }],
    ]);
    expect(Object.fromEntries(changes(now, wanted))).toEqual({
      "!moved": { via: ["x"], order: "2" },
      "!new": { via: ["x"], order: "3" },
      "!gone": {},
    });
  });
});

describe("folders", () => {
  it("are read from what was written of them, and nothing else is one", () => {
    const children = new Map<string, Record<string, unknown>>([
      ["!friends", folderContent("x", "a1", { name: "Friends", slot: 3 })],
      ["!chat", { via: ["x"] }],
      ["!out", { "msnbridge.folder": { name: "Out", slot: 0 } }],
      ["!odd", { via: ["x"], "msnbridge.folder": { name: 5 } }],
      ["!none", { via: ["x"], "msnbridge.folder": null }],
    ]);
    expect(foldersIn(children)).toEqual([{ room: "!friends", name: "Friends", slot: 3 }]);
  });

  it("get the smallest number that is free", () => {
    expect(freeSlot(new Set())).toBe(0);
    expect(freeSlot(new Set([0, 1, 3]))).toBe(2);
  });
});
