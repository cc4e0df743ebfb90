import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

function text(s: StubScene, room: string, body: string, sender = ANNA) {
  return s.stub.event(room, sender, "m.room.message", { msgtype: "m.text", body });
}

describe("a transaction", () => {
  it("is answered only when it is stored", async () => {
    const s = await scene();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const intake = s.host.intake.bind(s.host);
    s.host.intake = async (...args) => {
      entered.resolve();
      await gate.promise;
      return intake(...args);
    };
    let answered = false;
    const put = s.stub.push([text(s, "!r:stub.test", "hello")]).then((status) => {
      answered = true;
      return status;
    });
    await entered.promise;
    // What is asked behind it is answered meanwhile.
    await fetch(`${s.url}/_matrix/app/v1/ping`, { method: "POST", body: "{}" });
    expect(answered).toBe(false);
    gate.resolve();
    expect(await put).toBe(200);
    expect(s.host.items).toHaveLength(1);
  });

  it("that comes again adds nothing", async () => {
    const s = await scene();
    const body = JSON.stringify({ events: [text(s, "!r:stub.test", "hello")] });
    expect((await s.stub.transaction("7", body)).status).toBe(200);
    expect((await s.stub.transaction("7", body)).status).toBe(200);
    expect(s.host.items).toHaveLength(1);
  });

  it("of a homeserver that was set up anew and counts from 1 again is not taken for a repeat", async () => {
    const s = await scene();
    await s.stub.transaction("1", JSON.stringify({ events: [text(s, "!r:stub.test", "old")] }));
    await s.stub.transaction("1", JSON.stringify({ events: [text(s, "!r:stub.test", "new")] }));
    expect(s.host.items).toHaveLength(2);
  });

  it("that cannot be stored is refused, asked for again by a ping, and then taken", async () => {
    const s = await scene();
    s.host.failure = new BridgeError("store-down");
    const event = text(s, "!r:stub.test", "hello");
    expect(await s.stub.push([event])).toBe(503);
    s.host.failure = undefined;
    await expect.poll(() => s.stub.count("ping")).toBe(1);
    expect(await s.stub.push([event])).toBe(200);
    expect(s.host.items).toHaveLength(1);
  });

  it("with a wrong token is refused with 403, without one with 401", async () => {
    const s = await scene();
    const put = async (headers: Record<string, string>, query = "") =>
      (await fetch(`${s.url}/_matrix/app/v1/transactions/1${query}`, { method: "PUT", headers, body: "{}" })).status;
    const right = s.registration.hsToken.open();
    expect(await put({ authorization: "Bearer wrong" })).toBe(403);
    expect(await put({})).toBe(401);
    expect(await put({ authorization: `Basic ${right}` })).toBe(401);
    expect(await put({}, "?access_token=wrong")).toBe(403);
    expect(await put({}, `?access_token=${right}`)).toBe(200);
    expect(await put({ authorization: "Bearer wrong" }, `?access_token=${right}`)).toBe(403);
    expect(await put({ authorization: `Bearer ${right}` }, "?access_token=wrong")).toBe(200);
    expect(s.host.items).toHaveLength(0);
  });

  it("as large as a homeserver can make it is taken", async () => {
    const s = await scene();
    const events = Array.from({ length: 100 }, () => text(s, "!r:stub.test", "x".repeat(64 * 1024)));
    expect(await s.stub.push(events)).toBe(200);
    expect(s.host.items).toHaveLength(100);
  });

  it.each([
    ["says so in its length", { "content-length": "200001" }],
    ["says nothing of its length", { "transfer-encoding": "chunked" }],
  ])("above the limit is refused with 413 when it %s", async (_how, length) => {
    const s = await scene({ limits: { maxTransactionBytes: 200_000 } });
    const headers = { authorization: `Bearer ${s.registration.hsToken.open()}`, ...length };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const req = request(`${s.url}/_matrix/app/v1/transactions/1`, { method: "PUT", headers }, (res) => {
        res.resume();
        resolve(res.statusCode);
      });
      req.on("error", reject);
      req.write("x".repeat(200_001));
      req.end();
    });
    expect(status).toBe(413);
    expect(await s.stub.push([text(s, "!r:stub.test", "still there")])).toBe(200);
  });

  it("that says that it is far above the limit is refused before it is sent", async () => {
    const s = await scene({ limits: { maxTransactionBytes: 200_000 } });
    const headers = { authorization: `Bearer ${s.registration.hsToken.open()}`, "content-length": "400001" };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const req = request(`${s.url}/_matrix/app/v1/transactions/1`, { method: "PUT", headers }, (res) => {
        resolve(res.statusCode);
        req.destroy();
      });
      req.on("error", reject);
      req.flushHeaders();
    });
    expect(status).toBe(413);
  });

  it.each([
    ["no JSON", "{", 400],
    ["a list", "[]", 400],
    ["a text", '"hello"', 400],
    ["no events", "{}", 200],
    ["events that are no list", '{"events":{"a":1}}', 200],
  ])("whose body is %s gets its answer and hurts nobody", async (_what, body, status) => {
    const s = await scene();
    expect((await s.stub.transaction("1", body)).status).toBe(status);
    expect(s.host.items).toHaveLength(0);
  });

  it("with broken and unknown events in it is taken, and the good ones count", async () => {
    const s = await scene();
    const deep = JSON.parse(`${"[".repeat(3000)}${"]".repeat(3000)}`) as unknown;
    const events = [
      null,
      7,
      "event",
      [],
      {},
      { type: "m.room.message" },
      { type: 1, room_id: 2, sender: 3, event_id: 4, content: 5 },
      { ...text(s, "!r:stub.test", "x"), content: null },
      { ...text(s, "!r:stub.test", "x"), sender: "nobody" },
      s.stub.event("!r:stub.test", ANNA, "org.example.unknown", { body: "x" }),
      s.stub.event("!r:stub.test", ANNA, "m.room.member", { membership: "invite" }),
      s.stub.event("!r:stub.test", ANNA, "m.room.message", { msgtype: "m.text", body: "good", extra: deep }),
    ];
    expect(await s.stub.push(events)).toBe(200);
    const read = s.host.items.map(({ raw }) => s.home.read(raw)).filter((event) => event !== undefined);
    expect(read).toMatchObject([{ kind: "text", text: "good" }]);
    expect(JSON.stringify(s.host.items).length).toBeLessThan(2000);
  });

  it("with events of the bridge's own users stores nothing", async () => {
    const s = await scene();
    const ghost = `@_msn_escargot_bob=40example.com:${DOMAIN}`;
    expect(await s.stub.push([text(s, "!r:stub.test", "echo", ghost), text(s, "!r:stub.test", "echo", BOT)])).toBe(200);
    expect(s.host.batches).toHaveLength(0);
  });
});

