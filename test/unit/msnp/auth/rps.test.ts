import { describe, expect, it } from "vitest";
import { rpsProof, verifyRpsResponse } from "../../../../src/msnp/auth/rps.ts";
import { MsnpError } from "../../../../src/msnp/errors.ts";

// Vectors V1-V3 of msnp-core §3.7.
const VECTORS = [
  {
    name: "V1",
    secret: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    nonce: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v",
    iv: "0102030405060708",
    key2: "06af2ac1f46df3fde6e65fef60a13bd21eabb69f09a542c0",
    key3: "2dd0114b936beb17cc1d7fa10191010bb4b7b487404c43e3",
    hash: "e7f6fa50f513c8c91b560c96262bf32d71bf70b9",
    cipher:
      "937fdee217682f3abc1ef1711843c2a3e4337fc802e7ca70fbbd63e91e6c838d12f64e346e0088b861ee239e50f382313e5f8e01137e18386bb5c013bd8e11f20c6b276070b2078d",
    response:
      "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAECAwQFBgcI5/b6UPUTyMkbVgyWJivzLXG/cLmTf97iF2gvOrwe8XEYQ8Kj5DN/yALnynD7vWPpHmyDjRL2TjRuAIi4Ye4jnlDzgjE+X44BE34YOGu1wBO9jhHyDGsnYHCyB40=",
  },
  {
    name: "V2",
    secret: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    nonce: "////////////////////////////////////////////////////////////////",
    iv: "0000000000000000",
    key2: "51fecc58efdcf0b3a156dd7fb63b2b35525abb6e44fb28bc",
    key3: "5fb82627f21ddea543ca19997f4ad06e16aa09a623b78152",
    hash: "33be22665b0b799dce1aef20491d0b1d586c06fc",
    cipher: undefined,
    response:
      "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAAAAAAAAAAAM74iZlsLeZ3OGu8gSR0LHVhsBvwyvSGdWtu4EpJZclRcxx5p/WEQ213efflBazOUzTMnliYx1HLPzVBgHLDMeh/LmWzIc6RyzYwkD8Vk0W5sFsOu7T9Bw5hLq0M=",
  },
  {
    name: "V3",
    secret: "Z1OQ3mCLbrkCGvfRX0V8Ly/nSsbmv4La",
    nonce: "LAQaYz9GKLnW9qJxtKUrFuDwVxAvcLfOBTmXyZJvbGdwmPuD7nr3YmSmcjKXzPvI",
    iv: "0102030405060708",
    key2: "4f35e2edcf42eb38f460c89a88bf23c48ddcf47a891d0dad",
    key3: "70c617fb2e462dfef1c2138938cfd3af840f52d1803e37fe",
    hash: "8fed80847b77aad007e25181938bcfe0a1dc902a",
    cipher: undefined,
    response:
      "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAECAwQFBgcIj+2AhHt3qtAH4lGBk4vP4KHckCoz5O1dVVZrPC1aczSzJwAppgevE6jffnADNbnv/TrIXLoRplrGTNS3boooRJueIA+ntoJ4ZunMHEknlMvntDYXsWxvbyLqzQU=",
  },
];

describe("the RPS proof", () => {
  it.each(VECTORS)("of $name is the book's, step by step", (vector) => {
    const proof = rpsProof(vector.secret, vector.nonce, Buffer.from(vector.iv, "hex"));
    expect(proof.key2.toString("hex")).toBe(vector.key2);
    expect(proof.key3.toString("hex")).toBe(vector.key3);
    expect(proof.hash.toString("hex")).toBe(vector.hash);
    if (vector.cipher !== undefined) expect(proof.cipher.toString("hex")).toBe(vector.cipher);
    expect(proof.response).toBe(vector.response);
  });

  it.each(VECTORS)("of $name is accepted by the server's check", ({ secret, nonce, response }) => {
    expect(verifyRpsResponse(secret, nonce, response)).toBe(true);
  });

  it("is new each time and still accepted", () => {
    const [{ secret, nonce }] = VECTORS as [(typeof VECTORS)[0]];
    const first = rpsProof(secret, nonce).response;
    const second = rpsProof(secret, nonce).response;
    expect(first).not.toBe(second);
    expect(first).toHaveLength(172);
    expect(verifyRpsResponse(secret, nonce, first)).toBe(true);
    expect(verifyRpsResponse(secret, nonce, second)).toBe(true);
  });

  it("is refused with another secret, another nonce, or when it is no proof at all", () => {
    const [v1, v2] = VECTORS as [(typeof VECTORS)[0], (typeof VECTORS)[0]];
    expect(verifyRpsResponse(v2.secret, v1.nonce, v1.response)).toBe(false);
    expect(verifyRpsResponse(v1.secret, v2.nonce, v1.response)).toBe(false);
    expect(verifyRpsResponse(v1.secret, v1.nonce, "AAAA")).toBe(false);
    expect(verifyRpsResponse(v1.secret, v1.nonce, "")).toBe(false);
  });

  it("needs a secret of 24 bytes", () => {
    expect(() => rpsProof("AAAA", "nonce")).toThrow(MsnpError);
  });
});
