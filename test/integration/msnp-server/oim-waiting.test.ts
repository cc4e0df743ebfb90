import { describe, expect, test } from "vitest";
import { find, findAll, parseXml, textAt } from "../../../src/msnp/soap/xml.ts";
import type { RawClient } from "./raw-client.ts";
import {
  ALICE_GUID,
  BOB_GUID,
  enter11,
  enter18,
  nexusTicket,
  online11,
  online18,
  openNetwork,
  openOfficial,
} from "./scene.ts";
import { faultOf, RUN, rsi } from "./services.ts";

const NOON = Date.UTC(2026, 6, 29, 12);
const NOTE = { from: "bob@example.com", text: "Hello, world :)", at: NOON, runId: RUN, sequence: 1 };

/** The next message from the server itself; presence in between is passed over. */
async function notice(client: RawClient): Promise<string> {
  for (;;) {
    const { line, payload = "" } = await client.next();
    if (line.startsWith("MSG Hotmail")) return payload;
  }
}

function mailData(payload: string): string {
  return /\r\nMail-Data: (.*)\r\n$/.exec(payload)?.[1] ?? "";
}

describe("Being told of offline messages (msnp-chat §5.6.1, msnp-core §7.1)", () => {
  for (const dialect of ["MSNP11", "MSNP18"] as const) {
    test(`${dialect}: what waits is listed after the first CHG`, async () => {
      await using network = await openNetwork();
      network.leaveOfflineMessages("alice@example.com", [NOTE]);
      const client =
        dialect === "MSNP11" ? await online11(network, "alice") : (await online18(network, "alice", ALICE_GUID)).client;
      const payload = await notice(client);
      expect(payload).toContain(
        "Content-Type: text/x-msmsgsinitialmdatanotification; charset=UTF-8\r\n\r\nMail-Data: ",
      );
      const [waiting] = network.offlineMessages("alice@example.com");
      expect(mailData(payload)).toMatch(
        /^<MD><E><I>0<\/I><IU>0<\/IU><O>0<\/O><OU>0<\/OU><\/E><Q><QTM>409600<\/QTM><QNM>204800<\/QNM><\/Q><M><T>11<\/T><S>6<\/S>/,
      );
      const message = find(parseXml(mailData(payload)), "M");
      expect(["T", "S", "RT", "RS", "E", "I", "F", "N"].map((name) => textAt(message, name))).toEqual([
        "11",
        "6",
        "2026-07-29T12:00:00Z",
        "0",
        "bob@example.com",
        waiting?.id,
        "00000000-0000-0000-0000-000000000009",
        "=?utf-8?B?Qm9iIEI=?=",
      ]);
      client.close();
    });
  }

  test("before the first CHG nothing is said, and later statuses do not repeat it", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("dave@example.com", [NOTE]);
    const client = await enter11(network, "dave");
    await client.hearsNothing();
    client.say("CHG 5 HDN 0");
    await client.hears("CHG 5 HDN 0", "MSG Hotmail Hotmail <length>");
    client.say("CHG 6 NLN 0");
    await client.hears("CHG 6 NLN 0");
    await client.hearsNothing();
  });

  test("with 26 messages it is too large, and GetMetadata has all of them, in order", async () => {
    await using network = await openNetwork();
    const many = Array.from({ length: 26 }, (_, index) => ({ ...NOTE, text: `number ${index}`, sequence: index + 1 }));
    network.leaveOfflineMessages("alice@example.com", many);
    const { client, ticket } = await online18(network, "alice", ALICE_GUID);
    expect(mailData(await notice(client))).toBe("too-large");
    const { root } = await rsi(network, ticket, "GetMetadata");
    const listed = parseXml(find(root, "GetMetadataResponse")?.text ?? "");
    expect(findAll(listed, "I").map(({ text }) => text)).toEqual(
      network.offlineMessages("alice@example.com").map(({ id }) => id),
    );
  });

  test("a message that is left meanwhile is told at once, without a time", async () => {
    await using network = await openNetwork();
    const client = await online11(network, "alice");
    await notice(client);
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const payload = await notice(client);
    expect(payload).toContain("Content-Type: text/x-msmsgsoimnotification; charset=UTF-8\r\n\r\nMail-Data: <MD><M>");
    expect(mailData(payload)).toMatch(
      /<S>6<\/S><RS>0<\/RS><SZ>\d+<\/SZ>.*<F>\.!!OIM<\/F><N>[^<]* \?=<\/N><\/M><SU> <\/SU><\/MD>$/,
    );
  });

  test("a server that keeps to the form puts time and subject inside", async () => {
    await using network = await openOfficial();
    const client = await online11(network, "alice");
    await notice(client);
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const message = find(parseXml(mailData(await notice(client))), "M");
    expect(textAt(message, "RT")).toBe("2026-07-29T12:00:00Z");
    expect(find(message, "SU")?.text).toBe(" ");
    expect(textAt(message, "N")).toBe("=?utf-8?B?Qm9iIEI=?=");
  });
});

