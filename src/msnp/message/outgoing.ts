import { randomUUID } from "node:crypto";
import type { Email } from "../address.ts";
import { MsnpError } from "../errors.ts";
import type { MessageBody } from "./body.ts";
import { splitChunks } from "./chunks.ts";
import { type DatacastBody, encodeDatacast } from "./datacast.ts";
import { ANIMATED_EMOTICON_TYPE, EMOTICON_TYPE, encodeEmoticons } from "./emoticons.ts";
import { type Fields, writeFields } from "./fields.ts";
import { encodeMime } from "./mime.ts";
import { P2P_TYPE, p2pHeaders } from "./p2p-envelope.ts";
import { MAX_MESSAGE_BYTES } from "./split.ts";

/** What can be sent besides texts and typing. */
export type OutgoingBody = Exclude<MessageBody, { readonly kind: "text" | "typing" | "recording" | "unknown" }>;

/** How a switchboard is asked to acknowledge (source: msnp-chat §1.5). */
export type AckKind = "U" | "N" | "A" | "D";

export interface OutgoingMessage {
  readonly ack: AckKind;
  /** Payloads in their order. */
  readonly payloads: readonly Buffer[];
}

const MIME_VERSION: readonly [string, string] = ["MIME-Version", "1.0"];
/** Bytes of a body that fit into one message beside its headers. */
const MAX_BODY = 1400;

/**
 * The messages of a body, each small enough for a switchboard (source: msnp-chat §1.5, §1.8, §2).
 * Throws MsnpError `too-long` for what cannot be cut.
 */
export function encodeBody(body: OutgoingBody, self: Email): OutgoingMessage {
  switch (body.kind) {
    case "emoticons": {
      const type = body.isAnimated ? ANIMATED_EMOTICON_TYPE : EMOTICON_TYPE;
      return { ack: "N", payloads: encodeEmoticons(body.emoticons, MAX_BODY).map((text) => fitting([], type, text)) };
    }
    case "ink": {
      const type = body.format === "gif" ? "image/gif" : "application/x-ms-ink";
      return { ack: "N", payloads: chunked(type, `base64:${body.data.toString("base64")}`) };
    }
    case "client-caps":
      return { ack: "U", payloads: [fitting([], "text/x-clientcaps", writeFields(capsFields(body)))] };
    case "keepalive":
      return { ack: "U", payloads: [fitting([], "text/x-keepalive", "")] };
    case "p2p":
      return { ack: "D", payloads: [fitting(p2pHeaders(body, self), P2P_TYPE, body.data)] };
    case "invite":
      return {
        ack: "U",
        payloads: [fitting([], "text/x-msmsgsinvite; charset=UTF-8", `${writeFields(body.fields)}\r\n`)],
      };
    default:
      return { ack: "N", payloads: chunked("text/x-msnmsgr-datacast", encodeDatacast(body satisfies DatacastBody)) };
  }
}

function capsFields({ client, logging }: { readonly client: string; readonly logging?: string }): Fields {
  return [["Client-Name", client], ...(logging === undefined ? [] : [["Chat-Logging", logging] as const])];
}

function fitting(headers: readonly (readonly [string, string])[], type: string, body: Buffer | string): Buffer {
  const payload = encodeMime([MIME_VERSION, ["Content-Type", type], ...headers], body);
  if (payload.length <= MAX_MESSAGE_BYTES) return payload;
  throw new MsnpError("too-long", "A message of this kind is too long for MSN");
}

/** One message, or its parts when it is too long for one. */
function chunked(type: string, body: string): Buffer[] {
  const whole = encodeMime([MIME_VERSION, ["Content-Type", type]], body);
  if (whole.length <= MAX_MESSAGE_BYTES) return [whole];
  return splitChunks([MIME_VERSION, ["Content-Type", type]], Buffer.from(body), randomUUID());
}
