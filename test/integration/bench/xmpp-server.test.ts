import { randomBytes } from "node:crypto";
import { onTestFinished, test } from "vitest";
import type { Said } from "../../../bench/lib/bare-home.ts";
import { bareXmpp } from "../../../bench/lib/bare-xmpp.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { Jid } from "../../../src/xmpp/jid.ts";
import { ComponentStream } from "../../../src/xmpp/link/stream.ts";
import { chatMessage } from "../../../src/xmpp/stanza/message.ts";
import type { XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { StubXmppServer } from "../../support/stub-xmpp-server.ts";

const DOMAIN = "msn.stub.test";
const POST = { resident: "anna@stub.test", ghost: "bob\\40msn.test", room: "", lane: "" };

async function start(onMessage: (message: XmlElement) => void = () => {}) {
  const secret = randomBytes(8).toString("hex");
  const stub = await StubXmppServer.start({ secret, onMessage });
  onTestFinished(() => stub.stop());
  const connect = (wish: { secret?: string } = {}) => {
    const ended = Promise.withResolvers<string | undefined>();
    const service = { host: "127.0.0.1", port: stub.port, domain: DOMAIN, secret: new Secret(wish.secret ?? secret) };
    const opened = ComponentStream.open(service, {
      element: () => {},
      closed: ({ condition }) => ended.resolve(condition),
    });
    return { opened, ended: ended.promise };
  };
  return { stub, secret, connect };
}

test("the bare loop's component and the stub XMPP server hear each other's words", async ({ expect }) => {
  const came: XmlElement[] = [];
  const { stub, secret } = await start((message) => came.push(message));
  const home = await bareXmpp({ kind: "xmpp", port: stub.port, secret, domain: DOMAIN }, () => {});

  await home.post(POST, "Fish & <chips>?");
  expect(came.map((message) => message.getChildText("body"))).toEqual(["Fish & <chips>?"]);
  expect(came[0]?.attrs).toMatchObject({ from: `${POST.ghost}@${DOMAIN}`, to: POST.resident });

  const heard = Promise.withResolvers<readonly Said[]>();
  expect(
    await home.listen([POST], async (_, said) => {
      heard.resolve(said);
      return () => {};
    }),
  ).toBe(DOMAIN);
  const addresses = `from='${POST.resident}/desk' to='${POST.ghost}@${DOMAIN}'`;
  await stub.send(DOMAIN, `<message ${addresses} id='words-of-anna'><body>Yes &amp; soon.</body></message>`);
  const [said] = await heard.promise;
  expect(said).toMatchObject({ post: POST, body: "Yes & soon." });

  await home.confirm(said?.raw);
  await home.post(POST, "Good.");
  expect(came[1]?.getChild("received")?.attrs.id).toBe("words-of-anna");
});

test("a component with a wrong secret is refused, and so is a second one of the same name", async ({ expect }) => {
  const { connect } = await start();
  await expect(connect({ secret: "guessed" }).opened).rejects.toMatchObject({ condition: "not-authorized" });
  await connect().opened;
  await expect(connect().opened).rejects.toMatchObject({ condition: "conflict" });
});

test("a stanza in somebody else's name ends the stream", async ({ expect }) => {
  const { connect } = await start();
  const { opened, ended } = connect();
  const stream = await opened;
  stream.write(
    chatMessage({ from: "bob@else.test" as Jid, to: "anna@stub.test" as Jid, id: "1", body: "I am not me." }),
  );
  expect(await ended).toBe("invalid-from");
});
