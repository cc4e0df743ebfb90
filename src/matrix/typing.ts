/** Ghosts that type. What the homeserver shows already, or shows no longer, is not asked of it again. */

import { RecentMap } from "../bridge/recent.ts";
import type { HomeserverClient } from "./http/client.ts";

/** Ghosts in rooms that are remembered as typing. */
const REMEMBERED = 5000;

export class GhostTyping {
  readonly #client: HomeserverClient;
  /** When the homeserver lets it fade by itself, ms. */
  readonly #until = new RecentMap<string, number>(REMEMBERED);

  constructor(client: HomeserverClient) {
    this.#client = client;
  }

  /** @throws MatrixRefusal, HomeserverSilent. */
  async show(room: string, mxid: string, typing: boolean, forMs: number): Promise<void> {
    const key = `${room} ${mxid}`;
    const until = this.#until.get(key) ?? 0;
    // Each message is preceded by "stopped": only one that was shown costs a request.
    if (!typing && until < Date.now()) return;
    const timeout = Math.min(120_000, Math.max(1000, Math.trunc(forMs)));
    if (typing) this.#until.set(key, Date.now() + timeout);
    else this.#until.delete(key);
    await this.#client.call({
      name: "typing",
      method: "PUT",
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(mxid)}`,
      as: mxid,
      body: typing ? { typing, timeout } : { typing },
    });
  }
}
