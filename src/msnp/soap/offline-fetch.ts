import type { HttpClient } from "../transport/http.ts";
import { operationElement, postSoap, responseOf, SoapError, type SoapOperation } from "./service.ts";
import { find, type XmlElement, xml } from "./xml.ts";

const NAMESPACE = "http://www.hotmail.msn.com/ws/2004/09/oim/rsi";

/** It has nothing to say, but Escargot answers an action without children with 500 (seen on its running server). */
export const GET_METADATA: SoapOperation = { operation: "GetMetadata", body: xml`<all>true</all>` };

/** Reading leaves it unread, so that it is announced until it is deleted. */
export function getMessage(id: string): SoapOperation {
  return {
    operation: "GetMessage",
    body: xml`<messageId>${id}</messageId><alsoMarkAsRead>false</alsoMarkAsRead>`,
  };
}

export function deleteMessages(ids: readonly string[]): SoapOperation {
  return {
    operation: "DeleteMessages",
    body: xml`<messageIds>${ids.map((id) => xml`<messageId>${id}</messageId>`)}</messageIds>`,
  };
}

/** The MIME text of a message. Throws SoapError `protocol` when there is none. */
export function parseMessage(response: XmlElement): string {
  const text = find(response, "GetMessageResult")?.text;
  if (text === undefined || text.trim() === "") {
    throw new SoapError("protocol", "The service for offline messages gave an empty message");
  }
  return text;
}

/** Calls the service that keeps offline messages (source: msnp-chat §5.6.2). Throws SoapError and HttpError. */
export async function callOfflineFetch(
  http: HttpClient,
  call: SoapOperation & { readonly url: string; readonly ticket: string },
): Promise<XmlElement> {
  const { t, p } = ticketParts(call.ticket);
  const answer = await postSoap(http, {
    url: call.url,
    action: `${NAMESPACE}/${call.operation}`,
    operation: call.operation,
    header: xml`<PassportCookie xmlns="${NAMESPACE}"><t>${t}</t><p>${p}</p></PassportCookie>`,
    body: operationElement(NAMESPACE, call),
  });
  return responseOf(answer, call.operation);
}

/** The two halves of `t=...&p=...`, which this service wants one by one. */
export function ticketParts(ticket: string): { t: string; p: string } {
  const [, t = ticket, p = ""] = /^t=([^&]*)(?:&p=(.*))?$/s.exec(ticket) ?? [];
  return { t, p };
}
