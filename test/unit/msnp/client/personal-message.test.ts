import { describe, expect, it } from "vitest";
import {
  decodePersonalMessage,
  encodePersonalMessage,
  mediaText,
} from "../../../../src/msnp/client/personal-message.ts";

// Forms of msnp-core §6.5 and §6.6.
const MEDIA = "\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0";

function decode(payload: string) {
  return decodePersonalMessage(Buffer.from(payload));
}

describe("a personal message", () => {
  it("is cut where no client would show it any more", () => {
    expect(decode(encodePersonalMessage({ text: "x".repeat(5000) })).text).toBe("x".repeat(1024));
    expect(encodePersonalMessage({ text: "x".repeat(5000) }).length).toBeLessThan(1200);
  });

  it.each([
    `<Data><PSM>Out &amp; about</PSM><CurrentMedia>${MEDIA}</CurrentMedia></Data>`,
    `<Data><PSM>Out &#x26; about</PSM><CurrentMedia>${MEDIA}</CurrentMedia><MachineGuid>{x}</MachineGuid></Data>`,
    `<Data><PSM>Out &#x26; about</PSM><CurrentMedia>${MEDIA.replaceAll("\\", "&#x5C;")}</CurrentMedia><DDP></DDP></Data>`,
  ])("is read in every escaping (%#)", (payload) => {
    const { text, media } = decode(payload);
    expect(text).toBe("Out & about");
    expect(media).toEqual({
      application: "",
      type: "Music",
      enabled: true,
      format: "{0} - {1}",
      args: ["Song", "Artist", "Album", "", ""],
    });
    expect(media && mediaText(media)).toBe("Song - Artist");
  });

  it.each(["", "<Data></Data>", "<Data><PSM></PSM><CurrentMedia></CurrentMedia></Data>", "<Data><PSM>x", "\0"])(
    "is none when there is none (%j)",
    (payload) => {
      expect(decode(payload)).toEqual({ text: "" });
    },
  );

  it.each([
    ["<Data><PSM><b>1 < 2 &#x26; 3 > 2</PSM><CurrentMedia></CurrentMedia></Data>", "<b>1 < 2 & 3 > 2"],
    ["<Data><PSM></PSM> & so on</PSM></Data>", "</PSM> & so on"],
  ])("is read although a server left the markup in it bare (%j)", (payload, text) => {
    expect(decode(payload)).toEqual({ text });
  });

  it("is written as the book has it", () => {
    const payload = encodePersonalMessage({ text: "hi" });
    expect(payload).toBe("<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>");
    expect(Buffer.byteLength(payload)).toBe(55);
  });

  it("comes back, media and all, with nothing breaking out", () => {
    const media = { application: "App", type: "Music", enabled: false, format: "{0}", args: ["A\\0B <&>"] };
    const { text, media: back } = decode(encodePersonalMessage({ text: `</PSM>&"'`, media }));
    expect(text).toBe(`</PSM>&"'`);
    expect(back).toMatchObject({ application: "App", type: "Music", enabled: false, format: "{0}" });
    expect(back?.args[0]).toBe("AB <&>");
  });
});
