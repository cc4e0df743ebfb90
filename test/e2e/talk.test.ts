import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { linkAccount, openChat, playConversation } from "../../src/cli/sandbox/conversation.ts";
import { description, welcome } from "../../src/cli/sandbox/description.ts";
import { linkByPage } from "../../src/cli/sandbox/link-page.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { Transcript } from "../../src/cli/sandbox/transcript.ts";
import { playXmppConversation } from "../../src/cli/sandbox/xmpp-conversation.ts";
import { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { parseRegistration } from "../../src/matrix/registration.ts";
import { startBrowser } from "../support/browser.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({
  matrixUsers: ["anna", "ben", "cleo"],
  xmppUsers: ["emma", "felix"],
  msnNames: ["alice", "bob", "carol", "dave", "erin", "emily", "fred"],
});

/** Ben, linked as dave, and her room with the bot. */
let ben: MatrixPerson;
let management = "";

test("the sandbox's conversations cross in both directions, on Matrix and on XMPP at once", async () => {
  const [matrix, xmpp] = [new Transcript(), new Transcript()];
  await Promise.all([playConversation(there.world, matrix), playXmppConversation(there.world, xmpp)]);
  expect(matrix.render()).toMatch(/ │ Bob: Loud and clear :\)\n/);
  expect(xmpp.render()).toMatch(/^seconds │ XMPP +│ MSN\n/);
  expect(xmpp.render()).toMatch(/\d │ Fred: Loud and clear 🙂 +│\n/);
});

test("who reads the sandbox's description can sign in by XMPP and register", async () => {
  const { xmpp, xmppCertificate } = description(there.world) as {
    xmpp: {
      host: "127.0.0.1";
      port: number;
      domain: string;
      component: string;
      users: { jid: string; password: string }[];
    };
    xmppCertificate: string;
  };
  expect(Object.keys(xmpp)).toEqual(["host", "port", "domain", "component", "muc", "users"]);
  expect(xmpp.users.map(({ jid }) => jid)).toEqual(["emma@xmpp.test", "felix@xmpp.test"]);
  const server = { ...xmpp, c2sPort: xmpp.port, ca: readFileSync(xmppCertificate, "utf8") };
  const [, { jid, password } = { jid: "", password: "" }] = xmpp.users;
  const felix = await XmppPerson.signIn({ server, jid, password });
  onTestFinished(() => felix.close());
  expect((await felix.ask.registration(xmpp.component)).url).toContain("/link/");
  expect(welcome(there.world)).toContain(`/connect emma@xmpp.test server 127.0.0.1 port ${xmpp.port} tls trust`);
});

test("an account that is linked cannot be linked by somebody else", async () => {
  const { world } = there;
  const ben = await world.matrix("ben");
  await expect(linkAccount(world, ben, "alice")).rejects.toThrow(/already linked/);
});

test("Ben links an account of his own and sees it in `accounts` and `status`", async () => {
  const { world } = there;
  ben = await world.matrix("ben");
  management = await linkAccount(world, ben, "dave");
  await say("accounts");
  await hear(/dave@msn\.test on Sandbox: signed in/);
  await say("status");
  await hear(/dave@msn\.test on Sandbox: signed in \(MSNP18\)/);
});

test("`contacts` names who is there", async () => {
  const erin = await messenger("erin");
  await erin.setPersonalMessage("at the lake");
  await expect
    .poll(
      async () => {
        await say("contacts erin");
        return await hear(/./);
      },
      { interval: 500, timeout: 60_000 },
    )
    .toBe("• Erin <erin@msn.test>: online – at the lake");
});

