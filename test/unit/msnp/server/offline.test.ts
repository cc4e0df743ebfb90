import { describe, expect, test } from "vitest";
import { MAX_OFFLINE_SIZE, MAX_OFFLINE_TEXT, OfflineStore } from "../../../../src/msnp/server/state/offline.ts";

const NOTE = { from: "bob@example.com", fromName: "Bob", to: "alice@example.com", text: "later", at: 1000 };

describe("The store of offline messages (msnp-chat §5.6)", () => {
  test("messages come back in the order they were left, whatever the case of the address", () => {
    const store = new OfflineStore();
    for (const text of ["one", "two", "three"]) store.store({ ...NOTE, text });
    expect(store.list("Alice@Example.com").map(({ text }) => text)).toEqual(["one", "two", "three"]);
    expect(store.list("bob@example.com")).toEqual([]);
    expect(store.count("alice@example.com")).toBe(3);
  });

  test("the braces of a run id are taken off; without one, and for the message itself, there are new ids", () => {
    const store = new OfflineStore();
    const given = store.store({ ...NOTE, runId: "{86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F}", sequence: 3 });
    const made = store.store(NOTE);
    expect(given).toMatchObject({ ...NOTE, runId: "86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F", sequence: 3, read: false });
    expect(given?.id).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(made?.runId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(made?.id).not.toBe(given?.id);
  });

  test("a message is deleted once, by its id in any case, and only for the one it waits for", () => {
    const store = new OfflineStore();
    const id = store.store(NOTE)?.id ?? "";
    expect(store.delete("bob@example.com", id)).toBe(false);
    expect(store.delete("alice@example.com", id.toLowerCase())).toBe(true);
    expect(store.delete("alice@example.com", id)).toBe(false);
    expect(store.count("alice@example.com")).toBe(0);
  });

  test("reading a message leaves it where it is", () => {
    const store = new OfflineStore();
    const id = store.store(NOTE)?.id ?? "";
    store.store({ ...NOTE, text: "second" });
    store.markRead("alice@example.com", id);
    expect(store.list("alice@example.com").map(({ text, read }) => [text, read])).toEqual([
      ["later", true],
      ["second", false],
    ]);
  });

  test("a full box and an endless text are refused", () => {
    const store = new OfflineStore(2);
    expect(store.store({ ...NOTE, text: "x".repeat(MAX_OFFLINE_TEXT + 1) })).toBeUndefined();
    store.store(NOTE);
    const second = store.store(NOTE);
    expect(store.store(NOTE)).toBeUndefined();
    expect(store.store({ ...NOTE, to: "carol@example.com" })).toBeDefined();
    store.delete("alice@example.com", second?.id ?? "");
    expect(store.store(NOTE)).toBeDefined();
  });

  test("all that waits for one account has a size, headers and all, and what is deleted makes room", () => {
    const store = new OfflineStore();
    const large = { ...NOTE, text: "", headers: [["X-Filler", "x".repeat(MAX_OFFLINE_SIZE / 2 + 16)] as const] };
    const first = store.store({ ...large, headers: [["X", "x".repeat(MAX_OFFLINE_SIZE / 2 - 16)] as const] });
    expect(store.store(large)).toBeUndefined();
    store.delete("alice@example.com", first?.id ?? "");
    expect(store.store(large)).toBeDefined();
  });
});
