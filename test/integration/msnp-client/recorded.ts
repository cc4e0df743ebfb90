import { type DialectName, parseEmail } from "../../../src/msnp/index.ts";
import { type Script, withPayload } from "./scripted-server.ts";

// Sign-ins as the book has them: what a server says, by the command it answers.
export const ALICE = parseEmail("alice@example.com");
export const BOB = parseEmail("bob@example.com");
export const CAROL = parseEmail("carol@example.com");
const STAMP = "2000-01-01T00:00:00.0-00:00";
const PROFILE = "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsprofile; charset=UTF-8\r\nMSPAuth: x\r\n\r\n";
const MAIL =
  "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinitialmdatanotification; charset=UTF-8\r\n\r\nMail-Data: <MD></MD>";
const OBJECT =
  "%3Cmsnobj%20Creator%3D%22bob%40example.com%22%20Size%3D%2222731%22%20Type%3D%223%22%20Location%3D%22TFRDDF.dat%22%2F%3E";
const MEDIA = "\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0";

const CVR = (version: string): string =>
  `CVR $ ${version} ${version} ${version} https://escargot.log1p.xyz https://escargot.log1p.xyz\r\n`;
const HOTMAIL = withPayload("MSG Hotmail Hotmail", PROFILE);
const LIST_7 = [
  "LST $ FL 1 1 1 bob@example.com Bob%20B 1\r\nLST $ AL 1 1 1 bob@example.com Bob%20B\r\nLST $ BL 1 0 0\r\n",
  "LST $ RL 1 1 2 bob@example.com Bob%20B\r\nLST $ RL 1 2 2 carol@example.com Carol\r\n",
].join("");

/** msnp-core §8.1. */
const MSNP2: Script = {
  VER: "VER $ MSNP2\r\n",
  INF: "INF $ MD5\r\n",
  CVR: CVR("1.0.0863"),
  USR: ["USR $ MD5 S 1234567890.123456789\r\n", `USR $ OK alice@example.com Alice%20A\r\n${HOTMAIL}`],
  SYN: `SYN $ 1\r\nGTC $ 1 A\r\nBLP $ 1 AL\r\n${LIST_7.replace("Bob%20B 1", "Bob%20B")}`,
  CHG: "CHG $ NLN\r\nILN $ NLN bob@example.com Bob%20B\r\n",
  PNG: "QNG\r\n",
};

/** msnp-core §8.2, with the challenge of §4.1. */
const MSNP7: Script = {
  ...MSNP2,
  VER: "VER $ MSNP7\r\n",
  CVR: CVR("4.5.0121"),
  USR: ["USR $ MD5 S 1234567890.123456789\r\n", `USR $ OK alice@example.com Alice%20A 1\r\n${HOTMAIL}`],
  SYN: [
    "SYN $ 1\r\nGTC $ 1 A\r\nBLP $ 1 AL\r\nPRP 1 MBE N\r\n",
    `LSG $ 1 1 2 0 Other%20Contacts 0\r\nLSG $ 1 2 2 1 Work%20Friends 0\r\n${LIST_7}`,
  ].join(""),
  CHG: "CHG $ NLN\r\nILN $ NLN bob@example.com Bob%20B\r\nCHL 0 15570131571988941333\r\n",
  QRY: "QRY $\r\n",
};

/** msnp-core §8.3. */
const MSNP8: Script = {
  VER: "VER $ MSNP8\r\n",
  CVR: CVR("5.0.0544"),
  USR: [
    "USR $ TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1\r\n",
    `USR $ OK alice@example.com Alice%20A 1 0\r\n${HOTMAIL}`,
  ],
  SYN: [
    "SYN $ 1 2 2\r\nGTC A\r\nBLP AL\r\nPRP MBE N\r\nLSG 0 Other%20Contacts 0\r\nLSG 1 Work%20Friends 0\r\n",
    "LST bob@example.com Bob%20B 11 1\r\nLST carol@example.com Carol 8 0\r\n",
  ].join(""),
  CHG: "CHG $ NLN 0\r\nILN $ NLN bob@example.com Bob%20B 0\r\n",
  PNG: "QNG\r\n",
};

