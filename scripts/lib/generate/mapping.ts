import type { GoldenCase, GoldenTable, OneWayTable } from "../../../test/support/golden.ts";
import { DELETIONS, EDITS, OTHERS, REACTIONS, REPLIES, SPLITS } from "../../../test/unit/bridge/text/golden.ts";
import { WRITING_CONTENT } from "../../../test/unit/matrix/convert/golden/content.ts";
import { MATRIX_EDITS } from "../../../test/unit/matrix/convert/golden/edits.ts";
import { READING_HTML } from "../../../test/unit/matrix/convert/golden/html.ts";
import { NUDGES_IN, NUDGES_OUT } from "../../../test/unit/matrix/convert/golden/nudges.ts";
import { MATRIX_OTHERS } from "../../../test/unit/matrix/convert/golden/others.ts";
import { MATRIX_TO_MSN, MSN_TO_MATRIX, MSN_TO_XMPP } from "../../../test/unit/msn/convert/golden/crossings.ts";
import { EMOTICON_RULES, OWN_EMOTICONS, PICTURES } from "../../../test/unit/msn/convert/golden/emoticons.ts";
import { FORMAT } from "../../../test/unit/msn/convert/golden/format.ts";
import { MSN_NOTHING } from "../../../test/unit/msn/convert/golden/nothing.ts";
import { MSN_OTHERS } from "../../../test/unit/msn/convert/golden/others.ts";
import { PLUS } from "../../../test/unit/msn/convert/golden/plus.ts";
import { WRITING } from "../../../test/unit/msn/convert/golden/writing.ts";
import { MSN_TO_XHTML, STYLING_TO_MSN, XHTML_TO_MSN } from "../../../test/unit/xmpp/convert/golden/crossings.ts";
import { XMPP_OTHERS } from "../../../test/unit/xmpp/convert/golden/others.ts";
import { READING_STYLING, WRITING_STYLING } from "../../../test/unit/xmpp/convert/golden/styling.ts";
import { READING_XHTML, WRITING_XHTML } from "../../../test/unit/xmpp/convert/golden/xhtml.ts";
import { NOTE, table } from "./text.ts";

/** A golden table as the docs need it: without its types. */
interface Written {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly rows: readonly Row[];
}

interface Row {
  readonly about: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** What comes back, when that is not the same. */
  readonly back: string | undefined;
  readonly loss: string | undefined;
  readonly alike: string | undefined;
}

function written<From, To>(golden: GoldenTable<From, To>): Written {
  const row = (one: GoldenCase<From, To>): Row => ({
    about: one.about,
    name: one.name,
    from: golden.showFrom(one.from),
    to: golden.showTo(one.to),
    back: one.back === undefined ? undefined : golden.showFrom(one.back),
    loss: one.loss,
    alike: one.alike,
  });
  return { title: golden.title, from: golden.from, to: golden.to, rows: golden.cases.map(row) };
}

/** The tables of each side. */
const SIDES: readonly { readonly side: string; readonly tables: readonly Written[] }[] = [
  {
    side: "MSN",
    tables: [
      written(FORMAT),
      written(PLUS),
      written(EMOTICON_RULES),
      written(OWN_EMOTICONS),
      written(WRITING),
      written(PICTURES),
    ],
  },
  { side: "Matrix", tables: [written(READING_HTML), written(WRITING_CONTENT)] },
  { side: "XHTML-IM", tables: [written(READING_XHTML), written(WRITING_XHTML)] },
  { side: "Message Styling", tables: [written(READING_STYLING), written(WRITING_STYLING)] },
];

/** Whole ways, from one end to the other. */
const CROSSINGS: readonly Written[] = [
  written(MSN_TO_MATRIX),
  written(MATRIX_TO_MSN),
  written(MSN_TO_XHTML),
  written(XHTML_TO_MSN),
  written(MSN_TO_XMPP),
  written(STYLING_TO_MSN),
];

const LONGEST = 160;

const NAMED: Readonly<Record<string, string>> = { "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00A0": "␣", "\u200F": "⟨RLM⟩" };

