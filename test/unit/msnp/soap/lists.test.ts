import { describe, expect, it } from "vitest";
import { parseAddressBook } from "../../../../src/msnp/soap/address-book.ts";
import { atPreferredHost, callAddressBook } from "../../../../src/msnp/soap/address-book-service.ts";
import { parseMembership } from "../../../../src/msnp/soap/membership.ts";
import { SoapError } from "../../../../src/msnp/soap/service.ts";
import { find, parseXml, xml } from "../../../../src/msnp/soap/xml.ts";
import { HttpClient, HttpError } from "../../../../src/msnp/transport/http.ts";

function member(type: string, content: string): string {
  return `<Member xmlns:i="x" i:type="${type}Member"><Type>${type}</Type><State>Accepted</State>${content}</Member>`;
}

function membership(role: string, ...members: string[]): string {
  return `<Membership><MemberRole>${role}</MemberRole><Members>${members.join("")}</Members></Membership>`;
}

function service(type: string, ...memberships: string[]): string {
  return `<Service><Memberships>${memberships.join("")}</Memberships><Info><Handle><Type>${type}</Type></Handle></Info></Service>`;
}

describe("the memberships", () => {
  it("are read by role, leaving out phones, circles, deleted members and other services", () => {
    const text = `<FindMembershipResponse><FindMembershipResult><Services>${service(
      "Messenger",
      membership(
        "Allow",
        member("Passport", "<PassportName>Bob@Example.com</PassportName>"),
        member("Passport", "<PassportName>gone@example.com</PassportName><Deleted>true</Deleted>"),
        member("Phone", "<PhoneNumber>tel:+1555</PhoneNumber>"),
        member("Circle", "<CircleId>1</CircleId>"),
      ),
      membership("Block", member("Email", "<Email>y@yahoo.example</Email>")),
      membership(
        "Pending",
        member("Passport", "<PassportName>carol@example.com</PassportName><DisplayName>Carol</DisplayName>"),
      ),
      membership("Contributor", member("Passport", "<PassportName>x@example.com</PassportName>")),
    )}${service("Space", membership("Allow", member("Passport", "<PassportName>space@example.com</PassportName>")))}</Services></FindMembershipResult></FindMembershipResponse>`;
    expect(parseMembership(parseXml(text))).toEqual([
      { role: "Allow", email: "bob@example.com", network: 1 },
      { role: "Block", email: "y@yahoo.example", network: 32 },
      { role: "Pending", email: "carol@example.com", network: 1, displayName: "Carol" },
    ]);
  });
});

describe("the address book", () => {
  const contact = (info: string, rest = "") =>
    `<Contact><contactId>id</contactId>${rest}<contactInfo>${info}</contactInfo></Contact>`;

  it("is read with groups, nicknames, other networks and the owner", () => {
    const text = `<ABFindAllResponse><ABFindAllResult><groups><Group><groupId>g1</groupId><groupInfo><name>Work</name></groupInfo></Group></groups><contacts>${[
      contact(
        "<contactType>Me</contactType><displayName>Alice</displayName><annotations><Annotation><Name>MSN.IM.BLP</Name><Value>2</Value></Annotation></annotations>",
      ),
      contact(
        "<contactType>Regular</contactType><passportName>bob@example.com</passportName><displayName>Bob</displayName><annotations><Annotation><Name>AB.NickName</Name><Value>Bobby</Value></Annotation></annotations><groupIds><guid>g1</guid><guid>g2</guid></groupIds><isMessengerUser>true</isMessengerUser>",
      ),
      contact("<passportName>mail@example.com</passportName><isMessengerUser>false</isMessengerUser>"),
      contact(
        "<emails><ContactEmail><email>other@x.org</email><isMessengerEnabled>false</isMessengerEnabled></ContactEmail><ContactEmail><email>y@yahoo.example</email><isMessengerEnabled>true</isMessengerEnabled></ContactEmail></emails>",
      ),
      contact("<passportName>deleted@example.com</passportName>", "<fDeleted>true</fDeleted>"),
      contact("<contactType>Circle</contactType><passportName>circle@live.com</passportName>"),
      "<Contact/>",
    ].join("")}</contacts></ABFindAllResult></ABFindAllResponse>`;
    const book = parseAddressBook(parseXml(text));
    expect(book.ownName).toBe("Alice");
    expect(book.privacy).toBe("BL");
    expect([...book.groups]).toEqual([["g1", "Work"]]);
    expect(book.contacts).toEqual([
      {
        id: "id",
        email: "bob@example.com",
        network: 1,
        displayName: "Bob",
        nickname: "Bobby",
        groupIds: ["g1", "g2"],
        isMessengerUser: true,
      },
      { id: "id", email: "mail@example.com", network: 1, groupIds: [], isMessengerUser: false },
      { id: "id", email: "y@yahoo.example", network: 32, groupIds: [], isMessengerUser: true },
    ]);
  });

  it("has no name for people whom Escargot calls None", () => {
    const person = (type: string, email: string): string =>
      `<Contact><contactInfo><contactType>${type}</contactType><passportName>${email}</passportName><displayName>None</displayName></contactInfo></Contact>`;
    const people = person("Regular", "bob@example.com") + person("Me", "alice@example.com");
    const book = parseAddressBook(
      parseXml(
        `<ABFindAllResponse><ABFindAllResult><contacts>${people}</contacts></ABFindAllResult></ABFindAllResponse>`,
      ),
    );
    expect(book.contacts.map(({ email, displayName }) => [email, displayName])).toEqual([
      ["bob@example.com", undefined],
    ]);
    expect(book.ownName).toBeUndefined();
  });

  it("of a new account is empty", () => {
    const book = parseAddressBook(
      parseXml("<ABFindAllResponse><ABFindAllResult><ab/></ABFindAllResult></ABFindAllResponse>"),
    );
    expect(book).toEqual({ contacts: [], groups: new Map(), privacy: "AL" });
  });
});

