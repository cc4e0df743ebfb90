import { describe, expect, it, test } from "vitest";
import { answerChallenge } from "../../../../src/msnp/auth/challenge.ts";
import { rpsProof, verifyRpsResponse } from "../../../../src/msnp/auth/rps.ts";
import { dialectOf } from "../../../../src/msnp/dialect/table.ts";

const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const NONCE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";
const BLOB =
  "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAABAgMEBQYH5/b6UPUTyMkbVgyWJivzLXG/cLnbi6heZDPcDaN19raFPD126EaQQUkKltX7vdAMfHnoLDqagK3kpZIzyCXvzkmmW6IvHKU2tUFdVEJ4iq50Aoiu+mkP7WkXXvQ=";

describe("the vectors of MSNP21 (source: msnp21 §2.3, §2.5)", () => {
  test("the proof of a ticket's secret", () => {
    expect(rpsProof(SECRET, NONCE, Buffer.from("0001020304050607", "hex")).response).toBe(BLOB);
    expect(verifyRpsResponse(SECRET, NONCE, BLOB)).toBe(true);
  });

  it.each([
    ["15570131571988941333", "9cb1df88322e338f23c67780a2ff14e1"],
    ["12345678901234567890", "d21f78ed9cd4181eba9499824d73c215"],
    ["1663122458434562624782678054", "f379e91748f9722568da550eccefec47"],
  ])("challenge %s is answered with %s", (challenge, answer) => {
    const { challenge: kind, product } = dialectOf("MSNP21");
    expect(kind).toBe("msnp11");
    expect(answerChallenge("msnp11", challenge, product)).toBe(answer);
  });
});
