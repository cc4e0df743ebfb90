import { find, parseXml, path, RawXml, type XmlElement, xml } from "../../soap/xml.ts";
import { randomHex } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import { type WebAnswer, WebError, type WebRequest } from "./server.ts";

export const ADDRESS_BOOK_NAMESPACE = "http://www.msn.com/webservices/AddressBook";
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const DECLARATION = `<?xml version="1.0" encoding="utf-8"?>`;
const TICKET_LENGTH = 20;

/** One call of a service: what is asked, and who asks. */
export interface SoapCall {
  readonly operation: string;
  readonly action: XmlElement;
  readonly session: NsSession;
  readonly request: WebRequest;
}

/** A refusal in the layout of the list services (source: msnp-chat §5.7). */
export class SoapFault extends Error {
  readonly code: string;
  readonly status: number;
  readonly text: string;
  /** More elements of the detail, in the namespace of the address book. */
  readonly detail: RawXml;

  constructor(code: string, text: string, status = 500, detail = new RawXml("")) {
    super(text);
    this.code = code;
    this.text = text;
    this.status = status;
    this.detail = detail;
  }
}

/** The document of a request. Throws WebError 500 for what is no XML. */
export function readDocument(request: WebRequest): XmlElement {
  try {
    return parseXml(request.body);
  } catch {
    throw new WebError({ status: 500 });
  }
}

/** What the body asks for. Throws WebError 500 when there is nothing, or nothing inside where that counts. */
export function actionOf(request: WebRequest, root: XmlElement): XmlElement {
  const action = path(root, "Body")?.children[0];
  const isEmpty = action === undefined || (request.hub.quirks.refusesEmptyActions && action.children.length === 0);
  if (isEmpty) throw new WebError({ status: 500 });
  return action;
}

/** The action that the SOAPAction header names, without quotes. */
export function soapAction(request: WebRequest): string {
  const value = request.headers.soapaction;
  return (typeof value === "string" ? value : "").trim().replace(/^"|"$/g, "");
}

/** The session that is signed in with a ticket (`t=...` or its first characters) at this moment. */
export function callerOf(request: WebRequest, ticket: string): NsSession | undefined {
  const token = ticket.startsWith("t=") ? ticket.slice(2, 2 + TICKET_LENGTH) : ticket.slice(0, TICKET_LENGTH);
  return request.hub.sessionsByTicket.get(token);
}

/** Carries a forced redirect out. Throws WebError. */
export function followRedirect(fault: ReturnType<WebRequest["strike"]>): void {
  if (fault?.kind === "redirect") throw new WebError({ status: 302, headers: { Location: fault.url } });
}

/**
 * Reads a call and finds its caller by the ticket, who must be signed in with it at this moment (source: msnp-chat §5.1).
 * Throws WebError: 500 without a ticket or for what is no SOAP, `refusal` for a ticket nobody is signed in with;
 * SoapFault where one is forced.
 */
export function readCall(request: WebRequest, refusal: 403 | 500): SoapCall {
  const root = readDocument(request);
  const action = actionOf(request, root);
  const ticket = find(root, "TicketToken")?.text.trim() ?? cookieTicket(request);
  if (ticket === undefined) throw new WebError({ status: 500 });
  const session = callerOf(request, ticket);
  const fault = request.strike(action.name, session?.account.email);
  followRedirect(fault);
  if (fault?.kind === "soap-fault") throw new SoapFault(fault.code, "A fault was forced");
  if (fault !== undefined || session === undefined) throw new WebError({ status: refusal });
  return { operation: action.name, action, session, request };
}

function cookieTicket(request: WebRequest): string | undefined {
  return /(?:^|;\s*)MSPAuth=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];
}

/** Runs an operation of a list service and puts its result, or its fault, into an envelope. */
export function answerCall(
  request: WebRequest,
  operations: ReadonlyMap<string, (call: SoapCall) => RawXml>,
): WebAnswer {
  let name = "";
  try {
    const call = readCall(request, 403);
    name = call.operation;
    const operation = operations.get(call.operation);
    if (wantsChanges(call) && !(request.hub.quirks.listsChanges && name === "FindMembership")) throw fullSyncRequired();
    if (operation === undefined) throw unsupported(name);
    return { status: 200, body: envelope(operation(call), serviceHeader(request)) };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return { status: error.status, body: faultEnvelope(name, error) };
  }
}

/** Whether only changes are asked for. */
export function wantsChanges({ action }: SoapCall): boolean {
  const wish = find(action, "deltasOnly") ?? find(action, "DeltasOnly");
  return wish?.text.trim() === "true";
}

/** Changes cannot be told: everything has to be read anew (source: msnp-chat §5.3). */
export function fullSyncRequired(): SoapFault {
  return new SoapFault("FullSyncRequired", "Full sync required.  Details: Delta syncs disabled.", 200);
}

/** The operation does not exist, which is a fault with HTTP 200 (source: msnp-chat §5.7). */
export function unsupported(operation: string): SoapFault {
  return new SoapFault("Forbidden", `API ${operation} no longer supported`, 200);
}

/** Time as the services write it: whole seconds, UTC. */
export function webTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The header of an answer of a list service. */
export function serviceHeader(request: WebRequest): RawXml {
  const host = new URL(request.hub.httpUrl()).host;
  return xml`<ServiceHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><Version>15.01.1408.0000</Version><CacheKey>12r1:${randomHex(32)}</CacheKey><CacheKeyChanged>true</CacheKeyChanged><PreferredHostName>${host}</PreferredHostName><SessionId>${randomHex(32)}</SessionId></ServiceHeader>`;
}

/** An answer's document. */
export function envelope(body: RawXml, header?: RawXml): string {
  const head = header === undefined ? [] : xml`<soap:Header>${header}</soap:Header>`;
  const whole = xml`<soap:Envelope xmlns:soap="${SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">${head}<soap:Body>${body}</soap:Body></soap:Envelope>`;
  return DECLARATION + whole.source;
}

/** A fault of the list services as a document; an operation nobody heard of has the same layout everywhere. */
export function faultEnvelope(operation: string, { code, text, detail }: SoapFault): string {
  return envelope(
    xml`<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><faultactor>${ADDRESS_BOOK_NAMESPACE}/${operation}</faultactor><detail><errorcode xmlns="${ADDRESS_BOOK_NAMESPACE}">${code}</errorcode><errorstring xmlns="${ADDRESS_BOOK_NAMESPACE}">${text}</errorstring>${detail}<machineName xmlns="${ADDRESS_BOOK_NAMESPACE}">EMBEDDED</machineName><additionalDetails><originalExceptionErrorMessage>${text}</originalExceptionErrorMessage></additionalDetails></detail></soap:Fault>`,
  );
}
