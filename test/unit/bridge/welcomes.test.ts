import { expect, test } from "vitest";
import { Invitations } from "../../../src/bridge/groups/invitations.ts";
import type { AccountRecord, ContactSnapshot, ResidentId } from "../../../src/bridge/model.ts";
import { residentId } from "../../../src/bridge/model.ts";
import type { CircleInvitation } from "../../../src/bridge/ports/groups.ts";
import type { Session } from "../../../src/bridge/ports/network.ts";
import { Requests } from "../../../src/bridge/requests.ts";
import { Told } from "../../../src/bridge/told.ts";
import { Welcomes } from "../../../src/bridge/welcome.ts";
import { alice, contact, HOME, record, silent, until } from "./support.ts";

const dora = residentId(HOME, "@dora:toy");
const circle = (name: string): CircleInvitation => ({ circle: name, name, inviter: contact("bob") });
const stranger = (name: string): ContactSnapshot => ({
  address: contact(name),
  displayName: name,
  presence: { availability: "offline", text: "" },
  listed: false,
  blocked: false,
  groups: [],
});

/** A session as it learns of things. */
class Learning {
  readonly invitations: CircleInvitation[] = [];
  readonly asking: ContactSnapshot[] = [];
  readonly circles: string[] = [];
  readonly known = Promise.withResolvers<void>();

  /** `learns`: it says when it knows of its circles. */
  session(learns = true): Session {
    const talking = {
      contacts: () => [],
      sendToGroup: async () => {},
      liveGroups: () => this.circles.map((name) => ({ kind: "circle", name })),
      circleInvitations: () => [...this.invitations],
      addContact: async () => {},
      requests: () => [...this.asking],
    };
    return { ...talking, ...(learns && { circlesKnown: () => this.known.promise }) } as unknown as Session;
  }
}

/** The part of a bridge that tells owners of an account what is there. */
class Stage {
  account: AccountRecord = record();
  live: Session | undefined;
  readonly marks = new Set<string>();
  /** `resident: words`. */
  readonly heard: string[] = [];
  /** Each telling waits for that. */
  speaking: Promise<void> = Promise.resolve();
  /** How many are being told now. */
  telling = 0;
  readonly welcomes: Welcomes;
  readonly invitations: Invitations;
  readonly requests: Requests;
  readonly told: Told;

  constructor(settledMs?: number) {
    const told = new Told({
      tell: async (_, what) => void this.marks.add(what),
      untell: async (_, what) => {
        for (const one of what) this.marks.delete(one);
      },
      told: async () => [...this.marks],
    });
    this.told = told;
    const say = async (owner: ResidentId, text: string): Promise<void> => {
      this.telling += 1;
      await this.speaking;
      this.telling -= 1;
      this.heard.push(`${owner === alice ? "alice" : "dora"}: ${text}`);
    };
    const holds = (): Promise<boolean> => this.welcomes.holds(this.account.id);
    const common = { told, log: silent, holds, say: (_: AccountRecord, text: string) => say(alice, text) };
    this.invitations = new Invitations(common);
    this.requests = new Requests(common);
    this.welcomes = new Welcomes({
      told,
      log: silent,
      requests: this.requests,
      invitations: this.invitations,
      say,
      networkOf: () => "Toynet",
      homeOf: () => "Toyhome",
      fleet: () => ({ record: () => this.account, session: () => this.live }),
      ...(settledMs !== undefined && { settledMs }),
    });
  }

  link(by: ResidentId, session: Session): void {
    if (!this.account.owners.includes(by)) this.account = { ...this.account, owners: [...this.account.owners, by] };
    this.welcomes.linked(this.account, by);
    this.live = session;
  }
}

test("circles that are learnt behind the sign-in, and invitations into some, are in the one notice", async () => {
  const stage = new Stage();
  const learning = new Learning();
  stage.link(alice, learning.session());
  const looked = stage.welcomes.look(stage.account);
  for (const name of ["Rowing", "Chess"]) {
    learning.invitations.push(circle(name));
    stage.invitations.show(stage.account, circle(name));
  }
  learning.circles.push("Mine");
  learning.known.resolve();
  await looked;
  expect(stage.heard).toEqual([
    expect.stringMatching(/^alice: .* is in 1 circle \(Mine\)\. .*: 2 invitations into circles \(`circles`\)\./),
  ]);
  expect([...stage.marks]).toEqual(["circle|Rowing", "circle|Chess"]);
});

