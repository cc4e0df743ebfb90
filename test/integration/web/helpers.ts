/** A running web server for one test, with a cookie-keeping visitor. */
import { onTestFinished } from "vitest";
import { createLogger } from "../../../src/config/logger.ts";
import { createWeb, type WebOptions } from "../../../src/web/server.ts";
import {
  ALICE,
  type MemoryTickets,
  memoryTickets,
  type ScriptedLinker,
  scriptedLinker,
} from "../../support/link-fakes.ts";

export interface Site {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly tickets: MemoryTickets;
  readonly linker: ScriptedLinker;
  /** Everything that was logged. */
  readonly logged: () => string;
  /** A fresh link page for Alice. */
  newLink(): Promise<string>;
  /** A fresh page for Alice's access token. */
  newPuppetPage(): Promise<string>;
}

export async function startSite(options: Partial<WebOptions> = {}, linker = scriptedLinker()): Promise<Site> {
  const lines: string[] = [];
  const tickets = memoryTickets();
  const web = await createWeb({
    bind: { host: "127.0.0.1", port: 0 },
    metricsBind: { host: "127.0.0.1", port: 0 },
    tickets,
    linker,
    readiness: async () => ({ ready: true, reasons: [] }),
    log: createLogger("trace", { write: (line: string) => void lines.push(line) }),
    ...options,
  });
  const { url, metricsUrl } = await web.listen();
  onTestFinished(() => web.close());
  return {
    url,
    metricsUrl,
    tickets,
    linker,
    logged: () => lines.join(""),
    newLink: async () => (await web.desk.issue({ resident: ALICE })).url,
    newPuppetPage: async () => (await web.desk.issue({ resident: ALICE, purpose: "puppet" })).url,
  };
}

export interface Visit {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A browser without JavaScript: keeps cookies, sends the page's form. */
export class Visitor {
  readonly #cookies = new Map<string, string>();
  #proof = "";

  async open(link: string, method: "GET" | "HEAD" = "GET"): Promise<Visit> {
    return this.#fetch(link, { method });
  }

  async submit(link: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Visit> {
    const body = new URLSearchParams({ network: "escargot", proof: this.#proof, ...fields });
    return this.#fetch(link, {
      method: "POST",
      body,
      headers: { origin: new URL(link).origin, "sec-fetch-site": "same-origin", ...headers },
    });
  }

  async #fetch(link: string, init: RequestInit): Promise<Visit> {
    const headers = new Headers(init.headers);
    headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(link, { ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
    const text = await response.text();
    this.#proof = /name="proof" value="([^"]+)"/.exec(text)?.[1] ?? this.#proof;
    return { status: response.status, text, headers: response.headers };
  }
}

export const GOOD = { address: "alice@example.com", password: "right-horse" };
export const WRONG = { address: "alice@example.com", password: "wrong-horse" };
