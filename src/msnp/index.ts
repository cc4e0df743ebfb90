/** The MSNP library: a client for MSN Messenger networks, and the parts it is made of. */
export type { Address, Email, MachineGuid, NetworkId } from "./address.ts";
export { NETWORK, parseAddress, parseEmail, parseMachineGuid, toEmail } from "./address.ts";
export * from "./client/index.ts";
export type { Capabilities, DialectName, MsnStatus } from "./dialect/index.ts";
export { DIALECTS, isStatus } from "./dialect/index.ts";
export { describeError, MsnpError } from "./errors.ts";
export type { MessageBody, TextFormat } from "./message/index.ts";
export { MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, splitText } from "./message/index.ts";
export type { Trace } from "./transport/connection.ts";
export { ServerError } from "./transport/error-codes.ts";
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
