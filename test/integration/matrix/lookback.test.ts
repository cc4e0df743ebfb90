/** Words about what was said before the bridge was started: what they are about is asked of the homeserver. */
import { expect, it } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = `@_msn_escargot_bob=40example.com:${DOMAIN}`;
const text = (body: string, more: Record<string, unknown> = {}) => ({ msgtype: "m.text", body, ...more });
const edit = (of: unknown, body: string) =>
  text(`* ${body}`, { "m.new_content": text(body), "m.relates_to": { rel_type: "m.replace", event_id: of } });
const answer = (to: unknown, body: string) => text(body, { "m.relates_to": { "m.in_reply_to": { event_id: to } } });
const press = (on: unknown, key: string) => ({ "m.relates_to": { rel_type: "m.annotation", event_id: on, key } });

/** A chat of before the bridge was started, in which things were said that it has heard nothing of. */
async function chat(wish = {}) {
  const s = await scene(wish);
  s.stub.users.add(BOB);
  const { id, history } = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join", [BOB]: "join" });
  s.host.portals.add(id as RoomId);
  const event = (sender: string, content: Record<string, unknown>, type = "m.room.message") =>
    s.stub.event(id, sender, type, content);
  const before = (sender: string, content: Record<string, unknown>) => {
    const said = event(sender, content);
    history.push(said);
    return said;
  };
  /** Anna does something now; in her room's history it stands already. */
  const now = async (content: Record<string, unknown>, type?: string) => {
    const said = event(ANNA, content, type);
    history.push(said);
    expect(await s.stub.push([said])).toBe(200);
    await s.host.settled();
  };
  return { ...s, room: id, history, before, now };
}

const heard = (s: StubScene) =>
  s.host.events.map((event) => {
    if (event.kind === "reaction") return `${event.key} to ${event.text}`;
    return event.kind === "text" ? event.text : event.kind;
  });

it("an answer quotes, an edit tells the difference, a reaction says to what", async () => {
  const c = await chat();
  const [asked, said] = [c.before(BOB, text("coming?")), c.before(ANNA, text("I am over their now"))];
  await c.now(answer(asked.event_id, "yes"));
  await c.now(edit(said.event_id, "I am over there now"));
  await c.now(press(asked.event_id, "👍"), "m.reaction");
  expect(heard(c)).toEqual(["> coming?\nyes", "* their → there", "👍 to coming?"]);
  expect(c.stub.callsOf("event").map(({ user }) => user)).toEqual([BOT, BOT, BOT]);
});

it("an edit of what had been edited tells the difference to that", async () => {
  const c = await chat();
  const said = c.before(ANNA, text("I am over their now"));
  c.before(ANNA, edit(said.event_id, "I am over there now"));
  await c.now(edit(said.event_id, "I am over there then"));
  await c.now(answer(said.event_id, "you see?"));
  expect(heard(c)).toEqual(["* now → then", "> I am over there then\nyou see?"]);
});

it("an answer to what had been edited quotes it as it is now", async () => {
  const c = await chat();
  const said = c.before(BOB, text("see you at 8"));
  c.before(BOB, edit(said.event_id, "see you at 9"));
  await c.now(answer(said.event_id, "fine"));
  expect(heard(c)).toEqual(["> see you at 9\nfine"]);
});

it("what was taken back is no more, which is told; of another's it is not", async () => {
  const c = await chat();
  const [hers, his] = [c.before(ANNA, {}), c.before(BOB, {})];
  await c.now({ redacts: hers.event_id }, "m.room.redaction");
  await c.now({ redacts: his.event_id }, "m.room.redaction");
  expect(c.host.events).toMatchObject([
    { kind: "text", text: "(a message was deleted)", about: { kind: "removal", target: hers.event_id } },
  ]);
});

it("in a group it is said who is quoted, as they are called there now", async () => {
  const c = await chat();
  c.host.groups.add(c.room as RoomId);
  const named = (displayname: string) => ({ membership: "join", displayname });
  c.stub.room(c.room).state.set(`m.room.member ${BOB}`, named("Bob"));
  const asked = c.before(BOB, text("coming?"));
  await c.now(answer(asked.event_id, "yes"));
  await c.now(answer(asked.event_id, "sure"));
  expect([c.stub.count("event"), c.stub.count("member")]).toEqual([1, 1]);
  await c.stub.push([c.stub.event(c.room, BOB, "m.room.member", named("Bobby"), BOB)]);
  await c.now(answer(asked.event_id, "really"));
  expect(heard(c)).toEqual(["> Bob: coming?\nyes", "> Bob: coming?\nsure", "> Bobby: coming?\nreally"]);
});

it("who clears up what is old tells nobody", async () => {
  const c = await chat();
  const old = c.before(ANNA, {});
  old.origin_server_ts = Date.now() - 2 * 86_400_000;
  await c.now({ redacts: old.event_id }, "m.room.redaction");
  await c.now(text("hi"));
  expect(heard(c)).toEqual(["hi"]);
});

it("what the homeserver does not know is not quoted, and asked for once", async () => {
  const c = await chat();
  await c.now(answer("$nobody", "yes"));
  await c.now(answer("$nobody", "no"));
  expect(heard(c)).toEqual(["yes", "no"]);
  expect(c.stub.count("event")).toBe(1);
});

it("a homeserver that is slow with it holds up nothing for long", async () => {
  const c = await chat({ limits: { requestTimeoutMs: 40_000, lookBackMs: 200 } });
  const asked = c.before(BOB, text("coming?"));
  c.stub.fail("event", { kind: "hang" });
  const started = performance.now();
  await c.now(answer(asked.event_id, "yes"));
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(heard(c)).toEqual(["yes"]);
});

it("nothing is asked for what strangers' rooms, ghosts or the transaction itself tell of", async () => {
  const c = await chat();
  const elsewhere = c.stub.makeRoom({ [ANNA]: "join", [BOT]: "join" });
  const [first, bobs] = [c.stub.event(c.room, ANNA, "m.room.message", text("one")), c.before(BOB, text("x"))];
  const status = await c.stub.push([
    c.stub.event(elsewhere.id, ANNA, "m.room.message", answer("$1", "hi")),
    c.stub.event(c.room, BOB, "m.room.message", answer(bobs.event_id, "hi")),
    first,
    c.stub.event(c.room, ANNA, "m.room.message", answer(first.event_id, "two")),
  ]);
  expect(status).toBe(200);
  await c.host.settled();
  expect(c.host.failures).toEqual([]);
  expect(heard(c)).toContain("> one\ntwo");
  expect(c.stub.count("event")).toBe(0);
});

it("of many at once, some are not asked for", async () => {
  const c = await chat();
  const asked = Array.from({ length: 30 }, (_, i) => c.before(BOB, text(`question ${i}`)));
  await c.stub.push(asked.map(({ event_id }) => c.stub.event(c.room, ANNA, "m.room.message", answer(event_id, "yes"))));
  await c.host.settled();
  expect(heard(c)).toHaveLength(30);
  expect(c.stub.count("event")).toBe(20);
});
