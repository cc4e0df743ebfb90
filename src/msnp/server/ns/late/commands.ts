import { randomInt } from "node:crypto";
import { argument } from "../args.ts";
import type { SessionCommand } from "../front.ts";
import { MEMBERSHIP_COMMANDS } from "../membership-commands.ts";
import { MISC_COMMANDS } from "../misc-commands.ts";
import { sendMessage } from "./messages.ts";
import { del, put } from "./publish.ts";

/** Circles at MSNP18, which nothing else there uses (source: msnp-core §7.13). */
export const EARLY_CIRCLE_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  PUT: put,
  SDG: sendMessage,
};

const { PNG, GCF, URL, QRY } = MISC_COMMANDS;

/** All that MSNP21 has; what older versions had besides is gone (source: msnp21 §2.1, §2.2). */
export const LATE_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  ...MEMBERSHIP_COMMANDS,
  ...(PNG && { PNG }),
  ...(GCF && { GCF }),
  ...(URL && { URL }),
  ...(QRY && { QRY }),
  PUT: put,
  DEL: del,
  SDG: sendMessage,
  // Windows Phone asks for a challenge of its own, and for something nobody knows (source: msnp21 §2.2).
  CHL: (session) => session.send("CHL", 0, String(randomInt(1e9, 1e10)) + String(randomInt(1e9, 1e10))),
  FSL: (session, request) => session.send("FSL", argument(request, 0), "OK", 0),
};
