/** One MSN account whose owner is at home on Matrix and on XMPP: Synapse, Prosody, an MSN network and the bridge, all real. */
import { expect, test } from "vitest";
import { linkAccount, openChat } from "../../src/cli/sandbox/conversation.ts";
import { HomeserverClient } from "../../src/cli/sandbox/matrix-http.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { registerAccount } from "../../src/cli/sandbox/xmpp-conversation.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { givePuppetToken } from "../support/puppet-page.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({ matrixUsers: ["anna"], xmppUsers: ["emma"], msnNames: ["alice", "bob"] });

/** Anna on Matrix and Emma on XMPP, both linked as alice; Anna's rooms with the bot and with Bob; Bob's ghosts. */
let anna: MatrixPerson;
let emma: XmppPerson;
let bob: MsnPerson;
let management = "";
let room = "";
let ghost = { matrix: "", xmpp: "" };
const ALICE = "alice@msn.test";
/** Whose words are the reader's own, said in the other home. */
const OTHER = "mine, elsewhere";

const bot = (): string => there.world.bridge.setup.bot;
const gateway = (): string => there.world.xmpp?.component ?? "";

/** What Anna sees in her chat with Bob from some place on, as `whose: words`. */
function onMatrix(from = 0): string[] {
  const whose = (sender: string): string =>
    sender === ghost.matrix ? "Bob" : sender === there.world.ghost("alice") ? OTHER : "mine";
  return anna
    .room(room)
    .messages()
    .map(({ sender, content }) => `${whose(sender)}: ${String(content.body)}`)
    .slice(from);
}

/**
 * The same on Emma's screen. Her own client shows what it sends by itself; what it is shown of hers is from elsewhere. As
 * clients do, it takes a message whose id it has for the one that it has.
 */
function onXmpp(from = 0): string[] {
  const words = emma.messages.filter(
    (one) => one.body !== undefined && [one.from, one.to].some((jid) => jid?.startsWith(ghost.xmpp)),
  );
  return [...new Map(words.map((one) => [one.id ?? one, one])).values()]
    .map(({ body, from: sender }) => `${sender.startsWith(ghost.xmpp) ? "Bob" : OTHER}: ${body ?? ""}`)
    .slice(from);
}

const ofBob = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith("Bob: "));
const elsewhere = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith(`${OTHER}: `));

test("the same account is linked on Matrix and on XMPP, by signing in on both; each home says so of the other", async () => {
  const { world } = there;
  [anna, emma, bob] = await Promise.all([world.matrix("anna"), world.xmppClient("emma"), world.messenger("bob")]);
  ghost = { matrix: world.ghost("bob"), xmpp: world.xmppGhost("bob") };
  management = await linkAccount(world, anna, "alice");
  await registerAccount(world, emma, "alice");
  await anna.waitForMessage(management, /^alice@msn\.test on Sandbox is now linked from XMPP by emma@xmpp\.test, too/);
  await emma.waitForMessage(/is linked as it is from Matrix/, gateway());
  await anna.sendText(management, "accounts");
  await anna.waitForMessage(management, "• alice@msn.test on Sandbox: signed in, also linked from XMPP", bot());
  room = await openChat(world, anna, management, "bob");
});

test("both see the whole conversation in its order, each message once, and each other's words as their own", async () => {
  const { world } = there;
  const said: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    await bob.say(ALICE, `Bob ${i}`);
    await Promise.all([
      anna.waitForMessage(room, `Bob ${i}`, ghost.matrix),
      emma.waitForMessage(`Bob ${i}`, ghost.xmpp),
    ]);
    await anna.sendText(room, `Anna ${i}`);
    await Promise.all([bob.waitForText(`Anna ${i}`), emma.waitForMessage(`Anna ${i}`, emma.jid)]);
    const id = await emma.say(ghost.xmpp, `Emma ${i}`);
    await Promise.all([
      bob.waitForText(`Emma ${i}`),
      anna.waitForMessage(room, `Emma ${i}`, world.ghost("alice")),
      emma.waitForReceipt(id),
    ]);
    said.push(`Bob ${i}`, `Anna ${i}`, `Emma ${i}`);
  }
  expect(onMatrix()).toEqual(said.map((text) => `${{ B: "Bob", A: "mine", E: OTHER }[text[0] ?? ""]}: ${text}`));
  const shown = said.filter((text) => !text.startsWith("Emma"));
  expect(onXmpp()).toEqual(shown.map((text) => `${text.startsWith("Bob") ? "Bob" : OTHER}: ${text}`));
  expect(bob.textsFrom(ALICE)).toEqual(said.filter((text) => !text.startsWith("Bob")));
  await anna.waitFor("whose words they are", () =>
    anna.room(room).displayName(world.ghost("alice"))?.endsWith("(you, on XMPP)"),
  );
});

test("nudges and typing, from each side to the others", async () => {
  const { world } = there;
  await emma.nudge(ghost.xmpp);
  await bob.waitFor("Emma's nudge", () => bob.nudges.length === 1);
  await anna.waitForMessage(room, "sent a nudge", world.ghost("alice"));
  await bob.nudge(ALICE);
  await anna.waitForMessage(room, /sent you a nudge/, ghost.matrix);
  await emma.waitFor("Bob's nudge", () =>
    emma.messages.some(({ from, attention }) => from.startsWith(ghost.xmpp) && attention),
  );
  await bob.type(ALICE);
  await anna.waitFor("Bob to type", () => anna.room(room).typing.includes(ghost.matrix));
  await emma.waitFor("Bob to type", () =>
    emma.messages.some(({ from, chatState }) => from.startsWith(ghost.xmpp) && chatState === "composing"),
  );
  await anna.type(room, true);
  await bob.waitFor("Anna to type", () => bob.typists.length > 0);
  await anna.type(room, false);
});

