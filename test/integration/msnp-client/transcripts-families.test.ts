import { afterEach, describe, expect, it } from "vitest";
import { type MsnClient, type MsnContact, type MsnStatus, SignInError } from "../../../src/msnp/index.ts";
import { endPlays, play, signedIn, WEB_SERVICES } from "./play.ts";
import { ALICE, BOB, CAROL, type RecordedName, SCRIPTS } from "./recorded.ts";
import { type Script, ScriptedServer } from "./scripted-server.ts";
import { eventually, next } from "./stage.ts";

afterEach(endPlays);

const TEXT_PSM = "55|<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>";
const CAPS = "1073741856";
const LISTS = '63|<ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /></d></ml>';
const WINNT = "0x0409 winnt 5.1 i386 MSNMSGR";
const PLACE = "2684354592:0";

/** What the client says by the book, in order; msnp-core §8. */
const SAID: Readonly<Record<Exclude<RecordedName, "MSNP11" | "MSNP18">, readonly (string | RegExp)[]>> = {
  MSNP2: [
    "VER 1 MSNP2 CVR0",
    "INF 2",
    "CVR 3 0x0409 win 4.10 i386 MSMSGS 1.0.0863",
    "USR 4 MD5 I alice@example.com",
    "USR 5 MD5 S 2976b981ef84ce29f35136d7465e731b",
    "SYN 6 0",
    "CHG 7 NLN",
    "PNG",
  ],
  MSNP7: [
    "VER 1 MSNP7 CVR0",
    "INF 2",
    "CVR 3 0x0409 winnt 5.1 i386 MSMSGS 4.5.0121 MSMSGS",
    "USR 4 MD5 I alice@example.com",
    "USR 5 MD5 S 2976b981ef84ce29f35136d7465e731b",
    "SYN 6 0",
    "CHG 7 NLN",
    "QRY 8 msmsgs@msnmsgr.com 32|8f2f5a91b72102cd28355e9fc9000d6e",
    "PNG",
  ],
  MSNP8: [
    "VER 1 MSNP8 CVR0",
    `CVR 2 ${WINNT} 5.0.0544 MSMSGS alice@example.com`,
    "USR 3 TWN I alice@example.com",
    "USR 4 TWN S 4f0051f71b39803aaef8",
    "SYN 5 0",
    `CHG 6 NLN ${CAPS}`,
    "PNG",
  ],
  MSNP9: [
    "VER 1 MSNP9 CVR0",
    `CVR 2 ${WINNT} 6.0.0602 MSMSGS alice@example.com`,
    "USR 3 TWN I alice@example.com",
    "USR 4 TWN S 4f0051f71b39803aaef8",
    "SYN 5 0",
    `CHG 6 NLN ${CAPS}`,
    "PNG",
  ],
  MSNP12: [
    "VER 1 MSNP12 CVR0",
    `CVR 2 ${WINNT} 7.5.0324 msmsgs alice@example.com`,
    "USR 3 TWN I alice@example.com",
    "USR 4 TWN S t=e57144a3bf0d16f05638&p=",
    "SYN 5 0 0",
    `CHG 6 NLN ${CAPS}`,
    "QRY 7 PROD0101{0RM?UBW 32|64812169fe9717715f03c678fa4ab938",
    `UUX 8 ${TEXT_PSM}`,
    "PNG",
  ],
  MSNP13: soapFamily("MSNP13", "8.0.0812", "USR 4 TWN S t=e57144a3bf0d16f05638&p="),
  MSNP14: soapFamily("MSNP14", "8.0.0812", "USR 4 TWN S t=e57144a3bf0d16f05638&p="),
  MSNP15: soapFamily("MSNP15", "8.5.1302", /^USR 4 SSO S t=e57144a3bf0d16f05638&p= HAAAAAEAAAAD[\w+/=]{160}$/),
  MSNP16: [
    "VER 1 MSNP16 CVR0",
    `CVR 2 ${WINNT} 14.0.5027.0908 msmsgs alice@example.com`,
    "USR 3 SSO I alice@example.com",
    /^USR 4 SSO S t=e57144a3bf0d16f05638&p= HAAAAAEAAAAD[\w+/=]{160} \{0a0a0a0a-0000-4000-8000-00000000000a\}$/,
    "BLP 5 AL",
    `ADL 6 ${LISTS}`,
    "PRP 7 MFN Alice%20A",
    `UUX 8 70|<EndpointData><Capabilities>${PLACE}</Capabilities></EndpointData>`,
    /^UUX 9 131\|<PrivateEndpointData><EpName>msnbridge<\/EpName>.*<State>NLN<\/State><\/PrivateEndpointData>$/,
    `CHG 10 NLN ${PLACE} 0`,
    "QRY 11 PROD0119GSJUC$18 32|a400af809ac86fbdf6deec7286fc06b8",
    `UUX 12 ${TEXT_PSM}`,
    "PNG",
  ],
};

