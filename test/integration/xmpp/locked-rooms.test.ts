import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { roomId } from "../../../src/bridge/model.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { useXmppServer } from "../../support/xmpp.ts";
import { ghost, makeRoom, Plumber, resident, viewOf } from "../../support/xmpp-plumbing.ts";
import { seen } from "./group-sights.ts";

const fixture = useXmppServer("prosody");
const PASSWORD = "open; sesame=1";

/** Anna's conference with a password, and a bridge. */
async function scene() {
  const anna = await fixture.newPerson("anna");
  const room = `locked-${randomUUID().slice(0, 8)}@${fixture.server.muc}`;
  await makeRoom(anna, room, "Anna", { passwordprotectedroom: "1", roomsecret: PASSWORD, whois: "anyone" });
  const plumber = await Plumber.start(fixture.server);
  onTestFinished(() => plumber.stop());
  return { anna, room, plumber };
}

const address = (room: string, password: string): string =>
  `xmpp:${room}?join;password=${encodeURIComponent(password)}`;

async function hears(anna: XmppPerson, room: string, plumber: Plumber, text: string): Promise<void> {
  await plumber.say(room, ghost("bob"), text);
  const annas = anna.rooms.get(room);
  if (annas === undefined) throw new Error("anna is not there");
  expect(await seen(anna, annas, text)).toMatchObject({ from: `${room}/Bob` });
}

test("a room with a password is tied by who knows it; ghosts come in with it; a restart knows it still", async () => {
  const { anna, room, plumber } = await scene();
  const me = resident(anna.jid);
  expect(await plumber.rooms.findRoom(address(room, PASSWORD), me)).toBe(room);
  expect(plumber.core.told.at(-1)).toMatch(/keep the password .* sealed.*delete that/);
  expect(await plumber.rooms.mayBridge(roomId(room), me)).toMatchObject({ allowed: true });
  await plumber.tie(room);
  await hears(anna, room, plumber, "hello");
  expect(JSON.stringify([...plumber.core.notes.values(), ...plumber.core.told])).not.toContain("sesame");

  await plumber.stop();
  const again = await Plumber.start(fixture.server, plumber.core);
  onTestFinished(() => again.stop());
  await hears(anna, room, again, "back again");

  await again.rooms.releaseGroup(roomId(room), { id: "", people: [] } as never, "unbridge");
  expect(await plumber.core.secrets.secret(resident(room), "room-password")).toBeUndefined();
});

test("without a password, or with a wrong one, it is not tied, and says how it could be", async () => {
  const { anna, room, plumber } = await scene();
  const me = resident(anna.jid);
  await plumber.rooms.findRoom(room, me);
  const refused = await plumber.rooms.mayBridge(roomId(room), me);
  expect(refused).toMatchObject({ allowed: false, because: expect.stringContaining("password=…") });
  await plumber.rooms.findRoom(address(room, "wrong"), me);
  expect(await plumber.rooms.mayBridge(roomId(room), me)).toMatchObject({ allowed: false });
  await plumber.rooms.findRoom(address(room, PASSWORD), me);
  expect(await plumber.rooms.mayBridge(roomId(room), me)).toMatchObject({ allowed: true });
});

test("what one person has given, nobody else ties with", async () => {
  const { anna, room, plumber } = await scene();
  await plumber.rooms.findRoom(address(room, PASSWORD), resident(anna.jid));
  expect(await plumber.rooms.mayBridge(roomId(room), resident("zoe@xmpp.test"))).toMatchObject({ allowed: false });
});

test("who asks the bot in from within has given it the password thereby", async () => {
  const { anna, room, plumber } = await scene();
  const invite = xml("invite", { to: fixture.server.component });
  await anna.send(xml("message", { to: room }, xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, invite)));
  await plumber.core.waitFor("word of it", () => plumber.core.told.some((text) => text.includes("asked me into")));
  expect(await plumber.rooms.mayBridge(roomId(room), resident(anna.jid))).toMatchObject({ allowed: true });
});

test("an invitation from outside, with a password that is none, does not take the place of the right one", async () => {
  const { anna, room, plumber } = await scene();
  const zoe = await fixture.newPerson("zoe");
  await plumber.rooms.findRoom(address(room, PASSWORD), resident(anna.jid));
  expect(await plumber.rooms.mayBridge(roomId(room), resident(anna.jid))).toMatchObject({ allowed: true });
  const asked = xml("x", { xmlns: "jabber:x:conference", jid: room, password: "wrong" });
  await zoe.send(xml("message", { to: fixture.server.component }, asked));
  await plumber.core.waitFor("word of it", () => plumber.core.told.some((text) => text.includes("asked me into")));
  await plumber.tie(room);
  expect((await plumber.core.secrets.secret(resident(room), "room-password"))?.open()).toBe(PASSWORD);
});

test("a password that cannot be opened keeps no bridge from starting; given again, the room goes on", async () => {
  const { anna, room, plumber } = await scene();
  const me = resident(anna.jid);
  await plumber.rooms.findRoom(address(room, PASSWORD), me);
  await plumber.rooms.mayBridge(roomId(room), me);
  await plumber.tie(room);
  await plumber.stop();

  const { core } = plumber;
  const { secret, keepSecret } = core.secrets;
  core.secrets.secret = async () => {
    throw new BridgeError("internal", { detail: "sealing key 1 is missing" });
  };
  const again = await Plumber.start(fixture.server, core);
  onTestFinished(() => again.stop());
  const view = viewOf("anna", "bob", "carol");
  await expect(again.rooms.shapeGroup(roomId(room), view)).rejects.toMatchObject({ code: "home-down" });
  await again.rooms.findRoom(address(room, "wrong"), me);
  expect(await again.rooms.mayBridge(roomId(room), me)).toMatchObject({ allowed: false });
  expect(core.notes.get(roomId(room))).not.toContain("shutOut");
  expect(core.event("shut-out")).toBeUndefined();

  const kept = Promise.withResolvers<string>();
  core.secrets.keepSecret = async (...all) => {
    await keepSecret(...all);
    kept.resolve(all[2].open());
  };
  await again.rooms.findRoom(address(room, PASSWORD), me);
  expect(await kept.promise).toBe(PASSWORD);
  await hears(anna, room, again, "here again");
  core.secrets.secret = secret;
});
