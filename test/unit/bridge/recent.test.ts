import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentMap } from "../../../src/bridge/recent.ts";
import { processorTime } from "../../support/processor-time.ts";
import { cases } from "../../support/property.ts";

const LIMIT = 4;

it("forgets what was used longest ago when it is full", () => {
  const map = new RecentMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  expect(map.get("a")).toBe(1);
  map.set("c", 3);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
  map.delete("a");
  expect(map.size).toBe(1);
});

it("has at each moment what a list has whose front goes when it is full, in its order", () => {
  const step = fc.tuple(fc.constantFrom("set", "get", "delete"), fc.nat({ max: 6 }), fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new RecentMap<number, number>(LIMIT);
      let list: [number, number][] = [];
      for (const [what, key, value] of steps) {
        const known = list.find(([one]) => one === key);
        const others = list.filter(([one]) => one !== key);
        if (what === "delete") {
          map.delete(key);
          list = others;
        } else if (what === "get") {
          expect(map.get(key)).toBe(known?.[1]);
          list = known ? [...others, known] : others;
        } else {
          map.set(key, value);
          list = [...others, [key, value] as [number, number]].slice(-LIMIT);
        }
        expect([...map]).toEqual(list);
        expect(map.size).toBe(list.length);
      }
    }),
    cases(200, 20_000),
  );
});

it("is as fast full as empty", () => {
  const map = new RecentMap<number, number>(20_000);
  const fill = (from: number) =>
    processorTime(() => {
      for (let i = from; i < from + 200_000; i += 1) map.set(i, i);
    });
  expect(fill(0)).toBeLessThan(1000);
});
