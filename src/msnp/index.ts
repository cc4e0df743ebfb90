/**
 * The MSNP library: a client for MSN Messenger networks, and the parts it is made of.
 *
 * ```ts
 * const client = new MsnClient({
 *   services, dialects: ["MSNP18", "MSNP11"], initialPresence: "NLN",
 *   email: parseEmail("alice@example.com"), password: () => readPassword(),
 *   machineGuid: parseMachineGuid("{0a0a0a0a-0000-4000-8000-00000000000a}"),
 * });
 * client.on("message", ({ body, conversation }) => {
 *   if (body.kind === "text") conversation.sendText(`You said ${body.text}`).catch(report);
 * });
 * client.on("closed", ({ kind, detail }) => report(kind, detail));
 * await client.signIn(AbortSignal.timeout(60_000));
 * ```
 */
export type { Address, Email, MachineGuid, NetworkId } from "./address.ts";
export { NETWORK, parseAddress, parseEmail, parseMachineGuid, toEmail } from "./address.ts";
export * from "./client/index.ts";
export type { Capabilities, DialectName, MsnStatus } from "./dialect/index.ts";
export { DIALECTS, isStatus } from "./dialect/index.ts";
export { describeError, MsnpError } from "./errors.ts";
export type {
  DatacastBody,
  Emoticon,
  Fields,
  MessageBody,
  Offer,
  OfferKind,
  OutgoingBody,
  P2pBody,
  TextFormat,
} from "./message/index.ts";
export {
  fieldOf,
  MAX_MESSAGE_BYTES,
  MAX_TEXT_BYTES,
  markBytes,
  offerIn,
  offerInFields,
  splitText,
  textBytesIn,
} from "./message/index.ts";
export type { TransportKind } from "./transport/channel.ts";
export type { Trace } from "./transport/connection.ts";
export type { TlsOptions } from "./transport/dial.ts";
export { ServerError } from "./transport/error-codes.ts";
export { DEFAULT_GATEWAY_RULES, type GatewayRules } from "./transport/gateway.ts";
export { type ProxyServer, parseProxy } from "./transport/proxy.ts";
export { afterRunning } from "./transport/running-time.ts";
export { type WebFetchOptions, webFetch } from "./transport/web-fetch.ts";
export type { Command, OutgoingCommand } from "./wire/index.ts";
export {
  CommandDecoder,
  clientToServerPayload,
  decodeArg,
  encodeArg,
  encodeCommand,
  serverToClientPayload,
  WireError,
} from "./wire/index.ts";
