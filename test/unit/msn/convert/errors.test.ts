import { expect, test } from "vitest";
import { sendError } from "../../../../src/msn/convert/errors.ts";
import { SendError } from "../../../../src/msnp/index.ts";

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
