export type { Command, OutgoingCommand } from "./command.ts";
export { decodeArg, encodeArg, encodeCommand } from "./command.ts";
export type { DecoderOptions } from "./decoder.ts";
export { CommandDecoder } from "./decoder.ts";
export type { WireErrorReason } from "./error.ts";
export { WireError } from "./error.ts";
export type { PayloadRule } from "./payload.ts";
export { clientToServerPayload, serverToClientPayload } from "./payload.ts";
