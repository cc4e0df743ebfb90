import fc from "fast-check";
import { expect, test } from "vitest";
import { Room } from "../../../../src/xmpp/conference/room.ts";
import { domainOf, readJid } from "../../../../src/xmpp/jid.ts";
import { StreamReader } from "../../../../src/xmpp/link/stream-reader.ts";
import { el, wire, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { cases } from "../../../support/property.ts";
import { ALICE, FREE, jid, MUC, ROOM, Scene } from "./scene.ts";

const RUNS = cases(150, 5000);
const HEADER = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>";

const text = fc.string({ unit: "binary", maxLength: 12 });
const attrs = fc.dictionary(
  fc.constantFrom(
    "jid",
    "nick",
    "role",
    "affiliation",
    "id",
    "to",
    "by",
    "code",
    "node",
    "type",
    "maxstanzas",
    "odd:x",
  ),
  fc.oneof(
    text,
    fc.constantFrom("none", "moderator", "owner", "outcast", "member", ALICE, "olga@example.org", "submit"),
  ),
);
const namespaces = fc.constantFrom(
  MUC,
  `${MUC}#user`,
  `${MUC}#admin`,
  `${MUC}#owner`,
  "jabber:x:data",
  "jabber:x:conference",
  "jabber:iq:register",
  "urn:xmpp:ping",
  "http://jabber.org/protocol/disco#info",
  "http://jabber.org/protocol/disco#items",
  "http://jabber.org/protocol/chatstates",
  "urn:xmpp:reactions:0",
  undefined,
);
const names = fc.constantFrom(
  "x",
  "query",
  "item",
  "invite",
  "decline",
  "destroy",
  "history",
  "body",
  "subject",
  "composing",
);
const part = fc.letrec<{ node: XmlElement }>((tie) => ({
  node: fc
    .tuple(names, namespaces, attrs, fc.array(fc.oneof({ maxDepth: 3 }, text, tie("node")), { maxLength: 3 }))
    .map(([name, xmlns, given, children]) => el(name, { ...given, xmlns }, ...children)),
})).node;
const stanza = fc
  .record({
    name: fc.constantFrom("message", "presence", "iq"),
    from: fc.constantFrom("olga@example.org/phone", "mike@example.org/phone", "eve@example.org/x", "mike@example.org"),
    nick: fc.constantFrom("", "/Olga", "/Alice", "/Mike", "/new", "/\u202E"),
    type: fc.constantFrom("get", "set", "groupchat", "chat", "error", "unavailable", "subscribe", undefined),
    parts: fc.array(part, { maxLength: 3 }),
  })
  .map(({ name, from, nick, type, parts }) => el(name, { from, to: `${ROOM}${nick}`, type, id: "f" }, parts));

test("whatever is asked of a room: it stands, what it sends is fit for the link, and it is the same when stored", () => {
  fc.assert(
    fc.property(fc.array(stanza, { maxLength: 12 }), fc.boolean(), (stanzas, isFree) => {
      const limits = { wishes: 5, history: 5, members: 6, occupants: 5 };
      const scene = Scene.peopled({ rules: isFree ? FREE : {}, limits });
      for (const one of stanzas) {
        scene.ask(one);
        const wish = scene.events.flatMap((event) => ("wish" in event ? (event.wish ?? []) : [])).at(-1);
        if (wish !== undefined && scene.events.length % 2 === 0) scene.did(scene.room.grant(wish, scene.now));
      }
      const read: XmlElement[] = [];
      const reader = new StreamReader({ element: (one) => read.push(one), ended: () => {} });
      reader.write(HEADER);
      for (const one of scene.sent) {
        reader.write(wire(one));
        const from = readJid(one.attrs.from);
        expect(from && domainOf(from)).toBe("msn.example.org");
        expect(readJid(one.attrs.to)).toBeDefined();
      }
      expect(read).toHaveLength(scene.sent.length);
      const stored = JSON.parse(JSON.stringify(scene.room.snapshot()));
      expect(stored.wishes.length).toBeLessThanOrEqual(limits.wishes);
      expect(stored.history.length).toBeLessThanOrEqual(limits.history);
      expect(stored.members.length).toBeLessThanOrEqual(limits.members);
      expect(JSON.parse(JSON.stringify(Room.restore(stored, scene.options).snapshot()))).toEqual(stored);
      expect(scene.room.members.get(jid("olga"))?.affiliation).toBe("owner");
    }),
    RUNS,
  );
});
