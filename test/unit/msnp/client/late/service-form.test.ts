import { describe, expect, it, test } from "vitest";
import { parseEmail } from "../../../../../src/msnp/address.ts";
import { BY_SERVICE } from "../../../../../src/msnp/client/late/service-form.ts";
import type { ListEntry } from "../../../../../src/msnp/client/list-payload.ts";
import { bookStep, readBook } from "../../../../fixtures/msnp21/book.ts";

const ALICE = parseEmail("alice@example.com");
const entry = (email: string, bits: number, network = 1): ListEntry => ({ email: parseEmail(email), network, bits });
const bookPayload = (step: string): string | undefined => bookStep(step)[0]?.payload?.toString();

describe("lists with a mask for each service (source: msnp21 §2.6)", () => {
  test("T8, T9: the own services, then contacts; who is blocked is hidden from", () => {
    const entries = [entry("bob@example.com", 3), entry("carol@example.org", 1 | 4)];
    expect(BY_SERVICE.initial(entries, ALICE)).toEqual([bookPayload("T8"), bookPayload("T9")]);
  });

  test("§2.6: one contact is hidden from, and no more", () => {
    const [hide] = readBook("samples").filter(({ step }) => step === "2.6");
    expect(BY_SERVICE.changes([entry("bob@example.com", 4)])).toEqual([hide?.payload?.toString()]);
  });

  it("never says 4, which servers refuse with 241, and hides from strangers without a profile", () => {
    const [, contacts] = BY_SERVICE.initial([entry("dave@x.org", 4), entry("erin@x.org", 1, 32)], ALICE);
    expect(contacts).toBe(
      '<ml l="1"><d n="x.org"><c n="dave" t="1"><s l="66" n="IM"/></c><c n="erin" t="32"><s l="1" n="IM"/><s l="1" n="PE"/><s l="1" n="PF"/></c></d></ml>',
    );
  });

  it("says that the list is empty when it is", () => {
    expect(BY_SERVICE.initial([], ALICE)[1]).toBe('<ml l="1"></ml>');
    expect(BY_SERVICE.changes([])).toEqual([]);
  });

  it("splits long lists below the limit (source: msnp21 §2.6)", () => {
    const many = Array.from({ length: 400 }, (_, i) => entry(`person${i}@example.com`, 3));
    const payloads = BY_SERVICE.initial(many, ALICE);
    expect(payloads.every((payload) => Buffer.byteLength(payload) <= 7300)).toBe(true);
    expect(payloads.join("").match(/<c n="person/g)).toHaveLength(400);
  });
});
