/** The presence of ghosts. */
import type { Logger } from "pino";
import type { Meter } from "../bridge/metrics.ts";
import type { GhostRef, HomeName, Presence } from "../bridge/model.ts";
import { toMatrixPresence } from "./convert/presence.ts";
import type { Ghosts } from "./ghosts.ts";
import { toBridgeError } from "./http/errors.ts";

export interface GhostPresenceOptions {
  readonly home: HomeName;
  readonly ghosts: Ghosts;
  readonly meter: Meter;
  readonly log: Logger;
}

export class GhostPresence {
  readonly #o: GhostPresenceOptions;

  constructor(options: GhostPresenceOptions) {
    this.#o = options;
  }

  /** @throws BridgeError `home-down`, `home-busy`; a refusal is logged. */
  async show(ghost: GhostRef, presence: Presence): Promise<void> {
    const { home, ghosts, meter, log } = this.#o;
    try {
      const as = await ghosts.prepare(ghost);
      const path = `/_matrix/client/v3/presence/${encodeURIComponent(as)}/status`;
      await ghosts.call(ghost, { name: "presence", method: "PUT", path, as, body: toMatrixPresence(presence) });
      meter.count("msnb_presence_writes_total", { to: home });
    } catch (error) {
      const told = toBridgeError(error);
      if (told.code === "home-down" || told.code === "home-busy") throw told;
      log.debug({ err: error }, "presence was not shown");
    }
  }
}
