import { describe, expect, test } from "vitest";
import { type NetworkOptions, OFFICIAL_QUIRKS } from "../../../src/msnp/server/index.ts";
import { nexusTicket, openNetwork } from "../msnp-server/scene.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

interface Heard {
  readonly status: number;
  readonly session: string;
  readonly word: string;
  readonly body: string;
}

async function scene(options: NetworkOptions = {}) {
  const network = await openNetwork(options);
  const { gatewayUrl } = network.services;
  const post = async (query: string, body = ""): Promise<Heard> => {
    const answer = await fetch(`${gatewayUrl}?${query}`, { method: "POST", body });
    const word = answer.headers.get("x-msn-messenger") ?? "";
    const session = /SessionID=([^;]*)/.exec(word)?.[1] ?? "";
    return { status: answer.status, session, word, body: await answer.text() };
  };
  const open = (body: string, host = "messenger.hotmail.com", server = "NS"): Promise<Heard> =>
    post(`Action=open&Server=${server}&IP=${host}`, body);
  /** Signed in as one of the scene's people, by MSNP11. */
  const enter = async (name: string): Promise<string> => {
    const email = `${name}@example.com`;
    const ticket = await nexusTicket(network, email);
    const opened = await open(`VER 1 MSNP11 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs ${email}\r\n`);
    const asked = await post(`SessionID=${opened.session}`, `USR 3 TWN I ${email}\r\nUSR 4 TWN S ${ticket}\r\n`);
    expect(asked.body).toContain(`USR 4 OK ${email} 1 0\r\n`);
    return asked.session;
  };
  return Object.assign(network, { post, open, enter });
}

