import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Email, type MsnClient, parseEmail, type RosterError } from "../../../src/msnp/index.ts";
import type { HttpFault } from "../../../src/msnp/server/index.ts";
import { ALICE, BOB, CAROL, eventually, Stage } from "./stage.ts";

const DAVE = parseEmail("dave@msn.test");
const TIMEOUTS = { refresh: 20, http: 400, request: 400 };
const EMPTY_ANSWER = Buffer.from('<E xmlns="x"><Body/></E>');
const EMPTY_RESULT = Buffer.from(
  "<E><Body><FindMembershipResponse><FindMembershipResult/></FindMembershipResponse><ABFindAllResponse><ABFindAllResult/></ABFindAllResponse></Body></E>",
);
const FAILURES: readonly (readonly [string, HttpFault])[] = [
  ["breaks off", { kind: "drop" }],
  ["never comes", { kind: "stall" }],
  ["is an error page", { kind: "status", status: 500 }],
  ["is refused", { kind: "refuse" }],
  ["is a fault", { kind: "soap-fault", code: "Throttled" }],
  ["is cut", { kind: "garbage" }],
  ["is empty", { kind: "garbage", bytes: Buffer.alloc(0) }],
  ["has an empty body", { kind: "garbage", bytes: EMPTY_ANSWER }],
  ["has an empty result", { kind: "garbage", bytes: EMPTY_RESULT }],
];

let stage: Stage;

beforeEach(async () => {
  stage = await Stage.open();
  stage.network.addAccount({ email: DAVE, password: "dave's", displayName: "Dave D" });
});
afterEach(() => stage.close());

const alice = (): Promise<MsnClient> => stage.signedIn(ALICE, "MSNP18", { timeouts: TIMEOUTS });

function lists(client: MsnClient, email: Email): string {
  return [...(client.contacts.get(email)?.lists ?? [])].join(" ");
}

function snapshot(client: MsnClient): string[] {
  return [...client.contacts.values()].map(({ email, groups }) => `${email} ${lists(client, email)} ${groups}`).sort();
}

/** The same as a new sign-in reads it: the truth of the server. */
async function truth(client: MsnClient): Promise<string[]> {
  await client.signOut();
  await client.signIn();
  return snapshot(client);
}

describe.each(["FindMembership", "ABFindAll"])("when the answer to %s", (operation) => {
  it.each(FAILURES)("%s, nothing is taken off the lists, and it is asked again", async (_how, fault) => {
    const client = await alice();
    const before = snapshot(client);
    const changes: string[] = [];
    client.on("contactChanged", ({ email, lists: { size } }) => changes.push(`${email} ${size}`));
    const armed = stage.network.faults.arm({ place: "HTTP", at: operation, account: ALICE, times: 2, fault });
    const dave = await stage.signedIn(DAVE, "MSNP18", { password: () => "dave's" });
    await dave.roster.add(ALICE);
    await eventually(() => armed.strikes).toBe(2);
    expect(snapshot(client).filter((line) => !line.startsWith(DAVE))).toEqual(before);
    await eventually(() => client.roster.requests.map(({ email }) => email)).toEqual([DAVE]);
    expect(changes.every((line) => line.startsWith(DAVE))).toBe(true);
    expect(client.state).toBe("signed-in");
  });

  it.each(FAILURES)("%s at sign-in, the sign-in fails instead of finding nobody", async (_how, fault) => {
    stage.network.faults.arm({ place: "HTTP", at: operation, account: ALICE, times: "always", fault });
    const client = stage.client(ALICE, "MSNP18", { timeouts: TIMEOUTS });
    let isLoaded = false;
    client.on("contactsLoaded", () => {
      isLoaded = true;
    });
    await expect(client.signIn()).rejects.toMatchObject({ name: "SignInError", stage: "lists" });
    expect(isLoaded).toBe(false);
    stage.network.faults.disarmAll();
    await client.signIn();
    expect(lists(client, BOB)).toBe("FL AL RL");
  });
});

it.each(["FindMembership", "ABFindAll"])(
  "lists that were there are not taken for gone when %s speaks of no address book",
  async (at) => {
    const client = await alice();
    const before = snapshot(client);
    const fault = { kind: "soap-fault", code: "ABDoesNotExist" } as const;
    const armed = stage.network.faults.arm({ place: "HTTP", at, account: ALICE, fault });
    const dave = await stage.signedIn(DAVE, "MSNP18", { password: () => "dave's" });
    await dave.roster.add(ALICE);
    await eventually(() => armed.strikes).toBe(1);
    await eventually(() => client.roster.requests.map(({ email }) => email)).toEqual([DAVE]);
    expect(snapshot(client).filter((line) => !line.startsWith(DAVE))).toEqual(before);
  },
);

