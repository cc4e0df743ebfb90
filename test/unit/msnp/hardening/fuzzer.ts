/** A mutating fuzzer: takes samples apart and puts them together wrongly, the same way for the same seed. */
import type { Random } from "../../../../bench/lib/random.ts";
import { generator } from "../../../../bench/lib/random.ts";
import { MsnpError } from "../../../../src/msnp/index.ts";
import { isLong, toldSeed } from "../../../support/property.ts";

/** Cases per parser: ten thousand in `npm test`, a million in `npm run test:long`. */
export const CASES = isLong ? 1_000_000 : 10_000;
/** CPU ms that one case may take; nothing here takes one, so that only a hang or something worse than linear is over it. */
const MAX_CASE_MS = 2000;
/** Longest input: more than any sample, little enough for a million. */
const MAX_BYTES = 20_000;

const TOKENS = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\0",
  ":",
  ": ",
  " ",
  "\t",
  "%",
  "%0D%0A",
  "%ZZ",
  "<",
  "</",
  "/>",
  ">",
  "&",
  "&#0;",
  "&#x110000;",
  "&lol;",
  "]]>",
  "<![CDATA[",
  "<!--",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "<?xml version='1.0' encoding='utf-16'?>",
  "xmlns:a='b'",
  "=?utf-8?B?",
  "?=",
  "=?x?Q?=ZZ?=",
  "-1",
  "0",
  "1e9",
  "4294967296",
  "99999999999999999999",
  "NaN",
  "Content-Length: 9",
  "Content-Type: multipart/x",
  "Message-ID: {}",
  "Chunks: 1000000",
  "Chunk: -5",
  "charset=",
  "__proto__",
  "constructor",
  ";epid={",
  "\u{1f600}",
  "\ufeff",
  "\u202e",
].map((token) => Buffer.from(token));

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** A place in the input, and one behind it, not far. */
function range(random: Random, length: number): [from: number, to: number] {
  const from = Math.floor(random() * (length + 1));
  return [from, Math.min(length, from + Math.floor(random() * random() * 64))];
}

const joined = (input: Buffer, from: number, to: number, ...middle: Buffer[]): Buffer =>
  Buffer.concat([input.subarray(0, from), ...middle, input.subarray(to)]);

const MUTATIONS: readonly ((input: Buffer, random: Random, samples: readonly Buffer[]) => Buffer)[] = [
  (input, random) => {
    const copy = Buffer.from(input);
    const at = Math.floor(random() * copy.length);
    if (at < copy.length) copy[at] = Math.floor(random() * 256);
    return copy;
  },
  (input, random) => joined(input, ...range(random, input.length)),
  (input, random) => input.subarray(0, Math.floor(random() * input.length)),
  (input, random) => {
    const [from, to] = range(random, input.length);
    const piece = input.subarray(from, to);
    return joined(input, from, to, ...Array.from({ length: 1 + Math.floor(random() * 40) }, () => piece));
  },
  (input, random) => {
    const [at] = range(random, input.length);
    return joined(input, at, at, pick(random, TOKENS));
  },
  (input, random) => joined(input, ...range(random, input.length), pick(random, TOKENS)),
  (input, random, samples) => {
    const other = pick(random, samples);
    const [from, to] = range(random, other.length);
    const [at] = range(random, input.length);
    return joined(input, at, at, other.subarray(from, to));
  },
  (input, random, samples) => {
    const other = pick(random, samples);
    return Buffer.concat([
      input.subarray(0, Math.floor(random() * input.length)),
      other.subarray(Math.floor(random() * other.length)),
    ]);
  },
];

/** One broken input: a sample after one to six mutations. */
export function mutate(samples: readonly Buffer[], random: Random): Buffer {
  let input = pick(random, samples);
  const steps = 1 + Math.floor(random() * 6);
  for (let i = 0; i < steps; i++) input = pick(random, MUTATIONS)(input, random, samples);
  return input.subarray(0, MAX_BYTES);
}

export interface Verdicts {
  readonly read: number;
  readonly refused: number;
}

/**
 * Gives a parser {@link CASES} broken inputs. Throws, with the input to copy into a test, when it throws anything but an
 * error of the library or takes longer than anything should.
 */
export function fuzz(samples: readonly Buffer[], parse: (input: Buffer, random: Random) => unknown): Verdicts {
  const random = generator(toldSeed());
  let [read, refused] = [0, 0];
  for (let i = 0; i < CASES; i++) {
    const input = mutate(samples, random);
    const before = process.cpuUsage();
    try {
      parse(input, random);
      read += 1;
    } catch (error) {
      if (!(error instanceof MsnpError))
        throw new Error(`case ${i} threw ${String(error)}: ${shown(input)}`, { cause: error });
      refused += 1;
    }
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 > MAX_CASE_MS)
      throw new Error(`case ${i} took ${(user + system) / 1000} ms: ${shown(input)}`);
  }
  return { read, refused };
}

function shown(input: Buffer): string {
  return `Buffer.from("${input.toString("base64")}", "base64")`;
}
