/** What servers send, one of each kind, for the fuzzer to break. Sources: msnp-core §8, msnp-chat §2, §5, msnp21 §3, §11. */
import { encodeMultipart, type HeaderList } from "../../../../src/msnp/message/multipart.ts";

const bytes = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

function mime(headers: readonly string[], body: string): string {
  return `${["MIME-Version: 1.0", ...headers].join("\r\n")}\r\n\r\n${body}`;
}

export const MIME = bytes([
  mime(
    [
      "Content-Type: text/plain; charset=UTF-8",
      "X-MMS-IM-Format: FN=MS%20Sans%20Serif; EF=BI; CO=ff0000; CS=0; PF=22; RL=1",
    ],
    "héllo\r\nyou",
  ),
  mime(["Content-Type: text/plain; charset=shift_jis", "P4-Context: Ann"], "\x82\xa0"),
  mime(["Content-Type: text/x-msmsgscontrol", "TypingUser: bob@example.com"], "\r\n"),
  mime(["Content-Type: text/x-msmsgscontrol", "RecordingUser: bob@example.com"], "\r\n"),
  mime(["Content-Type: text/x-msnmsgr-datacast"], "ID: 1\r\n\r\n"),
  mime(
    ["Content-Type: text/x-msnmsgr-datacast"],
    'ID: 2\r\nData: <msnobj Creator="b@example.com" Size="9" Type="8" Location="a" SHA1D="x="/>\r\n\r\n',
  ),
  mime(["Content-Type: text/x-msnmsgr-datacast"], "ID: 4\r\nData: waves\r\n\r\n"),
  mime(
    ["Content-Type: text/x-mms-emoticon"],
    '(cat)\t<msnobj Creator="b@example.com" Size="9" Type="2" Location="0"/>\t',
  ),
  mime(["Content-Type: text/x-clientcaps"], "Client-Name: Purple/2.10\r\nChat-Logging: Y\r\n"),
  mime(["Content-Type: text/x-keepalive"], "\r\n"),
  mime(
    ["Content-Type: application/x-msnmsgrp2p", "P2P-Dest: alice@example.com"],
    `${"\0".repeat(48)}INVITE MSNMSGR:alice@example.com MSNSLP/1.0\r\n${"\0".repeat(4)}`,
  ),
  mime(
    ["Content-Type: text/x-msmsgsinvite; charset=UTF-8"],
    "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: INVITE\r\nInvitation-Cookie: 33267\r\nApplication-File: a.txt\r\nApplication-FileSize: 42\r\n\r\n",
  ),
  mime(["Content-Type: image/gif"], "base64:R0lGODlhAQABAAAAACw="),
  mime(
    ["Content-Type: text/plain; charset=UTF-8", "Message-ID: {7B7B34E6-7A8D-44FF-926C-1799156B58}", "Chunks: 3"],
    "part one",
  ),
  "Message-ID: {7B7B34E6-7A8D-44FF-926C-1799156B58}\r\nChunk: 1\r\n\r\npart two",
]);

const MESSAGE = MIME[0]?.toString() ?? "";

export const LINES = bytes([
  "VER 1 MSNP18\r\nCVR 2 8.5.1302 8.5.1302 8.5.1302 http://x/ http://x/\r\nGCF 0 21\r\n<Policies></Policies>USR 3 SSO S MBI_KEY_OLD AAECAwQF\r\n",
  "USR 5 OK alice@example.com Alice%20A 1\r\nSYN 6 1\r\nGTC 6 1 A\r\nLST 6 FL 1 1 2 bob@example.com Bob%20B 1,2\r\n",
  "SYN 6 2000-01-01T00:00:00.0-00:00 2000-01-01T00:00:00.0-00:00 2 1\r\nLST N=bob@example.com F=Bob%20B C=22222222-2222-4222-8222-222222222222 11 1 aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\r\n",
  "NLN NLN 1:bob@example.com Bob%20B 2788999228:48 %3Cmsnobj%20Creator%3D%22bob%40example.com%22%2F%3E\r\nUBX 1:bob@example.com 23\r\n<Data><PSM>x</PSM></Data>\r\nFLN 1:bob@example.com 0:0\r\n",
  "CHL 0 22210219642164014968\r\nQNG 50\r\n217 12\r\n731 5 3\r\nabcOUT OTH\r\n",
  `MSG bob@example.com Bob%20B ${Buffer.byteLength(MESSAGE)}\r\n${MESSAGE}ACK 7\r\nNAK 8\r\nJOI carol@example.com Carol 268435456\r\nIRO 1 1 2 bob@example.com Bob\r\nBYE bob@example.com\r\n`,
  "RNG 11752013 127.0.0.1:1864 CKI 849102291.520491113 bob@example.com Bob%20B U messenger.msn.com 1\r\nXFR 8 SB 127.0.0.1:1864 CKI 8a072626aebd40e5e298 U messenger.msn.com 1\r\n",
  'NOT 48\r\n<NOTIFICATION id="0" siteid="45705"></NOTIFICATION>ADL 0 70\r\n<ml><d n="example.com"><c n="dave" t="1" l="8" f="Dave"/></d></ml>\r\nUBN bob@example.com 5 3\r\nabc',
  "SDG 0 4\r\nabcdNFY PUT 5\r\nabcdePUT 7 OK 0\r\n801 45 5\r\n0 6 6",
]);

