import { answerChallenge } from "../../auth/challenge.ts";
import { headerOf, type MimeMessage, parseMime } from "../../message/mime.ts";
import { find, path, RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { SERVER_DIALECTS } from "../dialects/index.ts";
import { randomHex } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import { leaveOfflineMessage } from "../offline.ts";
import { decodeName } from "../offline-mime.ts";
import type { Account } from "../state/account.ts";
import type { OfflineDraft } from "../state/offline.ts";
import { type WebAnswer, WebError, type WebRequest } from "./server.ts";
import { callerOf, envelope, followRedirect, readDocument, soapAction } from "./soap.ts";

const OLD_NAMESPACE = "http://messenger.msn.com/ws/2004/09/oim/";
const NAMESPACE = "http://messenger.live.com/ws/2006/09/oim/";
/** Escargot's challenge, always the same (source: msnp-chat §5.6.3). */
const CONSTANT_CHALLENGE = "1850937852";
const RUN_ID = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?/i;
/** Base64 is wrapped at 76 characters, and one more is let pass. */
const MAX_LINE = 77;

/** The challenge that a session's next key must answer, where keys are computed. */
const challenges = new WeakMap<NsSession, string>();
/** When an account last left a message, for the throttle. */
const lastStored = new WeakMap<Account, number>();

type FaultCode = "AuthenticationFailed" | "SystemUnavailable" | "InvalidContent" | "SenderThrottleLimitExceeded";

/** A refusal in the layout of this service (source: msnp-chat §5.7). */
class StoreFault extends Error {
  readonly code: string;
  readonly detail: RawXml;

  constructor(code: FaultCode | (string & {}), detail = new RawXml("")) {
    super(`refused with ${code}`);
    this.code = code;
    this.detail = detail;
  }
}

/** OimWS: leaves a message, by Store or Store2; the answer's namespace follows the action (source: msnp-chat §5.6.3). */
export function offlineStore(request: WebRequest): WebAnswer {
  const action = soapAction(request);
  const namespace = action.startsWith(OLD_NAMESPACE) ? OLD_NAMESPACE : NAMESPACE;
  try {
    const number = store(request, action, namespace);
    const acknowledgement = xml`<SequenceAcknowledgment xmlns="http://schemas.xmlsoap.org/ws/2003/03/rm"><Identifier xmlns="http://schemas.xmlsoap.org/ws/2002/07/utility">http://messenger.msn.com</Identifier><AcknowledgmentRange Upper="${number}" Lower="${number}" /></SequenceAcknowledgment>`;
    const body = xml`<StoreResponse xmlns="${namespace}"><PointsConsumed>0</PointsConsumed></StoreResponse>`;
    return { status: 200, body: envelope(body, acknowledgement) };
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    const fault = xml`<soap:Fault><faultcode xmlns:q0="${namespace}">q0:${error.code}</faultcode><faultstring>Exception of type 'System.Web.Services.Protocols.SoapException' was thrown.</faultstring><faultactor>${request.hub.httpUrl()}OimWS/oim.asmx</faultactor><detail>${error.detail}</detail></soap:Fault>`;
    const machine = xml`<Machine xmlns="${namespace}" name="EMBEDDED" ver="12.30.1623.0"/>`;
    return { status: 500, body: envelope(fault, machine) };
  }
}

/** The number of the message that was kept. Throws StoreFault, and WebError 500 for what has no ticket. */
function store(request: WebRequest, action: string, namespace: string): string {
  const { hub } = request;
  const root = readDocument(request);
  const header = path(root, "Header");
  const ticket = find(header, "Ticket");
  if (ticket?.attributes.passport === undefined) throw new WebError({ status: 500 });
  const session = callerOf(request, ticket.attributes.passport);
  const fault = request.strike(action.endsWith("/Store") ? "Store" : "Store2", session?.account.email);
  followRedirect(fault);
  if (fault?.kind === "soap-fault") throw new StoreFault(fault.code);
  if (fault !== undefined || session === undefined) throw challenged(CONSTANT_CHALLENGE, namespace);
  checkKey(session, ticket, namespace);
  const recipient = recipientOf(session, header);
  throttle(session);
  const number = textAt(find(header, "Sequence"), "MessageNumber") ?? "";
  const content = readContent(path(root, "Body", "Content")?.text ?? "", number);
  const from = find(header, "From")?.attributes;
  const kept = leaveOfflineMessage(
    hub,
    {
      ...content,
      from: session.account.email,
      fromName: from?.friendlyName === undefined ? undefined : decodeName(from.friendlyName),
      to: recipient.email,
      at: hub.now(),
      origin: request.remote,
      proxy: from?.proxy,
    },
    session,
  );
  if (kept === undefined) throw new StoreFault("SystemUnavailable");
  lastStored.set(session.account, hub.now());
  return number;
}

function challenged(challenge: string, namespace: string): StoreFault {
  return new StoreFault(
    "AuthenticationFailed",
    xml`<TweenerChallenge xmlns="${namespace}">ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1</TweenerChallenge><LockKeyChallenge xmlns="${namespace}">${challenge}</LockKeyChallenge>`,
  );
}

/** Throws StoreFault with a challenge when the key is missing or, where that counts, wrong. */
function checkKey(session: NsSession, { attributes }: XmlElement, namespace: string): void {
  const { lockKeys } = session.hub.quirks;
  const key = attributes.lockkey ?? "";
  if (lockKeys === "none" || (lockKeys === "any" && key !== "")) return;
  if (lockKeys === "any") throw challenged(CONSTANT_CHALLENGE, namespace);
  const challenge = challenges.get(session) ?? BigInt(`0x${randomHex(15)}`).toString();
  challenges.set(session, challenge);
  const product = SERVER_DIALECTS.flatMap(({ products }) => products).find(({ id }) => id === attributes.appid);
  if (product === undefined || answerChallenge("msnp11", challenge, product) !== key) {
    throw challenged(challenge, namespace);
  }
}

/** The caller must name themselves, and somebody who does not block them. */
function recipientOf({ account, hub }: NsSession, header: XmlElement | undefined): Account {
  const named = find(header, "From")?.attributes.memberName ?? "";
  const spelled = hub.quirks.spelledAddresses ? named : named.toLowerCase();
  const own = hub.quirks.spelledAddresses ? account.email : account.email.toLowerCase();
  const recipient = hub.directory.byEmail(find(header, "To")?.attributes.memberName ?? "");
  if (spelled !== own || recipient === undefined || recipient.blocks(account))
    throw new StoreFault("SystemUnavailable");
  return recipient;
}

function throttle({ account, hub }: NsSession): void {
  const last = lastStored.get(account);
  if (last !== undefined && hub.now() - last < hub.quirks.offlineIntervalMs) {
    throw new StoreFault("SenderThrottleLimitExceeded");
  }
}

/** What a message must look like to be kept; anything else is InvalidContent. */
function readContent(content: string, number: string): Pick<OfflineDraft, "text" | "runId" | "sequence" | "headers"> {
  const invalid = new StoreFault("InvalidContent");
  const text = content.replaceAll("\r\n", "\n");
  const at = text.indexOf("\n\n");
  if (!/^\d{1,9}$/.test(number) || at < 0 || text.startsWith("\n")) throw invalid;
  const mime = parseHeaders(text.slice(0, at), invalid);
  const runId = headerOf(mime, "X-OIM-Run-Id") ?? "";
  const asDemanded =
    RUN_ID.test(runId) &&
    headerOf(mime, "MIME-Version") === "1.0" &&
    headerOf(mime, "Content-Type")?.startsWith("text/plain") === true &&
    headerOf(mime, "Content-Transfer-Encoding") === "base64" &&
    headerOf(mime, "X-OIM-Message-Type") === "OfflineMessage" &&
    headerOf(mime, "X-OIM-Sequence-Num") === number;
  if (!asDemanded) throw invalid;
  const body = text.slice(at + 2);
  if (body.split("\n").some((line) => line.length > MAX_LINE)) throw invalid;
  return { text: decodeBody(body, invalid), runId, sequence: Number(number), headers: mime.headers };
}

function parseHeaders(text: string, invalid: StoreFault): MimeMessage {
  try {
    return parseMime(Buffer.from(`${text}\n\n`));
  } catch {
    throw invalid;
  }
}

function decodeBody(body: string, invalid: StoreFault): string {
  const base64 = body.replace(/\s+/g, "");
  if (!/^[0-9A-Za-z+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) throw invalid;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64"));
  } catch {
    throw invalid;
  }
}
