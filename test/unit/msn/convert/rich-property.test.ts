import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_CHARACTERS, MAX_RUNS, plainRich, textOf } from "../../../../src/bridge/text/model.ts";
import { EMOTICONS } from "../../../../src/msn/convert/emoticon-table.ts";
import { emojiToShortcuts, shortcutsToEmoji } from "../../../../src/msn/convert/emoticons.ts";
import { msnOfRich, msnPartsOfRich, richOfMsn, wordsOfMsn } from "../../../../src/msn/convert/rich.ts";
import { processorTime } from "../../../support/processor-time.ts";
import { BOMBS, NO_TIME, prose, RUNS, richText, words } from "../../../support/rich-arbitrary.ts";

const read = (text: string) => richOfMsn({ text, format: {} });

/** Bytes as a message of MSN has them. */
const wireBytes = (text: string): number => Buffer.byteLength(text.replaceAll("\n", "\r\n"));

test("plain words cross to MSN and back, and the other way, as they are", () => {
  fc.assert(
    fc.property(prose, (text) => {
      expect(msnOfRich(plainRich(text))).toEqual({ text, format: {} });
      expect(msnOfRich(read(text))).toEqual({ text, format: {} });
      expect(textOf(read(text))).toBe(text);
    }),
    RUNS,
  );
});

test("whatever MSN people write can be read, and is no longer than before by more than emoji are", () => {
  fc.assert(
    fc.property(words, fc.array(words, { maxLength: 3 }), (text, custom) => {
      const whole = textOf(richOfMsn({ text, format: { bold: true, font: text } }, custom));
      expect(whole.isWellFormed()).toBe(true);
      expect(whole.length).toBeLessThanOrEqual(text.length * 2);
      expect(wordsOfMsn(text).length).toBeLessThanOrEqual(text.length);
    }),
    RUNS,
  );
});

test("the parts of a message are as large as they may be, and together all of its words", () => {
  fc.assert(
    fc.property(richText, fc.integer({ min: 200, max: 600 }), (text, limit) => {
      const parts = msnPartsOfRich(text, limit);
      expect(Math.max(...parts.map((part) => wireBytes(part.text)))).toBeLessThanOrEqual(limit);
      if (text.runs.some(({ link }) => link !== undefined)) return;
      const pictured = text.runs.map((run) => (run.code ? run.text : emojiToShortcuts(run.text)));
      const bare = (said: string): string => said.replace(/[*_~]/g, "");
      expect(bare(parts.map((part) => part.text).join(""))).toBe(bare(pictured.join("")));
    }),
    RUNS,
  );
});

test("no shortcut and no emoji stands twice in the table", () => {
  const shortcuts = EMOTICONS.flatMap((row) => row.shortcuts.map((one) => one.toLowerCase()));
  const emoji = EMOTICONS.flatMap((row) => [row.emoji, ...(row.also ?? [])]).map((one) => one.replaceAll("\uFE0F", ""));
  expect(new Set(shortcuts).size).toBe(shortcuts.length);
  expect(new Set(emoji).size).toBe(emoji.length);
});

test.each(EMOTICONS)(
  "$name: every shortcut and every emoji leads to its picture",
  ({ shortcuts, emoji, also = [] }) => {
    for (const one of shortcuts) {
      expect(shortcutsToEmoji(one)).toBe(emoji);
      expect(shortcutsToEmoji(`a ${one.toLowerCase()}.`)).toBe(`a ${emoji}.`);
      expect(shortcutsToEmoji(`http://example.com/${one}`)).toBe(`http://example.com/${one}`);
    }
    for (const one of [emoji, ...also]) expect(emojiToShortcuts(`a ${one}.`)).toBe(`a ${shortcuts[0]}.`);
  },
);

test.each(BOMBS.map((bomb, n) => [n, bomb] as const))("hostile text %i is read and written in no time", (_n, bomb) => {
  const took = processorTime(() => {
    const text = read(bomb);
    expect(text.runs.length).toBeLessThanOrEqual(MAX_RUNS);
    expect(textOf(text).length).toBeLessThanOrEqual(MAX_CHARACTERS);
    msnOfRich(text);
  });
  expect(took).toBeLessThan(NO_TIME);
});
