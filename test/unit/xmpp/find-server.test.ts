import { expect, test } from "vitest";
import { parseBareJid } from "../../../src/xmpp/jid.ts";
import { findServer, type SrvRecord } from "../../../src/xmpp/link/find-server.ts";

const account = { jid: parseBareJid("msn@example.org"), tls: "starttls" } as const;
const RECORDS: readonly SrvRecord[] = [
  { name: "spare.example.org", port: 5222, priority: 20, weight: 0 },
  { name: "one.example.org", port: 5222, priority: 10, weight: 1 },
  { name: "two.example.org", port: 5269, priority: 10, weight: 3 },
];

function dns(records: readonly SrvRecord[]) {
  const asked: string[] = [];
  return {
    asked,
    lookUp: async (name: string) => {
      asked.push(name);
      if (records.length === 0) throw new Error("ENOTFOUND");
      return records;
    },
  };
}

test("what is said in the config needs no DNS", async () => {
  const { asked, lookUp } = dns(RECORDS);
  expect(await findServer({ ...account, host: "10.0.0.1" }, lookUp)).toEqual({ host: "10.0.0.1", port: 5222 });
  const direct = { ...account, host: "10.0.0.1", tls: "direct" } as const;
  expect(await findServer(direct, lookUp)).toEqual({ host: "10.0.0.1", port: 5223 });
  expect(asked).toEqual([]);
});

test.each([
  [0, "one.example.org", 5222],
  [0.2, "one.example.org", 5222],
  [0.3, "two.example.org", 5269],
  [0.99, "two.example.org", 5269],
])("of the records that come first each is taken as often as its weight says (%d)", async (random, host, port) => {
  const { asked, lookUp } = dns(RECORDS);
  expect(await findServer(account, lookUp, () => random)).toEqual({ host, port });
  expect(asked).toEqual(["_xmpp-client._tcp.example.org"]);
});

test("where all weigh nothing, the first is taken", async () => {
  const { lookUp } = dns(RECORDS.map((record) => ({ ...record, weight: 0 })));
  expect((await findServer(account, lookUp)).host).toBe("one.example.org");
});

test("without a record, or with one that says `nowhere`, the name itself is tried", async () => {
  for (const records of [[], [{ name: "", port: 0, priority: 0, weight: 0 }]]) {
    expect(await findServer(account, dns(records).lookUp)).toEqual({ host: "example.org", port: 5222 });
    const { asked, lookUp } = dns(records);
    expect(await findServer({ ...account, tls: "direct" }, lookUp)).toEqual({ host: "example.org", port: 5223 });
    expect(asked).toEqual(["_xmpps-client._tcp.example.org"]);
  }
});
