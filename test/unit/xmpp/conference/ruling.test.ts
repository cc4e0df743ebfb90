import { describe, expect, test } from "vitest";
import { Room } from "../../../../src/xmpp/conference/index.ts";
import { submission } from "../../../../src/xmpp/stanza/form.ts";
import { el, elements, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { ALICE, BOB, codes, error, FREE, full, item, jid, MUC, presences, ROOM, Scene, to } from "./scene.ts";

const PING = el("ping", { xmlns: "urn:xmpp:ping" });
const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const owner = (...children: (XmlElement | undefined)[]) => el("query", { xmlns: `${MUC}#owner` }, children);
const filled = (fields: Record<string, string>) => owner(submission(`${MUC}#roomconfig`, fields));
const textOf = (stanza: XmlElement): string | null | undefined => stanza.getChild("error")?.getChildText("text");
const lastWish = (scene: Scene): string => {
  const event = scene.events.at(-1);
  return event && "wish" in event ? (event.wish ?? "") : "";
};
const invite = (scene: Scene, client: string, ...whom: string[]) =>
  scene.ask(
    el(
      "message",
      { from: full(client), to: ROOM, id: "inv" },
      el(
        "x",
        { xmlns: `${MUC}#user` },
        whom.map((jid) => el("invite", { to: jid }, el("reason", {}, "come"))),
      ),
    ),
  );

test("a kick: 307 with the reason and who did it, for all; and the one who asked has an answer", () => {
  const scene = Scene.peopled();
  const answer = scene.admin("olga", { nick: "Mike", role: "none", reason: "too loud" });
  expect(answer.attrs).toMatchObject({ type: "result", id: "q", from: ROOM, to: full("olga") });
  expect(presences(to(scene.sent, "mike"))).toEqual(["-Mike 110 307"]);
  expect(presences(to(scene.sent, "olga"))).toEqual(["-Mike 307"]);
  const about = item(to(scene.sent, "mike")[0]);
  expect([about?.getChildText("reason"), about?.getChild("actor")?.attrs.nick]).toEqual(["too loud", "Olga"]);
  expect(scene.events).toMatchObject([
    { kind: "left", who: jid("mike"), how: "kicked", reason: "too loud" },
    { kind: "changed", by: { who: jid("olga") }, changes: [{ act: "kick", who: jid("mike"), isGhost: false }] },
  ]);
});

test("a kick of a ghost waits for the network; what it cannot do is refused in its words", () => {
  const scene = Scene.peopled({ rules: {} });
  expect(scene.admin("olga", { nick: "Alice", role: "none" }).name).toBe("nothing");
  expect(scene.events).toMatchObject([{ kind: "changed", changes: [{ act: "kick", who: ALICE, isGhost: true }] }]);
  const got = scene.did(scene.room.grant(lastWish(scene), scene.now));
  expect(presences(to(got, "mike"))).toEqual(["-Alice 307"]);
  expect(got.at(-1)?.attrs).toMatchObject({ type: "result", id: "q" });
  const refused = "Nobody can be put out of a conversation on MSN.";
  const other = Scene.peopled({ rules: { ...FREE, "kick-ghost": { refused } } });
  const answer = other.admin("olga", { nick: "Alice", role: "none" });
  expect([error(answer), textOf(answer)]).toEqual(["cancel not-allowed", refused]);
  expect(other.room.occupants).toHaveLength(3);
});

test("a kick that the network refuses is refused here", () => {
  const scene = Scene.peopled({ rules: {} });
  scene.admin("olga", { nick: "Alice", role: "none" });
  const refusal = { type: "auth", condition: "forbidden", text: "MSN says no." } as const;
  const [answer] = scene.did(scene.room.refuse(lastWish(scene), refusal));
  expect(answer?.attrs).toMatchObject({ type: "error", id: "q", to: full("olga") });
  expect(scene.room.occupants).toHaveLength(3);
});

test("somebody who takes the name of who is to be kicked meanwhile is not kicked", () => {
  const scene = Scene.peopled({ rules: {}, config: { membersOnly: false } });
  scene.admin("olga", { nick: "Mike", role: "none" });
  const wish = lastWish(scene);
  scene.leave("mike");
  scene.enter("anna", "Mike");
  scene.did(scene.room.grant(wish, scene.now));
  expect(scene.room.occupants.map(({ who }) => who)).toContain(jid("anna"));
});

test.each([
  ["a member kicks", "mike", { nick: "Alice", role: "none" }, "auth forbidden"],
  ["a member bans", "mike", { jid: ALICE, affiliation: "outcast" }, "auth forbidden"],
  ["a member takes rank", "mike", { jid: jid("mike"), affiliation: "owner" }, "auth forbidden"],
  ["an admin kicks an owner", "adam", { nick: "Olga", role: "none" }, "cancel not-allowed"],
  ["an admin bans an owner", "adam", { jid: jid("olga"), affiliation: "outcast" }, "cancel not-allowed"],
  ["an admin makes an admin", "adam", { jid: jid("mike"), affiliation: "admin" }, "cancel not-allowed"],
  ["the last owner steps down", "olga", { jid: jid("olga"), affiliation: "member" }, "cancel conflict"],
  ["an owner bans themselves", "olga", { jid: jid("olga"), affiliation: "outcast" }, "cancel conflict"],
  ["nobody is kicked", "olga", { nick: "Nobody", role: "none" }, "cancel item-not-found"],
  ["a rank that is none", "olga", { nick: "Mike", affiliation: "king" }, "modify bad-request"],
  ["an owner loses the voice", "olga", { nick: "Adam", role: "visitor" }, "cancel not-allowed"],
  ["a ghost loses the voice", "olga", { nick: "Alice", role: "visitor" }, "cancel not-allowed"],
  ["a ghost becomes a moderator", "olga", { nick: "Alice", role: "moderator" }, "cancel not-allowed"],
])("%s: refused", (_, who, change, expected) => {
  const scene = Scene.peopled();
  scene.did(scene.room.rank(jid("adam"), "admin"));
  scene.enter("adam", "Adam");
  const before = scene.room.occupants;
  expect(error(scene.admin(who, change))).toBe(expected);
  expect(scene.room.occupants).toEqual(before);
});

test("why a ghost's voice cannot be taken is said", () => {
  const answer = Scene.peopled().admin("olga", { nick: "Alice", role: "visitor" });
  expect(answer.toString()).toContain("shown all the same");
});

test("a ghost whose voice an older bridge has let be taken has it again: they spoke all the time, and nobody could give it back", () => {
  const before = Scene.peopled({ rules: { ...FREE, "voice-ghost": "free" } });
  before.admin("olga", { nick: "Alice", role: "visitor" });
  before.admin("olga", { nick: "Mike", role: "visitor" });
  const after = new Scene();
  after.room = Room.restore(before.room.snapshot(), after.options);
  after.did(after.room.rank(jid("zoe"), "member"));
  const roles = after.enter("zoe", "Zoe").map((one) => [one.attrs.from, item(one)?.attrs.role]);
  expect(Object.fromEntries(roles)).toMatchObject({ [`${ROOM}/Alice`]: "participant", [`${ROOM}/Mike`]: "visitor" });
});

test("of several changes in one request all are done or none", () => {
  const scene = Scene.peopled();
  expect(error(scene.admin("olga", { nick: "Alice", role: "none" }, { nick: "Nobody", role: "none" }))).toBeDefined();
  expect(scene.room.occupants).toHaveLength(3);
  const many = Array.from({ length: 51 }, () => ({ nick: "Alice", role: "none" }));
  expect(error(scene.admin("olga", ...many))).toBe("modify policy-violation");
  const few = Scene.peopled({ limits: { members: 3 } });
  const two = ["x", "y"].map((name) => ({ jid: jid(name), affiliation: "member" }));
  expect(error(few.admin("olga", ...two))).toBe("wait resource-constraint");
});

test("a ban: 301, and no way back until it is lifted", () => {
  const scene = Scene.peopled({ rules: FREE, config: { membersOnly: false } });
  scene.admin("olga", { jid: "mike@example.org/phone", affiliation: "outcast", reason: "spam" });
  expect(presences(to(scene.sent, "mike"))).toEqual(["-Mike 110 301"]);
  expect(error(scene.enter("mike", "Mike")[0])).toBe("auth forbidden");
  expect(scene.events).toMatchObject([{ how: "banned" }, { kind: "changed" }, { condition: "forbidden" }]);
  scene.admin("olga", { jid: jid("mike"), affiliation: "none" });
  expect(presences(to(scene.enter("mike", "Mike"), "mike")).at(-1)).toBe("Mike 110 100");
});

test("who is no member any more is out of a room for members (321); made one for members, strangers are out (322)", () => {
  const scene = Scene.peopled();
  scene.admin("olga", { jid: jid("mike"), affiliation: "none" });
  expect(presences(to(scene.sent, "mike"))).toEqual(["-Mike 110 321"]);
  const open = Scene.peopled({ rules: FREE, config: { membersOnly: false } });
  open.enter("anna", "Anna");
  open.sent = [];
  open.iq("olga", "set", filled({ "muc#roomconfig_membersonly": "1" }));
  expect(presences(to(open.sent, "anna"))).toEqual(["-Anna 110 322"]);
  expect(open.room.occupants.map(({ nick }) => nick)).toEqual(["Alice", "Olga", "Mike"]);
});

test("a new rank is seen at once, with the role that goes with it", () => {
  const scene = Scene.peopled();
  scene.admin("olga", { jid: jid("mike"), affiliation: "admin" });
  expect(to(scene.sent, "mike").map((one) => item(one)?.attrs)).toEqual([
    { affiliation: "admin", role: "moderator", jid: full("mike") },
  ]);
  scene.did(scene.room.rank(ALICE, "member"));
  expect(item(to(scene.sent, "olga").at(-1))?.attrs).toEqual({
    affiliation: "member",
    role: "participant",
    jid: ALICE,
  });
});

test("members see the list of members where addresses are seen anyway; banned ones only who runs the room", () => {
  const scene = Scene.peopled();
  const list = (client: string, attrs: Record<string, string>) =>
    scene.iq(client, "get", el("query", { xmlns: `${MUC}#admin` }, el("item", attrs)));
  const jids = (answer: XmlElement) => elements(answer.getChild("query")).map(({ attrs }) => attrs.jid);
  expect(jids(list("mike", { affiliation: "member" }))).toEqual([jid("mike")]);
  expect(jids(list("mike", { affiliation: "owner" }))).toEqual([jid("olga")]);
  expect(error(list("mike", { affiliation: "outcast" }))).toBe("auth forbidden");
  expect(jids(list("olga", { affiliation: "outcast" }))).toEqual([]);
  expect(jids(list("olga", { role: "participant" }))).toEqual([ALICE, full("mike")]);
  expect(error(list("eve", { affiliation: "member" }))).toBe("auth forbidden");
  expect(error(list("olga", { affiliation: "king" }))).toBe("modify bad-request");
});

test("people who are asked in become members, and get the invitation in both ways; ghosts are asked by the network", () => {
  const scene = Scene.peopled();
  const [invitation] = invite(scene, "olga", jid("anna"));
  expect(invitation?.attrs).toMatchObject({ from: ROOM, to: jid("anna") });
  const asked = invitation?.getChild("x", `${MUC}#user`)?.getChild("invite");
  expect([asked?.attrs.from, asked?.getChildText("reason")]).toEqual([jid("olga"), "come"]);
  expect(invitation?.getChild("x", "jabber:x:conference")?.attrs.jid).toBe(ROOM);
  expect(presences(to(scene.enter("anna", "Anna"), "anna")).at(-1)).toBe("Anna 110 100");
  scene.events.length = 0;
  expect(invite(scene, "olga", BOB)).toEqual([]);
  expect(scene.events).toMatchObject([{ kind: "invited", invitees: [{ to: BOB, isGhost: true, reason: "come" }] }]);
  expect(error(invite(scene, "olga", ALICE)[0])).toBe("cancel conflict");
  expect(error(invite(scene, "mike", jid("carl"))[0])).toBe("auth forbidden");
  expect(error(invite(scene, "carl", jid("carl"))[0])).toBe("modify not-acceptable");
});

test("an invitation waits for the network where that decides, and is refused where it cannot be", () => {
  const scene = Scene.peopled({ rules: {} });
  expect(invite(scene, "olga", jid("anna"))).toEqual([]);
  expect(to(scene.did(scene.room.grant(lastWish(scene), 0)), "anna@example.org")).toHaveLength(1);
  const none = Scene.peopled({ rules: { ...FREE, "invite-person": { refused: "Link an MSN account first." } } });
  expect(error(invite(none, "olga", jid("anna"), BOB)[0])).toBe("cancel not-allowed");
});

test("who does not want to come says so to who asked", () => {
  const scene = Scene.peopled();
  invite(scene, "olga", jid("anna"));
  const declined = (from: string) => {
    const decline = el("decline", { to: jid("olga") }, el("reason", {}, "busy"));
    return scene.ask(el("message", { from: full(from), to: ROOM }, el("x", { xmlns: `${MUC}#user` }, decline)));
  };
  const [told] = declined("anna");
  expect(told?.getChild("x", `${MUC}#user`)?.getChild("decline")?.attrs.from).toBe(jid("anna"));
  expect(told?.attrs.to).toBe(full("olga"));
  expect(scene.events.at(-1)).toEqual({ kind: "declined", who: jid("anna"), inviter: jid("olga"), reason: "busy" });
  expect(error(declined("eve")[0])).toBe("auth forbidden");
});

test("whoever was asked in under a name alone says no to that name", () => {
  const scene = Scene.peopled({ rules: FREE, config: { membersOnly: true, whois: "moderators" } });
  invite(scene, "olga", jid("anna"));
  const by = scene.sent.at(-1)?.getChild("x", `${MUC}#user`)?.getChild("invite")?.attrs.from;
  expect(by).toBe(`${ROOM}/Olga`);
  const decline = el("decline", { to: by }, el("reason", {}, "busy"));
  const [told] = scene.ask(el("message", { from: full("anna"), to: ROOM }, el("x", { xmlns: `${MUC}#user` }, decline)));
  expect(told?.attrs.to).toBe(full("olga"));
  expect(scene.events.at(-1)).toMatchObject({ kind: "declined", who: jid("anna"), inviter: jid("olga") });
});

describe("who may only listen", () => {
  const request = (fields: Record<string, string>) => submission(`${MUC}#request`, fields);
  const sends = (scene: Scene, from: string, fields: Record<string, string>) =>
    scene.ask(el("message", { from: full(from), to: ROOM, id: "v" }, request(fields)));
  const ask = { "muc#role": "participant" };

  function listening(): Scene {
    const scene = Scene.peopled();
    scene.admin("olga", { nick: "Mike", role: "visitor" });
    return scene;
  }

  test("asks to speak: those who run the room are asked, and one of them lets them", () => {
    const scene = listening();
    const asked = sends(scene, "mike", ask);
    expect(asked.map(({ attrs }) => attrs.to)).toEqual([full("olga")]);
    const fields = asked[0]?.getChild("x", "jabber:x:data")?.getChildren("field") ?? [];
    const filled = Object.fromEntries(fields.map((field) => [field.attrs.var, field.getChildText("value") ?? ""]));
    expect(filled).toMatchObject({ "muc#jid": full("mike"), "muc#roomnick": "Mike", "muc#request_allow": "0" });
    const { FORM_TYPE: _, ...answer } = filled;
    const done = sends(scene, "olga", { ...answer, "muc#request_allow": "true" });
    expect(item(to(done, "mike")[0])?.attrs.role).toBe("participant");
    expect(error(scene.say("mike", "thanks")[0])).toBeUndefined();
  });

  test("stays silent when they say no, or when somebody says yes who does not run the room", () => {
    const scene = listening();
    sends(scene, "mike", ask);
    const answer = { "muc#jid": full("mike"), "muc#roomnick": "Mike" };
    expect(sends(scene, "olga", { ...answer, "muc#request_allow": "0" })).toEqual([]);
    expect(error(sends(scene, "mike", { ...answer, "muc#request_allow": "1" })[0])).toBe("auth forbidden");
    expect(error(scene.say("mike", "but")[0])).toBe("auth forbidden");
  });

  test("hears it when nobody is there who could let them, and who may speak need not ask", () => {
    const scene = listening();
    expect(error(sends(scene, "olga", ask)[0])).toBe("modify bad-request");
    scene.leave("olga");
    expect(error(sends(scene, "mike", ask)[0])).toBe("wait service-unavailable");
    expect(error(sends(scene, "mike", { "muc#role": "moderator" })[0])).toBe("modify bad-request");
  });
});

test("the owner's form shows what can be changed; what the network dictates is not in it, nor taken", () => {
  const scene = Scene.peopled({ fixed: ["name", "membersOnly"] });
  const form = scene.iq("olga", "get", owner()).getChild("query")?.getChild("x", "jabber:x:data");
  const fields = form?.getChildren("field").map(({ attrs }) => attrs.var);
  expect(fields).toContain("muc#roomconfig_whois");
  expect(fields).not.toContain("muc#roomconfig_roomname");
  const answer = scene.iq("olga", "set", filled({ "muc#roomconfig_roomname": "Mine" }));
  expect([error(answer), textOf(answer)]).toEqual([
    "modify not-acceptable",
    '"Name" is decided on MSN and cannot be changed here.',
  ]);
  expect(error(scene.iq("mike", "get", owner()))).toBe("auth forbidden");
  expect(error(scene.iq("olga", "set", filled({ "muc#roomconfig_whois": "cats" })))).toBe("modify not-acceptable");
});

test("what an owner changes is told with only what is new, and all are told which kind of change it was", () => {
  const scene = Scene.peopled();
  const change = {
    "muc#roomconfig_roomname": "Family",
    "muc#roomconfig_whois": "moderators",
    "muc#roomconfig_membersonly": "1",
  };
  expect(scene.iq("olga", "set", filled(change)).attrs.type).toBe("result");
  expect(scene.events).toMatchObject([{ kind: "configured", config: { name: "Family", whois: "moderators" } }]);
  expect(codes(to(scene.sent, "mike")[0])).toEqual(["173", "104"]);
  expect(scene.room.config).toMatchObject({ name: "Family", whois: "moderators", membersOnly: true });
  scene.sent = [];
  expect(scene.iq("olga", "set", filled(change)).attrs.type).toBe("result");
  expect(scene.iq("olga", "set", owner(el("x", { xmlns: "jabber:x:data", type: "cancel" }))).attrs.type).toBe("result");
  expect(to(scene.sent, "mike")).toEqual([]);
});

test("a room that its owner ends is told to all who sit in it, and is no more", () => {
  const scene = Scene.peopled();
  const end = owner(el("destroy", { jid: "other@rooms.example" }, el("reason", {}, "moved")));
  expect(scene.iq("olga", "set", end).attrs.type).toBe("result");
  const [gone] = to(scene.sent, "mike");
  const destroy = gone?.getChild("x", `${MUC}#user`)?.getChild("destroy");
  expect([gone?.attrs.type, destroy?.attrs.jid, destroy?.getChildText("reason")]).toEqual([
    "unavailable",
    "other@rooms.example",
    "moved",
  ]);
  expect(scene.room.isDestroyed).toBe(true);
  expect(scene.events.at(-1)).toMatchObject({ kind: "destroyed", reason: "moved" });
  expect(scene.say("mike", "hello?")).toEqual([]);
});

test("when the service ends for good, everybody is told (332)", () => {
  const scene = Scene.peopled();
  scene.did(scene.room.dismiss("The bridge is taken down."));
  expect(presences(to(scene.sent, "mike"))).toContain("-Mike 110 332");
  expect(scene.room.occupants).toEqual([]);
});

test("a ping to oneself tells who is in, who is not, and who sits there under another name (XEP-0410)", () => {
  const scene = Scene.peopled();
  expect(scene.iq("mike", "get", PING, "Mike").attrs.type).toBe("result");
  expect(scene.iq("mike", "get", PING, "Alice").attrs.type).toBe("result");
  expect(error(scene.iq("mike@example.org/other", "get", PING, "Mike"))).toBe("modify not-acceptable");
  expect(error(scene.iq("eve", "get", PING, "Mike"))).toBe("modify not-acceptable");
  expect(error(scene.iq("mike", "get", PING, "Michael"))).toBe("cancel item-not-found");
  expect(error(scene.iq("mike", "get", PING, "Olga"))).toBe("cancel service-unavailable");
  expect(scene.iq("eve", "get", PING).attrs.type).toBe("result");
});

test("what is asked of a ghost in the room is handed on to who answers for ghosts", () => {
  const scene = Scene.peopled();
  expect(scene.iq("mike", "get", el("vCard", { xmlns: "vcard-temp" }), "Alice").name).toBe("nothing");
  expect(scene.events).toMatchObject([{ kind: "asked", ghost: ALICE, by: { nick: "Mike" } }]);
});

test("a room says what it is; what it is about only to who belongs to it", () => {
  const scene = Scene.peopled({ config: { name: "Family" } });
  scene.subject("olga", "Holidays");
  const about = (client: string, node?: string) =>
    scene.iq(client, "get", el("query", { xmlns: INFO, node })).getChild("query");
  const vars = about("mike")
    ?.getChildren("feature")
    .map(({ attrs }) => attrs.var);
  for (const feature of [MUC, "muc_membersonly", "muc_nonanonymous", "muc_hidden", "muc_persistent", "urn:xmpp:sid:0"])
    expect(vars).toContain(feature);
  expect(about("mike")?.getChild("identity")?.attrs).toMatchObject({
    category: "conference",
    type: "text",
    name: "Family",
  });
  expect(about("mike")?.getChild("x", "jabber:x:data")?.toString()).toContain("Holidays");
  expect(about("eve")?.toString()).not.toMatch(/Family|Holidays/);
  expect(error(scene.iq("mike", "get", el("query", { xmlns: INFO, node: "odd" })))).toBe("cancel item-not-found");
  const inside = (client: string) => elements(scene.iq(client, "get", el("query", { xmlns: ITEMS })).getChild("query"));
  expect(inside("mike").map(({ attrs }) => attrs.name)).toEqual(["Alice", "Olga", "Mike"]);
  expect(inside("eve")).toEqual([]);
});

test("a member has a name kept, may give it back, and nobody else gets it meanwhile", () => {
  const scene = Scene.peopled({ rules: FREE, config: { membersOnly: false } });
  const register = (...children: XmlElement[]) => el("query", { xmlns: "jabber:iq:register" }, children);
  const node = el("query", { xmlns: INFO, node: "x-roomuser-item" });
  expect(scene.iq("mike", "set", register(el("nick", {}, "Boss"))).attrs.type).toBe("result");
  expect(scene.iq("mike", "get", node).getChild("query")?.getChild("identity")?.attrs.name).toBe("Boss");
  expect(scene.iq("mike", "get", register()).getChild("query")?.getChildText("nick")).toBe("Boss");
  expect(error(scene.enter("anna", "boss")[0])).toBe("cancel conflict");
  expect(error(scene.iq("mike", "set", register(el("nick", {}, "Olga"))))).toBe("cancel conflict");
  expect(error(scene.iq("anna", "set", register(el("nick", {}, "Anna"))))).toBe("cancel not-allowed");
  const asked = scene
    .iq("mike", "get", register())
    .getChild("query")
    ?.getChild("x", "jabber:x:data")
    ?.getChildren("field");
  expect(asked?.map(({ attrs }) => attrs.var)).toEqual(["FORM_TYPE", "muc#register_roomnick"]);
  const filled = submission(`${MUC}#register`, { "muc#register_roomnick": "Chief" });
  expect(scene.iq("mike", "set", register(filled)).attrs.type).toBe("result");
  expect(scene.iq("mike", "get", node).getChild("query")?.getChild("identity")?.attrs.name).toBe("Chief");
  scene.iq("mike", "set", register(el("nick", {}, "Boss")));
  scene.iq("mike", "set", register(el("remove")));
  expect(presences(to(scene.enter("anna", "boss"), "anna")).at(-1)).toBe("boss 110 100");
});

test("whatever else is asked of a room has an answer", () => {
  const scene = Scene.peopled();
  expect(error(scene.iq("mike", "get", el("query", { xmlns: "urn:odd" })))).toBe("cancel service-unavailable");
  expect(error(scene.iq("mike", "set", el("query", { xmlns: "urn:odd" }), "Mike"))).toBe("cancel service-unavailable");
});