test("who is invited by Ben to a direct room comes, and what he says there at once arrives", async () => {
  const { world } = there;
  const bob = await messenger("bob");
  const room = await ben.startDirect(world.ghost("bob"));
  await ben.sendText(room, "Hello from a room of my own");
  await bob.waitForText("Hello from a room of my own");
  await bob.say(world.account("dave").email, "And back");
  await ben.waitForMessage(room, "And back", world.ghost("bob"));
  expect((await ben.profile(world.ghost("bob"))).displayname).toBe("Bob");
  await bob.setDisplayName("Bobby");
  await expect.poll(async () => (await ben.profile(world.ghost("bob"))).displayname).toBe("Bobby");
  await bob.setDisplayName("Bob");
});

test("what is said to a contact who is away waits for them on the network, and Ben is told so once", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openChat(world, ben, management, "carol");
  await carol.signOut();
  const said = await ben.sendText(room, "Are you there, Carol?");
  await ben.waitForMessage(room, /^carol@msn\.test is offline\. Sandbox keeps what you say/, world.bridge.setup.bot);
  await ben.waitFor("the receipt", () => ben.room(room).receipts.get(world.bridge.setup.bot) === said);
  const second = await ben.sendText(room, "Call me");
  await ben.waitFor("the receipt", () => ben.room(room).receipts.get(world.bridge.setup.bot) === second);
  expect(ben.room(room).texts(world.bridge.setup.bot)).toHaveLength(1);
  const waiting = world.msn.offlineMessages(carol.email).map(({ text }) => text);
  expect(waiting).toEqual(["Are you there, Carol?", "Call me"]);
  await carol.signInAgain();
  await ben.sendText(room, "There you are");
  await carol.waitForText("There you are");
});

test("what could not go is answered with the reason, and a reaction sends it when it can", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  await say("presence offline");
  await hear(/is signed out/);
  await carol.waitFor("Dave to go", () => carol.contact(world.account("dave").email)?.status === "FLN");
  const lost = await ben.sendText(room, "Wait for it");
  const notice = await ben.waitForMessage(room, /signed out here/, world.bridge.setup.bot);
  expect(JSON.stringify(notice.content)).toContain(lost);
  await say("resume");
  await hear(/is signing in/);
  await carol.waitFor("Dave to come", () => carol.contact(world.account("dave").email)?.status === "NLN");
  await ben.react(room, notice.event_id, "🔁");
  await carol.waitForText("Wait for it");
  await ben.waitFor("the receipt", () => ben.room(room).receipts.get(world.bridge.setup.bot) === lost);
  expect(carol.messages.filter(({ text }) => text === "Wait for it")).toHaveLength(1);
});

test("`retry` sends everything that failed", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  await say("presence offline");
  await hear(/is signed out/);
  await carol.waitFor("Dave to go", () => carol.contact(world.account("dave").email)?.status === "FLN");
  const before = ben.room(room).texts(world.bridge.setup.bot).length;
  await ben.sendText(room, "First");
  await ben.sendText(room, "Second");
  await ben.waitFor("two notices", () => ben.room(room).texts(world.bridge.setup.bot).length >= before + 2);
  await say("resume");
  await carol.waitFor("Dave to come", () => carol.contact(world.account("dave").email)?.status === "NLN");
  await say("retry");
  await hear(/Sending 2 message/);
  await carol.waitForText("First");
  await carol.waitForText("Second");
});

test("a long message arrives in parts, and whole", async () => {
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  const long = `Start ${"äöü☕ words and more words ".repeat(500)}end`;
  const before = carol.messages.length;
  await ben.sendText(room, long);
  await carol.waitFor("its end", () => carol.messages.at(-1)?.text.endsWith("end"));
  const parts = carol.messages.slice(before).map(({ text }) => text);
  expect(parts.join("")).toBe(long.replaceAll("☕", "(C)"));
  for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(1400);
});

