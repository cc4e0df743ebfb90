import { expect, test } from "vitest";
import {
  circleKey,
  type GroupPerson,
  type GroupView,
  groupId,
  setKey,
} from "../../../../../src/bridge/groups/model.ts";
import { parseContactAddress, residentId, roomId } from "../../../../../src/bridge/model.ts";
import { guestOf, isGuest, roomJid, roomOf } from "../../../../../src/xmpp/component/groups/address.ts";
import { kindOf, rulesOf, type Tie } from "../../../../../src/xmpp/component/groups/rules.ts";
import { shapeOf } from "../../../../../src/xmpp/component/groups/shape.ts";
import { Room } from "../../../../../src/xmpp/conference/index.ts";
import { readRequest } from "../../../../../src/xmpp/conference/read.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { el } from "../../../../../src/xmpp/stanza/xml.ts";
import { SECRET } from "../../conference/scene.ts";
import { annaJid, gateway, NET, names } from "../../support.ts";

const address = (name: string) => parseContactAddress(`${name}@msn.test`);
const circle = groupId(NET, circleKey("00000000-0000-0000-0009-a1b2c3d4e5f6"));
const several = groupId(NET, setKey([address("alice"), address("bob")]));

const ghost = (name: string, role: GroupPerson["role"] = "member", shown = name): GroupPerson => {
  return { kind: "ghost", ghost: { network: NET, contact: address(name) }, name: shown, role };
};
const person = (name: string, role: GroupPerson["role"] = "member"): GroupPerson => {
  return { kind: "resident", resident: residentId(XMPP, `${name}@example.org`), role };
};
const view = (people: readonly GroupPerson[], more: Partial<GroupView> = {}): GroupView => {
  return { id: circle, kind: "circle", name: "", topic: "", people, plumbed: false, rooms: [], ...more };
};

test("a room's address follows from its group, and is nobody's", () => {
  for (const group of [circle, several]) {
    const room = roomOf(group, gateway);
    expect(room).toMatch(/^[a-z0-9-]+\.(circle|set)-[0-9a-f-]+@/);
    expect(names.parse(room)).toBeUndefined();
    expect(roomJid(roomId(room))).toBe(room);
  }
});

test("a guest's address is the same each time, tells nothing of them, and is no ghost's", () => {
  const carl = residentId(XMPP, "@carl:matrix.example");
  const guest = guestOf(carl, gateway);
  expect(guest).toBe(guestOf(carl, gateway));
  expect(guest).not.toContain("carl");
  expect([isGuest(guest), names.parse(guest)]).toEqual([true, undefined]);
});

test("a chat of two is no room", () => {
  expect(roomJid(names.room(gateway, names.jid({ network: NET, contact: address("bob") })))).toBeUndefined();
  expect(roomJid(roomId(gateway))).toBeUndefined();
});

test("residents run what they run on MSN; ghosts sit under their names; who has not come yet does not", () => {
  const shape = shapeOf(
    view([ghost("bob", "admin", "Bob"), ghost("eve", "pending"), person("anna", "admin"), person("bert")]),
    names,
  );
  expect(Object.fromEntries(shape.people)).toEqual({ "anna@example.org": "owner", "bert@example.org": "member" });
  expect(shape.ghosts.map(({ name, affiliation }) => `${name} ${affiliation}`)).toEqual(["Bob admin"]);
  expect(shape.config.membersOnly).toBe(true);
  const several = shapeOf(view([person("anna")], { kind: "several" }), names);
  expect(Object.fromEntries(several.people)).toEqual({ "anna@example.org": "admin" });
});

test.each([
  [[], "Group chat"],
  [["bob"], "bob"],
  [["dave", "bob", "carl"], "bob, carl, dave"],
  [["eve", "dave", "bob", "carl", "fred"], "bob, carl, dave and 2 more"],
])("a room of %j without a name is called %s", (people, name) => {
  expect(shapeOf(view(people.map((one) => ghost(one))), names).name).toBe(name);
});

