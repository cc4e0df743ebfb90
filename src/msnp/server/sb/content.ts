import { isUtf8 } from "node:buffer";

const HEADER_END = Buffer.from("\r\n\r\n");
const TYPE = /^content-type:[ \t]*([^;\s]+)/im;

/** The type that the headers name, in lower case; undefined when there are no headers. */
function typeOf(payload: Buffer): string | undefined {
  const end = payload.indexOf(HEADER_END);
  if (end < 0 || !isUtf8(payload.subarray(0, end))) return undefined;
  return (TYPE.exec(payload.toString("utf8", 0, end))?.[1] ?? "text/plain").toLowerCase();
}

/** Pieces of what clients send to each other past the network: pictures, files, winks (source: msnp-chat §1.5). */
export function isMisplacedData(payload: Buffer): boolean {
  return typeOf(payload) === "application/x-msnmsgrp2p";
}

/** Whether a message is passed on; one without headers, and text that is no UTF-8, vanish (source: msnp-chat §1.10). */
export function isFit(payload: Buffer): boolean {
  const type = typeOf(payload);
  if (type === undefined) return false;
  return type !== "text/plain" || isUtf8(payload.subarray(payload.indexOf(HEADER_END)));
}
