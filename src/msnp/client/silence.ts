import { type Connection, ConnectionError } from "../transport/connection.ts";

/** Whether a server that is still there has not answered: some pass over what they do not know (source: msnp-core §9.3). */
export function isSilence(error: unknown, ns: Connection): boolean {
  return error instanceof ConnectionError && error.code === "timeout" && !ns.isOver;
}
