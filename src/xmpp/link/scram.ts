/** Signing in by SCRAM (RFC 5802, RFC 7677): the password never leaves, and the server must prove that it knows it, too. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../../bridge/secret.ts";

const derive = promisify(pbkdf2);

/** Best first. */
const MECHANISMS: ReadonlyMap<string, { readonly hash: string; readonly bytes: number }> = new Map([
  ["SCRAM-SHA-512", { hash: "sha512", bytes: 64 }],
  ["SCRAM-SHA-256", { hash: "sha256", bytes: 32 }],
  ["SCRAM-SHA-1", { hash: "sha1", bytes: 20 }],
]);

/** RFC 7677 §4 asks for no fewer; more than the upper bound only keeps this process busy. */
const ITERATIONS = { least: 4096, most: 1_000_000 };
/** No channel binding. */
const HEADER = "n,,";

/** The best of the mechanisms on offer; `undefined` when there is none that is known here. */
export function bestMechanism(offered: readonly string[]): string | undefined {
  return [...MECHANISMS.keys()].find((name) => offered.includes(name));
}

/** One sign-in: {@link first}, then {@link answer} to the challenge, then {@link verify} of what comes with success. */
export class Scram {
  readonly #hash: string;
  readonly #bytes: number;
  readonly #password: Secret;
  readonly #nonce: string;
  readonly #bare: string;
  #signature: Buffer | undefined;

  /** @param nonce Only for tests with the vectors of the RFCs. */
  constructor(mechanism: string, username: string, password: Secret, nonce = randomBytes(24).toString("base64")) {
    const known = MECHANISMS.get(mechanism);
    if (known === undefined) throw new Error(`the mechanism ${mechanism} is not known here`);
    this.#hash = known.hash;
    this.#bytes = known.bytes;
    this.#password = password;
    this.#nonce = nonce;
    this.#bare = `n=${prepare(username).replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  }

  first(): string {
    return `${HEADER}${this.#bare}`;
  }

  /** @throws Error when the challenge is not one that may be answered. */
  async answer(challenge: string): Promise<string> {
    const { r: nonce = "", s: salt = "", i = "", m } = fields(challenge);
    const iterations = /^\d{1,9}$/.test(i) ? Number(i) : 0;
    if (m !== undefined || !nonce.startsWith(this.#nonce) || nonce === this.#nonce || salt === "")
      throw new Error("the server's challenge is not one of SCRAM");
    if (iterations < ITERATIONS.least || iterations > ITERATIONS.most)
      throw new Error(`the server asks for ${iterations} rounds, which is not between 4096 and a million`);
    const password = prepare(this.#password.open());
    const salted = await derive(password, Buffer.from(salt, "base64"), iterations, this.#bytes, this.#hash);
    const clientKey = this.#hmac(salted, "Client Key");
    const unproved = `c=${Buffer.from(HEADER).toString("base64")},r=${nonce}`;
    const message = `${this.#bare},${challenge},${unproved}`;
    const stored = createHash(this.#hash).update(clientKey).digest();
    const mask = this.#hmac(stored, message);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (mask[at] ?? 0)));
    this.#signature = this.#hmac(this.#hmac(salted, "Server Key"), message);
    return `${unproved},p=${proof.toString("base64")}`;
  }

  /** @throws Error when the server has not shown that it knows the password. */
  verify(final: string): void {
    const given = Buffer.from(fields(final).v ?? "", "base64");
    const expected = this.#signature;
    if (expected === undefined || given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Error("the server did not prove that it knows the password");
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

function fields(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

/** What SASLprep does to the letters that people use (RFC 4013 §2.1, §2.2). */
function prepare(text: string): string {
  return text
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replaceAll(/\p{Zs}/gu, " ")
    .normalize("NFKC");
}