/** What an owner is told who does this in a room of this kind; "asked": it is asked of MSN; "done": the room does it. */
function answer(tie: Tie, act: "kick" | "rank" | "ban" | "destroy" | "invite" | "person"): string {
  const room = Room.make({
    jid: roomOf(circle, gateway),
    secret: SECRET,
    newId: () => "wish",
    ...kindOf(tie, gateway),
  });
  const anna = annaJid;
  const bob = names.jid({ network: NET, contact: address("bob") });
  room.rank(anna, "owner");
  room.seatGhost({ who: bob, name: "Bob", shown: [] });
  const ask = (stanza: ReturnType<typeof el>) => {
    const request = readRequest(stanza, 0);
    if (!request) throw new Error("that is no request");
    return room.take(request, 0);
  };
  const from = `${anna}/phone`;
  const muc = "http://jabber.org/protocol/muc";
  ask(el("presence", { from, to: `${room.jid}/Anna` }, el("x", { xmlns: muc })));
  const admin = (item: Record<string, string>) => el("query", { xmlns: `${muc}#admin` }, el("item", item));
  const invite = (to: string) => el("x", { xmlns: `${muc}#user` }, el("invite", { to }));
  const asked = {
    kick: () => el("iq", { from, to: room.jid, type: "set", id: "1" }, admin({ nick: "Bob", role: "none" })),
    rank: () => el("iq", { from, to: room.jid, type: "set", id: "1" }, admin({ jid: bob, affiliation: "admin" })),
    ban: () => el("iq", { from, to: room.jid, type: "set", id: "1" }, admin({ jid: bob, affiliation: "outcast" })),
    destroy: () =>
      el("iq", { from, to: room.jid, type: "set", id: "1" }, el("query", { xmlns: `${muc}#owner` }, el("destroy"))),
    invite: () =>
      el("message", { from, to: room.jid, id: "1" }, invite(names.jid({ network: NET, contact: address("eve") }))),
    person: () => el("message", { from, to: room.jid, id: "1" }, invite("carl@example.org")),
  };
  const { stanzas, events } = ask(asked[act]());
  const refused = stanzas
    .find(({ attrs }) => attrs.type === "error")
    ?.getChild("error")
    ?.getChildText("text");
  if (refused !== undefined && refused !== null) return refused;
  return events.some((event) => "wish" in event) ? "asked" : "done";
}

const CIRCLE: Tie = { group: circle, kind: "circle", plumbed: false };
const SEVERAL: Tie = { group: several, kind: "several", plumbed: false };

test.each([
  [CIRCLE, "kick", "asked"],
  [CIRCLE, "rank", "asked"],
  [CIRCLE, "ban", "asked"],
  [CIRCLE, "invite", "asked"],
  [CIRCLE, "person", "done"],
  [CIRCLE, "destroy", expect.stringContaining("`portal delete`")],
  [SEVERAL, "kick", "Nobody can be put out of a conversation on MSN; they can only leave it."],
  [SEVERAL, "ban", "Nobody can be put out of a conversation on MSN; they can only leave it."],
  [SEVERAL, "rank", "A conversation on MSN has no ranks: everybody in it may do the same."],
  [SEVERAL, "invite", "asked"],
  [{ ...CIRCLE, plumbed: true }, "person", "done"],
  [{ ...CIRCLE, plumbed: true }, "kick", "asked"],
  [{ ...CIRCLE, plumbed: true }, "destroy", expect.stringContaining("`unbridge`")],
  [{ kind: "circle", plumbed: false } as Tie, "invite", expect.stringContaining("`bridge`")],
  [{ kind: "circle", plumbed: false } as Tie, "person", "done"],
  [{ kind: "circle", plumbed: false } as Tie, "destroy", "done"],
] as const)("in %j: %s → %s", (tie, act, told) => {
  expect(answer(tie, act)).toEqual(told);
});

test("a conversation's name is not to be set, a circle's is", () => {
  expect(rulesOf(SEVERAL, gateway).fixed).toContain("name");
  expect(rulesOf(CIRCLE, gateway).fixed).not.toContain("name");
});
