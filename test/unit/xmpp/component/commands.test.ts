import { expect, test } from "vitest";
import { AdHocCommands } from "../../../../src/xmpp/component/commands.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { anna, annaJid, annaPhone, bob, gateway, names } from "../support.ts";

/** Commands whose lines are answered at once with themselves, unless they shall not be. */
function desk(accounts: readonly string[] = ["alice@msn.test"], answers = true) {
  const lines: string[] = [];
  const commands: AdHocCommands = new AdHocCommands({
    names,
    accounts: () => accounts,
    run: async ({ line, room }) => {
      lines.push(line);
      if (answers) commands.answer(room, `did ${line}`);
    },
    waitMs: 50,
  });
  const step = (node: string, values?: Record<string, string>, action = "execute") =>
    commands.step(command(node, values, action), annaPhone, anna, annaJid);
  return { commands, lines, step };
}

function command(node: string, values?: Record<string, string>, action = "execute"): XmlElement {
  const fields = Object.entries(values ?? {}).map(([name, value]) =>
    el("field", { var: name }, el("value", {}, value)),
  );
  const sent = values && el("x", { xmlns: NS.data, type: "submit" }, fields);
  return el("command", { xmlns: NS.commands, node, action, sessionid: "s1" }, sent);
}

const formOf = (step: XmlElement | undefined) => step?.getChild("x", NS.data);
const field = (step: XmlElement | undefined, name: string) =>
  formOf(step)
    ?.getChildren("field")
    .find(({ attrs }) => attrs.var === name);
const options = (step: XmlElement | undefined, name: string) =>
  field(step, name)
    ?.getChildren("option")
    .map((option) => option.getChildText("value"));
const note = (step: XmlElement | undefined) => step?.getChild("note")?.text();

test("without an account there are the commands that make sense without one", () => {
  const nodes = (accounts: readonly string[]) =>
    desk(accounts)
      .commands.items(anna)
      .map(({ attrs }) => attrs.node);
  expect(nodes([])).toEqual(expect.arrayContaining(["help", "link", "status"]));
  expect(nodes([])).not.toContain("block");
  expect(nodes(["alice@msn.test"])).toContain("block");
});

test("a command without arguments is done in one step, one with arguments asks for them", async () => {
  const { step, lines } = desk();
  expect(note(await step("status"))).toBe("did status");
  const asked = await step("presence");
  expect(asked?.attrs).toMatchObject({ status: "executing", sessionid: "s1" });
  expect(options(asked, "state")).toContain("be-right-back");
  expect(field(asked, "state")?.getChild("required")).toBeDefined();
  const done = await step("presence", { state: "busy" }, "complete");
  expect(done?.attrs.status).toBe("completed");
  expect(lines).toEqual(["status", "presence busy"]);
});

test("the only account stands in the form and need not be said; of several one is chosen", async () => {
  const one = desk();
  const asked = await one.step("unlink");
  expect(options(asked, "account")).toEqual(["alice@msn.test"]);
  await one.step("unlink", { account: "alice@msn.test" });
  await one.step("accept", { address: "", account: "alice@msn.test" });
  expect(one.lines).toEqual(["unlink", "accept"]);
  const two = desk(["alice@msn.test", "al@msn.test"]);
  expect(options(await two.step("unlink"), "account")).toEqual(["", "alice@msn.test", "al@msn.test"]);
  await two.step("block", { address: "bob@msn.test", account: "al@msn.test" });
  expect(two.lines).toEqual(["block bob@msn.test al@msn.test"]);
  expect(note(await two.step("accept", { address: "", account: "al@msn.test" }))).toContain("Fill in: address");
});

test("a contact may be named by their JID", async () => {
  const { step, lines } = desk();
  await step("block", { address: bob });
  expect(lines).toEqual(["block bob@msn.test"]);
});

test.each([
  ["block", { address: " " }, "Fill in: address"],
  ["block", { address: "bob" }, "is not an MSN address"],
  ["presence", { state: "asleep" }, "state is one of online"],
])("%s with %j is asked for again, with what was wrong", async (node, values, text) => {
  const { step, lines } = desk();
  const again = await step(node, values, "complete");
  expect(again?.attrs.status).toBe("executing");
  expect(note(again)).toContain(text);
  const [name = "", value = ""] = Object.entries(values)[0] ?? [];
  if (value.trim() !== "") expect(field(again, name)?.getChildText("value")).toBe(value);
  expect(lines).toEqual([]);
});

test("a command is called off, gone back in, unknown, or misunderstood", async () => {
  const { step, lines } = desk();
  expect((await step("block", undefined, "cancel"))?.attrs.status).toBe("canceled");
  const back = await step("block", { address: "bob@msn.test" }, "prev");
  expect(back?.attrs.status).toBe("executing");
  expect(field(back, "address")?.getChildText("value")).toBe("bob@msn.test");
  expect(await step("dance")).toBeUndefined();
  await expect(step("status", undefined, "jump")).rejects.toMatchObject({ code: "bad-input" });
  expect(lines).toEqual([]);
});

test("an answer that takes long comes as a message; nobody can keep all places taken", async () => {
  const { step, commands } = desk(undefined, false);
  const all = Array.from({ length: 10 }, () => step("status"));
  await expect(step("status")).rejects.toMatchObject({ code: "home-busy" });
  const other = commands.step(command("status"), annaPhone, anna, gateway);
  for (const one of [...all, other]) expect(note(await one)).toContain("comes as a message");
  expect(note(await step("status"))).toContain("comes as a message");
});

test("what a page is opened by goes along", async () => {
  const commands: AdHocCommands = new AdHocCommands({
    names,
    accounts: () => [],
    run: async ({ room }) => void commands.answer(room, "Open this:\nhttps://x.test/link/1"),
    waitMs: 50,
  });
  const done = await commands.step(command("link"), annaPhone, anna, annaJid);
  expect(done?.getChild("x", NS.oob)?.getChildText("url")).toBe("https://x.test/link/1");
});

test("a command that nobody answers keeps no program from ending", async () => {
  const commands = new AdHocCommands({ names, accounts: () => [], run: () => new Promise(() => {}), waitMs: 60_000 });
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  void commands.step(command("status"), annaPhone, anna, annaJid);
  expect(timers()).toBe(before);
});

test("names of several words stay one piece of the line, and one that is left out keeps its place", async () => {
  const { step, lines } = desk();
  await step("bridge", { group: "Book club", room: "books@rooms.test" });
  await step("relay", { action: "set", group: 'The "old" gang', what: "alice@msn.test" });
  await step("portal", { action: "delete", chat: "", code: "7fa2" });
  await step("portal", { action: "resume", chat: "", code: "" });
  await step("relay", { action: "", group: "", what: "" });
  expect(lines).toEqual([
    'bridge "Book club" books@rooms.test',
    'relay set "The old gang" alice@msn.test',
    'portal delete "" 7fa2',
    "portal resume",
    "relay",
  ]);
});

test("commands about groups have forms: what is optional may be left out, what is to be chosen is listed", async () => {
  const { step, lines } = desk();
  const circle = await step("circle");
  expect(options(circle, "action")).toContain("create");
  expect(field(circle, "action")?.getChild("required")).toBeDefined();
  expect(options(await step("relay"), "action")).toEqual(["", "set", "prefix", "unset"]);
  expect(field(await step("nudge"), "who")?.getChild("required")).toBeUndefined();
  await step("chat", { address: "bob@msn.test", account: "alice@msn.test", more: "carol@msn.test dan@msn.test" });
  expect(lines).toEqual(["chat bob@msn.test carol@msn.test dan@msn.test"]);
});