describe("ephemeral data", () => {
  it("under both keys is passed on once", async () => {
    const s = await scene();
    await s.stub.push(
      [],
      [
        {
          type: "m.typing",
          room_id: "!r:stub.test",
          content: { user_ids: [ANNA, `@_msn_escargot_x=40y.z:${DOMAIN}`] },
        },
        { type: "m.presence", sender: ANNA, content: { presence: "online", status_msg: "Busy - till five" } },
        { type: "m.presence", sender: BOT, content: { presence: "online" } },
        { type: "m.receipt", room_id: "!r:stub.test", content: {} },
        null,
        { type: "m.typing", room_id: "!r:stub.test", content: { user_ids: "all" } },
      ],
    );
    expect(s.host.typings).toEqual([{ room: "!r:stub.test", resident: `matrix:${ANNA}`, typing: true }]);
    expect(s.host.presences).toEqual([
      { resident: `matrix:${ANNA}`, presence: { availability: "busy", text: "till five" } },
    ]);
  });

  it("of the unstable key alone counts, too", async () => {
    const s = await scene();
    const edu = { type: "m.typing", room_id: "!r:stub.test", content: { user_ids: [ANNA] } };
    await s.stub.transaction("1", JSON.stringify({ events: [], "de.sorunome.msc2409.ephemeral": [edu] }));
    expect(s.host.typings).toHaveLength(1);
  });

  it("tells who has started and who has stopped typing", async () => {
    const s = await scene();
    const type = (...user_ids: string[]) =>
      s.stub.push([], [{ type: "m.typing", room_id: "!r:stub.test", content: { user_ids } }]);
    await type(ANNA);
    await type(ANNA, "@ben:stub.test");
    await type("@ben:stub.test");
    await type();
    expect(s.host.typings.map(({ resident, typing }) => `${resident} ${typing}`)).toEqual([
      `matrix:${ANNA} true`,
      "matrix:@ben:stub.test true",
      `matrix:${ANNA} false`,
      "matrix:@ben:stub.test false",
    ]);
  });
});

describe("the homeserver's questions", () => {
  const ask = async (s: StubScene, path: string, method = "GET") =>
    (
      await fetch(`${s.url}/_matrix/app/v1/${path}`, {
        method,
        headers: { authorization: `Bearer ${s.registration.hsToken.open()}` },
      })
    ).status;

  /** A path that `fetch` would mend before it sends it; without a token, as anybody may. */
  const raw = (s: StubScene, path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(s.url);
      request({ hostname, port, path }, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .on("error", reject)
        .end();
    });

  it("are answered with yes for a ghost that could be, which then is", async () => {
    const s = await scene();
    const mxid = `@_msn_escargot_new=40example.com:${DOMAIN}`;
    expect(await ask(s, `users/${encodeURIComponent(mxid)}`)).toBe(200);
    expect(s.stub.users.has(mxid)).toBe(true);
  });

  it.each([
    ["a network we do not have", `@_msn_elsewhere_new=40example.com:${DOMAIN}`],
    ["no address", `@_msn_escargot_new:${DOMAIN}`],
    ["an address in another spelling", `@_msn_escargot_%6eew@example.com:${DOMAIN}`],
    ["a stranger", `@anna:${DOMAIN}`],
    ["another server", "@_msn_escargot_new=40example.com:elsewhere.test"],
  ])("are answered with 404 for %s", async (_what, mxid) => {
    const s = await scene();
    expect(await ask(s, `users/${encodeURIComponent(mxid)}`)).toBe(404);
    expect(s.stub.calls).toHaveLength(0);
  });

  it("about aliases and other things get 404, a ping 200, all without a crash when the homeserver fails", async () => {
    const s = await scene();
    expect(await ask(s, `rooms/${encodeURIComponent(`#_msn_x:${DOMAIN}`)}`)).toBe(404);
    expect(await ask(s, "thirdparty/protocol/msn")).toBe(404);
    expect(await ask(s, "users/%E0%A4%A")).toBe(400);
    expect(await ask(s, "ping", "DELETE")).toBe(405);
    expect(await raw(s, "//")).toBe(404);
    expect(await raw(s, "http://[/_matrix/app/v1/ping")).toBe(404);
    expect(s.logged.filter((line) => line.includes('"level":"error"') || line.includes('"level":50'))).toEqual([]);
    s.stub.fail("register", { kind: "reset" });
    expect(await ask(s, `users/${encodeURIComponent(`@_msn_escargot_a=40b.c:${DOMAIN}`)}`)).toBe(500);
    await expect.poll(() => s.home.health().ready).toBe(true);
  });
});
