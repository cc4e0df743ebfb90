import { expect, onTestFinished, test } from "vitest";
import { linkAccount, openChat } from "../../src/cli/sandbox/conversation.ts";
import { HomeserverClient } from "../../src/cli/sandbox/matrix-http.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { MsnClient, parseEmail, parseMachineGuid } from "../../src/msnp/index.ts";
import { givePuppetToken } from "../support/puppet-page.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({ matrixUsers: ["anna"], msnNames: ["alice", "bob", "carol"] });

/** Anna, linked as alice, her room with the bot and that with Bob; Alice's own Messenger beside the bridge. */
let anna: MatrixPerson;
let management = "";
let room = "";
let bob: MsnPerson;
let laptop: MsnPerson;
let heard = 0;

const bot = (): string => there.world.bridge.setup.bot;

async function say(line: string): Promise<void> {
  heard = anna.room(management).texts(bot()).length;
  await anna.sendText(management, line);
}

async function hear(pattern: RegExp): Promise<string> {
  return await anna.waitFor(`the bot to say ${pattern}`, () =>
    anna
      .room(management)
      .texts(bot())
      .slice(heard)
      .find((text) => pattern.test(text)),
  );
}

test("Alice's own Messenger and the bridge stay on together; what she types there appears in Anna's chat once, as hers", async () => {
  const { world } = there;
  anna = await world.matrix("anna");
  management = await linkAccount(world, anna, "alice");
  bob = await world.messenger("bob");
  room = await openChat(world, anna, management, "bob");
  laptop = await world.messenger("alice");
  const { email } = world.account("alice");
  // What Bob said first could reach the laptop alone, if that answered his call before the bridge (docs/delivery.md).
  await anna.sendText(room, "Are you there?");
  await bob.waitForText("Are you there?");
  await bob.say(email, "Hi Alice");
  await anna.waitForMessage(room, "Hi Alice", world.ghost("bob"));
  await laptop.say(bob.email, "Typed on my laptop");
  await bob.waitForText("Typed on my laptop");
  await anna.waitForMessage(room, "Typed on my laptop", world.ghost("alice"));
  await anna.waitFor("whose words they are", () =>
    /\(you, on .+\)$/.test(anna.room(room).displayName(world.ghost("alice")) ?? ""),
  );
  await anna.sendText(room, "Typed on Matrix");
  await bob.waitForText("Typed on Matrix");
  expect(laptop.closed).toBeUndefined();
  expect(bob.messages.filter(({ text }) => text === "Typed on my laptop")).toHaveLength(1);
  expect(
    anna
      .room(room)
      .texts()
      .filter((text) => text === "Typed on my laptop"),
  ).toHaveLength(1);
});

test("with an access token of hers they are said by Anna herself, and do not go to Bob a second time", async () => {
  const { world } = there;
  await say("puppet");
  const url = /https?:\/\/\S+\/puppet\/[\w-]+/.exec(await hear(/\/puppet\//))?.[0] ?? "";
  const body = { type: "m.login.password", identifier: { type: "m.id.user", user: anna.userId }, password: "pw-anna" };
  const login = new HomeserverClient(world.synapse.url);
  const { access_token } = await login.call<{ access_token: string }>("POST", "/_matrix/client/v3/login", { body });
  await givePuppetToken(url, access_token);
  await laptop.say(bob.email, "As myself");
  await anna.waitForMessage(room, "As myself", anna.userId);
  await laptop.say(bob.email, "And once more");
  await anna.waitForMessage(room, "And once more", anna.userId);
  await bob.waitForText("And once more");
  await anna.sendText(room, "The end");
  await bob.waitForText("The end");
  const { email } = world.account("alice");
  expect(bob.textsFrom(email).slice(-3)).toEqual(["As myself", "And once more", "The end"]);
  expect(world.bridge.logTail(5000)).not.toContain(access_token);
});

test("the bridge is killed right behind her words from the laptop: they appear once, in order, and do not go to Bob again", async () => {
  const { world } = there;
  const before = bob.messages.length;
  const texts = Array.from({ length: 5 }, (_, i) => `laptop ${i}`);
  for (const text of texts) await laptop.say(bob.email, text);
  await anna.waitForMessage(room, "laptop 3", anna.userId);
  await world.bridge.kill();
  await world.bridge.start();
  await anna.sendText(room, "after the kill");
  await bob.waitForText("after the kill", 60_000);
  expect(bob.messages.slice(before).map(({ text }) => text)).toEqual([...texts, "after the kill"]);
  // The last one may have lain unread in the dead process's socket (docs/delivery.md).
  const shown = anna
    .room(room)
    .texts(anna.userId)
    .filter((text) => text.startsWith("laptop "));
  expect(texts.slice(0, shown.length)).toEqual(shown);
  expect(shown.length).toBeGreaterThanOrEqual(4);
});

test("`devices` shows the laptop and signs it out", async () => {
  // Right after a sign-in the network has not told of the other places yet.
  await expect
    .poll(
      async () => {
        await say("devices");
        return (await hear(/./)).split("\n");
      },
      { interval: 250, timeout: 60_000 },
    )
    .toEqual([expect.stringContaining("msnbridge (this bridge)"), expect.stringMatching(/^2\. /)]);
  await say("devices out 2");
  await hear(/has been asked to sign out/);
  await laptop.waitFor("the farewell", () => laptop.closed !== undefined);
  expect(laptop.closed?.kind).toBe("elsewhere");
});

test("a Messenger that cannot share takes over politely; `resume` comes back", async () => {
  const { world } = there;
  const { email } = world.account("alice");
  const old = await world.messenger("alice", "MSNP11");
  await hear(/signed in somewhere else/);
  await say("status");
  await hear(/Say `resume` to sign in here again/);
  expect(old.closed).toBeUndefined();
  await say("resume");
  await hear(/is signing in here again/);
  await old.waitFor("its end", () => old.closed !== undefined);
  await bob.waitFor("alice to be there", () => bob.contact(email)?.status === "NLN");
});

test("a friend request shows itself once and is accepted; block, rename and remove do what they say", async () => {
  const { world } = there;
  const email = parseEmail("zoe@msn.test");
  world.msn.addAccount({ email, password: "pw-zoe", displayName: "Zoe" });
  const zoe = new MsnClient({
    services: world.msn.services,
    dialects: ["MSNP18"],
    email,
    password: () => "pw-zoe",
    machineGuid: parseMachineGuid("{aaaaaaaa-0000-4000-8000-0000000000aa}"),
    initialPresence: "NLN",
  });
  onTestFinished(() => zoe.signOut());
  await zoe.signIn();
  heard = anna.room(management).texts(bot()).length;
  await zoe.roster.add(parseEmail(world.account("alice").email));
  await hear(/zoe@msn\.test>? would like to be a contact/);
  await say("accept zoe@msn.test");
  await hear(/zoe@msn\.test is your contact now/);
  await say("rename zoe@msn.test My sister");
  await hear(/My sister/);
  await say("contacts sister");
  await hear(/My sister \(.+\) <zoe@msn\.test>/);
  await say("block zoe@msn.test");
  await hear(/is blocked/);
  await expect.poll(() => zoe.contacts.get(parseEmail(world.account("alice").email))?.status).toBe("FLN");
  await say("remove zoe@msn.test");
  await hear(/no longer in your contact list/);
});