test("looks cross both ways; answers, edits, removals and reactions come as words", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  const dave = world.account("dave").email;
  await carol.say(dave, "see you at [b]eight[/b] :)", { italic: true, color: "#ff0000" });
  const seen = await ben.waitForMessage(room, "see you at eight 🙂", world.ghost("carol"));
  expect(seen.content.formatted_body).toBe(
    '<span data-mx-color="#ff0000"><em>see you at <strong>eight</strong> 🙂</em></span>',
  );
  const say = (content: object) => ben.sendEvent(room, "m.room.message", { msgtype: "m.text", ...content });
  const html = (formatted_body: string) => ({ format: "org.matrix.custom.html", formatted_body });
  await say({ body: "**all of it**", ...html("<strong>all of it</strong>") });
  expect((await carol.waitForText("all of it")).format).toMatchObject({ bold: true });
  const answer = { "m.relates_to": { "m.in_reply_to": { event_id: seen.event_id } } };
  const said = await say({ body: "I am over their now", ...answer });
  await carol.waitForText("> see you at eight 🙂\nI am over their now".replace("🙂", ":)"));
  const fixed = { body: "I am over there now", msgtype: "m.text" };
  await say({ body: "* fixed", "m.new_content": fixed, "m.relates_to": { rel_type: "m.replace", event_id: said } });
  await carol.waitForText("* their → there");
  await ben.react(room, seen.event_id, "👍");
  await ben.react(room, seen.event_id, "🦀");
  await ben.redact(room, said);
  await carol.waitForText("(deleted: “I am over there now”)");
  expect(carol.textsFrom(dave).at(-2)).toBe("(Y) · 🦀 to “see you at eight :)”");
});

test("of a picture a line goes out that names it, and its sender is told so", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  await ben.sendEvent(room, "m.room.message", { msgtype: "m.image", body: "cat.png", url: "mxc://matrix.test/abc" });
  await carol.waitForText("[sent a picture: “cat.png”]");
  await ben.waitForMessage(
    room,
    /cannot be given a picture: what has arrived there is “\[sent/,
    world.bridge.setup.bot,
  );
});

test("nudges ring both ways: of two at once the first", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  const dave = world.account("dave").email;
  await carol.nudge(dave);
  await carol.nudge(dave);
  const nudges = await ben.waitFor("both nudges", () => {
    const all = ben.room(room).timeline.filter(({ content }) => content["msnbridge.nudge"] === true);
    return all.length === 2 ? all : undefined;
  });
  expect(nudges.map(({ content }) => [content.msgtype, content["m.mentions"]])).toEqual([
    ["m.text", { user_ids: [ben.userId] }],
    ["m.notice", {}],
  ]);
  const said = { msgtype: "m.text", body: "👋 Ben nudges you", "msnbridge.nudge": true };
  await ben.sendEvent(room, "m.room.message", said);
  await carol.waitFor("Ben's nudge", () => carol.nudges.length === 1);
});

test("the bridge restarts: what words are about is asked of the homeserver", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  await carol.say(world.account("dave").email, "coming tonight?");
  const { event_id: asked } = await ben.waitForMessage(room, "coming tonight?", world.ghost("carol"));
  const edit = (of: string, body: string) =>
    ben.sendEvent(room, "m.room.message", {
      msgtype: "m.text",
      body: `* ${body}`,
      "m.new_content": { msgtype: "m.text", body },
      "m.relates_to": { rel_type: "m.replace", event_id: of },
    });
  const said = await ben.sendText(room, "I am over their now");
  await edit(said, "I am over there now");
  const gone = await ben.sendText(room, "I hate mondays");
  await carol.waitForText("I hate mondays");
  await world.bridge.stop();
  await world.bridge.start();
  await edit(said, "I am over there then");
  await carol.waitForText("* now → then");
  const answer = { "m.relates_to": { "m.in_reply_to": { event_id: asked } } };
  await ben.sendEvent(room, "m.room.message", { msgtype: "m.text", body: "yes", ...answer });
  await carol.waitForText("> coming tonight?\nyes");
  await ben.react(room, asked, "🦀");
  await ben.redact(room, gone);
  await carol.waitForText("(a message was deleted)");
  expect(carol.messages.at(-2)?.text).toBe("🦀 to “coming tonight?”");
});

