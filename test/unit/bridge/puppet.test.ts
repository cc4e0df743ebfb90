import { afterEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { AccountRecord, PuppetState } from "../../../src/bridge/model.ts";
import type { PuppetInput } from "../../../src/bridge/puppet.ts";
import { Puppet, TRANSITIONS } from "../../../src/bridge/puppet.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ToyNetwork } from "../../support/toy-network.ts";
import { contact, deaf, record, silent, until } from "./support.ts";

const made: Puppet[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((puppet) => puppet.stop()));
});

interface Stage {
  puppet: Puppet;
  network: ToyNetwork;
  states: PuppetState[];
}

function stage(halt: AccountRecord["halt"] = "none", password = "secret"): Stage {
  const network = new ToyNetwork();
  network.account(contact("alice"));
  const states: PuppetState[] = [];
  const puppet = new Puppet({
    record: record("alice", { halt }),
    network,
    password: async () => new Secret(password),
    turn: async () => {},
    presence: () => ({ availability: "online", text: "" }),
    hooks: deaf,
    onState: (state) => states.push(state),
    meter: noMeter,
    log: silent,
    backOff: { baseMs: 10, capMs: 40 },
  });
  made.push(puppet);
  return { puppet, network, states };
}

const STATES: PuppetState[] = ["signed-out", "signing-in", "on", "waiting", "elsewhere", "bad-password"];
const INPUTS: PuppetInput[] = ["start", "signed-in", "failed", "refused", "lost", "taken-elsewhere", "stop"];

test("the table of transitions is this one and nothing else", () => {
  const all = STATES.flatMap((state) =>
    INPUTS.flatMap((input) => {
      const next = TRANSITIONS[state][input];
      return next ? [`${state} + ${input} -> ${next}`] : [];
    }),
  );
  expect(all.toSorted()).toEqual(
    [
      "signed-out + start -> signing-in",
      "signing-in + signed-in -> on",
      "signing-in + failed -> waiting",
      "signing-in + refused -> bad-password",
      "signing-in + taken-elsewhere -> elsewhere",
      "signing-in + stop -> signed-out",
      "on + lost -> waiting",
      "on + taken-elsewhere -> elsewhere",
      "on + refused -> bad-password",
      "on + stop -> signed-out",
      "waiting + start -> signing-in",
      "waiting + stop -> signed-out",
      "elsewhere + start -> signing-in",
      "elsewhere + stop -> signed-out",
      "bad-password + start -> signing-in",
      "bad-password + stop -> signed-out",
    ].toSorted(),
  );
});

test("every state but signed-out can be stopped, and every resting state started", () => {
  for (const state of STATES) {
    expect(TRANSITIONS[state].stop !== undefined, `stop in ${state}`).toBe(state !== "signed-out");
    expect(TRANSITIONS[state].start !== undefined, `start in ${state}`).toBe(state !== "signing-in" && state !== "on");
  }
});

test("it signs in and is on", async () => {
  const { puppet, states } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  expect(states).toEqual(["signing-in", "on"]);
  expect(puppet.session?.dialect).toBe("TOY1");
  expect(puppet.trouble).toEqual({ why: undefined, retryAt: undefined });
});

test("a second start while it is on or on its way is nothing", async () => {
  const { puppet, network } = stage();
  puppet.start();
  puppet.start();
  await until("on", () => puppet.state === "on");
  puppet.start();
  expect(network.signIns).toHaveLength(1);
});

test("a lost session is signed in again by itself", async () => {
  const { puppet, network, states } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  network.drop(contact("alice"));
  expect(puppet.state).toBe("waiting");
  expect(puppet.session).toBeUndefined();
  await until("on again", () => puppet.state === "on");
  expect(states).toEqual(["signing-in", "on", "waiting", "signing-in", "on"]);
});

test("while the network is down it waits with a reason and a time, and comes back when it is up", async () => {
  const { puppet, network } = stage();
  network.down = true;
  const before = Date.now();
  puppet.start();
  await until("waiting", () => puppet.state === "waiting");
  expect(puppet.trouble.why).toMatch(/^Signing in to Toynet failed at the stage "connect"/);
  expect(puppet.trouble.retryAt).toBeGreaterThanOrEqual(before);
  await until("several tries", () => network.signIns.length >= 3);
  network.down = false;
  await until("on", () => puppet.state === "on");
});

test("the pause that the server asks for is kept", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  const at = Date.now();
  network.drop(contact("alice"), { kind: "lost", detail: "server closing", retryAfterMs: 150 });
  await until("on again", () => puppet.state === "on");
  expect(Date.now() - at).toBeGreaterThanOrEqual(145);
});

test("a refused password stops it; it is told once and not tried again", async () => {
  const { puppet, network, states } = stage("none", "wrong");
  puppet.start();
  await until("bad password", () => puppet.state === "bad-password");
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(states).toEqual(["signing-in", "bad-password"]);
  expect(network.signIns).toHaveLength(1);
});

test("an account that has no password any more is not tried at all", async () => {
  const { puppet, network } = stage();
  const lone = new Puppet({ ...optionsOf(network), password: async () => undefined });
  made.push(lone);
  lone.start();
  await until("bad password", () => lone.state === "bad-password");
  expect(network.signIns).toHaveLength(0);
  expect(puppet.state).toBe("signed-out");
});

test("signed in somewhere else: it does not fight, until it is started", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  network.drop(contact("alice"), { kind: "elsewhere", detail: "OUT OTH" });
  expect(puppet.state).toBe("elsewhere");
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(network.signIns).toHaveLength(1);
  puppet.start();
  await until("on", () => puppet.state === "on");
});