type Change = (client: MsnClient) => Promise<void>;
interface Case {
  readonly change: Change;
  readonly places: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  adding: {
    change: (client) => client.roster.add(DAVE, { groups: ["Work Friends"] }),
    places: ["ABContactAdd", "AddMember", "ABGroupContactAdd", "ADL"],
  },
  removing: { change: (client) => client.roster.remove(BOB), places: ["ABContactDelete"] },
  blocking: { change: (client) => client.roster.block(BOB), places: ["DeleteMember", "AddMember", "ADL"] },
  renaming: { change: (client) => client.roster.rename(BOB, "Bobby"), places: ["ABContactUpdate"] },
  grouping: { change: (client) => client.roster.addToGroup(CAROL, "Work Friends"), places: ["ABGroupContactAdd"] },
  ungrouping: {
    change: (client) => client.roster.removeFromGroup(BOB, "Work Friends"),
    places: ["ABGroupContactDelete"],
  },
  "making a group": { change: (client) => client.roster.createGroup("New"), places: ["ABGroupAdd"] },
  "renaming a group": {
    change: (client) => client.roster.renameGroup("Work Friends", "Work"),
    places: ["ABGroupUpdate"],
  },
  "deleting a group": { change: (client) => client.roster.deleteGroup("Work Friends"), places: ["ABGroupDelete"] },
  "changing privacy": {
    change: (client) => client.roster.setPrivacy("allowed-only"),
    places: ["ABContactUpdate", "BLP"],
  },
};

const EVERY = Object.entries(CASES).flatMap(([name, { change, places }]) =>
  places.map((place) => ({ name, change, place })),
);

describe.each(EVERY)("$name, when $place fails", ({ change, place }) => {
  it("changes nothing, says so, and can be done again", async () => {
    const client = await alice();
    const before = snapshot(client);
    const groups = [...client.roster.groups.values()];
    if (/^[A-Z]{3}$/.test(place)) {
      stage.network.faults.arm({ place: "NS", at: place, account: ALICE, fault: { kind: "error", code: 603 } });
    } else {
      const fault = { kind: "soap-fault", code: "Forbidden" } as const;
      stage.network.faults.arm({ place: "HTTP", at: place, account: ALICE, fault });
    }
    const error: RosterError = await change(client).then(
      () => Promise.reject(new Error("It went well")),
      (reason) => reason,
    );
    expect(error.name).toBe("RosterError");
    expect(error.code).toBe("refused");
    expect(snapshot(client)).toEqual(before);
    expect(await truth(client)).toEqual(before);
    expect([...client.roster.groups.values()]).toEqual(groups);
    expect(client.roster.privacy).toBe("allow-all");
    await change(client);
    const after = [snapshot(client), [...client.roster.groups.values()], client.roster.privacy];
    expect([await truth(client), [...client.roster.groups.values()], client.roster.privacy]).toEqual(after);
  });
});

describe("a change whose answer is lost", () => {
  it.each(["ABContactAdd", "AddMember"])(
    "at %s is found out by reading the lists, and can be made whole",
    async (at) => {
      const client = await alice();
      stage.network.faults.arm({ place: "HTTP", at, account: ALICE, fault: { kind: "garbage" } });
      await expect(client.roster.add(DAVE)).rejects.toMatchObject({ name: "RosterError" });
      await client.roster.add(DAVE);
      expect(lists(client, DAVE)).toBe("FL AL");
      expect((await truth(client)).filter((line) => line.startsWith(DAVE))).toEqual([`${DAVE} FL AL `]);
    },
  );

  it("because the session ended says that", async () => {
    const client = await alice();
    stage.network.faults.arm({ place: "NS", at: "ADL", account: ALICE, fault: { kind: "drop" } });
    await expect(client.roster.add(DAVE)).rejects.toMatchObject({ name: "RosterError", code: "closed" });
    await client.signIn();
    if (!client.contacts.get(DAVE)?.lists.has("FL")) await client.roster.add(DAVE);
    expect(lists(client, DAVE)).toBe("FL AL");
  });
});

describe("a server that passes over a command", () => {
  const ignore = (at: string): void => {
    stage.network.faults.arm({ place: "NS", at, account: ALICE, times: "always", fault: { kind: "ignore" } });
  };

  it.each(["BLP", "PRP"])("%s is one to sign in to all the same", async (at) => {
    ignore(at);
    const client = await alice();
    expect(lists(client, BOB)).toBe("FL AL RL");
    expect(client.self).toMatchObject({ displayName: "Alice A", status: "NLN" });
  });

  it("RML has removed a contact when the address book has", async () => {
    const client = await alice();
    ignore("RML");
    await client.roster.remove(BOB);
    expect(lists(client, BOB)).toBe("AL RL");
    expect((await truth(client)).filter((line) => line.startsWith(BOB))).toEqual([`${BOB} AL RL `]);
  });

  it("RML has blocked a contact when the lists say so", async () => {
    const client = await alice();
    ignore("RML");
    await client.roster.block(BOB);
    expect(lists(client, BOB)).toBe("FL BL RL");
  });
});
