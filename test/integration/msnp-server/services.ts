import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { find, parseXml } from "../../../src/msnp/soap/xml.ts";

export type Xml = ReturnType<typeof parseXml>;

/** What a web service answered: the document as it came, and read. */
export interface ServiceAnswer {
  readonly status: number;
  readonly text: string;
  readonly root: Xml | undefined;
}

/** Posts a SOAP document. */
export async function post(url: string, action: string, header: string, body: string): Promise<ServiceAnswer> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { SOAPAction: `"${action}"`, "Content-Type": "text/xml; charset=utf-8" },
    body: `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Header>${header}</soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`,
  });
  const text = await answer.text();
  return { status: answer.status, text, root: text === "" ? undefined : parseXml(text) };
}

const RSI = "http://www.hotmail.msn.com/ws/2004/09/oim/rsi";

/** An operation of the service that keeps offline messages; the ticket goes without its `t=` (msnp-chat §5.1). */
export function rsi(network: MsnNetwork, ticket: string, operation: string, body = "<all/>"): Promise<ServiceAnswer> {
  const [t = "", p = ""] = ticket.replace(/^t=/, "").split("&p=");
  return post(
    network.services.oimFetchUrl,
    `${RSI}/${operation}`,
    `<PassportCookie xmlns="${RSI}"><t>${t}</t><p>${p}</p></PassportCookie>`,
    `<${operation} xmlns="${RSI}">${body}</${operation}>`,
  );
}

const OIM = "http://messenger.msn.com/ws/2004/09/oim/";
export const STORE2 = "http://messenger.live.com/ws/2006/09/oim/Store2";
export const STORE = "http://messenger.msn.com/ws/2004/09/oim/Store";
export const RUN = "86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F";

/** The content of msnp-chat §5.6.3. */
export const CONTENT = [
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=UTF-8",
  "Content-Transfer-Encoding: base64",
  "X-OIM-Message-Type: OfflineMessage",
  `X-OIM-Run-Id: {${RUN}}`,
  "X-OIM-Sequence-Num: 1",
  "",
  "SGVsbG8sIHdvcmxkIDop",
].join("\n");

export interface Letter {
  readonly from?: string;
  readonly friendlyName?: string;
  readonly to?: string;
  readonly appid?: string;
  readonly lockkey?: string;
  readonly number?: string;
  readonly content?: string;
  readonly action?: string;
}

/** The request of msnp-chat §5.6.3, from alice to bob. */
export function leave(network: MsnNetwork, ticket: string, letter: Letter = {}): Promise<ServiceAnswer> {
  const {
    from = "alice@example.com",
    friendlyName = "=?utf-8?B?QWxpY2U=?=",
    to = "bob@example.com",
    appid = "PROD0119GSJUC$18",
    lockkey = "844559b18ac25f3affb9281fd729203c",
    number = "1",
    content = CONTENT,
    action = STORE2,
  } = letter;
  const header =
    `<From memberName="${from}" friendlyName="${friendlyName}" xml:lang="en-US" proxy="MSNMSGR" xmlns="${OIM}" msnpVer="MSNP15" buildVer="8.5.1288"/>` +
    `<To memberName="${to}" xmlns="${OIM}"/>` +
    `<Ticket passport="${ticket.replaceAll("&", "&amp;")}" appid="${appid}" lockkey="${lockkey}" xmlns="${OIM}"/>` +
    `<Sequence xmlns="http://schemas.xmlsoap.org/ws/2003/03/rm"><Identifier xmlns="http://schemas.xmlsoap.org/ws/2002/07/utility">http://messenger.msn.com</Identifier><MessageNumber>${number}</MessageNumber></Sequence>`;
  const body = `<MessageType xmlns="${OIM}">text</MessageType><Content xmlns="${OIM}">${content}</Content>`;
  return post(network.services.oimStoreUrl, action, header, body);
}

/** The code of a fault, whatever its layout. */
export function faultOf({ root }: ServiceAnswer): string | undefined {
  return find(root, "errorcode")?.text ?? find(root, "faultcode")?.text;
}

/** An operation of the service that keeps profiles; the version decides the namespace of the answer (msnp-chat §5.5). */
export function storageCall(
  network: MsnNetwork,
  ticket: string,
  operation: string,
  body = "<all/>",
  version = "w10",
): Promise<ServiceAnswer> {
  const namespace = `http://www.msn.com/webservices/storage/${version}`;
  return post(
    network.services.storageUrl,
    `${namespace}/${operation}`,
    `<StorageApplicationHeader xmlns="${namespace}"><ApplicationID>Messenger Client 8.0</ApplicationID><Scenario>RoamingSeed</Scenario></StorageApplicationHeader><StorageUserHeader xmlns="${namespace}"><Puid>0</Puid><TicketToken>${ticket.replaceAll("&", "&amp;")}</TicketToken></StorageUserHeader>`,
    `<${operation} xmlns="${namespace}">${body}</${operation}>`,
  );
}
