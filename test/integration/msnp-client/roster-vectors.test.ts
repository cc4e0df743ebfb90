import { afterEach, describe, expect, it } from "vitest";
import { type MsnClient, parseEmail } from "../../../src/msnp/index.ts";
import { endPlays, signedIn } from "./play.ts";
import { BOB, CAROL, type RecordedName } from "./recorded.ts";
import type { Script, ScriptedServer } from "./scripted-server.ts";
import { eventually, next } from "./stage.ts";

// What is said to change lists, and what is heard of changes, by the examples of msnp-core §5.3-§5.5 and §5.7.
afterEach(endPlays);

const DAVE = parseEmail("dave@example.com");
const DAVE_ID = "33333333-3333-4333-8333-333333333333";
const BOB_ID = "22222222-2222-4222-8222-222222222222";
const WORK_ID = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const KIN_ID = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

/** What the client said, without the numbers of its commands. */
async function said(
  dialect: RecordedName,
  script: Script,
  change: (client: MsnClient) => Promise<void>,
): Promise<{ lines: string[]; client: MsnClient; server: ScriptedServer }> {
  const { client, server } = await signedIn(dialect, script);
  await eventually(() => server.heard).toContain("PNG");
  const before = server.heard.length;
  await change(client);
  return { lines: server.heard.slice(before).map((line) => line.replace(/^(\w+) \d+/, "$1")), client, server };
}

const listsOf = (client: MsnClient, email: string): string =>
  [...(client.contacts.get(parseEmail(email))?.lists ?? [])].join(" ");

describe("by MSNP2 to 9", () => {
  it("somebody is added by ADD, whose answer has a serial and much behind it", async () => {
    const ADD = [
      "ADD $ FL 4 dave@example.com Dave%20D\r\nBPR 4 dave@example.com PHH\r\nBPR 4 dave@example.com MOB N\r\nILN $ NLN dave@example.com Dave 0\r\n",
      "ADD $ AL 5 dave@example.com Dave%20D\r\n",
    ];
    const { lines, client } = await said("MSNP7", { ADD }, ({ roster }) => roster.add(DAVE, { displayName: "Dave D" }));
    expect(lines).toEqual(["ADD FL dave@example.com Dave%20D", "ADD AL dave@example.com Dave"]);
    expect(client.contacts.get(DAVE)).toMatchObject({ status: "NLN", displayName: "Dave" });
    expect(listsOf(client, DAVE)).toBe("FL AL");
  });

  it("somebody is removed, blocked and let in again", async () => {
    const script = { REM: "REM $ FL 3 bob@example.com\r\n", ADD: "ADD $ BL 4 bob@example.com Bob%20B\r\n" };
    const { lines, client } = await said("MSNP8", script, async ({ roster }) => {
      await roster.remove(BOB);
      await roster.block(BOB);
      await roster.unblock(BOB);
    });
    expect(lines).toEqual([
      "REM FL bob@example.com",
      "REM AL bob@example.com",
      "ADD BL bob@example.com Bob%20B",
      "REM BL bob@example.com",
      "ADD AL bob@example.com Bob%20B",
    ]);
    expect(listsOf(client, BOB)).toBe("AL RL");
  });

  it("who asked is let in by the allow list, or turned away by the block list", async () => {
    const ADD = "ADD $ AL 4 carol@example.com Carol\r\n";
    const accepted = await said("MSNP9", { ADD }, ({ roster }) => roster.accept(CAROL));
    expect(accepted.lines).toEqual(["ADD AL carol@example.com Carol", "ADD FL carol@example.com Carol"]);
    const declined = await said("MSNP9", { ADD }, ({ roster }) => roster.decline(CAROL));
    expect(declined.lines).toEqual(["ADD BL carol@example.com Carol"]);
  });

  it("groups have numbers, and the answer says which", async () => {
    const script = {
      ADG: "ADG $ 9 Family 7 0\r\n",
      REG: "REG $ 10 7 Kin 0\r\n",
      RMG: "RMG $ 11 7\r\n",
      ADD: "ADD $ FL 12 bob@example.com Bob%20B 7\r\n",
      REM: "REM $ FL 13 bob@example.com 7\r\n",
    };
    const { lines, client } = await said("MSNP9", script, async ({ roster }) => {
      await roster.createGroup("Family");
      await roster.renameGroup("Family", "Kin");
      await roster.addToGroup(BOB, "Kin");
      await roster.removeFromGroup(BOB, "Kin");
      await roster.deleteGroup("Kin");
    });
    expect(lines).toEqual([
      "ADG Family 0",
      "REG 7 Kin 0",
      "ADD FL bob@example.com Bob%20B 7",
      "REM FL bob@example.com 7",
      "RMG 7",
    ]);
    expect([...client.roster.groups]).toEqual([["1", "Work Friends"]]);
  });

  it("names are changed by REA, the own one and those of others", async () => {
    const REA = ["REA $ 5 alice@example.com New%20Name\r\n", "REA $ 6 bob@example.com Bobby\r\n"];
    const { lines, client } = await said("MSNP2", { REA }, async (account) => {
      await account.setDisplayName("New Name");
      await account.roster.rename(BOB, "Bobby");
    });
    expect(lines).toEqual(["REA alice@example.com New%20Name", "REA bob@example.com Bobby"]);
    expect(client.self.displayName).toBe("New Name");
    expect(client.contacts.get(BOB)?.nickname).toBe("Bobby");
  });

  it("privacy is BLP, and to have it already is as good", async () => {
    const { lines, client } = await said("MSNP2", { BLP: "218 $\r\n" }, ({ roster }) =>
      roster.setPrivacy("allowed-only"),
    );
    expect(lines).toEqual(["BLP BL"]);
    expect(client.roster.privacy).toBe("allowed-only");
  });
});

