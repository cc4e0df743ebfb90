/**
 * Network profiles: where an MSN network's services are and what it speaks. One YAML file per network, with a schema of its
 * own (msnp-core §9.1, msnp-chat §8). The paths that Escargot uses are the defaults, because private servers are mostly
 * Escargot or follow it; a profile names only what differs.
 */
import { z } from "zod";
import { parseNetworkName } from "../bridge/model.ts";
import { port, text } from "./values.ts";

/** Versions that a profile may list; which of them the program speaks is the protocol library's matter. */
export const DIALECT_NAMES = [
  ...Array.from({ length: 20 }, (_, i) => `MSNP${i + 2}` as const),
  "MSNP22",
  "MSNP24",
] as const;

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
    .default(["MSNP18", "MSNP11"])
    .describe("Protocol versions that are offered, the preferred first."),
  tls: z
    .literal("none")
    .default("none")
    .describe("Encryption of the chat connection. No revival network has it; the web services have it by https://."),
  product: z
    .strictObject({ id: z.string().min(1), key: z.string().min(1) })
    .optional()
    .describe("Product id and key for the server's challenges (msnp-core §4); without it, those of a known client."),
  limits: z
    .strictObject({
      signInsPerSecond: z.number().min(0.01).max(1000).optional().describe("When less than limits.signInsPerSecond."),
      messageBytes: z.number().int().min(100).max(65_535).default(1664).describe("Largest message with its headers."),
      requestSeconds: z.number().int().min(1).max(120).default(15).describe("How long an answer may take."),
    })
    .prefault({})
    .describe("Limits of this network."),
  notes: z.string().max(4000).default("").describe("For operators: quirks, where to register, who runs it."),
});

/** A network as the program uses it. */
export type NetworkProfile = z.output<typeof networkSchema>;
