/** Words said between an invitation and the coming of the one who was invited, of which the homeserver tells nothing. */
import { expect, it } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = `@_msn_escargot_bob=40example.com:${DOMAIN}`;

interface Meeting {
  readonly room: string;
  readonly early: readonly Record<string, unknown>[];
  readonly join: Record<string, unknown>;
}

/** Anna has invited somebody of ours and has written before they came. */
function meet(s: StubScene, ours: string, words: readonly string[], direct = true): Meeting {
  s.stub.users.add(ours);
  const { id, history } = s.stub.makeRoom({ [ANNA]: "join", [ours]: "join" });
  const invitation = { membership: "invite", is_direct: direct };
  const early = words.map((body) => s.stub.event(id, ANNA, "m.room.message", { msgtype: "m.text", body }));
  const join = {
    ...s.stub.event(id, ours, "m.room.member", { membership: "join" }, ours),
    unsigned: { prev_content: invitation, prev_sender: ANNA },
  };
  history.push(s.stub.event(id, ANNA, "m.room.message", { msgtype: "m.text", body: "before the invitation" }));
  history.push(s.stub.event(id, ANNA, "m.room.member", invitation, ours), ...early, join);
  return { room: id, early, join };
}

function texts(s: StubScene): string[] {
  return s.host.events.flatMap((event) => ("text" in event ? [event.text] : []));
}

it("are taken in before what follows, once, however often the transaction comes", async () => {
  const s = await scene();
  const { room, join } = meet(s, BOB, ["one", "two"]);
  s.host.portals.add(room as RoomId);
  const later = s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body: "three" });
  const body = JSON.stringify({ events: [join, later] });
  expect((await s.stub.transaction("1", body)).status).toBe(200);
  expect((await s.stub.transaction("1", body)).status).toBe(200);
  await s.host.settled();
  expect(texts(s)).toEqual(["one", "two", "three"]);
});

it("that the homeserver has told all the same count once", async () => {
  const s = await scene();
  const { room, early, join } = meet(s, BOB, ["told", "not told"]);
  s.host.portals.add(room as RoomId);
  await s.stub.push([early[0]]);
  await s.stub.push([join]);
  await s.host.settled();
  expect(texts(s)).toEqual(["told", "not told"]);
});

it("in the very moment of the coming, which stand behind it in the room, count once, told or not", async () => {
  const s = await scene();
  const { room, join } = meet(s, BOB, ["one"]);
  s.host.portals.add(room as RoomId);
  const say = (body: string) => s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body });
  const [untold, told, later] = [say("two"), say("three"), { ...say("four"), origin_server_ts: Date.now() + 60_000 }];
  s.stub.room(room).history.push(untold, told, later);
  await s.stub.push([join]);
  await s.stub.push([told, later]);
  await s.host.settled();
  expect(texts(s)).toEqual(["one", "two", "three", "four"]);
});

it("are not lost when the store or the history is away for a moment", async () => {
  const s = await scene();
  const { room, join } = meet(s, BOB, ["patience"]);
  s.host.portals.add(room as RoomId);
  s.stub.fail("messages", { kind: "html", status: 502 });
  expect(await s.stub.push([join])).toBeGreaterThanOrEqual(500);
  const { refused } = s.host;
  s.host.failure = new Error("away");
  expect(await s.stub.push([join])).toBeGreaterThanOrEqual(500);
  expect(s.host.refused).toBe(refused + 1);
  s.host.failure = undefined;
  expect(await s.stub.push([join])).toBe(200);
  await s.host.settled();
  expect(texts(s)).toEqual(["patience"]);
});

it("hold nothing up when the history cannot be had", async () => {
  const s = await scene();
  const { room, join } = meet(s, BOB, ["lost"]);
  s.host.portals.add(room as RoomId);
  s.stub.fail("messages", { kind: "html", status: 502 }, 100);
  const later = s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body: "later" });
  const body = JSON.stringify({ events: [join, later] });
  const answers: number[] = [];
  for (let i = 0; i < 3; i++) answers.push((await s.stub.transaction("1", body)).status);
  expect(answers.at(-1)).toBe(200);
  await s.host.settled();
  expect(texts(s)).toEqual(["later"]);
});

it("to the bot are commands", async () => {
  const s = await scene();
  const { join } = meet(s, BOT, ["link"]);
  await s.stub.push([join]);
  await s.host.settled();
  expect(s.host.items).toMatchObject([{ resident: `matrix:${ANNA}`, raw: { body: "link" } }]);
});

it("in a room that is no chat with a contact are nobody's", async () => {
  const s = await scene();
  const declined = meet(s, BOB, ["to all of you"]);
  const group = meet(s, `@_msn_escargot_carol=40example.com:${DOMAIN}`, ["to all of you"], false);
  s.host.portals.add(group.room as RoomId);
  await s.stub.push([declined.join, group.join]);
  await s.host.settled();
  expect(s.host.items).toEqual([]);
});
