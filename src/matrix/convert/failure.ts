/** How the errors of the catalogue look on Matrix. */
import { BridgeError, type ErrorCode } from "../../bridge/errors.ts";
import type { Failure } from "../../bridge/model.ts";

/** A reason of message-send status events (MSC2422 family, as Beeper's clients and mautrix use them). */
export type StatusReason =
  | "m.event_not_handled"
  | "com.beeper.unsupported_event"
  | "com.beeper.undecryptable_event"
  | "m.foreign_network_error"
  | "m.no_permission"
  | "m.bridge_unavailable"
  | "m.event_too_old";

/** Complete by type: a new code does not compile until it has its row. */
export const STATUS_REASONS: Readonly<Record<ErrorCode, StatusReason>> = {
  "bad-input": "m.event_not_handled",
  "bad-address": "m.event_not_handled",
  "not-linked": "m.no_permission",
  "already-linked": "m.no_permission",
  "bad-password": "m.no_permission",
  "sign-in-failed": "m.foreign_network_error",
  "network-down": "m.foreign_network_error",
  "network-down-long": "m.event_too_old",
  "signed-out": "m.no_permission",
  elsewhere: "m.no_permission",
  "contact-offline": "m.foreign_network_error",
  "contact-refused": "m.no_permission",
  "contact-unknown": "m.event_not_handled",
  "contact-known": "m.event_not_handled",
  "list-full": "m.foreign_network_error",
  "group-unknown": "m.event_not_handled",
  "group-known": "m.event_not_handled",
  "change-refused": "m.foreign_network_error",
  "not-offered": "com.beeper.unsupported_event",
  "not-signed-in": "m.foreign_network_error",
  "puppet-refused": "m.no_permission",
  "send-uncertain": "m.foreign_network_error",
  "send-failed": "m.foreign_network_error",
  "rate-limited": "m.foreign_network_error",
  unsupported: "com.beeper.unsupported_event",
  encrypted: "com.beeper.undecryptable_event",
  "home-down": "m.bridge_unavailable",
  "home-busy": "m.bridge_unavailable",
  "home-refused": "m.event_not_handled",
  "link-expired": "m.event_not_handled",
  "too-many-tries": "m.event_not_handled",
  "store-down": "m.bridge_unavailable",
  "not-nudged": "m.foreign_network_error",
  "group-gone": "m.foreign_network_error",
  "not-in-group": "m.no_permission",
  "relay-away": "m.no_permission",
  "relay-gone": "m.no_permission",
  "group-refused": "m.no_permission",
  "room-unknown": "m.event_not_handled",
  "room-gone": "m.event_not_handled",
  "chat-ended": "m.event_not_handled",
  "lane-full": "m.bridge_unavailable",
  "not-allowed": "m.no_permission",
  "not-here": "m.bridge_unavailable",
  fenced: "m.bridge_unavailable",
  internal: "m.event_not_handled",
};

/** Whether a person can ask again with a chance of success. */
export function canRetry(failure: Failure): boolean {
  return new BridgeError(failure.code).retry !== "never";
}

const REACT = "React to this with 🔁";
const HOW = `${REACT} or write \`!msn retry\``;

/** The notice's words. In a chat with a contact a bare `retry` would go to the contact, so the way to ask there is told. */
export function failureText(failure: Failure): string {
  const told = failure.text.replace("Say `retry`", HOW);
  // `retry` is for those who have an account.
  const how = failure.code === "relay-away" ? REACT : HOW;
  const hint = canRetry(failure) && told === failure.text ? `\n${how} to send it again.` : "";
  return `⚠ ${told}${hint}`;
}

/** Content of a `com.beeper.message_send_status` event. */
export function statusContent(network: string, event: string, failure?: Failure): Record<string, unknown> {
  const common = { network, "m.relates_to": { rel_type: "m.reference", event_id: event } };
  if (!failure) return { ...common, status: "SUCCESS" };
  return {
    ...common,
    status: canRetry(failure) ? "FAIL_RETRIABLE" : "FAIL_PERMANENT",
    reason: STATUS_REASONS[failure.code],
    message: failure.text,
  };
}
