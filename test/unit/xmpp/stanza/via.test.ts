import { describe, expect, it } from "vitest";
import { placeOf } from "../../../../src/bridge/via.ts";
import { isNotice, noticeElement, viaElements, viaIn } from "../../../../src/xmpp/stanza/via.ts";
import { el } from "../../../../src/xmpp/stanza/xml.ts";

const via = [placeOf("msn:escargot:circle-1"), placeOf("matrix:!room:a.test")];
const message = (...parts: ReturnType<typeof viaElements>) => el("message", {}, el("body", {}, "hi"), ...parts);

describe("where a word has been", () => {
  it("stands beside it, and is read again", () => {
    expect(viaIn(message(...viaElements(via)))).toEqual({ via });
    expect(viaElements(via).map(String)).toEqual([`<via xmlns="https://msnbridge.invalid/via">${via.join(",")}</via>`]);
  });

  it("stands beside none of what was nowhere", () => {
    expect([viaElements(undefined), viaElements([])]).toEqual([[], []]);
    expect(viaIn(message())).toEqual({});
  });

  it("is not read from another's element, or from one that names no place", () => {
    expect(viaIn(message(el("via", { xmlns: "urn:other" }, via.join(","))))).toEqual({});
    expect(viaIn(message(el("via", { xmlns: "https://msnbridge.invalid/via" }, "nowhere")))).toEqual({});
  });
});

describe("what a bridge says of itself", () => {
  it("is marked as that", () => {
    expect(isNotice(message(noticeElement()))).toBe(true);
    expect(isNotice(message(...viaElements(via)))).toBe(false);
  });
});
