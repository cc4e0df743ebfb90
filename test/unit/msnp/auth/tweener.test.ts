import { describe, expect, it } from "vitest";
import {
  parseAuthenticationInfo,
  parsePassportUrls,
  passportAuthorization,
} from "../../../../src/msnp/auth/tweener.ts";

// Examples of msnp-core §3.3.
describe("the headers of a Tweener sign-in", () => {
  it("name the login server, with or without a scheme", () => {
    expect(parsePassportUrls("DARealm=Passport.Net,DALogin=login.passport.com/login2.srf,ConfigVersion=15")).toBe(
      "https://login.passport.com/login2.srf",
    );
    expect(parsePassportUrls("DALogin=https://m1.escargot.log1p.xyz/login")).toBe(
      "https://m1.escargot.log1p.xyz/login",
    );
    expect(parsePassportUrls("DARealm=Passport.Net")).toBeUndefined();
    expect(parsePassportUrls(null)).toBeUndefined();
  });

  it("carry the credentials, encoded, and the challenge as it is", () => {
    expect(passportAuthorization("alice@example.com", "secret", "ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1")).toBe(
      "Passport1.4 OrgVerb=GET,OrgURL=http%3A%2F%2Fmessenger%2Emsn%2Ecom,sign-in=alice%40example.com,pwd=secret,ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1",
    );
    expect(passportAuthorization("a@b.c", "a,b =ü", "x")).toContain(",pwd=a%2Cb%20%3D%C3%BC,x");
  });

  it("bring the ticket between quotes", () => {
    expect(parseAuthenticationInfo("Passport1.4 da-status=success,from-PP='08208cd7f952f8a0b54d'")).toBe(
      "08208cd7f952f8a0b54d",
    );
    expect(
      parseAuthenticationInfo("Passport1.4 da-status=success,tname=MSPAuth,from-PP='t=abc&p=def',ru=http://x"),
    ).toBe("t=abc&p=def");
    expect(parseAuthenticationInfo("Passport1.4 da-status=redir")).toBeUndefined();
    expect(parseAuthenticationInfo(null)).toBeUndefined();
  });
});
