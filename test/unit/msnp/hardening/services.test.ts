import { describe, expect, it } from "vitest";
import { readEndpoints } from "../../../../src/msnp/client/endpoints.ts";
import { BY_DOMAIN, readNetwork } from "../../../../src/msnp/client/list-payload.ts";
import { readMessage } from "../../../../src/msnp/client/offline-inbox.ts";
import { readUserNotification } from "../../../../src/msnp/client/user-notification.ts";
import { decodeWords } from "../../../../src/msnp/message/encoded-word.ts";
import { parseOfflineMime } from "../../../../src/msnp/message/offline-mime.ts";
import { parseClientConfig } from "../../../../src/msnp/soap/config.ts";
import { parseMetadata, readMailData } from "../../../../src/msnp/soap/mail-data.ts";
import { parseProfile } from "../../../../src/msnp/soap/storage.ts";
import { parseXml } from "../../../../src/msnp/soap/xml.ts";
import { CASES, fuzz } from "./fuzzer.ts";

const TIMEOUT = 60_000 + CASES * 2;
const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

const MAIL_DATA =
  "<MD><E><I>0</I></E><M><T>11</T><RT>2026-07-29T12:00:00.000Z</RT><E>bob@example.com</E><I>UUID</I><N>=?utf-8?B?Qm9i?=</N></M><M><E>c@d.e</E><I>2</I></M></MD>";
const NOTICES = bytes(
  `MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsoimnotification\r\n\r\nMail-Data: ${MAIL_DATA}\r\n`,
  `MIME-Version: 1.0\r\nMail-Data: ${MAIL_DATA}\r\n\r\n`,
  "MIME-Version: 1.0\r\n\r\nMail-Data: too-large\r\n",
);
const MESSAGES = bytes(
  "From: =?utf-8?B?QWxpY2U=?= <alice@example.com>\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\nX-OIM-Run-Id: {86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F}\r\nX-OIM-Sequence-Num: 1\r\nX-OriginalArrivalTime: 29 Jul 2026 12:00:00.0000 (UTC) FILETIME=[AAAAAAAA:01DABBBB]\r\n\r\nSGVsbG8sIHdvcmxkIDop",
  'From: "x" <tel:+1555>\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9=\n\n--c--\n--b\nContent-Type: application/vnd.ms-msnipg\n\n<N><TEXT>hi</TEXT></N>\n--b--',
);
const LISTS = bytes(
  '<ml l="1"><d n="example.com"><c n="bob" l="3" t="1" f="Bob%20B" /></d><t><c n="tel:+1555" l="3"/></t></ml>',
  '<ml><d n="example.com"><c n="bob" t="32" /></d></ml>',
);
const PLACES = bytes(
  '<Data><PSM>hi</PSM><EndpointData id="{0a0a0a0a-0000-4000-8000-00000000000a}"><Capabilities>2788999228:48</Capabilities></EndpointData><PrivateEndpointData id="{0a0a0a0a-0000-4000-8000-00000000000a}"><EpName>LAPTOP</EpName><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData></Data>',
);
const ANSWERS = bytes(
  `<R><GetMetadataResponse>${MAIL_DATA}</GetMetadataResponse></R>`,
  "<R><GetProfileResult><ResourceID>1!106</ResourceID><ExpressionProfile><Photo><DocumentStreams><DocumentStream><PreAuthURL>http://x/</PreAuthURL></DocumentStream></DocumentStreams></Photo><DisplayName>Bob</DisplayName></ExpressionProfile></GetProfileResult></R>",
  '<R><GetClientConfigResult><![CDATA[<MsgrConfig><Simple><TrustedDomains><domain name="x"/></TrustedDomains></Simple></MsgrConfig>]]></GetClientConfigResult></R>',
);

describe(`${CASES} broken inputs neither hang nor throw what has no type`, () => {
  it.each<[string, Buffer[], (input: Buffer) => unknown]>([
    ["notices of waiting messages", NOTICES, readMailData],
    ["waiting messages", MESSAGES, (input) => readMessage({ id: "1" }, input.toString())],
    ["the text of waiting messages", MESSAGES, (input) => parseOfflineMime(input.toString()).text.isWellFormed()],
    ["encoded words", MESSAGES, (input) => decodeWords(input.toString())],
    ["lists", LISTS, (input) => [BY_DOMAIN.read(input), readNetwork(input)]],
    ["places", PLACES, readEndpoints],
    ["notifications", PLACES, (input) => readUserNotification({ name: "UBN", args: input.toString().split(" ") })],
    ["answers about waiting messages", ANSWERS.slice(0, 1), (input) => parseMetadata(parseXml(input))],
    ["answers about profiles", ANSWERS.slice(1, 2), (input) => parseProfile(parseXml(input))],
    ["answers about configuration", ANSWERS.slice(2, 3), (input) => parseClientConfig(parseXml(input))],
  ])("in %s", { timeout: TIMEOUT }, (_what, samples, read) => {
    expect(fuzz(samples, read).read).toBeGreaterThan(CASES / 100);
  });
});
