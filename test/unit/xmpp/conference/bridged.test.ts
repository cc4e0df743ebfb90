/** What the bridge needs of a room beyond what people do in it. */
import { expect, test } from "vitest";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
import { el } from "../../../../src/xmpp/stanza/xml.ts";
import { processorTime } from "../../../support/processor-time.ts";
import { ALICE, bodies, body, error, full, jid, Scene, to } from "./scene.ts";

const failure = { type: "wait", condition: "recipient-unavailable", text: "Nobody is there." } as const;
const said = (scene: Scene): string => scene.room.history.at(-1)?.stanzaId ?? "";

test("what all have seen goes back to its speaker's clients, and to nobody else", () => {
  const scene = Scene.peopled();
  scene.enter("mike@example.org/laptop", "Mike");
  scene.say("mike", "hello");
  const back = scene.did(scene.room.sendBack(jid("mike"), said(scene), failure));
  expect(back.map(({ attrs }) => attrs.to).sort()).toEqual(["mike@example.org/laptop", full("mike")]);
  expect(back[0]?.attrs).toMatchObject({ type: "error", id: "of-hello", from: scene.room.jid });
  expect(error(back[0])).toBe("wait recipient-unavailable");
  expect(scene.did(scene.room.sendBack(jid("olga"), said(scene), failure))).toEqual([]);
  expect(scene.did(scene.room.sendBack(jid("mike"), "unknown", failure))).toEqual([]);
});

test("something said is repeated to one client alone", () => {
  const scene = Scene.peopled();
  scene.say("mike", "hello");
  const again = scene.did(scene.room.repeat(said(scene), scene.room.occupants[1]?.clients[0]));
  expect(bodies(again)).toEqual(["hello"]);
  expect(to(again, "olga")).toEqual(again);
});

test("what its sender has taken back is in nobody's history; others cannot take it back", () => {
  const scene = Scene.peopled();
  scene.say("mike", "oops");
  const id = said(scene);
  const retract = el("retract", { xmlns: "urn:xmpp:message-retract:1", id });
  const take = (who: string) =>
    scene.ask(el("message", { from: full(who), to: scene.room.jid, type: "groupchat", id: `by ${who}` }, retract));
  take("olga");
  expect(scene.room.history.map(({ stanzaId }) => stanzaId)).toContain(id);
  take("mike");
  expect(scene.room.history.map(({ stanzaId }) => stanzaId)).not.toContain(id);
  expect(bodies(to(scene.enter("olga@example.org/new", "Olga"), "olga@example.org/new"))).toEqual([]);
});

test("a wish that is forgotten is answered by nobody", () => {
  const scene = Scene.peopled({ rules: {} });
  scene.say("mike", "twice");
  const [wish] = scene.room.wishes;
  scene.room.forget(wish?.wish ?? "");
  expect(scene.room.wishes).toEqual([]);
  expect(scene.did(scene.room.grant(wish?.wish ?? "", scene.now))).toEqual([]);
});

test("words may wait longer than other wishes", () => {
  const scene = Scene.peopled({ rules: {}, limits: { wishMs: 1000, sayMs: 5000 } });
  scene.say("mike", "patience");
  scene.subject("olga", "Now");
  scene.now += 1000;
  expect(scene.did(scene.room.expire(scene.now)).map(({ attrs }) => attrs.to)).toEqual([full("olga")]);
  expect(scene.room.wishes).toHaveLength(1);
});

test("what people may do changes with what the room is tied to", () => {
  const scene = Scene.peopled();
  scene.room.govern({ say: "free", "kick-ghost": { refused: "Nobody can be put out." } }, ["name"]);
  const kick = { nick: "Alice", role: "none" };
  // Whoever asks: it is said before who may.
  for (const who of ["mike", "olga"])
    expect(scene.admin(who, kick).getChild("error")?.getChildText("text")).toMatch(/put out/);
  expect(body(scene.say("mike", "free again")[0] ?? el("nothing"))).toBe("free again");
  scene.room.govern({ "kick-ghost": "free" }, []);
  scene.admin("olga", kick);
  expect(scene.room.occupants.map(({ who }) => who)).not.toContain(ALICE);
});

test("an invitation that nobody may give is refused before it is asked who may invite", () => {
  const refused = { "invite-ghost": { refused: "This room is tied to no group." } } as const;
  const scene = Scene.peopled({ rules: refused });
  const invite = el("x", { xmlns: "http://jabber.org/protocol/muc#user" }, el("invite", { to: ALICE }));
  const [answer] = scene.ask(el("message", { from: full("mike"), to: scene.room.jid, id: "inv" }, invite));
  expect(answer?.getChild("error")?.getChildText("text")).toBe("This room is tied to no group.");
});

test("a thousand of one name are seated without stopping everything else for seconds", () => {
  const scene = new Scene({ limits: { occupants: 1100 } });
  const ghosts = Array.from({ length: 1000 }, (_, i) => ({
    who: parseBareJid(`p${i}\\40msn.test@msn.example.org`),
    name: "Bob",
    shown: [],
  }));
  const seat = () => scene.room.seatGhosts(ghosts);
  const first = processorTime(seat);
  const nicks = scene.room.occupants.map(({ nick }) => nick);
  expect(first + processorTime(seat)).toBeLessThan(2500);
  expect(new Set(nicks).size).toBe(1000);
  expect(scene.room.occupants.map(({ nick }) => nick)).toEqual(nicks);
});
