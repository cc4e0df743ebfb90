/**
 * Ghosts under an owner's own name for them, in that owner's room alone. When a user's usual name changes, a homeserver
 * writes the new one into all their rooms; Synapse does so in the background, some time after it has answered. A name that
 * is set at such a moment is looked after until that is over.
 */
import type { Logger } from "pino";
import type { GhostRef } from "../../bridge/model.ts";
import { ghostName } from "../convert/text.ts";
import type { Ghosts } from "../ghosts.ts";
import type { Sender } from "../sender.ts";

/** When it is looked again, ms after a name was shown. */
const LOOKS_MS = [1500, 10_000, 60_000];
/** A change of the usual name is over by then, ms. */
const SETTLED_MS = 60_000;
/** Names that are looked after at one time. */
const MOST = 5000;

export class RoomNames {
  readonly #sender: Sender;
  readonly #ghosts: Ghosts;
  readonly #log: Logger;
  readonly #looks = new Map<string, NodeJS.Timeout>();

  constructor(o: { sender: Sender; ghosts: Ghosts; log: Logger }) {
    this.#sender = o.sender;
    this.#ghosts = o.ghosts;
    this.#log = o.log;
  }

  /** Empty: the ghost's usual name. @throws MatrixRefusal, HomeserverSilent. */
  async show(room: string, ghost: GhostRef, nickname: string): Promise<void> {
    const mxid = await this.#ghosts.prepare(ghost);
    const key = `${room} ${mxid}`;
    clearTimeout(this.#looks.get(key));
    this.#looks.delete(key);
    if (nickname === "") return this.#sender.nameInRoom(room, mxid, await this.#ghosts.nameOf(ghost));
    const name = ghostName(nickname, ghost.contact);
    await this.#sender.nameInRoom(room, mxid, name);
    if (Date.now() - this.#ghosts.renamedAt(ghost) < SETTLED_MS) this.#lookAfter(key, room, mxid, name, 0);
  }

  stop(): void {
    for (const timer of this.#looks.values()) clearTimeout(timer);
    this.#looks.clear();
  }

  #lookAfter(key: string, room: string, mxid: string, name: string, step: number): void {
    const wait = LOOKS_MS[step];
    if (wait === undefined || this.#looks.size >= MOST) {
      this.#looks.delete(key);
      return;
    }
    const timer = setTimeout(() => {
      this.#sender
        .nameInRoom(room, mxid, name)
        .catch((error: unknown) => this.#log.debug({ err: error, room }, "an own name was not looked after"))
        .finally(() => {
          if (this.#looks.get(key) === timer) this.#lookAfter(key, room, mxid, name, step + 1);
        });
    }, wait);
    timer.unref();
    this.#looks.set(key, timer);
  }
}
