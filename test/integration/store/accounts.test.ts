import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fence } from "../../../src/bridge/model.ts";
import { laneName, messageId, residentId, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { SealingKeys } from "../../../src/store/index.ts";
import {
  account,
  address,
  control,
  Fixture,
  inward,
  matrix,
  out,
  person,
  portalOf,
  record,
  said,
  textsIn,
  xmpp,
} from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const ann = person("ann");
const ben = person("ben");
const annAtXmpp = residentId(xmpp, "ann@home.test");

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

test("a linked account is there for its owner, in its shard, with its password", async () => {
  const linked = { ...record("new", ann), wishedText: "at work" };
  await store.link(linked, new Secret("pässword ✓"));
  expect(await store.account(linked.id)).toEqual(linked);
  expect((await store.password(linked.id))?.open()).toBe("pässword ✓");
  expect(await store.accountsOf(ann)).toContainEqual(linked);
  expect(await store.accountsIn(shardOf(linked.id))).toContainEqual(linked);
});

test("an account that nobody has linked is not there", async () => {
  expect(await store.account(account("nobody"))).toBeUndefined();
  expect(await store.password(account("nobody"))).toBeUndefined();
});

test("another resident cannot link it, and learns nothing of it", async () => {
  await store.link(record("taken", ann), new Secret("anns"));
  await expect(store.link(record("taken", ben), new Secret("bens"))).rejects.toMatchObject({ code: "already-linked" });
  expect((await store.password(account("taken")))?.open()).toBe("anns");
  expect(await store.accountsOf(ben)).toEqual([]);
});

test("of two residents who link it at the same moment one gets it", async () => {
  const tries = [ann, ben].map((owner) => store.link(record("race", owner), new Secret(owner)));
  const results = await Promise.allSettled(tries);
  expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const owner = (await store.account(account("race")))?.owners[0];
  expect((await store.password(account("race")))?.open()).toBe(owner);
});

test("a resident of another home becomes one more owner, with a new password and everything else as it was", async () => {
  const first = { ...record("shared", ann), wishedText: "at work", halt: "elsewhere" as const };
  expect(await store.link(first, new Secret("old"))).toEqual([ann]);
  const second = { ...record("shared", annAtXmpp), machineGuid: "{other}", linkedAt: 5 };
  expect(await store.link(second, new Secret("new"))).toEqual([ann, annAtXmpp]);
  expect(await store.account(first.id)).toEqual({ ...first, owners: [ann, annAtXmpp], halt: "none" });
  expect((await store.password(first.id))?.open()).toBe("new");
  expect(await store.link(first, new Secret("newer"))).toEqual([ann, annAtXmpp]);
  for (const owner of [ann, annAtXmpp]) expect((await store.accountsOf(owner)).map(({ id }) => id)).toContain(first.id);
  await expect(store.link(record("shared", ben), new Secret("bens"))).rejects.toMatchObject({ code: "already-linked" });
  expect((await store.password(first.id))?.open()).toBe("newer");
});

test("of three who link it at the same moment one of each home gets it", async () => {
  const tries = [ann, ben, annAtXmpp].map((owner) => store.link(record("race2", owner), new Secret("x")));
  const results = await Promise.allSettled(tries);
  expect(results.map((result) => result.status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
  const owners = (await store.account(account("race2")))?.owners ?? [];
  expect(owners.map((owner) => owner.split(":")[0]).toSorted()).toEqual(["matrix", "xmpp"]);
});

test("linking again renews the password and the halt, and keeps the endpoint and the wishes", async () => {
  await store.link(record("renew", ann), new Secret("old"));
  await store.update(account("renew"), { halt: "bad-password", wishedAvailability: "busy", wishedText: "psm" });
  await store.link({ ...record("renew", ann), machineGuid: "{other}", linkedAt: 5 }, new Secret("new"));
  expect(await store.account(account("renew"))).toEqual({
    ...record("renew", ann),
    halt: "none",
    wishedAvailability: "busy",
    wishedText: "psm",
  });
  expect((await store.password(account("renew")))?.open()).toBe("new");
});

test("linking again keeps the capitals that were right this time", async () => {
  const first = record("capitals", ann);
  await store.link(first, new Secret("one"));
  await store.link({ ...first, spelling: "Capitals@Msn.test" }, new Secret("one"));
  expect((await store.account(first.id))?.spelling).toBe("Capitals@Msn.test");
});

test("a resident's accounts come oldest first", async () => {
  const many = person("many");
  await store.link({ ...record("a-younger", many), linkedAt: 2000 }, new Secret("x"));
  await store.link({ ...record("z-older", many), linkedAt: 1000 }, new Secret("x"));
  expect((await store.accountsOf(many)).map(({ linkedAt }) => linkedAt)).toEqual([1000, 2000]);
});

test("a wish is changed by itself, and taken away", async () => {
  await store.link(record("wish", ann), new Secret("x"));
  await store.update(account("wish"), { wishedText: "" });
  expect((await store.account(account("wish")))?.wishedText).toBe("");
  await store.update(account("wish"), { wishedText: null, wishedAvailability: "hidden" });
  expect(await store.account(account("wish"))).toEqual({ ...record("wish", ann), wishedAvailability: "hidden" });
  await store.update(account("wish"), {});
  expect(await store.account(account("wish"))).toEqual({ ...record("wish", ann), wishedAvailability: "hidden" });
});

test("one of two owners goes with what is theirs; the rest is the other's until the last one goes", async () => {
  const id = account("parting");
  const shard = shardOf(id);
  const failure = { code: "internal", text: "", certainty: "not-sent" } as const;
  for (const owner of [ann, annAtXmpp]) await store.link(record("parting", owner), new Secret("x"));
  const there = { ...inward(id, "bob"), home: xmpp };
  const [annsRoom, hers] = [
    { home: matrix, room: "!p:home.test" as never, resident: ann },
    { home: xmpp, room: "bob/ann" as never, resident: annAtXmpp },
  ];
  for (const room of [annsRoom, hers]) await store.bind(portalOf(id, "bob"), room);
  await store.bind(portalOf(id, "carol"), { ...hers, room: "carol/ann" as never });
  for (const lane of [out(id, "bob"), inward(id, "bob"), there]) await store.append(lane, said("x"), laneName(lane));
  for (const [name, resident] of [
    ["$anns", ann],
    ["$hers", annAtXmpp],
  ] as const) {
    await store.append(out(id, "dora"), said(name), name);
    const [entry] = await store.read(out(id, "dora"), undefined, 1);
    if (entry) await store.park(entry, messageId(name), resident, failure, 0 as Fence);
  }
  expect((await store.parked(id, ann)).map(({ message }) => message)).toEqual(["$anns"]);

  for (let i = 0; i < 2; i += 1) expect(await store.unlink(id, annAtXmpp)).toEqual([ann]);

  expect((await store.account(id))?.owners).toEqual([ann]);
  expect((await store.password(id))?.open()).toBe("x");
  expect((await store.accountsOf(annAtXmpp)).map((one) => one.id)).not.toContain(id);
  expect(await fixture.admin.sismember(`msnb:{s${shardOf(annAtXmpp)}}:linked:${annAtXmpp}`, id)).toBe(0);
  expect((await store.portalsOf(id)).map(({ rooms }) => rooms)).toEqual([[annsRoom]]);
  expect(await store.portalOfRoom(xmpp, hers.room)).toBeUndefined();
  expect(await store.portalOfRoom(matrix, annsRoom.room)).toBe(portalOf(id, "bob"));
  const waiting = (await store.waiting(shard)).filter(
    (lane) => "portal" in lane && lane.portal === portalOf(id, "bob"),
  );
  expect(waiting.map(laneName).toSorted()).toEqual([inward(id, "bob"), out(id, "bob")].map(laneName).toSorted());
  expect((await store.parked(id)).map(({ message }) => message)).toEqual(["$anns"]);
  expect(await store.unlink(id, ben)).toEqual([ann]);
  expect(await store.unlink(id, ann)).toEqual([]);
  expect((await fixture.admin.keys("*")).filter((key) => key.includes(id))).toEqual([]);
});

test("a change of an account that is not linked makes no account", async () => {
  await store.update(account("ghostly"), { halt: "elsewhere" });
  expect(await store.account(account("ghostly"))).toBeUndefined();
});

test("unlinking forgets everything of the account and nothing of others", async () => {
  const id = account("leaver");
  const stays = account("leaver2");
  for (const name of ["leaver", "leaver2"]) await store.link(record(name, ann), new Secret("x"));
  const room = { home: matrix, room: "!r:home.test" as never, resident: ann };
  await store.bind(portalOf(id, "bob"), room);
  await store.keepRecall(matrix, room.room, ["what was said there"]);
  await store.saveContact(id, {
    address: address("bob@msn.test"),
    displayName: "Bob",
    listed: true,
    blocked: false,
    groups: [],
    presence: { availability: "online", text: "" },
  });
  for (const lane of [out(id, "bob"), inward(id, "bob"), out(stays, "bob"), control(ann)])
    await store.append(lane, said("x"), JSON.stringify(lane).slice(0, 64));
  await store.append(out(id, "carol"), said("parked"), "leaver-carol");
  const [entry] = await store.read(out(id, "carol"), undefined, 1);
  if (entry)
    await store.park(entry, messageId("$x"), ann, { code: "internal", text: "", certainty: "not-sent" }, 0 as Fence);

  await store.unlink(id);
  await store.unlink(id);

  expect(await store.account(id)).toBeUndefined();
  expect((await store.accountsOf(ann)).map((a) => a.id)).not.toContain(id);
  expect((await store.accountsIn(shardOf(id))).map((a) => a.id)).not.toContain(id);
  expect(await store.contactsOf(id)).toEqual([]);
  expect(await store.portalsOf(id)).toEqual([]);
  expect(await store.recall(matrix, room.room)).toEqual([]);
  expect(await store.portalOfRoom(matrix, room.room)).toBeUndefined();
  expect(await store.waiting(shardOf(id))).not.toContainEqual(out(id, "bob"));
  expect(await textsIn(store, out(stays, "bob"))).toEqual(["x"]);
  expect(await textsIn(store, control(ann))).toEqual(["x"]);
  expect((await fixture.admin.keys("*")).filter((key) => key.includes(id))).toEqual([]);
});

test("no key, field or value in Redis holds a password, nor does its append-only file", async () => {
  const password = "Planted-Secret-0815";
  await store.link(record("planted", ann), new Secret(password));
  const spellings = ["utf8", "base64", "hex"].map((e) =>
    Buffer.from(password)
      .toString(e as BufferEncoding)
      .slice(0, 16),
  );
  const texts: string[] = [];
  for (const key of await fixture.admin.keys("*"))
    texts.push(key, (await fixture.admin.dumpBuffer(key)).toString("latin1"), JSON.stringify(await everything(key)));
  const aof = join(fixture.folder, "appendonlydir");
  for (const file of await readdir(aof)) texts.push(await readFile(join(aof, file), "latin1"));
  expect(texts.length).toBeGreaterThan(10);
  expect(texts.join("\n")).toContain("planted@msn.test");
  for (const spelling of spellings) expect(texts.join("\n")).not.toContain(spelling);
});

async function everything(key: string): Promise<unknown> {
  const { admin } = fixture;
  switch (await admin.type(key)) {
    case "hash":
      return admin.hgetall(key);
    case "set":
      return admin.smembers(key);
    case "list":
      return admin.lrange(key, 0, -1);
    case "stream":
      return admin.xrange(key, "-", "+");
    default:
      return admin.get(key);
  }
}

test("a sealed password moved to another account does not open", async () => {
  await store.link(record("from", ann), new Secret("from's"));
  await store.link(record("to", ann), new Secret("to's"));
  const [from, to] = [account("from"), account("to")].map((id) => `msnb:{s${shardOf(id)}}:account:${id}`);
  const sealed = await fixture.admin.hget(from ?? "", "sealed");
  await fixture.admin.hset(to ?? "", "sealed", sealed ?? "");
  await expect(store.password(account("to"))).rejects.toMatchObject({ code: "internal" });
  expect((await store.password(account("from")))?.open()).toBe("from's");
});

test("a new key takes over: old seals open and are renewed; without the old key they do not open", async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const before = await fixture.open({ keys: new SealingKeys(new Map([[1, first]])) });
  await before.link(record("rotate", ann), new Secret("kept"));
  const onlyNew = await fixture.open({ keys: new SealingKeys(new Map([[2, second]])) });
  await expect(onlyNew.password(account("rotate"))).rejects.toMatchObject({ code: "internal" });
  const both = new SealingKeys(new Map([[1, first]]).set(2, second));
  expect((await (await fixture.open({ keys: both })).password(account("rotate")))?.open()).toBe("kept");
  expect((await onlyNew.password(account("rotate")))?.open()).toBe("kept");
});

test("a password beyond all reason is refused", async () => {
  const long = store.link(record("long", ann), new Secret("x".repeat(2000)));
  await expect(long).rejects.toMatchObject({ code: "bad-input" });
});
