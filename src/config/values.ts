/** Building blocks of the schemas: the kinds of values that appear in more than one place. */
import { z } from "zod";
import { BridgeError } from "../bridge/errors.ts";
import { parseContactAddress } from "../bridge/model.ts";
import { Secret } from "../bridge/secret.ts";

/** `example` is the value that stands in the sample file where a key must be set. */
export function text(description: string, example?: string) {
  return z.string().min(1).max(1000).meta({ description, example });
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null) return false;
  return (url.protocol === "http:" || url.protocol === "https:") && url.search === "" && url.hash === "";
}

const plainUrl = z
  .string()
  .refine(isHttpUrl, "must be a http:// or https:// address without ? or #")
  .transform((value) => value.replace(/\/+$/, ""));

/** An http or https address; comes out without a slash at the end. */
export function httpUrl(description: string, example: string) {
  return plainUrl.meta({ description, example });
}

export function optionalUrl(description: string, example: string) {
  return plainUrl.optional().meta({ description, example });
}

/** Schemes of proxies; `socks5h` is the same, since names are always looked up by the proxy. */
const PROXY = /^(socks5h?|http):\/\/[^\s]+$/;

/** A proxy's address, which may hold a password; its value is sealed. */
export function proxyUrl(description: string) {
  return z
    .string()
    .refine((value) => PROXY.test(value) && URL.canParse(value), "must be socks5://host:port or http://host:port")
    .transform((url) => new Secret(url))
    .describe(`${description} socks5:// or http:// (CONNECT), with user:password@ where it wants them.`);
}

export const port = z.number().int().min(0).max(65_535);

/** Host and port to listen on; loopback unless told. */
export function bind(defaultPort: number) {
  return z
    .strictObject({
      host: z
        .string()
        .min(1)
        .default("127.0.0.1")
        .describe("Address to listen on; 0.0.0.0 for all, e.g. in a container."),
      port: port.default(defaultPort).describe("Port to listen on."),
    })
    .prefault({});
}

/** An address of an MSN account. */
export const contact = z.string().transform((value, context) => {
  try {
    return parseContactAddress(value);
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    context.addIssue({ code: "custom", message: "must be an MSN address, e.g. bob@example.com" });
    return z.NEVER;
  }
});
