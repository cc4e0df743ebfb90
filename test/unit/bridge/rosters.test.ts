import { expect, test } from "vitest";
import type { Fleet } from "../../../src/bridge/fleet.ts";
import type { AccountRecord, ContactSnapshot, Presence, ResidentId } from "../../../src/bridge/model.ts";
import type { Home } from "../../../src/bridge/ports/home.ts";
import type { AccountStore } from "../../../src/bridge/ports/store.ts";
import { Rosters } from "../../../src/bridge/rosters.ts";
import { account, alice, contact, HOME, record, silent } from "./support.ts";

const snapshot = (name: string, groups: readonly string[] = []): ContactSnapshot => ({
  address: contact(name),
  displayName: name,
  presence: { availability: "online", text: "" },
  listed: true,
  blocked: false,
  groups,
});

/** A home that shows lists, and an account that is signed in or not. */
function stage(
  o: { isOn?: boolean; halt?: AccountRecord["halt"]; groups?: readonly string[]; owners?: readonly ResidentId[] } = {},
) {
  const did: string[] = [];
  const bob = snapshot("bob", o.groups);
  const session = {
    contacts: () => [bob],
    contact: () => bob,
    addContact: async (who: string, message?: string) => void did.push(`add ${who} ${message ?? ""}`.trim()),
    groups: () => ["Old", "Kept"],
    createGroup: async (name: string) => void did.push(`make ${name}`),
    addToGroup: async (who: string, name: string) => void did.push(`put ${who} ${name}`),
    removeFromGroup: async (who: string, name: string) => void did.push(`take ${who} ${name}`),
  };
  const fleet = {
    session: () => (o.isOn === false ? undefined : session),
    record: () => record("alice", { halt: o.halt ?? "none", ...(o.owners ? { owners: o.owners } : {}) }),
    homePresence: (_: unknown, owner: string, { availability }: Presence) => did.push(`${owner} is ${availability}`),
    resume: async (id: string) => void did.push(`resume ${id}`),
    wish: async (id: string, wish: string) => void did.push(`${wish} ${id}`),
  } as unknown as Fleet;
  const home = {
    name: HOME,
    useRosters: () => did.push("has the desk"),
    showAccount: (_: unknown, _owner: unknown, state: string) => did.push(`account ${state}`),
    showRoster: (_: unknown, _owner: unknown, all: readonly ContactSnapshot[]) => did.push(`list of ${all.length}`),
    showContact: (_: unknown, _owner: unknown, one: ContactSnapshot) => did.push(`contact ${one.displayName}`),
    showRequest: (_: unknown, _owner: unknown, one: ContactSnapshot) => did.push(`request ${one.displayName}`),
    dropRoster: () => did.push("dropped"),
  } as unknown as Home;
  const store = {} as AccountStore;
  const rosters = new Rosters({ store, fleet: () => fleet, homes: [home], log: silent });
  did.length = 0;
  return { rosters, did };
}

test("a home hears of the sign-in, then of the list, then of each change", () => {
  const { rosters, did } = stage();
  rosters.state(record(), "on");
  rosters.contact(record(), snapshot("bob"));
  rosters.request(record(), snapshot("carol"));
  rosters.dropped(record(), [alice]);
  expect(did).toEqual(["account on", "list of 1", "contact bob", "request carol", "dropped"]);
});

test("while an account signs in, its contacts are not shown one by one", () => {
  const { rosters, did } = stage({ isOn: false });
  rosters.state(record(), "signing-in");
  rosters.contact(record(), snapshot("bob"));
  expect(did).toEqual(["account signing-in"]);
});

test("a home without lists hears nothing", () => {
  const { rosters, did } = stage();
  rosters.state({ ...record(), owners: ["elsewhere:someone" as never] }, "on");
  expect(did).toEqual([]);
});

test("who changes groups is in the new ones before leaving the old, and missing groups are made", async () => {
  const { rosters, did } = stage({ groups: ["Old", "Kept"] });
  await rosters.change(account(), contact("bob"), { kind: "groups", groups: ["Kept", "New"] });
  expect(did).toEqual(["make New", "put bob@msn.test New", "take bob@msn.test Old"]);
});

test("a change of an account that is not signed in is refused, and says so", async () => {
  const { rosters } = stage({ isOn: false });
  await expect(rosters.change(account(), contact("bob"), { kind: "add" })).rejects.toMatchObject({
    code: "not-signed-in",
    context: { address: contact("alice") },
  });
});

test("an account comes back only when its signing out was all that kept it away", async () => {
  const [left, refused] = [stage({ halt: "signed-out" }), stage({ halt: "bad-password" })];
  await left.rosters.signIn(account());
  await refused.rosters.signIn(account());
  await left.rosters.signOut(account(), alice);
  expect(left.did).toEqual([`resume ${account()}`, `offline ${account()}`]);
  expect(refused.did).toEqual([]);
});

test("who leaves while the account has an owner elsewhere is offline at home, and the account stays", async () => {
  const { rosters, did } = stage({ owners: [alice, "elsewhere:alix" as ResidentId] });
  await rosters.signOut(account(), alice);
  expect(did).toEqual([`${alice} is offline`]);
});

test("each home is told of its own owner alone, and hears of nobody else's leaving", () => {
  const { rosters, did } = stage();
  const both = record("alice", { owners: ["elsewhere:alix" as ResidentId, alice] });
  rosters.state(both, "on");
  rosters.dropped(both, ["elsewhere:alix" as ResidentId]);
  expect(did).toEqual(["account on", "list of 1"]);
});
