import { MsnpError } from "../errors.ts";

export type WireErrorReason = "line-too-long" | "payload-too-long" | "bad-length" | "bad-command";

/** The peer's bytes are not the protocol; the connection cannot be used any further. */
export class WireError extends MsnpError {
  readonly reason: WireErrorReason;

  constructor(reason: WireErrorReason, message: string) {
    super(reason, message);
    this.reason = reason;
  }
}