describe("Fetching and deleting (msnp-chat §5.6.2)", () => {
  test("GetMetadata is text on Escargot and elements elsewhere, without mail counts", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const escaped = await rsi(network, ticket, "GetMetadata");
    expect(escaped.text).toContain(
      '<GetMetadataResponse xmlns="http://www.hotmail.msn.com/ws/2004/09/oim/rsi">&lt;MD&gt;&lt;Q&gt;',
    );
    await using official = await openOfficial();
    official.leaveOfflineMessages("alice@example.com", [NOTE]);
    const entered = await enter18(official, "alice", ALICE_GUID);
    const nested = await rsi(official, entered.ticket, "GetMetadata");
    expect(textAt(find(nested.root, "GetMetadataResponse"), "MD", "M", "E")).toBe("bob@example.com");
  });

  test("a server that refuses empty actions gives nothing for GetMetadata unless something stands inside", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    expect(await rsi(network, ticket, "GetMetadata", "")).toEqual({ status: 500, text: "", root: undefined });
    expect((await rsi(network, ticket, "GetMetadata", "<all/>")).status).toBe(200);
  });

  test("GetMessage gives the MIME of the book", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const id = network.offlineMessages("alice@example.com")[0]?.id ?? "";
    const body = `<messageId>${id}</messageId><alsoMarkAsRead>false</alsoMarkAsRead>`;
    const answer = await rsi(network, ticket, "GetMessage", body);
    expect(answer.text).toContain("\r\nX-OIM-Message-Type: OfflineMessage\r\n");
    const lines = (find(answer.root, "GetMessageResult")?.text ?? "").split("\n");
    expect(lines).toContain("From: =?utf-8?B?Qm9iIEI=?= <bob@example.com>");
    expect(lines).toContain("To: alice@example.com");
    expect(lines).toContain(`X-OIM-Run-Id: {${RUN}}`);
    expect(lines).toContain("X-OIM-Sequence-Num: 1");
    expect(lines.find((line) => line.startsWith("X-OriginalArrivalTime"))).toMatch(
      /^X-OriginalArrivalTime: 29 Jul 2026 12:00:00\.0000 \(UTC\) FILETIME=\[[0-9A-F]{8}:[0-9A-F]{8}\]$/,
    );
    expect(lines).toContain("Date: 29 Jul 2026 05:00:00 -0800");
    expect(lines.slice(-2)).toEqual(["", "SGVsbG8sIHdvcmxkIDop"]);
    expect(network.offlineMessages("alice@example.com")[0]?.read).toBe(false);
  });

  test("marking as read does not delete", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const id = network.offlineMessages("alice@example.com")[0]?.id ?? "";
    await rsi(network, ticket, "GetMessage", `<messageId>${id}</messageId><alsoMarkAsRead>true</alsoMarkAsRead>`);
    expect(network.offlineMessages("alice@example.com")).toMatchObject([{ id, read: true }]);
  });

  test("DeleteMessages deletes, and tells the endpoint that asked how many", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE, { ...NOTE, sequence: 2 }, { ...NOTE, sequence: 3 }]);
    const one = await online18(network, "alice", ALICE_GUID);
    const other = await online18(network, "alice", BOB_GUID);
    await Promise.all([notice(one.client), notice(other.client)]);
    const [first, second, third] = network.offlineMessages("alice@example.com").map(({ id }) => id);
    const ids = [first, second].map((id) => `<messageId>${id}</messageId>`).join("");
    const answer = await rsi(network, one.ticket, "DeleteMessages", `<messageIds>${ids}</messageIds>`);
    expect(answer.text).toContain('<DeleteMessagesResponse xmlns="http://www.hotmail.msn.com/ws/2004/09/oim/rsi" />');
    expect(await notice(one.client)).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsactivemailnotification; charset=UTF-8\r\n\r\nSrc-Folder: .!!OIM\r\nDest-Folder: .!!trAsH\r\nMessage-Delta: 2\r\n",
    );
    expect(network.offlineMessages("alice@example.com").map(({ id }) => id)).toEqual([third]);
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    expect(await notice(other.client)).toContain("msmsgsoimnotification");
  });

  test("an unknown id deletes nothing at all: a fault, HTTP 500; reading one is a bare 500", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const id = network.offlineMessages("alice@example.com")[0]?.id ?? "";
    const unknown = "00000000-0000-4000-8000-000000000000";
    const ids = `<messageIds><messageId>${id}</messageId><messageId>${unknown}</messageId></messageIds>`;
    const refused = await rsi(network, ticket, "DeleteMessages", ids);
    expect(refused.status).toBe(500);
    expect(find(refused.root, "faultstring")?.text).toBe("Schema validation error");
    expect((await rsi(network, ticket, "DeleteMessages")).status).toBe(500);
    expect(network.offlineMessages("alice@example.com")).toHaveLength(1);
    const missing = await rsi(network, ticket, "GetMessage", `<messageId>${unknown}</messageId>`);
    expect(missing).toEqual({ status: 500, text: "", root: undefined });
  });

  test("nobody reads for others, or without being signed in; a ticket with its `t=` is not found", async () => {
    await using network = await openNetwork();
    network.leaveOfflineMessages("alice@example.com", [NOTE]);
    const bob = await enter18(network, "bob", BOB_GUID);
    const id = network.offlineMessages("alice@example.com")[0]?.id ?? "";
    expect((await rsi(network, bob.ticket, "GetMessage", `<messageId>${id}</messageId>`)).status).toBe(500);
    const idle = await nexusTicket(network, "alice@example.com");
    expect(find((await rsi(network, idle, "GetMetadata")).root, "faultstring")?.text).toBe("Schema validation error");
    const doubled = await rsi(network, `t=${bob.ticket}`, "GetMetadata");
    expect(doubled.status).toBe(500);
  });

  test("an operation that does not exist is unsupported, with HTTP 200", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const answer = await rsi(network, ticket, "GetEverything");
    expect([answer.status, faultOf(answer)]).toEqual([200, "Forbidden"]);
  });

  test("faults can be forced on each operation", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    network.faults.arm({ place: "HTTP", at: "GetMetadata", fault: { kind: "status", status: 503 } });
    network.faults.arm({ place: "HTTP", at: "GetMessage", fault: { kind: "soap-fault", code: "Busy" } });
    network.faults.arm({ place: "HTTP", at: "DeleteMessages", fault: { kind: "refuse" } });
    expect((await rsi(network, ticket, "GetMetadata")).status).toBe(503);
    expect(find((await rsi(network, ticket, "GetMessage")).root, "faultstring")?.text).toBe("Busy");
    expect((await rsi(network, ticket, "DeleteMessages")).status).toBe(500);
    expect((await rsi(network, ticket, "GetMetadata")).status).toBe(200);
  });

  test("a thousand messages are listed, read and deleted in the order they were left", async () => {
    await using network = await openNetwork();
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...NOTE, text: `${index}`, at: NOON + index * 1000 }));
    network.leaveOfflineMessages("alice@example.com", many);
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { root } = await rsi(network, ticket, "GetMetadata");
    const ids = findAll(parseXml(find(root, "GetMetadataResponse")?.text ?? ""), "I").map(({ text }) => text);
    expect(ids).toHaveLength(1000);
    const last = await rsi(network, ticket, "GetMessage", `<messageId>${ids.at(-1)}</messageId>`);
    expect(find(last.root, "GetMessageResult")?.text.endsWith(Buffer.from("999").toString("base64"))).toBe(true);
    const body = `<messageIds>${ids.map((id) => `<messageId>${id}</messageId>`).join("")}</messageIds>`;
    expect((await rsi(network, ticket, "DeleteMessages", body)).status).toBe(200);
    expect(network.offlineMessages("alice@example.com")).toEqual([]);
  });
});
