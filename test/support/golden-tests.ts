import { expect, test } from "vitest";
import type { GoldenTable, OneWayTable } from "./golden.ts";

/** Two tests for each case. */
export function runTable<From, To>(table: GoldenTable<From, To>): void {
  test.each(table.cases)(`${table.from} to ${table.to}: $about, $name`, ({ from, to }) => {
    expect(table.convert(from)).toEqual(to);
  });
  test.each(table.cases)(`${table.to} back to ${table.from}: $about, $name`, (one) => {
    const back = table.convertBack(one.to);
    expect(back).toEqual(one.back === undefined ? one.from : one.back);
    if (one.back !== undefined) expect(back, "a loss is listed where there is none").not.toEqual(one.from);
  });
  test(`the names of the cases of ${table.title} are told apart`, () => {
    expect(new Set(table.cases.map(({ about, name }) => `${about}, ${name}`)).size).toBe(table.cases.length);
  });
}

export function runOneWay<From>(table: OneWayTable<From>): void {
  test.each(table.cases)(`${table.title}: $name`, ({ from, to }) => {
    expect(table.convert(from)).toBe(to);
  });
}
