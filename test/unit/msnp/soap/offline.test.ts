import { describe, expect, it } from "vitest";
import { parseEmail } from "../../../../src/msnp/address.ts";
import { answerMsnp11Challenge } from "../../../../src/msnp/auth/challenge.ts";
import { parseMailData, parseMetadata, readMailData } from "../../../../src/msnp/soap/mail-data.ts";
import {
  callOfflineFetch,
  deleteMessages,
  GET_METADATA,
  getMessage,
  parseMessage,
  ticketParts,
} from "../../../../src/msnp/soap/offline-fetch.ts";
import {
  callStore,
  lockKeyChallenge,
  offlineContent,
  type StoreCall,
} from "../../../../src/msnp/soap/offline-store.ts";
import { SoapError } from "../../../../src/msnp/soap/service.ts";
import { escapeXml, find, parseXml, type XmlElement } from "../../../../src/msnp/soap/xml.ts";
import { HttpClient } from "../../../../src/msnp/transport/http.ts";

const ENTRY =
  "<M><T>11</T><S>6</S><RT>2026-07-29T12:00:00.000Z</RT><RS>0</RS><SZ>986</SZ><E>bob@example.com</E><I>UUID</I><F>00000000-0000-0000-0000-000000000009</F><N>=?utf-8?B?Qm9i?=</N></M>";
const MAIL_DATA = `<MD><E><I>0</I><IU>0</IU><O>0</O><OU>0</OU></E><Q><QTM>409600</QTM><QNM>204800</QNM></Q>${ENTRY}</MD>`;
const READ = { id: "UUID", from: "bob@example.com", fromName: "Bob", receivedAt: Date.UTC(2026, 6, 29, 12) };

const notice = (...lines: string[]): Buffer => Buffer.from(lines.join("\r\n"));
const TYPE = "Content-Type: text/x-msmsgsinitialmdatanotification; charset=UTF-8";

describe("a notice of waiting messages", () => {
  it("is read from its body, and from its header block", () => {
    expect(readMailData(notice("MIME-Version: 1.0", TYPE, "", `Mail-Data: ${MAIL_DATA}`, ""))).toEqual([READ]);
    expect(readMailData(notice("MIME-Version: 1.0", TYPE, `Mail-Data: ${MAIL_DATA}`, "", ""))).toEqual([READ]);
  });

  it("may say that there are too many", () => {
    expect(readMailData(notice(TYPE, "", "Mail-Data: too-large", ""))).toBe("too-large");
  });

  it("of an empty mailbox lists nobody, and one of mail has nothing to list", () => {
    expect(readMailData(notice(TYPE, "", "Mail-Data: <MD><E><I>0</I></E></MD>", ""))).toEqual([]);
    expect(readMailData(notice("Content-Type: application/x-msmsgssystemmessage", "", "Type: 1"))).toBeUndefined();
  });

  it("is read although its subject stands outside, its name is broken and its time is missing", () => {
    const fresh =
      "<MD><M><T>11</T><S>6</S><RS>0</RS><SZ>9</SZ><E>bob@example.com</E><I>X</I><F>.!!OIM</F><N>=?utf-8?B?Qm9i ?=</N></M><SU> </SU></MD>";
    expect(parseMailData(fresh)).toEqual([{ id: "X", from: "bob@example.com", fromName: "Bob" }]);
  });

  it("is read as far as it goes when it is cut, and past what cannot be read", () => {
    expect(parseMailData(MAIL_DATA + ENTRY.slice(0, 60))).toEqual([READ]);
    expect(parseMailData(`<MD><M><I>1</X></M>${ENTRY}</MD>`)).toEqual([READ]);
    expect(parseMailData("<MD><M><E>no id</E></M></MD>")).toEqual([]);
  });

  it("is read with any prefix", () => {
    expect(parseMailData(MAIL_DATA.replaceAll(/<(\/?)/g, "<$1q:"))).toEqual([READ]);
  });

  it("that never ends its elements is read in no time", () => {
    expect(parseMailData("<M>".repeat(300_000))).toEqual([]);
  });
});

describe("the list of waiting messages", () => {
  it.each([
    ["elements", MAIL_DATA],
    ["text", escapeXml(MAIL_DATA)],
  ])("may come as %s", (_form, content) => {
    const answer = `<GetMetadataResponse xmlns="http://www.hotmail.msn.com/ws/2004/09/oim/rsi">${content}</GetMetadataResponse>`;
    expect(parseMetadata(parseXml(answer))).toEqual([READ]);
  });
});

describe("the service for waiting messages", () => {
  it("is asked as in the book", () => {
    // Not empty as in the book: Escargot refuses that.
    expect(GET_METADATA.body.source).toBe("<all>true</all>");
    expect(getMessage("UUID").body.source).toBe("<messageId>UUID</messageId><alsoMarkAsRead>false</alsoMarkAsRead>");
    expect(deleteMessages(["1", "2"]).body.source).toBe(
      "<messageIds><messageId>1</messageId><messageId>2</messageId></messageIds>",
    );
  });

  it("gets both halves of the ticket, without their names", async () => {
    expect(ticketParts("t=abc/+=&p=def==")).toEqual({ t: "abc/+=", p: "def==" });
    expect(ticketParts("t=abc&p=")).toEqual({ t: "abc", p: "" });
    expect(ticketParts("abc")).toEqual({ t: "abc", p: "" });
    const { sent } = await captured(
      "<GetMessageResponse><GetMessageResult>x</GetMessageResult></GetMessageResponse>",
      (http) => callOfflineFetch(http, { ...getMessage("1"), url: "http://rsi.test/", ticket: "t=a&p=b" }),
    );
    expect(find(sent, "PassportCookie")?.children.map(({ name, text }) => `${name}=${text}`)).toEqual(["t=a", "p=b"]);
  });

  it("that gives an empty message gives none", () => {
    expect(parseMessage(parseXml("<r><GetMessageResult>From: a</GetMessageResult></r>"))).toBe("From: a");
    expect(() => parseMessage(parseXml("<r><GetMessageResult/></r>"))).toThrow(SoapError);
    expect(() => parseMessage(parseXml("<r/>"))).toThrow(SoapError);
  });
});