const envelope = (type: string, content: HeaderList, body: string): Buffer =>
  encodeMultipart({
    routing: [
      ["Routing", "1.0"],
      ["To", "1:alice@example.com;epid={a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}"],
      [
        "From",
        "1:bob@example.com;epid={b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb};via=9:00000000-0000-0000-0009-0123456789ab@live.com",
      ],
      ["Service-Channel", "IM/Online"],
    ],
    reliability: [
      ["Reliability", "1.0"],
      ["Stream", "0"],
      ["Segment", "1"],
    ],
    content: [[type, "2.0"], ...content, ["Content-Length", String(Buffer.byteLength(body))]],
    body: Buffer.from(body),
  });

export const ENVELOPES: readonly Buffer[] = [
  envelope(
    "Messaging",
    [
      ["Message-Type", "Text"],
      ["Content-Type", "text/plain; charset=UTF-8"],
    ],
    "Hello Bob, à bientôt",
  ),
  envelope("Messaging", [["Message-Type", "Control/Typing"]], ""),
  envelope(
    "Messaging",
    [
      ["Message-Type", "Data"],
      ["Bridging-Offsets", "0,52"],
      ["Content-Type", "application/x-msnmsgrp2p"],
    ],
    "x".repeat(104),
  ),
  envelope(
    "Notification",
    [
      ["Uri", "/user"],
      ["NotifType", "Full"],
      ["Content-Type", "application/user+xml"],
    ],
    '<user><s n="IM"><Status>NLN</Status></s><s n="PE"><FriendlyName>Bob</FriendlyName><PSM>x</PSM></s><sep n="IM" epid="{b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb}"><Capabilities>1:2</Capabilities></sep></user>',
  ),
  envelope(
    "Notification",
    [
      ["Uri", "/circle"],
      ["NotifType", "Partial"],
      ["Content-Type", "application/circles+xml"],
    ],
    "<circle><roster><id>IM</id><user><id>1:bob@example.com</id><state>Pending</state></user></roster></circle>",
  ),
];

const soap = (body: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;

export const XML = bytes([
  soap(
    '<FindMembershipResponse xmlns="http://www.msn.com/webservices/AddressBook"><FindMembershipResult><Services><Service><Memberships><Membership><MemberRole>Allow</MemberRole><Members><Member xsi:type="PassportMember" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>Passport</Type><State>Accepted</State><PassportName>bob@example.com</PassportName></Member></Members></Membership></Memberships><Info><Handle><Type>Messenger</Type></Handle></Info></Service></Services></FindMembershipResult></FindMembershipResponse>',
  ),
  soap(
    "<ABFindAllResponse><ABFindAllResult><groups><Group><groupId>g1</groupId><groupInfo><name>Work &amp; play</name></groupInfo></Group></groups><contacts><Contact><contactId>id</contactId><contactInfo><contactType>Regular</contactType><passportName>bob@example.com</passportName><displayName>Bob</displayName><annotations><Annotation><Name>AB.NickName</Name><Value>B</Value></Annotation></annotations><groupIds><guid>g1</guid></groupIds><isMessengerUser>true</isMessengerUser></contactInfo></Contact></contacts></ABFindAllResult></ABFindAllResponse>",
  ),
  soap(
    "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Passport Authentication Fail</faultstring><detail><errorcode xmlns=''>PassportAuthFail</errorcode></detail></soap:Fault>",
  ),
  '<?xml version="1.0"?><S:Envelope xmlns:S="s" xmlns:wst="t" xmlns:wsp="p" xmlns:wsa="a" xmlns:wsse="e" xmlns:wsu="u"><S:Body><wst:RequestSecurityTokenResponseCollection><wst:RequestSecurityTokenResponse><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>messengerclear.live.com</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:LifeTime><wsu:Created>2026-01-01T00:00:00Z</wsu:Created><wsu:Expires>2026-01-02T00:00:00Z</wsu:Expires></wst:LifeTime><wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="Compact1">t=x&amp;p=</wsse:BinarySecurityToken></wst:RequestedSecurityToken><wst:RequestedProofToken><wst:BinarySecret>AAAA</wst:BinarySecret></wst:RequestedProofToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>',
  '<S:Envelope xmlns:S="s" xmlns:psf="f"><S:Fault><faultcode>psf:Redirect</faultcode><psf:redirectUrl>https://127.0.0.1/RST.srf</psf:redirectUrl><faultstring>Authentication Failure</faultstring></S:Fault></S:Envelope>',
  "<Data><PSM>hi &amp; bye</PSM><CurrentMedia>\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0</CurrentMedia></Data>",
  "<MD><E><I>884</I><IU>2</IU><O>222</O><OU>15</OU></E><Q><QTM>409600</QTM><QNM>204800</QNM></Q><M><T>11</T><S>6</S><RT>2026-01-01T00:00:00.0Z</RT><RS>0</RS><SZ>950</SZ><E>bob@example.com</E><I>58C3E5A2-34C2-11D8-BC00-00A0C9A1B6C1</I><F>.!!OIM</F><N>=?utf-8?B?Qm9i?=</N><SU> </SU></M></MD>",
]);
