import { describe, expect, test } from "vitest";
import { accountId, parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ALICE, scriptedLinker } from "../../support/link-fakes.ts";
import { GOOD, startSite, Visitor, WRONG } from "./helpers.ts";

describe("the way through", () => {
  test("the page says for whom it is, and a good password links and uses the page up", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    const page = await visitor.open(link);
    expect(page.status).toBe(200);
    expect(page.text).toContain("@alice:example.org");
    expect(page.text).not.toContain("<select");

    const linked = await visitor.submit(link, GOOD);
    expect(linked.status).toBe(200);
    expect(linked.text).toContain("<strong>alice@example.com</strong> on Escargot is linked");
    expect(site.linker.tried).toMatchObject([{ network: "escargot", ...GOOD }]);
    expect(site.tickets.live).toBe(0);

    expect((await visitor.open(link)).status).toBe(410);
    expect((await visitor.submit(link, GOOD)).status).toBe(410);
    expect(site.linker.tried).toHaveLength(1);
  });

  test("the capitals of an address are passed on: some servers ask for them", async () => {
    const site = await startSite();
    const visitor = new Visitor();
    const link = await site.newLink();
    await visitor.open(link);
    await visitor.submit(link, { ...GOOD, address: " Alice@Example.com" });
    expect(site.linker.tried).toMatchObject([{ address: "alice@example.com", spelling: "Alice@Example.com" }]);
  });

  test("with several networks there is a choice", async () => {
    const linker = scriptedLinker({ escargot: "Escargot", ours: "Our server" });
    const site = await startSite({}, linker);
    const link = await site.newLink();
    const visitor = new Visitor();
    expect((await visitor.open(link)).text).toContain('<option value="ours" >Our server</option>');
    expect((await visitor.submit(link, { ...GOOD, network: "ours" })).text).toContain("on Our server is linked");
    expect(linker.tried[0]?.network).toBe("ours");
  });

  test("relinking is for one account, whatever the form says", async () => {
    const site = await startSite();
    const account = accountId(parseNetworkName("escargot"), parseContactAddress("alice@example.com"));
    const link = (await site.newLink()).replace(/[^/]+$/, "relink-token");
    await site.tickets.issueTicket(new Secret("relink-token"), { resident: ALICE, account }, 60_000);
    const visitor = new Visitor();
    expect((await visitor.open(link)).text).toContain("Sign in again");
    await visitor.submit(link, { address: "mallory@example.com", password: "right-horse" });
    expect(site.linker.tried).toMatchObject([{ address: "alice@example.com" }]);
  });

  test("a script sees the stages as they pass", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const answer = await visitor.submit(link, GOOD, { accept: "application/x-ndjson" });
    const lines = answer.text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { stage: "connect", words: "Connecting to the server" },
      { stage: "version", words: "Agreeing on a protocol version" },
      { stage: "ticket", words: "Checking address and password" },
      { stage: "lists", words: "Fetching your contacts" },
      { result: "linked", address: "alice@example.com", network: "Escargot" },
    ]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});

describe("a try that fails", () => {
  test("a wrong password may be tried again on the same page, and the address is still there", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const refused = await visitor.submit(link, WRONG);
    expect(refused.status).toBe(401);
    expect(refused.text).toContain("Escargot did not accept this address and password");
    expect(refused.text).toContain("4 tries are left");
    expect(refused.text).toContain('value="alice@example.com"');
    expect(refused.text).not.toContain("wrong-horse");
    expect((await visitor.submit(link, GOOD)).status).toBe(200);
  });

  test("after the fifth wrong password the page is closed, also for the right one", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) seen.push((await visitor.submit(link, WRONG)).status);
    expect(seen).toEqual([401, 401, 401, 401, 429]);
    expect((await visitor.submit(link, GOOD)).status).toBe(410);
    expect(site.linker.tried).toHaveLength(5);
  });

  test("the stage that failed is named", async () => {
    const site = await startSite();
    site.linker.behaviour = "unreachable";
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const failed = await visitor.submit(link, GOOD);
    expect(failed.status).toBe(502);
    expect(failed.text).toContain("Stopped at: Connecting to the server");
    expect(failed.text).toContain("connection refused");
    expect(failed.text).toContain("Your password is not the reason");
  });

  test("what cannot be an address costs no try and reaches no network", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const answer = await visitor.submit(link, { address: "<b>alice</b>", password: "x" });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("&quot;&lt;b&gt;alice&lt;/b&gt;&quot; is not an MSN address");
    expect(answer.text).not.toContain("<b>alice");
    expect((await visitor.submit(link, { address: "alice@example.com", password: "" })).status).toBe(400);
    expect((await visitor.submit(link, { ...GOOD, network: "nowhere" })).status).toBe(400);
    expect(site.linker.tried).toEqual([]);
  });

  test("two tries at once on one page: the second is told to wait", async () => {
    const site = await startSite();
    site.linker.behaviour = "hold";
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const first = visitor.submit(link, GOOD);
    await expect.poll(() => site.linker.tried.length).toBe(1);
    expect((await visitor.submit(link, GOOD)).status).toBe(409);
    site.linker.release();
    expect((await first).status).toBe(200);
  });
});

