import { afterEach, describe, expect, it } from "vitest";
import type { MsnClient } from "../../../src/msnp/index.ts";
import { endPlays, play, signedIn } from "./play.ts";
import { ALICE, BOB, CAROL, SCRIPTS } from "./recorded.ts";
import { withPayload } from "./scripted-server.ts";
import { eventually, next } from "./stage.ts";

afterEach(endPlays);

/** The recorded sign-in must leave this behind, whoever plays it and however. */
function expectTheBook(client: MsnClient): void {
  expect(client.self).toEqual({ email: ALICE, displayName: "Alice A", status: "NLN" });
  const bob = client.contacts.get(BOB);
  expect(bob).toMatchObject({
    displayName: "Bob B",
    status: "BSY",
    personalMessage: "Out & about",
    groups: ["Work Friends"],
    media: { application: "", type: "Music", enabled: true, format: "{0} - {1}" },
    msnObject: '<msnobj Creator="bob@example.com" Size="22731" Type="3" Location="TFRDDF.dat"/>',
  });
  expect(bob?.lists.has("FL") && bob.lists.has("AL")).toBe(true);
  expect(client.contacts.get(CAROL)).toMatchObject({ displayName: "Carol", status: "FLN" });
  expect([...(client.contacts.get(CAROL)?.lists ?? [])]).toEqual(["PL"]);
  expect(client.contacts.size).toBe(2);
}

describe("the recorded sign-in", () => {
  it("of MSNP11 is what the client says, line for line", async () => {
    const { client, server } = await signedIn("MSNP11");
    expectTheBook(client);
    expect(client.contacts.get(BOB)?.capabilities).toEqual({ basic: 1073791084, extended: 0 });
    await eventually(() => server.heard).toContain("PNG");
    expect([...server.heard].sort()).toEqual(
      [
        "VER 1 MSNP11 CVR0",
        "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs alice@example.com",
        "USR 3 TWN I alice@example.com",
        "USR 4 TWN S 4f0051f71b39803aaef8",
        "SYN 5 0 0",
        "CHG 6 NLN 1073741856",
        "QRY 7 PROD0090YUAUV{2B 32|85ecb0db8f32113df79ce0892b9a102c",
        "UUX 8 55|<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>",
        "PNG",
      ].sort(),
    );
  });

  it("of MSNP18 is what the client says, line for line", async () => {
    const { client, server } = await signedIn("MSNP18");
    expectTheBook(client);
    expect(client.contacts.get(BOB)?.capabilities).toEqual({ basic: 2789003324, extended: 48 });
    await eventually(() => server.heard).toContain("PNG");
    const [version, cvr, first, second, ...rest] = server.heard;
    expect([version, cvr, first]).toEqual([
      "VER 1 MSNP18 CVR0",
      "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 14.0.8089.0726 msmsgs alice@example.com",
      "USR 3 SSO I alice@example.com",
    ]);
    expect(second).toMatch(
      /^USR 4 SSO S t=e57144a3bf0d16f05638&p= HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAA[\w+/=]{135} \{0a0a0a0a-0000-4000-8000-00000000000a\}$/,
    );
    expect([...rest].sort()).toEqual(
      [
        "BLP 5 AL",
        'ADL 6 63|<ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /></d></ml>',
        "PRP 7 MFN Alice%20A",
        "UUX 8 70|<EndpointData><Capabilities>2684354592:0</Capabilities></EndpointData>",
        "UUX 9 131|<PrivateEndpointData><EpName>msnbridge</EpName><Idle>false</Idle><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>",
        "CHG 10 NLN 2684354592:0 0",
        "QRY 11 PROD0120PW!CCV9@ 32|6e92a312bf6b70ee58e75a1e3315695c",
        "UUX 12 55|<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>",
        "PNG",
      ].sort(),
    );
  });
});

