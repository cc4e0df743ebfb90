import { MsnpError } from "../errors.ts";
import type { HttpClient } from "../transport/http.ts";
import { child, find, parseXml, RawXml, textAt, type XmlElement, XmlError, xml } from "./xml.ts";

/** `refused`: the ticket was the trouble; another one may help. */
export type SoapErrorCode = "fault" | "refused" | "server-busy" | "protocol";

/** A web service answered, but not with what was asked for. Network trouble stays an HttpError. */
export class SoapError extends MsnpError {
  declare readonly code: SoapErrorCode;
  /** Code of a fault without its prefix, such as `ABDoesNotExist`. */
  readonly fault: string | undefined;
  /** What else the fault says. */
  readonly detail: XmlElement | undefined;
  /** HTTP status, where there was no SOAP. */
  readonly status: number | undefined;

  constructor(
    code: SoapErrorCode,
    message: string,
    options: ErrorOptions & { fault?: string; detail?: XmlElement | undefined; status?: number } = {},
  ) {
    super(code, message, options);
    this.fault = options.fault;
    this.detail = options.detail;
    this.status = options.status;
  }
}

/** What is asked of a service: the operation's local name and the content of its element. */
export interface SoapOperation {
  readonly operation: string;
  readonly body: RawXml;
}

/** One exchange with a web service. */
export interface SoapPost {
  readonly url: string;
  /** For SOAPAction. */
  readonly action: string;
  /** For what people read. */
  readonly operation: string;
  /** Content of Header and Body. */
  readonly header: RawXml;
  readonly body: RawXml;
  readonly signal?: AbortSignal | undefined;
}

export interface SoapAnswer {
  readonly status: number;
  readonly header: XmlElement | undefined;
  readonly body: XmlElement;
}

const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
const LIMITS = { maxSize: 16 * 1024 * 1024, maxElements: 1_000_000 };
/** Faults that a new ticket may mend (source: msnp-chat §5.7). */
const TICKET_FAULTS: ReadonlySet<string> = new Set([
  "AuthenticationFailed",
  "PassportAuthFail",
  "LiveFederationTokenFailure",
  "FailedAuthentication",
  "BadContextToken",
]);

/** Whether a call failed because of its ticket. */
export function isTicketRefused(error: unknown): boolean {
  return error instanceof SoapError && error.code === "refused";
}

/** Whether the whole service is out of order, so that the same call may work later (source: msnp-chat §5.7). */
export function isUnavailable(error: unknown): boolean {
  return error instanceof SoapError && error.status !== undefined && [429, 502, 503, 504].includes(error.status);
}

/**
 * Posts an envelope and reads the answer, whatever namespaces and prefixes the server uses (source: msnp-chat §5.1).
 * Throws SoapError for faults and for what is no SOAP, and HttpError.
 */
export async function postSoap(http: HttpClient, post: SoapPost): Promise<SoapAnswer> {
  const answer = await http.request({
    method: "POST",
    url: post.url,
    headers: { "Content-Type": "text/xml; charset=utf-8", SOAPAction: `"${post.action}"` },
    body: envelope(post.header, post.body),
    signal: post.signal,
  });
  const { status } = answer;
  const root = readXml(post, status, answer.body);
  const body = child(root, "Body") ?? root;
  // Some faults stand outside of the Body.
  const fault = child(body, "Fault") ?? child(root, "Fault");
  if (fault !== undefined) throw faultOf(post, fault);
  if (status === 401 || status === 403) throw refused(post, status);
  return { status, header: child(root, "Header"), body };
}

/** The operation's response in an answer. Throws SoapError `protocol` when it is something else. */
export function responseOf(answer: SoapAnswer, operation: string): XmlElement {
  const response = find(answer.body, `${operation}Response`);
  if (response !== undefined) return response;
  throw new SoapError("protocol", `${operation} was answered with something else (HTTP ${answer.status})`);
}

/** An operation's element; leaf values stand in it without blanks around them (source: msnp-chat §5.1). */
export function operationElement(namespace: string, { operation, body }: SoapOperation): RawXml {
  return xml`<${new RawXml(operation)} xmlns="${namespace}">${body}</${new RawXml(operation)}>`;
}

function envelope(header: RawXml, body: RawXml): string {
  return xml`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header>${header}</soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`
    .source;
}

function readXml(post: SoapPost, status: number, body: string): XmlElement {
  try {
    return parseXml(body, LIMITS);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (status === 401 || status === 403) throw refused(post, status, error);
    const code = status >= 500 || status === 429 ? "server-busy" : "protocol";
    throw new SoapError(code, `${post.operation} was answered with HTTP ${status} and no readable XML`, {
      cause: error,
      status,
    });
  }
}

function refused(post: SoapPost, status: number, cause?: Error): SoapError {
  return new SoapError("refused", `The web service refused ${post.operation} (HTTP ${status})`, { cause });
}

/** Only codes are quoted: fault texts of some servers hold stack traces (source: msnp-chat §5.7). */
function faultOf(post: SoapPost, fault: XmlElement): SoapError {
  const detail = child(fault, "detail") ?? child(fault, "Detail");
  const code =
    find(detail, "errorcode")?.text.trim() ??
    textAt(fault, "faultcode") ??
    textAt(fault, "Code", "Subcode", "Value") ??
    textAt(fault, "Code", "Value") ??
    "no code";
  const shown = code
    .slice(code.indexOf(":") + 1)
    .replace(/[^\w.-]/g, "")
    .slice(0, 60);
  const kind = TICKET_FAULTS.has(shown) ? "refused" : "fault";
  return new SoapError(kind, `${post.operation} failed with the fault ${shown}`, { fault: shown, detail });
}
