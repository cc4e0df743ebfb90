import { RawXml, xml } from "../../soap/xml.ts";
import type { WebAnswer, WebRequest } from "./server.ts";
import { envelope, followRedirect } from "./soap.ts";

const CLIENT_NAMESPACE = "http://www.msn.com/webservices/Messenger/Client";
const DECLARATION = `<?xml version="1.0" encoding="utf-8"?>`;

/**
 * MsgrConfig: what a client is to know beforehand. The form follows `ver`: 8 and 9, or 14 and later; MSN 6 to 7.5 ask by
 * SOAP without it. Other versions get nothing, and one that is no number is a bare 500 (source: msnp-chat §5.2).
 */
export function clientConfig(request: WebRequest): WebAnswer {
  const fault = request.strike("config", undefined);
  followRedirect(fault);
  if (fault !== undefined) return { status: 403 };
  const version = request.url.searchParams.get("ver") ?? "";
  if (version === "") {
    return request.method === "POST" ? { status: 200, body: soapForm(config(request, [])) } : { status: 200, body: "" };
  }
  const major = /^(\d{1,4})(?:\.[^.]*)*$/.exec(version)?.[1];
  if (major === undefined) return { status: 500 };
  const number = Number(major);
  if (number === 8 || number === 9) return plain(config(request, []));
  if (number >= 14) return plain(config(request, objectStore()));
  return { status: 200, body: "" };
}

function plain(document: RawXml): WebAnswer {
  return { status: 200, body: DECLARATION + document.source };
}

/** The document goes as text; it holds no `]]>`. */
function soapForm(document: RawXml): string {
  return envelope(
    xml`<GetClientConfigResponse xmlns="${CLIENT_NAMESPACE}"><GetClientConfigResult>${new RawXml(`<![CDATA[${document.source}]]>`)}</GetClientConfigResult></GetClientConfigResponse>`,
  );
}

function objectStore(): RawXml {
  return xml`<P2PConfig><ObjectStore><SendDelay>1</SendDelay></ObjectStore></P2PConfig>`;
}

function config({ hub }: WebRequest, more: RawXml | []): RawXml {
  const base = hub.httpUrl();
  const host = new URL(base).hostname;
  return xml`<MsgrConfig><Simple><Config><ExpiresInDays>0</ExpiresInDays></Config>${more}<DisablePhoneDialer>1</DisablePhoneDialer><MinFlashPlayer BuildNumber="60" MajorVersion="7" MinorVersion="0"/><Relay><Enabled>0</Enabled><MaxCallLength>0</MaxCallLength></Relay><TrustedDomains><domain name="${host}"/></TrustedDomains></Simple><TabConfig><msntabdata><tab><type>page</type><contenturl>${base}</contenturl><hiturl>${base}</hiturl><image>${base}tab.png</image><name>Today</name><tooltip>Today</tooltip><siteid>0</siteid><notificationid>0</notificationid></tab></msntabdata><msntabsettings><oemdisplaylimit>1</oemdisplaylimit><oemtotallimit>1</oemtotallimit></msntabsettings></TabConfig><AbchCfg><abchconfig><url>${base}abservice/abservice.asmx</url></abchconfig></AbchCfg><LocalizedConfig Market="en-US"><AppDirConfig><AppDirPageURL>${base}AppDirectory/Directory.aspx?L=en-us</AppDirPageURL><AppDirSeviceURL>${base}AppDirectory/AppDirectory.asmx</AppDirSeviceURL><AppDirVersionURL>${base}AppDirectory/GetAppdirVersion.aspx</AppDirVersionURL></AppDirConfig></LocalizedConfig></MsgrConfig>`;
}