test("what comes while the notice is being told is told behind it", async () => {
  const stage = new Stage();
  const [learning, spoken] = [new Learning(), Promise.withResolvers<void>()];
  learning.known.resolve();
  stage.speaking = spoken.promise;
  learning.invitations.push(circle("Rowing"));
  stage.link(alice, learning.session());
  const looked = stage.welcomes.look(stage.account);
  await until("it to be told", () => stage.telling === 1);
  learning.invitations.push(circle("Chess"));
  stage.invitations.show(stage.account, circle("Chess"));
  learning.asking.push(stranger("zoe"));
  stage.requests.show(stage.account, stranger("zoe"));
  spoken.resolve();
  await looked;
  await until("the rest", () => stage.marks.size === 3);
  expect(stage.heard.slice(1).sort()).toEqual([
    expect.stringContaining('bob@msn.test invites alice@msn.test into the circle "Chess"'),
    expect.stringContaining("zoe <zoe@msn.test> would like to be a contact"),
  ]);
});

test("a network that does not say what circles there are is waited for only so long", async () => {
  const stage = new Stage(20);
  stage.link(alice, new Learning().session());
  await stage.welcomes.look(stage.account);
  expect(stage.heard).toEqual([expect.stringContaining("is linked. It has no contacts.")]);
});

test("a session that has nothing to learn is not waited for", async () => {
  const stage = new Stage(3_600_000);
  stage.link(alice, new Learning().session(false));
  await stage.welcomes.look(stage.account);
  expect(stage.heard).toHaveLength(1);
});

test("who links the account while another owner is being welcomed is welcomed, too", async () => {
  const stage = new Stage();
  const [first, second] = [new Learning(), new Learning()];
  stage.link(alice, first.session());
  const looked = stage.welcomes.look(stage.account);
  stage.link(dora, second.session());
  await stage.welcomes.look(stage.account);
  first.known.resolve();
  second.circles.push("Mine");
  second.known.resolve();
  await looked;
  expect(stage.heard).toEqual([
    expect.stringMatching(/^alice: .* is in 1 circle \(Mine\)/),
    expect.stringMatching(/^dora: .* is in 1 circle \(Mine\)/),
  ]);
  expect([...stage.marks]).toEqual([]);
});

test("who links it while the other is being told is welcomed behind them", async () => {
  const stage = new Stage();
  const [learning, spoken] = [new Learning(), Promise.withResolvers<void>()];
  stage.speaking = spoken.promise;
  stage.link(alice, learning.session(false));
  const looked = stage.welcomes.look(stage.account);
  await until("it to be told", () => stage.telling === 1);
  stage.link(dora, learning.session(false));
  await stage.welcomes.look(stage.account);
  spoken.resolve();
  await looked;
  expect(stage.heard.map((line) => line.split(":")[0])).toEqual(["alice", "dora"]);
});

test("an account that is signed out while its circles are learnt is welcomed at its next sign-in", async () => {
  const stage = new Stage();
  const learning = new Learning();
  stage.link(alice, learning.session());
  const looked = stage.welcomes.look(stage.account);
  stage.live = undefined;
  learning.known.resolve();
  await looked;
  expect(stage.heard).toEqual([]);
  stage.live = new Learning().session(false);
  await stage.welcomes.look(stage.account);
  expect(stage.heard).toHaveLength(1);
});

test("who was welcomed by another worker is not welcomed again by the one on which they have linked", async () => {
  const stage = new Stage();
  stage.link(alice, new Learning().session(false));
  await until("the mark", () => stage.marks.has(`welcome|${alice}`));
  // The other has said it, and is gone.
  stage.marks.clear();
  stage.told.forget(stage.account.id);
  await stage.welcomes.look(stage.account);
  expect(stage.heard).toEqual([]);
  expect(await stage.welcomes.holds(stage.account.id)).toBe(false);
});
