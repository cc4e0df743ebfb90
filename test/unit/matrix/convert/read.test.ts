import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHomeName } from "../../../../src/bridge/model.ts";
import { eventHead, sortEvent } from "../../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import { readStored } from "../../../../src/matrix/convert/read.ts";
import { b, r } from "../../../support/golden.ts";
import { cases } from "../../../support/property.ts";

const HOME = parseHomeName("matrix");
const BOT = "@_msnbot:example.org";
const ANNA = "@anna:example.org";
const GHOST = "@_msn_escargot_bob=40example.com:example.org";
const names = new GhostNames("_msn_", "example.org");
const rules = { bot: BOT, names, networks: ["escargot"] };

interface Given {
  readonly type?: string;
  readonly content?: unknown;
  readonly sender?: string;
  readonly state_key?: string;
  readonly unsigned?: unknown;
  readonly management?: boolean;
}

/** Sorts an event, stores it as JSON would, and reads it. */
function through({ management = false, ...given }: Given) {
  const raw = { type: "m.room.message", room_id: "!r:example.org", sender: ANNA, event_id: "$e", ...given };
  const head = eventHead(raw);
  if (!head) return { sorted: [], events: [] };
  const sorted = sortEvent(raw, head, management, rules);
  const stored = JSON.parse(JSON.stringify(sorted)) as typeof sorted;
  return { sorted, events: stored.map((one) => readStored(one.stored, HOME, names)) };
}

const said = (body: string, more: Record<string, unknown> = {}) => ({ msgtype: "m.text", body, ...more });
const to = (event_id: string) => ({ "m.relates_to": { "m.in_reply_to": { event_id } } });
const who = { resident: `matrix:${ANNA}`, room: "!r:example.org" };
const ghost = { network: "escargot", contact: "bob@example.com" };

