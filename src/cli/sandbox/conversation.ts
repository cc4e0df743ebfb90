import { findLink, linkByPage } from "./link-page.ts";
import type { MatrixPerson } from "./matrix-person.ts";
import type { MsnPerson } from "./msn-person.ts";
import { Transcript } from "./transcript.ts";
import type { World } from "./world.ts";

/** Time for one thing to cross a busy machine; presence may wait for a refresh of the homeserver. */
const CROSS_MS = 60_000;

/**
 * The scripted conversation of `npm run sandbox -- --check`: Anna, on Matrix, links her MSN account and talks with Bob and
 * Carol, who are on MSN. Each step waits until the other side has seen it.
 * @throws Error naming what was not seen; the transcript so far is in `transcript`
 */
export async function playConversation(world: World, transcript: Transcript): Promise<void> {
  const anna = await world.matrix("anna");
  const management = await linkAccount(world, anna, "alice", transcript);
  const bob = await world.messenger("bob", "MSNP18");
  const carol = await world.messenger("carol", "MSNP11");
  transcript.msn("Bob (MSNP18) and Carol (MSNP11) sign in");
  const room = await openChat(world, anna, management, "bob", transcript);
  await presenceOfBob(world, anna, bob, transcript);
  await presenceOfAnna(world, anna, bob, transcript);
  await talk(world, anna, bob, room, transcript);
  await carolWritesFirst(world, anna, carol, transcript);
  await bobLeaves(world, anna, bob, room, transcript);
}

/** What one must know of a bridge to link an account by its bot. */
export type Linking = Pick<World, "account"> & { readonly bridge: Pick<World["bridge"], "setup"> };

