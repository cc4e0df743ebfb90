import { fieldOf, oneLine, parseFields } from "./fields.ts";

/** Things that clients show rather than say, by their number (source: msnp-chat §2.3). */
export type DatacastBody =
  | { readonly kind: "nudge" }
  /** An animation; `object` is its `<msnobj .../>` with the stamp. */
  | { readonly kind: "wink"; readonly object: string }
  /** A recording; `object` is its `<msnobj .../>`. */
  | { readonly kind: "voice-clip"; readonly object: string }
  /** A line without a sender's name, such as "waves hello". */
  | { readonly kind: "action"; readonly text: string }
  /** A number that nobody knows. */
  | { readonly kind: "datacast"; readonly id: number; readonly data: string };

const ID = { nudge: 1, wink: 2, "voice-clip": 3, action: 4 } as const;

/** Reads the body of text/x-msnmsgr-datacast; undefined when it has no number. */
export function decodeDatacast(body: Buffer): DatacastBody | undefined {
  const fields = parseFields(body);
  const number = fieldOf(fields, "ID") ?? "";
  if (!/^\d{1,9}$/.test(number)) return undefined;
  const data = fieldOf(fields, "Data") ?? "";
  switch (Number(number)) {
    case ID.nudge:
      return { kind: "nudge" };
    case ID.wink:
      return { kind: "wink", object: data };
    case ID["voice-clip"]:
      return { kind: "voice-clip", object: data };
    case ID.action:
      return { kind: "action", text: data };
    default:
      return { kind: "datacast", id: Number(number), data };
  }
}

/** The body of text/x-msnmsgr-datacast. */
export function encodeDatacast(cast: DatacastBody): string {
  switch (cast.kind) {
    case "nudge":
      return write(ID.nudge);
    case "wink":
    case "voice-clip":
      return write(ID[cast.kind], cast.object);
    case "action":
      return write(ID.action, cast.text);
    default:
      return write(cast.id, cast.data);
  }
}

function write(id: number, data = ""): string {
  return `ID: ${id}\r\n${data === "" ? "" : `Data: ${oneLine(data)}\r\n`}\r\n`;
}
