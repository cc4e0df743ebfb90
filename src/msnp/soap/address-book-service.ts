import type { HttpClient } from "../transport/http.ts";
import { operationElement, postSoap, responseOf, type SoapOperation } from "./service.ts";
import { child, type RawXml, textAt, type XmlElement, xml } from "./xml.ts";

export const ADDRESS_BOOK_NAMESPACE = "http://www.msn.com/webservices/AddressBook";
const APPLICATION_ID = "996CDE1E-AA53-4477-B943-2BE802EA6166";

/** A call of the address book or of the sharing service, which share their form. */
export interface AddressBookCall extends SoapOperation {
  readonly url: string;
  /** Why one asks: `Initial`, `Timer`, `ContactSave`, `GroupSave`, `BlockUnblock` and so on. */
  readonly scenario: string;
  /** TicketToken. */
  readonly ticket: string;
  /** What the last answer gave, so that the same farm is met. */
  readonly cacheKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AddressBookAnswer {
  readonly response: XmlElement;
  /** Present when it has changed. */
  readonly cacheKey?: string;
  /** Host that the next call ought to go to. */
  readonly preferredHost?: string;
}

/** Makes the call and gives its response element (source: msnp-chat §5.1). Throws SoapError and HttpError. */
export async function callAddressBook(http: HttpClient, call: AddressBookCall): Promise<AddressBookAnswer> {
  const answer = await postSoap(http, {
    url: call.url,
    action: `${ADDRESS_BOOK_NAMESPACE}/${call.operation}`,
    operation: call.operation,
    header: header(call),
    body: operationElement(ADDRESS_BOOK_NAMESPACE, call),
    signal: call.signal,
  });
  const response = responseOf(answer, call.operation);
  const service = child(answer.header, "ServiceHeader");
  const cacheKey = textAt(service, "CacheKey");
  const preferredHost = textAt(service, "PreferredHostName");
  return {
    response,
    ...(cacheKey !== undefined && cacheKey !== "" && cacheKey.length <= 1024 && { cacheKey }),
    ...(preferredHost !== undefined && preferredHost !== "" && { preferredHost }),
  };
}

function header({ scenario, ticket, cacheKey }: AddressBookCall): RawXml {
  const key = cacheKey === undefined ? [] : xml`<CacheKey>${cacheKey}</CacheKey>`;
  return xml`<ABApplicationHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><ApplicationId>${APPLICATION_ID}</ApplicationId><IsMigration>false</IsMigration><PartnerScenario>${scenario}</PartnerScenario>${key}</ABApplicationHeader><ABAuthHeader xmlns="${ADDRESS_BOOK_NAMESPACE}"><ManagedGroupRequest>false</ManagedGroupRequest><TicketToken>${ticket}</TicketToken></ABAuthHeader>`;
}

/**
 * The URL of a service at the host that the last answer preferred: only when that is the host of a configured service,
 * as no server may send tickets elsewhere, and never from https to http (source: msnp-chat §8.5).
 */
export function atPreferredHost(url: string, preferred: string | undefined, configured: readonly string[]): string {
  if (preferred === undefined) return url;
  const wanted = preferred.toLowerCase();
  const at = URL.parse(url);
  for (const other of configured) {
    const known = URL.parse(other);
    if (at === null || known === null || (known.host !== wanted && known.hostname !== wanted)) continue;
    if (at.protocol === "https:" && known.protocol !== "https:") continue;
    return new URL(`${at.pathname}${at.search}`, known.origin).href;
  }
  return url;
}