describe("the embedded network's gateway", () => {
  test("answers a client of MSNP11 as in the book (msnp-chat §7)", async () => {
    await using network = await scene();
    const answer = await fetch(`${network.services.gatewayUrl}?Action=open&Server=NS&IP=messenger.hotmail.com`, {
      method: "POST",
      body: "VER 1 MSNP11 CVR0\r\n",
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/x-msn-messenger");
    expect(answer.headers.get("access-control-expose-headers")).toBe("X-MSN-Messenger");
    const word = /^SessionID=(\S+); GW-IP=messenger\.hotmail\.com$/.exec(answer.headers.get("x-msn-messenger") ?? "");
    expect(word?.[1]).toMatch(UUID);
    expect(await answer.text()).toBe("VER 1 MSNP11\r\n");
  });

  test("works through VER, CVR and USR of one request in their order (msnp21 §7.1)", async () => {
    await using network = await scene();
    const { body } = await network.open(
      "VER 1 MSNP18 CVR0\r\nCVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR alice@example.com 0\r\n" +
        "USR 3 SSO I alice@example.com\r\n",
    );
    expect(body).toMatch(/^VER 1 MSNP18\r\nCVR 2 .*\r\nGCF 0 \d+\r\n[\s\S]*USR 3 SSO S MBI_KEY_OLD \S+\r\n$/);
  });

  test("takes commands that are spread over requests", async () => {
    await using network = await scene();
    const { session } = await network.open("VER 1 MS");
    expect((await network.post(`SessionID=${session}`, "NP11 CVR0\r\n")).body).toBe("VER 1 MSNP11\r\n");
  });

  test("keeps what happens meanwhile for the next question", async () => {
    await using network = await scene({ quirks: { presenceDelayMs: 0 } });
    const session = await network.enter("alice");
    network.kick("alice@example.com", "OTH");
    expect((await network.post(`Action=poll&SessionID=${session}`)).body).toContain("OUT OTH\r\n");
    expect((await network.post(`Action=poll&SessionID=${session}`)).status).toBe(400);
    expect(network.load.connections).toBe(0);
  });

  test.each([
    "",
    "SessionID=nobody",
    "Action=poll&SessionID=nobody",
    "Action=open&Server=XX&IP=a",
    "Action=open&Server=NS&IP=a%0d%0ab",
  ])("refuses '%s' with 400", async (query) => {
    await using network = await scene();
    expect((await network.post(query)).status).toBe(400);
  });

  test("answers a browser's question first", async () => {
    await using network = await scene();
    const answer = await fetch(network.services.gatewayUrl, { method: "OPTIONS" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect((await fetch(network.services.gatewayUrl)).status).toBe(400);
  });

  test("holds no question, whatever Lifespan says, as Escargot", async () => {
    await using network = await scene();
    const session = await network.enter("alice");
    const started = Date.now();
    await network.post(`Action=poll&Lifespan=60&SessionID=${session}`);
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  test("forgets a session that asks nothing for a while", async () => {
    await using network = await scene({ limits: { gatewayIdleMs: 100 } });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    await expect.poll(() => network.load.connections, { interval: 10 }).toBe(0);
    await expect
      .poll(async () => (await network.post(`SessionID=${session}`, "CVR 2\r\n")).status, {
        interval: 10,
      })
      .toBe(400);
  });

  test("drops a client that lets too much wait", async () => {
    await using network = await scene({ limits: { maxOutputBytes: 2000 } });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    await network.post(
      `SessionID=${session}`,
      "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs a@b\r\n".repeat(100),
    );
    await expect.poll(() => network.load.connections, { interval: 10 }).toBe(0);
  });

  test("ends a session that the client closes", async () => {
    await using network = await scene();
    const session = await network.enter("alice");
    const closed = await network.post(`Action=close&SessionID=${session}`);
    expect(closed.word).toMatch(/; Session=close$/);
    expect(network.load.sessions).toBe(0);
    expect((await network.post(`SessionID=${session}`)).status).toBe(400);
  });

  test("suffers no PNG before the sign-in there either", async () => {
    await using network = await scene();
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    await network.post(`SessionID=${session}`, "PNG\r\n");
    expect((await network.post(`SessionID=${session}`)).status).toBe(400);
  });
});

describe("with the ways of Microsoft's gateway", () => {
  const quirks = OFFICIAL_QUIRKS;

  test("every answer brings another session id, and the old one is no good", async () => {
    await using network = await scene({ quirks });
    const first = await network.open("VER 1 MSNP11 CVR0\r\n");
    expect(first.session).toMatch(/^\d+\.\d+$/);
    const second = await network.post(`Action=poll&SessionID=${first.session}`);
    expect(second.session).not.toBe(first.session);
    expect(second.session.split(".")[0]).toBe(first.session.split(".")[0]);
    expect((await network.post(`Action=poll&SessionID=${first.session}`)).status).toBe(400);
    expect((await network.post(`Action=poll&SessionID=${second.session}`)).status).toBe(200);
  });

  test("the last words come with Session=close", async () => {
    await using network = await scene({ quirks });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    const last = await network.post(`SessionID=${session}`, "OUT\r\n");
    expect(last.word).toMatch(/; Session=close$/);
  });

  test("a second request while one is under way is 400", async () => {
    await using network = await scene({ quirks });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    network.faults.arm({ place: "HTTP", at: "gateway-send", fault: { kind: "delay", ms: 300 } });
    const first = network.post(`SessionID=${session}`, "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs a@b\r\n");
    await expect
      .poll(async () => (await network.post(`Action=poll&SessionID=${session}`)).status, {
        interval: 10,
      })
      .toBe(400);
    expect((await first).status).toBe(200);
  });

  test("a question with a Lifespan is held until there is news", async () => {
    await using network = await scene({ quirks: { ...quirks, gatewayChangesIds: false } });
    const session = await network.enter("alice");
    const asked = (): number => network.transcript().split("POST /gateway/gateway.dll").length;
    const before = asked();
    const held = network.post(`Action=poll&Lifespan=60&SessionID=${session}`);
    await expect.poll(asked, { interval: 10 }).toBe(before + 1);
    network.kick("alice@example.com");
    expect((await held).body).toContain("OUT");
  });

  test("a question is held no longer than its Lifespan", async () => {
    await using network = await scene({ quirks: { ...quirks, gatewayChangesIds: false } });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    const started = Date.now();
    const answer = await network.post(`Action=poll&Lifespan=1&SessionID=${session}`);
    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(Date.now() - started).toBeGreaterThan(900);
  });

  test("something may be sent while a question is held; both are answered (msnp21 §7.1)", async () => {
    await using network = await scene({ quirks: { ...quirks, gatewayChangesIds: false } });
    const { session } = await network.open("VER 1 MSNP11 CVR0\r\n");
    const held = network.post(`Action=poll&Lifespan=60&SessionID=${session}`);
    const sent = await network.post(
      `SessionID=${session}`,
      "CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs a@b\r\n",
    );
    const both = (await held).body + sent.body;
    expect(both).toMatch(/^CVR 2 7\.0\.0816 \S+ \S+ \S+ \S+\r\n$/);
  });
});
