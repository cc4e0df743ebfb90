import { type Email, toEmail } from "../address.ts";
import { describeError } from "../errors.ts";
import { type DatacastBody, decodeDatacast } from "./datacast.ts";
import { ANIMATED_EMOTICON_TYPE, decodeEmoticons, EMOTICON_TYPE, type Emoticon } from "./emoticons.ts";
import { type Fields, fieldOf, parseFields } from "./fields.ts";
import { decodeTextFormat, encodeTextFormat, type TextFormat } from "./format.ts";
import { contentTypeOf, encodeMime, headerOf, type MimeMessage, parseMime } from "./mime.ts";
import type { HeaderList } from "./multipart.ts";
import { decodeP2p, P2P_TYPE, type P2pBody } from "./p2p-envelope.ts";

/** What a switchboard message says (source: msnp-chat §2.0). */
export type MessageBody =
  | { readonly kind: "text"; readonly text: string; readonly format?: TextFormat; readonly nickname?: string }
  | { readonly kind: "typing"; readonly user?: Email }
  | { readonly kind: "recording"; readonly user?: Email }
  | DatacastBody
  /** Pictures for shortcuts in the sender's next texts. */
  | { readonly kind: "emoticons"; readonly isAnimated: boolean; readonly emoticons: readonly Emoticon[] }
  /** Handwriting as a picture, or as strokes (ISF). */
  | { readonly kind: "ink"; readonly format: "gif" | "isf"; readonly data: Buffer }
  /** What a program says of itself; `logging` is Y, N or S for sealed. */
  | { readonly kind: "client-caps"; readonly client: string; readonly logging?: string }
  /** Nothing; keeps a switchboard open. */
  | { readonly kind: "keepalive" }
  | P2pBody
  /** An offer of old, such as a file by MSNFTP, or an answer to one. */
  | {
      readonly kind: "invite";
      /** `INVITE`, `ACCEPT` or `CANCEL`. */
      readonly command: string;
      /** Chosen by the one who offers; the same in all answers. */
      readonly cookie: string;
      readonly fields: Fields;
    }
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
      return decodeDatacast(message.body) ?? { kind: "unknown", contentType };
    case EMOTICON_TYPE:
    case ANIMATED_EMOTICON_TYPE: {
      const isAnimated = contentType === ANIMATED_EMOTICON_TYPE;
      return { kind: "emoticons", isAnimated, emoticons: decodeEmoticons(message.body) };
    }
    case "image/gif":
    case "application/x-ms-ink":
      return decodeInk(message.body, contentType);
    case "text/x-clientcaps":
    case "text/x-clientinfo":
      return decodeClientCaps(message.body);
    case "text/x-keepalive":
      return { kind: "keepalive" };
    case P2P_TYPE:
      return decodeP2p(message);
    case "text/x-msmsgsinvite":
      return decodeInvite(message.body);
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

/** Source: msnp-chat §2.5. */
function decodeInk(body: Buffer, contentType: string): MessageBody {
  const base64 = /^base64:([\w+/=\s]*)$/.exec(body.toString("latin1").trim())?.[1];
  if (base64 === undefined) return { kind: "unknown", contentType };
  return { kind: "ink", format: contentType === "image/gif" ? "gif" : "isf", data: Buffer.from(base64, "base64") };
}

/** Source: msnp-chat §2.6. */
function decodeClientCaps(body: Buffer): MessageBody {
  const fields = parseFields(body);
  const logging = fieldOf(fields, "Chat-Logging");
  return {
    kind: "client-caps",
    client: fieldOf(fields, "Client-Name") ?? "",
    ...(logging !== undefined && { logging }),
  };
}

/** Source: msnp-chat §2.8. */
function decodeInvite(body: Buffer): MessageBody {
  const fields = parseFields(body);
  return {
    kind: "invite",
    command: (fieldOf(fields, "Invitation-Command") ?? "").toUpperCase(),
    cookie: fieldOf(fields, "Invitation-Cookie") ?? "",
    fields,
  };
}

const DEFAULT_FORMAT: TextFormat = { font: "Segoe UI" };

/** A text message; line breaks become CRLF. `more`: further headers. Source: msnp-chat §2.1. */
export function encodeText(text: string, format: TextFormat = DEFAULT_FORMAT, more: HeaderList = []): Buffer {
  return encodeMime(
    [
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/plain; charset=UTF-8"],
      ["X-MMS-IM-Format", encodeTextFormat(format)],
      ...more,
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

/** A nudge. `more`: further headers. Source: msnp-chat §2.3. */
export function encodeNudge(more: HeaderList = []): Buffer {
  return encodeMime([["MIME-Version", "1.0"], ["Content-Type", "text/x-msnmsgr-datacast"], ...more], "ID: 1\r\n\r\n");
}
