import type { Email } from "../address.ts";
import type { HttpClient } from "../transport/http.ts";
import { postSoap, SoapError } from "./service.ts";
import { find, xml } from "./xml.ts";

const NAMESPACE = "http://messenger.msn.com/ws/2004/09/oim/";
const ACTION = "http://messenger.live.com/ws/2006/09/oim/Store2";
const BASE64_LINE = 76;

/** A message to leave for somebody (source: msnp-chat §5.6.3). */
export interface StoreCall {
  readonly url: string;
  readonly ticket: string;
  /** As the account's server spells it: it is compared by case. */
  readonly from: string;
  /** Encoded, at most 48 characters. */
  readonly fromName: string;
  readonly to: Email;
  readonly text: string;
  /** GUID without braces. */
  readonly runId: string;
  /** From 1 within the run. */
  readonly sequence: number;
  readonly productId: string;
  /** Empty as long as the service has not asked for one. */
  readonly lockKey: string;
  readonly msnpVersion: string;
  readonly buildVersion: string;
}

/** The MIME text of a message to leave. It must begin at once, and its base64 is wrapped at 76 characters. */
export function offlineContent(call: Pick<StoreCall, "text" | "runId" | "sequence">): string {
  const base64 = Buffer.from(call.text.toWellFormed()).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${BASE64_LINE}}`, "g")) ?? [];
  return [
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: base64",
    "X-OIM-Message-Type: OfflineMessage",
    `X-OIM-Run-Id: {${call.runId}}`,
    `X-OIM-Sequence-Num: ${call.sequence}`,
    "",
    ...lines,
  ].join("\r\n");
}

/** Leaves a message by Store2. Throws SoapError, whose detail may hold a challenge, and HttpError. */
export async function callStore(http: HttpClient, call: StoreCall): Promise<void> {
  const header = xml`<From memberName="${call.from}" friendlyName="${call.fromName}" xml:lang="en-US" proxy="MSNMSGR" xmlns="${NAMESPACE}" msnpVer="${call.msnpVersion}" buildVer="${call.buildVersion}"/><To memberName="${call.to}" xmlns="${NAMESPACE}"/><Ticket passport="${call.ticket}" appid="${call.productId}" lockkey="${call.lockKey}" xmlns="${NAMESPACE}"/><Sequence xmlns="http://schemas.xmlsoap.org/ws/2003/03/rm"><Identifier xmlns="http://schemas.xmlsoap.org/ws/2002/07/utility">http://messenger.msn.com</Identifier><MessageNumber>${call.sequence}</MessageNumber></Sequence>`;
  const body = xml`<MessageType xmlns="${NAMESPACE}">text</MessageType><Content xmlns="${NAMESPACE}">${offlineContent(call)}</Content>`;
  const answer = await postSoap(http, { url: call.url, action: ACTION, operation: "Store", header, body });
  if (find(answer.body, "StoreResponse") === undefined && find(answer.header, "SequenceAcknowledgment") === undefined) {
    throw new SoapError("protocol", `The message was answered with something else (HTTP ${answer.status})`);
  }
}

/** What a refused Store asks for: the answer to a challenge; undefined when it does not (source: msnp-chat §5.6.3). */
export function lockKeyChallenge(error: unknown): string | undefined {
  if (!(error instanceof SoapError) || error.fault !== "AuthenticationFailed") return undefined;
  const challenge = find(error.detail, "LockKeyChallenge")?.text.trim();
  return challenge === "" ? undefined : challenge;
}
