import { describe, expect, test } from "vitest";
import { find, findAll, parseXml, path, textAt } from "../../../src/msnp/soap/xml.ts";
import { ALICE, ALICE_GUID, BOB_GUID, enter18, openNetwork } from "./scene.ts";
import { faultOf, post, storageCall } from "./services.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** The CID of alice as 16 digits, taken from her id as the book says (msnp-chat §5.4). */
const CID = ALICE.slice(19, 23) + ALICE.slice(24);

function photo(data: string, type = "UserTileStatic"): string {
  return `<document xsi:type="Photo"><Name>x</Name><DocumentStreams><DocumentStream xsi:type="PhotoStream"><DocumentStreamType>${type}</DocumentStreamType><MimeType>png</MimeType><Data>${data}</Data><DataSize>0</DataSize></DocumentStream></DocumentStreams></document><relationshipName>Messenger User Tile</relationshipName>`;
}

function update(parts: string, deleted = ""): string {
  return `<profile><ResourceID>${CID}!106</ResourceID><ExpressionProfile><FreeText>Update</FreeText>${parts}<Flags>0</Flags></ExpressionProfile></profile>${deleted}`;
}

describe("The storage service (msnp-chat §5.5)", () => {
  test("a fresh profile has ids, places for pictures and the name, but no message", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { root, status } = await storageCall(network, ticket, "GetProfile");
    expect(status).toBe(200);
    const result = path(find(root, "GetProfileResponse"), "GetProfileResult");
    const expression = path(result, "ExpressionProfile");
    expect(textAt(result, "ResourceID")).toBe(`${CID}!106`);
    expect(textAt(expression, "ResourceID")).toBe(`${CID}!118`);
    expect(textAt(expression, "Photo", "ResourceID")).toBe(`${CID}!205`);
    expect(findAll(expression, "DocumentStreamName").map(({ text }) => text)).toEqual(["UserTileSmall"]);
    expect(textAt(expression, "StaticUserTilePublicURL")).toBe(
      `http://127.0.0.1:${network.ports.http}/storage/usertile/${ALICE}/static`,
    );
    expect(textAt(expression, "DisplayName")).toBe("Alice A");
    expect(textAt(expression, "PersonalStatus")).toBeUndefined();
    expect(textAt(find(root, "StorageUserHeader"), "Cid")).toBe(CID);
  });

  test("a name and a message are kept with their times, and deleted again", async () => {
    let now = Date.UTC(2026, 6, 29, 12);
    await using network = await openNetwork({ now: () => now });
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const profile = async () => find((await storageCall(network, ticket, "GetProfile")).root, "ExpressionProfile");
    await storageCall(
      network,
      ticket,
      "UpdateProfile",
      update("<DisplayName>Alice &amp; co</DisplayName><PersonalStatus>Out</PersonalStatus>"),
    );
    now += 60_000;
    await storageCall(network, ticket, "UpdateProfile", update("<PersonalStatus>Back</PersonalStatus>"));
    const kept = await profile();
    expect(
      ["DisplayName", "DisplayNameLastModified", "PersonalStatus", "PersonalStatusLastModified"].map((name) =>
        textAt(kept, name),
      ),
    ).toEqual(["Alice & co", "2026-07-29T12:00:00Z", "Back", "2026-07-29T12:01:00Z"]);
    const deleted =
      "<profileAttributesToDelete><ExpressionProfileAttributes><PersonalStatus>true</PersonalStatus></ExpressionProfileAttributes></profileAttributesToDelete>";
    await storageCall(network, ticket, "UpdateProfile", update("<DisplayName>Alice</DisplayName>", deleted));
    const left = await profile();
    expect(textAt(left, "PersonalStatus")).toBeUndefined();
    expect(textAt(left, "DisplayName")).toBe("Alice");
    expect(network.account("alice@example.com").displayName).toBe("Alice A");
  });

  test("a picture is kept by what it is, and anybody can fetch it", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const made = await storageCall(network, ticket, "CreateDocument", photo(PIXEL));
    expect(find(made.root, "CreateDocumentResult")?.text).toBe(`${CID}!205`);
    const { root } = await storageCall(network, ticket, "GetProfile");
    const [large, small] = findAll(root, "DocumentStream");
    expect([textAt(large, "DocumentStreamName"), textAt(large, "MimeType")]).toEqual(["UserTileStatic", "image/png"]);
    expect(textAt(large, "DataSize")).toBe(String(Buffer.from(PIXEL, "base64").length));
    for (const stream of [large, small]) {
      const answer = await fetch(textAt(stream, "PreAuthURL") ?? "");
      expect(answer.headers.get("content-type")).toBe("image/png");
      expect(Buffer.from(await answer.arrayBuffer()).toString("base64")).toBe(PIXEL);
    }
  });

  test("what is no picture, or no tile, is taken and forgotten", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    for (const body of [photo(Buffer.from("hello there").toString("base64")), photo(PIXEL, "UserTileLarge")]) {
      expect((await storageCall(network, ticket, "UpdateDocument", body)).status).toBe(200);
    }
    const base = `http://127.0.0.1:${network.ports.http}/storage/usertile`;
    for (const url of [`${base}/${ALICE}/static`, `${base}/${ALICE}/huge`, `${base}/x`]) {
      expect((await fetch(url)).status).toBe(404);
    }
  });

  for (const operation of ["CreateRelationships", "DeleteRelationships"]) {
    test(`${operation} succeeds without an effect`, async () => {
      await using network = await openNetwork();
      const { ticket } = await enter18(network, "alice", ALICE_GUID);
      const { root, status } = await storageCall(network, ticket, operation);
      expect([status, find(root, `${operation}Response`)?.children]).toEqual([200, []]);
    });
  }

  test("FindDocuments finds the photo", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { root } = await storageCall(network, ticket, "FindDocuments");
    expect(textAt(find(root, "Document"), "ResourceID")).toBe(`${CID}!205`);
  });

  test("the action decides the namespace of the answer", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    for (const version of ["w10", "2008"]) {
      const { text } = await storageCall(network, ticket, "GetProfile", "<all/>", version);
      expect(text).toContain(`<GetProfileResponse xmlns="http://www.msn.com/webservices/storage/${version}">`);
    }
  });

  test("who is not signed in gets a bare 500, other operations a fault with HTTP 200", async () => {
    await using network = await openNetwork();
    const nobody = await storageCall(network, `t=${"0".repeat(20)}&p=`, "GetProfile");
    expect(nobody).toEqual({ status: 500, text: "", root: undefined });
    const { ticket } = await enter18(network, "alice", BOB_GUID);
    for (const operation of ["ShareItem", "CreateProfile"]) {
      const answer = await storageCall(network, ticket, operation);
      expect([answer.status, faultOf(answer)]).toEqual([200, "Forbidden"]);
    }
    expect((await storageCall(network, ticket, "UpdateProfile", "<profile/>")).status).toBe(500);
  });
});

