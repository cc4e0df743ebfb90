import { isNudge, nudgeContent } from "../../../../../src/matrix/convert/nudge.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

interface Nudge {
  readonly name: string;
  /** Whom it rings. */
  readonly rings?: string;
}

export const NUDGES_IN: OneWayTable<Nudge> = {
  title: "A nudge from MSN, on Matrix",
  about: "nudges",
  from: "a nudge",
  loss: "Matrix knows no nudges: it is a message that mentions the person, which rings, with the field `msnbridge.nudge`; of several within ten seconds the first rings",
  convert: ({ name, rings }) => {
    const { msgtype, body, "m.mentions": mentions } = nudgeContent(name, rings);
    return `${msgtype}: ${body}${mentions.user_ids === undefined ? "" : ` (mentions ${mentions.user_ids.join(", ")})`}`;
  },
  showFrom: ({ name, rings }) => `of ${name}, ${rings === undefined ? "again" : `to ${rings}`}`,
  cases: [
    {
      name: "the first",
      from: { name: "Bob", rings: "@anna:example.org" },
      to: "m.text: 👋 Bob sent you a nudge (mentions @anna:example.org)",
    },
    { name: "another one soon after", from: { name: "Bob" }, to: "m.notice: 👋 Bob sent you a nudge" },
    {
      name: "of somebody whose name cannot be seen",
      from: { name: "\u200B", rings: "@anna:example.org" },
      to: "m.text: 👋 Somebody sent you a nudge (mentions @anna:example.org)",
    },
  ],
};

export const NUDGES_OUT: OneWayTable<Readonly<Record<string, unknown>>> = {
  title: "A message of Matrix that is a nudge",
  about: "nudges",
  from: "a message",
  loss: "MSN has nudges of its own: nothing of the words goes with one",
  convert: (content) => (isNudge(content) ? "(a nudge)" : undefined),
  showFrom: (content) => JSON.stringify(content),
  cases: [
    {
      name: "by the bridge's field",
      from: { msgtype: "m.text", body: "👋", "msnbridge.nudge": true },
      to: "(a nudge)",
    },
    { name: "by an action", from: { msgtype: "m.emote", body: "nudges" }, to: "(a nudge)" },
    { name: "by an action to somebody", from: { msgtype: "m.emote", body: "nudges you!" }, to: "(a nudge)" },
    { name: "by another", from: { msgtype: "m.emote", body: "sends a nudge" }, to: "(a nudge)" },
    { name: "no nudge, but an action", from: { msgtype: "m.emote", body: "nudges the cat" }, to: undefined },
    { name: "no nudge, but a word", from: { msgtype: "m.text", body: "nudges" }, to: undefined },
  ],
};