describe("words in a chat", () => {
  it.each([
    ["plain", said("hello\nworld"), "hello\nworld"],
    ["an emote", { msgtype: "m.emote", body: "waves" }, "* waves"],
    ["that only look like an answer", said("> so\n\nhello"), "> so\n\nhello"],
    ["in a thread", said("hello", { "m.relates_to": { rel_type: "m.thread", event_id: "$t" } }), "hello"],
    ["that say retry to the contact", said("retry"), "retry"],
  ])("%s go out", (_what, content, text) => {
    expect(through({ content }).events).toEqual([{ kind: "text", ...who, message: "$e", text }]);
  });

  it.each([
    ["something", said("> <@b:x> old\n> older\n\nnew", to("$o")), "> old older\nnew"],
    ["something, from a client without fallback", said("new", to("$o")), "new"],
  ])("in answer to %s go out with a quote, and natively", (_what, content, text) => {
    const about = { kind: "reply", target: "$o", text: "new" };
    expect(through({ content }).events).toEqual([{ kind: "text", ...who, message: "$e", text, about }]);
  });

  it("that edit others go out as a line, and natively with their looks", () => {
    const words = { msgtype: "m.text", body: "*new*", format: "org.matrix.custom.html", formatted_body: "<b>new</b>" };
    const content = said("* new", {
      "m.new_content": words,
      "m.relates_to": { rel_type: "m.replace", event_id: "$o" },
    });
    expect(through({ content }).events).toEqual([
      {
        kind: "text",
        ...who,
        message: "$e",
        text: "* new",
        rich: r("* ", b("new")),
        about: { kind: "edit", target: "$o", text: "new", rich: r(b("new")) },
      },
    ]);
  });

  it.each(["m.beacon_info", "org.matrix.msc3672.beacon_info"])(
    "that share where one is (%s) are named by a line",
    (type) => {
      const { sorted, events } = through({ type, state_key: ANNA, content: { live: true, timeout: 60_000 } });
      expect(sorted).toMatchObject([{ control: false, onlyInPortal: true }]);
      const [text, instead] = ["[shares their location]", "a live location"];
      expect(events).toEqual([{ kind: "text", ...who, message: "$e", text, instead }]);
      const others = { type, state_key: BOT, content: { live: true } };
      const ended = { type, state_key: ANNA, content: { live: false } };
      const told = { type, state_key: ANNA, content: { live: true }, management: true };
      expect([others, ended, told].flatMap((given) => through(given).events)).toEqual([]);
    },
  );

  it("in HTML beside an empty body go out as well", () => {
    const html = { format: "org.matrix.custom.html", formatted_body: "<b>hi</b>" };
    expect(through({ content: said("", html) }).events).toMatchObject([{ kind: "text", text: "hi", rich: r(b("hi")) }]);
    const nothing = { format: "org.matrix.custom.html", formatted_body: "<b>\u200b</b>" };
    expect(through({ content: said("hi", nothing) }).events).toEqual([
      { kind: "text", ...who, message: "$e", text: "hi" },
    ]);
    expect(through({ content: said(" ", nothing) }).events).toEqual([undefined]);
  });

  it("of 60 kB go out whole", () => {
    const body = "ü".repeat(30_000);
    expect(through({ content: said(body) }).events).toMatchObject([{ kind: "text", text: body }]);
  });

  it.each([
    ["of 100 kB", "x".repeat(100_000)],
    ["that are short in characters and long in bytes", "\u0001".repeat(60_000)],
  ])("%s cannot go, are not kept, and are not lost in silence", (_what, body) => {
    for (const management of [false, true]) {
      const { sorted, events } = through({ content: said(body), management });
      expect(events).toMatchObject([{ kind: "unsupported", what: "a message of more than 64 kB" }]);
      expect(JSON.stringify(sorted).length).toBeLessThan(1000);
    }
  });

  it("an edit without words cannot go and is named", () => {
    const content = said("* new", { "m.relates_to": { rel_type: "m.replace", event_id: "$o" } });
    expect(through({ content }).events).toMatchObject([{ kind: "unsupported", what: "an edit of an earlier message" }]);
  });

  it.each([
    ["m.room.message", { msgtype: "m.image", body: "cat.jpg" }, "a picture", "[sent a picture: “cat.jpg”]"],
    ["m.sticker", { body: "cat" }, "a sticker", "[sent a sticker: “cat”]"],
    ["m.room.message", { msgtype: "com.x.fancy", body: "hi" }, "a message of the kind com.x.fancy", "[com.x.fancy] hi"],
    ["com.example.thing", { body: "hi" }, "a message of the kind com.example.thing", "[com.example.thing] hi"],
  ])("%s with %j is named in a line, and its sender hears of it", (type, content, instead, text) => {
    const event = { kind: "text", ...who, message: "$e", text, instead };
    expect(through({ type, content }).events).toEqual([event]);
  });

  it("a picture that answers something, or is put in place of another, is that natively", () => {
    const picture = { msgtype: "m.image", body: "cat.jpg" };
    const text = "[sent a picture: “cat.jpg”]";
    expect(through({ content: { ...picture, ...to("$o") } }).events).toMatchObject([
      { text, about: { kind: "reply", target: "$o", text } },
    ]);
    const replaced = { "m.new_content": picture, "m.relates_to": { rel_type: "m.replace", event_id: "$o" } };
    expect(through({ content: { ...picture, ...replaced } }).events).toMatchObject([
      { text: `* ${text}`, about: { kind: "edit", target: "$o", text } },
    ]);
  });

  it("what nobody has told us of counts in a chat alone, and not where it is a room's state", () => {
    const thing = { type: "com.example.thing", content: { body: "hi" } };
    expect(through(thing).sorted).toMatchObject([{ onlyInPortal: true }]);
    for (const given of [
      { ...thing, management: true },
      { ...thing, state_key: "" },
      { ...thing, type: "m.thing" },
    ])
      expect(through(given).sorted).toEqual([]);
  });

  it.each([
    ["the bridge's own field", { msgtype: "m.text", body: "👋", "msnbridge.nudge": true }],
    ["/me nudges", { msgtype: "m.emote", body: "nudges" }],
    ["/me nudges you!", { msgtype: "m.emote", body: "Nudges you!" }],
    ["/me sends a nudge", { msgtype: "m.emote", body: "sends a nudge." }],
  ])("a nudge is told by %s", (_how, content) => {
    expect(through({ content }).events).toEqual([{ kind: "nudge", ...who, message: "$e" }]);
    expect(through({ content, management: true }).events).not.toMatchObject([{ kind: "nudge" }]);
  });

  it.each([
    ["of a cat", { msgtype: "m.emote", body: "nudges the cat" }],
    ["in plain words", { msgtype: "m.text", body: "nudges" }],
    ["that says it is none", { msgtype: "m.text", body: "hi", "msnbridge.nudge": false }],
  ])("words %s are no nudge", (_what, content) => {
    expect(through({ content }).events).toMatchObject([{ kind: "text" }]);
  });

  it.each([
    ["a program's notice", "m.room.message", { msgtype: "m.notice", body: "beep" }],
    ["an empty message", "m.room.message", said("  ")],
    ["a control character", "m.room.message", said("\u0007")],
    ["a character of no width", "m.room.message", said("\u200b")],
    ["an emote of nothing", "m.room.message", { msgtype: "m.emote", body: "\u200b" }],
    ["an answer that says nothing", "m.room.message", said("> <@b:x> old\n\n\u0007", to("$o"))],
    [
      "an edit that leaves nothing",
      "m.room.message",
      said("* ", { "m.new_content": said("\u0007"), "m.relates_to": { rel_type: "m.replace", event_id: "$o" } }),
    ],
    ["an empty message of another kind", "m.room.message", { msgtype: "x.y", body: "\u200b" }],
    [
      "a reaction with nothing",
      "m.reaction",
      { "m.relates_to": { rel_type: "m.annotation", event_id: "$o", key: "" } },
    ],
    ["a message without a body", "m.room.message", { msgtype: "m.text" }],
    ["a message whose body is no text", "m.room.message", { msgtype: "m.text", body: { a: 1 } }],
    ["a removal", "m.room.redaction", { reason: "x" }],
    ["a heart", "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: "$o", key: "❤️" } }],
    ["a verification", "m.room.message", { msgtype: "m.key.verification.request", body: "x" }],
    ["a topic", "m.room.topic", { topic: "x" }],
  ])("%s means nothing", (_what, type, content) => {
    expect(through({ type, content }).events.filter((event) => event !== undefined)).toEqual([]);
  });
});

describe("again", () => {
  it.each(["🔁", "🔁\uFE0F", "🔄", "retry"])("is said by the reaction %s", (key) => {
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: "$o", key } };
    expect(through({ type: "m.reaction", content }).events).toEqual([{ kind: "retry", ...who, target: "$o" }]);
  });

  it("is said by answering the bot with retry", () => {
    const answer = { "m.relates_to": { "m.in_reply_to": { event_id: "$o" } } };
    const retry = [{ kind: "retry", ...who, target: "$o" }];
    expect(through({ content: said("Retry", { ...answer, "m.mentions": { user_ids: [BOT] } }) }).events).toEqual(retry);
    expect(through({ content: said(`> <${BOT}> ⚠ Not sent\n\nretry`, answer) }).events).toEqual(retry);
    expect(through({ content: said("retry", answer) }).events).toMatchObject([{ kind: "text" }]);
  });

  it("is a command with the bot's prefix, which never goes to the contact", () => {
    const { sorted, events } = through({ content: said("!msn retry") });
    expect(events).toEqual([{ kind: "command", ...who, message: "$e", line: "retry" }]);
    expect(sorted).toMatchObject([{ control: true }]);
  });
});

