/** Looks of a text message. Colours are `#rrggbb`. Source: msnp-chat §2.1. */
export interface TextFormat {
  readonly font?: string;
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly color?: string;
  readonly rightToLeft?: boolean;
}

const FONT_LIMIT = 64;
/** Bytes of an encoded font name; keeps the headers of a full text message under the limit of a switchboard. */
const ENCODED_FONT_LIMIT = 120;
const DEFAULT_FONT = "Segoe UI";

/** Reads X-MMS-IM-Format; what is missing or odd is left out. */
export function decodeTextFormat(header: string): TextFormat {
  const fields = new Map<string, string>();
  for (const item of header.split(";").slice(0, 16)) {
    const equals = item.indexOf("=");
    if (equals > 0) fields.set(item.slice(0, equals).trim().toUpperCase(), item.slice(equals + 1).trim());
  }
  const effects = (fields.get("EF") ?? "").toUpperCase();
  const font = decodeFont(fields.get("FN"));
  const color = colorFromWire(fields.get("CO"));
  return {
    ...(font !== undefined && { font }),
    ...(effects.includes("B") && { bold: true }),
    ...(effects.includes("I") && { italic: true }),
    ...(effects.includes("U") && { underline: true }),
    ...(effects.includes("S") && { strike: true }),
    ...(color !== undefined && { color }),
    ...(fields.get("RL") === "1" && { rightToLeft: true }),
  };
}

function decodeFont(value: string | undefined): string | undefined {
  if (value === undefined || value === "") return undefined;
  try {
    return decodeURIComponent(value).slice(0, FONT_LIMIT);
  } catch {
    return value.slice(0, FONT_LIMIT);
  }
}

/** Writes X-MMS-IM-Format. */
export function encodeTextFormat(format: TextFormat): string {
  const wished = encodeURIComponent((format.font ?? DEFAULT_FONT).slice(0, FONT_LIMIT).toWellFormed());
  const font = wished.length > ENCODED_FONT_LIMIT ? encodeURIComponent(DEFAULT_FONT) : wished;
  const effects = `${format.bold ? "B" : ""}${format.italic ? "I" : ""}${format.strike ? "S" : ""}${format.underline ? "U" : ""}`;
  const direction = format.rightToLeft ? "; RL=1" : "";
  return `FN=${font}; EF=${effects}; CO=${colorToWire(format.color)}; CS=0; PF=22${direction}`;
}

/** `CO` is BBGGRR in hex with leading zeros dropped. */
function colorFromWire(value: string | undefined): string | undefined {
  if (value === undefined || !/^[0-9a-f]{1,6}$/i.test(value)) return undefined;
  const bgr = value.toLowerCase().padStart(6, "0");
  return `#${bgr.slice(4, 6)}${bgr.slice(2, 4)}${bgr.slice(0, 2)}`;
}

function colorToWire(color: string | undefined): string {
  const rgb = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color ?? "");
  if (rgb === null) return "0";
  return Number.parseInt(`${rgb[3]}${rgb[2]}${rgb[1]}`, 16).toString(16);
}
