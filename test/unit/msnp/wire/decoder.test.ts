import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Command, encodeCommand } from "../../../../src/msnp/wire/command.ts";
import { CommandDecoder } from "../../../../src/msnp/wire/decoder.ts";
import { WireError } from "../../../../src/msnp/wire/error.ts";
import { clientToServerPayload, serverToClientPayload } from "../../../../src/msnp/wire/payload.ts";
import { cases } from "../../../support/property.ts";

const RUNS = cases(200, 20_000);

interface Plain {
  name: string;
  args: readonly string[];
  payload?: string;
}

function plain({ name, args, payload }: Command): Plain {
  return { name, args, ...(payload !== undefined && { payload: payload.toString("latin1") }) };
}

function decodeIn(chunks: readonly Buffer[], payloadRule = serverToClientPayload): Plain[] {
  const decoder = new CommandDecoder({ payloadRule });
  return chunks.flatMap((chunk) => decoder.push(chunk)).map(plain);
}

function decode(bytes: string | Buffer, payloadRule = serverToClientPayload): Plain[] {
  return decodeIn([Buffer.from(bytes as string)], payloadRule);
}

function faultOf(bytes: string, limits: { maxLine?: number; maxPayload?: number } = {}): WireError {
  try {
    new CommandDecoder({ payloadRule: serverToClientPayload, ...limits }).push(Buffer.from(bytes));
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const PSM = "<Data><PSM>Out &amp; about</PSM><CurrentMedia></CurrentMedia></Data>";
const STREAM = Buffer.from(
  [
    "VER 1 MSNP11\r\n",
    "USR 4 OK alice@example.com 1 0\r\n",
    "MSG Hotmail Hotmail 21\r\nMIME-Version: 1.0\r\n\r\n",
    "SYN 6 2000-01-01T00:00:00.0-00:00 2000-01-01T00:00:00.0-00:00 2 1\r\n",
    "LST N=carol@example.com F=Carol 16 \r\n",
    `UBX bob@example.com ${PSM.length}\r\n${PSM}`,
    "UBX carol@example.com 0\r\n",
    "PRP 8 MFN René%20%25\r\n",
    "QNG 60\r\n",
  ].join(""),
);

describe("a stream of commands", () => {
  const whole = decode(STREAM);

  it("gives lines with their arguments and payloads", () => {
    expect(whole).toEqual([
      { name: "VER", args: ["1", "MSNP11"] },
      { name: "USR", args: ["4", "OK", "alice@example.com", "1", "0"] },
      { name: "MSG", args: ["Hotmail", "Hotmail", "21"], payload: "MIME-Version: 1.0\r\n\r\n" },
      {
        name: "SYN",
        args: ["6", "2000-01-01T00:00:00.0-00:00", "2000-01-01T00:00:00.0-00:00", "2", "1"],
      },
      { name: "LST", args: ["N=carol@example.com", "F=Carol", "16"] },
      { name: "UBX", args: ["bob@example.com", String(PSM.length)], payload: PSM },
      { name: "UBX", args: ["carol@example.com", "0"], payload: "" },
      { name: "PRP", args: ["8", "MFN", "René%20%25"] },
      { name: "QNG", args: ["60"] },
    ]);
  });

  it("is the same when it is cut in two at any byte", () => {
    for (let at = 0; at <= STREAM.length; at++) {
      expect(decodeIn([STREAM.subarray(0, at), STREAM.subarray(at)]), `cut at ${at}`).toEqual(whole);
    }
  });

  it("is the same when it comes byte by byte", () => {
    expect(decodeIn(Array.from(STREAM, (byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it("is the same with bare line feeds", () => {
    const text = "VER 1 MSNP18\nQNG 60\nCHL 0 123\n";
    expect(decode(text)).toEqual(decode(text.replaceAll("\n", "\r\n")));
  });

  it("gives a payload that lies whole in a chunk as a view, without a copy", () => {
    const chunk = Buffer.from("NOT 3\r\nabc");
    const [command] = new CommandDecoder({ payloadRule: serverToClientPayload }).push(chunk);
    chunk[7] = 0x78;
    expect(command?.payload?.toString()).toBe("xbc");
  });

  it("is read back whatever commands were written and however they were cut", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((text) => encodeURIComponent(text));
    const line = fc.record({ name: fc.constantFrom("LST", "NLN", "ILN", "PRP", "BPR"), args: fc.array(word) });
    const message = fc
      .tuple(word, word, fc.uint8Array({ maxLength: 300 }))
      .map(([email, name, bytes]) => ({ name: "MSG", args: [email, name], payload: Buffer.from(bytes) }));
    const cuts = fc.array(fc.nat(5000), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.oneof(line, message), { maxLength: 12 }), cuts, (commands, at) => {
        const bytes = Buffer.concat(commands.map(encodeCommand));
        const points = [...at.map((point) => point % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
        const chunks = points.slice(1).map((end, i) => bytes.subarray(points[i], end));
        const expected = commands.map((command) =>
          "payload" in command
            ? plain({ ...command, args: [...command.args, String(command.payload.length)] })
            : plain(command),
        );
        expect(decodeIn(chunks)).toEqual(expected);
      }),
      RUNS,
    );
  });

  it("never throws anything but a WireError, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
        const decoder = new CommandDecoder({ payloadRule: serverToClientPayload });
        try {
          for (const chunk of chunks) decoder.push(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      RUNS,
    );
  });
});

describe("payload lengths of a server", () => {
  it.each([
    ["ADL 6 OK\r\n", undefined],
    ["ADL 0 5\r\n<ml/>", "<ml/>"],
    ["RML 0 5\r\n<ml/>", "<ml/>"],
    ["UUX 7 0\r\n", ""],
    ["UUX 7\r\n", undefined],
    ["UUN 7 OK\r\n", undefined],
    ["QRY 10\r\n", undefined],
    ["GCF 0 4\r\n<P/>", "<P/>"],
    ["GCF 7 Shields.xml 4\r\n<c/>", "<c/>"],
    ["UBX bob@example.com 1 4\r\n<D/>", "<D/>"],
    ["UBX 1:bob@example.com 4\r\n<D/>", "<D/>"],
    ["FQY 17 5\r\n<ml/>", "<ml/>"],
    ["NOT 3\r\nabc", "abc"],
    ["IPG 3\r\nabc", "abc"],
    ["UBN bob@example.com 3 3\r\nabc", "abc"],
    ["UBM bob@example.com 1 me@example.com 1 1 3\r\nabc", "abc"],
    ["NFY PUT 3\r\nabc", "abc"],
    ["SDG 0 3\r\nabc", "abc"],
    ["PUT 30 OK 0\r\n", ""],
    ["PUT 30 OK 3\r\nabc", "abc"],
    ["DEL 24 OK 0\r\n", ""],
    // Of DEL only OK is documented (source: msnp21 §2.2), of SDG no good answer at all (§3.5).
    ["DEL 24 OK\r\n", undefined],
    ["PUT 30 OK\r\n", undefined],
    ["SDG 31 OK\r\n", undefined],
    ["DEL 24\r\n", undefined],
    ["241 6 5\r\n<ml/>", "<ml/>"],
    ["911 4\r\n", undefined],
    ["QNG 60\r\n", undefined],
    ["CHG 10 NLN 0\r\n", undefined],
    ["LST N=bob@example.com F=Bob 11\r\n", undefined],
    ["ILN 10 NLN bob@example.com Bob 0\r\n", undefined],
    ["CHL 0 15570131571988941333\r\n", undefined],
  ])("of %j", (bytes, payload) => {
    const [command, ...others] = decode(bytes);
    expect(others).toEqual([]);
    expect(command?.payload).toBe(payload);
  });
});

describe("payload lengths of a client", () => {
  it.each([
    ["QRY 10 PROD0090YUAUV{2B 3\r\nabc", "abc"],
    ["UUX 11 3\r\nabc", "abc"],
    ["MSG 3 A 3\r\nabc", "abc"],
    ["ADL 6 3\r\nabc", "abc"],
    ["PAG 1 bob@example.com 0 3\r\nabc", "abc"],
    ["PGD 1 bob@example.com 1 3\r\nabc", "abc"],
    ["SDC 44 x@y.com 0x0409 MSMSGS WindowsMessenger X X Alice 3\r\nHi!", "Hi!"],
    ["UUM 1 bob@example.com 32 1 3\r\nabc", "abc"],
    ["VAS 1 bob@example.com 1 0 7\r\n<x></x>", "<x></x>"],
    ["GCF 7 Shields.xml\r\n", undefined],
    ["CHG 10 NLN 0\r\n", undefined],
    ["SYN 6 0 0\r\n", undefined],
    ["PNG\r\n", undefined],
  ])("of %j", (bytes, payload) => {
    const [command, ...others] = decode(bytes, clientToServerPayload);
    expect(others).toEqual([]);
    expect(command?.payload).toBe(payload);
  });
});

describe("bytes that are not the protocol", () => {
  it.each([
    ["HTTP/1.1 400 Bad Request\r\n", "bad-command"],
    ["\u0000\u0001\u0002\r\n", "bad-command"],
    ["MSG bob@example.com Bob\r\n", "bad-length"],
    ["MSG bob@example.com Bob -5\r\n", "bad-length"],
    ["MSG\r\n", "bad-length"],
    ["NOT 1048577\r\n", "payload-too-long"],
    ["NOT 99999999999999999999999\r\n", "payload-too-long"],
    [`PRP MFN ${"x".repeat(20_000)}\r\n`, "line-too-long"],
    ["x".repeat(20_000), "line-too-long"],
  ])("%j has a name", (bytes, reason) => {
    expect(faultOf(bytes).reason).toBe(reason);
  });

  it("do not take away the commands before them", () => {
    const fault = faultOf("QNG 60\r\nOUT OTH\r\nNOT x\r\n");
    expect(fault.completed.map(plain)).toEqual([
      { name: "QNG", args: ["60"] },
      { name: "OUT", args: ["OTH"] },
    ]);
  });

  it("are limited to the bytes: a line at the limit passes, one more does not", () => {
    const line = `QNG ${"1".repeat(96)}`;
    const decoder = new CommandDecoder({ payloadRule: serverToClientPayload, maxLine: line.length });
    expect(decoder.push(Buffer.from(`${line}\n`))).toHaveLength(1);
    expect(() => decoder.push(Buffer.from(`${line}1\n`))).toThrow(WireError);
  });
});

describe("what real servers send", () => {
  it("may hold blank lines, many blanks and lower-case names", () => {
    expect(decode("\r\n\r\nlst  N=a@b.c   16  \r\n")).toEqual([{ name: "LST", args: ["N=a@b.c", "16"] }]);
  });
});