test("with an access token of hers, what Emma writes is said by Anna herself on Matrix, and goes to Bob once", async () => {
  const { world } = there;
  await anna.sendText(management, "puppet");
  const page = await anna.waitForMessage(management, /\/puppet\//, bot());
  const body = { type: "m.login.password", identifier: { type: "m.id.user", user: anna.userId }, password: "pw-anna" };
  const login = new HomeserverClient(world.synapse.url);
  const { access_token } = await login.call<{ access_token: string }>("POST", "/_matrix/client/v3/login", { body });
  await givePuppetToken(/https?:\/\/\S+\/puppet\/[\w-]+/.exec(String(page.content.body))?.[0] ?? "", access_token);
  await emma.say(ghost.xmpp, "As myself");
  await anna.waitForMessage(room, "As myself", anna.userId);
  await emma.say(ghost.xmpp, "And again");
  await anna.waitForMessage(room, "And again", anna.userId);
  // What came back from Matrix as new words would stand before these.
  await anna.sendText(room, "From here, too");
  await bob.waitForText("From here, too");
  expect(bob.textsFrom(ALICE).slice(-3)).toEqual(["As myself", "And again", "From here, too"]);
  await anna.waitForMessage(room, "From here, too", anna.userId);
  await emma.waitForMessage("From here, too", emma.jid);
  await anna.sendText(management, "puppet off");
  await anna.waitForMessage(management, /What you gave me is forgotten/, bot());
});

test("the bridge is killed in mid-talk: in both homes every word stands once and in order", async () => {
  const { world } = there;
  const n = 12;
  const [seenOnMatrix, seenOnXmpp, heard] = [onMatrix().length, onXmpp().length, bob.messages.length];
  const numbers = (who: string): string[] => Array.from({ length: n }, (_, i) => `${who} says ${i}`);
  const saying = async (texts: readonly string[], say: (text: string) => Promise<unknown>): Promise<void> => {
    for (const text of texts) await say(text);
  };
  await saying(numbers("Anna").slice(0, n / 2), (text) => anna.sendText(room, text));
  const talking = Promise.all([
    saying(numbers("Anna").slice(n / 2), (text) => anna.sendText(room, text)),
    saying(numbers("Emma"), (text) => emma.say(ghost.xmpp, text)),
    saying(numbers("Bob").slice(0, n / 2), (text) => bob.say(ALICE, text).catch(() => {})),
  ]);
  await bob.waitFor("the talk to be under way", () => bob.messages.length >= heard + n / 2 + 4);
  await world.bridge.kill();
  await talking;
  await world.bridge.start();
  await anna.sendText(room, "The end");
  await emma.waitForMessage("The end", emma.jid);
  await emma.say(ghost.xmpp, "The very end");
  await anna.waitForMessage(room, "The very end", world.ghost("alice"));
  for (const text of ["The end", "The very end"]) await bob.waitForText(text);
  const [matrix, xmpp] = [onMatrix(seenOnMatrix), onXmpp(seenOnXmpp)];
  const mine = (texts: readonly string[]): string[] => texts.map((text) => `${OTHER}: ${text}`);
  const atBob = bob.messages.slice(heard).map(({ text }) => text);
  // A component's server is told of nothing that it has taken: what the dead process had not stored is in no place.
  const emmas = numbers("Emma").filter((text) => atBob.includes(text));
  expect(emmas).toEqual(numbers("Emma").slice(0, emmas.length));
  expect(elsewhere(matrix)).toEqual(mine([...emmas, "The very end"]));
  expect(elsewhere(xmpp)).toEqual(mine([...numbers("Anna"), "The end"]));
  // What lay unread in the dead process's socket is in neither home (docs/delivery.md).
  expect(ofBob(matrix)).toEqual(ofBob(xmpp));
  expect(numbers("Bob").map((text) => `Bob: ${text}`)).toEqual(expect.arrayContaining(ofBob(matrix)));
  expect(new Set(ofBob(matrix)).size).toBe(ofBob(matrix).length);
  // MSN has no ids: the one that was under way may have come twice.
  const once = [...new Set(atBob)];
  expect(once.filter((text) => text.startsWith("Anna"))).toEqual(numbers("Anna"));
  expect(once.filter((text) => text.startsWith("Emma"))).toEqual(emmas);
  expect(atBob.length - once.length).toBeLessThanOrEqual(1);
});

test("Emma unlinks on XMPP, and Anna's talk with Bob goes on as it was", async () => {
  await emma.say(gateway(), "unlink");
  await emma.waitForMessage(/is unlinked here; it stays signed in for Matrix/, gateway());
  const seen = onXmpp().length;
  await bob.say(ALICE, "Still there?");
  await anna.waitForMessage(room, "Still there?", ghost.matrix);
  await anna.sendText(room, "Yes, I am");
  await bob.waitForText("Yes, I am");
  const refused = await emma.say(ghost.xmpp, "And I?");
  await emma.waitFor("an answer", () =>
    emma.messages.some(
      ({ id, error, body }) => (id === refused && error !== undefined) || /no MSN account/.test(body ?? ""),
    ),
  );
  expect(onXmpp(seen).filter((line) => /Still there|Yes, I am/.test(line))).toEqual([]);
  expect(bob.contact(ALICE)?.status).not.toBe("FLN");
  expect(bob.messages.some(({ text }) => text === "And I?")).toBe(false);
});
