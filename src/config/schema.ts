/**
 * The one declaration of everything an operator can set. The loader, `config/config.sample.yaml` and `docs/config.md` are
 * made from it (design §6): a key is added here and nowhere else.
 */
import { isIP } from "node:net";
import { z } from "zod";
import { parseNetworkName } from "../bridge/model.ts";
import { Secret } from "../bridge/secret.ts";
import { bind, contact, httpUrl, optionalUrl, proxyUrl, text } from "./values.ts";
import { xmpp } from "./xmpp.ts";

const homeserver = z
  .strictObject({
    url: httpUrl("Where the bridge reaches the homeserver's client API.", "http://127.0.0.1:8008"),
    domain: text("The server name: what stands behind the colon of your Matrix ids.", "example.org").regex(
      /^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/,
      "must be a server name, e.g. example.org",
    ),
  })
  .optional()
  .meta({ description: "The Matrix homeserver. May be left out where people live on XMPP alone.", isUsual: true });

const appservice = z
  .strictObject({
    bind: bind(29340).describe("Where the bridge listens for the homeserver."),
    publicUrl: optionalUrl(
      "Where the homeserver reaches the bridge; goes into the registration. Without it: http:// and the bind address.",
      "http://127.0.0.1:29340",
    ),
    registration: text("The registration file, which the homeserver reads too; it holds two secrets.").default(
      "registration.yaml",
    ),
    ghostPrefix: text("First letters of the ghosts' names.")
      .regex(/^[a-z0-9._=/-]{1,32}$/, "must be 1-32 of a-z 0-9 . _ = / -")
      .default("_msn_"),
    botLocalpart: text("Name of the bridge's bot, without @ and server.")
      .regex(/^[a-z0-9._=/-]{1,64}$/, "must be 1-64 of a-z 0-9 . _ = / -")
      .default("_msnbot"),
    maxTransactionMegabytes: z
      .number()
      .int()
      .min(7)
      .max(500)
      .default(50)
      .describe(
        "Largest transaction that is taken. A homeserver sends up to 100 events of 64 KiB at once and repeats what was refused for ever.",
      ),
  })
  .prefault({})
  .describe("The application service: the bridge as the homeserver sees it.");

const matrix = z
  .strictObject({
    doublePuppet: z
      .strictObject({
        registration: text(
          "File with a second registration (url: null, users not exclusive) that lets the bridge post as people of your server what they say in their own Messenger. Without it they can give an access token (`puppet`), or a ghost with their name speaks.",
        ).optional(),
      })
      .prefault({})
      .describe("Double puppeting; docs/operators.md shows how."),
    spaces: z
      .boolean()
      .default(true)
      .describe(
        "Whether the chats of each linked account are put into a space, by the groups of its contact list. People are asked into it once, when they have their first chat; who leaves it is left in peace.",
      ),
  })
  .prefault({})
  .describe("What the bridge may do on Matrix beyond its own users.");

function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits, ...more] = text.split("/");
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return (
    more.length === 0 && longest > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest))
  );
}

const web = z
  .strictObject({
    bind: bind(29341).describe("Where the link pages, /live and /ready are served."),
    publicUrl: httpUrl(
      "How people reach the link pages; normally a https address at your reverse proxy.",
      "https://msn.example.org",
    ),
    trustProxy: z
      .array(
        z.string().refine(isProxy, "must be an address, a network like 10.0.0.0/8, loopback, linklocal or uniquelocal"),
      )
      .default(["loopback"])
      .describe(
        "Reverse proxies whose X-Forwarded-For is believed: addresses, networks (10.0.0.0/8), or the words loopback, linklocal, uniquelocal.",
      ),
  })
  .describe("The pages for people.");

const metrics = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether figures for Prometheus are served at /metrics."),
    bind: bind(29342).describe(
      "Where; there is no password on it. When it is the same as web.bind, they are served there.",
    ),
  })
  .prefault({})
  .describe("Figures for Prometheus.");

const redis = z
  .strictObject({
    url: z
      .string()
      .regex(/^rediss?:\/\/[^\s]+$/, "must be a redis:// or rediss:// address")
      .transform((url) => new Secret(url))
      .optional()
      .describe(
        "Your Redis, e.g. redis://:password@127.0.0.1:6379/0; it needs appendonly yes, appendfsync always (or the last second may be lost in a crash) and maxmemory-policy noeviction. Without it the bridge runs a redis-server of its own in the data folder.",
      ),
  })
  .prefault({})
  .describe("Where accounts, portals and waiting messages are kept.");

const data = z
  .strictObject({
    folder: text("The bridge's own folder; relative paths are taken from this file's folder.").default("data"),
    sealingKeyFile: text(
      "File with the key that seals passwords at rest (32 bytes, base64). Back it up apart from Redis: neither is of use without the other.",
    ).default("sealing.key"),
  })
  .prefault({})
  .describe("Files of the bridge.");

