import { describe, expect, it } from "vitest";
import { answerChallenge, answerMsnp11Challenge } from "../../../../src/msnp/auth/challenge.ts";
import { md5Response } from "../../../../src/msnp/auth/md5.ts";

// Vectors of msnp-core §4.1, §4.2 and §3.2.
const OLD = "15570131571988941333";
const NEW = "22210219642164014968";

describe("a challenge of MSNP6-10", () => {
  it.each([
    ["msmsgs@msnmsgr.com", "Q1P7W2E4J9R8U3S5", "8f2f5a91b72102cd28355e9fc9000d6e"],
    ["PROD0038W!61ZTF9", "VT6PX?UQTM4WM%YR", "ca90e6a7c94a14aae7b3ae0f6018433e"],
    ["PROD0058#7IL2{QD", "QHDCY@7R1TB6W?5B", "f8a1cd8d90b73fd4a3d3f8fd3341da87"],
    ["PROD0061VRRZH@4F", "JXQ6J@TUOGYV@N0M", "769dfe2c4292159189b71837ce37b74e"],
    ["PROD00504RLUG%WL", "I2EBK%PYNLZL5_J4", "49d31aad3b56caeb4bb18a9772c0e8af"],
    ["PROD0076ENE8*@AW", "CEQJ8}OE0!WTSWII", "2d703fdc530d7a958e6ae6ce1c0347c0"],
  ])("is answered for %s", (id, key, answer) => {
    expect(answerChallenge("md5", OLD, { id, key })).toBe(answer);
  });
});

describe("a challenge of MSNP11 and later", () => {
  it.each([
    ["PROD0090YUAUV{2B", "YMM8C_H7KCQ2S_KL", NEW, "85ecb0db8f32113df79ce0892b9a102c"],
    ["PROD0101{0RM?UBW", "CFHUR$52U_{VIX5T", NEW, "64812169fe9717715f03c678fa4ab938"],
    ["PROD01065C%ZFN6F", "O4BG@C7BWLYQX?5G", NEW, "5a7ca864d9edaedfd464bbbd8e1a7c1c"],
    ["PROD0112J1LW7%NB", "RH96F{PHI8PPX_TJ", NEW, "82b096fe53bbc00f9c8436a2fbc48f0d"],
    ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", NEW, "52e41a335075c63e132d6f3a497fd82b"],
    ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "11533365622852247127", "f086d1ded067186deca8dba2231602cf"],
    ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "13038318816579321232", "3b25f5aab8143dd9a47971541666ae0e"],
    ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "13676118092332012962", "e9ccbb3e90fabb047bad055f1d025cde"],
    ["PROD0114ES4Z%Q5W", "PK}_A_0N_K%O?A9S", NEW, "e790b908276bb51115fa7eb3c8a36315"],
    ["PROD0118R6%2WYOS", "YIXPX@5I2P0UT*LK", NEW, "8c24d791ee3a1064557c99fcf95fde72"],
    ["PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX", NEW, "a400af809ac86fbdf6deec7286fc06b8"],
    ["PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM", NEW, "6e92a312bf6b70ee58e75a1e3315695c"],
  ])("is answered for %s (%s, %s)", (id, key, challenge, answer) => {
    expect(answerChallenge("msnp11", challenge, { id, key })).toBe(answer);
  });

  it("has the worked values on the way", () => {
    const steps = answerMsnp11Challenge(NEW, { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" });
    expect(steps.digest.toString("hex")).toBe("ec4917aa5b3017159e3947f8ff981604");
    expect(steps.masked).toEqual([706169324n, 353841243n, 2017933726n, 68589823n]);
    expect(steps.padded).toBe("22210219642164014968PROD0090YUAUV{2B0000");
    expect(steps.high).toBe(1906812265n);
    expect(steps.low).toBe(671482580n);
  });
});

describe("an MD5 sign-in", () => {
  it.each([
    ["1234567890.123456789", "secret", "2976b981ef84ce29f35136d7465e731b"],
    ["1013928519.693957190", "password", "7f919fab309532df353c901430df36fa"],
  ])("answers the salt %s", (salt, password, response) => {
    expect(md5Response(salt, password)).toBe(response);
  });
});
