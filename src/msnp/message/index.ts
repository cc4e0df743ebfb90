export type { MessageBody } from "./body.ts";
export { decodeMessage, decodeMimeBody, encodeNudge, encodeText, encodeTyping } from "./body.ts";
export type { TextFormat } from "./format.ts";
export { decodeTextFormat, encodeTextFormat } from "./format.ts";
export type { MimeMessage } from "./mime.ts";
export { contentTypeOf, encodeMime, headerOf, MimeError, parseMime } from "./mime.ts";
export { MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, splitText } from "./split.ts";
