import { expect, test } from "vitest";
import type { BareJid } from "../../../../src/xmpp/jid.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { error, full, jid, MUC, ROOM, Scene, to } from "./scene.ts";

const [ANNA, EVE, MIKE, OLGA] = [jid("anna"), jid("eve"), jid("mike"), jid("olga")];
const aboutIt = (from: string, child: XmlElement) =>
  el("message", { from: full(from), to: ROOM }, el("x", { xmlns: `${MUC}#user` }, child));
const invite = (scene: Scene, by: string, whom: string) => scene.ask(aboutIt(by, el("invite", { to: whom })));
const decline = (scene: Scene, who: string, inviter: string) =>
  scene.ask(aboutIt(who, el("decline", { to: inviter }, el("reason", {}, "busy"))));

/** The invitation is sent back by the server of whom it was for. */
function bounce(scene: Scene, invitation: XmlElement | undefined, condition: string): readonly XmlElement[] {
  const { to: from, id } = invitation?.attrs ?? {};
  const refusal = el("error", { type: "cancel" }, el(condition, { xmlns: NS.stanzas }));
  return scene.ask(el("message", { from, to: ROOM, id, type: "error" }, refusal));
}

/** Who does not come, and why, as somebody is told it. */
const declined = (sent: readonly XmlElement[], client: string) =>
  to(sent, client).flatMap((one) => {
    const said = one.getChild("x", `${MUC}#user`)?.getChild("decline");
    return said === undefined ? [] : [`${said.attrs.from}: ${said.getChildText("reason")}`];
  });
const members = ({ room }: Scene): BareJid[] =>
  [...room.members].flatMap(([who, { affiliation }]) => (affiliation === "member" ? [who] : []));

test("olga has left the room when anna declines: she is told at her address", () => {
  const scene = Scene.peopled();
  invite(scene, "olga", ANNA);
  scene.leave("olga");
  expect(declined(decline(scene, "anna", OLGA), OLGA)).toEqual([`${ANNA}: busy`]);
});

test("nobody is told by way of the room who has no place in it", () => {
  const scene = Scene.peopled();
  expect(decline(scene, "mike", EVE)).toEqual([]);
  expect(error(decline(scene, "eve", OLGA)[0])).toBe("auth forbidden");
});

test.each(["item-not-found", "remote-server-not-found", "gone"])(
  "an invitation to nowhere (%s) is taken back, and olga is told",
  (condition) => {
    const scene = Scene.peopled();
    const [invitation] = invite(scene, "olga", ANNA);
    expect(members(scene)).toEqual([MIKE, ANNA]);
    const reason = `The invitation could not be delivered (${condition}); they are not asked in any more.`;
    expect(declined(bounce(scene, invitation, condition), "olga")).toEqual([`${ANNA}: ${reason}`]);
    expect(members(scene)).toEqual([MIKE]);
    expect(scene.events.at(-1)).toEqual({ kind: "uninvited", who: ANNA });
    expect(bounce(scene, invitation, condition)).toEqual([]);
  },
);

test("an invitation that comes back for now: olga is told, and anna may come", () => {
  const scene = Scene.peopled();
  const [invitation] = invite(scene, "olga", ANNA);
  const reason = "The invitation could not be delivered (service-unavailable); they may come in all the same.";
  expect(declined(bounce(scene, invitation, "service-unavailable"), "olga")).toEqual([`${ANNA}: ${reason}`]);
  expect(members(scene)).toEqual([MIKE, ANNA]);
});

test("who was a member before stays one, whatever becomes of an invitation", () => {
  const scene = Scene.peopled();
  const [invitation] = invite(scene, "olga", MIKE);
  bounce(scene, invitation, "item-not-found");
  expect(members(scene)).toEqual([MIKE]);
});

test("nobody but whom it was for sends an invitation back", () => {
  const scene = Scene.peopled();
  const [invitation] = invite(scene, "olga", ANNA);
  const forged = el("message", { ...invitation?.attrs, to: EVE });
  expect(bounce(scene, forged, "item-not-found")).toEqual([]);
  expect(members(scene)).toEqual([MIKE, ANNA]);
});
