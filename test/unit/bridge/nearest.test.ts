import { expect, test } from "vitest";
import { nearest } from "../../../src/bridge/nearest.ts";

test.each([
  ["ulr", "url"],
  ["public_url", "publicUrl"],
  ["PUBLICURL", "publicUrl"],
  ["domian", "domain"],
  ["botlocalprt", "botLocalpart"],
])("%s is taken for %s", (typed, meant) => {
  expect(nearest(typed, ["url", "domain", "publicUrl", "botLocalpart"])).toBe(meant);
});

test("a word that is near to nothing gets no guess", () => {
  expect(nearest("frobnicate", ["url", "domain"])).toBeUndefined();
});
