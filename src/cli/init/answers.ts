/** The six questions of `init`: what is asked, what a blank answer means, what a good answer looks like, how it is tried. */
import { lookup } from "node:dns/promises";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { nearest } from "../../bridge/nearest.ts";
import { loadProfile, SHIPPED_NETWORKS } from "../../config/load.ts";
import { ask, noAnswer } from "../check/http.ts";
import { checkNetwork } from "../check/network.ts";

export interface Answers {
  readonly serverName: string;
  /** Asked for only where there is a homeserver. */
  readonly homeserverUrl?: string;
  readonly bridgeUrl?: string;
  readonly publicUrl: string;
  readonly networks: string;
  readonly admin: string;
}

export interface Question {
  readonly key: keyof Answers;
  readonly flag: string;
  readonly text: string;
  /** Whether it is about the homeserver. */
  readonly matrix?: true;
  /** The answer that a blank line stands for; undefined: there must be an answer. */
  fallback(so: Partial<Answers>): Promise<string | undefined> | string | undefined;
  /** What is wrong with the form of an answer; undefined: nothing. */
  fault(answer: string, so: Partial<Answers>): string | undefined;
  /** Tries the answer for real; undefined: it works. What it says is a warning, because things may start later. */
  trouble?(answer: string, so: Partial<Answers>): Promise<string | undefined>;
}

const SERVER_NAME = /^[a-z0-9.-]+(:\d+)?$/;

function urlFault(answer: string): string | undefined {
  const url = URL.parse(answer);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return "that is no http:// or https:// address";
  return url.search === "" && url.hash === "" ? undefined : "leave out what begins with ? or #";
}

const isLoopback = (url: string): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);

/** Where the server's own well-known file says that its clients go; undefined when it says nothing. */
async function wellKnown(serverName: string): Promise<string | undefined> {
  try {
    const { json } = await ask(`https://${serverName}/.well-known/matrix/client`);
    const base = (json["m.homeserver"] as { base_url?: unknown } | undefined)?.base_url;
    return typeof base === "string" && urlFault(base) === undefined ? base.replace(/\/+$/, "") : undefined;
  } catch {
    return undefined;
  }
}

async function isHomeserver(url: string): Promise<string | undefined> {
  try {
    const { status, json } = await ask(`${url.replace(/\/+$/, "")}/_matrix/client/versions`);
    return Array.isArray(json.versions) ? undefined : `${url} answers (${status}), but not like a Matrix homeserver`;
  } catch (error) {
    return `${url} cannot be reached: ${noAnswer(error)}`;
  }
}

async function resolves(url: string): Promise<string | undefined> {
  const { hostname } = new URL(url);
  try {
    await lookup(hostname.replace(/^\[|\]$/g, ""));
    return undefined;
  } catch {
    return `the name ${hostname} is not known on this machine`;
  }
}

export function networkNames(answer: string): string[] {
  return answer
    .split(/[\s,]+/)
    .map((name) => name.toLowerCase())
    .filter((name) => name !== "");
}

function shippedNetworks(): string[] {
  return readdirSync(SHIPPED_NETWORKS)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => basename(file, ".yaml"));
}

async function networkTrouble(answer: string): Promise<string | undefined> {
  for (const name of networkNames(answer)) {
    const found = await checkNetwork(loadProfile(join(SHIPPED_NETWORKS, `${name}.yaml`), process.env));
    const failed = found.find(({ verdict }) => verdict === "fail");
    if (failed !== undefined) return `${failed.subject}: ${failed.text}`;
  }
  return undefined;
}

export const QUESTIONS: readonly Question[] = [
  {
    key: "serverName",
    flag: "--server-name",
    text: "What is your server's name, as in @you:<name>?",
    fallback: () => undefined,
    fault: (answer) => (SERVER_NAME.test(answer) ? undefined : "a server name looks like example.org"),
  },
  {
    key: "homeserverUrl",
    flag: "--homeserver-url",
    matrix: true,
    text: "Where does the bridge reach the homeserver?",
    // A homeserver on this machine first: that way is shorter than through the proxy that well-known names.
    fallback: async ({ serverName = "" }) => {
      const local = "http://127.0.0.1:8008";
      return (await isHomeserver(local)) === undefined ? local : ((await wellKnown(serverName)) ?? local);
    },
    fault: urlFault,
    trouble: isHomeserver,
  },
  {
    key: "bridgeUrl",
    flag: "--bridge-url",
    matrix: true,
    text: "Where does the homeserver reach the bridge? (In docker: the service's name, e.g. http://bridge:29340)",
    fallback: () => "http://127.0.0.1:29340",
    fault: urlFault,
    trouble: resolves,
  },
  {
    key: "publicUrl",
    flag: "--public-url",
    text: "How do people reach the bridge's link pages? (An https address at your reverse proxy)",
    fallback: ({ serverName = "" }) => `https://msn.${serverName}`,
    fault: urlFault,
    trouble: async (answer) => {
      if (!answer.startsWith("https:") && !isLoopback(answer)) return "passwords typed there would travel in the clear";
      return resolves(answer);
    },
  },
  {
    key: "networks",
    flag: "--networks",
    text: "Which MSN networks may people link?",
    fallback: () => "escargot",
    fault: (answer) => {
      const unknown = networkNames(answer).find((name) => !existsSync(join(SHIPPED_NETWORKS, `${name}.yaml`)));
      if (networkNames(answer).length === 0) return "name at least one";
      if (unknown === undefined) return undefined;
      const meant = nearest(unknown, shippedNetworks());
      return `there is no profile "${unknown}"; ${meant === undefined ? `there are: ${shippedNetworks().join(", ")}` : `did you mean ${meant}?`}`;
    },
    trouble: networkTrouble,
  },
  {
    key: "admin",
    flag: "--admin",
    text: "Who is the admin (a Matrix id or a JID)?",
    fallback: ({ serverName = "", homeserverUrl }) =>
      homeserverUrl === undefined ? `admin@${serverName}` : `@admin:${serverName}`,
    fault: (answer) =>
      /^(@[^\s:@]+:[^\s@]+|[^\s:@/]+@[a-z0-9.-]+)$/.test(answer)
        ? undefined
        : "a Matrix id looks like @you:example.org, a JID like you@example.org",
  },
];
