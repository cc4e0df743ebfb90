import { type Browser, chromium } from "playwright-core";

/** Debian's Chromium, without a window and without anything that it does by itself. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.MSNBRIDGE_TEST_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
