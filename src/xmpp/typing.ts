import { RecentMap } from "../bridge/recent.ts";
import type { BareJid } from "./jid.ts";
import type { ChatState } from "./stanza/message.ts";

/** Chats that are remembered as being typed in. */
const REMEMBERED = 5000;

/** Ghosts that type. XMPP shows typing until it hears otherwise, so its end is told when the network falls silent. */
export class GhostTyping {
  readonly #tell: (from: BareJid, to: BareJid, state: ChatState) => void;
  readonly #running = new RecentMap<string, NodeJS.Timeout>(REMEMBERED);

  constructor(tell: (from: BareJid, to: BareJid, state: ChatState) => void) {
    this.#tell = tell;
  }

  show(us: BareJid, resident: BareJid, typing: boolean, forMs: number): void {
    const chat = `${us} ${resident}`;
    const running = this.#running.get(chat);
    clearTimeout(running);
    if (typing) {
      if (running === undefined) this.#tell(us, resident, "composing");
      const timer = setTimeout(() => this.show(us, resident, false, 0), forMs);
      timer.unref();
      this.#running.set(chat, timer);
      return;
    }
    this.#running.delete(chat);
    if (running !== undefined) this.#tell(us, resident, "paused");
  }

  /** A message has come: it says itself that its writer has stopped. */
  said(us: BareJid, resident: BareJid): void {
    const chat = `${us} ${resident}`;
    clearTimeout(this.#running.get(chat));
    this.#running.delete(chat);
  }
}
