import { expect, test } from "vitest";
import { COMMANDS } from "../../../src/bridge/commands/commands.ts";
import { CommandRegistry, command, usage } from "../../../src/bridge/commands/registry.ts";
import type { CommandServices } from "../../../src/bridge/commands/services.ts";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { AccountRecord } from "../../../src/bridge/model.ts";
import { messageId } from "../../../src/bridge/model.ts";
import type { ContactEditing, DeviceListing } from "../../../src/bridge/ports/network.ts";
import type { StoredContact } from "../../../src/bridge/ports/store.ts";
import { noDesk } from "./commands/desk-fake.ts";
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

const said =
  (what: string) =>
  async (...args: unknown[]): Promise<void> =>
    void did.push([what, ...args].join(" ").trim());

function list(change: Partial<ContactEditing> = {}): ContactEditing {
  return {
    addContact: said("add"),
    removeContact: said("remove"),
    block: said("block"),
    unblock: said("unblock"),
    rename: said("rename"),
    groups: () => ["Work", "Old friends"],
    createGroup: said("new"),
    renameGroup: async (name, to) => void did.push(`rename "${name}" to "${to}"`),
    deleteGroup: said("delete"),
    addToGroup: said("put"),
    removeFromGroup: said("take"),
    requests: () => [person("carol")],
    accept: said("accept"),
    decline: said("decline"),
    privacy: () => "everybody",
    setPrivacy: said("privacy"),
    ...change,
  };
}

const places: DeviceListing = {
  devices: () => [
    { id: "b", name: "Laptop", isSelf: false },
    { id: "a", name: "msnbridge", isSelf: true },
    { id: "c", name: "", isSelf: false },
  ],
  signOutDevice: said("out"),
};

