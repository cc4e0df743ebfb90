import { describe, expect, test } from "vitest";
import { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { NS, xml } from "../../src/cli/sandbox/xmpp-stanza.ts";
import { traceOfTest } from "../support/traces.ts";
import { befriend, useXmppServer } from "../support/xmpp.ts";

describe.each(["prosody", "ejabberd"] as const)("%s with everything granted", (kind) => {
  const xmpp = useXmppServer(kind, { users: [{ name: "anna", password: "pw-anna" }] });

  test("serves on loopback, tells its version, and lets its users in by password only", async () => {
    console.log(`${kind} ${xmpp.server.version}`);
    expect(xmpp.server.version).toMatch(/^\d+\.\d+/);
    const [account] = xmpp.server.users;
    expect(account).toEqual({ jid: "anna@xmpp.test", password: "pw-anna" });
    const anna = await xmpp.newPerson({ jid: "anna@xmpp.test", password: "pw-anna" });
    expect((await anna.ask.version("xmpp.test")).name).toMatch(new RegExp(kind, "i"));
    const wrong = { server: xmpp.server, jid: "anna@xmpp.test", password: "wrong" };
    await expect(XmppPerson.signIn(wrong)).rejects.toThrow("not-authorized");
  });

  test("two people become contacts, name and group each other, and see each other come and go", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);
    await befriend(anna, bert);
    await anna.waitFor("both ways", () => anna.roster.get(bert.jid)?.subscription === "both");

    await anna.setContact(bert.jid, "Bertie", ["Friends", "Work"]);
    const renamed = await anna.waitFor("the new name", () => {
      const item = anna.roster.get(bert.jid);
      return item?.name === "Bertie" && item;
    });
    expect(renamed.groups.toSorted()).toEqual(["Friends", "Work"]);

    for (const show of ["away", "chat", "dnd", "xa"] as const) {
      await bert.setPresence({ show, status: `now ${show}` });
      const seen = await anna.waitForPresence(bert.jid, show, (presence) => presence.show === show);
      expect(seen.status).toBe(`now ${show}`);
    }
    await bert.goOffline("good night");
    const last = await anna.waitForPresence(bert.jid, "offline", ({ type }) => type === "unavailable");
    expect(last.status).toBe("good night");

    await anna.removeContact(bert.jid);
    await anna.waitFor("the entry to go", () => !anna.roster.has(bert.jid));
    expect(anna.rosterPushes.at(-1)).toMatchObject({ jid: bert.jid, subscription: "remove" });
  });

  test("they talk: typing, text, receipt, displayed, correction, nudge", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);

    await anna.showChatState(bert.fullJid, "composing");
    await bert.waitFor("anna to type", () => bert.messages.some(({ chatState }) => chatState === "composing"));
    const id = await anna.say(bert.jid, "hello <Bert> & \u{1F600}");
    const heard = await bert.waitForMessage("hello <Bert> & \u{1F600}", anna.jid);
    expect(heard).toMatchObject({ id, type: "chat", chatState: "active", wantsReceipt: true });
    expect((await anna.waitForReceipt(id)).from).toBe(bert.fullJid);
    await bert.markDisplayed(anna.fullJid, id);
    await anna.waitFor("the marker", () => anna.messages.some(({ displayed }) => displayed === id));

    await anna.correct(bert.jid, id, "hello Bert");
    expect((await bert.waitForMessage("hello Bert")).replaces).toBe(id);
    await bert.nudge(anna.fullJid);
    await anna.waitFor("the nudge", () => anna.messages.some(({ attention }) => attention));
    expect(bert.textsFrom(anna.jid)).toEqual(["hello <Bert> & \u{1F600}", "hello Bert"]);
  });

  test("a message to somebody who is away comes later with its date, and lies in both archives", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const account = await xmpp.newAccount("bert");
    const before = Date.now();
    await anna.say(account.jid, "for later");
    await anna.ask.ping("xmpp.test");

    const bert = await xmpp.newPerson(account, trace);
    const heard = await bert.waitForMessage("for later", anna.jid);
    expect(Math.abs((heard.delayedSince?.getTime() ?? 0) - before)).toBeLessThan(60_000);
    expect((await bert.ask.archive({ with: anna.jid })).map(({ body }) => body)).toContain("for later");
    expect((await anna.ask.archive()).flatMap(({ body }) => body ?? [])).toEqual(["for later"]);
  });

  test("a second device gets carbons of what the first sends and receives", async () => {
    const trace = traceOfTest();
    const account = await xmpp.newAccount("anna");
    const desk = await xmpp.newPerson(account, trace, { resource: "desk" });
    const phone = await xmpp.newPerson(account, trace, { resource: "phone" });
    const bert = await xmpp.newPerson("bert", trace);

    await desk.say(bert.jid, "from my desk");
    const sent = await phone.waitForMessage("from my desk");
    expect(sent).toMatchObject({ carbon: "sent", from: desk.fullJid, to: bert.jid });
    await bert.say(desk.fullJid, "to your desk");
    const received = await phone.waitForMessage("to your desk");
    expect(received).toMatchObject({ carbon: "received", to: desk.fullJid });
  });

  test("a message to nobody comes back as an error, and a wait in vain says what was seen instead", async () => {
    const anna = await xmpp.newPerson("anna", traceOfTest());
    const id = await anna.say("nobody@xmpp.test", "is there anybody?");
    expect((await anna.waitForError(id)).error).toMatchObject({ type: "cancel", condition: "service-unavailable" });
    const error: Error = await anna.waitForMessage("never said", undefined, 50).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    );
    expect(error.message).toContain(`${anna.jid} waited 50 ms, waiting for the message never said of anyone`);
    expect(error.message).toContain("error service-unavailable");
  });

  test("blocks and tunes: what is blocked is listed, what is played is told to contacts", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);
    await anna.ask.block("pest@msn.xmpp.test");
    expect(await anna.ask.blocked()).toEqual(["pest@msn.xmpp.test"]);
    await anna.ask.unblock("pest@msn.xmpp.test");
    expect(await anna.ask.blocked()).toEqual([]);

    await befriend(anna, bert);
    await bert.ask.publishTune({ artist: "Laurent Garnier", title: "Crispy Bacon" });
    const tune = await anna.waitFor("the tune", () => anna.messages.find(({ event }) => event?.node === NS.tune));
    expect(bareOf(tune.from)).toBe(bert.jid);
    expect(tune.event?.items[0]?.getChild("tune")?.getChildText("title")).toBe("Crispy Bacon");
  });

  test("people and a ghost of the component meet in a conference", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);
    const component = await xmpp.newComponent(trace);
    const jid = `den@${xmpp.server.muc}`;

    const annas = await anna.joinRoom(jid, "anna");
    const berts = await bert.joinRoom(jid, "bert");
    const ghost = `ghost@${component.domain}/bridge`;
    await component.send(xml("presence", { from: ghost, to: `${jid}/ghost` }, xml("x", { xmlns: NS.muc })));
    await anna.waitFor("all in the room", () => annas.nicks().join() === "anna,bert,ghost");
    await component.send(xml("message", { from: ghost, to: jid, type: "groupchat" }, xml("body", {}, "boo")));
    await bert.waitFor("the ghost's words", () => berts.texts("ghost").includes("boo"));
    await bert.sayInRoom(jid, "eek");
    await anna.waitFor("bert's words", () => annas.texts().join() === "boo,eek");
    await expect(anna.joinRoom(jid, "bert")).rejects.toThrow("conflict");
    await bert.leaveRoom(jid);
  });

  test("a component answers: discovery, registration, a command with a form", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const component = await xmpp.newComponent(trace);
    component.answer = (request) => {
      const asked = request.getChildElements()[0];
      if (asked?.is("query", NS.discoInfo)) {
        return xml(
          "query",
          { xmlns: NS.discoInfo },
          xml("identity", { category: "gateway", type: "msn", name: "MSN" }),
        );
      }
      if (asked?.is("query", NS.register) && request.attrs.type === "get") {
        const page = xml("x", { xmlns: NS.oob }, xml("url", {}, "http://127.0.0.1/link"));
        return xml("query", { xmlns: NS.register }, xml("instructions", {}, "Sign in"), xml("username"), page);
      }
      if (asked?.is("command", NS.commands)) {
        const { node, sessionid = "s1" } = asked.attrs;
        const given = asked.getChild("x", NS.data)?.getChild("field")?.getChildText("value");
        const form = xml("x", { xmlns: NS.data, type: "form" }, xml("field", { var: "name", type: "text-single" }));
        return given === null || given === undefined
          ? xml(
              "command",
              { xmlns: NS.commands, node, sessionid, status: "executing" },
              xml("actions", {}, xml("complete")),
              form,
            )
          : xml(
              "command",
              { xmlns: NS.commands, node, sessionid, status: "completed" },
              xml("note", { type: "info" }, given),
            );
      }
      return asked?.is("query", NS.register) ? xml("query", { xmlns: NS.register }) : undefined;
    };

    const { identities } = await anna.ask.discoInfo(component.domain);
    expect(identities).toEqual([{ category: "gateway", type: "msn", name: "MSN" }]);
    expect(await anna.ask.registration(component.domain)).toMatchObject({
      instructions: "Sign in",
      fields: ["username"],
      url: "http://127.0.0.1/link",
    });
    await anna.ask.register(component.domain, { username: "alice@msn.test" });
    const asked = await anna.ask.command(component.domain, "greet");
    expect(asked).toMatchObject({ status: "executing", actions: ["complete"] });
    expect(asked.form?.fields[0]?.name).toBe("name");
    const done = await anna.ask.commandStep(asked, "complete", { name: "Anna" });
    expect(done).toMatchObject({ status: "completed", notes: [{ type: "info", text: "Anna" }] });
    await expect(anna.ask.version(component.domain)).rejects.toThrow("service-unavailable");
  });

  test("the component is told its privileges, sees everybody's presence, and speaks in a user's name", async () => {
    const trace = traceOfTest();
    const component = await xmpp.newComponent(trace);
    await component.waitFor("its privileges", () => component.granted.has("roster"));
    expect(Object.fromEntries(component.granted)).toMatchObject({
      roster: "both",
      message: "outgoing",
      presence: "managed_entity",
    });
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);
    await component.waitFor("anna's presence", () =>
      component.stanzas.some(({ name, attrs }) => name === "presence" && attrs.from === anna.fullJid),
    );

    const attrs = { xmlns: "jabber:client", from: anna.jid, to: bert.jid, type: "chat" };
    const said = xml("message", attrs, xml("body", {}, "by proxy"));
    const wrapped = xml("forwarded", { xmlns: NS.forward }, said);
    const privilege = xml("privilege", { xmlns: component.privilegeNamespace }, wrapped);
    await component.send(xml("message", { from: component.domain, to: "xmpp.test" }, privilege));
    expect(bareOf((await bert.waitForMessage("by proxy")).from)).toBe(anna.jid);
  });

  test("the component reads a roster, and fills it unless the server is an ejabberd too old for that", async () => {
    const trace = traceOfTest();
    const component = await xmpp.newComponent(trace);
    const anna = await xmpp.newPerson("anna", trace);
    await anna.setContact("dave@xmpp.test", "Dave");
    const read = await component.request("get", anna.jid, xml("query", { xmlns: NS.roster }));
    expect(read.getChild("query")?.getChild("item")?.attrs).toMatchObject({ jid: "dave@xmpp.test", name: "Dave" });

    const item = { jid: `carol@${component.domain}`, name: "Carol", subscription: "both" };
    const entry = xml("item", item, xml("group", {}, "MSN"));
    const { attrs } = await component.request("set", anna.jid, xml("query", { xmlns: NS.roster }, entry));
    expect(attrs.type).toBe(xmpp.server.canSetRosters ? "result" : "error");
    const pushed = xmpp.server.canSetRosters
      ? await anna.waitFor("the push", () => anna.roster.get(item.jid))
      : anna.roster.get(item.jid);
    expect(pushed?.groups).toEqual(xmpp.server.canSetRosters ? ["MSN"] : undefined);
  });

  test("a cut connection is taken up again where it broke off, and what came meanwhile is not lost", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    const bert = await xmpp.newPerson("bert", trace);
    await bert.say(anna.fullJid, "before");
    await anna.waitForMessage("before");

    await anna.cut();
    expect(anna.online).toBe(false);
    for (let n = 1; n <= 5; n++) await bert.say(anna.fullJid, `meanwhile ${n}`);
    await bert.ask.ping("xmpp.test");
    expect(await anna.reconnect()).toBe("resumed");
    await anna.waitForMessage("meanwhile 5");
    await anna.say(bert.jid, "here again");
    await bert.waitForMessage("here again");
    expect(anna.textsFrom(bert.jid)).toEqual(["before", ...[1, 2, 3, 4, 5].map((n) => `meanwhile ${n}`)]);
    expect(anna.sessions).toEqual({ fresh: 1, resumed: 1 });
  });

  test("stopped or killed and started again it has the same ports, accounts and rosters", async () => {
    const trace = traceOfTest();
    const anna = await xmpp.newPerson("anna", trace);
    await anna.setContact(`carol@${xmpp.server.component}`, "Carol", ["MSN"]);
    const { c2sPort, pid } = xmpp.server;
    for (const end of ["stop", "kill"] as const) {
      await xmpp.server[end]();
      expect(xmpp.server.running).toBe(false);
      await xmpp.server.restart();
      await anna.waitFor("the connection to be gone", () => !anna.online);
      expect(await anna.reconnect()).toBe("fresh");
      expect(anna.roster.get(`carol@${xmpp.server.component}`)).toMatchObject({ name: "Carol", groups: ["MSN"] });
    }
    expect(xmpp.server.c2sPort).toBe(c2sPort);
    expect(xmpp.server.pid).not.toBe(pid);
    const component = await xmpp.newComponent(trace);
    await component.send(xml("message", { from: `carol@${component.domain}`, to: anna.jid }, xml("body", {}, "hi")));
    await anna.waitForMessage("hi", `carol@${component.domain}`);
  });
});

describe.each(["prosody", "ejabberd"] as const)("%s that grants nothing", (kind) => {
  const xmpp = useXmppServer(kind, { privileged: false });

  test("refuses the component a roster", async () => {
    const trace = traceOfTest();
    const account = await xmpp.newAccount("anna");
    const component = await xmpp.newComponent(trace);
    const answer = await component.request("get", account.jid, xml("query", { xmlns: NS.roster }));
    expect(answer.attrs.type).toBe("error");
    expect(component.granted.size).toBe(0);
  });
});

function bareOf(jid: string): string {
  return jid.split("/", 1)[0] ?? jid;
}