describe("in the management room", () => {
  it.each([
    ["status", "status"],
    ["!msn help", "help"],
    ["  chat bob@example.com ", "chat bob@example.com"],
  ])("%j is the command %j", (body, line) => {
    const { sorted, events } = through({ content: said(body), management: true });
    expect(events).toMatchObject([{ kind: "command", line }]);
    expect(sorted).toMatchObject([{ control: true }]);
  });

  it("a picture means nothing", () => {
    expect(through({ content: { msgtype: "m.image", body: "x" }, management: true }).events).toEqual([undefined]);
  });
});

describe("a password", () => {
  const secret = "tr0ub4dor&3";
  it.each([
    ["in the management room", { content: said(`link a@b.cd ${secret}`), management: true }],
    ["behind the prefix in a chat", { content: said(`!msn link a@b.cd ${secret}`) }],
    [
      "as an answer",
      {
        content: said(`> <@x:y> z\n\npassword ${secret}`, { "m.relates_to": { "m.in_reply_to": { event_id: "$o" } } }),
        management: true,
      },
    ],
    [
      "as an edit",
      {
        content: said("* edited", {
          "m.new_content": { body: `password ${secret}` },
          "m.relates_to": { rel_type: "m.replace", event_id: "$o" },
        }),
        management: true,
      },
    ],
    ["in the name of a picture", { content: { msgtype: "m.image", body: `password ${secret}` }, management: true }],
    [
      "in a formatted twin alone",
      { content: said("hi", { formatted_body: `<b>login</b> <i>${secret}</i>` }), management: true },
    ],
    [
      "with a formatted twin",
      { content: said(`login ${secret}`, { formatted_body: `<b>login ${secret}</b>` }), management: true },
    ],
  ])("%s is never stored", (_where, given) => {
    const { sorted, events } = through(given);
    expect(events).toEqual([{ kind: "own" }]);
    expect(sorted).toMatchObject([{ control: true, stored: { act: "password", event: "$e" } }]);
    expect(JSON.stringify(sorted)).not.toContain(secret);
  });

  it("in a room that may be a chat has a stand-in for when it is none", () => {
    const { sorted } = through({ content: said(`link a@b.cd ${secret}`) });
    expect(sorted).toMatchObject([{ stored: { kind: "event" }, unlessPortal: { act: "password" } }]);
    expect(JSON.stringify(sorted[0]?.unlessPortal)).not.toContain(secret);
  });

  it("never stays in what is not used of an event", () => {
    const { sorted } = through({
      content: said("status", { formatted_body: secret, extra: secret }),
      management: true,
    });
    expect(JSON.stringify(sorted)).not.toContain(secret);
  });
});

