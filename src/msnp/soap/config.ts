import type { HttpClient } from "../transport/http.ts";
import { operationElement, postSoap, responseOf, SoapError, type SoapOperation } from "./service.ts";
import { child, find, findAll, parseXml, textAt, type XmlElement, XmlError, xml } from "./xml.ts";

const NAMESPACE = "http://www.msn.com/webservices/Messenger/Client";

/** What a network tells its clients beforehand, as far as it means something to one like this (source: msnp-chat §5.2). */
export interface ClientConfig {
  readonly addressBookUrl?: string;
  /** Hosts that clients trust to be the network's. */
  readonly trustedDomains: readonly string[];
  /** Whether the network has a relay for calls. */
  readonly relay: boolean;
  /** Pages behind the tabs of the official client. */
  readonly tabs: readonly { readonly name: string; readonly url: string }[];
}

const MAX_ITEMS = 200;

export const GET_CLIENT_CONFIG: SoapOperation = {
  operation: "GetClientConfig",
  body: xml`<clientinfo><Country>US</Country><CLCID>0409</CLCID><PLCID>0409</PLCID><GeoID>244</GeoID></clientinfo>`,
};

/** Asks for the configuration; nobody needs to be signed in. Throws SoapError and HttpError. */
export async function fetchClientConfig(http: HttpClient, url: string, signal?: AbortSignal): Promise<ClientConfig> {
  const answer = await postSoap(http, {
    url,
    action: `${NAMESPACE}/${GET_CLIENT_CONFIG.operation}`,
    operation: GET_CLIENT_CONFIG.operation,
    header: xml``,
    body: operationElement(NAMESPACE, GET_CLIENT_CONFIG),
    signal,
  });
  return parseClientConfig(responseOf(answer, GET_CLIENT_CONFIG.operation));
}

/** Reads GetClientConfigResponse, whose result is XML as text. Throws SoapError `protocol`. */
export function parseClientConfig(response: XmlElement): ClientConfig {
  const result = child(response, "GetClientConfigResult");
  const root = result === undefined || result.children.length > 0 ? result : documentIn(result.text);
  if (root === undefined) throw new SoapError("protocol", "The configuration service's answer holds no configuration");
  const addressBookUrl = textAt(find(root, "abchconfig"), "url");
  const domains = findAll(find(root, "TrustedDomains"), "domain").flatMap(({ attributes }) => attributes.name ?? []);
  const tabs = findAll(find(root, "TabConfig"), "tab").flatMap((tab) => {
    const url = textAt(tab, "contenturl");
    return url === undefined ? [] : { name: textAt(tab, "name") ?? "", url };
  });
  return {
    ...(addressBookUrl !== undefined && addressBookUrl !== "" && { addressBookUrl }),
    trustedDomains: domains.slice(0, MAX_ITEMS),
    relay: textAt(find(root, "Relay"), "Enabled") === "1",
    tabs: tabs.slice(0, MAX_ITEMS),
  };
}

function documentIn(text: string): XmlElement | undefined {
  try {
    return parseXml(text);
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}
