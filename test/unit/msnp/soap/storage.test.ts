import { describe, expect, it } from "vitest";
import { fetchClientConfig, GET_CLIENT_CONFIG, parseClientConfig } from "../../../../src/msnp/soap/config.ts";
import { SoapError } from "../../../../src/msnp/soap/service.ts";
import * as storage from "../../../../src/msnp/soap/storage.ts";
import { escapeXml, find, parseXml, path } from "../../../../src/msnp/soap/xml.ts";
import { HttpClient } from "../../../../src/msnp/transport/http.ts";

const CID = "928394a5b6c7d8e9";

/** An HTTP client that gives one answer, and what it was asked. */
function answering(body: string) {
  const asked = { body: parseXml("<nothing/>"), action: "" };
  const http = new HttpClient({
    timeout: 1000,
    fetch: (_url, init) => {
      asked.body = parseXml(String(init?.body));
      asked.action = new Headers(init?.headers).get("soapaction") ?? "";
      return Promise.resolve(new Response(`<E><Body>${body}</Body></E>`));
    },
  });
  return { http, asked };
}

describe("the roaming profile", () => {
  const answer = `<GetProfileResponse><GetProfileResult><ResourceID>${CID}!106</ResourceID><ExpressionProfile><ResourceID>${CID}!118</ResourceID><Photo><ResourceID>${CID}!205</ResourceID><DocumentStreams><DocumentStream><DocumentStreamType>Named</DocumentStreamType><PreAuthURL>https://s.test/small</PreAuthURL></DocumentStream><DocumentStream><PreAuthURL>https://s.test/static</PreAuthURL><DocumentStreamType>UserTileStatic</DocumentStreamType></DocumentStream></DocumentStreams></Photo><PersonalStatus>Out &amp; about</PersonalStatus><DisplayName>Bob</DisplayName></ExpressionProfile></GetProfileResult></GetProfileResponse>`;

  it("is read with name, message and the large picture", async () => {
    const { http, asked } = answering(answer);
    const call = { ...storage.getProfile(CID), url: "http://s.test/", scenario: "RoamingSeed", ticket: "t=a&p=b" };
    expect(storage.parseProfile(await storage.callStorage(http, call))).toEqual({
      resourceId: `${CID}!106`,
      displayName: "Bob",
      personalMessage: "Out & about",
      photoId: `${CID}!205`,
      photoUrl: "https://s.test/static",
    });
    expect(asked.action).toBe('"http://www.msn.com/webservices/storage/w10/GetProfile"');
    const header = find(asked.body, "Header");
    expect(find(header, "ApplicationID")?.text).toBe("Messenger Client 8.0");
    expect(find(header, "Scenario")?.text).toBe("RoamingSeed");
    expect(find(header, "TicketToken")?.text).toBe("t=a&p=b");
    expect(path(find(asked.body, "profileHandle"), "Alias", "Name")?.text).toBe(CID);
    expect(path(find(asked.body, "profileHandle"), "Alias", "NameSpace")?.text).toBe("MyCidStuff");
  });

  it("may say nothing but its id", () => {
    const bare = "<R><GetProfileResult><ResourceID>1!106</ResourceID></GetProfileResult></R>";
    expect(storage.parseProfile(parseXml(bare))).toEqual({ resourceId: "1!106" });
  });

  it.each(["<R/>", "<R><GetProfileResult/></R>"])("is not in %s", (text) => {
    expect(() => storage.parseProfile(parseXml(text))).toThrow(SoapError);
  });

  it("is changed in what is given, and cleared where that is empty", () => {
    const both = storage.updateProfile(`${CID}!106`, { displayName: "Bob <3", personalMessage: "hi" }).body.source;
    expect(both).toBe(
      `<profile><ResourceID>${CID}!106</ResourceID><ExpressionProfile><FreeText>Update</FreeText><DisplayName>Bob &lt;3</DisplayName><PersonalStatus>hi</PersonalStatus><Flags>0</Flags></ExpressionProfile></profile>`,
    );
    const cleared = storage.updateProfile("1!106", { personalMessage: "" }).body.source;
    expect(cleared).not.toContain("<DisplayName>");
    expect(cleared).toContain(
      "<profileAttributesToDelete><ExpressionProfileAttributes><PersonalStatus>true</PersonalStatus></ExpressionProfileAttributes></profileAttributesToDelete>",
    );
  });

  it("gets a picture by creating, relating and taking off", () => {
    const { operation, body } = storage.createPhoto(CID, { type: "image/png", data: Buffer.from("PNG") });
    expect(operation).toBe("CreateDocument");
    const document = parseXml(`<r xmlns:xsi="x">${body}</r>`);
    expect(find(document, "DocumentStreamType")?.text).toBe("UserTileStatic");
    expect(find(document, "Data")?.text).toBe(Buffer.from("PNG").toString("base64"));
    expect(find(document, "relationshipName")?.text).toBe("Messenger User Tile");
    const created = "<R><CreateDocumentResult>1!205</CreateDocumentResult></R>";
    expect(storage.parseDocumentId(parseXml(created))).toBe("1!205");
    expect(() => storage.parseDocumentId(parseXml("<R/>"))).toThrow(SoapError);
    expect(storage.relatePhoto("1!118", "1!205").body.source).toContain(
      "<SourceID>1!118</SourceID><SourceType>SubProfile</SourceType><TargetID>1!205</TargetID><TargetType>Photo</TargetType><RelationshipName>ProfilePhoto</RelationshipName>",
    );
    expect(storage.unrelatePhoto(CID, "1!205").body.source).toContain("<ResourceID>1!205</ResourceID>");
  });
});