/** msnp-core §8.3, the differences. */
const MSNP9: Script = {
  ...MSNP8,
  VER: "VER $ MSNP9\r\n",
  CVR: CVR("6.0.0602"),
  CHG: `CHG $ NLN 0\r\nILN $ BSY bob@example.com Bob%20B 1073791084 ${OBJECT}\r\n`,
  PNG: "QNG 60\r\n",
};

/** msnp-core §8.4, as Escargot sent it. */
const MSNP11: Script = {
  VER: "VER $ MSNP11\r\n",
  CVR: "CVR $ 7.0.0816 7.0.0816 7.0.0816 https://escargot.log1p.xyz https://escargot.log1p.xyz\r\n",
  USR: [
    "USR $ TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1\r\n",
    `USR $ OK alice@example.com 1 0\r\nSBS 0 null\r\n${withPayload("MSG Hotmail Hotmail", PROFILE)}`,
  ],
  SYN: [
    `SYN $ ${STAMP} ${STAMP} 2 1\r\nGTC A\r\nBLP AL\r\nPRP MFN Alice%20A\r\nPRP MBE N\r\n`,
    "LSG Work%20Friends aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\r\n",
    "LST N=bob@example.com F=Bob%20B C=22222222-2222-4222-8222-222222222222 11 aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa\r\n",
    "LST N=carol@example.com F=Carol 16 \r\n",
  ].join(""),
  GCF: withPayload("GCF $ Shields.xml", '<?xml version="1.0" encoding="utf-8" ?><config></config>'),
  CHG: [
    `CHG $ NLN 1073741856\r\nILN $ BSY bob@example.com Bob%20B 1073791084 ${OBJECT}\r\n`,
    withPayload("UBX bob@example.com", `<Data><PSM>Out &amp; about</PSM><CurrentMedia>${MEDIA}</CurrentMedia></Data>`),
    withPayload("MSG Hotmail Hotmail", MAIL),
    "CHL 0 22210219642164014968\r\n",
  ].join(""),
  QRY: "QRY $\r\n",
  UUX: "UUX $ 0\r\n",
  PNG: "QNG 60\r\n",
};

/** msnp-core §8.7, as Escargot sent it. */
const MSNP18: Script = {
  VER: "VER $ MSNP18\r\n",
  CVR: "CVR $ 14.0.8089.0726 14.0.8089.0726 14.0.8089.0726 https://escargot.log1p.xyz https://escargot.log1p.xyz\r\n",
  USR: [
    `${withPayload("GCF 0", "<Policies></Policies>")}USR $ SSO S MBI_KEY_OLD SD30UU5LkUQ2XpHBA68yE2l7NSE8olOHnkbP7Fo4P/E8J0C7YfrlVFJcbKK3pT4M\r\n`,
    `USR $ OK alice@example.com 1 0\r\nSBS 0 null\r\n${withPayload("MSG Hotmail Hotmail", PROFILE)}UBX 1:alice@example.com 0\r\n`,
  ],
  BLP: "BLP $ AL\r\n",
  ADL: "ADL $ OK\r\n",
  PRP: "PRP $ MFN Alice%20A\r\n",
  UUX: "UUX $ 0\r\n",
  CHG: [
    "CHG $ NLN 2788999228:48 0\r\n",
    `NLN BSY 1:bob@example.com Bob%20B 2789003324:48 ${OBJECT}\r\n`,
    withPayload(
      "UBX 1:bob@example.com",
      `<Data><PSM>Out &#x26; about</PSM><CurrentMedia>${MEDIA.replaceAll("\\", "&#x5C;")}</CurrentMedia><DDP></DDP><SignatureSound></SignatureSound><Scene></Scene><ColorScheme></ColorScheme><EndpointData id="{0a0a0a0a-0000-4000-8000-00000000000a}"><Capabilities>2789003324:48</Capabilities></EndpointData></Data>`,
    ),
    withPayload("MSG Hotmail Hotmail", MAIL),
    "NLN NLN 1:alice@example.com Alice%20A 2788999228:48 0\r\n",
    withPayload("UBX 1:alice@example.com", "<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>"),
    "CHL 0 22210219642164014968\r\n",
  ].join(""),
  QRY: "QRY $\r\n",
  PNG: "QNG 60\r\n",
};

