import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";
import type { BareHome, BareHomeOptions } from "./bare-home.ts";

interface Event {
  readonly event_id: string;
  readonly room_id: string;
  readonly content: { readonly body: string };
}

/** As the bridge's own. */
const CONNECTIONS = 32;

/** A plain application service. */
export function bareMatrix({ url, token, bot, device }: BareHomeOptions & { kind: "matrix" }): BareHome {
  const pool = new Pool(url, { connections: CONNECTIONS });
  let serial = 0;
  const request = async (method: "PUT" | "POST", path: string, as: string, body: object, query = "") => {
    const answered = await pool.request({
      method,
      path: `${path}?user_id=${encodeURIComponent(as)}${query}`,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answered.body.text();
    if (answered.statusCode !== 200) throw new Error(`${path} was answered ${answered.statusCode}: ${text}`);
  };
  const inRoom = (room: string): string => `/_matrix/client/v3/rooms/${encodeURIComponent(room)}`;
  return {
    async post({ room, ghost }, text) {
      serial += 1;
      const query = device === undefined ? "" : `&device_id=${device}&ts=${Date.now()}`;
      const path = `${inRoom(room)}/send/m.room.message/bare${serial}-${process.pid}`;
      await request("PUT", path, ghost, { msgtype: "m.text", body: text }, query);
    },
    async confirm(raw) {
      const { event_id, room_id } = raw as Event;
      await request("POST", `${inRoom(room_id)}/receipt/m.read/${encodeURIComponent(event_id)}`, bot, {});
    },
    async listen(posts, hear) {
      const byRoom = new Map(posts.map((post) => [post.room, post]));
      const server = createServer((req, res) => {
        void (async () => {
          const said = (await read(req)).flatMap((raw) => {
            const post = byRoom.get(raw.room_id);
            return post === undefined ? [] : [{ post, body: raw.content.body, raw }];
          });
          const after = await hear(req.url ?? "", said);
          res.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}");
          after();
        })();
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
  };
}

async function read(req: IncomingMessage): Promise<readonly Event[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return (JSON.parse(Buffer.concat(chunks).toString("utf8")) as { events: readonly Event[] }).events;
}
