import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ghostOf, makeRegistration, portalRoom, startHome, words } from "../../support/matrix-home.ts";
import { StubHomeserver } from "../../support/stub-homeserver.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, scene, stopLater } from "../../support/stub-scene.ts";

cleanScenes();

async function prepared() {
  const { registration, port } = await makeRegistration(DOMAIN);
  const hsToken = registration.hsToken.open();
  const options = { domain: DOMAIN, bridgeUrl: registration.url, asToken: registration.asToken.open(), hsToken };
  return { registration, port, options };
}

it("starts while the homeserver is down, says why it is not ready, and is when the homeserver comes", async () => {
  const { registration, port, options } = await prepared();
  const probe = await StubHomeserver.start(options);
  const url = probe.url;
  await probe.stop();
  const { home, logged } = await startHome({ homeserverUrl: url, domain: DOMAIN, registration, port });
  stopLater(home);
  await expect.poll(() => home.health().reasons.join()).toContain("does not answer");
  expect(home.health().ready).toBe(false);
  const stub = await StubHomeserver.start({ ...options, port: Number(new URL(url).port) });
  stopLater(stub);
  await home.attached();
  expect(home.health()).toEqual({ ready: true, reasons: [] });
  expect(stub.users.has(BOT)).toBe(true);
  expect(stub.names.get(BOT)).toBe("MSN bridge");
  expect(logged.filter((line) => line.includes("waiting for the homeserver")).length).toBeLessThan(4);
});

it("is not ready while the homeserver is away, and is again when it is back, though nothing is asked of it", async () => {
  const s = await scene();
  s.stub.fail("ping", { kind: "html", status: 502 }, 2);
  s.stub.fail("presence", { kind: "html", status: 502 });
  const shown = s.home.showPresence(ghostOf("a@b.cd"), { availability: "online", text: "" });
  await expect(shown).rejects.toMatchObject({ code: "home-down" });
  expect(s.home.health()).toMatchObject({ ready: false, reasons: [expect.stringContaining("502")] });
  await expect.poll(() => s.home.health().ready).toBe(true);
});

it("is ready when the homeserver has reached it, though it calls its own ping failed", async () => {
  const { registration, port, options } = await prepared();
  const stub = await StubHomeserver.start(options);
  stopLater(stub);
  const failed = { errcode: "M_CONNECTION_FAILED", error: "AlreadyCalled: " };
  stub.fail("ping", { kind: "answer-otherwise", status: 502, body: failed }, 1000);
  const { home } = await startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port });
  stopLater(home);
  await home.attached();
  expect(home.health()).toEqual({ ready: true, reasons: [] });
});

it.each([
  ["does not know the bridge", { asToken: "another-token-than-ours" }, "does not know the bridge"],
  ["has another hs_token", { hsToken: "another-token-than-ours" }, "wrong hs_token"],
  ["cannot reach the bridge", { bridgeUrl: "http://127.0.0.1:1" }, "cannot reach the bridge"],
])("names what is wrong when the homeserver %s", async (_what, wrong, reason) => {
  const { registration, port, options } = await prepared();
  const stub = await StubHomeserver.start({ ...options, ...wrong });
  stopLater(stub);
  const { home } = await startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port });
  stopLater(home);
  await expect.poll(() => home.health().reasons.join()).toContain(reason);
});

it("says which address it cannot listen on", async () => {
  const { registration, options } = await prepared();
  const stub = await StubHomeserver.start(options);
  stopLater(stub);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await expect(startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}`,
  );
  taken.close();
});

it("lets a transaction that is under way be stored before it stops, and takes none afterwards", async () => {
  const s = await scene();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const intake = s.host.intake.bind(s.host);
  s.host.intake = async (...args) => {
    entered.resolve();
    await gate.promise;
    return intake(...args);
  };
  const put = s.stub.push([s.stub.event("!r:stub.test", ANNA, "m.room.message", { msgtype: "m.text", body: "last" })]);
  await entered.promise;
  const stopped = s.home.stop();
  gate.resolve();
  expect(await put).toBe(200);
  await stopped;
  expect(s.host.items).toHaveLength(1);
  await expect(s.stub.push([])).rejects.toThrow();
  expect(s.home.health().ready).toBe(false);
});

it("stops although a request hangs", async () => {
  const s = await scene({ limits: { requestTimeoutMs: 3000 } });
  s.stub.fail("send", { kind: "hang" });
  const sent = s.home.deliver(portalRoom("!r:stub.test", ANNA), ghostOf("a@b.cd"), words("a@b.cd", "x"), "k");
  const refused = expect(sent).rejects.toBeInstanceOf(BridgeError);
  await expect.poll(() => s.stub.count("send")).toBe(1);
  await s.home.stop();
  await refused;
});

it("stops within seconds although the homeserver hangs at the start", async () => {
  const { registration, port, options } = await prepared();
  const stub = await StubHomeserver.start(options);
  stopLater(stub);
  stub.fail("register", { kind: "hang" });
  const { home } = await startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port });
  await expect.poll(() => stub.count("register")).toBe(1);
  const began = performance.now();
  await home.stop();
  expect(performance.now() - began).toBeLessThan(30_000);
});

it("writes no token and no words into its log, however it goes", async () => {
  const s = await scene();
  s.stub.fail("create-room", { kind: "html", status: 502 });
  const { home, registration } = s;
  const open = () => home.say(`matrix:${ANNA}` as never, undefined, "secret words", "k");
  await expect(open()).rejects.toBeInstanceOf(BridgeError);
  await open();
  await fetch(`${s.url}/_matrix/app/v1/ping?access_token=${registration.hsToken.open()}`, {
    method: "POST",
    body: "{}",
  });
  const log = s.logged.join("");
  for (const secret of [registration.asToken, registration.hsToken, new Secret("secret words")]) {
    expect(log).not.toContain(secret.open());
  }
});
