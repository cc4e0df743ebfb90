import { describe, expect, it } from "vitest";
import { parseEmail } from "../../../../src/msnp/address.ts";
import { decodeMessage, encodeNudge, encodeText, encodeTyping } from "../../../../src/msnp/message/body.ts";
import { encodeMime } from "../../../../src/msnp/message/mime.ts";
import { MAX_MESSAGE_BYTES, MAX_TEXT_BYTES } from "../../../../src/msnp/message/split.ts";

const BOB = parseEmail("bob@example.com");

function message(...lines: string[]): Buffer {
  return Buffer.from(lines.join("\r\n"));
}

describe("the sizes of msnp-chat §10", () => {
  it("hold for a text", () => {
    const payload = encodeText("Hello, world", { font: "Segoe UI", bold: true, color: "#ff8000" });
    expect(payload).toHaveLength(134);
    expect(payload.toString()).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Segoe%20UI; EF=B; CO=80ff; CS=0; PF=22\r\n\r\nHello, world",
    );
  });

  it("hold for typing", () => {
    const payload = encodeTyping(BOB);
    expect(payload).toHaveLength(88);
    expect(payload.toString()).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: bob@example.com\r\n\r\n\r\n",
    );
  });

  it("hold for a nudge", () => {
    expect(encodeNudge()).toHaveLength(69);
    expect(encodeNudge().toString()).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-msnmsgr-datacast\r\n\r\nID: 1\r\n\r\n",
    );
  });
});

describe("a message that is written is read back", () => {
  it("as text with its looks, line breaks being one character", () => {
    const format = {
      font: "Comic Sans MS",
      italic: true,
      underline: true,
      strike: true,
      color: "#0000ff",
      rightToLeft: true,
    };
    expect(decodeMessage(encodeText("a\nb\r\nc\rd", format))).toEqual({ kind: "text", text: "a\nb\nc\nd", format });
  });

  it("as typing", () => {
    expect(decodeMessage(encodeTyping(BOB))).toEqual({ kind: "typing", user: BOB });
  });

  it("as a nudge", () => {
    expect(decodeMessage(encodeNudge())).toEqual({ kind: "nudge" });
  });

  it("within the limit, however long the font's name is", () => {
    const font = "漢".repeat(200);
    const format = {
      font,
      bold: true,
      italic: true,
      strike: true,
      underline: true,
      color: "#fffffe",
      rightToLeft: true,
    };
    expect(encodeText("x".repeat(MAX_TEXT_BYTES), format).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  });
});

describe("what others send", () => {
  it("may name colours with or without leading zeros", () => {
    const text = (color: string) =>
      decodeMessage(
        message(
          "MIME-Version: 1.0",
          "Content-Type: text/plain; charset=UTF-8",
          `X-MMS-IM-Format: CO=${color}`,
          "",
          "x",
        ),
      );
    expect(text("ff")).toMatchObject({ format: { color: "#ff0000" } });
    expect(text("0000ff")).toMatchObject({ format: { color: "#ff0000" } });
    expect(text("80ff")).toMatchObject({ format: { color: "#ff8000" } });
    expect(text("zz")).toMatchObject({ format: {} });
  });

  it("may carry a name for this message alone", () => {
    const body = decodeMessage(message("Content-Type: text/plain; charset=UTF-8", "P4-Context: Some Näme", "", "x"));
    expect(body).toEqual({ kind: "text", text: "x", nickname: "Some Näme" });
  });

  it("without a charset is windows-1252", () => {
    const body = decodeMessage(Buffer.from("Content-Type: text/plain\r\n\r\n\x93caf\xe9\x94", "latin1"));
    expect(body).toEqual({ kind: "text", text: "“café”" });
  });

  it("may use bare line feeds and odd cases of header names", () => {
    const body = decodeMessage(
      Buffer.from("mime-version: 1.0\ncontent-type: TEXT/PLAIN; charset=utf-8\n\nhi\n\nthere"),
    );
    expect(body).toEqual({ kind: "text", text: "hi\n\nthere" });
  });

  it("may be a voice recording under way", () => {
    expect(
      decodeMessage(message("Content-Type: text/x-msmsgscontrol", "RecordingUser: bob@example.com", "", "", "")),
    ).toEqual({ kind: "recording", user: BOB });
  });

  it.each(["", "\r\n\r\n", "no headers", "\0\0\0\0"])("that is no message (%j) is unknown, not an error", (bytes) => {
    expect(decodeMessage(Buffer.from(bytes)).kind).toBe("unknown");
  });
});

describe("a header", () => {
  it("cannot be smuggled in by a value", () => {
    const payload = encodeMime([["P4-Context", "x\r\nContent-Type: text/evil\r\n\r\nbody"]], "");
    expect(payload.toString()).toBe("P4-Context: x Content-Type: text/evil body\r\n\r\n");
  });
});
