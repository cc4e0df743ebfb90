import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeXml, find, findAll, parseXml, textAt, XmlError, xml } from "../../../../src/msnp/soap/xml.ts";
import { cases } from "../../../support/property.ts";

const ANY_TEXT = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 })
  .map((points) => String.fromCodePoint(...points));

describe("reading XML", () => {
  it("goes by local names, whatever the namespaces", () => {
    const root = parseXml(
      '<?xml version="1.0"?><s:a xmlns:s="x" s:k="v"><b><c> one </c></b><t:b xmlns:t="y"><c>two</c></t:b></s:a>',
    );
    expect(root.name).toBe("a");
    expect(root.attributes).toEqual({ k: "v" });
    expect(textAt(root, "b", "c")).toBe("one");
    expect(findAll(root, "c").map(({ text }) => text.trim())).toEqual(["one", "two"]);
    expect(find(root, "missing")).toBeUndefined();
  });

  it("resolves entities and CDATA", () => {
    expect(parseXml("<a>&amp;&#x26;&#38;&lt;<![CDATA[<&>]]></a>").text).toBe("&&&<<&>");
  });

  it.each([
    ["", "empty"],
    ["text", "text"],
    ["<a>", "unclosed"],
    ["<a></b>", "crossed"],
    ["<a>&unknown;</a>", "an unknown entity"],
    ["<a/><b/>", "two roots"],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "a document type"],
    ["<a>".repeat(100) + "</a>".repeat(100), "too deep"],
    [`<a>${"<b/>".repeat(200_000)}</a>`, "too many elements"],
    [`<a>${"x".repeat(2_000_000)}</a>`, "too large"],
  ])("refuses what is not XML, or too much of it (%#)", (text) => {
    expect(() => parseXml(text)).toThrow(XmlError);
  });

  it("never throws anything but an XmlError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          ANY_TEXT,
          fc.string().map((text) => `<a>${text}</a>`),
        ),
        (text) => {
          try {
            parseXml(text);
          } catch (error) {
            expect(error).toBeInstanceOf(XmlError);
          }
        },
      ),
      cases(100, 50_000),
    );
  });
});

describe("writing XML", () => {
  it("escapes what is put in, and not what is XML already", () => {
    const items = ["<1>", "2"].map((text) => xml`<i n="${text}"/>`);
    expect(xml`<a>${items}${"&"}${3}${true}</a>`.source).toBe('<a><i n="&lt;1&gt;"/><i n="2"/>&amp;3true</a>');
  });

  it("is read back, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const root = parseXml(`<a k="${escapeXml(text)}">${escapeXml(text)}</a>`);
        expect([root.text, root.attributes.k]).toEqual([text, text]);
      }),
      cases(100, 50_000),
    );
  });

  it("puts a mark where XML has no way to say a character", () => {
    expect(escapeXml("a\0b\u0008\ufffe\ud800")).toBe("a\ufffdb\ufffd\ufffd\ufffd");
  });
});
