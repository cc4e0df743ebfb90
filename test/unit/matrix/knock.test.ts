import pino from "pino";
import { afterEach, expect, test, vi } from "vitest";
import { messageId } from "../../../src/bridge/model.ts";
import { Knocker } from "../../../src/matrix/knock.ts";

afterEach(() => {
  vi.useRealTimers();
});

const HOUR_MS = 3_600_000;

test("a homeserver that takes no knock, which looks like another outage each time, is knocked at ever more seldom", async () => {
  vi.useFakeTimers();
  let said = 0;
  const post = () => {
    said += 1;
    // As the home does when the homeserver has answered a ping behind a failure.
    setTimeout(() => knocker.begin(), 100);
    return Promise.reject(new Error("no answer in time"));
  };
  const knocker = new Knocker({
    maker: { alias: () => "knock", open: () => Promise.resolve("!room:example.org") },
    sender: { post },
    bot: "@bot:example.org",
    ping: () => Promise.resolve(),
    afterMs: 2000,
    log: pino({ enabled: false }),
  });
  knocker.begin();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toBe(4);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(said).toBeLessThan(30);
  knocker.stop();
});

test("one that takes them again is knocked at as soon as ever behind the next outage", async () => {
  vi.useFakeTimers();
  const said: number[] = [];
  let isDown = true;
  const post = () => {
    said.push(Date.now());
    if (isDown) setTimeout(() => knocker.begin(), 100);
    return isDown ? Promise.reject(new Error("no answer in time")) : Promise.resolve(messageId("$event"));
  };
  const knocker = new Knocker({
    maker: { alias: () => "knock", open: () => Promise.resolve("!room:example.org") },
    sender: { post },
    bot: "@bot:example.org",
    ping: () => Promise.resolve(),
    afterMs: 2000,
    log: pino({ enabled: false }),
  });
  knocker.begin();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  isDown = false;
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  knocker.begin();
  const [from, before] = [Date.now(), said.length];
  await vi.advanceTimersByTimeAsync(2000);
  expect(said.slice(before)).toEqual([from + 2000]);
  knocker.stop();
});
