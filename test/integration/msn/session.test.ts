import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import type { Network, Session } from "../../../src/bridge/ports/network.ts";
import { sendsTyping, setsPresence } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import type { DialectName } from "../../../src/msnp/index.ts";
import { deaf, silent } from "../../unit/bridge/support.ts";
import { ACCOUNTS, BOTH_DIALECTS, Stage } from "../msnp-client/stage.ts";

const GUID = "11111111-2222-4333-8444-555555555555";
const alice = {
  address: parseContactAddress("alice@msn.test"),
  spelling: "alice@msn.test",
  password: new Secret(ACCOUNTS[0]?.password ?? ""),
};

let stage: Stage;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await stage.close();
});

/** An embedded network as the core sees it. */
async function network(dialect: DialectName, log = silent): Promise<Network> {
  stage = await Stage.open();
  return createMsnNetwork({
    name: parseNetworkName("toynet"),
    title: "Toynet",
    services: stage.network.services,
    dialects: [dialect],
    log,
  });
}

async function signIn(side: Network) {
  const hooks = { ...deaf, closed: () => {} };
  const options = { machineGuid: GUID, availability: "online", text: "" } as const;
  const session = await side.signIn(alice, options, hooks, new AbortController().signal);
  sessions.push(session);
  if (!sendsTyping(session) || !setsPresence(session)) throw new Error("an MSN session has typing and presence");
  return session;
}

test.each(BOTH_DIALECTS)("%s: an address that MSN cannot have harms nobody", async (dialect) => {
  const session = await signIn(await network(dialect));
  const crafted = parseContactAddress("o'brien&co@msn.test");
  expect(session.contact(crafted)).toBeUndefined();
  await session.sendTyping(crafted);
  await expect(session.sendText(crafted, "hi")).rejects.toMatchObject({ code: "bad-address" });
});

test.each(BOTH_DIALECTS)("%s: another place that signs in during a sign-in has it", async (dialect) => {
  const side = await network(dialect);
  stage.network.faults.arm({ place: "NS", account: alice.address, at: "CHG", fault: { kind: "out", reason: "OTH" } });
  await expect(signIn(side)).rejects.toMatchObject({ code: "elsewhere" });
});

test("a trial of a password that another place ends failed, and says nothing of messages", async () => {
  const side = await network("MSNP18");
  stage.network.faults.arm({ place: "NS", account: alice.address, at: "CHG", fault: { kind: "out", reason: "OTH" } });
  const trial = side.verify(alice, () => {}, new AbortController().signal);
  await expect(trial).rejects.toMatchObject({ code: "sign-in-failed", context: { stage: "presence" } });
});

test.each(BOTH_DIALECTS)("%s: of presence and personal message only what changes is sent", async (dialect) => {
  const lines: string[] = [];
  const write = (text: string): void => {
    const { direction, line } = JSON.parse(text) as { direction?: string; line?: string };
    if (direction === ">>>" && line && /^(CHG|UUX) /.test(line)) lines.push(line.replace(/ \d+ /, " "));
  };
  const session = await signIn(await network(dialect, pino({ level: "trace" }, { write })));
  lines.length = 0;
  await session.setPresence("busy", "");
  await session.setPresence("busy", "at work");
  await session.setPresence("busy", "at work");
  await session.setPresence("online", "");
  expect(lines.map((line) => line.replace(/^(CHG \w+|UUX).*$/s, "$1"))).toEqual(
    // From MSNP16 on each place tells the others its status in a UUX of its own.
    dialect === "MSNP18" ? ["CHG BSY", "UUX", "UUX", "CHG NLN", "UUX", "UUX"] : ["CHG BSY", "UUX", "CHG NLN", "UUX"],
  );
});
