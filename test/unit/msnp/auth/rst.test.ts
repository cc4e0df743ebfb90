import { describe, expect, it } from "vitest";
import { rstRequest, SITE } from "../../../../src/msnp/auth/rst-request.ts";
import { parseRstAnswer } from "../../../../src/msnp/auth/rst-response.ts";
import { AuthError } from "../../../../src/msnp/auth/types.ts";
import { find, findAll, parseXml, textAt } from "../../../../src/msnp/soap/xml.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function answer(tokens: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wst="http://schemas.xmlsoap.org/ws/2004/04/trust" xmlns:wsp="p" xmlns:wsa="a" xmlns:wsse="s" xmlns:wsu="u"><S:Body><wst:RequestSecurityTokenResponseCollection>${tokens}</wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`;
}

function token(address: string, id: string, text: string, secret = "", lifetime = "LifeTime"): string {
  const proof =
    secret && `<wst:RequestedProofToken><wst:BinarySecret>${secret}</wst:BinarySecret></wst:RequestedProofToken>`;
  return `<wst:RequestSecurityTokenResponse><wst:TokenType>urn:passport:compact</wst:TokenType><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>${address}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:${lifetime}><wsu:Created>2026-01-01T00:00:00Z</wsu:Created><wsu:Expires>2026-01-02T00:00:00Z</wsu:Expires></wst:${lifetime}><wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="${id}">${text}</wsse:BinarySecurityToken></wst:RequestedSecurityToken>${proof}</wst:RequestSecurityTokenResponse>`;
}

function failureOf(body: string): AuthError {
  try {
    parseRstAnswer(body, NOW);
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a request for tickets", () => {
  const account = { email: "alice@example.com", password: `<&"'>` };
  const sites = [{ address: SITE.tokenRefresh }, { address: SITE.login, policy: "MBI_KEY_OLD" }];

  it.each([1, 2] as const)("of version %i asks for every site and hides nothing in the markup", (version) => {
    const root = parseXml(rstRequest(version, account, sites, NOW));
    expect(find(root, "Username")?.text).toBe("alice@example.com");
    expect(find(root, "Password")?.text).toBe(`<&"'>`);
    expect(findAll(root, "Address").map((element) => element.text)).toEqual([SITE.tokenRefresh, SITE.login]);
    expect(find(root, "PolicyReference")?.attributes).toEqual({ URI: "MBI_KEY_OLD" });
    expect(find(root, "BinaryVersion")?.text).toBe(version === 1 ? "4" : "5");
    expect(textAt(root, "Header", "Action")).toBe(
      version === 1 ? undefined : "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue",
    );
    expect(find(root, "Timestamp") !== undefined).toBe(version === 2);
  });
});

describe("an answer with tickets", () => {
  it("is told apart by address, whatever the ids", () => {
    const read = parseRstAnswer(
      answer(
        token("messengerclear.live.com", "Compact2", "t=one&amp;p=", "c2VjcmV0") +
          token("contacts.msn.com", "Compact3", "t=two&amp;p=x"),
      ),
      NOW,
    );
    expect(read).toEqual({
      kind: "tickets",
      tickets: [
        { address: "messengerclear.live.com", token: "t=one&p=", secret: "c2VjcmV0", expires: NOW + 86_400_000 },
        { address: "contacts.msn.com", token: "t=two&p=x", expires: NOW + 86_400_000 },
      ],
    });
  });

  it("may spell Lifetime as RST2 does", () => {
    const read = parseRstAnswer(answer(token("contacts.msn.com", "Compact1", "t=1", "", "Lifetime")), NOW);
    expect(read).toMatchObject({ tickets: [{ expires: NOW + 86_400_000 }] });
  });

  it("that holds none is a protocol error", () => {
    expect(failureOf(answer(""))).toMatchObject({ stage: "ticket", code: "protocol" });
  });
});

describe("a fault", () => {
  it("of RST stands beside the body and means a bad password", () => {
    const fault = failureOf(
      `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header><psf:pp xmlns:psf="p"><psf:reqstatus>0x80048823</psf:reqstatus></psf:pp></S:Header><S:Fault><faultcode>wsse:FailedAuthentication</faultcode><faultstring>Authentication Failure</faultstring></S:Fault></S:Envelope>`,
    );
    expect(fault).toMatchObject({ stage: "ticket", code: "bad-password" });
  });

  it("of RST2 stands in the body and means a bad password", () => {
    const fault = failureOf(
      `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>wst:FailedAuthentication</S:Value></S:Subcode></S:Code></S:Fault></S:Body></S:Envelope>`,
    );
    expect(fault).toMatchObject({ stage: "ticket", code: "bad-password" });
  });

  it("with a redirect says where to ask instead", () => {
    const read = parseRstAnswer(
      `<S:Envelope xmlns:S="s"><S:Fault><faultcode>psf:Redirect</faultcode><psf:redirectUrl xmlns:psf="p">https://msnia.login.live.com/RST2.srf</psf:redirectUrl></S:Fault></S:Envelope>`,
      NOW,
    );
    expect(read).toEqual({ kind: "redirect", url: "https://msnia.login.live.com/RST2.srf" });
  });

  it("for an unreadable request is our own error, and its text is not quoted", () => {
    const fault = failureOf(
      `<S:Envelope xmlns:S="s"><S:Fault><faultcode>S:Client</faultcode><faultstring>Traceback: secret</faultstring></S:Fault></S:Envelope>`,
    );
    expect(fault).toMatchObject({ code: "protocol" });
    expect(fault.message).toContain("S:Client");
    expect(fault.message).not.toContain("secret");
  });

  it.each(["not xml", "<a>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`])(
    "that is no XML (%s) is a protocol error",
    (body) => {
      expect(failureOf(body)).toMatchObject({ stage: "ticket", code: "protocol" });
    },
  );
});
