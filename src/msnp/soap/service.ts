import { MsnpError } from "../errors.ts";
import type { HttpClient } from "../transport/http.ts";
import { child, find, parseXml, type RawXml, textAt, type XmlElement, XmlError, xml } from "./xml.ts";

export type SoapErrorCode = "fault" | "refused" | "server-busy" | "protocol";

/** A web service answered, but not with what was asked for. Network trouble stays an HttpError. */
export class SoapError extends MsnpError {
  declare readonly code: SoapErrorCode;
  /** Code of a fault, such as `ABDoesNotExist`. */
  readonly fault: string | undefined;

  constructor(code: SoapErrorCode, message: string, options?: ErrorOptions & { fault?: string }) {
    super(code, message, options);
    this.fault = options?.fault;
  }
}

export const ADDRESS_BOOK_NAMESPACE = "http://www.msn.com/webservices/AddressBook";
const APPLICATION_ID = "996CDE1E-AA53-4477-B943-2BE802EA6166";

export interface SoapCall {
  readonly url: string;
  /** Local name of the operation, such as `FindMembership`. */
  readonly operation: string;
  /** Content of the operation's element. */
  readonly body: RawXml;
  /** Why one asks: `Initial`, `Timer` and so on. */
  readonly scenario: string;
  /** TicketToken. */
  readonly ticket: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls an address book or sharing operation and gives its response element.
 * Leaf values are written without blanks around them (source: msnp-chat §5.1). Throws SoapError and HttpError.
 */
export async function callSoap(http: HttpClient, call: SoapCall): Promise<XmlElement> {
  const answer = await http.request({
    method: "POST",
    url: call.url,
    headers: {
      "Content-Type": "text/xml; charset=utf-8",
      SOAPAction: `"${ADDRESS_BOOK_NAMESPACE}/${call.operation}"`,
    },
    body: envelope(call),
    signal: call.signal,
  });
  const root = readXml(call, answer.status, answer.body);
  const fault = find(root, "Fault");
  if (fault !== undefined) throw faultOf(call, fault);
  const response = find(child(root, "Body"), `${call.operation}Response`);
  if (response === undefined) {
    throw new SoapError("protocol", `${call.operation} was answered with something else (HTTP ${answer.status})`);
  }
  return response;
}

function envelope(call: SoapCall): string {
  return xml`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header><ABApplicationHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><ApplicationId>${APPLICATION_ID}</ApplicationId><IsMigration>false</IsMigration><PartnerScenario>${call.scenario}</PartnerScenario></ABApplicationHeader><ABAuthHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><ManagedGroupRequest>false</ManagedGroupRequest><TicketToken>${call.ticket}</TicketToken></ABAuthHeader></soap:Header><soap:Body>${operationElement(call)}</soap:Body></soap:Envelope>`
    .source;
}

function operationElement(call: SoapCall): RawXml {
  return xml`<${call.operation} xmlns="${ADDRESS_BOOK_NAMESPACE}">${call.body}</${call.operation}>`;
}

function readXml(call: SoapCall, status: number, body: string): XmlElement {
  try {
    return parseXml(body, { maxSize: 16 * 1024 * 1024, maxElements: 1_000_000 });
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (status === 401 || status === 403) {
      throw new SoapError("refused", `The address book refused ${call.operation} (HTTP ${status})`, { cause: error });
    }
    const code = status >= 500 ? "server-busy" : "protocol";
    throw new SoapError(code, `${call.operation} was answered with HTTP ${status} and no readable XML`, {
      cause: error,
    });
  }
}

/** Only codes are quoted: fault texts of some servers hold stack traces (source: msnp-chat §5.7). */
function faultOf(call: SoapCall, fault: XmlElement): SoapError {
  const code = find(child(fault, "detail"), "errorcode")?.text.trim() ?? textAt(fault, "faultcode") ?? "no code";
  const shown = code.replace(/[^\w:.-]/g, "").slice(0, 60);
  return new SoapError("fault", `${call.operation} failed with the fault ${shown}`, { fault: shown });
}
