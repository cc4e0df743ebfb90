/** Addresses of XMPP (RFC 7622, in the spelling that servers hand on) and their escaping (XEP-0106). Pure. */
import { BridgeError } from "../bridge/errors.ts";

declare const brand: unique symbol;
/** Any address, with or without a resource. */
export type Jid = string & { readonly [brand]: "Jid" | "BareJid" };
/** `node@domain` or `domain`. */
export type BareJid = string & { readonly [brand]: "BareJid" };

export interface JidParts {
  readonly node: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
}

/** RFC 7622: bytes of each part. */
const PART_BYTES = 1023;
const NODE = /^[^\s"&'/:<>@\p{Cc}\p{Cs}]+$/u;
const DOMAIN = /^[^\s"&'/:<>@\p{Cc}\p{Cs}]+$|^\[[0-9a-f:.]+\]$/iu;
const RESOURCE = /^[^\p{Cc}\p{Cs}]+$/u;

function fits(part: string | undefined, form: RegExp): boolean {
  return part === undefined || (Buffer.byteLength(part) <= PART_BYTES && form.test(part));
}

function split(text: string): JidParts {
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  return {
    node: at < 0 ? undefined : bare.slice(0, at).toLowerCase(),
    domain: bare
      .slice(at + 1)
      .toLowerCase()
      .replace(/\.$/, ""),
    resource: slash < 0 ? undefined : text.slice(slash + 1),
  };
}

function join({ node, domain, resource }: JidParts): string {
  return `${node === undefined ? "" : `${node}@`}${domain}${resource === undefined ? "" : `/${resource}`}`;
}

/** An address in its usual spelling (node and domain in lower case); `undefined` when it is none. */
export function readJid(text: string | undefined): Jid | undefined {
  if (text === undefined) return undefined;
  const parts = split(text);
  const ok = fits(parts.node, NODE) && fits(parts.domain, DOMAIN) && fits(parts.resource, RESOURCE);
  return ok ? (join(parts) as Jid) : undefined;
}

/** @throws BridgeError `bad-input` when the text is no address. */
export function parseJid(text: string): Jid {
  const jid = readJid(text);
  if (jid === undefined) throw new BridgeError("bad-input", { detail: `"${text.slice(0, 100)}" is not a JID` });
  return jid;
}

/** @throws BridgeError `bad-input` when the text is no address, or has a resource. */
export function parseBareJid(text: string): BareJid {
  const jid = parseJid(text);
  if (jid.includes("/"))
    throw new BridgeError("bad-input", { detail: `"${text.slice(0, 100)}" has a resource; leave out what follows /` });
  return jid as string as BareJid;
}

export function jidParts(jid: Jid): JidParts {
  return split(jid);
}

/** Without the resource. */
export function bare(jid: Jid): BareJid {
  const slash = jid.indexOf("/");
  return (slash < 0 ? jid : jid.slice(0, slash)) as string as BareJid;
}

export function domainOf(jid: Jid): string {
  return split(jid).domain;
}

export function resourceOf(jid: Jid): string | undefined {
  return split(jid).resource;
}

export function withResource(jid: BareJid, resource: string): Jid {
  return `${jid}/${resource}` as Jid;
}

/** What XEP-0106 takes out of a node, with what it puts there. */
const ESCAPES: ReadonlyMap<string, string> = new Map(
  [..." \"&'/:<>@"].map((char) => [char, `\\${char.charCodeAt(0).toString(16).padStart(2, "0")}`]),
);
/** A backslash that would be read as the beginning of an escape. */
const LOOKS_ESCAPED = /^\\(?:20|22|26|27|2f|3a|3c|3e|40|5c|x[0-9a-f]{2})/;
const ESCAPED = /\\(?:(20|22|26|27|2f|3a|3c|3e|40|5c)|((?:x[89a-f][0-9a-f])(?:\\x[89a-f][0-9a-f])*))/g;

/**
 * Any text as the node of a JID. XEP-0106, and beyond it: what lies outside ASCII becomes `\x` and two hex digits per
 * byte of UTF-8, because servers fold such letters (ß to ss) and two addresses could become one.
 */
export function escapeNode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(i) ?? 0);
    if (char === "\\") out += LOOKS_ESCAPED.test(text.slice(i, i + 4)) ? "\\5c" : "\\";
    else if (char > "\x7e") out += [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16)}`).join("");
    else out += ESCAPES.get(char) ?? char;
    i += char.length;
  }
  return out;
}

/** The inverse of {@link escapeNode}; `undefined` for a node that it never makes. */
export function unescapeNode(node: string): string | undefined {
  let broken = false;
  const text = node.replace(ESCAPED, (_, code: string | undefined, bytes: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    const decoded = utf8(bytes ?? "");
    if (decoded === undefined) broken = true;
    return decoded ?? "";
  });
  return broken || escapeNode(text) !== node ? undefined : text;
}

function utf8(bytes: string): string | undefined {
  const raw = Buffer.from(bytes.replaceAll(/\\?x/g, ""), "hex");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return undefined;
  }
}
