import { describe, expect, test } from "vitest";
import { ProfileStore } from "../../../../src/msnp/server/state/profiles.ts";

const GIF = Buffer.from("GIF89a....");

describe("Profiles and pictures (msnp-chat §5.5)", () => {
  test("name and message are kept apart", () => {
    const store = new ProfileStore();
    store.set("a", "name", { text: "Alice", at: 1 });
    store.set("a", "message", { text: "out", at: 2 });
    expect(store.profile("a")).toEqual({ name: { text: "Alice", at: 1 }, message: { text: "out", at: 2 } });
    expect(store.profile("b")).toEqual({});
  });

  test("a picture is known by its first bytes, and has a size", () => {
    const store = new ProfileStore();
    for (const [data, type] of [
      [GIF, "image/gif"],
      [Buffer.from([0xff, 0xd8, 0xff]), "image/jpeg"],
      [Buffer.from("\x89PNG\r\n\x1a\n...", "latin1"), "image/png"],
    ] as const) {
      expect(store.setTile("a", data)).toBe(true);
      expect(store.tile("A")?.type).toBe(type);
    }
    expect(store.setTile("a", Buffer.from("BM...."))).toBe(false);
    expect(store.setTile("a", Buffer.concat([GIF, Buffer.alloc(128 * 1024)]))).toBe(false);
    expect(store.tile("a")?.type).toBe("image/png");
  });

  test("of too many pictures the oldest goes", () => {
    const store = new ProfileStore();
    for (let index = 0; index < 1000; index += 1) store.setTile(`n${index}`, GIF);
    store.setTile("n0", GIF);
    store.setTile("one more", GIF);
    expect(store.tile("n0")).toBeDefined();
    expect(store.tile("n1")).toBeUndefined();
    expect(store.tile("one more")).toBeDefined();
  });
});