/** Runs a call against an answer; gives what was sent. */
async function captured<T>(answer: string, call: (http: HttpClient) => Promise<T>, status = 200) {
  let sent = parseXml("<nothing/>");
  let action: string | null = null;
  const http = new HttpClient({
    timeout: 1000,
    fetch: (_url, init) => {
      sent = parseXml(String(init?.body));
      action = new Headers(init?.headers).get("soapaction");
      return Promise.resolve(new Response(`<E><Body>${answer}</Body></E>`, { status }));
    },
  });
  const outcome = await call(http).catch((error: unknown) => error);
  return { sent, action, outcome };
}

const CALL: StoreCall = {
  url: "http://ows.test/",
  ticket: "t=a&p=b",
  from: "alice@example.com",
  fromName: "=?utf-8?B?QWxpY2U=?=",
  to: parseEmail("bob@example.com"),
  text: "Hello, world :)",
  runId: "86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F",
  sequence: 1,
  productId: "PROD0119GSJUC$18",
  lockKey: "",
  msnpVersion: "MSNP15",
  buildVersion: "8.5.1288",
};

describe("a message that is left by Store2", () => {
  it("has the book's text", () => {
    expect(offlineContent(CALL)).toBe(
      [
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: base64",
        "X-OIM-Message-Type: OfflineMessage",
        "X-OIM-Run-Id: {86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F}",
        "X-OIM-Sequence-Num: 1",
        "",
        "SGVsbG8sIHdvcmxkIDop",
      ].join("\r\n"),
    );
  });

  it("is wrapped at 76 characters", () => {
    const [, body = ""] = offlineContent({ ...CALL, text: "é".repeat(400) }).split("\r\n\r\n");
    const lines = body.split("\r\n");
    expect(Math.max(...lines.map((line) => line.length))).toBe(76);
    expect(Buffer.from(lines.join(""), "base64").toString()).toBe("é".repeat(400));
  });

  it("goes out with the book's headers", async () => {
    const { sent, action, outcome } = await captured("<StoreResponse/>", (http) => callStore(http, CALL));
    expect(outcome).toBeUndefined();
    expect(action).toBe('"http://messenger.live.com/ws/2006/09/oim/Store2"');
    const header = find(sent, "Header");
    expect(attributes(header, "From")).toEqual({
      memberName: "alice@example.com",
      friendlyName: "=?utf-8?B?QWxpY2U=?=",
      lang: "en-US",
      proxy: "MSNMSGR",
      msnpVer: "MSNP15",
      buildVer: "8.5.1288",
    });
    expect(attributes(header, "To")).toEqual({ memberName: "bob@example.com" });
    expect(attributes(header, "Ticket")).toEqual({ passport: "t=a&p=b", appid: "PROD0119GSJUC$18", lockkey: "" });
    expect(find(header, "MessageNumber")?.text).toBe("1");
    expect(find(sent, "MessageType")?.text).toBe("text");
    expect(find(sent, "Content")?.text.startsWith("MIME-Version: 1.0\n")).toBe(true);
  });

  it("is not believed to be kept when the answer is something else", async () => {
    const { outcome } = await captured("<Welcome/>", (http) => callStore(http, CALL));
    expect(outcome).toMatchObject({ code: "protocol" });
  });

  it("may be refused with a challenge", async () => {
    const fault = (detail: string): string =>
      `<Fault><faultcode>q0:AuthenticationFailed</faultcode><detail>${detail}</detail></Fault>`;
    const challenged = await captured(
      fault("<TweenerChallenge>ct=1</TweenerChallenge><q:LockKeyChallenge>1850937852</q:LockKeyChallenge>"),
      (http) => callStore(http, CALL),
      500,
    );
    expect(lockKeyChallenge(challenged.outcome)).toBe("1850937852");
    const other = await captured(fault("<RequiredAuthPolicy>MBI</RequiredAuthPolicy>"), (http) =>
      callStore(http, CALL),
    );
    expect(lockKeyChallenge(other.outcome)).toBeUndefined();
    expect(lockKeyChallenge(new Error("other"))).toBeUndefined();
  });

  it.each([
    ["1850937852", "PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX", "844559b18ac25f3affb9281fd729203c"],
    ["1850937852", "PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "0a3192f8f2e8b130a3f09d730a3aff11"],
    ["1850937852", "PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM", "4d7903fe4e44d395e9bad3b0f98879a6"],
    ["22210219642164014968", "PROD0090YUAUV{2B", "YMM8C_H7KCQ2S_KL", "85ecb0db8f32113df79ce0892b9a102c"],
    ["15570131571988941333", "PROD01065C%ZFN6F", "O4BG@C7BWLYQX?5G", "47d2b1e24f85947bdd29b3bfe29f027b"],
    ["11533365622852247127", "PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "f086d1ded067186deca8dba2231602cf"],
  ])("has a key for challenge %s of %s", (challenge, id, key, answer) => {
    expect(answerMsnp11Challenge(challenge, { id, key }).answer).toBe(answer);
  });
});

function attributes(element: XmlElement | undefined, name: string): Record<string, string> {
  return { ...find(element, name)?.attributes };
}
