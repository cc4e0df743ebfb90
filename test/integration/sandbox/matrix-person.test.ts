import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { MatrixPerson } from "../../../src/cli/sandbox/matrix-person.ts";

const ROOM = "!room:test";

function said(text: string): object {
  const content = { msgtype: "m.text", body: text };
  return { event_id: `$${text}`, type: "m.room.message", sender: "@bob:test", origin_server_ts: 0, content };
}

/** A homeserver that gives these answers, by path and position; a question without an answer stays open. */
async function homeserver(answers: Readonly<Record<string, object>>): Promise<string> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", "http://test");
    const { searchParams } = url;
    const name = `${url.pathname.split("/").at(-1)} ${searchParams.get("since") ?? searchParams.get("from") ?? ""}`;
    const answer = answers[name.trim()];
    if (answer) response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => server.listen({ port: 0, host: "127.0.0.1" }, listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const sync = (next_batch: string, timeline: object): object => ({
  next_batch,
  rooms: { join: { [ROOM]: { timeline } } },
});

test("what an answer of /sync leaves out is read, also what stands there behind words that are known", async () => {
  const url = await homeserver({
    sync: sync("s1", { events: [said("one"), said("two")] }),
    "sync s1": sync("s2", { events: [said("five")], limited: true, prev_batch: "p1" }),
    // "three" was sent at the same moment as "two"; "before" is older than the person's coming.
    "messages p1": { chunk: [said("four"), said("two"), said("three"), said("one"), said("before")], end: "p0" },
  });
  const anna = await MatrixPerson.signIn(url, "@anna:test", { accessToken: "token" });
  onTestFinished(() => anna.close());
  await anna.waitForMessage(ROOM, "five");
  expect(anna.room(ROOM).texts()).toEqual(["one", "two", "three", "four", "five"]);
});
