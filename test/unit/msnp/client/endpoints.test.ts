import { describe, expect, it } from "vitest";
import { readEndpoints } from "../../../../src/msnp/client/endpoints.ts";
import { readUserNotification } from "../../../../src/msnp/client/user-notification.ts";

const HOME = "0a0a0a0a-0000-4000-8000-00000000000a";
const WORK = "0b0b0b0b-0000-4000-8000-00000000000b";

describe("the places in a UBX of one's own", () => {
  it("are read as Escargot writes them", () => {
    const payload = `<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia><EndpointData id="{${HOME}}"><Capabilities>2788999228:48</Capabilities></EndpointData><EndpointData id="{${WORK.toUpperCase()}}"><Capabilities>0:0</Capabilities></EndpointData><PrivateEndpointData id="{${HOME}}"><EpName>LAPTOP</EpName><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData></Data>`;
    expect(readEndpoints(Buffer.from(payload))).toEqual([
      {
        id: HOME,
        capabilities: { basic: 2788999228, extended: 48 },
        name: "LAPTOP",
        clientType: "1",
        status: "NLN",
      },
      { id: WORK, capabilities: { basic: 0, extended: 0 } },
    ]);
  });

  it("without an id are none", () => {
    expect(readEndpoints(Buffer.from("<Data><EndpointData/><PrivateEndpointData id='x'/></Data>"))).toEqual([]);
  });

  it.each(["", "<Data>", "no xml"])("cannot be read from %j", (payload) => {
    expect(readEndpoints(Buffer.from(payload))).toBeUndefined();
  });
});

describe("a notification between clients", () => {
  const read = (...args: string[]) => readUserNotification({ name: "UBN", args, payload: Buffer.from("data") });

  it.each([
    [["bob@example.com", "1", "4"], "xml", undefined],
    [[`bob@example.com;{${HOME}}`, "4", "4"], "signOut", HOME],
    [["bob@example.com", "1", "3", "4"], "p2p", undefined],
    [["1:bob@example.com", "12", "4"], "sipTunnel", undefined],
    [["bob@example.com", "99", "4"], "unknown", undefined],
  ])("%j is read", (args, kind, endpoint) => {
    const notification = read(...args);
    expect(notification).toMatchObject({ kind, from: { email: "bob@example.com" } });
    expect(notification?.from.endpoint).toBe(endpoint);
    expect(notification?.data.toString()).toBe("data");
  });

  it.each([[["tel:+15551234", "1", "4"]], [["bob@example.com", "x", "4"]], [["bob@example.com"]], [[]]])(
    "%j is none",
    (args) => {
      expect(read(...args)).toBeUndefined();
    },
  );
});
