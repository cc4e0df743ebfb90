import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fence } from "../../../src/bridge/model.ts";
import { messageId, roomId } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { KEY_TABLE } from "../../../src/store/key-table.ts";
import {
  account,
  address,
  Fixture,
  group,
  inGroup,
  inward,
  matrix,
  network,
  out,
  person,
  portalOf,
  record,
  said,
  toRead,
} from "./fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());

/** All keys at one moment, so that none has gone before its type is asked for. */
async function keysWithTypes(): Promise<[string, string][]> {
  const lua =
    "local all = redis.call('KEYS', '*') for i, key in ipairs(all) do all[i] = { key, redis.call('TYPE', key).ok } end return all";
  return (await fixture.admin.eval(lua, 0)) as [string, string][];
}

test("every key that the store writes is in the table, with its type", async () => {
  const store = await fixture.open();
  const id = account("ann");
  const ann = person("ann");
  const lane = out(id, "bob");
  const bob = { network, contact: address("bob@msn.test") };
  await store.link(record("ann", ann), new Secret("x"));
  await store.intake(matrix, "txn", [
    { lane, body: said("a") },
    { lane, body: said("b") },
  ]);
  await store.append(lane, said("c"), "c");
  const [entry] = await store.read(lane, undefined, 1);
  const failure = { code: "internal", text: "", certainty: "not-sent" } as const;
  if (entry) await store.park(entry, messageId("$a"), ann, failure, 0 as Fence);
  await store.acquire(lane.shard, "me", 60_000);
  await store.bind(portalOf(id, "bob"), { home: matrix, room: roomId("!r"), resident: ann });
  await store.saveContact(id, {
    address: bob.contact,
    displayName: "Bob",
    listed: true,
    blocked: false,
    groups: [],
    presence: { availability: "online", text: "" },
  });
  await store.updateGhost(matrix, bob, { name: "Bob" });
  await store.updateResident(ann, { room: "!control" });
  await store.appendOnce(inward(id, "bob"), said("d"), "id-1");
  await store.tell(id, "request|carol@msn.test");
  await store.keepSecret(ann, "puppet", new Secret("x"));
  await store.keepRoomNote(matrix, roomId("!r"), "for Bob");
  await store.keepRecall(matrix, roomId("!r"), ["hello"]);
  await store.learned(ann, "pictures are named", 60_000);
  const { id: people } = await store.saveGroup(group("people"), { kind: "several" });
  await store.takeSeat(id, people, "set-1");
  await store.tieRoom(people, { home: matrix, room: roomId("!people") });
  await store.appendRead({ ...toRead(people, [inGroup(people)], said("e"), "people-1"), place: "7", print: "p" });
  await store.sameMessage(people, [{ home: matrix, message: messageId("$a") }]);
  await store.markSecret();
  await store.takeSignIn(network, 1, 1);
  await store.issueTicket(new Secret("one"), { resident: ann }, 60_000);
  await store.issueTicket(new Secret("two"), { resident: ann }, 60_000);
  await store.consumeTicket(new Secret("two"));
  // Last: what is kept of a worker whose turn it is not lives for a second.
  const theirs = toRead(people, [inGroup(people)], said("e"), "people-2");
  await store.appendRead({ ...theirs, place: "7", reader: "you boot", after: "" });

  const seen = new Set<string>();
  for (const [key, type] of await keysWithTypes()) {
    const rows = Object.entries(KEY_TABLE).filter(([, { pattern }]) => {
      const fixed = pattern.replace(/[{}|/.]/g, "\\$&").replace(/<[^>]+>/g, "[^ ]+");
      return new RegExp(`^msnb:${fixed}$`).test(key);
    });
    expect(
      rows.map(([, row]) => row.type),
      key,
    ).toEqual([type]);
    for (const [name] of rows) seen.add(name);
  }
  expect([...seen].toSorted()).toEqual(Object.keys(KEY_TABLE).toSorted());
});
