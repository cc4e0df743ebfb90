import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import { circleError, groupSendError, sendError } from "../../../../src/msn/convert/errors.ts";
import { MsnpError, type SendCode, SendError } from "../../../../src/msnp/index.ts";
import { SoapError } from "../../../../src/msnp/soap/service.ts";

const to = { address: "bob@msn.test", network: "Toynet" };

test("a text that nobody confirmed may have arrived", () => {
  const error = sendError(new SendError("timeout", "maybe-sent", "no ACK"), to);
  expect(error).toMatchObject({ code: "send-uncertain", certainty: "maybe-sent" });
  expect(error.person).toContain("it may or may not have arrived");
});

test("of a long text that broke off it is said how much of it has arrived", () => {
  const error = sendError(new SendError("peer-offline", "not-sent", "217").after(3), to);
  expect(error).toMatchObject({ code: "send-uncertain", certainty: "maybe-sent" });
  expect(error.person).toBe(
    "Only the first 3 part(s) of this long message are known to have reached bob@msn.test. Say `retry` to send all of it again.",
  );
});

test("what was surely not sent is refused by its reason", () => {
  expect(sendError(new SendError("peer-offline", "not-sent", "217"), to).code).toBe("contact-offline");
  expect(sendError(new SendError("closed", "not-sent", "gone"), to).code).toBe("network-down");
  expect(sendError(new TypeError("of undefined"), to).code).toBe("internal");
});

test("words for a group: who cannot be reached is no matter of one contact, and the network is not down for it", () => {
  const at = (code: SendCode, isSignedIn = true) =>
    groupSendError(new SendError(code, "not-sent", "Why"), isSignedIn, { network: "Toynet" }).code;
  expect(at("peer-offline")).toBe("group-gone");
  expect(at("no-answer")).toBe("group-gone");
  expect(at("closed")).toBe("group-gone");
  expect(at("closed", false)).toBe("network-down");
  expect(at("refused")).toBe("send-failed");
  expect(at("rate-limited")).toBe("rate-limited");
  expect(groupSendError(new BridgeError("group-gone"), true, {}).code).toBe("group-gone");
  const unsure = groupSendError(new SendError("timeout", "maybe-sent", "Why", { partsSent: 2 }), true, {});
  expect(unsure).toMatchObject({ code: "send-uncertain", context: { parts: 2 }, certainty: "maybe-sent" });
});

test("something about a circle that was not done says whose fault that is", () => {
  const of = (error: unknown) => circleError(error, { network: "Toynet" });
  expect(of(new MsnpError("not-supported", "MSNP15 has no circles")).person).toBe(
    "Toynet cannot do that: MSNP15 has no circles. It is no fault of yours.",
  );
  expect(of(new MsnpError("no-such-circle", "The account is in no such circle")).code).toBe("group-gone");
  expect(of(new MsnpError("not-signed-in", "The account is not signed in")).code).toBe("network-down");
  expect(of(new Error("Status 500")).person).toBe("That was not done: MSN refused it (Status 500).");
  const nobody = new SoapError("fault", "CreateContact failed", { fault: "InvalidPassportUser" });
  expect(of(nobody).person).toBe("That was not done: MSN knows nobody of that address.");
  const mine = new BridgeError("group-refused", { detail: "no" });
  expect(of(mine)).toBe(mine);
});
