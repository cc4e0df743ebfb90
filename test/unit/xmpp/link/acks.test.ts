import { expect, test } from "vitest";
import { Inbox, Outbox } from "../../../../src/xmpp/link/acks.ts";
import { el } from "../../../../src/xmpp/stanza/xml.ts";

const message = (id: string) => el("message", { id });

function write(box: Outbox): string[] {
  const written: string[] = [];
  for (let next = box.next; next; next = box.next) {
    written.push(next.attrs.id ?? "");
    box.wrote();
  }
  return written;
}

test("the server acknowledges some, and the rest goes out again in the resumed session", async () => {
  const box = new Outbox(10);
  const [a, b] = ["a", "b", "c"].map((id) => box.add(message(id), true));
  expect(write(box)).toEqual(["a", "b", "c"]);
  expect(box.acknowledge(1)).toBe(true);
  await a?.done.promise;
  box.resume();
  expect(write(box)).toEqual(["b", "c"]);
  expect(box.acknowledge(3)).toBe(true);
  await b?.done.promise;
  expect(box.size).toBe(0);
});

test("in a new session only what must arrive goes out again, unless it is known to be there", async () => {
  const box = new Outbox(10);
  const there = box.add(message("there"), true);
  box.add(message("presence"), false);
  box.add(message("needed"), true);
  write(box);
  box.renew();
  box.arrived("there");
  await there.done.promise;
  box.addFirst(message("hello"));
  expect(write(box)).toEqual(["hello", "needed"]);
  expect(box.sent).toBe(2);
});

test("more than was sent cannot be acknowledged; what was acknowledged before changes nothing", () => {
  const box = new Outbox(10);
  box.add(message("a"), true);
  write(box);
  expect(box.acknowledge(2)).toBe(false);
  expect(box.acknowledge(1)).toBe(true);
  expect(box.acknowledge(0)).toBe(true);
  expect(box.size).toBe(0);
});

test("the box is full at its limit, and empties at the end with a word to who waits", async () => {
  const box = new Outbox(1);
  const entry = box.add(message("a"), true);
  expect(() => box.add(message("b"), true)).toThrow("home-busy");
  box.fail("over");
  await expect(entry.done.promise).rejects.toThrow("home-down");
});

test("a stanza counts as handled when all before it are", () => {
  const box = new Inbox();
  const [first, second] = [box.take(), box.take()];
  second?.done();
  expect(box.handled).toBe(0);
  first?.done();
  expect(box.handled).toBe(2);
});

test("after a resumption what is being handled is not handed out again, and what failed is", () => {
  const box = new Inbox();
  const [one, two, three, four] = [box.take(), box.take(), box.take(), box.take()];
  one?.done();
  two?.failed();
  three?.done();
  // The server hears of one, and sends the second, third and fourth again, and then a fifth.
  box.resume(box.handled);
  const again = box.take();
  expect(again).toBeDefined();
  expect(box.take()).toBeUndefined();
  expect(box.take()).toBeUndefined();
  box.take()?.done();
  again?.done();
  expect(box.handled).toBe(3);
  four?.done();
  expect(box.handled).toBe(5);
});

test("what an earlier session brought does not count in the new one", () => {
  const box = new Inbox();
  const old = box.take();
  box.renew();
  old?.done();
  expect(box.handled).toBe(0);
});
