import { type Email, toEmail } from "../address.ts";
import { describeError } from "../errors.ts";
import { decodeTextFormat, encodeTextFormat, type TextFormat } from "./format.ts";
import { contentTypeOf, encodeMime, headerOf, type MimeMessage, parseMime } from "./mime.ts";

/** What a switchboard message says (source: msnp-chat §2.0). */
export type MessageBody =
  | { readonly kind: "text"; readonly text: string; readonly format?: TextFormat; readonly nickname?: string }
  | { readonly kind: "typing"; readonly user?: Email }
  | { readonly kind: "recording"; readonly user?: Email }
  | { readonly kind: "nudge" }
  | { readonly kind: "action"; readonly text: string }
  | { readonly kind: "unknown"; readonly contentType: string };

/** Reads any payload; what cannot be understood is `unknown`, never an error (source: msnp-chat §2). */
export function decodeMessage(payload: Buffer): MessageBody {
  let message: MimeMessage;
  try {
    message = parseMime(payload);
  } catch (error) {
    return { kind: "unknown", contentType: `(${describeError(error)})` };
  }
  return decodeMimeBody(message);
}

/** {@link decodeMessage} for headers and body that were parsed already. */
export function decodeMimeBody(message: MimeMessage): MessageBody {
  const contentType = contentTypeOf(message);
  switch (contentType) {
    case "text/plain":
      return decodeText(message);
    case "text/x-msmsgscontrol":
      return decodeControl(message);
    case "text/x-msnmsgr-datacast":
      return decodeDatacast(message);
    default:
      return { kind: "unknown", contentType };
  }
}

function decodeText(message: MimeMessage): MessageBody {
  const format = headerOf(message, "x-mms-im-format");
  const nickname = headerOf(message, "p4-context");
  return {
    kind: "text",
    text: decodeCharset(message.body, headerOf(message, "content-type") ?? "").replaceAll("\r\n", "\n"),
    ...(format !== undefined && { format: decodeTextFormat(format) }),
    ...(nickname !== undefined && nickname !== "" && { nickname }),
  };
}

/** Without a charset the bytes are in the sender's code page, mostly windows-1252 (source: msnp-chat §2.1). */
function decodeCharset(bytes: Buffer, contentType: string): string {
  const charset = /charset="?([^\s;"]+)/i.exec(contentType)?.[1]?.toLowerCase();
  if (charset === "utf-8" || charset === "utf8") return bytes.toString("utf8");
  try {
    return new TextDecoder(charset ?? "windows-1252").decode(bytes);
  } catch {
    return bytes.toString("utf8");
  }
}

function decodeControl(message: MimeMessage): MessageBody {
  const recording = headerOf(message, "recordinguser");
  const name = recording ?? headerOf(message, "typinguser");
  const user = toEmail(name ?? "");
  return { kind: recording === undefined ? "typing" : "recording", ...(user !== undefined && { user }) };
}

function decodeDatacast(message: MimeMessage): MessageBody {
  const body = message.body.toString("utf8");
  const id = /^ID:\s*(\d+)/im.exec(body)?.[1];
  if (id === "1") return { kind: "nudge" };
  if (id === "4") return { kind: "action", text: /^Data:[ \t]*(.*?)\r?$/im.exec(body)?.[1] ?? "" };
  return { kind: "unknown", contentType: `text/x-msnmsgr-datacast; id=${id ?? ""}` };
}

const DEFAULT_FORMAT: TextFormat = { font: "Segoe UI" };

/** A text message; line breaks become CRLF. Source: msnp-chat §2.1. */
export function encodeText(text: string, format: TextFormat = DEFAULT_FORMAT): Buffer {
  return encodeMime(
    [
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/plain; charset=UTF-8"],
      ["X-MMS-IM-Format", encodeTextFormat(format)],
    ],
    text.toWellFormed().replace(/\r\n|\r|\n/g, "\r\n"),
  );
}

/** "I am typing"; there is no message for having stopped. Source: msnp-chat §2.2. */
export function encodeTyping(user: Email): Buffer {
  return encodeMime(
    [
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/x-msmsgscontrol"],
      ["TypingUser", user],
    ],
    "\r\n",
  );
}

/** A nudge. Source: msnp-chat §2.3. */
export function encodeNudge(): Buffer {
  return encodeMime(
    [
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/x-msnmsgr-datacast"],
    ],
    "ID: 1\r\n\r\n",
  );
}
