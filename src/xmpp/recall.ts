/** What people have said lately, for corrections (XEP-0308) and removals (XEP-0424) of it. In memory alone. */

import { RecentMap } from "../bridge/recent.ts";
import { deletionNote } from "../bridge/text/quote.ts";
import { allStoredOf, type StoredWords } from "./convert/heard.ts";
import { type BareJid, bare } from "./jid.ts";
import type { ReadMessage } from "./stanza/message.ts";

const REMEMBERED = 5000;
/** Characters of a text; what is longer is not compared. */
const CHARACTERS = 2000;

export class Recall {
  readonly #said = new RecentMap<string, string>(REMEMBERED);
  /** By the id of a correction: what it has corrected. It may come again. */
  readonly #before = new RecentMap<string, string>(REMEMBERED);

  /**
   * As {@link allStoredOf}, with what the message is about. `speaker`: who says it, where only that person's words are meant;
   * `names`: what else it is called by.
   */
  stored(message: ReadMessage, us: BareJid, speaker: string = bare(message.from), names: readonly string[] = []) {
    const key = (id: string): string => `${us} ${speaker} ${id}`;
    const { id, body, corrects, retracts } = message;
    if (retracts !== undefined && !message.isEncrypted) return [removal(message, us, this.#said.get(key(retracts)))];
    const all = allStoredOf(message, us);
    const said = all.find(({ kind }) => kind === "message");
    if (said === undefined || body === undefined) return all;
    const before = corrects === undefined ? undefined : this.#correct(key(corrects), id === undefined ? id : key(id));
    const called = corrects === undefined ? [...(id === undefined ? [] : [id]), ...names] : [corrects];
    if (body.length <= CHARACTERS) for (const name of called) this.#said.set(key(name), body);
    return before === undefined ? all : all.map((one) => (one === said ? { ...one, about: before } : one));
  }

  #correct(original: string, by: string | undefined): string | undefined {
    const before = (by === undefined ? undefined : this.#before.get(by)) ?? this.#said.get(original);
    if (by !== undefined && before !== undefined) this.#before.set(by, before);
    return before;
  }
}

function removal({ from, id, wantsReceipt }: ReadMessage, to: BareJid, text: string | undefined): StoredWords {
  const sent = { from, to, ...(id === undefined ? {} : { id }), ...(wantsReceipt ? { receipt: true as const } : {}) };
  return { kind: "message", ...sent, body: deletionNote(text), unstyled: true };
}
