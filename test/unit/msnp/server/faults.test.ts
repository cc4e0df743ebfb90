import { expect, test } from "vitest";
import { Faults } from "../../../../src/msnp/server/faults.ts";

test("a fault strikes once where it was ordered, and nowhere else", () => {
  const faults = new Faults();
  const armed = faults.arm({ place: "NS", account: "A@b.c", at: "SYN", fault: { kind: "drop" } });
  expect(faults.takeWire("SB", "a@b.c", "SYN")).toBeUndefined();
  expect(faults.takeWire("NS", undefined, "SYN")).toBeUndefined();
  expect(faults.takeWire("NS", "x@b.c", "SYN")).toBeUndefined();
  expect(faults.takeWire("NS", "a@b.c", "CHG")).toBeUndefined();
  expect(faults.takeHttp("a@b.c", "SYN")).toBeUndefined();
  expect(armed.strikes).toBe(0);
  expect(faults.takeWire("NS", "a@B.c", "SYN")).toEqual({ kind: "drop" });
  expect(faults.takeWire("NS", "a@b.c", "SYN")).toBeUndefined();
  expect(armed.strikes).toBe(1);
});

test("it can strike from the n-th time on, a number of times, or always", () => {
  const faults = new Faults();
  faults.arm({ place: "HTTP", at: "rst", nth: 3, times: 2, fault: { kind: "refuse" } });
  const seen = Array.from({ length: 6 }, () => faults.takeHttp(undefined, "rst")?.kind);
  expect(seen).toEqual([undefined, undefined, "refuse", "refuse", undefined, undefined]);
  const always = faults.arm({ place: "NS", times: "always", fault: { kind: "ignore" } });
  for (let i = 0; i < 50; i++) expect(faults.takeWire("NS", undefined, "PNG")).toEqual({ kind: "ignore" });
  expect(always.strikes).toBe(50);
  always.disarm();
  expect(faults.takeWire("NS", undefined, "PNG")).toBeUndefined();
});

test("of several faults the one armed first strikes first", () => {
  const faults = new Faults();
  faults.arm({ place: "NS", at: "PNG", fault: { kind: "ignore" } });
  faults.arm({ place: "NS", fault: { kind: "drop" } });
  expect([faults.takeWire("NS", undefined, "PNG")?.kind, faults.takeWire("NS", undefined, "PNG")?.kind]).toEqual([
    "ignore",
    "drop",
  ]);
});

test("there is a bound on how many are armed", () => {
  const faults = new Faults();
  for (let i = 0; i < 1000; i++) faults.arm({ place: "NS", fault: { kind: "drop" } });
  expect(() => faults.arm({ place: "NS", fault: { kind: "drop" } })).toThrow("1000");
});
