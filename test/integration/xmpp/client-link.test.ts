import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseHomeName } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { makeCertificate } from "../../../src/cli/sandbox/certificate.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppAccount } from "../../../src/cli/sandbox/xmpp-server.ts";
import { parseBareJid, parseJid } from "../../../src/xmpp/jid.ts";
import { type ClientLimits, ClientLink } from "../../../src/xmpp/link/client-link.ts";
import type { ClientService } from "../../../src/xmpp/link/client-stream.ts";
import { el, NS, type XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { type CutProxy, cutProxy } from "../../support/cut-proxy.ts";
import { useXmppServer } from "../../support/xmpp.ts";

const fixture = useXmppServer("prosody");
const log = pino({ level: "silent" });

interface Rig {
  readonly link: ClientLink;
  readonly proxy: CutProxy;
  readonly states: string[];
  /** Bodies of the messages that came. */
  readonly texts: string[];
  readonly account: XmppAccount;
}

interface RigOptions {
  readonly service?: Partial<ClientService>;
  readonly limits?: Partial<ClientLimits>;
  readonly stanza?: (stanza: XmlElement) => void | Promise<void>;
  /** Behind the presence of a new session. */
  readonly fresh?: () => Promise<void>;
}

async function rig(o: RigOptions = {}): Promise<Rig> {
  const { server } = fixture;
  const account = await fixture.newAccount("relay");
  const proxy = await cutProxy(server.c2sPort);
  const states: string[] = [];
  const texts: string[] = [];
  const link: ClientLink = new ClientLink({
    service: {
      host: server.host,
      port: proxy.port,
      jid: parseBareJid(account.jid),
      password: new Secret(account.password),
      resource: "bridge",
      tls: "starttls",
      ca: server.ca,
      ...o.service,
    },
    home: parseHomeName("xmpp"),
    stanza: (stanza) => {
      const body = stanza.getChildText("body");
      if (body !== null) texts.push(body);
      return o.stanza?.(stanza);
    },
    fresh: async () => {
      link.send(el("presence"));
      await o.fresh?.();
    },
    online: (how) => states.push(how),
    offline: () => states.push("offline"),
    meter: noMeter,
    log,
    limits: { firstWaitMs: 50, longestWaitMs: 200, ...o.limits },
  });
  link.start();
  onTestFinished(async () => {
    await link.stop();
    await proxy.close();
  });
  return { link, proxy, states, texts, account };
}

function words(to: string, body: string): XmlElement {
  const id = randomUUID();
  return el("message", { to, id, type: "chat" }, el("body", {}, body), el("origin-id", { xmlns: NS.sid, id }));
}

function bodies(person: XmppPerson): string[] {
  return person.messages.flatMap(({ body }) => (body === undefined ? [] : [body]));
}

const numbers = (length: number): string[] => Array.from({ length }, (_, i) => `${i}`);

test("an account signs in, is bound, asks, and talks both ways", async () => {
  const anna = await fixture.newPerson("anna");
  const { link, texts, account } = await rig();
  await link.attached();
  expect(link.jid).toBe(`${account.jid}/bridge`);
  const roster = await link.request({ type: "get" }, el("query", { xmlns: NS.roster }));
  expect(roster.getChild("query", NS.roster)).toBeDefined();
  const to = parseJid(fixture.server.domain);
  const info = await link.request({ to, type: "get" }, el("query", { xmlns: NS.discoInfo }));
  expect(info.attrs.from).toBe(fixture.server.domain);
  await link.sendSurely(words(anna.jid, "hello"));
  await anna.waitForMessage("hello");
  await anna.say(account.jid, "hello yourself");
  await expect.poll(() => texts).toEqual(["hello yourself"]);
});

test("a wrong password is named, and so are a certificate that cannot be trusted and a strange domain", async () => {
  const wrong = await rig({ service: { password: new Secret("wrong") } });
  await expect.poll(() => wrong.link.health().reasons[0]).toContain("refuses the password of relay");
  const other = await makeCertificate(join(fixture.dir, "other"), ["xmpp.test"]);
  const untrusted = await rig({ service: { ca: readFileSync(other.certificate, "utf8") } });
  await expect.poll(() => untrusted.link.health().reasons[0]).toContain("cannot be trusted");
  const strange = await rig({ service: { jid: parseBareJid("relay@elsewhere.test") } });
  await expect.poll(() => strange.link.health().reasons[0]).toMatch(/elsewhere\.test/);
  expect(() => strange.link.send(el("presence"))).toThrow("home-down");
});

test("the socket is cut again and again in mid-talk: resumed, nothing lost, nothing doubled, in order", async () => {
  const anna = await fixture.newPerson("anna");
  const { link, proxy, states, texts, account } = await rig();
  await link.attached();
  const sends: Promise<void>[] = [];
  for (const [i, text] of numbers(200).entries()) {
    await link.attached();
    sends.push(link.sendSurely(words(anna.jid, text)));
    await anna.say(account.jid, text);
    if (i % 40 === 20) proxy.cut();
    if (i % 40 === 30) await Promise.all(sends);
  }
  await Promise.all(sends);
  await expect.poll(() => new Set(texts).size).toBe(200);
  await expect.poll(() => new Set(bodies(anna)).size).toBe(200);
  // When a cut falls within a stanza, Prosody 0.12.3 does not get on with the session (see below). What comes from it, and
  // was not acknowledged, then comes again in the next one; what goes to it never does.
  const sessions = states.filter((state) => state !== "offline");
  const isBroken = sessions.lastIndexOf("fresh") > 0;
  if (!isBroken) expect(sessions).toEqual(["fresh", ...numbers(5).map(() => "resumed")]);
  expect(isBroken ? [...new Set(texts)] : texts).toEqual(numbers(200));
  expect(bodies(anna)).toEqual(numbers(200));
});

// Prosody 0.12.3 reads what is written in a resumed session as what follows upon the last byte of the broken connection.
// A stanza of 40 kB has more than one TLS record: the server reads the first, and not the others.
test.for<[where: string, pad: string | undefined, body: string]>([
  ["a tag", "x".repeat(40_000), "long"],
  ["its text", undefined, "long".repeat(10_000)],
])(
  "the socket is cut when the server has a stanza as far as %s: it arrives once, and so does all behind it",
  async ([, pad, body]) => {
    const anna = await fixture.newPerson("anna");
    const { link, proxy, states, texts, account } = await rig({ limits: { answerMs: 1000 } });
    await link.attached();
    await link.sendSurely(words(anna.jid, "the first"));
    const id = randomUUID();
    const long = el(
      "message",
      { to: anna.jid, id, type: "chat" },
      el("pad", { xmlns: "test", pad }),
      el("body", {}, body),
    );
    proxy.cutAfter(30_000);
    const sends = [long, ...numbers(20).map((text) => words(anna.jid, text))].map((one) => link.sendSurely(one));
    await expect.poll(() => states).toContain("offline");
    await anna.say(account.jid, "meanwhile");
    await Promise.all(sends);
    await link.sendSurely(words(anna.jid, "the last"));
    await anna.waitForMessage("the last");
    expect(bodies(anna)).toEqual(["the first", body, ...numbers(20), "the last"]);
    await expect.poll(() => texts).toContain("meanwhile");
    // A resumption in which the server does not hear us has not been told as one.
    expect(states).toEqual(["fresh", "offline", expect.stringMatching(/fresh|resumed/)]);
  },
);

test("a new session that breaks off while it is set up is set up anew, not taken up", async () => {
  let tries = 0;
  const { link, proxy, states } = await rig({
    fresh: async () => {
      tries += 1;
      if (tries > 1) return;
      proxy.cut();
      throw new Error("the rooms do not answer");
    },
  });
  await link.attached();
  expect(tries).toBe(2);
  expect(states).toEqual(["fresh"]);
});

test("a connection that swallows everything is given up; what went into it arrives once", async () => {
  const anna = await fixture.newPerson("anna");
  const { link, proxy, states } = await rig({ limits: { answerMs: 400, keepaliveMs: 300 } });
  await link.attached();
  proxy.swallow(true);
  const sent = link.sendSurely(words(anna.jid, "into the void"));
  await expect.poll(() => states).toContain("offline");
  proxy.swallow(false);
  // A try that has begun meanwhile would have to be waited for.
  proxy.cut();
  await sent;
  await link.sendSurely(words(anna.jid, "out of it"));
  await anna.waitForMessage("out of it");
  expect(bodies(anna)).toEqual(["into the void", "out of it"]);
  const before = states.length;
  proxy.swallow(true);
  // Nothing is sent now: the link finds out by itself.
  await expect.poll(() => states.length).toBeGreaterThan(before);
  proxy.swallow(false);
});

test("the server dies and comes back: a new session, and what was under way arrives with the same ids", async () => {
  const anna = await fixture.newAccount("anna");
  const { link, proxy, states } = await rig();
  await link.attached();
  // The server reads nothing of this any more.
  proxy.swallow(true);
  const stanzas = numbers(20).map((text) => words(anna.jid, text));
  const sends = stanzas.map((stanza) => link.sendSurely(stanza));
  await fixture.server.kill();
  proxy.cut();
  proxy.swallow(false);
  await expect.poll(() => states).toContain("offline");
  expect(() => link.send(el("presence"))).toThrow("home-down");
  // The core tries again with the same stanza: it is not sent twice for that.
  const again = link.sendSurely(stanzas[3] ?? el("message"));
  await fixture.server.restart();
  await Promise.all([...sends, again]);
  expect(states).toEqual(["fresh", "offline", "fresh"]);
  const reader = await fixture.newPerson(anna);
  await reader.waitForMessage("19");
  expect(bodies(reader)).toEqual(numbers(20));
  expect(reader.messages.filter(({ body }) => body !== undefined).map(({ originId }) => originId)).toEqual(
    stanzas.map(({ attrs }) => attrs.id),
  );
});

test("the server may forget a message only when it has been taken; else it comes again", async () => {
  const anna = await fixture.newPerson("anna");
  let refusals = 2;
  const taken: string[] = [];
  const { link, states, account } = await rig({
    stanza: async (stanza) => {
      const body = stanza.getChildText("body");
      if (body === "hard to store" && refusals > 0) {
        refusals -= 1;
        throw new Error("the store is down");
      }
      if (body !== null) taken.push(body);
    },
  });
  await link.attached();
  for (const text of ["easy", "hard to store", "easy as well"]) await anna.say(account.jid, text);
  await expect.poll(() => taken.length).toBe(3);
  expect([...taken].sort()).toEqual(["easy", "easy as well", "hard to store"]);
  // What comes again comes before it is known that the server hears us, too.
  await expect.poll(() => states.at(-1)).toBe("resumed");
  expect(states.lastIndexOf("fresh")).toBe(0);
});

test("without stream management a ping says that all before it has been taken", async () => {
  const anna = await fixture.newPerson("anna");
  const { link, proxy, states } = await rig({ service: { streamManagement: false } });
  await link.attached();
  await Promise.all(numbers(50).map((text) => link.sendSurely(words(anna.jid, text))));
  await anna.waitForMessage("49");
  expect(bodies(anna)).toEqual(numbers(50));
  proxy.swallow(true);
  const sent = link.sendSurely(words(anna.jid, "late"));
  proxy.cut();
  proxy.swallow(false);
  await sent;
  await anna.waitForMessage("late");
  expect(states).toEqual(["fresh", "offline", "fresh"]);
});

test("what is not ours, too large or more than may wait is not sent", async () => {
  const { link } = await rig({ limits: { unacked: 5 } });
  await link.attached();
  await link.sendSurely(words(fixture.server.domain, "the first"));
  const foreign = el("message", { from: "anna@elsewhere.test", to: "anna@xmpp.test", id: "x" });
  expect(() => link.send(foreign)).toThrow("not ours to send");
  await expect(link.sendSurely(words("anna@xmpp.test", "x".repeat(250_000)))).rejects.toThrow("too much for one");
  const sends = numbers(6).map((text) => link.sendSurely(words(fixture.server.domain, text)));
  await expect(sends.at(-1)).rejects.toThrow("home-busy");
  await Promise.all(sends.slice(0, 5));
});

test("strangers' questions are answered: a ping by a pong, others by a refusal", async () => {
  const anna = await fixture.newPerson("anna");
  const { link } = await rig();
  await link.attached();
  const to = link.jid ?? "";
  await anna.ask.ping(to);
  await expect(anna.ask.discoInfo(to)).rejects.toThrow("service-unavailable");
});
