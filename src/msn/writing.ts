import { markDirection } from "../bridge/text/direction.ts";
import { plainRich, type RichText } from "../bridge/text/model.ts";
import type { Via } from "../bridge/via.ts";
import { type Conversation, markBytes, SendError } from "../msnp/index.ts";
import { msnOfRich, msnOfWords, msnPartsOfRich, type Pictures } from "./convert/rich.ts";

/** Parts of one text. */
const MOST_PARTS = 128;
/** Bytes of a part, whatever must be left free for its mark. */
const SHORTEST_PART = 64;

/** How texts are written. */
export interface TextSettings extends Pictures {
  /** Bytes of a text that one message holds. */
  readonly bytes: number;
}

/** How something is said in a group. */
export interface Saying {
  readonly mark?: string | undefined;
  readonly via?: Via | undefined;
  /** What all messages but the first begin with, where the text needs several; the first has it in its words. */
  readonly onward?: string;
}

/**
 * Says something in a conversation, one part after the other: the looks may differ from one to the next. Where parts come as
 * one to their readers, the text has one look. Rejects with SendError.
 */
export async function say(
  conversation: Conversation,
  text: string,
  rich: RichText | undefined,
  settings: TextSettings,
  { mark, via, onward = "" }: Saying = {},
): Promise<void> {
  const options = { mark, via };
  if (rich === undefined && (onward === "" || conversation.joinsParts))
    return conversation.sendText(msnOfWords(text, settings), undefined, options);
  const looks = rich ?? plainRich(text);
  if (conversation.joinsParts) {
    const whole = msnOfRich(looks, settings);
    return conversation.sendText(whole.text, whole.format, options);
  }
  const free = markBytes(options) + Buffer.byteLength(onward);
  const parts = msnPartsOfRich(looks, Math.max(settings.bytes - free, SHORTEST_PART), settings);
  if (parts.length > MOST_PARTS)
    throw new SendError("too-long", "not-sent", "The text is too long for MSN, even in parts");
  for (const [sent, part] of parts.entries()) {
    try {
      const format = rich === undefined ? undefined : part.format;
      await conversation.sendText(sent === 0 ? part.text : onward + part.text, format, options);
    } catch (error) {
      throw error instanceof SendError ? error.after(sent + error.partsSent) : error;
    }
  }
}

/** What is left for somebody has no looks of its own: signs stand for those of some words. */
export function leftText(text: string, rich: RichText | undefined, settings: TextSettings): string {
  return rich === undefined ? msnOfWords(text, settings) : msnOfRich(markDirection(rich), settings).text;
}
