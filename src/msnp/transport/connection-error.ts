import { MsnpError } from "../errors.ts";

export type ConnectionErrorCode = "unreachable" | "timeout" | "closed" | "protocol" | "aborted";

/** The connection to a server could not be made, or ended before an answer came. */
export class ConnectionError extends MsnpError {
  declare readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