function services(change: Partial<CommandServices> = {}): CommandServices {
  did.length = 0;
  return {
    issueLink: async () => ({ url: "https://x.test/1", minutes: 10 }),
    unlink: async ({ address }, by, everywhere) => {
      did.push(`unlink ${address} ${everywhere ? "of all" : by}`);
      return [];
    },
    elsewhere: () => [],
    state: () => ({ state: "on", dialect: "MSNP18", why: undefined, retryAt: undefined }),
    waiting: async () => 0,
    contacts: async () => [],
    openChat: async ({ address }, _, to) => `chat of ${address} with ${to}`,
    wish: async ({ address }, wish) => void did.push(`${address} ${JSON.stringify(wish)}`),
    parked: async () => [],
    retry: async () => false,
    list: () => list(),
    answered: async ({ address }, to) => void did.push(`${address} answered ${to}`),
    places: () => places,
    resume: async ({ address }) => void did.push(`resume ${address}`),
    puppetAccess: async () => "none",
    issuePuppetPage: async () => ({ url: "https://x.test/2", minutes: 10 }),
    follows: async () => undefined,
    setFollows: async (resident, follows) => void did.push(`${resident} follows: ${follows}`),
    dropPuppet: async (resident) => void did.push(`drop puppet of ${resident}`),
    groups: noDesk(did),
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

test("`help` and a command explains all that may stand behind it", async () => {
  const text = await ask("help circle", []);
  expect(text).toMatch(/^`circle <action> \[what\]`: make a circle/);
  expect(text).toMatch(/^• action: create <name>; accept \[circle\]/m);
  expect(await ask("help !RELAY")).toMatch(/^`relay \[action\] .*\n• action: nothing: who has one/);
  expect(await ask("help `status`")).toBe("`status`: whether all is well, and if not, why");
  expect(await ask("help circel")).toBe("There is no such command. Did you mean `help circle`? `help` lists them all.");
});

test.each(["help", "HELP", "!help", "/help", "  help  "])("%j is help", async (line) => {
  expect(await ask(line)).toMatch(/^• `help \[command\]`/);
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
  expect(await ask("chat")).toBe(
    "That was not understood: address is missing.\nUsage: `chat <address> [account] [more]`. `help chat` says what each word means.",
  );
  expect(await ask("presence dancing")).toMatch(
    /^That was not understood: "dancing" is not one of online, busy.*\nUsage: `presence <state> \[account\]`\. `help presence` says/,
  );
  expect(await ask("block bob@msn.test alice@msn.test more")).toMatch(/too much after it: "more"/);
  expect(await ask("chat bob")).toBe('"bob" is not an MSN address. Use the form name@example.com.');
});

test("of several accounts one must be named", async () => {
  const two = [record("alice"), record("alice2")];
  expect(await ask("chat bob@msn.test", two)).toMatch(
    /you have several accounts; name the one you mean \(alice@msn\.test, alice2@msn\.test\)/,
  );
  expect(await ask("chat bob@msn.test alice2@msn.test", two)).toBe("chat of alice2@msn.test with bob@msn.test");
  expect(await ask("block bob@msn.test other@msn.test", two)).toMatch(/other@msn.test is not an account of yours/);
  expect(await ask("unlink", two)).toMatch(/several accounts/);
  expect(did).toEqual([]);
});

test("`unlink` takes who says it out, or with `everywhere` all; what stays is said", async () => {
  expect(await ask("unlink")).toMatch(/its password has been deleted here/);
  expect(did).toEqual([`unlink alice@msn.test ${alice}`]);
  expect(await ask("unlink everywhere")).toMatch(/its password has been deleted here/);
  expect(did).toEqual(["unlink alice@msn.test of all"]);
  expect(await ask("unlink alice@msn.test", undefined, { unlink: async () => ["Toyhouse"] })).toBe(
    "alice@msn.test is unlinked here; it stays signed in for Toyhouse. `unlink everywhere` would have ended that, too. Your rooms stay as they are.",
  );
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
  const failed = Array.from({ length: 250 }, (_, i) => ({ place: messageId(`$${i}`), failure, at: 0 }));
  const asked: string[] = [];
  const again = async (_: AccountRecord, message: string): Promise<boolean> => {
    asked.push(message);
    const at = failed.findIndex((one) => one.place === message);
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
      { place: messageId("$1"), failure: { code: "internal", text: "", certainty: "not-sent" }, at: 0 },
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

test("a contact is added with words of one's own, and with the account in front of them", async () => {
  expect(await ask("add bob@msn.test Hi, it is Alice")).toContain("bob@msn.test is in your contact list now");
  expect(did).toEqual(["add bob@msn.test Hi, it is Alice"]);
  await ask("add bob@msn.test alice@msn.test Hi");
  expect(did).toEqual(["add bob@msn.test Hi"]);
  await ask("add bob@msn.test");
  expect(did).toEqual(["add bob@msn.test"]);
});

test.each([
  ["remove bob@msn.test", "remove bob@msn.test", "no longer in your contact list"],
  ["block bob@msn.test", "block bob@msn.test", "is blocked"],
  ["unblock bob@msn.test", "unblock bob@msn.test", "no longer blocked"],
  ["rename bob@msn.test The boss", "rename bob@msn.test The boss", 'is "The boss" to you now'],
  ["rename bob@msn.test", "rename bob@msn.test", "goes by their own name again"],
  ["groups new Old friends", "new Old friends", 'a group "Old friends"'],
  ["groups delete Work", "delete Work", "is gone; its contacts stay"],
  ['groups rename "Old friends" Pals', 'rename "Old friends" to "Pals"', 'is "Pals" now'],
  ["groups put bob@msn.test Old friends", "put bob@msn.test Old friends", 'is in "Old friends" now'],
  ['groups take bob@msn.test "Old friends"', "take bob@msn.test Old friends", 'no longer in "Old friends"'],
  ["privacy allowed", "privacy allowed", "Only contacts whom you have allowed"],
  ["devices out 2", "out c", "a place without a name has been asked to sign out"],
])("%j", async (line, done, told) => {
  expect(await ask(line)).toContain(told);
  expect(did).toEqual([done]);
});

test("of very many requests the first are shown, and how many more there are", async () => {
  const many = Array.from({ length: 103 }, (_, i) => person(`p${i}`));
  const answer = await ask("requests", undefined, { list: () => list({ requests: () => many }) });
  expect(answer.split("\n").slice(-3)).toEqual([
    "• p99 <p99@msn.test>",
    "… and 3 more",
    "Say `accept <address>` or `decline <address>`.",
  ]);
});

test("groups, requests, privacy and devices show how things are", async () => {
  const contacts = async () => [
    person("bob", { groups: ["Work"] }),
    person("eve", { groups: ["Work"], listed: false }),
  ];
  expect(await ask("groups", undefined, { contacts })).toBe("• Old friends: nobody\n• Work: bob@msn.test");
  expect(await ask("requests")).toBe("• carol <carol@msn.test>\nSay `accept <address>` or `decline <address>`.");
  expect(await ask("privacy")).toMatch(/^Everybody/);
  expect(await ask("devices")).toBe("1. msnbridge (this bridge)\n2. a place without a name\n3. Laptop");
  expect(await ask("devices alice@msn.test")).toContain("1. msnbridge");
  expect(did).toEqual([]);
});

test("the bridge does not sign itself out as a device, nor a place that is not there", async () => {
  expect(await ask("devices out 1")).toContain("that is the bridge itself");
  expect(await ask("devices out 9")).toContain("by its number");
  expect(await ask("devices out")).toContain("by its number");
  expect(did).toEqual([]);
});

test("a lone request is accepted without its name; of several the one that is named", async () => {
  expect(await ask("accept")).toContain("carol@msn.test is your contact now");
  expect(did).toEqual(["accept carol@msn.test", "alice@msn.test answered carol@msn.test"]);
  const two = { list: () => list({ requests: () => [person("carol"), person("dan")] }) };
  expect(await ask("decline", undefined, two)).toContain("several wait");
  expect(await ask("decline dan@msn.test", undefined, two)).toContain("They are not told");
  expect(did).toEqual(["decline dan@msn.test", "alice@msn.test answered dan@msn.test"]);
  expect(await ask("accept eve@msn.test")).toContain("eve@msn.test does not wait for an answer");
  expect(await ask("accept", undefined, { list: () => list({ requests: () => [] }) })).toContain("nobody waits");
});

test("with several accounts a request is answered at the one that was asked", async () => {
  const accounts = [record("alice"), record("work")];
  const asked = {
    list: (account: AccountRecord) =>
      list({ requests: () => (account.address.startsWith("work") ? [person("carol")] : []) }),
  };
  expect(await ask("accept carol@msn.test", accounts, asked)).toContain("your contact now");
  expect(did).toEqual(["accept carol@msn.test", "work@msn.test answered carol@msn.test"]);
  expect(await ask("groups new Pals work@msn.test", accounts)).toContain('"Pals"');
  expect(await ask("block bob@msn.test", accounts)).toContain("name the one you mean");
});

test("a change that the network refuses is answered with the reason", async () => {
  const refuse = async () => {
    throw new BridgeError("contact-known", { address: "bob@msn.test" });
  };
  expect(await ask("add bob@msn.test", undefined, { list: () => list({ addContact: refuse }) })).toBe(
    "Nothing was changed: bob@msn.test is in your contact list already.",
  );
  const signedOut = () => {
    throw new BridgeError("not-signed-in", { address: "alice@msn.test" });
  };
  expect(await ask("block bob@msn.test", undefined, { list: signedOut })).toContain("is not signed in right now");
});

test("names that nobody could see or that are too long are refused", async () => {
  expect(await ask(`rename bob@msn.test ${"x".repeat(200)}`)).toContain("1-130 characters");
  expect(await ask("groups new \u200b")).toContain("1-130 characters");
  expect(await ask("groups new")).toContain("the group's name is missing");
  expect(await ask("groups rename a b c")).toContain("in quotes");
  expect(did).toEqual([]);
});

test("`resume` signs in again what another place has signed out, and says so when there is nothing to do", async () => {
  const elsewhere = {
    state: () => ({ state: "elsewhere" as const, dialect: undefined, why: undefined, retryAt: undefined }),
  };
  expect(await ask("resume", undefined, elsewhere)).toContain("is signing in here again");
  expect(did).toEqual(["resume alice@msn.test"]);
  expect(await ask("resume")).toBe("alice@msn.test is signed in already.");
  expect(await ask("status", undefined, elsewhere)).toContain("Say `resume`");
});

test("`puppet` gives a page, says how it is now, and takes the permission back", async () => {
  expect(await ask("puppet")).toMatch(/comes here as a contact with your name[\s\S]*https:\/\/x\.test\/2/);
  expect(await ask("puppet", undefined, { puppetAccess: async () => "resident" })).toContain(
    "You have let me post as you",
  );
  expect(await ask("puppet", undefined, { puppetAccess: async () => "operator" })).toContain("nothing to do");
  expect(await ask("puppet off", undefined, { puppetAccess: async () => "resident" })).toContain("is forgotten");
  expect(did).toEqual([`drop puppet of ${alice}`]);
  expect(await ask("puppet", undefined, { puppetAccess: async () => undefined })).toContain("cannot do that");
});

test("contacts show the owner's own name for them, and are found by it", async () => {
  const contacts = async () => [person("bob", { nickname: "The boss" })];
  expect(await ask("contacts boss", undefined, { contacts })).toBe("• The boss (bob) <bob@msn.test>: online");
});

test("`session` says how it is, and changes it, where the home can tell when people come and go", async () => {
  expect(await ask("session")).toMatch(/cannot do that/);
  const follows = async (): Promise<boolean> => false;
  expect(await ask("session", [record()], { follows })).toMatch(/stays signed in/);
  expect(did).toEqual([]);
  expect(await ask("session follow", [record()], { follows })).toMatch(/signs in and out with you/);
  expect(did).toEqual([`${alice} follows: true`]);
  expect(await ask("session dance", [record()], { follows })).toMatch(/not one of follow, stay/);
});