test("a message of 100 kB, which no homeserver should let through, is refused in the room and holds nothing up", async () => {
  const { world } = there;
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  const sender = ben.userId;
  const event = (event_id: string, body: string) => ({
    type: "m.room.message",
    room_id: room,
    sender,
    event_id,
    origin_server_ts: Date.now(),
    content: { msgtype: "m.text", body },
  });
  const { url, hsToken } = parseRegistration(readFileSync(world.bridge.setup.registrationFile, "utf8"));
  const pushed = await fetch(`${url}/_matrix/app/v1/transactions/pushed-by-hand`, {
    method: "PUT",
    headers: { authorization: `Bearer ${hsToken.open()}`, "content-type": "application/json" },
    body: JSON.stringify({ events: [event("$huge", "x".repeat(100_000)), event("$small", "Small and behind it")] }),
  });
  expect(pushed.status).toBe(200);
  await ben.waitForMessage(room, /a message of more than 64 kB cannot go to MSN/, world.bridge.setup.bot);
  await carol.waitForText("Small and behind it");
  expect(carol.messages.some(({ text }) => text.includes("xxxx"))).toBe(false);
});

test("an encrypted room is refused with a reason", async () => {
  const { world } = there;
  const room = await ben.createRoom({ invite: [world.ghost("erin")], direct: true, encrypted: true });
  await ben.waitFor("the ghost to leave", () => ben.room(room).members("leave").includes(world.ghost("erin")));
});

test("a person without an account who invites a contact is told to link first", async () => {
  const { world } = there;
  const cleo = await world.matrix("cleo");
  const room = await cleo.startDirect(world.ghost("bob"));
  await cleo.waitForMessage(room, /no MSN account linked/);
});

test("a ghost with a crafted name does not exist", async () => {
  const { world } = there;
  const { ghostPrefix, serverName } = world.bridge.setup;
  const rooms: [string, string][] = [];
  for (const local of ["sandbox_no-at-sign", "sandbox_x=40y=0az", "nowhere_bob=40msn.test"]) {
    const crafted = `@${ghostPrefix}${local}:${serverName}`;
    const room = await ben.createRoom({ invite: [crafted], direct: true }).catch(() => undefined);
    if (room) rooms.push([room, crafted]);
  }
  await say("chat no-address");
  await hear(/is not an MSN address/);
  for (const [room, crafted] of rooms) expect(ben.room(room).members()).not.toContain(crafted);
});

test("a password written to the bot is refused, and is nowhere in the log", async () => {
  const { world } = there;
  await say("link dave@msn.test hunter2-secret");
  await hear(/password/i);
  expect(readFileSync(world.bridge.logFile, "utf8")).not.toContain("hunter2-secret");
});

test("`presence` and `psm` are what the contacts see, and win over the client's own", async () => {
  const { world } = there;
  const { email } = world.account("dave");
  const bob = await messenger("bob");
  await say("presence on-the-phone");
  await say("psm Back at five");
  await bob.waitFor(
    "Dave on the phone",
    () => bob.contact(email)?.status === "PHN" && bob.contact(email)?.personalMessage === "Back at five",
  );
  await say("presence automatic");
  await bob.waitFor("Dave online again", () => bob.contact(email)?.status === "NLN");
});

test("`presence offline` signs out; what is said then is refused with the way back; `presence online` comes back", async () => {
  const { world } = there;
  const { email } = world.account("dave");
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  await say("presence offline");
  await carol.waitFor("Dave to go", () => carol.contact(email)?.status === "FLN");
  const notices = ben.room(room).texts(world.bridge.setup.bot).length;
  await ben.sendText(room, "Into the void");
  await ben.waitFor("the reason", () =>
    ben
      .room(room)
      .texts(world.bridge.setup.bot)
      .slice(notices)
      .some((text) => text.includes("signed out here")),
  );
  await say("presence online");
  await carol.waitFor("Dave to come", () => carol.contact(email)?.status === "NLN");
  await say("retry");
  await carol.waitForText("Into the void");
});

