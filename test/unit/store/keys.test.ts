import { expect, test } from "vitest";
import { groupId, setKey } from "../../../src/bridge/groups/model.ts";
import type { GhostRef } from "../../../src/bridge/model.ts";
import {
  accountId,
  directConversation,
  messageId,
  parseContactAddress,
  parseHomeName,
  parseLaneName,
  parseNetworkName,
  portalId,
  portalParts,
  residentId,
  roomId,
  SHARD_COUNT,
  shardOf,
} from "../../../src/bridge/model.ts";
import type { KeyRow } from "../../../src/store/key-table.ts";
import { KEY_TABLE } from "../../../src/store/key-table.ts";
import { Keyspace, shortBatch } from "../../../src/store/keys.ts";
import { redisDocument } from "../../../src/store/keys-doc.ts";

const network = parseNetworkName("escargot");
const home = parseHomeName("matrix");
const contact = parseContactAddress("bob@msn.test");
const account = accountId(network, parseContactAddress("ann@msn.test"));
const portal = portalId(account, directConversation(contact));
const resident = residentId(home, "@ann:home.test");
const shard = shardOf(account);
const group = groupId(network, setKey([contact]));
const ghost: GhostRef = { network, contact };
const keys = new Keyspace("ns");

const samples: Record<keyof typeof KEY_TABLE, string> = {
  lane: keys.lane({ kind: "out", shard, portal }),
  waiting: keys.waiting(shard),
  last: keys.last(shard),
  recent: keys.recent(shard),
  recentOrder: keys.recentOrder(shard),
  batch: keys.batch(shard, home, "txn"),
  seen: keys.seen(account),
  told: keys.told(account),
  recall: keys.recall(home, roomId("!r:home.test")),
  known: keys.known(resident, "something"),
  secrets: keys.secrets(resident),
  parked: keys.parked(account),
  parkedOrder: keys.parkedOrder(account),
  lease: keys.lease(shard),
  fence: keys.fence(shard),
  account: keys.account(account),
  accounts: keys.accounts(shard),
  linked: keys.linked(resident),
  portal: keys.portal(account, portal),
  portals: keys.portals(account),
  room: keys.room(home, roomId("!r:home.test")),
  contacts: keys.contacts(account),
  ghost: keys.ghost(home, ghost),
  resident: keys.resident(resident),
  group: keys.group(group),
  groups: keys.groups(shardOf(portalParts(group).account)),
  groupsOf: keys.groupsOf(account),
  groupReader: keys.groupReader(group),
  placeReader: keys.placeReader(group, "a place"),
  placeHeirs: keys.placeHeirs(group, "a place"),
  placeWords: keys.placeWords(group, ""),
  groupMessages: keys.groupMessages(group),
  groupMessageOrder: keys.groupMessageOrder(group),
  installation: keys.installation(),
  roomNotes: keys.roomNotes(home, shard),
  signIn: keys.signIn(network),
  ticket: keys.ticket("hash"),
  ticketsOf: keys.ticketsOf(resident),
  ticketUsed: keys.ticketUsed("hash"),
};

/** A pattern of the table as a regular expression. */
function matcher(pattern: string): RegExp {
  const escaped = pattern.replace(/[{}|/.]/g, "\\$&").replace(/<[^>]+>/g, "[^ ]+");
  return new RegExp(`^ns:${escaped}$`);
}

test.each(Object.entries(KEY_TABLE))("the key %s is written as the table says", (name, row: KeyRow) => {
  expect(samples[name as keyof typeof KEY_TABLE]).toMatch(matcher(row.pattern));
});

test("all keys of an account lie in its shard's slot", () => {
  const own = ["lane", "parked", "account", "portal", "portals", "contacts", "fence", "waiting"] as const;
  for (const name of own) expect(samples[name]).toContain(`ns:{s${shard}}:`);
});

test("all keys of a group lie in the slot of its lanes", () => {
  const slot = `ns:{s${shardOf(portalParts(group).account)}}:`;
  const own = [
    "group",
    "groups",
    "groupReader",
    "placeReader",
    "placeWords",
    "groupMessages",
    "groupMessageOrder",
  ] as const;
  for (const name of own) expect(samples[name]).toContain(slot);
  expect(keys.lane(parseLaneName(`in:matrix|${group}`))).toContain(slot);
  expect(keys.parked(portalParts(group).account)).toContain(slot);
});

test("an address with braces does not move the hash tag", () => {
  const odd = accountId(network, parseContactAddress("{evil}@msn.test"));
  expect(keys.account(odd).indexOf(`{s${shardOf(odd)}}`)).toBe(3);
});

test("accounts are spread over all shards", () => {
  const shards = new Set(
    Array.from({ length: 2000 }, (_, i) => shardOf(accountId(network, parseContactAddress(`user${i}@msn.test`)))),
  );
  expect(shards.size).toBe(SHARD_COUNT);
});

test("a batch name of any length or alphabet is a short piece of a key, and different names stay different", () => {
  expect(shortBatch("m1700000000.12")).toBe("m1700000000.12");
  const odd = ["x".repeat(5000), "x".repeat(5001), "a b", "{s1}", "", "#", messageId("ü")].map(shortBatch);
  expect(new Set(odd).size).toBe(odd.length);
  for (const name of odd) expect(name).toMatch(/^#[\w-]{43}$/);
});

test("docs/redis.md lists the keys that there are", async () => {
  await expect(redisDocument()).toMatchFileSnapshot("../../../docs/redis.md");
});