function soapFamily(dialect: string, version: string, login: string | RegExp): (string | RegExp)[] {
  const scheme = dialect === "MSNP15" ? "SSO" : "TWN";
  return [
    `VER 1 ${dialect} CVR0`,
    `CVR 2 ${WINNT} ${version} msmsgs alice@example.com`,
    `USR 3 ${scheme} I alice@example.com`,
    login,
    "BLP 5 AL",
    `ADL 6 ${LISTS}`,
    "PRP 7 MFN Alice%20A",
    `CHG 8 NLN ${CAPS}`,
    `UUX 9 ${TEXT_PSM}`,
    "PNG",
  ];
}

const hasGroups = (dialect: RecordedName): boolean => dialect !== "MSNP2";
const FAMILIES = Object.keys(SAID) as (keyof typeof SAID)[];

function statusOf(dialect: RecordedName): MsnStatus {
  return ["MSNP2", "MSNP7", "MSNP8"].includes(dialect) ? "NLN" : "BSY";
}

describe.each(FAMILIES)("the recorded sign-in of %s", (dialect) => {
  it("is what the client says, line for line", async () => {
    const { server } = await signedIn(dialect);
    await eventually(() => server.heard).toContain("PNG");
    expect(server.heard).toHaveLength(SAID[dialect].length);
    for (const [i, line] of SAID[dialect].entries()) {
      if (typeof line === "string") expect(server.heard[i]).toBe(line);
      else expect(server.heard[i]).toMatch(line);
    }
  });

  it.each([undefined, 1])("leaves the lists and the presence behind (bytes at a time: %s)", async (pieces) => {
    const { client } = await signedIn(dialect, {}, pieces === undefined ? {} : { pieces });
    expect(client.self).toEqual({ email: ALICE, displayName: "Alice A", status: "NLN" });
    expect(client.contacts.get(BOB)).toMatchObject({
      displayName: "Bob B",
      status: statusOf(dialect),
      groups: hasGroups(dialect) ? ["Work Friends"] : [],
    });
    expect([...client.roster.groups.values()]).toEqual(hasGroups(dialect) ? ["Work Friends"] : []);
    expect(client.roster.privacy).toBe("allow-all");
    expect(namesOf(client, "FL")).toEqual([BOB]);
    expect(client.roster.requests.map(({ email }) => email)).toEqual([CAROL]);
    expect(client.contacts.size).toBe(2);
  });

  it("tells of the one who waits, once", async () => {
    const { client, server } = await play(dialect);
    const asked: string[] = [];
    client.on("request", ({ email }) => asked.push(email));
    await client.signIn();
    const away = next(client, "contactChanged", ({ status }) => status === "AWY");
    server.say(`${LEAVES[dialect]}\r\n`);
    await away;
    expect(asked).toEqual([CAROL]);
  });

  it("sees the contact go away and leave", async () => {
    const { client, server } = await signedIn(dialect);
    const away = next(client, "contactChanged", ({ status }) => status === "AWY");
    server.say(`${LEAVES[dialect]}\r\n`);
    expect((await away)[0]).toMatchObject({ email: BOB, displayName: "Bob B" });
    const gone = next(client, "contactChanged", ({ status }) => status === "FLN");
    server.say(`${GONE[dialect]}\r\n`);
    expect((await gone)[0].email).toBe(BOB);
  });
});

