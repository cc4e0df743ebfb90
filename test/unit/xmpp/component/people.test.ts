import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import type { AccountId } from "../../../../src/bridge/model.ts";
import type { HomeHost, RosterDesk } from "../../../../src/bridge/ports/home.ts";
import { People } from "../../../../src/xmpp/component/people.ts";
import { parseJid } from "../../../../src/xmpp/jid.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { account, anna, annaJid, gateway, Profiles, silent } from "../support.ts";

/** Anna, who has two accounts that sign in and out with her. */
function stage(desk: Partial<RosterDesk> = {}) {
  const came: string[] = [];
  const side = new People({
    home: XMPP,
    host: () => ({ presence: () => {} }) as unknown as HomeHost,
    desk: () => desk as unknown as RosterDesk,
    profiles: new Profiles(),
    stayOn: desk.accounts === undefined,
    limit: 10,
    leaveMs: 1,
    isKnown: () => true,
    came: (who) => came.push(`${who} ${side.hears(annaJid)}`),
    log: silent,
  });
  const say = (resource: string, priority = 0, type = "available"): void =>
    side.heard({
      from: parseJid(`${annaJid}/${resource}`),
      to: parseJid(gateway),
      id: undefined,
      type,
      show: undefined,
      status: "",
      priority,
    });
  return { side, say, came };
}

test("who had a client that takes nothing in, and now has one that does, can be told what waits for them", () => {
  const { say, came } = stage();
  say("watch", -1);
  say("phone", 0);
  say("desk", 0);
  expect(came).toEqual([`${anna} false`, `${anna} true`]);
});

/** What of the accounts is signed in; signing in or out can be held up, or fail. */
function accounts() {
  const all = ["alice", "alice2"].map((name) => account(name));
  const on = new Set<AccountId>(all.map(({ id }) => id));
  const ways = { out: Promise.resolve(), outs: 0, refuses: undefined as AccountId | undefined };
  const desk: Partial<RosterDesk> = {
    accounts: async () => all.map((one) => ({ ...one, halt: on.has(one.id) ? "none" : "signed-out" })),
    signIn: async (id) => {
      if (id === ways.refuses) throw new BridgeError("store-down");
      on.add(id);
    },
    signOut: async (id) => {
      ways.outs += 1;
      await ways.out;
      on.delete(id);
    },
  };
  return { all, on, ways, desk };
}

test("who is back while their accounts are being signed out finds them all signed in", async () => {
  const { all, on, ways, desk } = accounts();
  const { say } = stage(desk);
  const held = Promise.withResolvers<void>();
  ways.out = held.promise;
  say("phone");
  say("phone", 0, "unavailable");
  await expect.poll(() => ways.outs).toBe(1);
  say("phone");
  await new Promise((wake) => setTimeout(wake, 20));
  held.resolve();
  await expect.poll(() => ways.outs).toBe(2);
  await expect.poll(() => [...on].toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  await new Promise((wake) => setTimeout(wake, 20));
  expect(on.size).toBe(2);
});

test("an account that could not sign in when its owner came does so when they come the next time", async () => {
  const { all, on, ways, desk } = accounts();
  const { say } = stage(desk);
  say("phone");
  say("phone", 0, "unavailable");
  await expect.poll(() => on.size).toBe(0);
  ways.refuses = all[1]?.id;
  say("phone");
  await expect.poll(() => on.size).toBe(1);
  say("phone", 0, "unavailable");
  await expect.poll(() => on.size).toBe(0);
  ways.refuses = undefined;
  say("phone");
  await expect.poll(() => on.size).toBe(2);
});
