import { toEmail } from "../../../address.ts";
import { encodeNudge, encodeTyping } from "../../../message/body.ts";
import { markHeaders, markIn } from "../../../message/mark.ts";
import { contentTypeOf, encodeMime, headerOf, type MimeMessage } from "../../../message/mime.ts";
import { type HeaderList, header, type Multipart } from "../../../message/multipart.ts";
import type { Account } from "../../state/account.ts";

/** Longest message of a switchboard with its headers (source: msnp-chat §1.5). */
export const MAX_BOARD_MESSAGE = 1664;
const EMOTICONS = new Set(["text/x-mms-emoticon", "text/x-mms-animemoticon"]);
const VERSION: HeaderList = [["MIME-Version", "1.0"]];

/** The payload of MSG that says what a multi-part message says; undefined when there is none (source: msnp-chat §2.0). */
export function toBoard(sender: Account, type: string, { content = [], body }: Multipart): Buffer | undefined {
  switch (type) {
    case "Text": {
      const format = header(content, "X-MMS-IM-Format");
      const looks: HeaderList = format === undefined ? [] : [["X-MMS-IM-Format", format]];
      return encodeMime([...VERSION, ["Content-Type", contentType(content)], ...looks, ...markOf(content)], body);
    }
    case "Control/Typing": {
      const email = toEmail(sender.email);
      return email === undefined ? undefined : encodeTyping(email);
    }
    case "Nudge":
      return encodeNudge(markOf(content));
    case "Wink":
      return encodeMime([...VERSION, ["Content-Type", "text/x-msnmsgr-datacast"]], `ID: 2\r\nData: ${body}\r\n\r\n`);
    case "CustomEmoticon":
      return encodeMime([...VERSION, ["Content-Type", contentType(content)]], body);
    default:
      return undefined;
  }
}

/** What clients write for each other is passed on. */
function markOf(headers: HeaderList): HeaderList {
  return markHeaders(markIn(headers));
}

function contentType(content: HeaderList): string {
  return header(content, "Content-Type") ?? "text/plain; charset=UTF-8";
}

/** The content block and body that say what a message of a switchboard says; undefined when there are none. */
export function fromBoard(message: MimeMessage): Pick<Multipart, "content" | "body"> | undefined {
  const type = contentTypeOf(message);
  if (type === "text/plain") return fromText(message);
  if (type === "text/x-msmsgscontrol") {
    return headerOf(message, "TypingUser") === undefined ? undefined : say("Control/Typing", PLAIN, "");
  }
  if (type === "text/x-msnmsgr-datacast") return fromDatacast(message);
  return EMOTICONS.has(type) ? say("CustomEmoticon", type, message.body) : undefined;
}

const PLAIN = "text/plain; charset=UTF-8";

function fromText(message: MimeMessage): Pick<Multipart, "content" | "body"> {
  const extras: [string, string][] = [];
  const [format, name] = [headerOf(message, "X-MMS-IM-Format"), headerOf(message, "P4-Context")];
  if (format !== undefined) extras.push(["X-MMS-IM-Format", format]);
  if (name !== undefined) extras.push(["IM-Display-Name", name]);
  return say("Text", headerOf(message, "Content-Type") ?? PLAIN, message.body, [...extras, ...markOf(message.headers)]);
}

function fromDatacast(message: MimeMessage): Pick<Multipart, "content" | "body"> | undefined {
  const body = message.body.toString("utf8");
  const id = /^ID:\s*(\d+)/im.exec(body)?.[1];
  if (id === "1") return say("Nudge", PLAIN, "\r\n", markOf(message.headers));
  const wink = id === "2" ? /^Data:[ \t]*(.*?)\r?$/im.exec(body)?.[1] : undefined;
  return wink === undefined ? undefined : say("Wink", PLAIN, wink);
}

function say(
  type: string,
  contentType: string,
  text: string | Buffer,
  extras: HeaderList = [],
): Pick<Multipart, "content" | "body"> {
  const body = typeof text === "string" ? Buffer.from(text) : text;
  return {
    content: [
      ["Messaging", "2.0"],
      ["Message-Type", type],
      ["Content-Type", contentType],
      ["Content-Length", String(body.length)],
      ...extras,
    ],
    body,
  };
}
