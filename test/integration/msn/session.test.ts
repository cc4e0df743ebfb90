import { afterEach, expect, test } from "vitest";
import type { Availability, NetworkMessage } from "../../../src/bridge/model.ts";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import type { ClosedReason, Network, Session } from "../../../src/bridge/ports/network.ts";
import { sendsTyping, setsPresence } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import type { DialectName } from "../../../src/msnp/index.ts";
import { silent } from "../../unit/bridge/support.ts";
import { ACCOUNTS, BOTH_DIALECTS, Stage } from "../msnp-client/stage.ts";

const GUID = "11111111-2222-4333-8444-555555555555";
const alice = { address: parseContactAddress("alice@msn.test"), password: new Secret(ACCOUNTS[0]?.password ?? "") };

let stage: Stage;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await stage.close();
});

/** Alice's place on an embedded network, with what it tells the core. */
async function network(dialect: DialectName): Promise<Network> {
  stage = await Stage.open();
  return createMsnNetwork({
    name: parseNetworkName("toynet"),
    title: "Toynet",
    services: stage.network.services,
    dialects: [dialect],
    log: silent,
  });
}

async function signedIn(dialect: DialectName, availability: Availability = "online", text = "") {
  const told: { messages: NetworkMessage[]; closed: ClosedReason[] } = { messages: [], closed: [] };
  const hooks = {
    message: (message: NetworkMessage) => void told.messages.push(message),
    typing: () => {},
    contact: () => {},
    closed: (reason: ClosedReason) => void told.closed.push(reason),
  };
  const side = await network(dialect);
  const session = await side.signIn(
    alice,
    { machineGuid: GUID, availability, text },
    hooks,
    new AbortController().signal,
  );
  sessions.push(session);
  if (!sendsTyping(session) || !setsPresence(session)) throw new Error("an MSN session has typing and presence");
  return { session, told };
}

test.each(BOTH_DIALECTS)("%s: an address that MSN cannot have harms nobody", async (dialect) => {
  const { session } = await signedIn(dialect);
  const crafted = parseContactAddress("o'brien&co@msn.test");
  expect(session.contact(crafted)).toBeUndefined();
  await session.sendTyping(crafted);
  await expect(session.sendText(crafted, "hi")).rejects.toMatchObject({ code: "bad-address" });
});
