import { expect, test } from "vitest";
import { TokenStore } from "../../../../src/msnp/server/state/tokens.ts";

test("a token lives as long as it was given, and can be looked at more than once", () => {
  let now = 0;
  const store = new TokenStore<string>(() => now);
  const token = store.issue("alice", 30);
  expect(token).toMatch(/^[0-9a-f]{20}$/);
  expect([store.peek(token), store.peek(token)]).toEqual(["alice", "alice"]);
  now = 30;
  expect(store.peek(token)).toBeUndefined();
});

test("a cookie can be taken once", () => {
  const store = new TokenStore<string>(() => 0);
  const token = store.issue("alice", 30);
  expect([store.take(token), store.take(token)]).toEqual(["alice", undefined]);
});

test("dead tokens make room, and the oldest goes when there are too many", () => {
  let now = 0;
  const store = new TokenStore<number>(() => now);
  for (let i = 0; i < 100; i++) store.issue(i, 10);
  now = 10;
  store.issue(100, 10);
  expect(store.size).toBe(1);
  const first = store.issue(0, 10);
  for (let i = 0; i < 50_000; i++) store.issue(i, 10);
  expect(store.size).toBe(50_000);
  expect(store.peek(first)).toBeUndefined();
});
