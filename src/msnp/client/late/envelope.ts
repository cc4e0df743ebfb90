import { encodeMultipart, type HeaderList, header, type Multipart, parseMultipart } from "../../message/multipart.ts";
import {
  ADDRESS_TYPE,
  formatMultipartAddress,
  type MultipartAddress,
  parseMultipartAddress,
} from "../../message/multipart-address.ts";
import type { Core, Live } from "../core.ts";

/** Oneself at this place: what every message comes from. */
export function selfAddress(core: Core, live: Live): MultipartAddress {
  return { type: ADDRESS_TYPE.live, account: live.handle, epid: core.options.machineGuid };
}

const ROUTING: readonly [string, string] = ["Routing", "1.0"];
const RELIABILITY: readonly [string, string] = ["Reliability", "1.0"];
/** What circles want behind `Reliability`; the meaning is not known (source: msnp21 §3.3). */
export const FIRST_SEGMENT: HeaderList = [
  ["Stream", "0"],
  ["Segment", "0"],
];
/** What the own presence is sent with (source: msnp21 §4.1, T11). */
export const PRESENCE_STREAM: HeaderList = [
  ["Stream", "1"],
  ["Flags", "ACK"],
];

/** Who a message is from and for. */
export interface Route {
  readonly to: MultipartAddress;
  /** With the own endpoint: servers refuse anything else (source: msnp21 §3.2). */
  readonly from: MultipartAddress;
  /** Further headers of the routing block, such as `Service-Channel`. */
  readonly routing?: HeaderList;
  /** Headers behind `Reliability: 1.0`. */
  readonly reliability?: HeaderList;
}

/** What a publication is about: payload of PUT and DEL. */
export interface Publication extends Route {
  readonly uri: string;
  readonly contentType: string;
  readonly body?: string;
}

/** Payload of SDG; `Content-Length` is put where the list has it, else at its end (source: msnp21 §3.1). */
export function encodeSdg(route: Route, content: HeaderList, body: string | Buffer): Buffer {
  return encode(route, content, body);
}

/** Payload of PUT or DEL (source: msnp21 §3.1, §4.1). */
export function encodePublication({ uri, contentType, body = "", ...route }: Publication): Buffer {
  const content: HeaderList = [
    ["Publication", "1.0"],
    ["Uri", uri],
    ["Content-Type", contentType],
    ["Content-Length", ""],
  ];
  return encode(route, content, body);
}

function encode({ to, from, routing = [], reliability = [] }: Route, content: HeaderList, body: string | Buffer) {
  return encodeMultipart({
    routing: [ROUTING, ["To", formatMultipartAddress(to)], ["From", formatMultipartAddress(from)], ...routing],
    reliability: [RELIABILITY, ...reliability],
    content,
    body: typeof body === "string" ? Buffer.from(body) : body,
  });
}

/** A message with the addresses that every one of them has. */
export interface Received {
  readonly message: Multipart;
  readonly to: MultipartAddress;
  readonly from: MultipartAddress;
  /** The circle or network through which the sender is seen, as parameter or header (source: msnp21 §3.2). */
  readonly via: MultipartAddress | undefined;
}

/** Payload of NFY PUT and NFY DEL (source: msnp21 §4.4, §5.3). */
export interface Notification extends Received {
  readonly uri: string;
  /** Lower-case: `full`, `partial`, `sync`. */
  readonly type: string;
  readonly body: Buffer;
}

/** Reads an envelope; undefined for one without addresses or one that is none: it is passed over, never an error. */
export function readEnvelope(payload: Buffer | undefined): Received | undefined {
  const message = parse(payload ?? Buffer.alloc(0));
  if (message === undefined) return undefined;
  const to = addressIn(message.routing, "To");
  const from = addressIn(message.routing, "From");
  if (to === undefined || from === undefined) return undefined;
  const via = from.via ?? to.via ?? addressIn(message.routing, "Via");
  return { message, to, from, via };
}

/** Reads a notification. */
export function readNotification(payload: Buffer | undefined): Notification | undefined {
  const received = readEnvelope(payload);
  const content = received?.message.content;
  if (received === undefined || content === undefined) return undefined;
  return {
    ...received,
    uri: header(content, "Uri") ?? "",
    type: (header(content, "NotifType") ?? "partial").toLowerCase(),
    body: received.message.body,
  };
}

function parse(payload: Buffer): Multipart | undefined {
  try {
    return parseMultipart(payload);
  } catch {
    return undefined;
  }
}

function addressIn(block: HeaderList, name: string): MultipartAddress | undefined {
  const text = header(block, name);
  return text === undefined ? undefined : parseMultipartAddress(text);
}

/** Whether an address is a circle's or a temporary group's. */
export function isGroupAddress({ type }: MultipartAddress): boolean {
  return type === ADDRESS_TYPE.circle || type === ADDRESS_TYPE.group;
}
