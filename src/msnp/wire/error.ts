import { MsnpError } from "../errors.ts";
import type { Command } from "./command.ts";

export type WireErrorReason = "line-too-long" | "payload-too-long" | "bad-length" | "bad-command";

/** The peer's bytes are not the protocol; the connection cannot be used any further. */
export class WireError extends MsnpError {
  readonly reason: WireErrorReason;
  /** Commands that were whole before the fault in the same chunk; they are as good as any other. */
  readonly completed: readonly Command[];

  constructor(reason: WireErrorReason, message: string, completed: readonly Command[] = []) {
    super(reason, message);
    this.reason = reason;
    this.completed = completed;
  }
}