describe("by MSNP10 to 12", () => {
  it("somebody is added by ADC, whose answer has the id that removes them", async () => {
    const ADC = [
      `ADC $ FL N=dave@example.com F=Dave%20D C=${DAVE_ID}\r\nBPR dave@example.com PHH\r\n`,
      "ADC $ AL N=dave@example.com\r\n",
    ];
    const script = { ADC, REM: `REM $ FL ${DAVE_ID}\r\n` };
    const { lines, client } = await said("MSNP11", script, async ({ roster }) => {
      await roster.add(DAVE, { displayName: "Dave D", groups: ["Work Friends"] });
      await roster.remove(DAVE);
    });
    expect(lines).toEqual([
      "ADC FL N=dave@example.com F=Dave%20D",
      "ADC AL N=dave@example.com",
      `ADC FL C=${DAVE_ID} ${WORK_ID}`,
      `REM FL ${DAVE_ID}`,
    ]);
    expect(listsOf(client, DAVE)).toBe("AL");
  });

  it("other lists go by address", async () => {
    const script = { ADC: "ADC $ BL N=bob@example.com\r\n", REM: "216 $\r\n" };
    const { lines, client } = await said("MSNP12", script, ({ roster }) => roster.block(BOB));
    expect(lines).toEqual(["REM AL bob@example.com", "ADC BL N=bob@example.com"]);
    expect(listsOf(client, BOB)).toBe("FL BL RL");
  });

  it("who asked moves from the pending to the reverse list", async () => {
    const script = { ADC: "ADC $ AL N=carol@example.com\r\n", REM: "REM $ PL carol@example.com\r\n" };
    const { lines, client } = await said("MSNP11", script, ({ roster }) => roster.accept(CAROL));
    expect(lines).toEqual([
      "ADC AL N=carol@example.com",
      "ADC RL N=carol@example.com",
      "REM PL carol@example.com",
      "ADC FL N=carol@example.com F=Carol",
    ]);
    expect(listsOf(client, CAROL)).toBe("FL AL RL");
  });

  it.each([
    ["as Escargot answers", `ADG $ Family ${KIN_ID} 0`, `REG $ 1 Kin ${KIN_ID} 0`, `RMG $ 1 ${KIN_ID}`],
    ["as is said of the official servers", `ADG $ Family ${KIN_ID}`, `REG $ ${KIN_ID} Kin`, `RMG $ ${KIN_ID}`],
  ])("groups have ids, %s", async (_, adg, reg, rmg) => {
    const script = {
      ADG: `${adg}\r\n`,
      REG: `${reg}\r\n`,
      RMG: `${rmg}\r\n`,
      ADC: `ADC $ FL C=${BOB_ID} ${KIN_ID}\r\n`,
      REM: `REM $ FL ${BOB_ID} ${KIN_ID}\r\n`,
    };
    const { lines, client } = await said("MSNP12", script, async ({ roster }) => {
      await roster.createGroup("Family");
      await roster.renameGroup("Family", "Kin");
      await roster.addToGroup(BOB, "Kin");
      await roster.removeFromGroup(BOB, "Kin");
      await roster.deleteGroup("Kin");
    });
    expect(lines).toEqual([
      "ADG Family",
      `REG ${KIN_ID} Kin`,
      `ADC FL C=${BOB_ID} ${KIN_ID}`,
      `REM FL ${BOB_ID} ${KIN_ID}`,
      `RMG ${KIN_ID}`,
    ]);
    expect(client.contacts.get(BOB)?.groups).toEqual(["Work Friends"]);
  });

  it("a contact's name is kept by SBP", async () => {
    const SBP = `SBP $ ${BOB_ID} MFN Bobby\r\n`;
    const { lines, client } = await said("MSNP12", { SBP }, ({ roster }) => roster.rename(BOB, "Bobby"));
    expect(lines).toEqual([`SBP ${BOB_ID} MFN Bobby`]);
    expect(client.contacts.get(BOB)?.nickname).toBe("Bobby");
  });

  it.each([
    ["208 $", "no-such-contact"],
    ["210 $", "list-full"],
    ["800 $", "rate-limited"],
    ["600 $", "refused"],
  ])("that is answered with %s is %s", async (answer, code) => {
    const { client } = await signedIn("MSNP11", { ADC: `${answer}\r\n` });
    await expect(client.roster.add(DAVE)).rejects.toMatchObject({ name: "RosterError", code });
    expect(client.contacts.has(DAVE)).toBe(false);
  });
});