const networks = z
  .strictObject({
    enabled: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be the name of a network profile"))
      .min(1)
      .default(["escargot"])
      .transform((names) => names.map(parseNetworkName))
      .describe("MSN networks that people may link, by the names of their profiles."),
    folder: text("Folder with profiles of your own; they come before those that are shipped.").optional(),
    proxy: proxyUrl(
      "Proxy to the MSN networks, for sites that do not let other connections out; a profile may name another. For chat servers and web services alike.",
    ).optional(),
  })
  .prefault({})
  .describe("The MSN networks.");

const presence = z
  .strictObject({
    matrix: z
      .boolean()
      .default(true)
      .describe(
        "Whether presence and personal messages go to and from Matrix. Switch it off where the homeserver has presence disabled.",
      ),
    ownerOffline: z
      .enum(["away", "hidden"])
      .default("away")
      .describe("How an account looks to its MSN contacts while its owner is offline on Matrix."),
  })
  .prefault({})
  .describe("Presence.");

const textSection = z
  .strictObject({
    emoticons: z
      .boolean()
      .default(true)
      .describe(
        "Whether MSN's shortcuts for emoticons, like :) and (y), become emoji on the other side, and emoji shortcuts.",
      ),
  })
  .prefault({})
  .describe("What is said.");

const limits = z
  .strictObject({
    signInsPerSecond: z
      .number()
      .min(0.1)
      .max(1000)
      .default(15)
      .describe("Sign-ins per second to one network, over all workers; a profile may say less."),
    holdMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(60)
      .describe("How long a message waits for a network that is out of reach before its sender is told."),
    linkMinutes: z.number().int().min(1).max(60).default(10).describe("How long a link page works."),
    linkTries: z.number().int().min(1).max(20).default(5).describe("Passwords that may be tried on one link page."),
    webRequestsPerMinute: z
      .number()
      .int()
      .min(10)
      .max(100_000)
      .default(60)
      .describe("Requests to the link pages from one address."),
  })
  .prefault({})
  .describe("Limits.");

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const logging = z
  .strictObject({
    level: z.enum(LEVELS).default("info").describe("How much is logged; JSON lines on standard output."),
  })
  .prefault({})
  .describe("The log.");

const who = z
  .string()
  .regex(
    /^(\*|@[^\s:@]+:[^\s@]+|[a-z0-9.-]+(:\d+)?|[^\s:@/]+@[a-z0-9.-]+)$/,
    "must be *, a server name, a Matrix id (@name:server) or a JID (name@server)",
  );

const permissions = z
  .strictObject({
    link: z
      .array(who)
      .optional()
      .describe(
        "Who may link an account: *, server names, Matrix ids or JIDs. Without it: people of homeserver.domain and xmpp.domain (or of the account's server).",
      ),
    admins: z.array(who).default([]).describe("Who may see and steer what belongs to others: Matrix ids or JIDs."),
    relays: z
      .array(contact)
      .default([])
      .describe(
        "Linked accounts of the operator, by address, that may be made the relay of any group they are in. Everybody else lends only their own.",
      ),
  })
  .prefault({})
  .describe("Permissions.");

const sections = z.strictObject({
  homeserver,
  appservice,
  matrix,
  xmpp,
  web,
  metrics,
  redis,
  data,
  networks,
  presence,
  text: textSection,
  limits,
  logging,
  permissions,
});

/** There must be somebody to bridge to. Said together with everything else that is wrong. */
export const configSchema = sections
  .refine((config) => config.homeserver !== undefined || config.xmpp !== undefined, {
    path: ["homeserver"],
    message: "is missing: there must be a homeserver section, or one for xmpp",
    when: ({ value }) => typeof value === "object" && value !== null && !("homeserver" in value) && !("xmpp" in value),
  })
  .superRefine(({ xmpp: home, networks: { enabled } }, context) => {
    const relays = home?.mode === "client" ? home.relays : [];
    for (const [at, { network }] of relays.entries()) {
      if (network === undefined || enabled.includes(network)) continue;
      const path = ["xmpp", "client", "relays", at, "network"];
      context.addIssue({ code: "custom", path, message: `is not among networks.enabled: ${enabled.join(", ")}` });
    }
  });

/** The settings as the program uses them, every default filled in. Paths are absolute (see the loader). */
export type Config = z.output<typeof configSchema>;
/** The settings where Matrix is one of the homes. */
export type MatrixConfig = Config & { readonly homeserver: NonNullable<Config["homeserver"]> };
export type Bind = Config["web"]["bind"];
export type LogLevel = (typeof LEVELS)[number];

export function hasMatrix(config: Config): config is MatrixConfig {
  return config.homeserver !== undefined;
}
