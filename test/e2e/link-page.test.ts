/**
 * The link page in a real browser (Debian's Chromium), as a person with a phone sees it. The bridge behind it is played by a
 * linker that does as it is told; the whole path is in the other e2e tests.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../src/config/logger.ts";
import { createWeb } from "../../src/web/server.ts";
import { startBrowser } from "../support/browser.ts";
import {
  ALICE,
  type MemoryTickets,
  memoryTickets,
  type ScriptedLinker,
  scriptedLinker,
} from "../support/link-fakes.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

interface Scene {
  readonly page: Page;
  readonly link: string;
  readonly linker: ScriptedLinker;
  readonly tickets: MemoryTickets;
  /** What the browser complained about: scripts, styles, policies. */
  readonly complaints: string[];
}

async function scene(options: BrowserContextOptions = {}, networks?: Record<string, string>): Promise<Scene> {
  const linker = scriptedLinker(networks);
  const tickets = memoryTickets();
  const web = await createWeb({
    bind: { host: "127.0.0.1", port: 0 },
    tickets,
    linker,
    readiness: async () => ({ ready: true, reasons: [] }),
    log: createLogger("silent"),
  });
  await web.listen();
  const context = await browser.newContext({ ...PHONE, ...options });
  context.setDefaultTimeout(90_000);
  onTestFinished(async () => {
    await context.close();
    await web.close();
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  const link = (await web.desk.issue({ resident: ALICE })).url;
  await page.goto(link);
  return { page, link, linker, tickets, complaints };
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel("MSN address").fill("alice@example.com");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in and link" }).click();
}

describe("on a phone", () => {
  test("Alice links her account and watches the stages pass", async () => {
    const { page, linker, tickets, complaints } = await scene();
    linker.behaviour = "hold";
    expect(await page.getByText("@alice:example.org").isVisible()).toBe(true);
    const isActive = () =>
      page.getByLabel("MSN address").evaluate((field) => field === field.ownerDocument.activeElement);
    await expect.poll(isActive).toBe(true);
    await signIn(page, "right-horse");
    await page.getByText("Checking address and password").waitFor();
    expect(await page.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringContaining("Connecting to the server"),
      expect.stringContaining("Agreeing on a protocol version"),
      expect.stringContaining("Checking address and password"),
    ]);
    expect(await page.getByRole("button", { name: "Signing in…" }).isDisabled()).toBe(true);
    linker.release();
    await page.getByRole("heading", { name: "Linked" }).waitFor();
    expect(await page.getByRole("status").innerText()).toContain("alice@example.com on Escargot is linked");
    expect(tickets.live).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("a wrong password is announced; the right one then works on the same page", async () => {
    const { page, linker } = await scene();
    await signIn(page, "wrong-horse");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Address or password not accepted");
    expect(await page.getByLabel("MSN address").inputValue()).toBe("alice@example.com");
    const password = page.getByLabel("Password", { exact: true });
    expect(await password.inputValue()).toBe("");
    expect(await password.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
    await signIn(page, "right-horse");
    await page.getByRole("heading", { name: "Linked" }).waitFor();
    expect(linker.tried.map((attempt) => attempt.password)).toEqual(["wrong-horse", "right-horse"]);
  });

  test("an unreachable network is named with the stage, not blamed on the password", async () => {
    const { page, linker } = await scene();
    linker.behaviour = "unreachable";
    await signIn(page, "right-horse");
    await page.getByRole("alert").waitFor();
    const said = await page.getByRole("alert").innerText();
    expect(said).toContain("Stopped at: Connecting to the server");
    expect(said).toContain("connection refused");
    expect(said).toContain("Your password is not the reason");
    expect(await page.locator("#stages .failed").innerText()).toContain("Connecting to the server");
  });

  test("the password can be shown, and is hidden again when it is sent", async () => {
    const { page, linker } = await scene();
    linker.behaviour = "hold";
    const password = page.getByLabel("Password", { exact: true });
    await password.fill("right-horse");
    await page.getByRole("button", { name: "Show" }).click();
    expect(await password.getAttribute("type")).toBe("text");
    await signIn(page, "right-horse");
    await page.getByText("Checking address and password").waitFor();
    expect(await password.getAttribute("type")).toBe("password");
    linker.release();
    await page.getByRole("heading", { name: "Linked" }).waitFor();
  });

  test("a used page says so when it is opened again", async () => {
    const { page, link } = await scene();
    await signIn(page, "right-horse");
    await page.getByRole("heading", { name: "Linked" }).waitFor();
    const again = await page.goto(link);
    expect(again?.status()).toBe(410);
    expect(await page.getByRole("heading").innerText()).toBe("This link no longer works");
  });

  test("a page that expires while it is open says so when it is sent", async () => {
    const { page, tickets, linker } = await scene();
    tickets.expireAll();
    await signIn(page, "right-horse");
    await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
    expect(linker.tried).toEqual([]);
  });

  test("five wrong passwords close the page", async () => {
    const { page, linker } = await scene();
    for (const left of ["4 tries", "3 tries", "2 tries", "One try"]) {
      await signIn(page, "wrong-horse");
      await page.getByText(left).waitFor();
    }
    await signIn(page, "wrong-horse");
    await page.getByRole("heading", { name: "Too many tries" }).waitFor();
    expect(linker.tried).toHaveLength(5);
  });

  test("a bridge that goes away in the middle is told plainly", async () => {
    const { page } = await scene();
    await page.route("**/link/*", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
    await signIn(page, "right-horse");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toContain("No answer from the bridge");
    expect(await page.getByRole("button", { name: "Sign in and link" }).isEnabled()).toBe(true);
  });

  test("nothing sticks out at the side, on a small phone and on a desktop", async () => {
    const { page } = await scene({}, { escargot: "Escargot", ours: "Our MSN server" });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      const over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect(over).toBe(0);
    }
    expect(await page.getByLabel("Network").isVisible()).toBe(true);
  });
});

describe("without JavaScript", () => {
  test("wrong, then right: the same page, whole", async () => {
    const { page, linker } = await scene({ javaScriptEnabled: false });
    expect(await page.getByRole("button", { name: "Show" }).isVisible()).toBe(false);
    await signIn(page, "wrong-horse");
    expect(await page.getByRole("alert").innerText()).toContain("Escargot did not accept this address and password");
    await signIn(page, "right-horse");
    await page.getByRole("heading", { name: "Linked", exact: true }).waitFor();
    expect(linker.tried).toHaveLength(2);
  });

  test("a network failure names the stage", async () => {
    const { page, linker } = await scene({ javaScriptEnabled: false });
    linker.behaviour = "unreachable";
    await signIn(page, "right-horse");
    expect(await page.getByRole("alert").innerText()).toContain("Stopped at: Connecting to the server");
  });
});