describe("changes made elsewhere", () => {
  const PUSHED: readonly (readonly [RecordedName, string])[] = [
    ["MSNP2", "ADD 0 RL 7 dave@example.com Dave%20D"],
    ["MSNP8", "ADD 0 RL 7 dave@example.com Dave%20D"],
    ["MSNP12", "ADC 0 RL N=dave@example.com F=Dave%20D"],
  ];
  it.each(PUSHED)("make a request when somebody adds one, by %s", async (dialect, line) => {
    const { client, server } = await signedIn(dialect);
    const asked = next(client, "request");
    server.say(`${line}\r\n${line}\r\n`);
    expect((await asked)[0]).toMatchObject({ email: DAVE, displayName: "Dave D" });
    expect(client.roster.requests.map(({ email }) => email)).toEqual([CAROL, DAVE]);
    const gone = next(client, "contactChanged", ({ email }) => email === DAVE);
    server.say(`REM 0 RL ${dialect === "MSNP12" ? "" : "8 "}dave@example.com\r\n`);
    expect((await gone)[0].lists.size).toBe(0);
  });

  it("reach the lists by numbers", async () => {
    const { client, server } = await signedIn("MSNP9");
    server.say("ADG 0 20 Family 7 0\r\nADD 0 FL 21 dave@example.com Dave 7\r\nADD 0 BL 22 dave@example.com Dave\r\n");
    server.say(
      "REG 0 23 7 Kin 0\r\nREA 0 24 bob@example.com Bobby\r\nREA 0 25 alice@example.com Alys\r\nBLP 0 26 BL\r\n",
    );
    await eventually(() => client.contacts.get(DAVE)?.groups).toEqual(["Kin"]);
    expect(listsOf(client, DAVE)).toBe("FL BL");
    await eventually(() => client.roster.privacy).toBe("allowed-only");
    expect(client.contacts.get(BOB)?.nickname).toBe("Bobby");
    expect(client.self.displayName).toBe("Alys");
    server.say("REM 0 FL 27 dave@example.com 7\r\nRMG 0 28 7\r\nREM 0 FL 29 dave@example.com\r\n");
    await eventually(() => listsOf(client, DAVE)).toBe("BL");
    expect([...client.roster.groups.values()]).toEqual(["Work Friends"]);
  });

  it("reach the lists by ids", async () => {
    const { client, server } = await signedIn("MSNP11");
    server.say(`ADG 0 1 Family ${KIN_ID} 0\r\nADC 0 FL C=${BOB_ID} ${KIN_ID}\r\nREG 0 1 Kin ${KIN_ID} 0\r\n`);
    await eventually(() => client.contacts.get(BOB)?.groups).toEqual(["Work Friends", "Kin"]);
    server.say(`SBP 0 ${BOB_ID} MFN Bobby\r\nPRP 0 MFN Alys\r\nREM 0 FL ${BOB_ID} ${WORK_ID}\r\nBLP 0 BL\r\n`);
    await eventually(() => client.contacts.get(BOB)?.groups).toEqual(["Kin"]);
    await eventually(() => client.roster.privacy).toBe("allowed-only");
    expect(client.contacts.get(BOB)?.nickname).toBe("Bobby");
    expect(client.self.displayName).toBe("Alys");
  });

  it.each(["MSNP2", "MSNP9", "MSNP12"] as const)("that make no sense change nothing, by %s", async (dialect) => {
    const { client, server } = await signedIn(dialect);
    const before = new Map(client.contacts);
    server.say(
      "ADD\r\nADD 0 XX 1 x@y.z N\r\nADC 0 FL C=nobody\r\nREM 0 FL\r\nREM 0 QQ 1 bob@example.com\r\nADG 0\r\nREG 0 1\r\n",
    );
    server.say(
      "RMG 0 1 99\r\nLST\r\nLST 0 FL 1\r\nLSG\r\nREA 0 1\r\nSBP 0 x MFN y\r\nBPR\r\nGTC\r\nIMS 0 0 OFF\r\nIPG 2\r\nxx",
    );
    const away = next(client, "contactChanged", ({ status }) => status === "BRB");
    server.say("NLN BRB bob@example.com Bob%20B\r\n");
    await away;
    expect([...client.contacts.keys()]).toEqual([...before.keys()]);
    expect(listsOf(client, BOB)).toBe("FL AL RL");
  });
});
