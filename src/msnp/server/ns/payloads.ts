import { escapeXml } from "../../soap/xml.ts";
import { cidDecimal, memberId } from "../ids.ts";
import type { Account } from "../state/account.ts";

/** Bytes behind the 20 characters of a ticket, so that tickets are as long as real ones (source: msnp-core §3.6). */
export const TICKET_FILLER = `${"embeddedMsnNetwork/ThisPartOfTheTicketHasNoMeaning+".repeat(20)}==`;

function headers(fields: readonly (readonly [name: string, value: string | number])[]): string {
  return fields.map(([name, value]) => `${name}: ${value}`.trimEnd()).join("\r\n");
}

export interface ProfileFacts {
  readonly account: Account;
  readonly ticket: string;
  readonly endpoints: boolean;
  readonly remote: { readonly address: string; readonly port: number };
  readonly now: number;
}

/** The profile that follows USR OK (source: msnp-core §7.1). */
export function profileMessage(facts: ProfileFacts): string {
  const { high, low } = memberId(facts.account.id);
  const fields = headers([
    ["MIME-Version", "1.0"],
    ["Content-Type", "text/x-msmsgsprofile; charset=UTF-8"],
    ["LoginTime", Math.floor(facts.now / 1000)],
    ["EmailEnabled", 0],
    ["MemberIdHigh", high],
    ["MemberIdLow", low],
    ["lang_preference", 1033],
    ["preferredEmail", ""],
    ["country", ""],
    ["PostalCode", ""],
    ["Gender", ""],
    ["Kid", 0],
    ["Age", ""],
    ["BDayPre", ""],
    ["Birthday", ""],
    ["Wallet", ""],
    ["Flags", 536872513],
    ["sid", 507],
    ["MSPAuth", `${facts.ticket}${TICKET_FILLER}&p=`],
    ["ClientIP", facts.remote.address],
    ["ClientPort", facts.remote.port],
    ["ABCHMigrated", 1],
    ["MPOPEnabled", facts.endpoints ? 1 : 0],
  ]);
  return `${fields}\r\n\r\n\r\n`;
}

/** Tells how many minutes are left until the server goes down (source: msnp-core §7.1). */
export function maintenanceMessage(minutes: number): string {
  const head = ["MIME-Version: 1.0", "Content-Type: application/x-msmsgssystemmessage", ""];
  return [...head, "Type: 1", `Arg1: ${minutes}`, ""].join("\r\n");
}

/** "Your address book changed" (source: msnp-core §7.2). */
export function addressBookNotice(account: Account, now: number): string {
  return notice(
    account,
    `<Service>ABCHInternal</Service><CID>${cidDecimal(account.id)}</CID>` +
      `<LastModifiedDate>${new Date(now).toISOString()}</LastModifiedDate><HasNewItem>false</HasNewItem>`,
  );
}

/** "This circle changed" (source: msnp21 §2.7). */
export function circleNotice(account: Account, circle: string): string {
  return notice(account, `<HasNewItem>true</HasNewItem><CircleId>${circle}</CircleId>`);
}

function notice(account: Account, inside: string): string {
  const { high, low } = memberId(account.id);
  const hex = (word: number): string => word.toString(16).padStart(8, "0");
  const data =
    `<NotificationData xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
    `${inside}</NotificationData>`;
  return (
    `<NOTIFICATION id="0" siteid="45705" siteurl="http://contacts.msn.com">\r\n` +
    `  <TO pid="0x${hex(low)}:0x${hex(high)}" name="${account.email}"><VIA agent="messenger"/></TO>\r\n` +
    `  <MSG id="0"><SUBSCR url="s.htm"/><ACTION url="a.htm"/><BODY>${escapeXml(data)}</BODY></MSG>\r\n` +
    `</NOTIFICATION>`
  );
}

/** What `GCF .. Shields.xml` asks for in MSNP11 and 12: nothing is forbidden; bare LF as on Escargot (source: msnp-core §7.5). */
export const SHIELDS = [
  `<?xml version="1.0" encoding="utf-8" ?>`,
  "<config>",
  `\t<shield><cli maj="7" min="0" minbld="0" maxbld="9999" deny=" " /></shield>`,
  "\t<block></block>",
  "</config>",
].join("\n");

/** What is pushed as `GCF 0` from MSNP13 on (source: msnp-core §7.5). */
export const POLICIES = [
  "<Policies>",
  `  <Policy type="SHIELDS" checksum="00000000000000000000000000000001"><config><shield><cli maj="7" min="0" minbld="0" maxbld="9999" deny=" " /></shield><block></block></config></Policy>`,
  `  <Policy type="ABCH" checksum="00000000000000000000000000000002"><policy><set id="push" service="ABCH" priority="200"><r id="pushstorage" threshold="180000" /></set></policy></Policy>`,
  `  <Policy type="ERRORRESPONSETABLE" checksum="00000000000000000000000000000003"><Policy></Policy></Policy>`,
  `  <Policy type="P2P" checksum="00000000000000000000000000000004"><ObjStr SndDly="1" /></Policy>`,
  "</Policies>",
].join("\r\n");

/** Text of the ticket for circles, which the client sends back by `USR SHA A` (source: msnp-core §3.9, msnp-chat §6.2). */
export function circleTicket(account: Account, circles: readonly string[], signature: string): string {
  const ids = circles.map((id) => `<Circle Id="${id}" HostedDomain="live.com" />`).join("");
  const ticket = `<?xml version="1.0" encoding="utf-16"?><Ticket>${ids}<TS>0000-01-01T00:00:00</TS><CID>${cidDecimal(account.id)}</CID></Ticket>`;
  const data = Buffer.from(ticket).toString("base64");
  return `<?xml version="1.0" encoding="utf-16"?><SignedTicket ver="1" keyVer="1"><Data>${data}</Data><Sig>${signature}</Sig></SignedTicket>`;
}