test("the network goes away and comes back: what was said meanwhile arrives in order", async () => {
  const { world } = there;
  const { email } = world.account("dave");
  const carol = await messenger("carol");
  const room = await openRoomOf("carol");
  world.msn.kick(email, "SSD");
  await carol.waitFor("Dave to go", () => carol.contact(email)?.status === "FLN");
  for (const text of ["one", "two", "three"]) await ben.sendText(room, text);
  await carol.waitForText("three");
  expect(carol.textsFrom(email).slice(-3)).toEqual(["one", "two", "three"]);
});

test("a link page that was used is used up", async () => {
  const { world } = there;
  await say("link");
  const url = /https?:\/\/\S+/.exec(await hear(/\/link\//))?.[0] ?? "";
  await linkByPage(url, world.account("erin"));
  await hear(/erin@msn\.test on Sandbox is linked/);
  await expect(linkByPage(url, world.account("erin"))).rejects.toThrow("410");
});

test("`unlink` forgets the account and its password", async () => {
  await say("unlink erin@msn.test");
  await hear(/erin@msn\.test is unlinked/);
  await say("accounts");
  expect(await hear(/dave@msn\.test on Sandbox/)).not.toContain("erin");
});

test("Ben links an account in his browser: the wrong password, then the right one", async () => {
  const { world } = there;
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  await say("link");
  const url = /https?:\/\/\S+/.exec(await hear(/\/link\//))?.[0] ?? "";
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  expect(await page.getByText(ben.userId).isVisible()).toBe(true);
  const { email, password } = world.account("erin");
  const send = async (secret: string): Promise<void> => {
    await page.getByLabel("MSN address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(secret);
    await page.getByRole("button", { name: "Sign in and link" }).click();
  };
  await send("not-her-password");
  await page.getByText("Sandbox did not accept this address and password").waitFor();
  await send(password);
  await page.getByRole("heading", { name: "Linked" }).waitFor();
  expect(await page.getByRole("status").innerText()).toContain(`${email} on Sandbox is linked`);
  await hear(/erin@msn\.test on Sandbox is linked/);
  await say("accounts");
  await hear(/erin@msn\.test on Sandbox: signed in/);
  expect((await page.goto(url))?.status()).toBe(410);
  expect(complaints.filter((one) => !one.includes("410"))).toEqual([]);
  const log = readFileSync(world.bridge.logFile, "utf8");
  for (const secret of ["not-her-password", password, url.split("/").at(-1) ?? url]) expect(log).not.toContain(secret);
});

/** Somebody at their Messenger until the test ends, however it ends. */
async function messenger(name: string): Promise<MsnPerson> {
  const person = await there.world.messenger(name);
  onTestFinished(() => person.signOut());
  return person;
}

async function say(line: string): Promise<void> {
  heard = ben.room(management).texts(there.world.bridge.setup.bot).length;
  await ben.sendText(management, line);
}

let heard = 0;

/** Waits for an answer of the bot to what was last said. */
async function hear(pattern: RegExp): Promise<string> {
  const { bot } = there.world.bridge.setup;
  return await ben.waitFor(`the bot to say ${pattern}`, () =>
    ben
      .room(management)
      .texts(bot)
      .slice(heard)
      .find((text) => pattern.test(text)),
  );
}

async function openRoomOf(name: string): Promise<string> {
  const room = ben.directRooms(there.world.ghost(name)).at(-1);
  const known = room ?? [...ben.rooms.values()].find((one) => one.members().includes(there.world.ghost(name)))?.id;
  return known ?? (await openChat(there.world, ben, management, name));
}
