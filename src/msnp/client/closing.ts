import type { ConnectionError } from "../transport/connection.ts";
import type { Command } from "../wire/command.ts";
import type { CloseReason } from "./types.ts";

/** What `OUT [reason]` of the server means (source: msnp-core §1.7). */
export function outReason(command: Command): CloseReason {
  const [reason, minutes] = command.args;
  switch (reason) {
    case "OTH":
      return { kind: "elsewhere", detail: "The account signed in somewhere else" };
    case "SSD":
      return { kind: "maintenance", detail: "The server goes down for maintenance" };
    case "RCT":
      return {
        kind: "reconnect-later",
        detail: `The server asks to come back after ${minutes ?? "some"} minutes`,
        ...(Number(minutes) > 0 && { retryAfterMs: Number(minutes) * 60_000 }),
      };
    case "MIG":
      return { kind: "reconnect-later", detail: "The account is being moved to another server" };
    case "TOU":
      return { kind: "lost", detail: "The network's terms of use must be accepted first" };
    case undefined:
      return { kind: "lost", detail: "The server ended the session without a reason" };
    default:
      return {
        kind: "lost",
        detail: `The server ended the session (OUT ${reason.replace(/[^\w-]/g, "").slice(0, 20)})`,
      };
  }
}

/** What the end of a connection means for the session on it. */
export function endReason(error: ConnectionError): CloseReason {
  return { kind: error.code === "protocol" ? "protocol" : "lost", detail: error.message };
}
