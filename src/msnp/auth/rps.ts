import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { MsnpError } from "../errors.ts";

const HEADER_WORDS = [28, 1, 0x6603, 0x8004, 8, 20] as const;
const HEADER_SIZE = 28;
const IV_SIZE = 8;
const HASH_SIZE = 20;
const HASH_LABEL = "WS-SecureConversationSESSION KEY HASH";
const ENCRYPTION_LABEL = "WS-SecureConversationSESSION KEY ENCRYPTION";

function hmac(key: Buffer, ...parts: readonly (Buffer | string)[]): Buffer {
  const mac = createHmac("sha1", key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function derive(key: Buffer, label: string): Buffer {
  const h1 = hmac(key, label);
  const h2 = hmac(key, h1, label);
  const h3 = hmac(key, h1);
  const h4 = hmac(key, h3, label);
  return Buffer.concat([h2, h4.subarray(0, 4)]);
}

/** Everything that goes into a proof; the parts are given for comparison with the book's vectors. */
export interface RpsProof {
  readonly key2: Buffer;
  readonly key3: Buffer;
  readonly hash: Buffer;
  readonly cipher: Buffer;
  /** base64, as sent in USR SSO S. */
  readonly response: string;
}

/**
 * Proves to the server that one holds the secret of a ticket (source: msnp-core §3.7).
 * `secret` is the base64 BinarySecret, `nonce` the string from USR SSO S as it is. Throws MsnpError `bad-secret`.
 */
export function rpsProof(secret: string, nonce: string, iv: Buffer = randomBytes(IV_SIZE)): RpsProof {
  const key = Buffer.from(secret, "base64");
  if (key.length !== 24) throw new MsnpError("bad-secret", "The login server's proof key is not 24 bytes long");
  const key2 = derive(key, HASH_LABEL);
  const key3 = derive(key, ENCRYPTION_LABEL);
  const hash = hmac(key2, nonce);
  const encryption = createCipheriv("des-ede3-cbc", key3, iv);
  const cipher = Buffer.concat([encryption.update(nonce, "latin1"), encryption.final()]);
  const header = Buffer.alloc(HEADER_SIZE);
  for (const [i, word] of [...HEADER_WORDS, cipher.length].entries()) header.writeUInt32LE(word, i * 4);
  return { key2, key3, hash, cipher, response: Buffer.concat([header, iv, hash, cipher]).toString("base64") };
}

/** The server's check of a response: recomputes it with the client's iv. False for anything malformed. */
export function verifyRpsResponse(secret: string, nonce: string, response: string): boolean {
  const blob = Buffer.from(response, "base64");
  if (blob.length < HEADER_SIZE + IV_SIZE + HASH_SIZE) return false;
  const iv = Buffer.from(blob.subarray(HEADER_SIZE, HEADER_SIZE + IV_SIZE));
  const expected = Buffer.from(rpsProof(secret, nonce, iv).response, "base64");
  return expected.length === blob.length && timingSafeEqual(expected, blob);
}
