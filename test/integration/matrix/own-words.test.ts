import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { NetworkMessage } from "../../../src/bridge/model.ts";
import { parseContactAddress } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { PuppetRegistration } from "../../../src/matrix/registration.ts";
import { ghostOf, portalOf, portalRoom, resident } from "../../support/matrix-home.ts";
import { MemorySecrets } from "../../support/matrix-host.ts";
import { ANNA, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = ghostOf("bob@example.com");
const SELF = ghostOf("anna@example.com");
const SELF_ID = `@_msn_escargot_anna=40example.com:${DOMAIN}`;
const OPERATOR: PuppetRegistration = { asToken: new Secret("operator-token"), covers: (mxid) => mxid === ANNA };

const own = (text: string): NetworkMessage => ({
  kind: "text",
  from: parseContactAddress("anna@example.com"),
  fromName: "Anna",
  text,
  at: 1_115_000_000_000,
  own: { device: "Laptop" },
});

/** A store whose sealing key was lost. */
class LostKey extends MemorySecrets {
  override async secret(): Promise<undefined> {
    throw new BridgeError("internal", { detail: "a stored secret cannot be opened: key 1 does not fit" });
  }
}

interface Chat extends StubScene {
  readonly room: string;
  say(text: string, key: string): Promise<string>;
  /** Who said what. */
  lines(): string[];
}

async function chat(wish: Parameters<typeof scene>[0] = {}): Promise<Chat> {
  const s = await scene(wish);
  const room = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
  s.stub.room(room).members.set(ANNA, "join");
  s.stub.tokens.set("operator-token", undefined);
  s.stub.forgetCalls();
  return {
    ...s,
    room,
    say: (text, key) => s.home.deliverOwn(portalRoom(room, ANNA), BOB, SELF, own(text), key),
    lines: () => s.stub.room(room).events.map(({ sender, content }) => `${sender}: ${String(content.body)}`),
  };
}

describe("the owner's words from another place", () => {
  it("find a room gone in which nobody of ours is any more", async () => {
    const c = await chat();
    for (const user of c.stub.room(c.room).members.keys()) c.stub.room(c.room).members.set(user, "leave");
    await expect(c.say("hello", "k1")).rejects.toMatchObject({ code: "room-gone" });
  });

  it("are refused where only their ghost is kept out", async () => {
    const c = await chat();
    c.stub.room(c.room).members.set(SELF_ID, "ban");
    await expect(c.say("hello", "k1")).rejects.toMatchObject({ code: "home-refused" });
  });

  it("are said by the owner, with the time at which they were said and a mark", async () => {
    const c = await chat({ doublePuppet: OPERATOR });
    await c.say("hello", "k1");
    expect(c.stub.room(c.room).events).toMatchObject([
      { sender: ANNA, ts: 1_115_000_000_000, content: { body: "hello", "msnbridge.echo": expect.any(String) } },
    ]);
  });

  it("do not come back, and neither does a copy of what was posted whose mark was dropped on the way", async () => {
    const c = await chat({ doublePuppet: OPERATOR });
    const id = await c.say("hello", "k1");
    const [posted] = c.stub.room(c.room).events;
    const echo = { ...c.stub.event(c.room, ANNA, "m.room.message", posted?.content ?? {}), event_id: id };
    const bare = {
      ...c.stub.event(c.room, ANNA, "m.room.message", { msgtype: "m.text", body: "hello" }),
      event_id: id,
    };
    const said = c.stub.event(c.room, ANNA, "m.room.message", { msgtype: "m.text", body: "hello" });
    c.host.portals.add(c.room as never);
    await c.stub.push([echo, bare, said]);
    await c.host.settled();
    expect(c.host.events.filter(({ kind }) => kind === "text")).toMatchObject([{ message: said.event_id }]);
  });

  it("are words to the contact when she copies them into the same chat", async () => {
    const c = await chat({ doublePuppet: OPERATOR });
    const id = await c.say("once more", "k1");
    const [posted] = c.stub.room(c.room).events;
    const copy = () => c.stub.event(c.room, ANNA, "m.room.message", posted?.content ?? {});
    c.host.portals.add(c.room as never);
    await c.stub.push([{ ...copy(), event_id: id }, copy()]);
    await c.stub.push([copy()]);
    await c.host.settled();
    expect(c.host.events.flatMap((e) => (e.kind === "text" ? [e.text] : []))).toEqual(["once more", "once more"]);
  });

  it("are one message when the answer was lost and the lane tries again", async () => {
    const c = await chat({ doublePuppet: OPERATOR });
    c.stub.fail("send", { kind: "lose-answer" });
    await expect(c.say("once", "k1")).rejects.toMatchObject({ code: "home-down" });
    await c.say("once", "k1");
    expect(c.lines()).toEqual([`${ANNA}: once`]);
  });

  it.each([
    ["a proxy's page", { kind: "html", status: 404 }, "home-down"],
    ["an error of the server", { kind: "answer", status: 500, body: { errcode: "M_UNKNOWN" } }, "home-down"],
    ["a request to go slower", { kind: "answer", status: 429, body: { errcode: "M_LIMIT_EXCEEDED" } }, "home-busy"],
    ["silence", { kind: "hang" }, "home-down"],
  ] as const)("wait at %s, and are not said by the ghost meanwhile", async (_what, fault, code) => {
    const limits = fault.kind === "hang" ? { requestTimeoutMs: 3000 } : {};
    const c = await chat({ doublePuppet: OPERATOR, limits });
    c.stub.fail("send", fault);
    await expect(c.say("x", "k1")).rejects.toMatchObject({ code });
    expect(c.lines()).toEqual([]);
    await c.say("x", "k1");
    expect(c.lines()).toEqual([`${ANNA}: x`]);
  });

  it("go by the owner's own token where the operator's is refused, and by the ghost where that one is, too", async () => {
    const c = await chat({ doublePuppet: OPERATOR });
    c.stub.tokens.delete("operator-token");
    c.stub.tokens.set("annas-token", ANNA);
    await c.home.givePuppet(resident(ANNA), new Secret("annas-token"));
    await c.say("one", "k1");
    c.stub.tokens.delete("annas-token");
    await c.say("two", "k2");
    await c.say("three", "k3");
    expect(c.lines()).toEqual([`${ANNA}: one`, `${SELF_ID}: two`, `${SELF_ID}: three`]);
    const told = c.stub.calls.filter(
      ({ name, body }) => name === "send" && /does not work any more/.test(String(body.body)),
    );
    expect(told).toHaveLength(1);
    expect(c.logged.join("\n")).not.toMatch(/annas-token|operator-token/);
  });

  it("are left to the ghost of the account where the kept token cannot be opened any more, and it can be renewed", async () => {
    const c = await chat({ secrets: new LostKey() });
    await c.say("hello", "k1");
    await c.say("again", "k2");
    expect(c.lines()).toEqual([`${SELF_ID}: hello`, `${SELF_ID}: again`]);
    expect(await c.home.puppetAccess(resident(ANNA))).toBe("none");
    expect(c.logged.filter((line) => line.includes("cannot be opened"))).toHaveLength(1);
  });

  it("a token in the quotes of a word processor is refused as such, and the homeserver is not called silent for it", async () => {
    const c = await chat();
    const given = c.home.givePuppet(resident(ANNA), new Secret("\u201Csyt_token\u201D"));
    await expect(given).rejects.toMatchObject({ code: "puppet-refused" });
    expect(c.home.health()).toEqual({ ready: true, reasons: [] });
  });

  it("of somebody whom the operator's registration does not cover are left to the ghost of the account", async () => {
    const c = await chat({ doublePuppet: { ...OPERATOR, covers: () => false } });
    await c.say("hello", "k1");
    expect(c.lines()).toEqual([`${SELF_ID}: hello`]);
    expect(c.stub.room(c.room).members.get(SELF_ID)).toBe("join");
  });
});
