import type { Availability } from "../../bridge/model.ts";
import type { CurrentMedia, MsnStatus } from "../../msnp/index.ts";

const TO_NEUTRAL: Readonly<Record<MsnStatus, Availability>> = {
  NLN: "online",
  BSY: "busy",
  IDL: "idle",
  BRB: "be-right-back",
  AWY: "away",
  PHN: "on-the-phone",
  LUN: "out-to-lunch",
  HDN: "hidden",
  FLN: "offline",
};

const TO_MSN: Readonly<Record<Availability, MsnStatus>> = {
  online: "NLN",
  busy: "BSY",
  idle: "IDL",
  "be-right-back": "BRB",
  away: "AWY",
  "on-the-phone": "PHN",
  "out-to-lunch": "LUN",
  hidden: "HDN",
  // CHG FLN is refused with 201; who is offline but signed in is hidden (source: msnp-core §6.1).
  offline: "HDN",
};

/** An MSN status in the bridge's words. Source: msnp-core §6.1. */
export function availabilityOf(status: MsnStatus): Availability {
  return TO_NEUTRAL[status];
}

/** What is sent with CHG for an availability. */
export function statusOf(availability: Availability): MsnStatus {
  return TO_MSN[availability];
}

/** What is playing, as clients of the network show it (source: msnp-core §6.6). */
export function currentMedia(text: string): CurrentMedia {
  return { application: "", type: "Music", enabled: true, format: "{0}", args: [text] };
}
