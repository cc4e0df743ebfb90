import { answerChallenge } from "../../auth/challenge.ts";
import type { Request } from "../connection.ts";
import { argument, payloadOf } from "./args.ts";
import { boardTail } from "./board-tail.ts";
import type { SessionCommand } from "./front.ts";
import { SHIELDS } from "./payloads.ts";
import type { NsSession } from "./session.ts";

/** Everything on the notification server that is neither lists nor presence (source: msnp-core §7). */
export const MISC_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  PNG: keepAlive,
  GCF: policies,
  URL: (session, request) => session.send("URL", argument(request, 0), "/unused1", "/unused2", 1),
  SND: invitationMail,
  SDC: (session, request) => session.send("SDC", argument(request, 0), "OK"),
  // A report of spam is taken without a word, as on Escargot.
  VAS: () => undefined,
  QRY: answerToChallenge,
  XFR: transfer,
  IMS: switchChats,
};

/** An invitation by mail, which nobody gets (source: msnp-core §7.7). */
function invitationMail(session: NsSession, request: Request): void {
  if (request.args.length < 2) throw new Error("SND without an address");
  session.send("SND", argument(request, 0), "OK");
}

function keepAlive(session: NsSession, request: Request): void {
  if (request.args.length > 0) throw new Error("PNG takes no arguments");
  session.send("QNG", session.dialect.keepaliveSeconds);
}

function policies(session: NsSession, request: Request): void {
  const [trid, file] = [argument(request, 0), argument(request, 1)];
  if (session.dialect.gcfAfterSyn && !session.synSent) session.send(715, trid);
  else session.sendPayload(["GCF", trid, file], SHIELDS);
}

/** Without challenges a QRY gets no answer, as on Escargot (source: msnp-core §4). */
function answerToChallenge(session: NsSession, request: Request): void {
  const { challenge: kind, products } = session.dialect;
  if (!session.hub.quirks.challenges || kind === undefined) return;
  const [trid, id] = [argument(request, 0), argument(request, 1)];
  const challenge = session.takeChallenge();
  const product = products.find((known) => known.id === id);
  const right =
    challenge !== undefined &&
    product !== undefined &&
    answerChallenge(kind, challenge, product) === payloadOf(request).toString("latin1");
  if (!right) {
    session.failChallenge(trid);
    return;
  }
  session.passChallenge();
  session.send("QRY", trid);
}

function transfer(session: NsSession, request: Request): void {
  const [trid, destination] = [argument(request, 0), argument(request, 1)];
  const { account, dialect, hub } = session;
  if (destination !== "SB") {
    session.send(201, trid);
  } else if (!session.hasStatus || (account.status === "HDN" && !dialect.hiddenMayCall)) {
    session.send(913, trid);
  } else {
    const cookie = hub.cookies.issue({ session }, hub.limits.cookieMs);
    session.send("XFR", trid, "SB", hub.sbAddress(), "CKI", cookie, ...boardTail(session, "messenger.msn.com"));
  }
}

function switchChats(session: NsSession, request: Request): void {
  const [trid, value] = [argument(request, 0), argument(request, 1)];
  if (value !== "ON" && value !== "OFF") {
    session.send(715, trid);
    return;
  }
  session.acceptsChats = value === "ON";
  session.send("IMS", trid, 0, value);
}
