import { describe, expect, it } from "vitest";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/address.ts";
import { AUTH_STRATEGIES, type AuthContext } from "../../../../src/msnp/auth/index.ts";
import { dialectOf } from "../../../../src/msnp/dialect/index.ts";
import { find, findAll, parseXml } from "../../../../src/msnp/soap/xml.ts";
import { HttpClient } from "../../../../src/msnp/transport/http.ts";

// What goes to the login servers and what comes out of it, for each way to sign in (msnp-core §3).
const CHALLENGE = "ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1";
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

function ticket(site: string): string {
  return `<RequestSecurityTokenResponse><AppliesTo><EndpointReference><Address>${site}</Address></EndpointReference></AppliesTo><RequestedSecurityToken><BinarySecurityToken>t=${site}&amp;p=</BinarySecurityToken></RequestedSecurityToken></RequestSecurityTokenResponse>`;
}

function context(answer: string, asked: string[] = []): AuthContext {
  const fetch = (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    asked.push(String(init?.body));
    return Promise.resolve(new Response(answer));
  };
  return {
    dialect: dialectOf("MSNP12"),
    email: parseEmail("alice@example.com"),
    password: () => "secret",
    machineGuid: parseMachineGuid("{0A0A0A0A-0000-4000-8000-00000000000A}"),
    nexusUrl: "http://web.test/nexus",
    rstUrl: "http://web.test/RST.srf",
    http: new HttpClient({ fetch: fetch as typeof globalThis.fetch, timeout: 1000 }),
  };
}

const envelope = (...sites: string[]): string =>
  `<S:Envelope xmlns:S="${SOAP}"><S:Body><RequestSecurityTokenResponseCollection>${sites.map(ticket).join("")}</RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`;

describe("MD5 (MSNP2-7)", () => {
  it("answers with the hash of salt and password", async () => {
    const proof = await AUTH_STRATEGIES.md5.prove(["1234567890.123456789"], context(""));
    expect(proof).toEqual({ args: ["MD5", "S", "2976b981ef84ce29f35136d7465e731b"] });
  });

  it("needs a salt", async () => {
    await expect(AUTH_STRATEGIES.md5.prove([], context(""))).rejects.toMatchObject({ code: "protocol" });
  });
});

describe("Tweener by Nexus (MSNP8-11)", () => {
  const by = (nexusUrl: string, login: string, asked: string[]): AuthContext => {
    const fetch = (url: URL): Promise<Response> => {
      asked.push(url.href);
      const headers: Record<string, string> =
        url.href === nexusUrl
          ? { PassportURLs: `DALogin=${login}` }
          : { "Authentication-Info": "Passport1.4 da-status=success,from-PP='abc'" };
      return Promise.resolve(new Response("", { headers }));
    };
    const http = new HttpClient({ fetch: fetch as typeof globalThis.fetch, timeout: 1000 });
    return { ...context(""), nexusUrl, http };
  };

  it("logs in where the directory says", async () => {
    const asked: string[] = [];
    const proof = await AUTH_STRATEGIES.tweener.prove([CHALLENGE], by("https://n.test/", "l.test/login", asked));
    expect(proof.args).toEqual(["TWN", "S", "abc"]);
    expect(asked).toEqual(["https://n.test/", "https://l.test/login"]);
  });

  it("shows the password to nobody by http when the directory was reached by https", async () => {
    const asked: string[] = [];
    const context = by("https://n.test/", "http://l.test/login", asked);
    await expect(AUTH_STRATEGIES.tweener.prove([CHALLENGE], context)).rejects.toMatchObject({
      stage: "auth-host",
      code: "protocol",
    });
    expect(asked).toEqual(["https://n.test/"]);
  });
});

describe("Tweener by RST (MSNP12-14)", () => {
  it("asks for the chat server's ticket under the challenge, with commas as ampersands", async () => {
    const asked: string[] = [];
    const answer = envelope("messenger.msn.com", "contacts.msn.com", "messengersecure.live.com");
    const proof = await AUTH_STRATEGIES.rst.prove([CHALLENGE], context(answer, asked));
    expect(proof.args).toEqual(["TWN", "S", "t=messenger.msn.com&p="]);
    expect(proof.tickets?.get("contacts.msn.com")?.token).toBe("t=contacts.msn.com&p=");
    const request = parseXml(asked[0] ?? "");
    const wanted = findAll(request, "RequestSecurityToken").map((one) => [
      find(one, "Address")?.text,
      find(one, "PolicyReference")?.attributes.URI,
    ]);
    expect(wanted).toContainEqual(["messenger.msn.com", "?ct=1&rver=1&wp=FS_40SEC_0_COMPACT&lc=1&id=1"]);
    expect(wanted[0]?.[0]).toBe("http://Passport.NET/tb");
    expect(new Set(wanted.map(([address]) => address)).size).toBe(wanted.length);
  });

  it("fails when there is no such ticket, or no challenge", async () => {
    const other = context(envelope("contacts.msn.com"));
    await expect(AUTH_STRATEGIES.rst.prove([CHALLENGE], other)).rejects.toMatchObject({
      stage: "ticket",
      code: "protocol",
    });
    await expect(AUTH_STRATEGIES.rst.prove([], other)).rejects.toMatchObject({ stage: "ticket", code: "protocol" });
  });

  it("knows a wrong password by the fault, whatever the status", async () => {
    const fault = `<S:Envelope xmlns:S="${SOAP}"><S:Fault><faultcode>wsse:FailedAuthentication</faultcode></S:Fault></S:Envelope>`;
    await expect(AUTH_STRATEGIES.rst.prove([CHALLENGE], context(fault))).rejects.toMatchObject({
      code: "bad-password",
    });
  });
});
