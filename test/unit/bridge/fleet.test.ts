import { afterEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { FleetEvents } from "../../../src/bridge/fleet.ts";
import { Fleet } from "../../../src/bridge/fleet.ts";
import { createLinker } from "../../../src/bridge/linking.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { AccountRecord } from "../../../src/bridge/model.ts";
import { shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ToyNetwork } from "../../support/toy-network.ts";
import { account, alice, contact, NET, record, silent, until } from "./support.ts";

const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

/** The few questions that a fleet asks a store, answered from memory; the real store is in the integration tests. */
function stage(change: Partial<Store> = {}): { fleet: Fleet; network: ToyNetwork; store: Store; saved: string[] } {
  const network = new ToyNetwork();
  network.account(contact("alice"));
  const saved: string[] = [];
  const known: AccountRecord = record();
  const store = {
    accountsIn: async () => [known],
    account: async () => known,
    password: async () => new Secret("secret"),
    resident: async () => ({}),
    updateResident: async () => {},
    update: async () => {},
    saveContacts: async (_: unknown, all: readonly unknown[]) => saved.push(`list of ${all.length}`),
    saveContact: async (_: unknown, one: { address: string }) => void saved.push(one.address),
    takeSignIn: async () => 0,
    ...change,
  } as unknown as Store;
  const fleet = new Fleet({
    store,
    networks: new Map([[NET, network]]),
    events: nothing,
    signInsPerSecond: () => 1000,
    silence: () => "unknown",
    ownerOffline: "hidden",
    backOff: { baseMs: 10, capMs: 40 },
    meter: noMeter,
    log: silent,
  });
  fleets.push(fleet);
  return { fleet, network, store, saved };
}

const nothing: FleetEvents = {
  message: () => {},
  ownMessage: () => {},
  offline: async () => {},
  request: () => {},
  typing: () => {},
  contact: () => {},
  state: () => {},
};

const shard = shardOf(account());

test("a shard that is lost while its accounts are being loaded signs nobody in", async () => {
  const loading = Promise.withResolvers<AccountRecord[]>();
  const { fleet, network } = stage({ accountsIn: () => loading.promise });
  const taken = fleet.takeShard(shard);
  await fleet.dropShard(shard);
  loading.resolve([record()]);
  await taken;
  expect(fleet.members()).toEqual([]);
  expect(network.signIns).toEqual([]);
});

test("an account that is unlinked while it is being loaded is not signed in", async () => {
  const asked = Promise.withResolvers<void>();
  const known = Promise.withResolvers<Record<string, string>>();
  const { fleet, network } = stage({
    resident: () => {
      asked.resolve();
      return known.promise;
    },
  });
  const taken = fleet.takeShard(shard);
  await asked.promise;
  await fleet.remove(account());
  known.resolve({});
  await taken;
  expect(fleet.members()).toEqual([]);
  expect(network.signIns).toEqual([]);
});

test("a shard that is taken twice at once has each puppet once", async () => {
  const { fleet, network } = stage();
  await Promise.all([fleet.takeShard(shard), fleet.takeShard(shard)]);
  await until("on", () => fleet.session(account()));
  expect(network.signIns).toHaveLength(1);
});

test("an account of a network that is not configured stays out without harm to the others", async () => {
  const strange = { ...record("x"), network: "gone" as typeof NET };
  const { fleet } = stage({ accountsIn: async () => [strange, record()] });
  await fleet.takeShard(shard);
  await until("alice to be on", () => fleet.session(account()));
  expect(fleet.members()).toHaveLength(1);
});

test("the contact list is kept in one write at sign-in, changes one by one afterwards", async () => {
  const { fleet, network, saved } = stage();
  network.contact(contact("bob"));
  network.contact(contact("carol"));
  const signIn = network.signIn.bind(network);
  network.signIn = (c, options, hooks, signal) => {
    for (const one of network.contacts.values()) hooks.contact(one);
    return signIn(c, options, hooks, signal);
  };
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  expect(saved).toEqual(["list of 2"]);
  network.contact(contact("bob"), "busy");
  expect(saved).toEqual(["list of 2", "bob@msn.test"]);
});

test("a dropped shard closes its sessions", async () => {
  const { fleet, network } = stage();
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  await fleet.dropShard(shard);
  expect(network.sessions.size).toBe(0);
  expect(fleet.puppet(account())).toBeUndefined();
});

test("a home that repeats the owner's presence is heard once", async () => {
  let kept = 0;
  const { fleet, network } = stage({ updateResident: async () => void kept++ });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  for (let i = 0; i < 5; i += 1) fleet.homePresence(account(), alice, { availability: "busy", text: "x" });
  await until("it to be shown", () => network.sessions.get(contact("alice"))?.shown.availability === "busy");
  await until("it to be kept", () => kept > 0);
  expect(kept).toBe(1);
});

test("of many presences in a moment the first goes out at once and the newest when the pause is over", async () => {
  const { fleet, network } = stage();
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  const shown = () => network.sessions.get(contact("alice"))?.shown.availability;
  for (const availability of ["busy", "away", "idle"] as const)
    fleet.homePresence(account(), alice, { availability, text: "" });
  await until("the first", () => shown() === "busy", 500);
  await until("the newest", () => shown() === "idle");
});

test("a wish shortly after another presence goes out when the pause is over", async () => {
  const { fleet, network } = stage({ account: async () => record("alice", { wishedAvailability: "away" }) });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  const shown = () => network.sessions.get(contact("alice"))?.shown.availability;
  fleet.homePresence(account(), alice, { availability: "busy", text: "" });
  await fleet.wish(account(), "away", undefined);
  expect(shown()).toBe("busy");
  await until("the wish", () => shown() === "away");
});

test("a presence that changes during a sign-in is shown after it", async () => {
  const { fleet, network } = stage();
  network.stalled = Promise.withResolvers();
  await fleet.takeShard(shard);
  await until("the sign-in", () => network.signIns.length === 1);
  fleet.homePresence(account(), alice, { availability: "busy", text: "" });
  network.stalled.resolve();
  await until("it to be shown", () => network.sessions.get(contact("alice"))?.shown.availability === "busy");
});

test("a session that ends in the moment of a wish is no failure: the next sign-in shows the wish", async () => {
  const { fleet, network } = stage();
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  network.sessions.delete(contact("alice"));
  await fleet.wish(account(), "busy", undefined);
});

test("an account that is taken away in the middle of a wish is not signed in by it", async () => {
  const storing = Promise.withResolvers<void>();
  const { fleet, network } = stage({ update: () => storing.promise });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  const wished = fleet.wish(account(), "busy", undefined);
  await fleet.dropShard(shard);
  storing.resolve();
  await wished;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(network.signIns).toHaveLength(1);
  expect(network.sessions.size).toBe(0);
});

test("an account that is linked anew in the middle of a wish is seen as wished", async () => {
  const storing = Promise.withResolvers<void>();
  const { fleet, network } = stage({
    update: () => storing.promise,
    account: async () => record("alice", { wishedAvailability: "busy" }),
  });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  const wished = fleet.wish(account(), "busy", undefined);
  await fleet.adopt(record());
  await until("on again", () => fleet.session(account()));
  storing.resolve();
  await wished;
  expect(network.signIns).toHaveLength(2);
  await until("it to be shown", () => network.sessions.get(contact("alice"))?.shown.availability === "busy");
});

test("a link that cannot be stored leaves the account that was there signed in", async () => {
  const { fleet, network, store } = stage({
    link: async () => {
      throw new BridgeError("store-down");
    },
  });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  const linker = createLinker({ store, fleet, networks: new Map([[NET, network]]), linked: () => {} });
  const request = {
    network: NET,
    address: contact("alice"),
    spelling: contact("alice"),
    password: new Secret("secret"),
  };
  await expect(linker.linkAccount(alice, request, () => {}, new AbortController().signal)).rejects.toMatchObject({
    code: "store-down",
  });
  await until("on again", () => fleet.session(account()));
});

test("a linking that fails does not bring back an account that was unlinked meanwhile", async () => {
  let known: AccountRecord | undefined = record();
  const { fleet, network, store } = stage({ account: async () => known });
  await fleet.takeShard(shard);
  await until("on", () => fleet.session(account()));
  network.verify = async () => {
    known = undefined;
    throw new BridgeError("bad-password");
  };
  const linker = createLinker({ store, fleet, networks: new Map([[NET, network]]), linked: () => {} });
  const address = contact("alice");
  const request = { network: NET, address, spelling: address, password: new Secret("wrong") };
  await expect(linker.linkAccount(alice, request, () => {}, new AbortController().signal)).rejects.toMatchObject({
    code: "bad-password",
  });
  expect(fleet.members()).toEqual([]);
});
