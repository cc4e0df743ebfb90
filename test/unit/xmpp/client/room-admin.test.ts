import { expect, test } from "vitest";
import { Secret } from "../../../../src/bridge/secret.ts";
import { bookmark, configureRoom, findMucService, roomFor } from "../../../../src/xmpp/client/room-admin.ts";
import { type Jid, parseBareJid } from "../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import { el, elements, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";

const ROOM = parseBareJid("room@rooms.test");
type Asked = { to: string; type: string; child: XmlElement };

/** A server that answers by what it is asked; what it does not know it refuses. */
function server(answer: (asked: Asked) => XmlElement | undefined) {
  const asked: Asked[] = [];
  const request = async (ask: { to?: Jid; type: "get" | "set" }, child: XmlElement): Promise<XmlElement> => {
    const one = { to: ask.to ?? "", type: ask.type, child };
    asked.push(one);
    const result = answer(one);
    if (result === undefined) throw new StanzaRefusal("service-unavailable", undefined);
    return el("iq", { type: "result" }, result);
  };
  return { asked, request };
}

const formWith = (...fields: string[]): XmlElement =>
  el(
    "query",
    { xmlns: "http://jabber.org/protocol/muc#owner" },
    el("x", { xmlns: NS.data, type: "form" }, ...fields.map((name) => el("field", { var: name }))),
  );

test("a room gets what its service offers of what it needs, and its name", async () => {
  const offered = ["membersonly", "whois", "publicroom"].map((field) => `muc#roomconfig_${field}`);
  const { asked, request } = server(() => formWith(...offered, "mam", "something_else"));
  await configureRoom({ request }, ROOM, "Bob");
  const form = asked.at(-1)?.child.getChild("x", NS.data);
  const filled = Object.fromEntries(
    elements(form).map((field) => [field.attrs.var, field.getChildText("value") ?? undefined]),
  );
  expect(filled).toEqual({
    FORM_TYPE: "http://jabber.org/protocol/muc#roomconfig",
    "muc#roomconfig_roomname": "Bob",
    "muc#roomconfig_membersonly": "1",
    "muc#roomconfig_whois": "anyone",
    "muc#roomconfig_publicroom": "0",
    mam: "1",
  });
});

test("a service without rooms for members alone is not used: others could read along", async () => {
  const { asked, request } = server(() => formWith("muc#roomconfig_publicroom"));
  await expect(configureRoom({ request }, ROOM, "Bob")).rejects.toThrow("members alone");
  expect(asked).toHaveLength(1);
});

test("the conference service is found among others; a gateway to rooms of another network is none", async () => {
  const about: Record<string, XmlElement[]> = {
    "irc.xmpp.test": [el("identity", { category: "conference", type: "irc" })],
    "rooms.xmpp.test": [
      el("identity", { category: "conference", type: "text" }),
      el("feature", { var: "http://jabber.org/protocol/muc" }),
    ],
  };
  const { request } = server(({ to }) => {
    if (to === "xmpp.test")
      return el("query", { xmlns: NS.discoItems }, ...["irc", "dead", "rooms"].map((name) => item(name)));
    const parts = about[to];
    return parts && el("query", { xmlns: NS.discoInfo }, ...parts);
  });
  const item = (name: string): XmlElement => el("item", { jid: `${name}.xmpp.test` });
  expect(await findMucService({ request }, parseBareJid("msn@xmpp.test"))).toBe("rooms.xmpp.test");
});

test("a server without one is told by name", async () => {
  const { request } = server(() => el("query", { xmlns: NS.discoItems }));
  await expect(findMucService({ request }, parseBareJid("msn@xmpp.test"))).rejects.toThrow("no conference service");
});

test("where bookmarks are one document, the others stay in it", async () => {
  const known = el(
    "query",
    { xmlns: "jabber:iq:private" },
    el("storage", { xmlns: "storage:bookmarks" }, el("conference", { jid: "other@rooms.test" })),
  );
  const { asked, request } = server(({ child }) => (child.is("pubsub", NS.pubsub) ? undefined : known));
  await bookmark({ request }, ROOM, "Bob");
  const stored = elements(asked.at(-1)?.child.getChild("storage", "storage:bookmarks"));
  expect(asked.at(-1)?.type).toBe("set");
  expect(stored.map(({ attrs }) => attrs)).toMatchObject([
    { jid: "other@rooms.test" },
    { jid: ROOM, name: "Bob", autojoin: "true" },
  ]);
});

test("a chat's room is always the same, and another with another secret", () => {
  const [service, account] = [parseBareJid("rooms.test"), parseBareJid("msn@xmpp.test")];
  const room = roomFor(service, new Secret("one"), account, "net/a@b>c@d");
  expect(room).toMatch(/^msn-[0-9a-f]{32}@rooms\.test$/);
  expect(roomFor(service, new Secret("one"), account, "net/a@b>c@d")).toBe(room);
  expect(roomFor(service, new Secret("two"), account, "net/a@b>c@d")).not.toBe(room);
  expect(roomFor(service, new Secret("one"), account, "net/a@b>e@f")).not.toBe(room);
});
