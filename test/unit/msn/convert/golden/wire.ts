import type { RichText } from "../../../../../src/bridge/text/model.ts";
import { msnOfRich, richOfMsn } from "../../../../../src/msn/convert/rich.ts";
import { decodeTextFormat, encodeTextFormat } from "../../../../../src/msnp/message/index.ts";

/** A text message on the wire: its X-MMS-IM-Format and its words. */
export interface WireText {
  readonly format: string;
  readonly text: string;
}

/** What is sent where nothing is chosen. */
export const PLAIN = "FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22";

export const m = (text: string, format: string = PLAIN): WireText => ({ format, text });

/** The header with these effects, and else what is usual. */
export const effects = (letters: string): string => `FN=Segoe%20UI; EF=${letters}; CO=0; CS=0; PF=22`;

export const fromWire = ({ format, text }: WireText): RichText => richOfMsn({ text, format: decodeTextFormat(format) });

export function toWire(text: RichText): WireText {
  const message = msnOfRich(text);
  return { format: encodeTextFormat(message.format), text: message.text };
}

export const showWire = ({ format, text }: WireText): string => (format === PLAIN ? text : `${text} [${format}]`);
