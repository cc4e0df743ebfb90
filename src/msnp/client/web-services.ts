import { SERVICE_SITES, SITE, type TicketSite } from "../auth/rst-request.ts";
import { MsnpError } from "../errors.ts";
import { atPreferredHost, callAddressBook } from "../soap/address-book-service.ts";
import { type ClientConfig, fetchClientConfig } from "../soap/config.ts";
import { isTicketRefused, type SoapOperation } from "../soap/service.ts";
import { callStorage } from "../soap/storage.ts";
import type { XmlElement } from "../soap/xml.ts";
import type { HttpClient } from "../transport/http.ts";
import type { Tickets } from "./tickets.ts";
import type { MsnServices } from "./types.ts";

/** Which of the two address book services an operation belongs to. */
export type BookService = "addressBook" | "sharing";

/** What a farm asked to be told with the next call, and where that ought to go. */
interface Affinity {
  cacheKey: string | undefined;
  host: string | undefined;
}

/** The web services of one session: where each is, and with which ticket it is called (source: msnp-chat §5). */
export class WebServices {
  readonly http: HttpClient;
  readonly #urls: MsnServices;
  readonly #configured: readonly string[];
  readonly #tickets: Tickets;
  readonly #affinity: Record<BookService, Affinity> = {
    addressBook: { cacheKey: undefined, host: undefined },
    sharing: { cacheKey: undefined, host: undefined },
  };

  constructor(http: HttpClient, urls: MsnServices, tickets: Tickets) {
    this.http = http;
    this.#urls = urls;
    this.#configured = Object.values(urls).filter((url) => typeof url === "string");
    this.#tickets = tickets;
  }

  /** Calls the address book or the sharing service. Rejects with SoapError, HttpError, AuthError, MsnpError. */
  async book(
    service: BookService,
    operation: SoapOperation,
    options: { readonly scenario: string; readonly signal?: AbortSignal | undefined },
  ): Promise<XmlElement> {
    const affinity = this.#affinity[service];
    const configured = service === "sharing" ? this.#urls.sharingUrl : this.#urls.addressBookUrl;
    const answer = await this.withTicket(SITE.contacts, (ticket) =>
      callAddressBook(this.http, {
        ...operation,
        ...options,
        url: atPreferredHost(configured, affinity.host, this.#configured),
        ticket,
        cacheKey: affinity.cacheKey,
      }),
    );
    affinity.cacheKey = answer.cacheKey ?? affinity.cacheKey;
    affinity.host = answer.preferredHost ?? affinity.host;
    return answer.response;
  }

  /** Calls the storage service. Rejects with SoapError, HttpError, AuthError, MsnpError. */
  storage(operation: SoapOperation, scenario: string): Promise<XmlElement> {
    const url = this.urlOf("storageUrl");
    return this.withTicket(SITE.storage, (ticket) => callStorage(this.http, { ...operation, url, scenario, ticket }));
  }

  /** What the network tells its clients beforehand. Rejects with SoapError, HttpError, MsnpError. */
  config(): Promise<ClientConfig> {
    return fetchClientConfig(this.http, this.urlOf("configUrl"));
  }

  /** Runs a call with the ticket of a site, twice at most. Rejects with what the call rejects with, or `no-ticket`. */
  withTicket<T>(
    address: string,
    call: (ticket: string) => Promise<T>,
    isRefused: (error: unknown) => boolean = isTicketRefused,
  ): Promise<T> {
    return this.#tickets.use(siteOf(address), call, isRefused);
  }

  /** The URL of a service that a network need not have. Throws MsnpError `no-service`. */
  urlOf(service: "oimStoreUrl" | "oimFetchUrl" | "storageUrl" | "configUrl"): string {
    const url = this.#urls[service];
    if (url === undefined)
      throw new MsnpError("no-service", "The network has no such web service, or it is not set up");
    return url;
  }

  /** Whether a service is there, and a ticket for it can be had. */
  has(service: "oimStoreUrl" | "oimFetchUrl" | "storageUrl", address: string): boolean {
    return this.#urls[service] !== undefined && this.#tickets.has(siteOf(address));
  }
}

function siteOf(address: string): TicketSite {
  return SERVICE_SITES.find((site) => site.address === address) ?? { address };
}
