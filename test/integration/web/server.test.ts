import { describe, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { METRICS } from "../../../src/bridge/metrics.ts";
import { createLogger } from "../../../src/config/logger.ts";
import { createWeb } from "../../../src/web/server.ts";
import { ALICE, memoryTickets, scriptedLinker } from "../../support/link-fakes.ts";
import { GOOD, startSite, Visitor, WRONG } from "./helpers.ts";

describe("health", () => {
  test("/live answers while the process does", async () => {
    const site = await startSite();
    expect((await fetch(`${site.url}/live`)).status).toBe(200);
  });

  test("/ready is 503 with the reasons while something is missing, then 200", async () => {
    const reasons = ["redis: does not answer"];
    const site = await startSite({ readiness: async () => ({ ready: reasons.length === 0, reasons: [...reasons] }) });
    const before = await fetch(`${site.url}/ready`);
    expect(before.status).toBe(503);
    expect(await before.json()).toEqual({ ready: false, reasons: ["redis: does not answer"] });
    reasons.length = 0;
    expect((await fetch(`${site.url}/ready`)).status).toBe(200);
  });

  test("a check that fails is a reason, not a crash", async () => {
    const site = await startSite({
      readiness: () => Promise.reject(new BridgeError("store-down")),
    });
    const answer = await fetch(`${site.url}/ready`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("Redis does not answer");
  });
});

describe("figures", () => {
  test("every metric of the table is served, on the listener for machines only", async () => {
    const site = await startSite();
    const text = await (await fetch(`${site.metricsUrl}/metrics`)).text();
    for (const name of Object.keys(METRICS)) expect(text).toContain(`# TYPE ${name} `);
    expect(text).toContain("process_cpu_seconds_total");
    expect((await fetch(`${site.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${site.metricsUrl}/link/x`)).status).toBe(404);
  });
});

describe("headers", () => {
  test("pages may run only their own files, be framed by nobody, and leave nothing behind", async () => {
    const site = await startSite();
    const page = await new Visitor().open(await site.newLink());
    const policy = page.headers.get("content-security-policy") ?? "";
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("strict-transport-security")).toBeNull();
    expect(page.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax$/);
  });

  test("behind https there is HSTS, and the cookie is for this host and secure only", async () => {
    const site = await startSite({ publicUrl: "https://msn.example.org/bridge" });
    const link = await site.newLink();
    expect(link).toMatch(/^https:\/\/msn\.example\.org\/bridge\/link\//);
    const page = await new Visitor().open(`${site.url}/link/${link.split("/").at(-1)}`);
    expect(page.headers.get("strict-transport-security")).toContain("max-age=31536000");
    expect(page.headers.getSetCookie()[0]).toMatch(/^__Host-msnb-form-.*; Secure/);
    expect(page.text).toContain('href="/bridge/assets/link.');
  });

  test("style and script may be kept for ever, because their names change with them", async () => {
    const site = await startSite();
    const page = await new Visitor().open(await site.newLink());
    const files = [...page.text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) {
      const answer = await fetch(site.url + file);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toContain("immutable");
    }
  });

  test("an unknown path is a page that says what to do", async () => {
    const site = await startSite();
    const page = await new Visitor().open(`${site.url}/nothing/here`);
    expect(page.status).toBe(404);
    expect(page.text).toContain("say “link” to the bridge bot");
  });
});

test("the store being down is told, and nothing of the inside", async () => {
  const site = await startSite();
  const link = await site.newLink();
  site.tickets.peekTicket = () => Promise.reject(new BridgeError("store-down", { detail: "connect 10.9.8.7:6379" }));
  const page = await new Visitor().open(link);
  expect(page.status).toBe(503);
  expect(page.text).toContain("cannot reach its store");
  expect(page.text).not.toContain("10.9.8.7");
});

test("closing ends a sign-in that is under way", async () => {
  const linker = scriptedLinker();
  linker.behaviour = "hold";
  const web = await createWeb({
    bind: { host: "127.0.0.1", port: 0 },
    tickets: memoryTickets(),
    linker,
    readiness: async () => ({ ready: true, reasons: [] }),
    log: createLogger("silent"),
  });
  await web.listen();
  const link = (await web.desk.issue({ resident: ALICE })).url;
  const visitor = new Visitor();
  await visitor.open(link);
  const pending = visitor.submit(link, GOOD).then(
    (visit) => visit.status,
    () => "cut off",
  );
  await expect.poll(() => linker.tried.length).toBe(1);
  await web.close();
  expect([502, "cut off"]).toContain(await pending);
});

test("no secret of a visit is in the log: not the password, not the token, not a header", async () => {
  const site = await startSite();
  const link = await site.newLink();
  const token = link.split("/").at(-1) ?? "";
  const visitor = new Visitor();
  await visitor.open(link);
  await visitor.submit(link, WRONG, { authorization: "Bearer planted-bearer" });
  site.tickets.tryTicket = () => Promise.reject(new Error(`broken at /link/${token} password=planted-in-error`));
  await visitor.submit(link, GOOD);
  await fetch(`${site.url}/link/${token}/deeper?access_token=planted-query`);
  await visitor.submit(link, { ...GOOD, extra: "x".repeat(20_000) });
  const log = site.logged();
  expect(log).toContain('"outcome":"bad-password"');
  expect(log).toContain('"msg":"a web request failed"');
  expect(log).toContain('"status":413');
  for (const secret of ["wrong-horse", "right-horse", "planted", token]) expect(log).not.toContain(secret);
});
