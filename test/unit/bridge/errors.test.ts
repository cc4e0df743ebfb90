import { inspect } from "node:util";
import { expect, test } from "vitest";
import { asBridgeError, BridgeError, ERROR_CODES } from "../../../src/bridge/errors.ts";
import { Secret } from "../../../src/bridge/secret.ts";

const full = { address: "bob@msn.test", network: "Toynet", stage: "ticket", detail: "the server said no", minutes: 12 };

test.each(ERROR_CODES)("%s has whole sentences for a person, with and without particulars", (code) => {
  for (const error of [new BridgeError(code), new BridgeError(code, full)]) {
    expect(error.person).toMatch(/^([A-Z"]|bob@msn.test ).{10,}[.!]$/);
    expect(error.person).not.toMatch(/undefined|null|\[object|NaN|\.\.$/);
    expect(error.message).toMatch(new RegExp(`^${code}: .+`));
    expect(error.http).toBeGreaterThanOrEqual(400);
    expect(["now", "wait", "by-hand", "never"]).toContain(error.retry);
  }
});

test.each(ERROR_CODES.filter((code) => new BridgeError(code).retry === "by-hand"))(
  "%s can be mended by a person, so it says what to do",
  (code) => {
    expect(new BridgeError(code).person).toMatch(/`(retry|link|resume)`|Say it again|does not take messages/);
  },
);

test("only what may have been sent says so", () => {
  for (const code of ERROR_CODES)
    expect(new BridgeError(code).certainty).toBe(code === "send-uncertain" ? "maybe-sent" : "not-sent");
  expect(new BridgeError("send-failed", {}, { certainty: "maybe-sent" }).certainty).toBe("maybe-sent");
});

test("an error of the catalogue stays what it is; anything else is a defect that tells a person no internals", () => {
  const known = new BridgeError("home-down");
  expect(asBridgeError(known)).toBe(known);
  const defect = asBridgeError(new TypeError("secret internals of redis"));
  expect(defect.code).toBe("internal");
  expect(defect.person).not.toContain("internals");
  expect(defect.message).toContain("secret internals of redis");
  expect(asBridgeError("a string").code).toBe("internal");
  expect(asBridgeError(undefined).code).toBe("internal");
});

test("a secret prints as [sealed] wherever it is printed", () => {
  const secret = new Secret("hunter2");
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
    inspect(secret),
  ];
  for (const text of printed) {
    expect(text).toContain("[sealed]");
    expect(text).not.toContain("hunter2");
  }
  expect(secret.open()).toBe("hunter2");
});
