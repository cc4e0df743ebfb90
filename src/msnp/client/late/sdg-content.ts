import type { Email, MachineGuid } from "../../address.ts";
import { decodeMimeBody, type MessageBody } from "../../message/body.ts";
import {
  ANIMATED_EMOTICON_TYPE,
  decodeEmoticons,
  EMOTICON_TYPE,
  type Emoticon,
  encodeEmoticons,
} from "../../message/emoticons.ts";
import { encodeTextFormat, type TextFormat } from "../../message/format.ts";
import {
  type HeaderList,
  header,
  headerAnywhere,
  type Multipart,
  splitBridged,
  withHeader,
} from "../../message/multipart.ts";
import type { OutgoingBody } from "../../message/outgoing.ts";
import { P2P_TYPE, type P2pBody } from "../../message/p2p-envelope.ts";
import { FIRST_SEGMENT, type Received } from "./envelope.ts";

/** What an SDG says, without who says it to whom. */
export interface SdgContent {
  /** Headers behind `Reliability: 1.0`. */
  readonly reliability: HeaderList;
  readonly content: HeaderList;
  readonly body: string | Buffer;
  /** Said aloud: between people it carries the channel it goes by (source: msnp21 §3.6). */
  readonly isSpoken: boolean;
  /** Further headers of the routing block. */
  readonly routing?: HeaderList;
  /** The only place of the other that shall get it (source: msnp21 §3.2). */
  readonly toEndpoint?: MachineGuid;
}

/** How texts and the like are written (source: msnp21 §3.4, §5.3). */
export interface SdgForm {
  /** Whether the parts of a long text say that they belong together (source: msnp-chat §1.8). */
  readonly joinsParts: boolean;
  text(text: string, format: TextFormat | undefined): SdgContent;
  typing(user: Email): SdgContent;
  nudge(): SdgContent;
  /** Messages that carry a body of another kind; undefined for what this form cannot carry. */
  body(body: OutgoingBody): readonly SdgContent[] | undefined;
}

const UTF8_TEXT = "text/plain; charset=UTF-8";

/** MSNP21 (source: msnp21 §3.6, T17-T19). */
export const MESSAGING_2: SdgForm = {
  joinsParts: true,
  text: (text, format) =>
    late("Text", lines(text), format === undefined ? [] : [["X-MMS-IM-Format", encodeTextFormat(format)]]),
  typing: () => ({ ...late("Control/Typing", ""), isSpoken: false }),
  nudge: () => late("Nudge", "\r\n"),
  body: (body) => {
    switch (body.kind) {
      case "nudge":
        return [late("Nudge", "\r\n")];
      case "wink":
        return [late("Wink", body.object)];
      case "emoticons":
        return emoticons(body.emoticons, body.isAnimated);
      case "p2p":
        return [data(body)];
      default:
        return undefined;
    }
  },
};

/** Circles at MSNP18 (source: msnp21 §5.3, msnp-chat §6.5). */
export const MESSAGING_1: SdgForm = {
  joinsParts: false,
  text: (text, format = { font: "Segoe UI" }) =>
    early("Text/plain; charset=UTF-8", lines(text), [
      ["Message-Type", "Text"],
      ["X-MMS-IM-Format", encodeTextFormat(format)],
      ["MIME-Version", "1.0"],
    ]),
  typing: (user) =>
    early("text/x-msmsgscontrol", "\r\n", [
      ["Message-Type", "Control"],
      ["Message-Subtype", "Typing"],
      ["MIME-Version", "1.0"],
      ["TypingUser", user],
    ]),
  nudge: () =>
    early("text/x-msnmsgr-datacast", "ID: 1\r\n\r\n", [
      ["Message-Type", "Nudge"],
      ["MIME-Version", "1.0"],
    ]),
  body: ({ kind }) => (kind === "nudge" ? [MESSAGING_1.nudge()] : undefined),
};

/** Bytes of shortcuts and objects in one message. */
const MAX_EMOTICON_BYTES = 4096;