test("signed in somewhere else in the middle of its sign-in: it does not fight either", async () => {
  const { puppet, network, states } = stage();
  let tries = 0;
  network.signIn = async () => {
    tries += 1;
    throw new BridgeError("elsewhere");
  };
  puppet.start();
  await until("it to rest", () => puppet.state !== "signing-in");
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(states).toEqual(["signing-in", "elsewhere"]);
  expect(tries).toBe(1);
});

test("a start while it waits does not wait any longer", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  network.drop(contact("alice"), { kind: "lost", detail: "bye", retryAfterMs: 60_000 });
  puppet.start();
  await until("on", () => puppet.state === "on");
});

test.each(["signed-out", "bad-password", "elsewhere"] as const)(
  "halted as %s it says so after a restart, and can be started",
  async (halt) => {
    const { puppet } = stage(halt);
    expect(puppet.state).toBe(halt);
    puppet.start();
    await until("on", () => puppet.state === "on");
  },
);

test("stopped while it signs in, it ends signed out and leaves no session behind", async () => {
  const { puppet, network, states } = stage();
  network.stalled = Promise.withResolvers();
  puppet.start();
  await until("the sign-in to be under way", () => network.signIns.length === 1);
  await puppet.stop();
  network.stalled.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(states).toEqual(["signing-in", "signed-out"]);
  expect(network.sessions.size).toBe(0);
});

test("a sign-in that succeeds although it was called off is signed out again", async () => {
  const { puppet, network } = stage();
  const signIn = network.signIn.bind(network);
  const begun = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  network.signIn = async (credentials, options, hooks) => {
    begun.resolve();
    await answer.promise;
    return signIn(credentials, options, hooks, new AbortController().signal);
  };
  puppet.start();
  await begun.promise;
  const stopped = puppet.stop();
  answer.resolve();
  await stopped;
  expect(network.signIns).toHaveLength(1);
  expect(network.sessions.size).toBe(0);
});

test("stopped and started at once, it ends on with one session", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  const first = puppet.session;
  const stopped = puppet.stop();
  puppet.start();
  await stopped;
  await until("on", () => puppet.state === "on");
  expect(puppet.session).not.toBe(first);
  expect(network.sessions.get(contact("alice"))).toBe(puppet.session);
});

test("stopping ends although a start that cannot succeed follows at once", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  network.down = true;
  const stopped = puppet.stop();
  puppet.start();
  await stopped;
});

test("a new sign-in waits until the old session is closed", async () => {
  const { puppet, network } = stage();
  puppet.start();
  const session = await until("on", () => puppet.session);
  const closing = Promise.withResolvers<void>();
  const close = session.close.bind(session);
  session.close = async () => {
    await closing.promise;
    return close();
  };
  void puppet.stop();
  puppet.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(network.signIns).toHaveLength(1);
  closing.resolve();
  await until("on again", () => puppet.state === "on");
  expect(network.signIns).toHaveLength(2);
});

test("a session that ends in the moment of its sign-in is tried again", async () => {
  const { puppet, network, states } = stage();
  network.dropsAtOnce = 1;
  puppet.start();
  await until("on for good", () => puppet.state === "on" && network.sessions.size === 1);
  expect(states).toEqual(["signing-in", "on", "waiting", "signing-in", "on"]);
});

test("a network that drops everyone at once is asked more and more seldom", async () => {
  const { puppet, network } = stage();
  network.dropsAtOnce = Number.POSITIVE_INFINITY;
  puppet.start();
  await until("several tries", () => network.signIns.length >= 12);
  const gaps = network.signIns.slice(1).map((at, i) => at - (network.signIns[i] ?? 0));
  expect(Math.max(...gaps.slice(4))).toBeGreaterThan(11);
});

test("a session that cannot be listened to any longer is given up and signed in anew", async () => {
  const { puppet, network } = stage();
  puppet.start();
  const first = await until("on", () => puppet.session);
  puppet.reconnect("too much waits");
  expect(puppet.state).toBe("waiting");
  await until("on again", () => puppet.state === "on");
  expect(puppet.session).not.toBe(first);
  expect(network.sessions.size).toBe(1);
});

test("a late end of an old session does not end the new one", async () => {
  const { puppet, network } = stage();
  puppet.start();
  await until("on", () => puppet.state === "on");
  const old = network.sessions.get(contact("alice"));
  puppet.reconnect("too much waits");
  await until("on again", () => puppet.state === "on");
  old?.hooks.closed({ kind: "elsewhere", detail: "late" });
  expect(puppet.state).toBe("on");
});

test("a presence is set on a live session, and is nothing otherwise", async () => {
  const { puppet, network } = stage();
  await puppet.setPresence("busy", "x");
  puppet.start();
  await until("on", () => puppet.state === "on");
  await puppet.setPresence("busy", "x");
  expect(network.sessions.get(contact("alice"))?.shown).toEqual({ availability: "busy", text: "x" });
});

test("a defect in signing in is a failure like another: it waits and tries again", async () => {
  const { network } = stage();
  let broken = true;
  const puppet = new Puppet({
    ...optionsOf(network),
    turn: async () => {
      if (broken) throw new BridgeError("store-down");
    },
  });
  made.push(puppet);
  puppet.start();
  await until("waiting", () => puppet.state === "waiting");
  broken = false;
  await until("on", () => puppet.state === "on");
});

function optionsOf(network: ToyNetwork): ConstructorParameters<typeof Puppet>[0] {
  return {
    record: record(),
    network,
    password: async () => new Secret("secret"),
    turn: async () => {},
    presence: () => ({ availability: "online", text: "" }),
    hooks: deaf,
    onState: () => {},
    meter: noMeter,
    log: silent,
    backOff: { baseMs: 10, capMs: 40 },
  };
}
