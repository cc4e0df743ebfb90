import { describe, expect, test } from "vitest";
import { generator } from "../../../../bench/lib/random.ts";
import {
  encodeMultipart,
  header,
  headerAnywhere,
  joinBridged,
  type Multipart,
  MultipartError,
  parseMultipart,
  splitBridged,
  withHeader,
} from "../../../../src/msnp/message/multipart.ts";
import { type BookCommand, readBook } from "../../../fixtures/msnp21/book.ts";
import { isLong, toldSeed } from "../../../support/property.ts";

const EPID = "{a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}";
const isEnvelope = ({ payload }: BookCommand): boolean => payload?.toString().startsWith("Routing: 1.0") ?? false;
const printed = [...readBook("transcript"), ...readBook("samples")].filter(isEnvelope);

function faultOf(bytes: string): string {
  try {
    parseMultipart(Buffer.from(bytes));
  } catch (error) {
    if (error instanceof MultipartError) return error.fault;
    throw error;
  }
  return "none";
}

describe("the envelopes of the book (source: msnp21 §2-§5, §11)", () => {
  test("the book prints more than fifty of them", () => {
    expect(printed.length).toBeGreaterThan(50);
  });

  test.each(printed.map((command) => [command.step, command.line, command.payload ?? Buffer.alloc(0)] as const))(
    "%s %s is read and written back byte by byte",
    (_step, _line, payload) => {
      expect(encodeMultipart(parseMultipart(payload)).toString()).toBe(payload.toString());
    },
  );

  test("the text of T18 comes apart into its blocks and 22 bytes of body", () => {
    const t18 = printed.find(({ step }) => step === "T18");
    expect(parseMultipart(t18?.payload ?? Buffer.alloc(0))).toEqual({
      routing: [
        ["Routing", "1.0"],
        ["To", "1:bob@example.com"],
        ["From", `1:alice@example.com;epid=${EPID}`],
        ["Service-Channel", "IM/Online"],
      ],
      reliability: [["Reliability", "1.0"]],
      content: [
        ["Messaging", "2.0"],
        ["Message-Type", "Text"],
        ["Content-Type", "text/plain; charset=UTF-8"],
        ["Content-Length", "22"],
        ["X-MMS-IM-Format", "FN=Segoe%20UI; EF=B; CO=ff0000; CS=0; PF=22"],
      ],
      body: Buffer.from("Hello Bob, à bientôt"),
    } satisfies Multipart);
  });
});

