import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { ALICE } from "../../support/link-fakes.ts";
import { startSite, Visitor } from "./helpers.ts";

/** A home that takes `syt_good` from anyone. */
function home() {
  const given: string[] = [];
  const puppets = {
    givePuppet: async (resident: string, access: { open(): string }): Promise<void> => {
      if (access.open() !== "syt_good")
        throw new BridgeError("puppet-refused", { detail: "it does not know this access token" });
      given.push(`${resident} ${access.open()}`);
    },
  };
  return { given, puppets };
}

test("the page takes an access token for whom it was made, once", async () => {
  const { given, puppets } = home();
  const site = await startSite({ puppets });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  expect(page).toContain("/puppet/");
  const shown = await visitor.open(page);
  expect(shown.status).toBe(200);
  expect(shown.text).toContain("@alice:example.org");
  const done = await visitor.submit(page, { access: " syt_good\n" });
  expect(done.status).toBe(200);
  expect(done.text).toContain("appears as said by you");
  expect(given).toEqual([`${ALICE} syt_good`]);
  expect((await visitor.open(page)).status).toBe(410);
  expect((await visitor.submit(page, { access: "syt_good" })).status).toBe(410);
  expect(given).toHaveLength(1);
});

test("a token that the chat server does not take is answered with the reason, and so often only", async () => {
  const { given, puppets } = home();
  const site = await startSite({ puppets, linkTries: 2 });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  await visitor.open(page);
  const refused = await visitor.submit(page, { access: "syt_bad" });
  expect(refused.status).toBe(403);
  expect(refused.text).toContain("it does not know this access token. Nothing was kept. One try is left on this page.");
  expect(refused.text).not.toContain("syt_bad");
  const last = await visitor.submit(page, { access: "syt_worse" });
  expect(last.status).toBe(429);
  expect(last.text).toContain("Say “puppet” to the bridge bot");
  expect((await visitor.submit(page, { access: "syt_good" })).status).toBe(410);
  expect(given).toEqual([]);
});

test("what cannot be a token costs no try", async () => {
  const { given, puppets } = home();
  const site = await startSite({ puppets, linkTries: 1 });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  await visitor.open(page);
  for (const access of ["", "two words", "\u201Csyt_good\u201D", "x".repeat(5000)])
    expect((await visitor.submit(page, { access })).status).toBe(400);
  expect((await visitor.submit(page, { access: "syt_good" })).status).toBe(200);
  expect(given).toHaveLength(1);
});

test("a form from elsewhere, or without the page's cookie, is refused", async () => {
  const { given, puppets } = home();
  const site = await startSite({ puppets });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  await visitor.open(page);
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect((await visitor.submit(page, { access: "syt_good" }, foreign)).status).toBe(403);
  expect((await new Visitor().submit(page, { access: "syt_good" })).status).toBe(403);
  expect(given).toEqual([]);
});

test("a link page is no puppet page, nor the other way round", async () => {
  const site = await startSite({ puppets: home().puppets });
  const visitor = new Visitor();
  expect((await visitor.open((await site.newLink()).replace("/link/", "/puppet/"))).status).toBe(410);
  expect((await visitor.open((await site.newPuppetPage()).replace("/puppet/", "/link/"))).status).toBe(410);
});

test("neither token stands in the log, and previews use nothing up", async () => {
  const site = await startSite({ puppets: home().puppets });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  await visitor.open(page, "HEAD");
  await visitor.open(page);
  await visitor.submit(page, { access: "syt_bad" });
  await visitor.submit(page, { access: "syt_good" });
  expect(site.logged()).not.toMatch(/syt_/);
  expect(site.logged()).not.toContain(page.split("/").at(-1));
});

test("without a home that takes tokens there is no such page", async () => {
  const site = await startSite();
  expect((await new Visitor().open(await site.newPuppetPage())).status).toBe(404);
});

test("a caller that asks too often waits", async () => {
  const site = await startSite({ puppets: home().puppets, requestsPerMinute: 3 });
  const page = await site.newPuppetPage();
  const visitor = new Visitor();
  for (let i = 0; i < 3; i += 1) expect((await visitor.open(page)).status).toBe(200);
  expect((await visitor.open(page)).status).toBe(429);
});
