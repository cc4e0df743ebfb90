import { afterEach, describe, expect, it } from "vitest";
import { DIALECTS } from "../../../src/msnp/dialect/index.ts";
import { type Email, MsnClient, type MsnClientOptions, parseEmail, parseMachineGuid } from "../../../src/msnp/index.ts";
import { bookClient, ALICE as OWNER, webServices } from "./late/book-server.ts";
import { poles } from "./poles.ts";
import { type Script, ScriptedServer } from "./scripted-server.ts";
import { ALICE, next, Stage } from "./stage.ts";

// Answers to people who have asked, and who may be on other lists as well.
const DAVE = parseEmail("dave@example.com");

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function lists(client: MsnClient, email: Email): string {
  return [...(client.contacts.get(email)?.lists ?? [])].join(" ");
}

const EDITS = ["ADC", "REM"] as const;

/** A session at MSNP12 whose only person is on these lists. */
async function bySyn(bits: number): Promise<{ client: MsnClient; edits(): string[] }> {
  const script: Script = {
    VER: "VER $ MSNP12\r\n",
    CVR: "CVR $ 1 1 1 u u\r\n",
    USR: ["USR $ TWN S ct=1\r\n", `USR $ OK ${OWNER} 1 0\r\n`],
    SYN: `SYN $ a b 1 0\r\nBLP AL\r\nLST N=${DAVE} F=Dave ${bits} 1\r\n`,
    CHG: "CHG $ NLN 0\r\n",
    UUX: "UUX $ 0\r\n",
    ADC: `ADC $ FL N=${DAVE} C=22222222-2222-4222-8222-222222222222\r\n`,
    REM: "REM $\r\n",
  };
  const server = await ScriptedServer.start(script);
  const client = new MsnClient({
    services: {
      ns: server.address,
      nexusUrl: "http://web.test/nexus",
      rstUrl: "http://web.test/rst",
      addressBookUrl: "http://web.test/ab",
      sharingUrl: "http://web.test/sharing",
    },
    dialects: ["MSNP12"],
    email: OWNER,
    password: () => "secret",
    machineGuid: parseMachineGuid("{A1A1A1A1-1111-4111-8111-AAAAAAAAAAAA}"),
    initialPresence: "NLN",
    fetch: webServices("messenger.msn.com"),
  });
  closing.push(async () => {
    await client.signOut();
    await server.close();
  });
  await client.signIn();
  const edits = (): string[] =>
    server.heard
      .filter((line) => EDITS.some((name) => line.startsWith(name)))
      .map((line) => line.replace(/^(\w+) \d+ (\w+).*$/, "$1 $2"));
  return { client, edits };
}

/** A session by web services whose only person is a member in these roles. */
async function bySoap(...roles: string[]): Promise<{ client: MsnClient; edits(): string[] }> {
  const edits: string[] = [];
  const usual = webServices();
  const members = roles
    .map(
      (role) =>
        `<Membership><MemberRole>${role}</MemberRole><Members><Member><PassportName>${DAVE}</PassportName></Member></Members></Membership>`,
    )
    .join("");
  const answers: Readonly<Record<string, string>> = {
    FindMembership: `<FindMembershipResult><Services><Service><Memberships>${members}</Memberships></Service></Services></FindMembershipResult>`,
    ABFindAll: "<ABFindAllResult><groups/><contacts/></ABFindAllResult>",
  };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const operation = /\/(\w+)"$/.exec(new Headers(init?.headers).get("SOAPAction") ?? "")?.[1] ?? "";
    const role = /<MemberRole>(\w+)</.exec(String(init?.body))?.[1];
    if (role !== undefined || operation.startsWith("ABContact")) edits.push(`${operation} ${role ?? ""}`.trim());
    const answer = answers[operation];
    if (answer === undefined) return await usual(input, init);
    return new Response(`<E><Body><${operation}Response>${answer}</${operation}Response></Body></E>`);
  };
  const options: Partial<MsnClientOptions> = { fetch, circles: false };
  const { client, close } = await bookClient({ FQY: "FQY $ 0\r\n" }, options);
  closing.push(close);
  await client.signIn();
  return { client, edits: () => edits };
}

