/** What is parked on its way to a group's room that has stopped, and comes back into its lane. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import type { Failure, Fence, LaneEntry } from "../../../src/bridge/model.ts";
import { portalParts, roomId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Fixture, group, inGroup, matrix, person, said, textsIn, xmpp } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const ann = person("ann");
const free = 0 as Fence;
const gone: Failure = { code: "room-gone", text: "The room is gone.", certainty: "not-sent" };
const old = roomId("!old");

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

const parked = (id: GroupId) => store.parked(portalParts(id).account);

async function say(id: GroupId, home: typeof matrix, ...texts: string[]): Promise<readonly LaneEntry[]> {
  for (const text of texts) await store.append(inGroup(id, home), said(text), `${id} ${home} ${text}`);
  return await store.read(inGroup(id, home), undefined, 1000);
}

/** A group whose room has stopped; "a", "b" and "c" are parked on their way there, and "d" and "e" have come since. */
async function stopped(key: string): Promise<GroupId> {
  const { id } = await store.saveGroup(group(key), { kind: "several" });
  await store.tieRoom(id, { home: matrix, room: old, by: ann });
  await store.tieRoom(id, { home: xmpp, room: roomId("it@muc"), parked: "It has stopped, too." });
  expect(await store.markRoom(id, matrix, old, "The bot was thrown out.")).toBe(true);
  for (const home of [xmpp, matrix])
    for (const entry of await say(id, home, "a", "b", "c"))
      expect(await store.park(entry, undefined, ann, gone, free, true)).toBe(true);
  await say(id, matrix, "d", "e");
  return id;
}

test.each([
  ["goes on", (id: GroupId) => store.markRoom(id, matrix, old, undefined)],
  ["gives way to another", (id: GroupId) => store.tieRoom(id, { home: matrix, room: roomId("!new") })],
  ["is given up", (id: GroupId) => store.untieRoom(id, matrix)],
  [
    "becomes another group's",
    async () => {
      const { id } = await store.saveGroup(group("thief"), { kind: "several" });
      await store.tieRoom(id, { home: matrix, room: old });
    },
  ],
] as const)(
  "when a stopped room %s, all that was parked is back in its lane, before what has come since",
  async (how, act) => {
    const id = await stopped(how.replaceAll(" ", "-").replaceAll("'", ""));
    const lane = inGroup(id);
    await act(id);
    expect(await textsIn(store, lane)).toEqual(["a", "b", "c", "d", "e"]);
    expect(await store.waiting(lane.shard)).toContainEqual(lane);
    // What waits for the other home's room waits on.
    expect((await parked(id)).map(({ lane: from }) => from)).toEqual(
      [xmpp, xmpp, xmpp].map((home) => inGroup(id, home)),
    );
    await act(id);
    await say(id, matrix, "f");
    expect(await textsIn(store, lane)).toEqual(["a", "b", "c", "d", "e", "f"]);
  },
);

test("what comes back is what it was, under the same id, and says that it comes again", async () => {
  const id = await stopped("ids");
  const ids = (await parked(id)).map(({ place }) => String(place));
  await store.markRoom(id, matrix, old, undefined);
  const [a, , , d] = await store.read(inGroup(id), undefined, 10);
  expect(ids).toContain(a?.id);
  expect(a?.again).toBeTypeOf("number");
  expect(d).not.toHaveProperty("again");
});

test("an entry in hand while the room goes on leaves its lane once", async () => {
  const id = await stopped("in-hand");
  const [d] = await store.read(inGroup(id), undefined, 1);
  await store.markRoom(id, matrix, old, undefined);
  if (d) await store.done(d, free);
  expect(await textsIn(store, inGroup(id))).toEqual(["a", "b", "c", "e"]);
});

test.each([
  ["goes on", (id: GroupId) => store.markRoom(id, matrix, old, undefined)],
  ["is given up", (id: GroupId) => store.untieRoom(id, matrix)],
] as const)("what was to be parked for a room that %s meanwhile stays where it is", async (how, act) => {
  const id = await stopped(`late-${how.replaceAll(" ", "-")}`);
  const [d] = await store.read(inGroup(id), undefined, 1);
  await act(id);
  expect(d && (await store.park(d, undefined, ann, gone, free, true))).toBe(false);
  expect(await textsIn(store, inGroup(id))).toEqual(["a", "b", "c", "d", "e"]);
  // What has failed of itself is parked wherever the room is.
  expect(d && (await store.park(d, undefined, ann, gone, free))).toBe(true);
});

test("a room that is not the group's any more is not marked", async () => {
  const id = await stopped("elsewhere");
  await store.tieRoom(id, { home: matrix, room: roomId("!there") });
  expect(await store.markRoom(id, matrix, old, "Thrown out.")).toBe(false);
  await store.untieRoom(id, matrix);
  expect(await store.markRoom(id, matrix, roomId("!there"), "Thrown out.")).toBe(false);
  expect((await store.group(id))?.rooms.map(({ home }) => home)).toEqual([xmpp]);
});

test("who has tied a room stays known when it stops and goes on", async () => {
  const id = await stopped("tier");
  const room = async () => (await store.group(id))?.rooms.find(({ home }) => home === matrix);
  expect(await room()).toEqual({ home: matrix, room: old, by: ann, parked: "The bot was thrown out." });
  await store.markRoom(id, matrix, old, undefined);
  expect(await room()).toEqual({ home: matrix, room: old, by: ann });
});