describe("an answer without a result", () => {
  it.each(["<R/>", "<R><ABFindAllResult/></R>", "<R><FindMembershipResult/></R>", "<R><Other><ab/></Other></R>"])(
    "such as %s is no empty list",
    (text) => {
      expect(() => parseAddressBook(parseXml(text))).toThrow(SoapError);
      expect(() => parseMembership(parseXml(text))).toThrow(SoapError);
    },
  );
});

describe("the preferred host of a farm", () => {
  const configured = ["https://ab.test/a.asmx", "https://other.test:8443/x", "http://plain.test/y"];
  it.each([
    [undefined, "https://ab.test/abservice.asmx"],
    ["other.test:8443", "https://other.test:8443/abservice.asmx"],
    ["OTHER.test", "https://other.test:8443/abservice.asmx"],
    ["evil.test", "https://ab.test/abservice.asmx"],
    ["plain.test", "https://ab.test/abservice.asmx"],
    ["ab.test@evil.test", "https://ab.test/abservice.asmx"],
  ])("%s is followed only when it is configured and not less safe", (preferred, url) => {
    expect(atPreferredHost("https://ab.test/abservice.asmx", preferred, configured)).toBe(url);
  });
});

describe("a call of a web service", () => {
  const call = (answer: () => Response, maxResponse = 1000) =>
    callAddressBook(new HttpClient({ timeout: 1000, maxResponse, fetch: () => Promise.resolve(answer()) }), {
      url: "http://web.test/ab",
      operation: "ABFindAll",
      body: xml`<abId>0</abId>`,
      scenario: "Initial",
      ticket: "t=a&p=b",
    });
  const envelope = (body: string) => `<s:Envelope xmlns:s="x"><s:Body>${body}</s:Body></s:Envelope>`;
  const failure = (answer: () => Response, maxResponse?: number) =>
    call(answer, maxResponse).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("carries the ticket without blanks around it, and gives the response", async () => {
    let sent = "";
    const http = new HttpClient({
      timeout: 1000,
      fetch: (_url, init) => {
        sent = String(init?.body);
        return Promise.resolve(new Response(envelope("<ABFindAllResponse><a>1</a></ABFindAllResponse>")));
      },
    });
    const { response } = await callAddressBook(http, {
      url: "http://w.test/",
      operation: "ABFindAll",
      body: xml`<abId>0</abId>`,
      scenario: "Timer",
      ticket: "t=a&p=b",
    });
    expect(response.children[0]?.text).toBe("1");
    expect(sent).toContain("<TicketToken>t=a&amp;p=b</TicketToken>");
    expect(find(parseXml(sent), "ABFindAll")?.children[0]?.text).toBe("0");
  });

  it("that ends in a fault names the code and hides the text", async () => {
    const fault = envelope(
      "<s:Fault><faultcode>s:Client</faultcode><faultstring>Traceback secret</faultstring><detail><errorcode>FullSyncRequired</errorcode></detail></s:Fault>",
    );
    const error = await failure(() => new Response(fault, { status: 500 }));
    expect(error).toBeInstanceOf(SoapError);
    expect(error).toMatchObject({ code: "fault", fault: "FullSyncRequired" });
    expect(String(error)).not.toContain("secret");
  });

  it.each([
    [403, "", "refused"],
    [500, "", "server-busy"],
    [502, "<html><body>Bad gateway", "server-busy"],
    [200, "", "protocol"],
    [200, envelope("<Other/>"), "protocol"],
  ])("that is answered with HTTP %i and %j is %s", async (status, body, code) => {
    expect(await failure(() => new Response(body, { status }))).toMatchObject({ code });
  });

  it.each([
    [
      "Body",
      "<s:Body><s:Fault><faultcode>s:Client</faultcode><detail><errorcode>X</errorcode></detail></s:Fault></s:Body>",
    ],
    ["Envelope", "<Fault><faultcode>q0:X</faultcode></Fault><s:Body/>"],
    ["SOAP 1.2", "<z:Body xmlns:z='y'><z:Fault><z:Code><z:Value>z:X</z:Value></z:Code></z:Fault></z:Body>"],
  ])("finds a fault in the %s form", async (_form, content) => {
    const text = `<s:Envelope xmlns:s="x">${content}</s:Envelope>`;
    expect(await failure(() => new Response(text))).toMatchObject({ code: "fault", fault: "X" });
  });

  it("that fails for its ticket is told apart", async () => {
    const fault = envelope("<s:Fault><faultcode>q0:PassportAuthFail</faultcode></s:Fault>");
    expect(await failure(() => new Response(fault, { status: 500 }))).toMatchObject({ code: "refused" });
  });

  it("takes any prefix and namespace, and tells what the header says", async () => {
    const text = `<a:Envelope xmlns:a="wrong"><a:Header><q:ServiceHeader xmlns:q="odd"><q:CacheKey>12r1:x</q:CacheKey><q:PreferredHostName>by2.test</q:PreferredHostName></q:ServiceHeader></a:Header><a:Body><n:ABFindAllResponse xmlns:n="none"><n:z>1</n:z></n:ABFindAllResponse></a:Body></a:Envelope>`;
    expect(await call(() => new Response(text))).toMatchObject({
      cacheKey: "12r1:x",
      preferredHost: "by2.test",
      response: { children: [{ name: "z", text: "1" }] },
    });
  });

  it("is bounded in what it reads", async () => {
    const error = await failure(() => new Response("x".repeat(1001)));
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ code: "too-large" });
  });
});
