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

test("beside another application service, whose numbers lie between, one is refused now and again, and not each", () => {
  let now = 0;
  const order = new TransactionOrder("1", () => now);
  const sendAll = (...ids: string[]) => send(order, ...ids);
  expect(sendAll("3", "5", "7")).toEqual(["3"]);
  now += 1000;
  expect(sendAll("9", "11")).toEqual(["9"]);
  now += 1000;
  expect(sendAll("13", "15")).toEqual(["13"]);
  now += 9999;
  expect(sendAll("17")).toEqual([]);
  now += 1;
  expect(sendAll("19")).toEqual(["19"]);
  now += 60_000;
  expect(sendAll("21")).toEqual(["21"]);
  for (let more = 23; more < 200; more += 8) {
    now += 299_999;
    expect(sendAll(String(more), String(more + 2))).toEqual([]);
    now += 1;
    expect(sendAll(String(more + 4), String(more + 6))).toEqual([String(more + 4)]);
  }
});

test("beside another one all holes are looked into again as soon as one was not empty", () => {
  let now = 0;
  const order = new TransactionOrder("1", () => now);
  send(order, "3");
  now += 1000;
  expect(order.admits("9")).toBe(false);
  for (const id of ["5", "7", "9"]) {
    expect(order.admits(id)).toBe(true);
    order.stored(id);
  }
  expect(send(order, "12", "14")).toEqual(["12"]);
});

test("beside another one the next hole is looked into when something has failed: the same one comes again", () => {
  const order = new TransactionOrder("1", () => 0);
  expect(send(order, "3", "5")).toEqual(["3"]);
  expect(order.admits("7")).toBe(true);
  // It could not be stored.
  expect(order.admits("7")).toBe(true);
  order.stored("7");
  expect(send(order, "9", "11")).toEqual(["9"]);
});

test("behind a refusal one may have been left, which is looked into later, unless the next number is the next to come", () => {
  let now = 0;
  const order = new TransactionOrder("1", () => now);
  expect(order.looksIn).toBeUndefined();
  expect(send(order, "3")).toEqual(["3"]);
  expect(order.looksIn).toBe(1000);
  now += 400;
  expect(send(order, "6", "7")).toEqual([]);
  expect(order.looksIn).toBe(600);
  now += 600;
  expect(order.looksIn).toBe(0);
  // No hole is before it, and yet.
  expect(order.admits("8")).toBe(false);
  // It had been left behind.
  expect(order.admits("4")).toBe(true);
  expect(order.admits("8")).toBe(true);
  order.stored("8");
  expect(send(order, "9", "10")).toEqual([]);
  expect(order.looksIn).toBeUndefined();
});

test("ids that are no numbers are taken as they come", () => {
  after("a", "c", "b");
});
