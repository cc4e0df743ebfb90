import { expect, test } from "vitest";
import { TransactionOrder } from "../../../src/matrix/listener/order.ts";

function after(...ids: string[]): TransactionOrder {
  const order = new TransactionOrder();
  for (const id of ids) {
    expect(order.admits(id)).toBe(true);
    order.stored(id);
  }
  return order;
}

test("one after the other, all are taken", () => {
  after("7", "8", "9");
});

test("a successor that overtakes is refused, so that the one before it comes first", () => {
  const order = after("7");
  expect(order.admits("9")).toBe(false);
  expect(order.admits("8")).toBe(true);
  order.stored("8");
  expect(order.admits("9")).toBe(true);
});

test("a successor that comes again has no one before it and is taken", () => {
  const order = after("7");
  expect(order.admits("12")).toBe(false);
  expect(order.admits("12")).toBe(true);
  order.stored("12");
  expect(order.admits("13")).toBe(true);
});

test("a repeated transaction is taken, and does not turn the count back", () => {
  const order = after("7", "8");
  expect(order.admits("7")).toBe(true);
  expect(order.stored("7")).toBe(false);
  expect(order.admits("9")).toBe(true);
});

test("the first transaction after a restart is compared with the last one before it", () => {
  const order = new TransactionOrder("20");
  expect(order.admits("22")).toBe(false);
  expect(order.admits("21")).toBe(true);
});

test("ids that are no numbers are taken as they come", () => {
  after("a", "c", "b");
});