function namesOf(client: MsnClient, list: "FL" | "AL"): string[] {
  return [...client.contacts.values()].filter(({ lists }: MsnContact) => lists.has(list)).map(({ email }) => email);
}

/** msnp-core §6.3, §8: Bob goes away, then leaves. */
const NO_OBJECT = "%3Cmsnobj%2F%3E";
const LEAVES: Readonly<Record<RecordedName, string>> = {
  MSNP2: "NLN AWY bob@example.com Bob%20B",
  MSNP7: "NLN AWY bob@example.com Bob%20B",
  MSNP8: "NLN AWY bob@example.com Bob%20B 0",
  MSNP9: `NLN AWY bob@example.com Bob%20B 0 ${NO_OBJECT}`,
  MSNP11: `NLN AWY bob@example.com Bob%20B 0 ${NO_OBJECT}`,
  MSNP12: `NLN AWY bob@example.com Bob%20B 0 ${NO_OBJECT}`,
  MSNP13: `NLN AWY bob@example.com Bob%20B 0 ${NO_OBJECT}`,
  MSNP14: `NLN AWY bob@example.com 1 Bob%20B 0 ${NO_OBJECT}`,
  MSNP15: `NLN AWY bob@example.com 1 Bob%20B 0 ${NO_OBJECT}`,
  MSNP16: `NLN AWY bob@example.com 1 Bob%20B 0:0 ${NO_OBJECT}`,
  MSNP18: `NLN AWY 1:bob@example.com Bob%20B 0:0 ${NO_OBJECT}`,
};
const GONE: Readonly<Record<RecordedName, string>> = {
  MSNP2: "FLN bob@example.com",
  MSNP7: "FLN bob@example.com",
  MSNP8: "FLN bob@example.com",
  MSNP9: "FLN bob@example.com",
  MSNP11: "FLN bob@example.com",
  MSNP12: "FLN bob@example.com",
  MSNP13: "FLN bob@example.com",
  MSNP14: "FLN bob@example.com 1 0",
  MSNP15: "FLN bob@example.com 1 0",
  MSNP16: "FLN bob@example.com 1 0:0",
  MSNP18: "FLN 1:bob@example.com 0:0",
};

describe("the version", () => {
  const offer = async (answer: string): Promise<{ error: SignInError; heard: readonly string[] }> => {
    const server = await ScriptedServer.start({ VER: answer });
    const { client } = await play(
      "MSNP2",
      {},
      { services: { ...WEB_SERVICES, ns: server.address }, dialects: ["MSNP9", "MSNP18", "MSNP15"] },
    );
    const error = await client.signIn().catch((reason: unknown) => reason);
    await server.close();
    if (!(error instanceof SignInError)) throw new Error("signed in");
    return { error, heard: server.heard };
  };
  it("is offered newest first, whatever the order of the profile", async () => {
    const { heard } = await offer("VER $ 0\r\n");
    expect(heard).toEqual(["VER 1 MSNP18 MSNP15 MSNP9 CVR0"]);
  });

  it.each(["0", "CVR0", "MSNP12 MSNP8", ""])("that is answered with %j has nothing in common", async (answer) => {
    const { error } = await offer(`VER $ ${answer}\r\n`);
    expect(error).toMatchObject({ code: "no-common-dialect", stage: "version", retry: "never" });
    expect(error.message).toContain("MSNP18 MSNP15 MSNP9");
    if (answer.includes("MSNP")) expect(error.message).toContain(answer);
  });

  it("taken is the newest of those that come back, in any case", async () => {
    const { client } = await play(
      "MSNP15",
      { VER: "VER $ msnp8 msnp15\r\n" },
      { dialects: ["MSNP8", "MSNP15", "MSNP18"] },
    );
    await client.signIn();
    expect(client.dialect).toBe("MSNP15");
  });

  it("of a server that cannot sign in by MD5 leads to an error", async () => {
    const { client } = await play("MSNP2", { INF: "INF $ CTP\r\n" });
    await expect(client.signIn()).rejects.toMatchObject({ stage: "version", code: "protocol" });
  });
});

