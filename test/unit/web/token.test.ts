import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/bridge/secret.ts";
import { formCookieName, formNonce, formProof, proofFits, sameSite, tokenMark } from "../../../src/web/token.ts";

const token = new Secret("A".repeat(43));
const other = new Secret("B".repeat(43));

describe("the proof of a form", () => {
  const nonce = formNonce(undefined);

  test("fits the page and the cookie it was made for", () => {
    expect(proofFits(token, nonce, formProof(token, nonce))).toBe(true);
  });

  test("does not fit another page", () => {
    expect(proofFits(other, nonce, formProof(token, nonce))).toBe(false);
  });

  test("does not fit another browser's cookie", () => {
    expect(proofFits(token, formNonce(undefined), formProof(token, nonce))).toBe(false);
  });

  test.each([undefined, "", "short", "x".repeat(5000)])("does not fit the cookie %j", (cookie) => {
    expect(proofFits(token, cookie, formProof(token, nonce))).toBe(false);
  });

  test("a nonce that the browser brought is kept, so that an open page goes on working", () => {
    expect(formNonce(nonce)).toBe(nonce);
    expect(formNonce("<script>")).not.toBe("<script>");
  });
});

test("a cookie over https can only come from this very host", () => {
  expect(formCookieName(token, true)).toMatch(/^__Host-/);
  expect(formCookieName(token, false)).not.toMatch(/^__Host-/);
});

test("the mark of a token tells nothing of the token", () => {
  expect(tokenMark(token)).toHaveLength(8);
  expect(token.open()).not.toContain(tokenMark(token));
});

describe("where a form comes from", () => {
  const own = "https://msn.example.org";
  test.each([
    [{}, true],
    [{ origin: own }, true],
    [{ origin: own, site: "same-origin" }, true],
    [{ origin: "null", site: "same-origin" }, true],
    [{ origin: "null" }, true],
    [{ origin: "https://evil.test" }, false],
    [{ origin: own, site: "cross-site" }, false],
    [{ origin: own, site: "same-site" }, false],
    [{ origin: "null", site: "cross-site" }, false],
    [{ site: "none" }, false],
    [{ origin: "http://msn.example.org" }, false],
  ])("%j: %s", (headers, allowed) => {
    expect(sameSite(headers, own)).toBe(allowed);
  });
});