describe("the client's configuration", () => {
  const config =
    '<MsgrConfig><Simple><Relay><Enabled>1</Enabled></Relay><TrustedDomains><domain name="msn.test"/></TrustedDomains></Simple><TabConfig><msntabdata><tab><contenturl>http://msn.test/</contenturl><name>Today</name></tab><tab><name>none</name></tab></msntabdata></TabConfig><AbchCfg><abchconfig><url>https://msn.test/ab</url></abchconfig></AbchCfg></MsgrConfig>';
  const wanted = {
    addressBookUrl: "https://msn.test/ab",
    trustedDomains: ["msn.test"],
    relay: true,
    tabs: [{ name: "Today", url: "http://msn.test/" }],
  };

  it("is asked for as in the book, and read from text", async () => {
    expect(GET_CLIENT_CONFIG.body.source).toBe(
      "<clientinfo><Country>US</Country><CLCID>0409</CLCID><PLCID>0409</PLCID><GeoID>244</GeoID></clientinfo>",
    );
    const text = `<GetClientConfigResponse><GetClientConfigResult>${escapeXml(config)}</GetClientConfigResult></GetClientConfigResponse>`;
    const { http, asked } = answering(text);
    expect(await fetchClientConfig(http, "http://c.test/")).toEqual(wanted);
    expect(asked.action).toBe('"http://www.msn.com/webservices/Messenger/Client/GetClientConfig"');
  });

  it("may stand in its answer as elements, or say nothing", () => {
    const nested = `<R><GetClientConfigResult>${config}</GetClientConfigResult></R>`;
    expect(parseClientConfig(parseXml(nested))).toEqual(wanted);
    const empty = "<R><GetClientConfigResult>&lt;MsgrConfig/&gt;</GetClientConfigResult></R>";
    expect(parseClientConfig(parseXml(empty))).toEqual({ trustedDomains: [], relay: false, tabs: [] });
  });

  it.each(["<R/>", "<R><GetClientConfigResult>no xml</GetClientConfigResult></R>"])("is not in %s", (text) => {
    expect(() => parseClientConfig(parseXml(text))).toThrow(SoapError);
  });
});