describe("The client's configuration (msnp-chat §5.2)", () => {
  const QUESTION =
    '<GetClientConfig xmlns="http://www.msn.com/webservices/Messenger/Client"><clientinfo><Country>US</Country><CLCID>0409</CLCID><PLCID>0409</PLCID><GeoID>244</GeoID></clientinfo></GetClientConfig>';

  test("by SOAP it is text inside the result", async () => {
    await using network = await openNetwork();
    const action = "http://www.msn.com/webservices/Messenger/Client/GetClientConfig";
    const { root } = await post(network.services.configUrl, action, "", QUESTION);
    const config = parseXml(find(root, "GetClientConfigResult")?.text ?? "");
    expect(config.name).toBe("MsgrConfig");
    expect(textAt(find(config, "abchconfig"), "url")).toBe(network.services.addressBookUrl);
    for (const name of ["TabConfig", "AppDirConfig", "TrustedDomains", "Relay"])
      expect(find(config, name)).toBeDefined();
  });

  for (const path of ["Config/MsgrConfig.asmx", "config/MsgrConfig.asmx", "etc/MsgrConfig"]) {
    test(`/${path} answers by version: 8 and 9, 14 and later, nothing for others`, async () => {
      await using network = await openNetwork();
      const ask = async (query: string): Promise<[number, string]> => {
        const answer = await fetch(`http://127.0.0.1:${network.ports.http}/${path}${query}`);
        return [answer.status, await answer.text()];
      };
      const [, old] = await ask("?op=GetClientConfig&Country=US&CLCID=0409&PLCID=0409&GeoID=244&ver=8.5.1302");
      expect(textAt(find(parseXml(old), "tab"), "type")).toBe("page");
      const [, recent] = await ask("?ver=14.0.8117.416");
      expect(textAt(find(parseXml(recent), "ObjectStore"), "SendDelay")).toBe("1");
      expect(find(parseXml(old), "ObjectStore")).toBeUndefined();
      for (const query of ["", "?ver=7.5.324", "?ver=12"]) expect(await ask(query)).toEqual([200, ""]);
      expect((await ask("?ver=x8"))[0]).toBe(500);
    });
  }
});
