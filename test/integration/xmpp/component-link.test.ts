import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseHomeName } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { ProcessGroup } from "../../../src/cli/sandbox/processes.ts";
import { startProsody } from "../../../src/cli/sandbox/prosody.ts";
import type { XmppServer } from "../../../src/cli/sandbox/xmpp-server.ts";
import { type Jid, parseJid } from "../../../src/xmpp/jid.ts";
import { ComponentLink, type LinkLimits } from "../../../src/xmpp/link/component-link.ts";
import { el, NS, type XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { surveyComponent } from "../../../src/xmpp/survey/component.ts";

const log = pino({ level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "msnbridge-link-"));
const group = new ProcessGroup();
let server: XmppServer;

beforeAll(async () => {
  server = await startProsody({ dir: folder, group, privileged: false, users: [{ name: "anna", password: "secret" }] });
});

afterAll(async () => {
  await group.stopAll();
  expect(group.survivors()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

interface Rig {
  readonly link: ComponentLink;
  readonly seen: XmlElement[];
  readonly states: string[];
  /** Resolves when a stanza came for which `matches` is true. */
  wait(matches: (stanza: XmlElement) => boolean): Promise<XmlElement>;
  state(name: string): Promise<void>;
}

function rig(limits: Partial<LinkLimits> = {}, port = server.componentPort, secret = server.secret): Rig {
  const seen: XmlElement[] = [];
  const states: string[] = [];
  const waiting = new Set<() => void>();
  const news = (): void => {
    for (const look of waiting) look();
  };
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const link = new ComponentLink({
    service: { host: "127.0.0.1", port, domain: server.component, secret: new Secret(secret) },
    home: parseHomeName("xmpp"),
    stanza: (stanza) => {
      seen.push(stanza);
      news();
    },
    online: () => {
      states.push("online");
      news();
    },
    offline: () => {
      states.push("offline");
      news();
    },
    meter: noMeter,
    log,
    limits: { firstWaitMs: 50, longestWaitMs: 200, ...limits },
  });
  return {
    link,
    seen,
    states,
    wait: (matches) => until(() => seen.find(matches)),
    state: async (name) => {
      await until(() => states.find((state) => state === name));
      states.splice(0, states.indexOf(name) + 1);
    },
  };
}

const message = (text: string, from: string, to: string): XmlElement =>
  el("message", { from, to, type: "chat" }, el("body", {}, text));

/** A message to our own domain comes back to us. */
const echo = (text: string): XmlElement => message(text, `ghost@${server.component}`, `other@${server.component}/x`);

const textOf = (stanza: XmlElement): string | null => stanza.getChildText("body");

test("the link comes up, and what is sent arrives whole: letters, signs and what XML forbids", async () => {
  const { link, wait } = rig();
  link.start();
  await link.attached();
  const text = `${"äöü 😀 <&>\"' ".repeat(4000)}\u0000\u0001 end`;
  await link.sendSurely(echo(text));
  const got = textOf(await wait((stanza) => stanza.name === "message"));
  expect(got).toBe(text.replaceAll("\u0000", "\uFFFD").replaceAll("\u0001", "\uFFFD"));
  await link.stop();
});

test("a wrong secret is said in words, and the right one is no secret", async () => {
  const service = { host: "127.0.0.1", port: server.componentPort, domain: server.component };
  await expect(surveyComponent({ ...service, secret: new Secret("wrong") }, server.domain)).rejects.toThrow(
    "refuses the secret",
  );
  const { knowsServer } = await surveyComponent({ ...service, secret: new Secret(server.secret) }, server.domain);
  expect(knowsServer).toBe(true);
  const wrong = rig({}, server.componentPort, "wrong");
  wrong.link.start();
  await expect.poll(() => wrong.link.health().reasons[0]).toContain("refuses the secret");
  await wrong.link.stop();
});

test("a component that the server does not know is said in words", async () => {
  const service = { host: "127.0.0.1", port: server.componentPort, domain: "other.test" };
  await expect(surveyComponent({ ...service, secret: new Secret("x") }, server.domain)).rejects.toThrow(
    "knows no component other.test",
  );
});

test("when a send has resolved, the server has processed it and all before it, in order", async () => {
  const { link, seen } = rig();
  link.start();
  await link.attached();
  const sends: Promise<void>[] = [];
  for (let i = 0; i < 500; i += 1) sends.push(link.sendSurely(echo(`${i}`)));
  await Promise.all(sends);
  expect(seen.filter((stanza) => stanza.name === "message").map(textOf)).toEqual(
    Array.from({ length: 500 }, (_, i) => `${i}`),
  );
  await link.stop();
});

test("a stanza that is not ours is not sent, and the link lives on", async () => {
  const { link } = rig();
  link.start();
  await link.attached();
  const { component } = server;
  const foreign = [
    "elsewhere.test",
    `${component}.evil.test`,
    `sub.${component}`,
    `evil${component}`,
    server.domain,
    "",
  ];
  for (const domain of foreign) {
    const from = `anna@${domain}`;
    expect(() => link.send(message("x", from, "anna@xmpp.test")), from).toThrow("not ours to send");
    link.sendLoosely(message("x", from, "anna@xmpp.test"));
    await expect(link.sendSurely(message("x", from, "anna@xmpp.test"))).rejects.toThrow("not ours to send");
    const ask = { to: parseJid(server.domain), from: from as Jid, type: "get" } as const;
    await expect(link.request(ask, el("ping", { xmlns: NS.ping }))).rejects.toThrow("not ours to send");
  }
  expect(() => link.send(message("x".repeat(250_000), server.component, "anna@xmpp.test"))).toThrow("too much for one");
  await link.sendSurely(echo("still here"));
  await link.stop();
});

test("a request is answered by whom it asks, or refused, or given up", async () => {
  const { link } = rig();
  link.start();
  await link.attached();
  const info = el("query", { xmlns: NS.discoInfo });
  const answer = await link.request({ to: parseJid(server.domain), type: "get" }, info);
  expect(answer.getChild("query", NS.discoInfo)?.getChild("identity")?.attrs.category).toBe("server");
  const roster = el("query", { xmlns: NS.roster });
  await expect(link.request({ to: parseJid(`anna@${server.domain}`), type: "get" }, roster)).rejects.toThrow(
    "refused:",
  );
  const silent = link.request({ to: parseJid(`nobody@${server.component}`), type: "get" }, info, 200);
  await expect(silent).rejects.toThrow("did not answer");
  await link.stop();
});

test("an answer of somebody else than whom was asked counts for nothing", async () => {
  const { link, wait } = rig();
  link.start();
  await link.attached();
  const [asked, liar] = [`asked@${server.component}`, `liar@${server.component}`];
  const answer = link.request({ to: parseJid(asked), type: "get" }, el("query", { xmlns: NS.version }), 5000);
  const { id } = (await wait((stanza) => stanza.name === "iq")).attrs;
  const reply = (from: string) =>
    el("iq", { type: "result", id, from, to: server.component }, el("query", { of: from }));
  link.send(reply(liar));
  link.send(reply(asked));
  expect((await answer).getChild("query")?.attrs.of).toBe(asked);
  await link.stop();
});

test("the server restarts: sends fail at once, and the link comes back", async () => {
  const { link, state } = rig();
  link.start();
  await state("online");
  await server.kill();
  await state("offline");
  expect(() => link.send(echo("nobody hears"))).toThrow("home-down");
  await expect(link.sendSurely(echo("nobody hears"))).rejects.toThrow("home-down");
  await server.restart();
  await state("online");
  await link.sendSurely(echo("here again"));
  await link.stop();
});

/** Passes bytes on until it is told to swallow them: a half-open connection. */
async function swallower(): Promise<{ port: number; swallow: () => void; end: () => void }> {
  let swallows = false;
  const sockets = new Set<Socket>();
  const proxy: Server = createServer((near) => {
    const far = connect({ port: server.componentPort, host: "127.0.0.1" });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => {
        if (!swallows) to.write(data);
      });
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => proxy.listen(port, "127.0.0.1", resolve));
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  };
  return { port, swallow: () => (swallows = !swallows), end };
}

test("a connection that says nothing any more is given up and made anew", async () => {
  const proxy = await swallower();
  // As long as a busy server may take to answer in truth.
  const { link, state } = rig({ answerMs: 10_000, keepaliveMs: 150 }, proxy.port);
  link.start();
  await state("online");
  proxy.swallow();
  await expect(link.sendSurely(echo("into the void"))).rejects.toThrow("home-down");
  await state("offline");
  proxy.swallow();
  await state("online");
  await link.sendSurely(echo("out of the void"));
  proxy.swallow();
  // Nothing is sent now: the link finds out by itself.
  await state("offline");
  await link.stop();
  proxy.end();
});
