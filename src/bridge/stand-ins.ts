import { RecentMap } from "./recent.ts";

/** Kinds that somebody was told of. */
const REMEMBERED = 20_000;
const DAY_MS = 86_400_000;

/**
 * Who knows already that of a picture, a sticker or the like only a line has gone out that names it: each is told once a day
 * and kind. In memory: after a restart it is told once more.
 */
export class StandIns {
  readonly #told = new RecentMap<string, number>(REMEMBERED);

  /**
   * What to tell the sender; `undefined`: they know. `what`: what they sent ("a picture"); `text`: the line that went out.
   */
  tell(sender: string, what: string, text: string, network: string): string | undefined {
    const key = `${sender} ${what}`;
    const before = this.#told.get(key);
    if (before !== undefined && Date.now() - before < DAY_MS) return undefined;
    this.#told.set(key, Date.now());
    const line = text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text;
    return `${network} cannot be given ${what}: what has arrived there is “${line}”. I say this once a day.`;
  }
}

/** Characters of the line as it is told. */
const LONGEST = 200;
