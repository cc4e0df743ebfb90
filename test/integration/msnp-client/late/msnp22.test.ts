import { afterEach, describe, expect, it } from "vitest";
import { MsnClient, type MsnClientOptions, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { CommandDecoder, clientToServerPayload } from "../../../../src/msnp/wire/index.ts";
import { ALICE, webServices } from "./book-server.ts";

interface Opened {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const clients: MsnClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.signOut()));
});

/** A gateway that answers each command with its line and OK, and USR as told. */
function play(
  usr: string,
  more: Partial<MsnClientOptions> = {},
  sites: readonly string[] = ["gateway.test"],
): { client: MsnClient; opened: Opened[] } {
  const opened: Opened[] = [];
  const fetchIt: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    if (url.hostname === "web.test") return await webServices(...sites)(input, init);
    const request = new Request(url, init);
    const body = await request.clone().text();
    if (url.searchParams.get("Action") === "open") {
      opened.push({ url: url.href, headers: Object.fromEntries(request.headers), body });
    }
    const answers = new CommandDecoder({ payloadRule: clientToServerPayload })
      .push(Buffer.from(body))
      .map(({ name, args: [trid = ""] }) => {
        if (name === "VER") return `VER ${trid} MSNP22\r\n`;
        if (name === "USR" && url.hostname !== "gateway.test") return `USR ${trid} OK alice@example.com 1 0\r\n`;
        if (name === "USR") return usr.replace("$", trid);
        return name === "CVR" ? `CVR ${trid} 1 1 1 u u\r\n` : `${name} ${trid} OK${name === "PUT" ? " 0" : ""}\r\n`;
      });
    return new Response(answers.join(""), { headers: { "X-MSN-Messenger": "SessionID=1.2; GW-IP=gateway.test" } });
  };
  const client = new MsnClient({
    services: {
      ns: { host: "messenger.test", port: 1863 },
      gatewayUrl: "https://gateway.test/gateway/gateway.dll",
      nexusUrl: "http://web.test/nexus",
      rstUrl: "http://web.test/rst",
      addressBookUrl: "http://web.test/ab",
      sharingUrl: "http://web.test/sharing",
    },
    dialects: ["MSNP22"],
    transports: ["gateway"],
    email: ALICE,
    password: () => "secret",
    machineGuid: parseMachineGuid("{a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}"),
    initialPresence: "NLN",
    fetch: fetchIt,
    circles: false,
    ...more,
  });
  clients.push(client);
  return { client, opened };
}

describe("MSNP22, as far as its one capture shows it (source: msnp21 §7.2)", () => {
  it("opens the gateway with the recorded parameters, headers and first words", async () => {
    const { client, opened } = play("USR $ OK alice@example.com 1 0\r\n");
    await client.signIn();
    expect(client.dialect).toBe("MSNP22");
    expect(opened).toHaveLength(1);
    expect(opened[0]?.url).toBe(
      "https://gateway.test/gateway/gateway.dll?Action=open&Server=NS&SessionTimeout=21660&AutoIdleTimeout=960&Queue=system,chat",
    );
    expect(opened[0]?.headers).toMatchObject({
      "x-msn-auth": "Use-X-MSN-SslAuthToken",
      "x-msn-sslauthtoken": "t=EwExampleTicket&p=",
    });
    expect(opened[0]?.body.split("\r\n")).toEqual([
      "VER 1 MSNP22 CVR0",
      expect.stringMatching(
        /^CVR 2 0x0809 winnt 6\.2\.0 i386 MoShClient 16\.4\.4206\.0722 MoShClient alice@example\.com /,
      ),
      "USR 3 WEB {a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}",
      "",
    ]);
  });

  it("says that an answer is unknown, rather than guess on", async () => {
    const { client } = play("USR $ WEB S something new\r\n");
    await expect(client.signIn()).rejects.toMatchObject({
      stage: "login",
      code: "protocol",
      message: expect.stringContaining("what else MSNP22 may answer is not known"),
    });
  });

  const ELSEWHERE = "XFR 0 NS other.test:443 G D VmVyc2lvbjogMQ0K\r\n";

  it("shows another gateway, to which it is passed on, that one's own ticket", async () => {
    const { client, opened } = play(ELSEWHERE, {}, ["gateway.test", "other.test"]);
    await client.signIn();
    expect(opened.map(({ url }) => new URL(url).host)).toEqual(["gateway.test", "other.test"]);
    expect(opened[1]?.headers).toHaveProperty("x-msn-sslauthtoken");
  });

  it("shows its ticket to no other gateway than the one it is for", async () => {
    const { client, opened } = play(ELSEWHERE);
    await expect(client.signIn()).rejects.toMatchObject({ stage: "ticket", code: "protocol" });
    expect(opened.map(({ url }) => new URL(url).host)).toEqual(["gateway.test"]);
  });

  it("needs a gateway, and says so", async () => {
    const { client } = play("", { transports: ["tcp"] });
    await expect(client.signIn()).rejects.toMatchObject({
      code: "no-common-dialect",
      message: "MSNP22 is spoken through an HTTP gateway only, and none is to be used",
    });
  });

  it("is left out where others are offered", async () => {
    const { client, opened } = play("", { dialects: ["MSNP22", "MSNP21"] });
    await expect(client.signIn()).rejects.toMatchObject({ code: "no-common-dialect" });
    expect(opened[0]?.body).toMatch(/^VER 1 MSNP21 CVR0\r\n/);
    expect(opened[0]?.headers).not.toHaveProperty("x-msn-auth");
  });
});
