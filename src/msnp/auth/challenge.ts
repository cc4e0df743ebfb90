import { createHash } from "node:crypto";
import type { ChallengeKind, Product } from "../dialect/types.ts";

const MAGIC = 0x0e79a9c1n;
const MODULUS = 0x7fffffffn;

/** The 32 hex digits that answer CHL (source: msnp-core §4). */
export function answerChallenge(kind: ChallengeKind, challenge: string, product: Product): string {
  return kind === "md5" ? answerMd5Challenge(challenge, product) : answerMsnp11Challenge(challenge, product).answer;
}

function md5(text: string): Buffer {
  return createHash("md5").update(text).digest();
}

/** MSNP6-10 (source: msnp-core §4.1). */
export function answerMd5Challenge(challenge: string, product: Product): string {
  return md5(challenge + product.key).toString("hex");
}

/** The answer and the values on the way to it, which the book gives for comparison. */
export interface Msnp11Challenge {
  readonly digest: Buffer;
  /** The four words of the digest with bit 31 cleared. */
  readonly masked: readonly [bigint, bigint, bigint, bigint];
  readonly padded: string;
  readonly high: bigint;
  readonly low: bigint;
  readonly answer: string;
}

/** MSNP11+ (source: msnp-core §4.2). The last step uses the digest's own words, not the masked ones. */
export function answerMsnp11Challenge(challenge: string, product: Product): Msnp11Challenge {
  const digest = md5(challenge + product.key);
  const word = (i: number): bigint => BigInt(digest.readUInt32LE(i * 4));
  const mask = (i: number): bigint => word(i) & MODULUS;
  const masked = [mask(0), mask(1), mask(2), mask(3)] as const;

  const text = challenge + product.id;
  const padded = text + "0".repeat(8 - (text.length % 8));
  const bytes = Buffer.from(padded, "latin1");
  let high = 0n;
  let low = 0n;
  for (let i = 0; i + 8 <= bytes.length; i += 8) {
    let t = ((BigInt(bytes.readUInt32LE(i)) * MAGIC) % MODULUS) + high;
    t = (t * masked[0] + masked[1]) % MODULUS;
    high = (BigInt(bytes.readUInt32LE(i + 4)) + t) % MODULUS;
    high = (high * masked[2] + masked[3]) % MODULUS;
    low += high + t;
  }
  high = (high + masked[1]) % MODULUS;
  low = (low + masked[3]) % MODULUS;

  const answer = Buffer.alloc(16);
  for (let i = 0; i < 4; i++) answer.writeUInt32LE(Number(word(i) ^ (i % 2 === 0 ? high : low)), i * 4);
  return { digest, masked, padded, high, low, answer: answer.toString("hex") };
}
