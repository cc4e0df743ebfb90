/**
 * What the bridge has posted as residents, told apart from what they say themselves. A mark counts for the event that was
 * made with it: a person who copies their message within the same chat (clients copy unknown keys when they forward) has
 * said it again.
 */
import type { MessageId } from "../../bridge/model.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { Secret } from "../../bridge/secret.ts";
import { echoMark, readMark } from "../convert/echo.ts";
import type { EventHead } from "../convert/event.ts";

const REMEMBERED = 10_000;
/** Events that one mark may have led to: a homeserver that forgets transaction ids makes another at a repeat. */
const EVENTS = 4;
/**
 * How much later than its mark an event may have been made when this run has not seen the mark before, ms: what was sent
 * right before a crash comes in after it. Covers clocks that differ; what is copied later is a copy.
 */
const LATEST_MS = 10 * 60_000;

export class Echoes {
  readonly #secret: Secret;
  /** Events by the id of their mark. */
  readonly #events = new RecentMap<string, readonly string[]>(REMEMBERED);
  /** A second net below the marks, for servers that drop what they do not know. */
  readonly #posted = new RecentMap<string, true>(REMEMBERED);
  /** Ids of marks whose event is being made. */
  readonly #sending = new Set<string>();

  constructor(secret: Secret) {
    this.#secret = secret;
  }

  /** Sends with a mark. `id`: the same for each try of one post. */
  async send(room: string, mxid: string, id: string, send: (mark: string) => Promise<MessageId>): Promise<MessageId> {
    this.#sending.add(id);
    try {
      const event = await send(echoMark(this.#secret.open(), room, mxid, { id, at: Date.now() }));
      this.#posted.set(event, true);
      this.#count(id, event);
      return event;
    } finally {
      this.#sending.delete(id);
    }
  }

  /** Whether an event is one that was posted as its sender. */
  isEcho({ event, room, sender, at, content }: EventHead): boolean {
    if (this.#posted.get(event) !== undefined) return true;
    const mark = readMark(this.#secret.open(), room, sender, content);
    if (mark === undefined) return false;
    const known = this.#events.get(mark.id);
    if (known?.includes(event)) return true;
    if (!this.#sending.has(mark.id) && (known !== undefined || at > mark.at + LATEST_MS)) return false;
    this.#count(mark.id, event);
    return true;
  }

  #count(id: string, event: string): void {
    const known = this.#events.get(id) ?? [];
    if (!known.includes(event)) this.#events.set(id, [...known, event].slice(-EVENTS));
  }
}
