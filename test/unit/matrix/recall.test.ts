/** Answers, edits, removals and reactions on Matrix, from the event to the core. */
import { expect, test } from "vitest";
import { parseHomeName } from "../../../src/bridge/model.ts";
import { eventHead, sortEvent } from "../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../src/matrix/convert/ghost.ts";
import { readStored } from "../../../src/matrix/convert/read.ts";
import { Recall } from "../../../src/matrix/recall.ts";
import { b, r } from "../../support/golden.ts";

const ANNA = "@anna:example.org";
const BOB = "@_msn_escargot_bob=40example.com:example.org";
const names = new GhostNames("_msn_", "example.org");
const HTML = "org.matrix.custom.html";

interface Said {
  readonly event_id: string;
  readonly sender?: string;
  readonly type?: string;
  readonly room_id?: string;
  readonly content?: Record<string, unknown>;
  readonly redacts?: string;
}

/** A room in which the bridge listens. */
function room() {
  const recall = new Recall();
  const rules = {
    bot: "@bot:example.org",
    names,
    networks: ["escargot"],
    recall: (room: string, event: string, by: string) => recall.of(room, event, by),
    reaction: (room: string, event: string) => recall.reaction(room, event),
  };
  return (said: Said, asEvent = false) => {
    const raw = { type: "m.room.message", room_id: "!r", sender: ANNA, content: {}, ...said };
    const head = eventHead(raw);
    if (head === undefined) throw new Error("no event");
    const [sorted] = sortEvent(raw, head, false, rules);
    recall.note(head, true);
    const event = sorted && readStored(JSON.parse(JSON.stringify(sorted.stored)), parseHomeName("matrix"), names);
    if (asEvent) return event;
    if (event?.kind === "text" && event.looksAlone) return ["looks alone", event.about];
    if (event?.kind === "text") return event.rich === undefined ? event.text : event.rich;
    return event?.kind === "reaction" ? `${event.removed ? "-" : "+"}${event.key} to ${event.text}` : event?.kind;
  };
}

const text = (body: string, more: Record<string, unknown> = {}) => ({ msgtype: "m.text", body, ...more });
const edit = (of: string, body: string, more: Record<string, unknown> = {}) =>
  text(`* ${body}`, { "m.new_content": text(body, more), "m.relates_to": { rel_type: "m.replace", event_id: of } });
const answer = (to: string, body: string, more: Record<string, unknown> = {}) =>
  text(body, { "m.relates_to": { "m.in_reply_to": { event_id: to }, ...more } });
const press = (on: string, key: string) => ({ "m.relates_to": { rel_type: "m.annotation", event_id: on, key } });
const removal = (of: string) => ({ type: "m.room.redaction", redacts: of });

test("an answer quotes what it answers, whoever said it", () => {
  const say = room();
  say({ event_id: "$1", sender: BOB, content: text("coming?") });
  expect(say({ event_id: "$2", content: answer("$1", "yes") })).toBe("> coming?\nyes");
  expect(say({ event_id: "$3", content: answer("$2", "and you?") })).toBe("> yes\nand you?");
  const bold = answer("$1", "**no**");
  expect(say({ event_id: "$4", content: { ...bold, format: HTML, formatted_body: "<b>no</b>" } })).toEqual(
    r("> coming?\n", b("no")),
  );
});

test("what was said elsewhere, or is not known, is not quoted; a thread is no answer", () => {
  const say = room();
  say({ event_id: "$1", room_id: "!secret", content: text("my secret") });
  expect(say({ event_id: "$2", content: answer("$1", "yes") })).toBe("yes");
  expect(say({ event_id: "$3", content: answer("$0", "yes") })).toBe("yes");
  say({ event_id: "$4", content: text("first") });
  const inThread = { rel_type: "m.thread", event_id: "$4", is_falling_back: true };
  expect(say({ event_id: "$5", content: answer("$4", "yes", inThread) })).toBe("yes");
});

