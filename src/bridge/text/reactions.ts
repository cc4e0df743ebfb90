import { oneLine } from "../plain.ts";
import { unbracketed } from "../speaker.ts";
import { shortened } from "./graphemes.ts";
import { excerpt } from "./quote.ts";

/** One press on a reaction: given, or taken back. */
export interface Reaction {
  /** The message reacted to, by any id that is its own. */
  readonly message: string;
  /** What that message says. */
  readonly text: string;
  /** Absent: the one who tells of it. */
  readonly by?: string;
  /** An emoji, or words. */
  readonly key: string;
  readonly removed?: boolean;
}

const LONGEST_NAME = 30;
const LONGEST_KEY = 20;
/** Names behind one reaction, reactions of one message and messages in one text; the rest are counted or left out. */
const MOST_NAMES = 5;
const MOST_KEYS = 10;
const MOST_MESSAGES = 10;

/**
 * All that was reacted in a while as text, a line per message: `👍 Alice, Bob · ❤️ Carol to “see you at eight”`. What was given
 * and taken back within the while is not said, and neither is what was taken back alone. `undefined` when nothing is left.
 */
export function reactionText(reactions: readonly Reaction[]): string | undefined {
  const lines = [...byMessage(reactions)].flatMap(([, { text, keys }]) => {
    const given = [...keys].filter(([, names]) => names.size > 0).slice(0, MOST_KEYS);
    if (given.length === 0) return [];
    const told = given.map(([key, names]) => `${key} ${list([...names])}`.trimEnd()).join(" · ");
    return [`${told} to “${excerpt(text)}”`];
  });
  return lines.length === 0 ? undefined : lines.slice(0, MOST_MESSAGES).join("\n");
}

interface Reacted {
  readonly text: string;
  /** Who has given what. */
  readonly keys: Map<string, Set<string>>;
}

function byMessage(reactions: readonly Reaction[]): Map<string, Reacted> {
  const messages = new Map<string, Reacted>();
  for (const { message, text, by, key, removed } of reactions) {
    const reacted = messages.get(message) ?? { text, keys: new Map() };
    messages.set(message, reacted);
    const shown = oneLine(unbracketed(shortened(key, LONGEST_KEY)), LONGEST_KEY * 16);
    const name = by === undefined ? "" : oneLine(by, LONGEST_NAME) || "someone";
    if (shown === "") continue;
    const names = reacted.keys.get(shown) ?? new Set<string>();
    reacted.keys.set(shown, names);
    if (removed) names.delete(name);
    else names.add(name);
  }
  return messages;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
