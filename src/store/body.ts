import { BridgeError } from "../bridge/errors.ts";
import type { LaneBody } from "../bridge/model.ts";

/** Bytes that a stored body may have. */
const MAX_BODY = 512 * 1024;
const VERSION = 1;

/** A body as it is stored: compact JSON with a version. @throws BridgeError `bad-input` when it is over {@link MAX_BODY}. */
export function encodeBody(body: LaneBody): string {
  const text = JSON.stringify({ v: VERSION, ...body });
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BODY)
    throw new BridgeError("bad-input", { detail: `an event of ${bytes} bytes, and ${MAX_BODY} can be stored` });
  return text;
}

/** @throws BridgeError `internal` for what {@link encodeBody} of this version did not write. */
export function decodeBody(text: string): LaneBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BridgeError("internal", { detail: "a stored entry is not JSON" }, { cause: error });
  }
  if (typeof value !== "object" || value === null || !("v" in value) || value.v !== VERSION)
    throw new BridgeError("internal", { detail: "a stored entry has a version that this program does not know" });
  const { v: _, ...body } = value;
  return body as LaneBody;
}
