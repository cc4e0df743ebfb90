/** The log: JSON lines, and no secret in them even where a caller was careless (issue: "a test plants secrets and greps"). */
import { type DestinationStream, type Logger, pino } from "pino";
import type { LogLevel } from "./schema.ts";

/** Names under which secrets travel; at the top of a log call and up to two levels down. */
const SECRET_NAMES = [
  "password",
  "pass",
  "secret",
  "authorization",
  "Authorization",
  "cookie",
  "set-cookie",
  "ticket",
  "token",
  "access_token",
  "as_token",
  "hs_token",
  "csrf",
];

const paths = SECRET_NAMES.flatMap((name) => {
  const key = /^[A-Za-z_]+$/.test(name) ? name : undefined;
  return key === undefined ? [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`] : [key, `*.${key}`, `*.*.${key}`];
});

// Secrets inside longer strings: link pages, tokens in addresses and headers, redis://:password@host.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(\/link\/)[A-Za-z0-9_%-]{8,}/g, "$1[sealed]"],
  [/\b(access_token|as_token|hs_token|token|ticket|password)=[^&\s"\\]+/gi, "$1=[sealed]"],
  [/\b(Bearer|Basic|Passport1\.4|WLID1\.0)\s+[^\s"\\]+/gi, "$1 [sealed]"],
  [/(\brediss?:\/\/[^:@/\s"\\]*:)[^@\s"\\]+@/g, "$1[sealed]@"],
];

function scrub(line: string): string {
  let clean = line;
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** The program's logger. `destination` is for tests; without it, standard output. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { name: "msnbridge" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: "[sealed]" },
    hooks: { streamWrite: scrub },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
