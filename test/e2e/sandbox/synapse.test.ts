import { expect, test } from "vitest";
import { MatrixPerson } from "../../../src/cli/sandbox/matrix-person.ts";
import { createMatrixUser } from "../../../src/cli/sandbox/synapse.ts";
import { useSynapse } from "../../support/synapse.ts";
import { traceOfTest } from "../../support/traces.ts";

const synapse = useSynapse();

test("the pinned Synapse runs", () => {
  expect(synapse.server.version).toBe("1.163.2");
});

test("two people meet in a direct room: invite, join, text, typing, read receipt, reaction", async () => {
  const trace = traceOfTest();
  const anna = await synapse.newPerson("anna", trace);
  const bert = await synapse.newPerson("bert", trace);

  const roomId = await anna.startDirect(bert.userId);
  expect(await bert.waitForInvite(anna.userId)).toEqual({ roomId, from: anna.userId, direct: true, space: false });
  await anna.waitFor("the room in m.direct", () => anna.directRooms(bert.userId).includes(roomId));
  await bert.join(roomId);
  await anna.waitFor("bert in the room", () => anna.room(roomId).members().includes(bert.userId));

  const eventId = await anna.sendText(roomId, "hello", "txn-1");
  expect(await anna.sendText(roomId, "hello", "txn-1")).toBe(eventId);
  expect((await bert.waitForMessage(roomId, "hello", anna.userId)).event_id).toBe(eventId);
  expect(bert.room(roomId).texts()).toEqual(["hello"]);

  await bert.type(roomId, true);
  await anna.waitFor("bert typing", () => anna.room(roomId).typing.includes(bert.userId));
  await bert.type(roomId, false);
  await anna.waitFor("bert no longer typing", () => anna.room(roomId).typing.length === 0);

  await bert.markRead(roomId, eventId);
  await anna.waitFor("the read receipt", () => anna.room(roomId).receipts.get(bert.userId) === eventId);

  await bert.react(roomId, eventId, "👍");
  await anna.waitFor("the reaction", () => anna.room(roomId).reactions(eventId).length === 1);
  expect(anna.room(roomId).reactions(eventId)[0]).toMatchObject({ sender: bert.userId, key: "👍" });
});

test("presence and status text are seen by the other and stay while syncing", async () => {
  const trace = traceOfTest();
  const anna = await synapse.newPerson("anna", trace);
  const bert = await synapse.newPerson("bert", trace);
  await bert.join(await anna.createRoom({ invite: [bert.userId] }));

  await bert.setPresence("unavailable", "out for lunch");
  await anna.waitFor("bert away for lunch", () => {
    const seen = anna.presenceOf(bert.userId);
    return seen?.presence === "unavailable" && seen.statusMsg === "out for lunch";
  });
  await bert.setPresence("online", "back");
  await anna.waitFor("bert back", () => anna.presenceOf(bert.userId)?.statusMsg === "back");
});

test("a person who was away while 110 messages came, more than one answer of /sync holds, sees each of them once and in order", async () => {
  const anna = await synapse.newPerson("anna");
  const sleepy = await synapse.newPerson("sleepy");
  const roomId = await anna.createRoom({ invite: [sleepy.userId] });
  await sleepy.join(roomId);
  await sleepy.waitFor("the room", () => sleepy.rooms.get(roomId)?.joined);

  await sleepy.goOffline();
  const sent = Array.from({ length: 110 }, (_, n) => `message ${n}`);
  for (const text of sent) await anna.sendText(roomId, text);
  expect(sleepy.room(roomId).texts()).toEqual([]);
  sleepy.goOnline();
  await sleepy.waitForMessage(roomId, "message 109");
  expect(sleepy.room(roomId).texts()).toEqual(sent);
});

test("a person signs in by password; a wrong one is refused", async () => {
  const account = await createMatrixUser(synapse.server, "carla", "open sesame");
  await expect(MatrixPerson.signIn(synapse.server.url, account.id, { password: "wrong" })).rejects.toThrow(
    "M_FORBIDDEN",
  );
  const carla = await MatrixPerson.signIn(synapse.server.url, account.id, { password: "open sesame" });
  expect(await carla.profile(carla.userId)).toMatchObject({ displayname: "carla" });
  await carla.close();
});

test("killed and restarted, the server keeps its port and its rooms, and people go on by themselves", async () => {
  const trace = traceOfTest();
  const anna = await synapse.newPerson("anna", trace);
  const roomId = await anna.createRoom();
  await anna.sendText(roomId, "before");
  const { pid, url } = synapse.server;

  await synapse.server.kill();
  expect(synapse.server.running).toBe(false);
  await expect(anna.sendText(roomId, "into the void")).rejects.toThrow();
  await synapse.server.restart();

  expect(synapse.server.pid).not.toBe(pid);
  expect(synapse.server.url).toBe(url);
  await anna.sendText(roomId, "after");
  await anna.waitForMessage(roomId, "after");
  expect(anna.room(roomId).texts()).toEqual(["before", "after"]);
});

test("a wait that is in vain says what was waited for and what was seen instead", async () => {
  const anna = await synapse.newPerson("anna");
  const roomId = await anna.createRoom();
  await anna.sendText(roomId, "something else");
  await anna.waitForMessage(roomId, "something else");
  const error: Error = await anna.waitForMessage(roomId, "never said", undefined, 50).then(
    () => expect.unreachable(),
    (thrown: Error) => thrown,
  );
  expect(error.message).toContain(`${anna.userId} waited 50 ms, waiting for the message never said of anyone`);
  expect(error.message).toContain("something else (m.text)");
});
