import { expect, test } from "vitest";
import { COMMANDS } from "../../../../src/bridge/commands/commands.ts";
import { CommandRegistry } from "../../../../src/bridge/commands/registry.ts";
import type { CommandServices } from "../../../../src/bridge/commands/services.ts";
import type { AccountRecord } from "../../../../src/bridge/model.ts";
import { roomId } from "../../../../src/bridge/model.ts";
import { alice, record } from "../support.ts";
import { noDesk } from "./desk-fake.ts";

const registry = new CommandRegistry(COMMANDS);

/** What the desk is asked for by a line, or what is answered when it is asked for nothing. */
async function does(line: string, accounts: readonly AccountRecord[] = [record()]): Promise<string> {
  const did: string[] = [];
  const services: Pick<CommandServices, "groups" | "openChat"> = {
    groups: noDesk(did),
    openChat: async ({ address }, _, to) => `chat of ${address} with ${to}`,
  };
  const context = { resident: alice, accounts, room: roomId("!here"), services: services as CommandServices };
  const answer = await registry.run(line, context);
  return did[0] ?? answer;
}

test.each([
  ["portals", "portals -"],
  ["portals club", "portals [club]"],
  ["bridge 3", "bridge [3] -"],
  ['bridge "Book club" #books:home.test', "bridge [Book club] [#books:home.test]"],
  ["bridge Book club", "bridge [Book club] -"],
  ["bridge Book club #books:home.test", "bridge [Book club] [#books:home.test]"],
  ["bridge Book club !id:home.test", "bridge [Book club] [!id:home.test]"],
  ["bridge Book club books@rooms.test", "bridge [Book club] [books@rooms.test]"],
  [
    "bridge Book club https://matrix.to/#/#books:home.test",
    "bridge [Book club] [https://matrix.to/#/#books:home.test]",
  ],
  ["bridge Book club matrix:r/books:home.test", "bridge [Book club] [matrix:r/books:home.test]"],
  ["unbridge", "unbridge -"],
  ["unbridge Book club", "unbridge [Book club]"],
  ['unbridge "Book club"', "unbridge [Book club]"],
  ["unbridge “Book club”", "unbridge [Book club]"],
  ["bridge „Book club“ #books:home.test", "bridge [Book club] [#books:home.test]"],
  [
    'bridge "" #books:home.test',
    "That was not understood: group is missing.\nUsage: `bridge <group> [room]`. `help bridge` says what each word means.",
  ],
  ["circle rename «Book club» Readers", "rename [Book club] [Readers]"],
  ["portal delete", "delete - -"],
  ['portal delete "Book club" 7fa2', "delete [Book club] [7fa2]"],
  ["portal delete Book club 7FA2", "delete [Book club] [7FA2]"],
  ["portal delete Book club", "delete [Book club] -"],
  ["portal delete 1 nono", "delete [1] [nono]"],
  ["portal resume 2", "resume [2]"],
  ["relay", "relays"],
  ["relay set", "relay set - -"],
  ["relay set 3", "relay set [3] -"],
  ['relay set "Book club" alice@msn.test', "relay set [Book club] [alice@msn.test]"],
  ["relay set Book club alice@msn.test", "relay set [Book club] [alice@msn.test]"],
  ["relay set Book club", "relay set [Book club] -"],
  ["relay prefix Book club ON", "relay prefix [Book club] [true]"],
  ["relay unset Book club", "relay unset [Book club]"],
  ["relay set alice@msn.test", "relay set - [alice@msn.test]"],
  ["relay prefix 3 on", "relay prefix [3] [true]"],
  ["relay prefix off", "relay prefix - [false]"],
  ["relay unset Club", "relay unset [Club]"],
  ["invite bob@msn.test", "invite [bob@msn.test] -"],
  ["invite bob@msn.test Book club", "invite [bob@msn.test] [Book club]"],
  ["leave", "leave -"],
  ["leave Book club", "leave [Book club]"],
  ["nudge", "nudge -"],
  ["nudge bob@msn.test", "nudge [bob@msn.test]"],
  ["circles", "circles"],
  ["circle create Book club", "create [alice@msn.test] [Book club]"],
  ["circle accept", "accept -"],
  ["circle decline Book club", "decline [Book club]"],
  ["circle leave Book club", "leave [Book club]"],
  ['circle rename "Book club" Readers all', "rename [Book club] [Readers all]"],
  ["circle invite bob@msn.test Book club", "invite [bob@msn.test] [Book club]"],
  ["circle invite Book club bob@msn.test", "invite [bob@msn.test] [Book club]"],
  ["circle remove bob@msn.test", "remove - [bob@msn.test]"],
  ["circle role bob@msn.test admin", "role - [bob@msn.test] [admin]"],
  ["circle role Book club bob@msn.test member", "role [Book club] [bob@msn.test] [member]"],
])("%j asks for: %s", async (line, asked) => {
  expect(await does(line)).toBe(asked);
});

test("`chat` with one address opens a room with that contact, with several a group chat", async () => {
  expect(await does("chat bob@msn.test")).toBe("chat of alice@msn.test with bob@msn.test");
  expect(await does("chat bob@msn.test carol@msn.test")).toBe("start [alice@msn.test] [bob@msn.test] [carol@msn.test]");
  expect(await does("chat bob@msn.test, carol@msn.test, dan@msn.test")).toBe(
    "start [alice@msn.test] [bob@msn.test] [carol@msn.test] [dan@msn.test]",
  );
});

test("of the addresses of `chat` one's own says through which account", async () => {
  const two = [record("alice"), record("work")];
  expect(await does("chat bob@msn.test work@msn.test", two)).toBe("chat of work@msn.test with bob@msn.test");
  expect(await does("chat bob@msn.test carol@msn.test work@msn.test", two)).toBe(
    "start [work@msn.test] [bob@msn.test] [carol@msn.test]",
  );
  expect(await does("chat bob@msn.test carol@msn.test", two)).toMatch(
    /several accounts; name the one you mean \(alice@msn\.test, work@msn\.test\)/,
  );
  expect(await does("circle create Readers work@msn.test", two)).toBe("create [work@msn.test] [Readers]");
  expect(await does("circle create Readers", two)).toMatch(/several accounts/);
});

test.each([
  ["bridge", /group is missing/],
  ['bridge "Book club" #books:home.test now', /too much after it/],
  ["relay prefix 3", /`on` or `off`/],
  ["relay prefix 3 perhaps", /`on` or `off`/],
  ["relay set 3 bob", /not an MSN address/],
  ["relay unset 3 now", /too much after it/],
  ["portal", /action is missing: say one of delete, resume/],
  ["portal burn 3", /not one of delete, resume/],
  ["chat bob@msn.test carol", /"carol" is not an MSN address/],
  [`chat ${Array.from({ length: 60 }, (_, i) => `p${i}@msn.test`).join(" ")}`, /more than 50/],
  ["invite", /address is missing/],
  ["circle create", /1-130 characters/],
  ["circle rename Club", /1-130 characters/],
  ["circle invite Club", /contact's address is missing/],
  ["circle role bob@msn.test boss", /say which role/],
])("%j is refused with the reason", async (line, why) => {
  expect(await does(line)).toMatch(why);
});

test("a room can be given up, and a relay ended, without an account", async () => {
  expect(await does("unbridge", [])).toBe("unbridge -");
  expect(await does("relay unset", [])).toBe("relay unset -");
  expect(await does("bridge 3", [])).toMatch(/no MSN account linked/);
});
