/** The link pages from outside; only a running bridge can answer. */
import type { Config } from "../../config/schema.ts";
import { ask, noAnswer } from "./http.ts";
import { type Finding, fail, ok, skip, warn } from "./report.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export async function checkWeb(config: Config): Promise<Finding[]> {
  const { publicUrl, bind } = config.web;
  const findings: Finding[] = [];
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol !== "https:" && !LOOPBACK.has(hostname)) {
    findings.push(
      warn(
        "link pages",
        `${publicUrl} is not https: passwords would travel in the clear`,
        "Put a reverse proxy with a certificate in front and set web.publicUrl (docs/operators.md).",
      ),
    );
  }
  const host = bind.host === "0.0.0.0" ? "127.0.0.1" : bind.host;
  const near = await live(`http://${host.includes(":") ? `[${host}]` : host}:${bind.port}`);
  if (near !== true) return [...findings, skip("link pages", "the bridge does not run; start it and check again")];
  const far = await live(publicUrl);
  if (far === true) return [...findings, ok("link pages", `${publicUrl} leads to the bridge`)];
  const fix = `Make your reverse proxy pass ${publicUrl} on to ${bind.host}:${bind.port}, or correct web.publicUrl.`;
  return [...findings, fail("link pages", `${publicUrl}: ${far}`, fix)];
}

async function live(base: string): Promise<true | string> {
  try {
    const { status, json } = await ask(`${base}/live`);
    return json.live === true ? true : `answers ${status}, but not as the bridge does`;
  } catch (error) {
    return noAnswer(error);
  }
}
