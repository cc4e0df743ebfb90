/** Stanza errors (RFC 6120 §8.3): made from the catalogue, and read. Pure. */
import { BridgeError, type ErrorCode } from "../../bridge/errors.ts";
import { el, elements, NS, type XmlElement } from "./xml.ts";

/** What the other side should do (RFC 6120 §8.3.2). */
export type ErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

export interface StanzaCondition {
  readonly type: ErrorType;
  readonly condition: string;
}

const cancel = (condition: string): StanzaCondition => ({ type: "cancel", condition });
const modify = (condition: string): StanzaCondition => ({ type: "modify", condition });
const auth = (condition: string): StanzaCondition => ({ type: "auth", condition });
const wait = (condition: string): StanzaCondition => ({ type: "wait", condition });

/** How the errors of the catalogue look on XMPP. Complete by type: a new code does not compile until it has its row. */
export const CONDITIONS: Readonly<Record<ErrorCode, StanzaCondition>> = {
  "bad-input": modify("bad-request"),
  "bad-address": modify("jid-malformed"),
  "not-linked": auth("registration-required"),
  "not-allowed": auth("forbidden"),
  "not-here": wait("recipient-unavailable"),
  "already-linked": cancel("conflict"),
  "bad-password": auth("not-authorized"),
  "sign-in-failed": wait("remote-server-timeout"),
  "network-down": wait("remote-server-timeout"),
  "network-down-long": cancel("remote-server-timeout"),
  "signed-out": auth("not-authorized"),
  elsewhere: cancel("recipient-unavailable"),
  "contact-offline": wait("recipient-unavailable"),
  "contact-refused": auth("forbidden"),
  "contact-unknown": cancel("item-not-found"),
  "contact-known": cancel("conflict"),
  "list-full": cancel("resource-constraint"),
  "group-unknown": cancel("item-not-found"),
  "group-known": cancel("conflict"),
  "change-refused": cancel("not-allowed"),
  "not-offered": cancel("feature-not-implemented"),
  "not-signed-in": wait("recipient-unavailable"),
  "puppet-refused": auth("forbidden"),
  "send-uncertain": cancel("remote-server-timeout"),
  "send-failed": cancel("service-unavailable"),
  "rate-limited": wait("resource-constraint"),
  unsupported: modify("not-acceptable"),
  encrypted: modify("not-acceptable"),
  "home-down": wait("internal-server-error"),
  "home-busy": wait("resource-constraint"),
  "home-refused": cancel("not-acceptable"),
  "link-expired": cancel("gone"),
  "too-many-tries": wait("policy-violation"),
  "store-down": wait("internal-server-error"),
  "not-nudged": cancel("service-unavailable"),
  "group-gone": wait("recipient-unavailable"),
  "not-in-group": auth("registration-required"),
  "relay-away": wait("recipient-unavailable"),
  "relay-gone": auth("registration-required"),
  "group-refused": auth("forbidden"),
  "room-unknown": cancel("item-not-found"),
  "room-gone": cancel("gone"),
  "chat-ended": cancel("gone"),
  "lane-full": wait("resource-constraint"),
  fenced: wait("internal-server-error"),
  internal: cancel("internal-server-error"),
};

/** An `<error/>` with a condition and words for the person. */
export function errorElement({ type, condition }: StanzaCondition, text?: string): XmlElement {
  return el(
    "error",
    { type },
    el(condition, { xmlns: NS.stanzas }),
    text === undefined ? undefined : el("text", { xmlns: NS.stanzas, "xml:lang": "en" }, text),
  );
}

/** The error of the catalogue as a stanza's child. */
export function failureElement(code: ErrorCode, text: string = new BridgeError(code).person): XmlElement {
  return errorElement(CONDITIONS[code], text);
}

/** What an error stanza says. */
export function errorCondition(stanza: XmlElement): { condition: string; text: string | undefined; type: string } {
  const error = stanza.getChild("error");
  const condition = elements(error).find((child) => child.getNS() === NS.stanzas && child.getName() !== "text");
  return {
    condition: condition?.getName() ?? "undefined-condition",
    text: error?.getChildText("text", NS.stanzas) ?? undefined,
    type: error?.attrs.type ?? "cancel",
  };
}

/** Whether a refusal passes by itself: the other side says so, or its condition is of that kind. */
export function mayPass({ type, condition }: { type: string; condition: string }): boolean {
  return type === "wait" || PASSING.has(condition);
}

/** Conditions that pass by themselves, e.g. when the person comes online or their server is back. */
const PASSING: ReadonlySet<string> = new Set([
  "service-unavailable",
  "recipient-unavailable",
  "remote-server-timeout",
  "remote-server-not-found",
  "resource-constraint",
  "internal-server-error",
]);