/** A text of a case in a cell: what cannot be seen is named, what is long is cut. */
function cell(text: string): string {
  const visible = text.replace(/[\p{Cc}\u00A0\u200B\u200F]/gu, (one) => NAMED[one] ?? `⟨U+${hex(one)}⟩`);
  const points = [...visible];
  const short = points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : visible;
  if (short === "") return "(nothing)";
  const fence = "`".repeat(Math.max(0, ...(short.match(/`+/g) ?? []).map((ticks) => ticks.length)) + 1);
  const pad = /^[` ]|[` ]$/.test(short) ? " " : "";
  return `${fence}${pad}${short}${pad}${fence}`;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

function wayBack({ back, loss, alike }: Row): string {
  if (back === undefined) return "the same";
  return loss === undefined ? `${cell(back)}: ${alike}` : `${cell(back)} **lost:** ${loss}`;
}

function section({ title, from, to, rows }: Written): string {
  const cells = rows.map((row) => [row.about, row.name, cell(row.from), cell(row.to), wayBack(row)]);
  return `### ${title}\n\n${table(["about", "case", from, to, `back to ${from}`], cells)}`;
}

/** What has no form of its own at the other end. */
const ONE_WAYS: readonly Told[] = [
  told(EDITS),
  told(MATRIX_EDITS),
  told(REPLIES),
  told(REACTIONS),
  told(DELETIONS),
  told(SPLITS),
  told(NUDGES_IN),
  told(NUDGES_OUT),
  told(OTHERS),
  told(MSN_OTHERS),
  told(MSN_NOTHING),
  told(MATRIX_OTHERS),
  told(XMPP_OTHERS),
];

/** A one-way table as the docs need it. */
interface Told {
  readonly about: string;
  readonly loss: string;
  readonly cases: number;
  readonly section: string;
}

function told<From>(table: OneWayTable<From>): Told {
  const { about, loss, cases } = table;
  return { about, loss, cases: cases.length, section: oneWay(table) };
}

function oneWay<From>({ title, from, loss, convert, showFrom, cases }: OneWayTable<From>): string {
  const rows = cases.map((one) => {
    const to = convert(one.from);
    return [one.name, cell(showFrom(one.from)), to === undefined ? "(no message)" : cell(to)];
  });
  return `### ${title}\n\nNo way back. ${loss}.\n\n${table(["case", from, "text"], rows)}`;
}

function lostAltogether(): string[][] {
  const subjects = [...new Set(ONE_WAYS.map(({ about }) => about))];
  return subjects.map((subject) => [
    subject,
    [...new Set(ONE_WAYS.filter(({ about }) => about === subject).map(({ loss }) => loss))].join("; "),
  ]);
}

/** By subject and side: `whole`, or what is lost. */
function summary(): string {
  const subjects = [
    ...new Set(SIDES.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows.map(({ about }) => about)))),
  ];
  const rows = subjects.sort().map((subject) => [
    subject,
    ...SIDES.map(({ tables }) => {
      const cases = tables.flatMap((one) => one.rows).filter(({ about }) => about === subject);
      const losses = [...new Set(cases.flatMap(({ loss }) => loss ?? []))];
      if (cases.length === 0) return "";
      return losses.length === 0 ? "whole" : losses.join("; ");
    }),
  ]);
  return table(["", ...SIDES.map(({ side }) => side)], rows);
}

/** `docs/mapping.md`: the golden tables for people. */
export function mappingDocs(): string {
  const count =
    [...SIDES.flatMap(({ tables }) => tables), ...CROSSINGS].flatMap(({ rows }) => rows).length +
    ONE_WAYS.reduce((sum, { cases }) => sum + cases, 0);
  return `# What crosses, and what is lost

${NOTE}

Every side's texts are read into one neutral form, the bridge's rich text, and written from it. The ${count} cases below are the
golden tables of the tests: each one is run in both directions, so what stands here is what chats do, one-to-one and in groups, in
both homes. What has no way back, or another one, is a loss, and stands beside its case. Rich text is shown as \`{bold, color #ff0000|words}\`; \`⏎\` is a line break, \`␣\` a blank that lasts, \`⟨RLM⟩\` the mark for right to left.

## In short

What is lost on the way into a side or out of it; \`whole\`: nothing. What a side does not know at all has no entry.

${summary()}

What has no form of its own on MSN is said in words, or comes from there as words:

${table(["", "what is lost"], lostAltogether())}

Between two homes that share a group, answers, edits, removals and reactions stay what they are, as long as both know the message that
they are about. An edit that changes nothing but looks is told to homes alone. XMPP tells all reactions of a person to a message each time:
what is new or missing against the last time counts (XEP-0444); to a message that the bridge does not remember, the words count that the
client puts beside it, if it does.

${SIDES.map(({ side, tables }) => `## ${side}\n\n${tables.map(section).join("\n\n")}`).join("\n\n")}

## From end to end

${CROSSINGS.map(section).join("\n\n")}

## What one side does not know

${ONE_WAYS.map(({ section }) => section).join("\n\n")}
`;
}