describe("what is tolerated (source: msnp21 §3.1)", () => {
  const read = (text: string): Multipart => parseMultipart(Buffer.from(text));

  test("version headers that are not first, and Content-Length before Publication", () => {
    const message = read(
      `To: 1:a@b.c\r\nRouting: 1.0\r\n\r\nStream: 1\r\nReliability: 1.0\r\n\r\nContent-Length: 3\r\nPublication: 1.0\r\n\r\nabc`,
    );
    expect(header(message.routing, "To")).toBe("1:a@b.c");
    expect(header(message.reliability, "Stream")).toBe("1");
    expect(message.body.toString()).toBe("abc");
  });

  test("header names in any case", () => {
    const message = read(
      "routing: 1.0\r\nTO: x\r\n\r\nreliability: 1.0\r\n\r\nmessaging: 2.0\r\ncontent-length: 1\r\n\r\nab",
    );
    expect(header(message.routing, "To")).toBe("x");
    expect(message.body.toString()).toBe("a");
  });

  test("a missing reliability block", () => {
    const message = read("Routing: 1.0\r\nTo: x\r\n\r\nMessaging: 2.0\r\nContent-Length: 2\r\n\r\nhi");
    expect(message.reliability).toEqual([]);
    expect(message.body.toString()).toBe("hi");
  });

  test("an empty reliability block", () => {
    const message = read("Routing: 1.0\r\n\r\n\r\nMessaging: 2.0\r\nContent-Length: 2\r\n\r\nhi");
    expect(message.reliability).toEqual([]);
    expect(message.body.toString()).toBe("hi");
  });

  test("a message without Content-Length is read to its end", () => {
    const message = read("Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\n\r\none\r\n\r\ntwo");
    expect(message.body.toString()).toBe("one\r\n\r\ntwo");
  });

  test("a body that holds empty lines and looks like headers", () => {
    const body = "Messaging: 2.0\r\nContent-Length: 1\r\n\r\nx";
    const message = read(
      `Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(message.body.toString()).toBe(body);
  });

  test("bytes behind the body are passed over", () => {
    const message = read(
      "Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nContent-Length: 2\r\n\r\nhi, junk",
    );
    expect(message.body.toString()).toBe("hi");
  });

  test("an answer of two blocks has no content, with or without the last empty line", () => {
    for (const end of ["\r\n\r\n", "\r\n", "", "\r\n\r\n\r\n"]) {
      const message = read(`Routing: 1.0\r\nFrom: x\r\n\r\nReliability: 1.0${end}`);
      expect(message.content).toBeUndefined();
      expect(message.reliability).toEqual([["Reliability", "1.0"]]);
    }
  });

  test("the block of its own that MSNP24 puts before the others", () => {
    const message = read(
      "Registration: x\r\n\r\nRouting: 1.0\r\nTo: y\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nContent-Length: 2\r\n\r\nhi",
    );
    expect(header(message.routing, "To")).toBe("y");
    expect(message.body.toString()).toBe("hi");
  });

  test("a header that goes on behind a tab", () => {
    const message = read("Routing: 1.0\r\nTo: one\r\n\ttwo\r\n\r\nReliability: 1.0\r\n\r\n");
    expect(header(message.routing, "To")).toBe("one two");
  });

  test("a Service-Channel in the wrong block is found", () => {
    const message = read(
      "Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nService-Channel: IM/Offline\r\nContent-Length: 0\r\n\r\n",
    );
    expect(headerAnywhere(message, "service-channel")).toBe("IM/Offline");
  });

  test("binary bodies stay as they are", () => {
    const body = Buffer.from([0, 255, 13, 10, 13, 10, 128]);
    const bytes = encodeMultipart({
      routing: [["Routing", "1.0"]],
      reliability: [],
      content: [["Messaging", "2.0"]],
      body,
    });
    expect(parseMultipart(bytes).body.equals(body)).toBe(true);
  });
});

describe("what is refused, by typed errors", () => {
  test.each([
    ["nothing", "", "no-headers"],
    ["lines without colons", "hello\r\nworld\r\n\r\n", "no-headers"],
    [
      "a body that is shorter than announced",
      "Routing: 1.0\r\n\r\nContent-Length: 5\r\nMessaging: 2.0\r\n\r\nhi",
      "truncated",
    ],
    ["a length that is no number", "Routing: 1.0\r\n\r\nContent-Length: -1\r\nMessaging: 2.0\r\n\r\nhi", "bad-length"],
    ["too many headers", "A: b\r\n".repeat(97), "too-many-headers"],
    ["headers that are too long", `Routing: ${"x".repeat(33_000)}\r\n\r\n`, "headers-too-long"],
  ])("%s", (_what, bytes, fault) => {
    expect(faultOf(bytes)).toBe(fault);
  });

  test("random bytes are read or refused, never anything else", () => {
    const pieces = [
      "Routing: 1.0",
      "Messaging: 2.0",
      "Content-Length: ",
      "5",
      "\r\n",
      "\r\n\r\n",
      "\n",
      ":",
      "\t",
      "\0",
      "ü",
      "x",
    ];
    const random = generator(toldSeed());
    const next = (): number => Math.floor(random() * 1e9);
    const rounds = isLong ? 1_000_000 : 10_000;
    const outcomes = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const text = Array.from({ length: next() % 24 }, () => pieces[next() % pieces.length] ?? "").join("");
      outcomes.add(faultOf(text));
    }
    expect([...outcomes].sort()).toEqual(["bad-length", "no-headers", "none", "truncated"]);
  });
});

describe("writing", () => {
  test("Content-Length is set where the block has it, else at its end", () => {
    const body = Buffer.from("hi");
    const write = (content: [string, string][]): string =>
      encodeMultipart({
        routing: [["Routing", "1.0"]],
        reliability: [["Reliability", "1.0"]],
        content,
        body,
      }).toString();
    expect(write([["Messaging", "2.0"]])).toContain("Messaging: 2.0\r\nContent-Length: 2\r\n\r\nhi");
    expect(
      write([
        ["content-length", "9"],
        ["Messaging", "2.0"],
      ]),
    ).toContain("content-length: 2\r\nMessaging: 2.0\r\n\r\nhi");
  });

  test("line breaks in a value cannot make another header", () => {
    const bytes = encodeMultipart({ routing: [["To", "x\r\nFrom: y"]], reliability: [], body: Buffer.alloc(0) });
    expect(bytes.toString()).toBe("To: x From: y\r\n\r\n\r\n");
  });

  test("withHeader replaces in place or appends", () => {
    expect(
      withHeader(
        [
          ["From", "a"],
          ["To", "b"],
        ],
        "from",
        "c",
      ),
    ).toEqual([
      ["From", "c"],
      ["To", "b"],
    ]);
    expect(withHeader([["To", "b"]], "From", "c")).toEqual([
      ["To", "b"],
      ["From", "c"],
    ]);
  });
});

describe("packets in one Data body (source: msnp21 §3.9)", () => {
  test("three packets at 0, 52 and 1352 of 1404 bytes", () => {
    const body = Buffer.alloc(1404);
    expect(splitBridged(body, "0,52,1352").map((packet) => packet.length)).toEqual([52, 1300, 52]);
  });

  test("what is split is put together again", () => {
    const packets = [Buffer.from("one"), Buffer.from("three"), Buffer.from("x")];
    const { body, offsets } = joinBridged(packets);
    expect(offsets).toBe("0,3,8");
    expect(splitBridged(body, offsets)).toEqual(packets);
  });

  test.each([undefined, "0", "", "5", "0,9,3", "0,-1", "0,9999", "0,x"])("offsets %s leave one packet", (offsets) => {
    expect(splitBridged(Buffer.alloc(20), offsets)).toHaveLength(1);
  });
});