test("an edit tells the difference, and the next one that to it; a repeat says the same", () => {
  const say = room();
  say({ event_id: "$1", content: text("I am over their now") });
  const first = { event_id: "$2", content: edit("$1", "I am over there now") };
  expect(say(first)).toBe("* their → there");
  expect(say(first)).toBe("* their → there");
  expect(say({ event_id: "$3", content: edit("$1", "I am over there then") })).toBe("* now → then");
});

test("an edit of what is not known is said whole, with its looks; one that changes no word is for homes alone", () => {
  const say = room();
  const bold = { format: HTML, formatted_body: "see <b>you</b>" };
  expect(say({ event_id: "$2", content: edit("$0", "see **you**", bold) })).toEqual(r("* see ", b("you")));
  say({ event_id: "$3", content: text("see you") });
  expect(say({ event_id: "$4", content: edit("$3", "see **you**", bold) })).toEqual([
    "looks alone",
    { kind: "edit", target: "$3", text: "see you", rich: r("see ", b("you")) },
  ]);
});

test("an answer's fallback is no part of what is compared", () => {
  const say = room();
  say({ event_id: "$1", content: text("so") });
  say({ event_id: "$2", content: answer("$1", "> <@anna:example.org> so\n\nno, we met at the old house") });
  expect(say({ event_id: "$3", content: edit("$2", "no, we meet at the old house") })).toBe("* met → meet");
});

test("an emote that is edited stays one", () => {
  const say = room();
  const emote = (body: string) => ({ msgtype: "m.emote", body });
  say({ event_id: "$1", content: emote("waves") });
  const content = { ...edit("$1", ""), ...emote("* waves to everybody"), "m.new_content": emote("waves to everybody") };
  expect(say({ event_id: "$2", content })).toBe("* waves to everybody");
  const about = { kind: "edit", target: "$1", text: "* waves to everybody" };
  expect(say({ event_id: "$3", content }, true)).toMatchObject({ about });
  expect(say({ event_id: "$4", content: { ...content, msgtype: "m.text" } }, true), "by the new words").toMatchObject({
    about,
  });
});

test("nobody edits or removes another's words", () => {
  const say = room();
  say({ event_id: "$1", sender: BOB, content: text("I am over their now") });
  expect(say({ event_id: "$2", content: edit("$1", "I am over there now") })).toBe("* I am over there now");
  expect(say({ event_id: "$3", content: answer("$1", "what?") })).toBe("> I am over their now\nwhat?");
  expect(say({ event_id: "$4", ...removal("$1") })).toBeUndefined();
});

test("what is removed is told while it is remembered", () => {
  const say = room();
  say({ event_id: "$1", content: text("I love you") });
  expect(say({ event_id: "$2", ...removal("$1") })).toBe("(deleted: “I love you”)");
  expect(say({ event_id: "$3", ...removal("$0") })).toBeUndefined();
  expect(say({ event_id: "$4", type: "m.room.redaction", content: { redacts: "$1" } })).toBe("(deleted: “I love you”)");
});

test("a reaction goes, and goes back; to what nobody knows it means nothing", () => {
  const say = room();
  say({ event_id: "$1", sender: BOB, content: text("coming?") });
  expect(say({ event_id: "$2", type: "m.reaction", content: press("$1", "👍") })).toBe("+👍 to coming?");
  expect(say({ event_id: "$3", ...removal("$2") })).toBe("-👍 to coming?");
  expect(say({ event_id: "$4", type: "m.reaction", content: press("$0", "👍") })).toBeUndefined();
  const picture = press("$1", "mxc://example.org/x");
  expect(say({ event_id: "$5", type: "m.reaction", content: picture })).toBeUndefined();
  const named = { ...picture, shortcode: "party" };
  expect(say({ event_id: "$6", type: "m.reaction", content: named })).toBe("+:party: to coming?");
  expect(say({ event_id: "$7", ...removal("$6") })).toBe("-:party: to coming?");
});

test("an answer to a picture quotes what stands for it", () => {
  const say = room();
  say({ event_id: "$1", content: { msgtype: "m.image", body: "cat.jpg" } });
  expect(say({ event_id: "$2", sender: "@ben:example.org", content: answer("$1", "nice") })).toBe(
    "> [sent a picture: “cat.jpg”]\nnice",
  );
});