/** Sent before the text that uses the shortcuts (source: msnp21 §3.4, §3.6). */
function emoticons(all: readonly Emoticon[], isAnimated: boolean): SdgContent[] {
  const type = isAnimated ? ANIMATED_EMOTICON_TYPE : EMOTICON_TYPE;
  return encodeEmoticons(all, MAX_EMOTICON_BYTES).map((body) => ({
    reliability: [],
    content: [
      ["Messaging", "2.0"],
      ["Message-Type", "CustomEmoticon"],
      ["Content-Type", type],
    ],
    body,
    isSpoken: false,
  }));
}

/** One packet for one place (source: msnp21 §3.9). */
function data({ data: body, toEndpoint }: P2pBody): SdgContent {
  return {
    routing: [
      ["Options", "0"],
      ["Service-Channel", "PE"],
    ],
    reliability: [],
    content: [
      ["Messaging", "2.0"],
      ["Bridging-Offsets", "0"],
      ["Content-Length", ""],
      ["Content-Transfer-Encoding", "binary"],
      ["Content-Type", P2P_TYPE],
      ["Message-Type", "Data"],
    ],
    body,
    isSpoken: false,
    ...(toEndpoint !== undefined && { toEndpoint }),
  };
}

function late(type: string, body: string, more: HeaderList = []): SdgContent {
  const content: HeaderList = [
    ["Messaging", "2.0"],
    ["Message-Type", type],
    ["Content-Type", UTF8_TEXT],
    ["Content-Length", ""],
    ...more,
  ];
  return { reliability: [], content, body, isSpoken: true };
}

function early(contentType: string, body: string, more: HeaderList): SdgContent {
  const content: HeaderList = [
    ["Messaging", "1.0"],
    ["Content-Length", ""],
    ["Content-Type", contentType],
    ["Content-Transfer-Encoding", "7bit"],
    ...more,
  ];
  return { reliability: FIRST_SEGMENT, content, body, isSpoken: true };
}

function lines(text: string): string {
  return text.toWellFormed().replace(/\r\n|\r|\n/g, "\r\n");
}

/** The message type, lower-case; a subtype of old circles is joined on (source: msnp21 §3.3). */
export function messageType(message: Multipart): string {
  const type = headerAnywhere(message, "Message-Type") ?? "";
  const subtype = headerAnywhere(message, "Message-Subtype");
  return (subtype === undefined || type.includes("/") ? type : `${type}/${subtype}`).toLowerCase();
}

/**
 * Reads what an SDG says: one thing, or the packets of one `Data`. Types that nobody knows are `unknown`, never an error
 * (source: msnp21 §3.4).
 */
export function decodeSdg(received: Received): readonly MessageBody[] {
  const { message } = received;
  const { content = [], body } = message;
  const type = messageType(message);
  const contentType = header(content, "Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  switch (type) {
    case "text":
      return [decodeMimeBody({ headers: asText(content), body })];
    case "control/typing":
      return [{ kind: "typing" }];
    case "nudge":
      return [{ kind: "nudge" }];
    case "wink":
      return [{ kind: "wink", object: body.toString("utf8").trim() }];
    case "customemoticon":
      return [
        {
          kind: "emoticons",
          isAnimated: contentType === ANIMATED_EMOTICON_TYPE,
          emoticons: decodeEmoticons(body),
        },
      ];
    case "data":
      return splitBridged(body, header(content, "Bridging-Offsets")).map((packet) => packetOf(packet, received));
    default:
      return [{ kind: "unknown", contentType: type === "" ? contentType : `${contentType}; message-type=${type}` }];
  }
}

/** The bytes are a copy, since they may be kept. */
function packetOf(packet: Buffer, { from, to }: Received): P2pBody {
  return {
    kind: "p2p",
    ...(to.epid !== undefined && { toEndpoint: to.epid }),
    ...(from.epid !== undefined && { fromEndpoint: from.epid }),
    data: Buffer.from(packet),
  };
}

/** Texts are UTF-8 even when they do not say so. */
function asText(content: HeaderList): HeaderList {
  const contentType = header(content, "Content-Type") ?? "";
  return /charset=/i.test(contentType) ? content : withHeader(content, "Content-Type", UTF8_TEXT);
}
