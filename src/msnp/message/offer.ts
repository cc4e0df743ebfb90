import { type Fields, fieldOf } from "./fields.ts";

/** What somebody wants to do together, beside talking. */
export type OfferKind =
  | "file"
  | "background"
  | "webcam"
  | "webcam-request"
  | "photos"
  | "activity"
  | "call"
  | "meeting"
  | "shared-application"
  | "game"
  | "unknown";

/** The first message of such a thing, which asks. */
export interface Offer {
  readonly kind: OfferKind;
  /** Of the file, the activity or the program, when it is said. Anybody's text. */
  readonly name?: string;
  /** Of the file, in bytes. */
  readonly size?: number;
}

/** Source: msnp-chat §3.5. What is not here is asked for by programs, as pictures are. */
const BY_EUF_GUID: Readonly<Record<string, OfferKind>> = {
  "5D3E02AB-6190-11D3-BBBB-00C04F795683": "file",
  "4BD96FC0-AB17-4425-A14A-439185962DC8": "webcam",
  "1C9AA97E-9C05-4583-A3BD-908A196F1E92": "webcam-request",
  "41D3E74E-04A2-4B37-96F8-08ACDB610874": "photos",
  "6A13AF9C-5308-4F35-923A-67E8DDA40C2F": "activity",
};

/** Source: msnp-chat §2.8. */
const BY_APPLICATION: Readonly<Record<string, OfferKind>> = {
  "5D3E02AB-6190-11D3-BBBB-00C04F795683": "file",
  "02D3C01F-BF30-4825-A83A-DE7AF41648AA": "call",
  "44BBA842-CC51-11CF-AAFA-00AA00B6015C": "meeting",
  "F1B1920C-6A3C-4CE7-B18C-AFAB305FD03D": "shared-application",
  "8DAE4336-2B71-11D4-9A6C-006067325E47": "game",
};

/** Where in a packet a request begins: behind a header of either version (source: msnp-chat §3.2, §3.9). */
const LATEST_START = 128;
const REQUEST = "INVITE MSNMSGR:";
/** Bytes of a context that are looked at; a file's name lies within (source: msnp-chat §3.6). */
const CONTEXT_BYTES = 1024;
const NAME_AT = 20;
const NAME_BYTES = 520;
const BACKGROUND = 4;

/**
 * What a packet of a peer-to-peer transfer offers: only the first one of a request does, and of what programs do among
 * themselves nothing is told (source: msnp-chat §3.4). Undefined for every other packet.
 */
export function offerIn(packet: Buffer): Offer | undefined {
  const start = packet.subarray(0, LATEST_START).indexOf(REQUEST);
  if (start < 0) return undefined;
  const text = packet.toString("latin1", start);
  // The second request of a session is about the way, not about the thing.
  if (!/\r\nContent-Type: *application\/x-msnmsgr-sessionreqbody/i.test(text)) return undefined;
  const guid = /\r\nEUF-GUID: *\{?([0-9a-f-]{36})/i.exec(text)?.[1]?.toUpperCase() ?? "";
  const kind = BY_EUF_GUID[guid];
  if (kind === undefined) return undefined;
  const context = Buffer.from(/\r\nContext: *([\w+/=]*)/i.exec(text)?.[1]?.slice(0, CONTEXT_BYTES) ?? "", "base64");
  if (kind === "file") return fileOffer(context);
  if (kind === "activity") return { kind, ...named(context.toString("utf16le").split(";")[2]) };
  return { kind };
}

function fileOffer(context: Buffer): Offer {
  if (context.length < NAME_AT) return { kind: "file" };
  const size = Number(context.readBigUInt64LE(8));
  if (context.readUInt32LE(16) === BACKGROUND) return { kind: "background" };
  const name = context.toString("utf16le", NAME_AT, NAME_AT + NAME_BYTES).split("\0", 1)[0];
  return { kind: "file", ...named(name), ...(Number.isSafeInteger(size) && { size }) };
}

/** What a text/x-msmsgsinvite offers; undefined for answers and for what calls an offer off (source: msnp-chat §2.8). */
export function offerInFields(fields: Fields): Offer | undefined {
  if (fieldOf(fields, "Invitation-Command")?.toUpperCase() !== "INVITE") return undefined;
  const guid =
    fieldOf(fields, "Application-GUID")
      ?.replaceAll(/[{}\s]/g, "")
      .toUpperCase() ?? "";
  const kind = BY_APPLICATION[guid] ?? "unknown";
  const size = Number(fieldOf(fields, "Application-FileSize") ?? Number.NaN);
  const isSize = kind === "file" && Number.isSafeInteger(size) && size >= 0;
  const name = fieldOf(fields, kind === "file" ? "Application-File" : "Application-Name");
  return { kind, ...named(name), ...(isSize && { size }) };
}

function named(name: string | undefined): Pick<Offer, "name"> {
  return name === undefined || name.trim() === "" ? {} : { name: name.trim() };
}
