import { expect, test } from "vitest";
import { ownName } from "../../../src/matrix/puppets/own-ghost.ts";

test.each([
  ["Anna", "Laptop", "Anna (you, on Laptop)"],
  ["Anna", undefined, "Anna (you, on another place)"],
  ["Anna", " \u200b ", "Anna (you, on another place)"],
  ["", "Phone", "anna@msn.test (you, on Phone)"],
  ["An\nna\u202e", "Lap\ttop", "An na (you, on Lap top)"],
])("%j at %j is called %j", (name, device, called) => {
  expect(ownName(name, "anna@msn.test", device)).toBe(called);
});

test("whatever the names are, whose words they are stays in sight", () => {
  const called = ownName("x".repeat(5000), "anna@msn.test", "y".repeat(5000));
  expect(called.length).toBeLessThan(256);
  expect(called).toMatch(/… \(you, on y+…\)$/);
});
