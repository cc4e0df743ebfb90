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

/** Comes, and comes again when it is refused, with nothing before it. */
function send(order: TransactionOrder, ...ids: string[]): string[] {
  return ids.filter((id) => {
    const isRefused = !order.admits(id);
    if (isRefused) expect(order.admits(id)).toBe(true);
    order.stored(id);
    return isRefused;
  });
}

test("beside another application service, which has numbers of its own between, no more than three are refused", () => {
  const order = after("1");
  expect(send(order, "3", "5", "8", "10", "12", "20")).toEqual(["3", "5", "8"]);
});

test("beside another one a hole is looked into when one has come again, which is the sign that something has failed", () => {
  const order = after("1");
  send(order, "3", "5", "7");
  expect(order.admits("9")).toBe(true);
  // It could not be stored.
  expect(order.admits("9")).toBe(true);
  order.stored("9");
  expect(order.admits("13")).toBe(false);
  // It had been left behind.
  expect(order.admits("11")).toBe(true);
  order.stored("11");
  expect(order.admits("13")).toBe(true);
  order.stored("13");
  expect(send(order, "15", "17", "19", "21", "23")).toEqual(["15", "17", "19"]);
});

test("beside another one a hole is looked into once in five minutes in any case", () => {
  let now = 0;
  const order = new TransactionOrder("1", () => now);
  expect(send(order, "3", "5", "7", "9")).toEqual(["3", "5", "7"]);
  now = 5 * 60_000;
  expect(send(order, "11", "13", "15")).toEqual(["11"]);
  now += 5 * 60_000 - 1;
  expect(send(order, "17")).toEqual([]);
});

test("ids that are no numbers are taken as they come", () => {
  after("a", "c", "b");
});
