/** The table of docs/dialects.md: what each version has, from the client's rows. */
import type { Dialect } from "../../../src/msnp/dialect/index.ts";
import { DIALECTS } from "../../../src/msnp/dialect/index.ts";
import { table } from "./text.ts";

const AUTH: Readonly<Record<Dialect["auth"], string>> = {
  md5: "MD5",
  tweener: "Tweener by Nexus",
  rst: "Tweener by RST",
  sso: "SSO",
  web: "ticket shown to the gateway",
};
const OFFLINE: Readonly<Record<Dialect["offline"], string>> = {
  none: "–",
  store: "OIM store",
  uum: "UUM",
  sdg: "SDG",
};
const CHALLENGE: Readonly<Record<Dialect["challenge"], string>> = { none: "–", md5: "MD5", msnp11: "MSNP11" };

const mark = (has: boolean): string => (has ? "yes" : "–");

/** What lists come by, in the book's words. */
function lists({ lists: kind, listForm }: Dialect): string {
  if (kind === "services") return "SOAP, ADL by service";
  if (kind === "soap") return "SOAP, ADL";
  return { serials: "SYN, serials", bits: "SYN, bits", guids: "SYN, GUIDs", none: "–" }[listForm];
}

const COLUMNS: readonly (readonly [title: string, cell: (dialect: Dialect) => string])[] = [
  ["version", ({ name, isExperimental }) => (isExperimental ? `${name} (experimental)` : name)],
  ["sign-in", ({ auth }) => AUTH[auth]],
  ["lists", lists],
  ["groups", ({ groups }) => mark(groups !== "none")],
  ["personal message", ({ personalMessages }) => mark(personalMessages)],
  ["presence", ({ presence }) => (presence.kind === "documents" ? "PUT, NFY" : `${presence.initial}, NLN, FLN`)],
  ["challenge", ({ challenge }) => CHALLENGE[challenge]],
  ["conversations", ({ conversations }) => (conversations === "sdg" ? "SDG" : "switchboard")],
  ["offline messages", ({ offline }) => OFFLINE[offline]],
  ["several places", ({ endpoints }) => mark(endpoints)],
  ["circles", ({ circles }) => mark(circles)],
  ["says it is", ({ clientVersion }) => `\`${clientVersion.slice(4).join(" ")}\``],
];

/** The oldest version first. */
export function dialectTable(): string {
  const rows = [...DIALECTS].sort((one, other) => one.version - other.version);
  return table(
    COLUMNS.map(([title]) => title),
    rows.map((dialect) => COLUMNS.map(([, cell]) => cell(dialect))),
  );
}
