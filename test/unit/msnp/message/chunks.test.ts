import { describe, expect, it } from "vitest";
import { decodeMimeBody } from "../../../../src/msnp/message/body.ts";
import { ChunkAssembler, chunkHeaders } from "../../../../src/msnp/message/chunks.ts";
import { parseMime } from "../../../../src/msnp/message/mime.ts";

const ID = "{DF7A39B1-31FF-4C24-9F0E-3B27FA9E1FD3}";
const first = (body: string, chunks: number) =>
  parseMime(
    Buffer.from(
      `MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nMessage-ID: ${ID}\r\nChunks: ${chunks}\r\n\r\n${body}`,
    ),
  );
const later = (body: string, chunk: number) =>
  parseMime(Buffer.from(`Message-ID: ${ID}\r\nChunk: ${chunk}\r\n\r\n${body}`));

describe("a message in parts", () => {
  it("is one message when the last part came, in the order of the parts", () => {
    const assembler = new ChunkAssembler();
    expect(assembler.add("bob", first("one ", 3), 0)).toBeUndefined();
    expect(assembler.add("bob", later("three", 2), 0)).toBeUndefined();
    const whole = assembler.add("bob", later("two ", 1), 0);
    expect(whole && decodeMimeBody(whole)).toEqual({ kind: "text", text: "one two three" });
  });

  it("is kept apart by its sender", () => {
    const assembler = new ChunkAssembler();
    assembler.add("bob", first("b", 2), 0);
    expect(assembler.add("carol", later("c", 1), 0)).toBeUndefined();
  });

  it("is forgotten when its rest does not come in time", () => {
    const assembler = new ChunkAssembler();
    assembler.add("bob", first("one", 2), 0);
    expect(assembler.add("bob", later("two", 1), 60_001)).toBeUndefined();
  });

  it.each([0.5, 65, 1e9, Number.NaN])("of %s parts is not taken", (count) => {
    const assembler = new ChunkAssembler();
    assembler.add("bob", first("x", count), 0);
    expect(assembler.add("bob", later("y", 1), 0)).toBeUndefined();
  });

  it("that repeats a part is not shortened by it", () => {
    const assembler = new ChunkAssembler();
    assembler.add("bob", first("a", 3), 0);
    expect(assembler.add("bob", later("b", 1), 0)).toBeUndefined();
    expect(assembler.add("bob", later("b", 1), 0)).toBeUndefined();
    expect(assembler.add("bob", later("c", 2), 0)?.body.toString()).toBe("abc");
  });

  it("in a single part passes unchanged", () => {
    const message = parseMime(Buffer.from("Content-Type: text/plain\r\nMessage-ID: x\r\n\r\nhi"));
    expect(new ChunkAssembler().add("bob", message, 0)).toBe(message);
  });
});

describe("a message whose rest does not come", () => {
  const shown = (message: { body: Buffer }): string => message.body.toString();

  it("is given up with what came of it, and gaps where parts are missing", () => {
    const assembler = new ChunkAssembler();
    const lost: string[] = [];
    assembler.add("bob", first("one ", 5), 0, (rest) => lost.push(shown(rest)));
    assembler.add("bob", later("three ", 2), 0);
    assembler.close();
    expect(lost).toEqual(["one  [...] three  [...] "]);
    expect(assembler.add("bob", later("two", 1), 0)).toBeUndefined();
  });

  it("is given up in its time, when the next part of anything comes", () => {
    const assembler = new ChunkAssembler();
    const lost: string[] = [];
    assembler.add("bob", first("one", 2), 0, (rest) => lost.push(shown(rest)));
    assembler.add("carol", first("other", 2), 59_000);
    expect(lost).toEqual([]);
    assembler.add("carol", later("two", 1), 60_001);
    expect(lost).toEqual(["one [...] "]);
  });

  it("makes room for others when too many are incomplete, the oldest first", () => {
    const assembler = new ChunkAssembler(2);
    const lost: string[] = [];
    for (const name of ["a", "b", "c"]) assembler.add(name, first(name, 2), 0, (rest) => lost.push(shown(rest)));
    expect(lost).toEqual(["a [...] "]);
    expect(assembler.add("c", later("!", 1), 0)?.body.toString()).toBe("c!");
  });

  it("of one who begins many makes no room in those of others", () => {
    const assembler = new ChunkAssembler();
    const lost: string[] = [];
    assembler.add("bob", first("one ", 2), 0, (rest) => lost.push(shown(rest)));
    for (let n = 0; n < 100; n++) {
      const begun = parseMime(Buffer.from(`Message-ID: ${n}\r\nChunks: 2\r\n\r\n${n}`));
      assembler.add("mallory", begun, 0, (rest) => lost.push(shown(rest)));
    }
    expect(lost).toHaveLength(96);
    expect(assembler.add("bob", later("two", 1), 0)?.body.toString()).toBe("one two");
  });

  it("is not begun anew by a first part that comes twice", () => {
    const assembler = new ChunkAssembler();
    assembler.add("bob", first("a", 3), 0);
    assembler.add("bob", later("b", 1), 0);
    assembler.add("bob", first("x", 3), 0);
    expect(assembler.add("bob", later("c", 2), 0)?.body.toString()).toBe("abc");
  });
});

describe("what makes a message one part of several", () => {
  it("is its number, and in the first how many there are", () => {
    expect(chunkHeaders(ID.slice(1, -1).toLowerCase(), 0, 3)).toEqual([
      ["Message-ID", ID],
      ["Chunks", "3"],
    ]);
    expect(chunkHeaders(ID.slice(1, -1), 2, 3)).toEqual([
      ["Message-ID", ID],
      ["Chunk", "2"],
    ]);
  });
});