/** Says `link` to the bot, fills in the page, and waits until the bot says that it worked. Gives the management room. */
export async function linkAccount(
  world: Linking,
  anna: MatrixPerson,
  name: string,
  transcript = new Transcript(),
): Promise<string> {
  const { bot } = world.bridge.setup;
  const room = await anna.startDirect(bot);
  await anna.waitFor("the bot to join", () => anna.room(room).members().includes(bot), CROSS_MS);
  await anna.sendText(room, "link");
  transcript.matrix("Anna to the bot: link");
  const answer = await anna.waitForMessage(room, /\/link\//, bot, CROSS_MS);
  const url = findLink(String(answer.content.body));
  if (!url) throw new Error(`the bot gave no link: ${String(answer.content.body)}`);
  transcript.matrix("Bot: Open this page to link your MSN account. …");
  await linkByPage(url, world.account(name));
  transcript.matrix(`Anna enters ${world.account(name).email} and her password on the page`);
  const linked = await anna.waitForMessage(room, /is linked/, bot, CROSS_MS);
  transcript.matrix(`Bot: ${String(linked.content.body)}`);
  return room;
}

/** Says `chat` to the bot and accepts the ghost's invitation. Gives the room. */
export async function openChat(
  world: World,
  anna: MatrixPerson,
  management: string,
  name: string,
  transcript = new Transcript(),
): Promise<string> {
  const ghost = world.ghost(name);
  await anna.sendText(management, `chat ${world.account(name).email}`);
  transcript.matrix(`Anna to the bot: chat ${world.account(name).email}`);
  const invite = await anna.waitForInvite(ghost, CROSS_MS);
  if (!invite.direct) throw new Error(`the invitation of ${ghost} is not marked direct`);
  await anna.join(invite.roomId);
  await anna.waitFor("the ghost's name", () => anna.room(invite.roomId).members().includes(ghost), CROSS_MS);
  const { displayname } = await anna.profile(ghost);
  transcript.matrix(`${String(displayname)} invites Anna to a direct chat; she joins`);
  return invite.roomId;
}

async function presenceOfBob(world: World, anna: MatrixPerson, bob: MsnPerson, transcript: Transcript): Promise<void> {
  await bob.setPersonalMessage("gone fishing");
  await bob.setStatus("BRB");
  transcript.msn("Bob is right back; personal message: gone fishing");
  const seen = await anna.waitFor(
    "Bob's presence",
    () => {
      const now = anna.presenceOf(world.ghost("bob"));
      return now?.presence === "unavailable" && now.statusMsg?.includes("gone fishing") ? now : undefined;
    },
    CROSS_MS,
  );
  transcript.matrix(`Bob is ${seen.presence}: ${seen.statusMsg ?? ""}`);
}

async function presenceOfAnna(world: World, anna: MatrixPerson, bob: MsnPerson, transcript: Transcript): Promise<void> {
  const { email } = world.account("alice");
  await anna.setPresence("unavailable", "in a meeting");
  transcript.matrix("Anna is unavailable; status: in a meeting");
  const seen = await bob.waitFor(
    "Anna's presence",
    () => {
      const now = bob.contact(email);
      return now && now.status !== "NLN" && now.status !== "FLN" && now.personalMessage === "in a meeting"
        ? now
        : undefined;
    },
    CROSS_MS,
  );
  transcript.msn(`Alice is ${seen.status}: ${seen.personalMessage}`);
}

async function talk(
  world: World,
  anna: MatrixPerson,
  bob: MsnPerson,
  room: string,
  transcript: Transcript,
): Promise<void> {
  const ghost = world.ghost("bob");
  const { email } = world.account("alice");
  await anna.type(room, true);
  transcript.matrix("Anna types …");
  await bob.waitFor("Anna to type", () => bob.typists.some(({ from }) => from === email), CROSS_MS);
  transcript.msn("… Alice is typing");
  const hello = await anna.sendText(room, "Hello Bob, can you read this? ☕");
  transcript.matrix("Anna: Hello Bob, can you read this? ☕");
  await bob.waitForText("Hello Bob, can you read this? (C)", CROSS_MS);
  transcript.msn("Alice: Hello Bob, can you read this? (C)");
  await anna.waitFor("the receipt", () => anna.room(room).receipts.get(world.bridge.setup.bot) === hello, CROSS_MS);
  transcript.matrix("(delivered: the bot's read receipt)");
  await bob.type(email);
  transcript.msn("Bob types …");
  await anna.waitFor("Bob to type", () => anna.room(room).typing.includes(ghost), CROSS_MS);
  transcript.matrix("… Bob is typing");
  await bob.say(email, "Loud and clear :)");
  transcript.msn("Bob: Loud and clear :)");
  await anna.waitForMessage(room, "Loud and clear 🙂", ghost, CROSS_MS);
  transcript.matrix("Bob: Loud and clear 🙂");
}

async function carolWritesFirst(
  world: World,
  anna: MatrixPerson,
  carol: MsnPerson,
  transcript: Transcript,
): Promise<void> {
  await carol.say(world.account("alice").email, "Hi, it is Carol");
  transcript.msn("Carol: Hi, it is Carol");
  const invite = await anna.waitForInvite(world.ghost("carol"), CROSS_MS);
  await anna.join(invite.roomId);
  await anna.waitForMessage(invite.roomId, "Hi, it is Carol", world.ghost("carol"), CROSS_MS);
  transcript.matrix("Carol invites Anna: Hi, it is Carol");
  await anna.sendText(invite.roomId, "Hi Carol");
  transcript.matrix("Anna to Carol: Hi Carol");
  await carol.waitForText("Hi Carol", CROSS_MS);
  transcript.msn("Alice to Carol: Hi Carol");
}

async function bobLeaves(
  world: World,
  anna: MatrixPerson,
  bob: MsnPerson,
  room: string,
  transcript: Transcript,
): Promise<void> {
  await bob.signOut();
  transcript.msn("Bob signs out");
  await anna.waitFor("Bob to be offline", () => anna.presenceOf(world.ghost("bob"))?.presence === "offline", CROSS_MS);
  transcript.matrix("Bob is offline");
  await anna.sendText(room, "Are you still there?");
  transcript.matrix("Anna: Are you still there?");
  const notice = await anna.waitForMessage(room, /is offline/, undefined, CROSS_MS);
  transcript.matrix(`Bot: ${String(notice.content.body).split("\n").at(-1) ?? ""}`);
}