describe("on the wire, somebody who has asked", () => {
  it("and is blocked is let in, and on one list of the two only", async () => {
    const { client, edits } = await bySyn(4 + 16);
    const asked: Email[] = [];
    client.on("request", ({ email }) => asked.push(email));
    await client.roster.accept(DAVE);
    expect(asked).toEqual([]);
    expect(edits().slice(0, 2)).toEqual(["REM BL", "ADC AL"]);
    expect(lists(client, DAVE)).toBe("FL AL RL");
  });

  it("and is allowed is turned away, and on one list of the two only", async () => {
    const { client, edits } = await bySyn(2 + 16);
    await client.roster.decline(DAVE);
    expect(edits()).toEqual(["REM AL", "ADC BL", "ADC RL", "REM PL"]);
    expect(lists(client, DAVE)).toBe("BL RL");
  });

  it("is let in by being added", async () => {
    const { client, edits } = await bySyn(16);
    await client.roster.add(DAVE);
    expect(edits()).toEqual(["ADC AL", "ADC RL", "REM PL", "ADC FL"]);
    expect(client.roster.requests).toEqual([]);
    expect(lists(client, DAVE)).toBe("FL AL RL");
  });

  it("and is blocked stays so when they are added", async () => {
    const { client, edits } = await bySyn(4 + 16);
    await client.roster.add(DAVE);
    expect(edits()).toEqual(["ADC FL"]);
    expect(lists(client, DAVE)).toBe("FL BL PL");
  });
});

describe("by web service, somebody who has asked", () => {
  it("and is blocked is let in, and on one list of the two only", async () => {
    const { client, edits } = await bySoap("Block", "Pending");
    const asked: Email[] = [];
    client.on("request", ({ email }) => asked.push(email));
    await client.roster.accept(DAVE);
    expect(asked).toEqual([]);
    expect(edits()).toEqual([
      "DeleteMember Block",
      "AddMember Allow",
      "AddMember Reverse",
      "DeleteMember Pending",
      "ABContactAdd",
    ]);
    expect(lists(client, DAVE)).toBe("FL AL RL");
  });

  it("and is allowed is turned away, and on one list of the two only", async () => {
    const { client, edits } = await bySoap("Allow", "Pending");
    await client.roster.decline(DAVE);
    expect(edits()).toEqual(["DeleteMember Allow", "AddMember Block", "AddMember Reverse", "DeleteMember Pending"]);
    expect(lists(client, DAVE)).toBe("BL RL");
  });

  it("is let in by being added", async () => {
    const { client, edits } = await bySoap("Pending");
    await client.roster.add(DAVE);
    expect(edits()).toEqual(["AddMember Allow", "AddMember Reverse", "DeleteMember Pending", "ABContactAdd"]);
    expect(client.roster.requests).toEqual([]);
    expect(lists(client, DAVE)).toBe("FL AL RL");
  });
});

describe.each(poles(DIALECTS.filter(({ isExperimental }) => isExperimental !== true)))(
  "adding somebody who has asked, at $title",
  ({ dialect: { name }, options }) => {
    it("answers them, and a new sign-in finds nobody who waits", async () => {
      const stage = await Stage.open(options);
      closing.push(() => stage.close());
      stage.network.addAccount({ email: DAVE, password: "dave's", displayName: "Dave" });
      const alice = await stage.signedIn(ALICE, name);
      await alice.roster.add(DAVE);
      const dave = stage.client(DAVE, name, { password: () => "dave's" });
      const asked = next(dave, "request");
      await dave.signIn();
      await asked;
      await dave.roster.add(ALICE);
      expect(dave.roster.requests).toEqual([]);
      await dave.signOut();
      await dave.signIn();
      expect(dave.roster.requests).toEqual([]);
      // MSNP10 has a list for requests, but no way to say that one was answered (source: msnp-core §5.3).
      expect(lists(dave, ALICE)).toMatch(/^FL AL (RL|PL)$/);
    });
  },
);