/** msnp-core §8.5, the differences. */
const MSNP12: Script = {
  ...MSNP11,
  VER: "VER $ MSNP12\r\n",
  CVR: CVR("7.5.0324"),
  SYN: (MSNP11.SYN as string).replace(" 11 aaaa", " 11 1 aaaa").replace(" 16 \r\n", " 16 1 \r\n"),
};

/** msnp-core §8.6. */
const MSNP15: Script = {
  ...MSNP18,
  VER: "VER $ MSNP15\r\n",
  CVR: CVR("8.5.1302"),
  USR: [
    `${withPayload("GCF 0", "<Policies></Policies>")}USR $ SSO S MBI_KEY_OLD lLuBlIN1OrVsD34V5y5kL+AsDxsIqZp8/27ioRo4iyOIEY78IN97GStybSe0srRy\r\n`,
    `USR $ OK alice@example.com 1 0\r\nSBS 0 null\r\n${HOTMAIL}`,
  ],
  CHG: [
    `CHG $ NLN 0\r\nILN $ BSY bob@example.com 1 Bob%20B 1073791084 ${OBJECT}\r\n`,
    withPayload(
      "UBX bob@example.com 1",
      `<Data><PSM>Out &#x26; about</PSM><CurrentMedia>${MEDIA}</CurrentMedia></Data>`,
    ),
    withPayload("MSG Hotmail Hotmail", MAIL),
  ].join(""),
};

/** msnp-core §8.5: as MSNP15, with the sign-in of MSNP12. */
const MSNP14: Script = {
  ...MSNP15,
  VER: "VER $ MSNP14\r\n",
  CVR: CVR("8.0.0812"),
  USR: [
    `${withPayload("GCF 0", "<Policies></Policies>")}USR $ TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1\r\n`,
    `USR $ OK alice@example.com 1 0\r\nSBS 0 null\r\n${HOTMAIL}`,
  ],
};

/** msnp-core §8.5: as MSNP14, without network ids. */
const MSNP13: Script = {
  ...MSNP14,
  VER: "VER $ MSNP13\r\n",
  CHG: (MSNP15.CHG as string).replaceAll("bob@example.com 1", "bob@example.com"),
};

/** msnp-core §8.7, the differences. */
const MSNP16: Script = {
  ...MSNP18,
  VER: "VER $ MSNP16\r\n",
  CVR: CVR("14.0.5027.0908"),
  USR: (MSNP18.USR as string[]).map((line) => line.replace("UBX 1:alice@example.com 0", "UBX alice@example.com 1 0")),
  CHG: (MSNP18.CHG as string)
    .replace("NLN BSY 1:bob@example.com Bob", "ILN $ BSY bob@example.com 1 Bob")
    .replace("UBX 1:bob@example.com", "UBX bob@example.com 1")
    .replace("NLN NLN 1:alice@example.com", "NLN NLN alice@example.com 1")
    .replace("UBX 1:alice@example.com", "UBX alice@example.com 1"),
};

export const SCRIPTS = {
  MSNP2,
  MSNP7,
  MSNP8,
  MSNP9,
  MSNP11,
  MSNP12,
  MSNP13,
  MSNP14,
  MSNP15,
  MSNP16,
  MSNP18,
} satisfies Partial<Record<DialectName, Script>>;

export type RecordedName = keyof typeof SCRIPTS;
