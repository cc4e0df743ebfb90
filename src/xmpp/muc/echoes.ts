import { BridgeError } from "../../bridge/errors.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { RoomMessage } from "./room-words.ts";

/** Messages of ours that have come back and are remembered. */
const REMEMBERED = 2000;

interface Speaking {
  /** The server has it; what is missing is the room's word. */
  isTaken: boolean;
  readonly done: PromiseWithResolvers<RoomMessage>;
  readonly timer: NodeJS.Timeout;
}

/** What we say in one room, each until the room has given it back: only then it is known to have been said. */
export class Echoes {
  readonly #echoMs: number;
  readonly #room: string;
  readonly #speaking = new Map<string, Speaking>();
  readonly #said = new RecentMap<string, RoomMessage>(REMEMBERED);

  constructor(o: { echoMs: number; room: string }) {
    this.#echoMs = o.echoMs;
    this.#room = o.room;
  }

  /** What was said under this id, or is being said; `undefined`: nothing. */
  of(id: string): Promise<RoomMessage> | undefined {
    const said = this.#said.get(id);
    return said === undefined ? this.#speaking.get(id)?.done.promise : Promise.resolve(said);
  }

  /** Has it sent, and resolves when it has come back. @throws BridgeError `home-down` when it does not. */
  speak(id: string, send: () => Promise<void>): Promise<RoomMessage> {
    const done = Promise.withResolvers<RoomMessage>();
    done.promise.catch(() => {});
    const timer = setTimeout(() => this.fail(id, this.#down("it did not come back")), this.#echoMs);
    const speaking: Speaking = { done, timer, isTaken: false };
    this.#speaking.set(id, speaking);
    send().then(
      () => {
        speaking.isTaken = true;
      },
      (error: unknown) => this.fail(id, error),
    );
    return done.promise;
  }

  isSpeaking(id: string): boolean {
    return this.#speaking.has(id);
  }

  /** One of ours has come back, live or in the history; also one that an earlier run of the program has said. */
  cameBack(id: string, message: RoomMessage): void {
    this.#said.set(id, message);
    const speaking = this.#speaking.get(id);
    if (speaking === undefined) return;
    this.#speaking.delete(id);
    clearTimeout(speaking.timer);
    speaking.done.resolve(message);
  }

  /** The server had these and the room has not: they went down with a session, and must be said again. */
  lost(): void {
    for (const [id, { isTaken }] of this.#speaking)
      if (isTaken) this.fail(id, this.#down("it was lost on its way to the room"));
  }

  fail(id: string, error: unknown): void {
    const speaking = this.#speaking.get(id);
    if (speaking === undefined) return;
    this.#speaking.delete(id);
    clearTimeout(speaking.timer);
    speaking.done.reject(error);
  }

  failAll(why: string): void {
    for (const id of [...this.#speaking.keys()]) this.fail(id, this.#down(why));
  }

  /** Whether the id is one that was said before: what comes under it is nothing new. */
  wasSaid(id: string): boolean {
    return this.#said.get(id) !== undefined;
  }

  #down(why: string): BridgeError {
    return new BridgeError("home-down", { detail: `${why}: ${this.#room}` });
  }
}