describe("a dispatch server", () => {
  const FORMS: readonly (readonly [RecordedName, string])[] = [
    ["MSNP2", "XFR $ NS at"],
    ["MSNP7", "XFR $ NS at 0 127.0.0.1:1863"],
    ["MSNP8", "XFR $ NS at 0 127.0.0.1:1863"],
    ["MSNP13", "XFR $ NS at U D"],
    ["MSNP18", "XFR $ NS at U D"],
  ];
  it.each(FORMS)("of %s passes the client on by %j, which begins again there", async (dialect, xfr) => {
    const { server } = await play(dialect);
    const at = `${server.address.host}:${server.address.port}`;
    const { VER = "", INF = "", CVR = "" } = SCRIPTS[dialect] as Script;
    const dispatch = await ScriptedServer.start({ VER, INF, CVR, USR: `${xfr.replace("at", at)}\r\n` });
    const { client } = await play(dialect, {}, { services: { ...WEB_SERVICES, ns: dispatch.address } });
    await client.signIn();
    await dispatch.close();
    expect(dispatch.heard[0]).toBe(`VER 1 ${dialect} CVR0`);
    expect(server.heard[0]).toBe(`VER 1 ${dialect} CVR0`);
    expect(client.state).toBe("signed-in");
  });
});

describe("telephones in the lists of MSNP5 to 7", () => {
  it.each([
    ["as Escargot writes them", "PRP 1 PHH 555", "BPR 1 PHH 123"],
    ["as the official servers did", "PRP $ 1 PHH 555", "BPR 1 bob@example.com PHH 123"],
  ])("are passed over, %s", async (_, prp, bpr) => {
    const syn = (SCRIPTS.MSNP7.SYN as string)
      .replace("PRP 1 MBE N\r\n", `${prp}\r\nPRP 1 MBE N\r\n`)
      .replace("Bob%20B 1\r\n", `Bob%20B 1\r\n${bpr}\r\n`);
    const { client } = await signedIn("MSNP7", { SYN: syn });
    expect(namesOf(client, "FL")).toEqual([BOB]);
    expect(client.self.displayName).toBe("Alice A");
  });
});

describe("a sign-in by MD5", () => {
  it("may be told of several packages", async () => {
    const { client } = await signedIn("MSNP2", { INF: "INF $ CTP,MD5\r\n" });
    expect(client.state).toBe("signed-in");
  });

  it("with the wrong password is refused", async () => {
    const { client } = await play("MSNP7", { USR: [SCRIPTS.MSNP7.USR?.[0] ?? "", "911 $\r\n"] });
    await expect(client.signIn()).rejects.toMatchObject({ stage: "login", code: "bad-password", retry: "never" });
  });

  it("reads lists of which none is empty or all are", async () => {
    const SYN =
      "SYN $ 1\r\nGTC $ 1 A\r\nBLP $ 1 BL\r\nLST $ FL 1 0 0\r\nLST $ AL 1 0 0\r\nLST $ BL 1 0 0\r\nLST $ RL 1 0 0\r\n";
    const { client } = await play("MSNP2", { SYN, CHG: "CHG $ NLN\r\n" });
    await client.signIn();
    expect(client.contacts.size).toBe(0);
    expect(client.roster.privacy).toBe("allowed-only");
  });

  it("takes the lists as read when the server has nothing newer than nothing", async () => {
    const { client } = await play("MSNP2", { SYN: "SYN $ 0\r\n", CHG: "CHG $ NLN\r\n" });
    await client.signIn();
    expect(client.state).toBe("signed-in");
  });

  it("has no personal message to set", async () => {
    const { client } = await signedIn("MSNP7");
    await expect(client.setPersonalMessage({ text: "x" })).rejects.toMatchObject({ code: "not-supported" });
  });
});
