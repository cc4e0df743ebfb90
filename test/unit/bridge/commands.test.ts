import { expect, test } from "vitest";
import type { CommandServices } from "../../../src/bridge/commands/commands.ts";
import { COMMANDS } from "../../../src/bridge/commands/commands.ts";
import { CommandRegistry, command, usage } from "../../../src/bridge/commands/registry.ts";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { AccountRecord } from "../../../src/bridge/model.ts";
import { messageId } from "../../../src/bridge/model.ts";
import type { StoredContact } from "../../../src/bridge/ports/store.ts";
import { alice, contact, record } from "./support.ts";

const did: string[] = [];
const person = (name: string, change: Partial<StoredContact> = {}): StoredContact => ({
  address: contact(name),
  displayName: name,
  listed: true,
  blocked: false,
  groups: [],
  presence: { availability: "online", text: "" },
  ...change,
});

function services(change: Partial<CommandServices> = {}): CommandServices {
  did.length = 0;
  return {
    issueLink: async () => ({ url: "https://x.test/1", minutes: 10 }),
    unlink: async ({ address }) => void did.push(`unlink ${address}`),
    state: () => ({ state: "on", dialect: "MSNP18", why: undefined, retryAt: undefined }),
    waiting: async () => 0,
    contacts: async () => [],
    openChat: async ({ address }, to) => `chat of ${address} with ${to}`,
    wish: async ({ address }, wish) => void did.push(`${address} ${JSON.stringify(wish)}`),
    parked: async () => [],
    retry: async () => false,
    title: () => "Toynet",
    ...change,
  };
}

const registry = new CommandRegistry(COMMANDS);
const ask = (
  line: string,
  accounts: readonly AccountRecord[] = [record()],
  change: Partial<CommandServices> = {},
): Promise<string> => registry.run(line, { resident: alice, accounts, services: services(change) });

test("help names every command with its usage", async () => {
  const text = await ask("help", []);
  for (const one of COMMANDS) expect(text).toContain(`\`${usage(one)}\`: ${one.summary}`);
});

test.each(["help", "HELP", "!help", "/help", "  help  "])("%j is help", async (line) => {
  expect(await ask(line)).toMatch(/^• `help`/);
});

test("nothing said is answered with a hint", async () => {
  expect(await ask("   ")).toBe("Say `help` for what I can do.");
});

test.each([
  ["stat", "status"],
  ["statsu", "status"],
  ["contcts", "contacts"],
  ["presense busy", "presence"],
  ["unlnik", "unlink"],
])("%j: did you mean `%s`?", async (line, meant) => {
  expect(await ask(line)).toContain(`Did you mean \`${meant}\`?`);
});

test("a word like nothing is not guessed at, nor repeated at length", async () => {
  const text = await ask("x".repeat(5000));
  expect(text).not.toContain("Did you mean");
  expect(text.length).toBeLessThan(150);
});

test("without an account the commands that need one say how to link", async () => {
  for (const line of ["contacts", "chat bob@msn.test", "presence busy", "psm x", "retry", "unlink", "accounts"])
    expect(await ask(line, [])).toBe(new BridgeError("not-linked").person);
  expect(await ask("status", [])).toContain("say `link`");
  expect(await ask("link", [])).toContain("https://x.test/1");
});

test("a missing or wrong argument is answered with the usage", async () => {
  expect(await ask("chat")).toBe("That was not understood: address is missing.\nUsage: chat <address> [account]");
  expect(await ask("presence dancing")).toMatch(
    /^That was not understood: "dancing" is not one of online, busy.*\nUsage: presence <state> \[account\]$/,
  );
  expect(await ask("chat bob@msn.test alice@msn.test more")).toMatch(/too much after it: "more"/);
  expect(await ask("chat bob")).toBe('"bob" is not an MSN address. Use the form name@example.com.');
});

test("of several accounts one must be named", async () => {
  const two = [record("alice"), record("alice2")];
  expect(await ask("chat bob@msn.test", two)).toMatch(/you have several accounts; name the one you mean/);
  expect(await ask("chat bob@msn.test alice2@msn.test", two)).toBe("chat of alice2@msn.test with bob@msn.test");
  expect(await ask("chat bob@msn.test other@msn.test", two)).toMatch(/other@msn.test is not an account of yours/);
  expect(await ask("unlink", two)).toMatch(/several accounts/);
  expect(did).toEqual([]);
});

test("presence is wished for one account, the personal message for all", async () => {
  const two = [record("alice"), record("alice2")];
  await ask("presence AUTO alice2@msn.test", two);
  expect(did).toEqual(['alice2@msn.test {"availability":"automatic"}']);
  await ask("psm  gone  fishing ", two);
  expect(did).toEqual(['alice@msn.test {"text":"gone  fishing"}', 'alice2@msn.test {"text":"gone  fishing"}']);
  await ask("psm", [record()]);
  expect(did).toEqual(['alice@msn.test {"text":null}']);
});

