/**
 * Network profiles: where an MSN network's services are and what it speaks. One YAML file per network, with a schema of its
 * own (msnp-core §9.1, msnp-chat §8). The paths that Escargot uses are the defaults, because private servers are mostly
 * Escargot or follow it; a profile names only what differs.
 */
import { z } from "zod";
import { parseNetworkName } from "../bridge/model.ts";
import { port, proxyUrl, text } from "./values.ts";

/** Versions that a profile may list; which of them the program speaks is the protocol library's matter. */
const DIALECT_NAMES = [...Array.from({ length: 20 }, (_, i) => `MSNP${i + 2}` as const), "MSNP22", "MSNP24"] as const;

const serviceUrl = (description: string) =>
  z
    .string()
    .regex(/^https?:\/\/[^\s]+$/, "must be a http:// or https:// address")
    .describe(description);

const host = z.string().regex(/^[^\s/:]+$|^\[[0-9a-fA-F:]+\]$/, "must be a host name or an IP address");

const endpoint = (description: string) =>
  z
    .strictObject({
      host: host.describe("Host name or address."),
      port: port.default(1863).describe("TCP port."),
    })
    .describe(description);

/** Ways to reach the chat servers, as the protocol library names them. */
const TRANSPORT_NAMES = ["tcp", "tls", "gateway"] as const;

const tls = z
  .strictObject({
    serverName: host.optional().describe("Name in the server's certificate, when it is not that of the host."),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "File with certificate authorities (PEM) to trust; relative paths are taken from the profile's folder. For the chat servers in place of the system's, for web services besides them.",
      ),
    verify: z
      .boolean()
      .default(true)
      .describe("False takes any certificate of the chat servers. Web services are always checked."),
  })
  .prefault({})
  .describe("Encryption, for the transport `tls`.");

const gateway = z
  .strictObject({
    pollSeconds: z
      .number()
      .min(0.1)
      .max(50)
      .default(2)
      .describe("Pause between questions while nothing happens. Servers forget a session after 60 s without one."),
    lifespanSeconds: z
      .number()
      .int()
      .min(0)
      .max(60)
      .default(0)
      .describe("How long the gateway is asked to hold a question until there is news; 0 for gateways that do not."),
    followsHost: z
      .boolean()
      .default(false)
      .describe("Whether to go on with the host that the gateway names in its answers, as Microsoft's wanted it."),
  })
  .prefault({})
  .describe("How the HTTP gateway wants to be used, for the transport `gateway`.");

export const networkSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be 1-32 of a-z 0-9 -")
    .transform(parseNetworkName)
    .describe("Short name; the same as the file's. It is part of every ghost's name: never change it."),
  title: text("The name that people see."),
  status: z
    .enum(["tested", "unverified", "sandbox"])
    .default("unverified")
    .describe("Whether this profile has been seen to work against the live network."),
  dispatch: endpoint("Where a sign-in starts: the dispatch server, or the notification server itself."),
  notification: endpoint(
    "The notification server when it is another one and known: sign-ins then start there.",
  ).optional(),
  services: z
    .strictObject({
      nexus: serviceUrl("Names the Tweener log-in page (MSNP8-11)."),
      rst: serviceUrl("Security tokens (MSNP12-18)."),
      rst2: serviceUrl("Security tokens, second form (MSNP15-21).").optional(),
      addressBook: serviceUrl("Contacts (MSNP13 and later)."),
      sharing: serviceUrl("Memberships: allowed, blocked, waiting (MSNP13 and later)."),
      storage: serviceUrl("Roaming profile.").optional(),
      oimStore: serviceUrl("Sending of offline messages.").optional(),
      oimFetch: serviceUrl("Fetching of offline messages.").optional(),
      config: serviceUrl("Client configuration.").optional(),
      gateway: serviceUrl("HTTP gateway, for where TCP does not get through.").optional(),
    })
    .describe("Web services by address."),
  dialects: z
    .array(z.enum(DIALECT_NAMES))
    .min(1)
    .default(["MSNP18", "MSNP15", "MSNP11", "MSNP8"])
    .describe("Protocol versions that are offered; the newest that the server speaks is taken."),
  transports: z
    .array(z.enum(TRANSPORT_NAMES))
    .min(1)
    .default(["tcp"])
    .describe(
      "Ways to the chat servers: tcp, tls, gateway. When one does not connect at sign-in, or brings no answer, the next is tried. Put nothing without encryption behind tls, unless being listened to is no matter.",
    ),
  tls,
  gateway,
  proxy: proxyUrl("Proxy for this network, in place of networks.proxy.").optional(),
  product: z
    .strictObject({ id: z.string().min(1), key: z.string().min(1) })
    .optional()
    .describe("Product id and key for the server's challenges (msnp-core §4); without it, those of a known client."),
  limits: z
    .strictObject({
      signInsPerSecond: z.number().min(0.01).max(1000).optional().describe("When less than limits.signInsPerSecond."),
      messageBytes: z.number().int().min(400).max(65_535).default(1664).describe("Largest message with its headers."),
      connectSeconds: z
        .number()
        .int()
        .min(1)
        .max(120)
        .default(15)
        .describe("How long a connection may take; then the next transport is tried."),
      requestSeconds: z.number().int().min(1).max(120).default(15).describe("How long an answer may take."),
    })
    .prefault({})
    .describe("Limits of this network."),
  notes: z.string().max(4000).default("").describe("For operators: quirks, where to register, who runs it."),
});

/** A network as the program uses it. */
export type NetworkProfile = z.output<typeof networkSchema>;
