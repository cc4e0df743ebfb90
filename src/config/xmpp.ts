/** The `xmpp` section: the bridge as a component of a server, or as an ordinary account; one of the two. */
import { z } from "zod";
import { parseNetworkName } from "../bridge/model.ts";
import { Secret } from "../bridge/secret.ts";
import { contact, port, text } from "./values.ts";

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value));

function domain(description: string, example: string) {
  return text(description, example).regex(/^[a-z0-9.-]+$/, `must be a domain in lower case, e.g. ${example}`);
}

function jid(description: string, example: string) {
  const form = /^[^\s"&'/:<>@A-Z]+@[a-z0-9.-]+$/;
  return text(description, example).regex(form, `must be an address in lower case, e.g. ${example}`);
}

const relay = z.strictObject({
  room: jid("Address of the room.", "lobby@conference.example.org"),
  contact: contact.describe("The MSN address of the contact."),
  network: z
    .string()
    .transform((name) => parseNetworkName(name))
    .optional()
    .describe("The contact's network; without it the first of networks.enabled."),
  owner: jid("Whose contact it is; with `personal` that is the account itself.", "anna@example.org").optional(),
  nick: text("What the account calls itself there; without it `xmpp.name`.").optional(),
  password: secret.optional().describe("Password of the room."),
});

const client = z
  .strictObject({
    jid: jid("Address of the account.", "msn@example.org"),
    password: secret.optional().meta({ description: "Its password.", example: "change-me" }),
    passwordFile: text(
      "A file that holds it, where it does not stand here; relative paths are taken from this file's folder.",
    ).optional(),
    host: text("Where its server takes clients in; without it DNS says so.").optional(),
    port: port.optional().describe("Port for clients; without it DNS says so, else 5222, or 5223 with tls: direct."),
    tls: z.enum(["starttls", "direct"]).default("starttls").describe("How the connection is encrypted; it always is."),
    caFile: text(
      "File with the only authority (PEM) whose certificates count; without it those that Node trusts.",
    ).optional(),
    personal: z
      .boolean()
      .default(false)
      .describe(
        "Whether it is your own account, on which only you use the bridge; otherwise it is one made for the bridge, to which people write.",
      ),
    mucService: domain(
      "Where chats are made; without it the first service for rooms that the account's server names.",
      "conference.example.org",
    ).optional(),
    relays: z
      .array(relay)
      .max(1000)
      .default([])
      .describe(
        "Rooms in which everybody talks with one contact: a list of `room` and `contact`, with `owner`, `network`, `nick` and `password` where needed; docs/xmpp.md shows one.",
      ),
  })
  .optional()
  .describe(
    "The bridge as an ordinary account, where no component can be had; in place of component, secret and domain.",
  );

const FALLBACKS = { host: "127.0.0.1", port: 5347, stayOn: true, passwordForm: false, rosterLookSeconds: 60 };

/** Keys of the component have their defaults filled in below, so that it is known which of them were set. */
const keys = z.strictObject({
  host: z.string().min(1).optional().meta({
    description: "Where the XMPP server takes components in.",
    default: FALLBACKS.host,
  }),
  port: port.optional().meta({ description: "Port for components.", default: FALLBACKS.port }),
  component: domain("The bridge's own domain, as the server's configuration names it.", "msn.example.org").optional(),
  secret: secret.optional().meta({
    description: "The secret of the component, the same as in the server's configuration.",
    example: "change-me",
  }),
  domain: domain("The XMPP server's own domain: what stands behind the @ of your JIDs.", "example.org").optional(),
  stayOn: z.boolean().optional().meta({
    description:
      "Whether accounts stay signed in while their owner is away; otherwise they sign in and out with them. People can choose for themselves (`session`).",
    default: FALLBACKS.stayOn,
  }),
  passwordForm: z.boolean().optional().meta({
    description:
      "Whether people may type their MSN password into the client's registration form, beside the private page. Only where your server accepts no unencrypted clients: what is typed goes through it.",
    default: FALLBACKS.passwordForm,
  }),
  rosterLookSeconds: z.number().int().min(1).max(3600).optional().meta({
    description:
      "How often the bridge looks for what people have changed in their contact lists themselves, where the server lets it and does not tell it, as Prosody does not.",
    default: FALLBACKS.rosterLookSeconds,
  }),
  name: text("What the bridge is called in people's clients, and the group of contacts that are in none.").default(
    "MSN",
  ),
  client,
});

type Keys = z.output<typeof keys>;
const OF_COMPONENT = [
  "component",
  "secret",
  "domain",
  "host",
  "port",
  "stayOn",
  "passwordForm",
  "rosterLookSeconds",
] as const;
const NEEDED = ["component", "secret", "domain"] as const;

function faults(value: Keys, add: (path: (string | number)[], message: string) => void): void {
  const { client: account } = value;
  if (account === undefined) {
    for (const key of NEEDED) if (value[key] === undefined) add([key], "is missing");
    return;
  }
  for (const key of OF_COMPONENT) {
    if (value[key] === undefined) continue;
    add([key], `belongs to xmpp.component, and there is xmpp.client: the bridge is one or the other; take one out`);
  }
  if (account.password === undefined && account.passwordFile === undefined)
    add(["client", "password"], "is missing: write it here, or the name of a file that holds it as passwordFile");
  const rooms = account.relays.map(({ room }) => room);
  for (const [at, { room, owner }] of account.relays.entries()) {
    if (rooms.indexOf(room) !== at) add(["client", "relays", at, "room"], `${room} is there twice`);
    if (owner === undefined && !account.personal)
      add(["client", "relays", at, "owner"], "is missing: whose contact is it?");
    if (owner !== undefined && account.personal && owner !== account.jid)
      add(["client", "relays", at, "owner"], `must be ${account.jid}, because the account is personal`);
  }
}

function settled({ client: account, name, component, secret: shared, domain: own, ...rest }: Keys) {
  if (account !== undefined) {
    const { relays, password, ...others } = account;
    const owned = relays.map((one) => ({ ...one, owner: one.owner ?? account.jid }));
    const server = account.jid.slice(account.jid.indexOf("@") + 1);
    // Without one it stands in a file, which the loader reads.
    const known = { password: password ?? new Secret(""), relays: owned };
    const kind = { mode: "client" as const, name, domain: server };
    return { ...kind, ...others, ...known, passwordFile: password === undefined ? others.passwordFile : undefined };
  }
  if (component === undefined || shared === undefined || own === undefined) return z.NEVER;
  const { host, port: at, stayOn, passwordForm, rosterLookSeconds } = rest;
  return {
    mode: "component" as const,
    name,
    component,
    secret: shared,
    domain: own,
    host: host ?? FALLBACKS.host,
    port: at ?? FALLBACKS.port,
    stayOn: stayOn ?? FALLBACKS.stayOn,
    passwordForm: passwordForm ?? FALLBACKS.passwordForm,
    rosterLookSeconds: rosterLookSeconds ?? FALLBACKS.rosterLookSeconds,
  };
}

export const xmpp = keys
  .superRefine((value, context) => {
    faults(value, (path, message) => context.addIssue({ code: "custom", path, message }));
  })
  .transform(settled)
  .optional()
  .describe(
    "The bridge as a component of an XMPP server, or (`client`) as an ordinary account. Without this section there is no XMPP.",
  );

export type XmppConfig = NonNullable<z.output<typeof xmpp>>;
export type XmppComponentConfig = Extract<XmppConfig, { mode: "component" }>;
export type XmppClientConfig = Extract<XmppConfig, { mode: "client" }>;
