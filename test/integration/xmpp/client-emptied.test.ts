/** An ordinary XMPP account whose bridge has lost its store: what it writes down nowhere else it finds again by itself. */
import { afterAll, beforeAll, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { useXmppServer } from "../../support/xmpp.ts";
import { accept, ClientWorld, soon } from "./client-world.ts";

const fixture = useXmppServer("prosody");
let world: ClientWorld;
let anna: XmppPerson;

beforeAll(async () => {
  anna = await fixture.newPerson("anna");
  world = await ClientWorld.start({ server: fixture.server, account: await fixture.newAccount("msn") });
});

afterAll(async () => {
  await world.stop();
});

test("with an emptied store, a chat goes on in its old room with the contact's next words", async () => {
  await world.link(anna.jid, "alice", "bob");
  await world.hear("alice", "bob", "hi anna");
  const jid = await accept(anna, "anna");
  await anna.waitForMessage("hi anna", jid);
  await world.stopBridge();
  await world.emptyStore();
  await world.startBridge();
  await world.link(anna.jid, "alice", "bob");
  await world.hear("alice", "bob", "still the same room?");
  await anna.waitForMessage("still the same room?", jid);
  await anna.sayInRoom(jid, "it is");
  await soon(() => world.received("alice", "bob")).toEqual(["it is"]);
});