describe.each(["MSNP11", "MSNP18"] as const)("a sign-in by %s", (dialect) => {
  it("is the same when the server's bytes come one by one", async () => {
    const { client } = await signedIn(dialect, {}, { pieces: 1 });
    expectTheBook(client);
  });

  it("does not depend on an answer to UUX", async () => {
    const { client } = await signedIn(dialect, { UUX: "" });
    expect(client.state).toBe("signed-in");
  });

  it("passes over commands that nobody knows", async () => {
    const { client, server } = await signedIn(dialect);
    server.say("XYZ 1 2 3\r\nIMS 0 0 OFF\r\n\r\n250 99\r\nnln AWY ");
    const away = next(client, "contactChanged", ({ status }) => status === "AWY");
    server.say(dialect === "MSNP11" ? "bob@example.com René%20%25\n" : "1:bob@example.com René%20%25\n");
    expect((await away)[0].displayName).toBe("René %");
  });

  it.each([
    ["OUT OTH", "elsewhere"],
    ["OUT SSD", "maintenance"],
    ["OUT MIG", "reconnect-later"],
    ["OUT", "lost"],
    ["OUT NEW", "lost"],
    ["XFR 0 NS 127.0.0.1:1863 0 127.0.0.1:1863", "reconnect-later"],
    ["UBX bob@example.com nonsense", "protocol"],
    ["NOT 99999999", "protocol"],
    ["!!", "protocol"],
  ])("ends by %j as %s", async (line, kind) => {
    const { client, server } = await signedIn(dialect);
    const closed = next(client, "closed");
    server.say(`${line}\r\n`);
    expect((await closed)[0].kind).toBe(kind);
  });

  it("is told after how many minutes to come back", async () => {
    const { client, server } = await signedIn(dialect);
    const closed = next(client, "closed");
    server.say("OUT RCT 3\r\n");
    expect((await closed)[0]).toMatchObject({ kind: "reconnect-later", retryAfterMs: 180_000 });
  });

  it("hears a message that came in the same packet as the end", async () => {
    const { client, server } = await signedIn(dialect);
    const offline = next(client, "contactChanged", ({ status }) => status === "FLN");
    const closed = next(client, "closed");
    server.say(`FLN ${dialect === "MSNP11" ? "" : "1:"}bob@example.com\r\nOUT SSD\r\n`);
    await offline;
    expect((await closed)[0].kind).toBe("maintenance");
  });

  it("survives contact changes that make no sense", async () => {
    const { client, server } = await signedIn(dialect);
    server.say(
      `${withPayload("UBX bob@example.com", "<Data><PSM>broken")}NLN\r\nFLN\r\nILN 1\r\nADC 0 RL\r\nREM 0\r\n`,
    );
    server.say(`${withPayload("ADL 0", "<ml><d n=")}${withPayload("NOT", "<<")}RNG\r\nCHL\r\nUBN x 9 0\r\n`);
    const away = next(client, "contactChanged", ({ status }) => status === "AWY");
    server.say(`NLN AWY ${dialect === "MSNP11" ? "" : "1:"}bob@example.com Bob 0\r\n`);
    expect((await away)[0].personalMessage).toBe("");
    expect(client.state).toBe("signed-in");
  });

  it("passes an error of the server on to who asked", async () => {
    const { client } = await signedIn(dialect, { CHG: [SCRIPTS[dialect].CHG as string, "800 $\r\n"] });
    await expect(client.setStatus("AWY")).rejects.toMatchObject({ code: "server-800", status: 800 });
    expect(client.self.status).toBe("NLN");
  });

  it("takes an error with a payload for what it is", async () => {
    const { client } = await signedIn(dialect, {
      CHG: [SCRIPTS[dialect].CHG as string, withPayload("201 $", "<Error/>")],
    });
    await expect(client.setStatus("AWY")).rejects.toMatchObject({ status: 201 });
    expect(client.state).toBe("signed-in");
  });

  it("that fails leaves no connection and no timer behind", async () => {
    const { client, server } = await play(dialect, { CHG: "911 $\r\n" });
    await expect(client.signIn()).rejects.toMatchObject({ stage: "presence" });
    await eventually(() => server.connections).toBe(0);
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length).toBeLessThan(4);
  });
});

describe("a server of MSNP11", () => {
  it("may leave out how many contacts there are", async () => {
    const syn = (SCRIPTS.MSNP11.SYN as string).replace(" 2 1\r\n", "\r\n");
    const { client } = await signedIn("MSNP11", { SYN: syn });
    expectTheBook(client);
  });

  it("that announces more contacts than it sends is not waited for", async () => {
    const syn = (SCRIPTS.MSNP11.SYN as string).replace(" 2 1\r\n", " 3 1\r\n");
    const { client } = await play("MSNP11", { SYN: syn }, { timeouts: { request: 100 } });
    await expect(client.signIn()).rejects.toMatchObject({ stage: "lists", code: "timeout" });
  });

  it("adds to and takes from lists by address and by GUID", async () => {
    const { client, server } = await signedIn("MSNP11");
    const seen: string[] = [];
    client.on("contactChanged", ({ email, lists }) => seen.push(`${email.split("@")[0]}: ${[...lists].join(" ")}`));
    server.say("ADC 0 RL N=dave@example.com F=Dave%20D\r\nADC 0 AL N=dave@example.com\r\n");
    server.say("ADC 0 FL N=dave@example.com F=Dave C=44444444-4444-4444-8444-444444444444\r\n");
    server.say("REM 0 FL 44444444-4444-4444-8444-444444444444\r\nREM 0 AL dave@example.com\r\n");
    const gone = next(client, "contactChanged", ({ lists }) => lists.size === 0);
    server.say("REM 0 FL 22222222-2222-4222-8222-222222222222 aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\r\n");
    server.say("REM 0 RL dave@example.com\r\n");
    await gone;
    expect(seen).toEqual([
      "dave: RL PL",
      "dave: AL RL PL",
      "dave: FL AL RL PL",
      "dave: AL RL PL",
      "dave: RL PL",
      "bob: FL AL RL",
      "dave: ",
    ]);
  });
});

describe("a server of MSNP18", () => {
  it("signs a place out for another", async () => {
    const { client, server } = await signedIn("MSNP18");
    const closed = next(client, "closed");
    server.say(withPayload("UBN alice@example.com;{0b0b0b0b-0000-4000-8000-00000000000b} 4", "goawyplzthxbye"));
    expect((await closed)[0].kind).toBe("elsewhere");
  });

  it.each(["BLP", "PRP"])("that refuses %s is signed in to all the same", async (name) => {
    const { client } = await signedIn("MSNP18", { [name]: "715 $\r\n" });
    expectTheBook(client);
  });

  it("may name a network id after the address", async () => {
    const { client, server } = await signedIn("MSNP18");
    const away = next(client, "contactChanged", ({ status }) => status === "BRB");
    server.say("NLN BRB bob@example.com 1 Bob%20B 0:0\r\n");
    expect((await away)[0]).toMatchObject({ email: BOB, displayName: "Bob B", network: 1 });
  });
});