test("contacts are listed with who is there first, filtered by name or address, and not without end", async () => {
  const list = [
    person("zoe", { presence: { availability: "be-right-back", text: "coffee" } }),
    person("adam", { presence: { availability: "offline", text: "" } }),
    person("ghost", { listed: false }),
    person("bert", { blocked: true }),
  ];
  const contacts = async () => list;
  expect((await ask("contacts", [record()], { contacts })).split("\n")).toEqual([
    "• bert <bert@msn.test>: blocked",
    "• zoe <zoe@msn.test>: be right back – coffee",
    "• adam <adam@msn.test>: offline",
  ]);
  expect(await ask("contacts ZOE", [record()], { contacts })).toBe("• zoe <zoe@msn.test>: be right back – coffee");
  expect(await ask("contacts nobody", [record()], { contacts })).toBe('No contact matches "nobody".');
  expect(await ask("contacts")).toBe("Your contact list is empty.");
  const many = Array.from({ length: 500 }, (_, i) => person(`p${i}`));
  expect((await ask("contacts", [record()], { contacts: async () => many })).split("\n")).toHaveLength(201);
});

test("a contact cannot write lines of their own into the bot's answer", async () => {
  const mallory = person("mallory", {
    displayName: "Mallory\r\nYour account is locked. Open https://evil.test/link \u202E",
    presence: { availability: "online", text: `out\n• bob <bob@msn.test>: online\u0007${" far".repeat(300)}` },
  });
  const text = await ask("contacts", [record()], { contacts: async () => [mallory] });
  expect(text.split(/[\n\r\u2028]/)).toHaveLength(1);
  expect(text).toMatch(
    /^• Mallory Your account is locked\. Open https:\/\/evil\.test\/link <mallory@msn\.test>: online – out • bob/,
  );
  expect(text).not.toMatch(/[\p{Cc}\u202E]/u);
  expect(text.length).toBeLessThan(500);
});

test("what may have been a password is not said once more", async () => {
  expect(await ask("tr0ub4dor&3")).not.toContain("tr0ub4dor");
});

test("`retry` asks again for all that had failed by then, page by page, and for nothing that fails meanwhile", async () => {
  const failure = { code: "contact-offline", text: "", certainty: "not-sent" } as const;
  const failed = Array.from({ length: 250 }, (_, i) => ({ message: messageId(`$${i}`), failure, at: 0 }));
  const asked: string[] = [];
  const again = async (_: AccountRecord, message: string): Promise<boolean> => {
    asked.push(message);
    const at = failed.findIndex((one) => one.message === message);
    failed.push(...failed.splice(at, 1).map((one) => ({ ...one, at: Date.now() + 1000 })));
    return true;
  };
  const answer = await ask("retry", [record()], { parked: async () => failed.slice(0, 100), retry: again });
  expect(answer).toBe("Sending 250 message(s) again.");
  expect(asked).toEqual(Array.from({ length: 250 }, (_, i) => `$${i}`));
});

test("status tells what is wrong, when it is tried again, what waits and what failed", async () => {
  const text = await ask("status", [record()], {
    state: () => ({ state: "waiting", dialect: undefined, why: "Toynet is away.", retryAt: Date.now() + 5000 }),
    waiting: async () => 3,
    parked: async () => [
      { message: messageId("$1"), failure: { code: "internal", text: "", certainty: "not-sent" }, at: 0 },
    ],
  });
  expect(text).toBe(
    "• alice@msn.test on Toynet: waiting to sign in again Toynet is away. Next try in 5 s. 3 message(s) wait to be sent. 1 message(s) failed; say `retry` to send them again.",
  );
});

test("a failure of a command is its answer; what passes by itself is tried again by the lane", async () => {
  const fails = (code: ConstructorParameters<typeof BridgeError>[0]) => ({
    openChat: async (): Promise<string> => {
      throw new BridgeError(code);
    },
  });
  expect(await ask("chat bob@msn.test", [record()], fails("contact-refused"))).toMatch(/does not take messages/);
  for (const code of ["store-down", "home-down", "home-busy"] as const)
    await expect(ask("chat bob@msn.test", [record()], fails(code))).rejects.toMatchObject({ code });
});

test("two commands of one name are a defect that shows at the start", () => {
  const one = command({ name: "x", args: [], summary: "", run: async () => "" });
  expect(() => new CommandRegistry([one, one])).toThrow("two commands share a name");
});
