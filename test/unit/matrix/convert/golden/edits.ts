import { parseHomeName } from "../../../../../src/bridge/model.ts";
import { eventHead, sortEvent } from "../../../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../../../src/matrix/convert/ghost.ts";
import { type Formatted, HTML } from "../../../../../src/matrix/convert/html.ts";
import { readStored } from "../../../../../src/matrix/convert/read.ts";
import { Recall } from "../../../../../src/matrix/recall.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

interface Edit {
  readonly before: Formatted;
  readonly after: Formatted;
}

const names = new GhostNames("_msn_", "example.org");
const rules = { bot: "@bot:example.org", names, networks: [] };

/** What goes to MSN when somebody edits a message that the bridge has heard. */
function told({ before, after }: Edit): string | undefined {
  const recall = new Recall();
  const [said, edited] = [
    { event_id: "$1", content: { msgtype: "m.text", ...before } },
    {
      event_id: "$2",
      content: {
        msgtype: "m.text",
        body: `* ${after.body}`,
        "m.new_content": { msgtype: "m.text", ...after },
        "m.relates_to": { rel_type: "m.replace", event_id: "$1" },
      },
    },
  ].map((event) => ({ type: "m.room.message", room_id: "!r", sender: "@anna:example.org", ...event }));
  const [first, head] = [eventHead(said), eventHead(edited)];
  if (first === undefined || head === undefined) throw new Error("no event");
  recall.note(first, true);
  const recalls = { ...rules, recall: recall.of.bind(recall) };
  const [sorted] = sortEvent(edited, head, false, recalls);
  const event = readStored(sorted?.stored, parseHomeName("matrix"), names);
  return event?.kind === "text" && !event.looksAlone ? event.text : undefined;
}

const f = (body: string, html: string): Formatted => ({ body, format: HTML, formatted_body: html });

export const MATRIX_EDITS: OneWayTable<Edit> = {
  title: "An edit on Matrix, as a line for who knows no edits",
  about: "edits",
  from: "an edit",
  loss: "what has become of looks is not told: the words are compared as they are read",
  convert: told,
  showFrom: ({ before, after }) => `${before.formatted_body ?? before.body} ⇒ ${after.formatted_body ?? after.body}`,
  cases: [
    {
      name: "beside a word in bold",
      from: {
        before: f("I will be at **the station** at noon, their", "I will be at <b>the station</b> at noon, their"),
        after: f("I will be at **the station** at noon, there", "I will be at <b>the station</b> at noon, there"),
      },
      to: "* their → there",
    },
    {
      name: "below a quotation",
      from: {
        before: f(
          "> what he said\n\nI agree, realy",
          "<blockquote><p>what he said</p></blockquote><p>I agree, realy</p>",
        ),
        after: f(
          "> what he said\n\nI agree, really",
          "<blockquote><p>what he said</p></blockquote><p>I agree, really</p>",
        ),
      },
      to: "* realy → really",
    },
    {
      name: "below a quotation that was typed",
      from: { before: { body: "> so it is\nnot at al, I think" }, after: { body: "> so it is\nnot at all, I think" } },
      to: "* al, → all,",
    },
    {
      name: "beside a link",
      from: {
        before: f(
          "see [this](https://example.com/a) for more abuot it",
          'see <a href="https://example.com/a">this</a> for more abuot it',
        ),
        after: f(
          "see [this](https://example.com/a) for more about it",
          'see <a href="https://example.com/a">this</a> for more about it',
        ),
      },
      to: "* abuot → about",
    },
    {
      name: "of looks alone",
      from: {
        before: { body: "see you at the old station" },
        after: f("see you at the **old** station", "see you at the <b>old</b> station"),
      },
      to: undefined,
    },
    { name: "that leaves nothing", from: { before: { body: "hello" }, after: { body: "\u200b" } }, to: undefined },
  ],
};
