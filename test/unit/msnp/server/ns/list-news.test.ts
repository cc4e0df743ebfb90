import { describe, expect, test } from "vitest";
import { writeLine } from "../../../../../src/msnp/server/line.ts";
import { LIST_NEWS } from "../../../../../src/msnp/server/ns/list-news.ts";
import { Account } from "../../../../../src/msnp/server/state/account.ts";
import { parseXml } from "../../../../../src/msnp/soap/xml.ts";

const alice = new Account("alice@example.com", "11111111-1111-4111-8111-111111111111", "Alice & Söhne", "secret");

describe("Being put on somebody's list, and taken off (msnp-core §5.7)", () => {
  test("ADD and REM with a serial", () => {
    expect(writeLine(LIST_NEWS.add.added(alice, 4).line)).toBe("ADD 0 RL 4 alice@example.com Alice%20&%20Söhne");
    expect(writeLine(LIST_NEWS.add.removed(alice, 5).line)).toBe("REM 0 RL 5 alice@example.com");
  });

  test("ADC and REM without one", () => {
    expect(writeLine(LIST_NEWS.adc.added(alice, undefined).line)).toBe(
      "ADC 0 RL N=alice@example.com F=Alice%20&%20Söhne",
    );
    expect(writeLine(LIST_NEWS.adc.removed(alice, undefined).line)).toBe("REM 0 RL alice@example.com");
  });

  test("ADL and RML with a payload, the name encoded inside its attribute", () => {
    const added = LIST_NEWS.adl.added(alice, undefined);
    expect(writeLine(added.line)).toBe("ADL 0");
    expect(added.payload).toBe(
      '<ml><d n="example.com"><c n="alice" t="1" l="8" f="Alice%20%26%20S%C3%B6hne" /></d></ml>',
    );
    const removed = LIST_NEWS.adl.removed(alice, undefined);
    expect(writeLine(removed.line)).toBe("RML 0");
    expect(removed.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" /></d></ml>');
    expect(parseXml(Buffer.from(removed.payload ?? "")).name).toBe("ml");
  });
});