describe("tokens", () => {
  test("a preview by GET or HEAD uses nothing up", async () => {
    const site = await startSite();
    const link = await site.newLink();
    for (let i = 0; i < 3; i++) await new Visitor().open(link);
    expect((await new Visitor().open(link, "HEAD")).status).toBe(200);
    const visitor = new Visitor();
    await visitor.open(link);
    expect((await visitor.submit(link, GOOD)).status).toBe(200);
  });

  test("an expired, a forged and a malformed token get the same answer", async () => {
    const site = await startSite();
    const link = await site.newLink();
    site.tickets.expireAll();
    const forged = `${site.url}/link/${"A".repeat(43)}`;
    const malformed = `${site.url}/link/..%2f${"x".repeat(600)}`;
    const answers = await Promise.all([link, forged, malformed].map((url) => new Visitor().open(url)));
    expect(answers.map((answer) => answer.status)).toEqual([410, 410, 410]);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
  });

  test("a token is 256 random bits", async () => {
    const site = await startSite();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => site.newLink()));
    expect(new Set(tokens).size).toBe(20);
    for (const link of tokens) expect(link).toMatch(/\/link\/[A-Za-z0-9_-]{43}$/);
  });
});

describe("forms from elsewhere", () => {
  test("a form without this browser's cookie is refused", async () => {
    const site = await startSite();
    const link = await site.newLink();
    expect((await new Visitor().submit(link, { ...GOOD, proof: "forged" })).status).toBe(403);
    expect(site.linker.tried).toEqual([]);
  });

  test("a form sent by another site is refused though the cookie is right", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    const crossSite = { origin: "https://evil.test", "sec-fetch-site": "cross-site" };
    expect((await visitor.submit(link, GOOD, crossSite)).status).toBe(403);
    expect((await visitor.submit(link, GOOD)).status).toBe(200);
  });

  test("the proof of one page does not open another", async () => {
    const site = await startSite();
    const [mine, theirs] = [await site.newLink(), await site.newLink()];
    const visitor = new Visitor();
    const proof = /name="proof" value="([^"]+)"/.exec((await visitor.open(mine)).text)?.[1] ?? "";
    await visitor.open(theirs);
    expect((await visitor.submit(theirs, { ...GOOD, proof })).status).toBe(403);
  });
});

describe("bounds", () => {
  test("a body over the limit is refused with 413", async () => {
    const site = await startSite();
    const link = await site.newLink();
    const visitor = new Visitor();
    await visitor.open(link);
    expect((await visitor.submit(link, { ...GOOD, extra: "x".repeat(20_000) })).status).toBe(413);
  });

  test("too many requests from one address get 429 and a time to wait", async () => {
    const site = await startSite({ requestsPerMinute: 10 });
    const link = await site.newLink();
    const answers: number[] = [];
    for (let i = 0; i < 12; i++) answers.push((await new Visitor().open(link)).status);
    expect(answers).toEqual([...Array(10).fill(200), 429, 429]);
    expect(Number((await new Visitor().open(link)).headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("X-Forwarded-For is believed only from a trusted proxy", async () => {
    const untrusting = await startSite({ requestsPerMinute: 10 });
    const trusting = await startSite({ requestsPerMinute: 10, trustProxy: ["loopback"] });
    const last = async (site: typeof trusting): Promise<number> => {
      let status = 0;
      for (let i = 0; i < 11; i++) {
        status = (await fetch(`${site.url}/link/x${i}`, { headers: { "x-forwarded-for": `198.51.100.${i}` } })).status;
      }
      return status;
    };
    expect(await last(untrusting)).toBe(429);
    expect(await last(trusting)).toBe(410);
  });
});
