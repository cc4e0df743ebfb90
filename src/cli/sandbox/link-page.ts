/** Fills in the one-time linking page as a browser without JavaScript does: cookie, hidden fields, form post. */
export async function linkByPage(
  url: string,
  account: { readonly email: string; readonly password: string },
): Promise<string> {
  const page = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const html = await page.text();
  if (page.status !== 200) throw new Error(`the link page answers ${page.status}: ${textOf(html)}`);
  const cookie = page.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
  const fields = new URLSearchParams(hiddenFields(html));
  fields.set("address", account.email);
  fields.set("password", account.password);
  const done = await fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: {
      cookie: cookie.join("; "),
      origin: new URL(url).origin,
      "sec-fetch-site": "same-origin",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: fields.toString(),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = textOf(await done.text());
  if (done.status >= 400) throw new Error(`linking failed with ${done.status}: ${answer}`);
  return answer;
}

/** The address of a link page in what the bot said. */
export function findLink(text: string): string | undefined {
  return /https?:\/\/\S+\/link\/[\w-]+/.exec(text)?.[0];
}

function hiddenFields(html: string): [string, string][] {
  return [...html.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
    attribute(tag, "name"),
    attribute(tag, "value"),
  ]);
}

function attribute(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
}

function textOf(html: string): string {
  return html
    .replace(/<(style|script|head)[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 400);
}
