import { expect, onTestFinished, test } from "vitest";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { useXmppServer } from "../../support/xmpp.ts";
import { accept, ClientWorld, soon } from "./client-world.ts";

const fixture = useXmppServer("ejabberd");

test("on ejabberd: a chat in a room of its own, a relay, a cut link, a bridge that goes for a while", async () => {
  const [anna, carl] = await Promise.all([fixture.newPerson("anna"), fixture.newPerson("carl")]);
  const friends = `friends@${fixture.server.muc}`;
  await carl.joinRoom(friends, "Carl");
  const world = await ClientWorld.start({
    server: fixture.server,
    account: await fixture.newAccount("msn"),
    relays: [{ room: friends, resident: anna.jid, contact: "bob" }],
  });
  onTestFinished(async () => await world.stop());
  const toBob = (): string[] => world.received("alice", "bob");
  await world.link(anna.jid, "alice", "bob", "dora");

  await world.hear("alice", "dora", "hi anna");
  const room = await accept(anna, "anna");
  await anna.waitForMessage("hi anna");
  const info = await anna.ask.discoInfo(room);
  expect(info.features).toEqual(expect.arrayContaining(["muc_membersonly", "muc_nonanonymous", "muc_persistent"]));
  await anna.sayInRoom(room, "hi dora");
  await soon(() => world.received("alice", "dora")).toEqual(["hi dora"]);

  await carl.sayInRoom(friends, "hello Bob");
  await soon(toBob).toEqual(["[Carl] hello Bob"]);
  world.proxy.cut();
  await carl.sayInRoom(friends, "still there?");
  await world.hear("alice", "bob", "I am");
  await carl.waitForMessage("[bob] I am");
  await soon(toBob).toEqual(["[Carl] hello Bob", "[Carl] still there?"]);

  await world.stopBridge();
  await carl.sayInRoom(friends, "while you were out");
  await anna.sayInRoom(room, "and you, dora?");
  await world.startBridge();
  await soon(toBob).toEqual(["[Carl] hello Bob", "[Carl] still there?", "[Carl] while you were out"]);
  await soon(() => world.received("alice", "dora")).toEqual(["hi dora", "and you, dora?"]);
  expect(anna.rooms.get(room)?.texts("dora")).toEqual(["hi anna"]);
});

test("a relay's room that is destroyed is not made anew", async () => {
  const [anna, carl] = await Promise.all([fixture.newPerson("anna"), fixture.newPerson("carl")]);
  const room = `doomed@${fixture.server.muc}`;
  await carl.joinRoom(room, "Carl");
  const world = await ClientWorld.start({
    server: fixture.server,
    account: await fixture.newAccount("msn"),
    relays: [{ room, resident: anna.jid, contact: "bob" }],
  });
  onTestFinished(async () => await world.stop());
  await carl.waitFor("the relay", () => carl.rooms.get(room)?.occupants.get("MSN"));
  const destroy = xml("destroy", {}, xml("reason", {}, "we have moved"));
  const owner = xml("query", { xmlns: "http://jabber.org/protocol/muc#owner" }, destroy);
  await carl.send(xml("iq", { type: "set", to: room, id: "destroy" }, owner));
  await anna.waitForMessage(/no longer in .*: we have moved/, world.jid);
  await expect(carl.ask.discoInfo(room)).rejects.toThrow("item-not-found");
});
