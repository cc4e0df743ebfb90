/** An account's chats in a space, by the groups of its contact list: made with the first chat, kept, and gone with the account. */
import { expect, test } from "vitest";
import { linkAccount, openChat } from "../../src/cli/sandbox/conversation.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import { BotTalk } from "../support/bot-talk.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({ matrixUsers: ["anna"], msnNames: ["alice", "bob", "carol"] });

interface Listed {
  readonly room_id: string;
  readonly name?: string;
  readonly room_type?: string;
  readonly children_state: readonly { readonly state_key: string; readonly content: { readonly via?: unknown } }[];
}

/** Anna, linked as alice. */
let alice: BotTalk;
let anna: MatrixPerson;
let space = "";
let withBob = "";
let withCarol = "";

const bot = (): string => there.world.bridge.setup.bot;

async function listed(): Promise<readonly Listed[]> {
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(space)}/hierarchy`;
  return (await anna.client.call<{ rooms: readonly Listed[] }>("GET", path)).rooms;
}

/** The space as a client shows it to Anna: names of folders with their rooms, and rooms in none. */
async function shown(): Promise<unknown> {
  const byId = new Map((await listed()).map((room) => [room.room_id, room]));
  const inside = (id: string): string[] =>
    (byId.get(id)?.children_state ?? []).flatMap(({ state_key, content }) => (content.via ? [state_key] : []));
  const isFolder = (id: string): boolean => byId.get(id)?.room_type === "m.space";
  const children = inside(space);
  return {
    folders: Object.fromEntries(children.filter(isFolder).map((id) => [byId.get(id)?.name, inside(id).toSorted()])),
    loose: children.filter((id) => !isFolder(id)),
  };
}

/** Synapse lets a person ask five times a second. */
const seen = () => expect.poll(shown, { interval: 400, timeout: 60_000 });

async function folder(name: string): Promise<string> {
  return (await listed()).find((room) => room.name === name && room.room_type === "m.space")?.room_id ?? "";
}

/** Spaces that a room names as its own. */
function parentsOf(room: string): readonly string[] {
  const view = anna.room(room);
  const keys = view.timeline.flatMap(({ type, state_key }) => (type === "m.space.parent" ? [state_key ?? ""] : []));
  return [...new Set(keys)].filter((key) => view.state("m.space.parent", key)?.canonical === true);
}

test("linking an account asks Anna into nothing", async () => {
  alice = await BotTalk.link(there.world, "anna", "alice");
  anna = alice.person;
  await alice.command("groups new Friends", /There is a group "Friends" now/);
  await alice.command("groups put bob@msn.test Friends", /is in "Friends" now/);
  expect([...anna.invites.values()]).toEqual([]);
});

test("with her first chat comes a space, into which she is asked once, and Bob's chat stands under Friends", async () => {
  withBob = await openChat(there.world, anna, alice.management, "bob");
  const invite = await anna.waitForSpace(bot());
  space = invite.roomId;
  await anna.join(space);
  await anna.waitFor(
    "the space's name",
    () => anna.room(space).state("m.room.name")?.name === "Sandbox: alice@msn.test",
  );
  await seen().toEqual({ folders: { Friends: [withBob] }, loose: [] });
  const friends = await folder("Friends");
  expect(anna.invites.size).toBe(0);
  await expect.poll(() => parentsOf(withBob)).toEqual([friends]);
});

test("she joins Friends without an invitation", async () => {
  const friends = await folder("Friends");
  await anna.join(friends);
  await anna.waitFor("Bob's chat in it", () => anna.room(friends).state("m.space.child", withBob)?.via !== undefined);
});

test("a chat with somebody in no group stands beside the folders; a group that is renamed stays the folder it was", async () => {
  withCarol = await openChat(there.world, anna, alice.management, "carol");
  await seen().toEqual({ folders: { Friends: [withBob] }, loose: [withCarol] });
  const friends = await folder("Friends");
  await alice.command("groups rename Friends Pals", /is "Pals" now/);
  await seen().toEqual({ folders: { Pals: [withBob] }, loose: [withCarol] });
  expect(await folder("Pals")).toBe(friends);
  expect(anna.room(friends).joined).toBe(true);
});

test("Bob is put into another group: his chat moves, and the folder that is empty goes", async () => {
  const pals = await folder("Pals");
  await alice.command("groups new Work", /There is a group "Work" now/);
  await alice.command("groups put bob@msn.test Work", /is in "Work" now/);
  await seen().toEqual({ folders: { Pals: [withBob], Work: [withBob] }, loose: [withCarol] });
  await alice.command("groups take bob@msn.test Pals", /no longer in "Pals"/);
  await seen().toEqual({ folders: { Work: [withBob] }, loose: [withCarol] });
  await anna.waitFor("Pals to be gone", () => !anna.room(pals).joined);
  await anna.waitFor("the space without Pals", () => anna.room(space).state("m.space.child", pals)?.via === undefined);
  const work = await folder("Work");
  await expect.poll(() => parentsOf(withBob)).toEqual([work]);
});

test("after a restart nothing is done again, and what has changed meanwhile is put right", async () => {
  const before = anna.room(space).timeline.length;
  await there.world.bridge.stop();
  await there.world.bridge.start();
  await alice.ask("groups put carol@msn.test Work", /carol@msn\.test is in "Work" now/);
  const both = [withBob, withCarol].toSorted();
  await seen().toEqual({ folders: { Work: both }, loose: [] });
  expect(anna.invites.size).toBe(0);
  // Carol's chat went from here into the folder, and nothing else.
  await anna.waitFor("the change", () => anna.room(space).timeline.length > before);
  expect(anna.room(space).timeline.slice(before)).toMatchObject([
    { type: "m.space.child", state_key: withCarol, content: {} },
  ]);
});

test("unlinked, the space is gone, and chats name it no more; linked again there is a new one", async () => {
  const work = await folder("Work");
  await alice.command("unlink alice@msn.test", /alice@msn\.test is unlinked/);
  await anna.waitFor("to be out of the space", () => !anna.room(space).joined && !anna.room(work).joined);
  await anna.waitFor("the chats to be told", () => [withBob, withCarol].flatMap(parentsOf).length === 0);
  const management = await linkAccount(there.world, anna, "alice");
  await anna.sendText(management, "chat bob@msn.test");
  const { roomId } = await anna.waitForSpace(bot());
  expect(roomId).not.toBe(space);
});
