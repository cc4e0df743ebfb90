import { expect, test } from "vitest";
import { Secret } from "../../../../src/bridge/secret.ts";
import { bestMechanism, Scram } from "../../../../src/xmpp/link/scram.ts";

const pencil = new Secret("pencil");

test("the exchange of RFC 7677 §3, and the server's proof at its end", async () => {
  const scram = new Scram("SCRAM-SHA-256", "user", pencil, "rOprNGfwEbeRWgbNEkqO");
  expect(scram.first()).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  expect(await scram.answer(challenge)).toBe(
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  );
  scram.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

test("the exchange of RFC 5802 §5", async () => {
  const scram = new Scram("SCRAM-SHA-1", "user", pencil, "fyko+d2lbbFgONRv9qkxdawL");
  const challenge = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
  expect(await scram.answer(challenge)).toBe(
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
  );
  scram.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
});

test("a server that does not know the password is found out", async () => {
  const scram = new Scram("SCRAM-SHA-1", "user", pencil, "fyko");
  expect(() => scram.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).toThrow("did not prove");
  await scram.answer("r=fykoX,s=QSXCR+Q6sek8bf92,i=4096");
  expect(() => scram.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).toThrow("did not prove");
  expect(() => scram.verify("e=other-error")).toThrow("did not prove");
});

test.each([
  ["somebody else's nonce", "r=other,s=QSXCR+Q6sek8bf92,i=4096", "not one of SCRAM"],
  ["our own nonce alone", "r=fyko,s=QSXCR+Q6sek8bf92,i=4096", "not one of SCRAM"],
  ["an extension that is not known", "m=x,r=fykoX,s=QSXCR+Q6sek8bf92,i=4096", "not one of SCRAM"],
  ["too few rounds", "r=fykoX,s=QSXCR+Q6sek8bf92,i=1", "asks for 1 rounds"],
  ["rounds without end", "r=fykoX,s=QSXCR+Q6sek8bf92,i=999999999", "rounds"],
])("a challenge with %s is not answered", async (_, challenge, why) => {
  await expect(new Scram("SCRAM-SHA-1", "user", pencil, "fyko").answer(challenge)).rejects.toThrow(why);
});

test("the best mechanism is taken, and nothing that shows the password", () => {
  expect(bestMechanism(["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"])).toBe("SCRAM-SHA-256");
  expect(bestMechanism(["PLAIN", "DIGEST-MD5", "SCRAM-SHA-1-PLUS"])).toBeUndefined();
});

test("names with the signs of the exchange itself are escaped", () => {
  expect(new Scram("SCRAM-SHA-1", "a=b,c", pencil, "x").first()).toBe("n,,n=a=3Db=2Cc,r=x");
});
