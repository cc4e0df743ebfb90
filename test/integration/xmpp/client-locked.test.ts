import { expect, onTestFinished, test } from "vitest";
import { useXmppServer } from "../../support/xmpp.ts";
import { ClientWorld, soon } from "./client-world.ts";

/** As servers are by themselves: a room that was just made is closed until its maker has said how it shall be. */
const fixture = useXmppServer("prosody", {
  config: (usual) => usual.replace("muc_room_locking = false", "muc_room_locking = true"),
});

test("a relay whose room is not there yet does not keep others out of it", async () => {
  const [anna, carl] = await Promise.all([fixture.newPerson("anna"), fixture.newPerson("carl")]);
  const room = `lobby@${fixture.server.muc}`;
  const world = await ClientWorld.start({
    server: fixture.server,
    account: await fixture.newAccount("msn"),
    relays: [{ room, resident: anna.jid, contact: "bob" }],
  });
  onTestFinished(async () => await world.stop());
  await world.link(anna.jid, "alice", "bob");
  const lobby = await carl.joinRoom(room, "Carl");
  expect(lobby.nicks()).toEqual(["Carl", "MSN"]);
  await carl.sayInRoom(room, "hello Bob");
  await soon(() => world.received("alice", "bob")).toEqual(["[Carl] hello Bob"]);
});