describe("coming and going", () => {
  const member = (membership: string, state_key: string, more: Given & { content?: object } = {}): Given => ({
    type: "m.room.member",
    state_key,
    ...more,
    content: { membership, ...more.content },
  });
  const encrypted = { unsigned: { invite_room_state: [{ type: "m.room.encryption", content: {} }] } };

  it("asks a ghost in", () => {
    const { sorted, events } = through(member("invite", GHOST, { content: { is_direct: true } }));
    const ghost = { network: "escargot", contact: "bob@example.com" };
    expect(events).toEqual([{ kind: "invited", ...who, ghost, direct: true }]);
    expect(sorted).toMatchObject([{ control: false, ghost: GHOST }]);
  });

  it.each([
    ["a ghost into a group", member("invite", GHOST), "refuse-group"],
    [
      "a ghost into an encrypted room",
      member("invite", GHOST, { content: { is_direct: true }, ...encrypted }),
      "refuse-encrypted",
    ],
    ["the bot", member("invite", BOT, { content: { is_direct: true } }), "bot-invited"],
    ["the bot into an encrypted room", member("invite", BOT, encrypted), "bot-invited"],
  ])("asks %s in: the home's own", (_what, given, act) => {
    const { sorted, events } = through(given);
    expect(events).toEqual([{ kind: "own" }]);
    expect(sorted).toMatchObject([{ control: true, stored: { act } }]);
  });

  it.each([
    ["a friend", member("invite", "@ben:example.org", { content: { is_direct: true } })],
    ["a ghost that cannot be", member("invite", "@_msn_escargot_x:example.org", { content: { is_direct: true } })],
    ["by a ghost", member("invite", BOT, { sender: GHOST })],
    ["nobody", { type: "m.room.member", content: { membership: "invite" } }],
  ])("asking in %s means nothing", (_who, given) => {
    expect(through(given).sorted).toEqual([]);
  });

  it.each([
    ["the resident leaves", member("leave", ANNA), { kind: "left" }],
    ["somebody throws the ghost out", member("leave", GHOST), { kind: "shut-out", ghost }],
    ["somebody bans the ghost", member("ban", GHOST), { kind: "shut-out", ghost }],
    ["somebody bans the bot", member("ban", BOT), { kind: "shut-out" }],
  ])("when %s, the chat ends and nobody of ours stays", (_what, given, told) => {
    const { events } = through(given);
    expect(events).toEqual([{ ...told, ...who }, { kind: "own" }]);
  });

  it("when the bot is thrown out, the chat goes on", () => {
    expect(through(member("leave", BOT)).sorted).toEqual([]);
  });

  it.each(["leave", "ban"])("who is thrown out of a chat (%s) by a friend is out of it", (how) => {
    const { sorted, events } = through(member(how, ANNA, { sender: "@ben:example.org" }));
    expect(sorted).toMatchObject([{ onlyInPortal: true }]);
    expect(events).toEqual([{ kind: "left", ...who }]);
  });

  it("when the resident leaves the management room, it is forgotten", () => {
    expect(through({ ...member("leave", ANNA), management: true }).sorted).toMatchObject([
      { stored: { act: "management-left" } },
    ]);
  });

  it.each(["m.room.encryption", "m.room.encrypted"])("%s ends a chat", (type) => {
    const { events } = through({ type, content: { algorithm: "m.megolm.v1.aes-sha2" }, state_key: "" });
    expect(events).toEqual([{ kind: "own" }, { kind: "shut-out", ...who, isEncrypted: true }]);
  });
});

describe("whatever comes", () => {
  it("is sorted and read without throwing", () => {
    const types = fc.constantFrom(
      "m.room.message",
      "m.reaction",
      "m.room.member",
      "m.sticker",
      "m.room.encrypted",
      "m.poll.start",
      "org.matrix.msc3381.poll.start",
      "x",
    );
    const keys = fc.constantFrom(
      "body",
      "msgtype",
      "m.relates_to",
      "m.mentions",
      "membership",
      "m.new_content",
      "is_direct",
      "geo_uri",
      "filename",
      "info",
      "m.poll",
      "msnbridge.nudge",
      "shortcode",
    );
    const content = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue()));
    fc.assert(
      fc.property(
        types,
        content,
        fc.option(fc.string(), { nil: undefined }),
        fc.boolean(),
        (type, value, state_key, management) => {
          through({ type, content: value, ...(state_key === undefined ? {} : { state_key }), management });
        },
      ),
      cases(500, 50_000),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        readStored(value, HOME, names);
      }),
      cases(100, 50_000),
    );
  });
});
