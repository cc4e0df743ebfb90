/**
 * The registration that ties the bridge and a homeserver together. Written by hand with `yaml`, because the library's own
 * writer drops keys it does not know, `receive_ephemeral` among them (stack A3).
 */
import { parse, stringify } from "yaml";
import { BridgeError } from "../bridge/errors.ts";
import { Secret } from "../bridge/secret.ts";

export interface Registration {
  readonly id: string;
  /** Where the homeserver reaches the bridge. */
  readonly url: string;
  readonly asToken: Secret;
  readonly hsToken: Secret;
  readonly senderLocalpart: string;
  /** True when the homeserver has been told to hand over typing and presence. */
  readonly ephemeral: boolean;
}

export interface RegistrationFields {
  readonly id: string;
  readonly url: string;
  readonly asToken: Secret;
  readonly hsToken: Secret;
  readonly senderLocalpart: string;
  /** Start of every ghost's localpart and room alias, e.g. `_msn_`. */
  readonly prefix: string;
  readonly domain: string;
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** The text of `registration.yaml`, tokens included: write it with mode 0600. */
export function renderRegistration(fields: RegistrationFields): string {
  const regex = (sigil: string): string => `${sigil}${quote(fields.prefix)}.*:${quote(fields.domain)}`;
  return stringify(
    {
      id: fields.id,
      url: fields.url,
      as_token: fields.asToken.open(),
      hs_token: fields.hsToken.open(),
      sender_localpart: fields.senderLocalpart,
      rate_limited: false,
      receive_ephemeral: true,
      "de.sorunome.msc2409.push_ephemeral": true,
      protocols: ["msn"],
      namespaces: {
        users: [{ exclusive: true, regex: regex("@") }],
        aliases: [{ exclusive: true, regex: regex("#") }],
        rooms: [],
      },
    },
    { lineWidth: 0 },
  );
}

export interface PuppetRegistrationFields {
  readonly id: string;
  readonly asToken: Secret;
  readonly hsToken: Secret;
  readonly senderLocalpart: string;
  readonly domain: string;
}

/** The text of `double-puppet.yaml`, for everyone on the server, tokens included: write it with mode 0600. */
export function renderPuppetRegistration(fields: PuppetRegistrationFields): string {
  return stringify(
    {
      id: fields.id,
      url: null,
      as_token: fields.asToken.open(),
      hs_token: fields.hsToken.open(),
      sender_localpart: fields.senderLocalpart,
      rate_limited: false,
      namespaces: { users: [{ exclusive: false, regex: `@.*:${quote(fields.domain)}` }], aliases: [], rooms: [] },
    },
    { lineWidth: 0 },
  );
}

/** A second registration, by which the bridge may act for the people of this server. */
export interface PuppetRegistration {
  readonly asToken: Secret;
  /** Whether the homeserver lets it act for this person, by what the registration claims. */
  covers(mxid: string): boolean;
}

function refuse(what: string): never {
  throw new BridgeError("bad-input", { detail: `the registration ${what}` });
}

const PLACEHOLDER = /^(?:<.*>|\$\{.*\}|\{\{.*\}\}|change[-_ ]?me.*|replace[-_ ]?me.*|your[-_ ].*|x{6,}|todo)$/i;

function field(object: Record<string, unknown>, key: string): string {
  const value = object[key];
  if (typeof value !== "string" || value.trim() === "") refuse(`has no "${key}" (a text)`);
  if (PLACEHOLDER.test(value.trim())) {
    refuse(`still has the placeholder of the template at "${key}"; make a real one with "msnbridge registration"`);
  }
  return value;
}

function readTable(text: string): Record<string, unknown> {
  let object: unknown;
  try {
    object = parse(text);
  } catch (error) {
    refuse(`is not YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : "unreadable"}`);
  }
  if (typeof object !== "object" || object === null || Array.isArray(object)) refuse("is empty or not a table of keys");
  return object as Record<string, unknown>;
}

/**
 * Reads a registration and refuses what the bridge cannot run with.
 * @throws BridgeError `bad-input` naming the key; never with a token in its text.
 */
export function parseRegistration(text: string): Registration {
  const table = readTable(text);
  const asToken = token(table, "as_token");
  const hsToken = token(table, "hs_token");
  if (asToken === hsToken) refuse('has the same text as "as_token" and "hs_token"; they must differ');
  const url = field(table, "url");
  if (!URL.canParse(url)) refuse(`has "${url}" as "url", which is not a web address`);
  const senderLocalpart = field(table, "sender_localpart");
  if (!/^[a-z0-9._=/+-]+$/.test(senderLocalpart))
    refuse(`has "${senderLocalpart}" as "sender_localpart": use a-z 0-9 . _ = - /`);
  return {
    id: field(table, "id"),
    url,
    asToken: new Secret(asToken),
    hsToken: new Secret(hsToken),
    senderLocalpart,
    ephemeral: table.receive_ephemeral === true || table["de.sorunome.msc2409.push_ephemeral"] === true,
  };
}

/**
 * Reads the registration for double puppeting: `url: null`, and a user namespace that is not exclusive, or nobody but the
 * bridge could use those names any more.
 * @throws BridgeError `bad-input` naming the key; never with a token in its text.
 */
export function parsePuppetRegistration(text: string): PuppetRegistration {
  const table = readTable(text);
  const asToken = new Secret(token(table, "as_token"));
  token(table, "hs_token");
  if (table.url !== null && table.url !== "")
    refuse(
      "for double puppeting must have no address: write `url: null`, or everything would be sent to the bridge twice",
    );
  const users = (table.namespaces as { users?: unknown } | null | undefined)?.users;
  const rules = (Array.isArray(users) ? users : []).map((one: unknown) => (one ?? {}) as Record<string, unknown>);
  if (rules.some(({ exclusive }) => exclusive !== false))
    refuse("for double puppeting must say `exclusive: false` for its users, or people could no longer sign up");
  const patterns = rules.flatMap(({ regex }) => (typeof regex === "string" ? [regex] : []));
  if (patterns.length === 0) refuse('for double puppeting names no users (namespaces, users, "regex")');
  return { asToken, covers: (mxid) => patterns.some((pattern) => matches(pattern, mxid)) };
}

/** Whether the homeserver would let the bridge have ghosts of these names, by what a registration's text claims. */
export function coversGhosts(text: string, prefix: string, domain: string): boolean {
  const { namespaces } = (parse(text) ?? {}) as { namespaces?: { users?: { regex?: unknown }[] } };
  const users = namespaces?.users;
  const ghost = `@${prefix}network_someone=40example.com:${domain}`;
  return Array.isArray(users) && users.some((one) => typeof one?.regex === "string" && matches(one.regex, ghost));
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return false;
  }
}

function token(table: Record<string, unknown>, key: string): string {
  const value = field(table, key);
  if (value.length < 16)
    refuse(`has a "${key}" shorter than 16 characters; make a real one with "msnbridge registration"`);
  return value;
}
