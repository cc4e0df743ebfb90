import { describe, expect, it } from "vitest";
import { placeOf } from "../../../../src/bridge/via.ts";
import { eventHead, sortEvent } from "../../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import { readStored } from "../../../../src/matrix/convert/read.ts";
import { VIA, viaContent, viaIn } from "../../../../src/matrix/convert/via.ts";
import { MATRIX } from "../../../../src/matrix/index.ts";

const [ROOM, GHOST, ANNA] = ["!room:a.test", "@_other_bob:a.test", "@anna:a.test"];
const via = [placeOf("msn:escargot:circle-1"), placeOf("muc:room@a.test")];
const names = new GhostNames("_msn_", "a.test");

describe("where a word has been", () => {
  it("stands in the event, and is read from it", () => {
    const content = viaContent(ROOM, GHOST, via);
    expect(content).toEqual({ [VIA]: { as: expect.stringMatching(/^[\w-]{12}$/), places: via } });
    expect(viaIn(ROOM, GHOST, content)).toEqual(via);
  });

  it("stands in none of what was nowhere", () => {
    expect([viaContent(ROOM, GHOST, undefined), viaContent(ROOM, GHOST, [])]).toEqual([{}, {}]);
    expect(viaIn(ROOM, GHOST, { body: "hi" })).toBeUndefined();
  });

  it("does not count for somebody who forwards the message, there or elsewhere: those are words of their own", () => {
    const content = viaContent(ROOM, GHOST, via);
    expect(viaIn(ROOM, ANNA, content)).toBeUndefined();
    expect(viaIn("!other:a.test", GHOST, content)).toBeUndefined();
  });

  it.each([["text"], [null], [[]], [{}], [{ as: 1, places: via }], [{ as: "x", places: via }]])(
    "is not read from %j",
    (note) => {
      expect(viaIn(ROOM, GHOST, { [VIA]: note })).toBeUndefined();
    },
  );

  it("is not read where nothing of it is a place", () => {
    const { [VIA]: note } = viaContent(ROOM, GHOST, via);
    expect(viaIn(ROOM, GHOST, { [VIA]: { ...(note as object), places: ["nowhere"] } })).toBeUndefined();
  });
});

describe("an event of a bridge's ghost keeps it", () => {
  const content = viaContent(ROOM, GHOST, via);
  const recall = () => ({ sender: GHOST, text: "before", told: { text: "before", isWhole: true as const } });
  const rules = { bot: "@bot:a.test", names, networks: [], recall, reaction: () => undefined };
  it.each([
    ["a text", { type: "m.room.message", content: { msgtype: "m.text", body: "hi", ...content } }],
    [
      "a nudge",
      { type: "m.room.message", content: { msgtype: "m.text", body: "x", "msnbridge.nudge": true, ...content } },
    ],
    [
      "an edit",
      {
        type: "m.room.message",
        content: {
          msgtype: "m.text",
          body: "* after",
          "m.new_content": { msgtype: "m.text", body: "after" },
          "m.relates_to": { rel_type: "m.replace", event_id: "$1" },
          ...content,
        },
      },
    ],
    [
      "a reaction",
      {
        type: "m.reaction",
        content: { "m.relates_to": { rel_type: "m.annotation", event_id: "$1", key: "👍" }, ...content },
      },
    ],
    ["a removal", { type: "m.room.redaction", redacts: "$1", content }],
  ])("that is %s", (_, what) => {
    const raw = { room_id: ROOM, event_id: "$2", sender: GHOST, origin_server_ts: 1, ...what };
    const head = eventHead(raw);
    const [sorted] = head === undefined ? [] : sortEvent(raw, head, false, rules);
    expect(readStored(sorted?.stored, MATRIX, names)).toMatchObject({ via });
  });
});
