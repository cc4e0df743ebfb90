import { find, parseXml, path, type RawXml, type XmlElement, xml } from "../../soap/xml.ts";
import { randomHex } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import { type WebAnswer, WebError, type WebRequest } from "./server.ts";

export const ADDRESS_BOOK_NAMESPACE = "http://www.msn.com/webservices/AddressBook";
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const DECLARATION = `<?xml version="1.0" encoding="utf-8"?>`;
const TICKET_LENGTH = 20;

/** One call of a list service: what is asked, and who asks. */
export interface SoapCall {
  readonly operation: string;
  readonly action: XmlElement;
  readonly session: NsSession;
}

/** A refusal in the layout of the list services (source: msnp-chat §5.7). */
export class SoapFault extends Error {
  readonly code: string;
  readonly status: number;
  readonly text: string;

  constructor(code: string, text: string, status = 500) {
    super(text);
    this.code = code;
    this.text = text;
    this.status = status;
  }
}

/**
 * Reads a call and finds its caller by the ticket, who must be signed in with it at this moment (source: msnp-chat §5.1).
 * Throws WebError: 500 without a ticket or for what is no SOAP, 403 for a ticket nobody is signed in with.
 */
export function readCall(request: WebRequest): SoapCall {
  let root: XmlElement;
  try {
    root = parseXml(request.body);
  } catch {
    throw new WebError({ status: 500 });
  }
  const action = path(root, "Body")?.children[0];
  const ticket = find(root, "TicketToken")?.text.trim() ?? cookieTicket(request);
  if (action === undefined || ticket === undefined) throw new WebError({ status: 500 });
  const token = ticket.startsWith("t=") ? ticket.slice(2, 2 + TICKET_LENGTH) : ticket.slice(0, TICKET_LENGTH);
  const session = request.hub.sessionsByTicket.get(token);
  const fault = request.strike(action.name, session?.account.email);
  if (fault?.kind === "redirect") throw new WebError({ status: 302, headers: { Location: fault.url } });
  if (fault !== undefined || session === undefined) {
    throw new WebError({ status: 403 });
  }
  return { operation: action.name, action, session };
}

function cookieTicket(request: WebRequest): string | undefined {
  return /(?:^|;\s*)MSPAuth=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];
}

/** Runs an operation of a list service and puts its result, or its fault, into an envelope. */
export function answerCall(
  request: WebRequest,
  operations: ReadonlyMap<string, (call: SoapCall) => RawXml>,
): WebAnswer {
  const call = readCall(request);
  try {
    const wantsChanges = find(call.action, "deltasOnly") ?? find(call.action, "DeltasOnly");
    if (wantsChanges?.text.trim() === "true") {
      throw new SoapFault("FullSyncRequired", "Full sync required.  Details: Delta syncs disabled.", 200);
    }
    const operation = operations.get(call.operation);
    if (operation === undefined) throw new SoapFault("Forbidden", `API ${call.operation} no longer supported`, 200);
    return { status: 200, body: envelope(request, operation(call)) };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return { status: error.status, body: faultEnvelope(call.operation, error) };
  }
}

function envelope(request: WebRequest, body: RawXml): string {
  const host = new URL(request.hub.httpUrl()).host;
  const whole = xml`<soap:Envelope xmlns:soap="${SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header><ServiceHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><Version>15.01.1408.0000</Version><CacheKey>12r1:${randomHex(32)}</CacheKey><CacheKeyChanged>true</CacheKeyChanged><PreferredHostName>${host}</PreferredHostName><SessionId>${randomHex(32)}</SessionId></ServiceHeader></soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`;
  return DECLARATION + whole.source;
}

function faultEnvelope(operation: string, { code, text }: SoapFault): string {
  const whole = xml`<soap:Envelope xmlns:soap="${SOAP}"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><faultactor>${ADDRESS_BOOK_NAMESPACE}/${operation}</faultactor><detail><errorcode xmlns="${ADDRESS_BOOK_NAMESPACE}">${code}</errorcode><errorstring xmlns="${ADDRESS_BOOK_NAMESPACE}">${text}</errorstring></detail></soap:Fault></soap:Body></soap:Envelope>`;
  return DECLARATION + whole.source;
}
