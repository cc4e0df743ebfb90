import { expect } from "vitest";

/** Fills in the page of `puppet` with an access token, as a browser without JavaScript does. */
export async function givePuppetToken(url: string, access: string): Promise<void> {
  const page = await fetch(url);
  const html = await page.text();
  const proof = /name="proof" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const cookie = page.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
  const done = await fetch(url, {
    method: "POST",
    headers: { cookie: cookie.join("; "), origin: new URL(url).origin, "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ proof, access }),
  });
  expect(done.status, await done.text()).toBe(200);
}
