import { afterAll, beforeAll, expect, test } from "vitest";
import { roomId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Fixture, person, xmpp } from "./fixture.ts";

let fixture: Fixture;
let store: Store;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});

afterAll(async () => {
  await fixture.stop();
});

const chat = (name: string) => roomId(`${name}@msn.example.org anna@example.org`);

test("what was said in a chat is there after a restart, in order, the last two hundred", async () => {
  for (let i = 0; i < 205; i += 1) await store.keepRecall(xmpp, chat("bob"), [`said ${i}`]);
  const again = await fixture.open();
  const said = await again.recall(xmpp, chat("bob"));
  expect([said.length, said[0], said.at(-1)]).toEqual([200, "said 5", "said 204"]);
  expect(await again.recall(xmpp, chat("carol"))).toEqual([]);
});

test("what was said in one moment is kept together, in order, however much it is", async () => {
  await store.keepRecall(xmpp, chat("hal"), ["one"]);
  await store.keepRecall(xmpp, chat("hal"), ["two", "three"]);
  expect(await store.recall(xmpp, chat("hal"))).toEqual(["one", "two", "three"]);
  const long = Array.from({ length: 250 }, (_, i) => `${i} `.repeat(1 + ((i * 97) % 3000)));
  await store.keepRecall(xmpp, chat("hal"), long);
  expect(await store.recall(xmpp, chat("hal"))).toEqual(["one", "two", "three", ...long]);
  const [key = ""] = await fixture.admin.keys("*recall:xmpp:hal@*");
  const rows = await fixture.admin.lrange(key, 0, -1);
  expect(rows.length).toBeLessThan(60);
  // Sealed, in base64url.
  for (const row of rows) expect(row.length).toBeLessThan(45_000);
});

test("what would be read as several is not kept", async () => {
  await expect(store.keepRecall(xmpp, chat("ida"), ["one\0two"])).rejects.toThrow("NUL");
  expect(await store.recall(xmpp, chat("ida"))).toEqual([]);
});

test("what was said is sealed, and gone seven days after the last word", async () => {
  await store.keepRecall(xmpp, chat("dan"), ["my secret"]);
  const [key = ""] = await fixture.admin.keys("*recall:xmpp:dan@*");
  expect(await fixture.admin.lindex(key, 0)).not.toContain("secret");
  const left = await fixture.admin.pttl(key);
  expect(left).toBeGreaterThan(6.9 * 86_400_000);
  expect(left).toBeLessThanOrEqual(7 * 86_400_000);
});

test("what was moved to another chat is not read there", async () => {
  await store.keepRecall(xmpp, chat("eve"), ["for Eve"]);
  await store.keepRecall(xmpp, chat("fred"), ["for Fred"]);
  const [eve = ""] = await fixture.admin.keys("*recall:xmpp:eve@*");
  const [fred = ""] = await fixture.admin.keys("*recall:xmpp:fred@*");
  await fixture.admin.rpush(fred, (await fixture.admin.lindex(eve, 0)) ?? "");
  expect(await store.recall(xmpp, chat("fred"))).toEqual(["for Fred"]);
});

test("what is too long, or of no chat any more, is not kept", async () => {
  await expect(store.keepRecall(xmpp, chat("gus"), ["x".repeat(40_000)])).rejects.toThrow("40000 bytes");
  await store.keepRecall(xmpp, chat("gus"), ["hello"]);
  await store.dropRecall(xmpp, chat("gus"));
  expect(await store.recall(xmpp, chat("gus"))).toEqual([]);
});

test("what somebody was told is known for as long as was said, also after a restart, and to nobody else", async () => {
  const [anna, ben] = [person("anna"), person("ben")];
  expect(await store.knows(anna, "pictures")).toBe(false);
  await store.learned(anna, "pictures", 86_400_000);
  const again = await fixture.open();
  expect(await again.knows(anna, "pictures")).toBe(true);
  expect(await again.knows(anna, "stickers")).toBe(false);
  expect(await again.knows(ben, "pictures")).toBe(false);
});
