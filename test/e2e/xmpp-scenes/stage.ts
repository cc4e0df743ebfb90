import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from "vitest";
import type { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { bare } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { showTrace, traceFile } from "../../support/traces.ts";
import { XmppWorld, type XmppWorldOptions } from "../../support/xmpp-world.ts";

/** Who of the XMPP people has which MSN account. */
const ACCOUNTS = { anna: "alice", ben: "dave", cleo: "erin", dora: "frank", emil: "grace" } as const;

export type Resident = keyof typeof ACCOUNTS;
const RESIDENTS = ["anna", "ben", "cleo", "dora", "emil"] as const satisfies readonly Resident[];

/**
 * One world for a file, and who plays in it: Anna, Ben, Cleo, Dora and Emil on XMPP, Bob on MSN, who knows the MSN accounts
 * of them all. The scenes follow one another, each on what those before have left.
 */
export class Stage {
  readonly world: XmppWorld;
  readonly anna: XmppPerson;
  readonly ben: XmppPerson;
  readonly cleo: XmppPerson;
  readonly dora: XmppPerson;
  readonly emil: XmppPerson;
  readonly bob: MsnPerson;
  /** Bob's JID. */
  readonly bobs: string;

  private constructor(world: XmppWorld, people: readonly XmppPerson[], bob: MsnPerson) {
    const called = (name: Resident): XmppPerson => {
      const person = people.find(({ jid }) => jid.startsWith(`${name}@`));
      if (person === undefined) throw new Error(`${name} has not come`);
      return person;
    };
    this.world = world;
    this.anna = called("anna");
    this.ben = called("ben");
    this.cleo = called("cleo");
    this.dora = called("dora");
    this.emil = called("emil");
    this.bob = bob;
    this.bobs = world.ghost("bob");
  }

  static async set(options: Pick<XmppWorldOptions, "server" | "privileged">): Promise<Stage> {
    const msnNames = ["bob", ...Object.values(ACCOUNTS), "carol", "zoe"];
    const world = await XmppWorld.start({ ...options, xmppUsers: Object.keys(ACCOUNTS), msnNames });
    try {
      for (const name of Object.values(ACCOUNTS)) world.msn.befriend(address(name), address("bob"));
      const people = await Promise.all(Object.keys(ACCOUNTS).map((name) => world.person(name)));
      return new Stage(world, people, await world.messenger("bob"));
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  get gateway(): string {
    return this.world.gateway;
  }

  residents(): readonly { readonly person: XmppPerson; readonly email: string }[] {
    return RESIDENTS.map((name) => ({ person: this[name], email: this.email(name) }));
  }

  /** The address of somebody's MSN account. */
  email(name: Resident): string {
    return address(ACCOUNTS[name]);
  }

  /** Waits until the gateway says that the account of somebody is signed in. */
  async signedIn(person: XmppPerson): Promise<void> {
    const isOn = ({ type, show }: { type: string; show: string | undefined }) => type === "available" && !show;
    await person.waitForPresence(this.gateway, "signed in", isOn);
  }

  /** Says a line to the gateway and gives its answer. */
  async command(person: XmppPerson, line: string, answer: RegExp): Promise<string> {
    const before = person.textsFrom(this.gateway).length;
    await person.say(this.gateway, line);
    return await person.waitFor(`the gateway to answer "${line}" with ${answer}`, () =>
      person
        .textsFrom(this.gateway)
        .slice(before)
        .find((text) => answer.test(text)),
    );
  }

  /** Agrees to see one of the bridge's and to be seen by it, when it asks. */
  async agree(person: XmppPerson, jid: string): Promise<void> {
    await person.waitFor(`${jid} to ask`, () =>
      person.presences.find(({ from, type }) => bare(from) === jid && type === "subscribe"),
    );
    await person.sendPresence(jid, "subscribed");
    await person.sendPresence(jid, "subscribe");
    await person.waitFor(`${jid} on the roster`, () => person.roster.get(jid)?.subscription === "both");
  }

  /** Somebody at an MSN client until the end of the test. */
  async visitor(name: string): Promise<MsnPerson> {
    const person = await this.world.messenger(name);
    onTestFinished(async () => await person.signOut());
    return person;
  }

  /** Somebody's state as Bob sees it. */
  bobSees(name: Resident): string | undefined {
    return this.bob.contact(this.email(name))?.status;
  }
}

export function address(name: string): string {
  return `${name}@msn.test`;
}

/**
 * Registers the hooks; use the result inside tests only. When a test fails, what crossed since the beginning of the file is
 * in var/traces/ with the logs of the bridge and of the server. At the end it asserts that no process is left.
 */
export function useStage(options: Pick<XmppWorldOptions, "server" | "privileged">): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await Stage.set(options);
  });
  beforeEach((context) => {
    const world = stage?.world;
    world?.trace.add("test", `--- ${context.task.name}`);
    context.onTestFinished(() => {
      world?.msn.faults.disarmAll();
      world?.wire.swallow(false);
      world?.wire.hold(false);
    });
    context.onTestFailed((failed) => {
      if (world === undefined) return;
      const name = showTrace(world.trace, failed);
      world.keepLogs((ending) => traceFile(name, ending));
    });
  });
  afterAll(async () => {
    // A world that did not come up has ended its processes itself.
    expect((await stage?.world.stop()) ?? []).toEqual([]);
  });
  return () => {
    if (stage === undefined) throw new Error("the stage is there only inside tests");
    return stage;
  };
}
