/**
 * Ghosts as users of the homeserver: registered, with the device that makes sends repeatable, and named.
 *
 * Why a device: Synapse keeps what a transaction id has led to in memory for 30-60 minutes, and in its database for 24 hours
 * only for senders that have a device (`event_txn_id_device_id`; handlers/message.py: `if requester.device_id`). An
 * application service's ghost has none unless it says `device_id=` on the request, and that device must exist. Tried with
 * Synapse 1.163.2: send, SIGKILL, start, send again with the same transaction id gives a second event without `device_id`
 * and the same event with it (test/e2e/matrix-home.test.ts).
 */
import type { Logger } from "pino";
import type { GhostRef, HomeName } from "../bridge/model.ts";
import type { ProfileStore } from "../bridge/ports/store.ts";
import { RecentMap } from "../bridge/recent.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { ghostName } from "./convert/text.ts";
import type { Call, HomeserverClient } from "./http/client.ts";
import { isRefusal, MatrixRefusal } from "./http/errors.ts";
import type { Library } from "./listener/library.ts";

/** The one device of each of the bridge's users. */
export const DEVICE = "MSNBRIDGE";

export interface GhostsOptions {
  readonly home: HomeName;
  readonly names: GhostNames;
  readonly bot: string;
  readonly client: HomeserverClient;
  readonly library: () => Library;
  readonly profiles: ProfileStore;
  readonly log: Logger;
  readonly cacheSize: number;
}

interface Known {
  readonly ready: boolean;
  readonly name: string | undefined;
}

export class Ghosts {
  readonly #options: GhostsOptions;
  readonly #known: RecentMap<string, Known>;
  /** When a name was set, Unix ms. */
  readonly #renamed: RecentMap<string, number>;
  readonly #preparing = new Map<string, Promise<void>>();
  #deviceless = false;

  constructor(options: GhostsOptions) {
    this.#options = options;
    this.#known = new RecentMap(options.cacheSize);
    this.#renamed = new RecentMap(options.cacheSize);
  }

  /** The device to send from; `undefined` when the homeserver has no devices for application services. */
  get device(): string | undefined {
    return this.#deviceless ? undefined : DEVICE;
  }

  /** How the ghost is spelled. @throws BridgeError `bad-address`. */
  mxid(ghost: GhostRef): string {
    return this.#options.names.mxid(ghost);
  }

  /** Makes sure that a ghost is a user. One lookup in the store for a ghost not seen since the start, none afterwards. */
  async prepare(ghost: GhostRef): Promise<string> {
    const mxid = this.#options.names.mxid(ghost);
    if (!(await this.#lookup(ghost, mxid)).ready) await this.#once(mxid, () => this.#make(ghost, mxid));
    return mxid;
  }

  /** Registers again, because the homeserver does not know the ghost or its device (any more). */
  async prepareAnew(ghost: GhostRef): Promise<void> {
    const mxid = this.#options.names.mxid(ghost);
    await this.#once(mxid, async () => {
      await this.#make(ghost, mxid);
      const { name } = await this.#lookup(ghost, mxid);
      if (name !== undefined) await this.#setName(mxid, name);
    });
  }

  /** Sets the ghost's name unless it is the one that was set last. */
  async name(ghost: GhostRef, displayName: string): Promise<void> {
    const name = ghostName(displayName, ghost.contact);
    const mxid = await this.prepare(ghost);
    if ((await this.#lookup(ghost, mxid)).name === name) return;
    await this.#setName(mxid, name);
    await this.#options.profiles.updateGhost(this.#options.home, ghost, { name });
    this.#known.set(mxid, { ready: true, name });
  }

  /** The name that was set last; `undefined`: none. */
  async nameOf(ghost: GhostRef): Promise<string | undefined> {
    return (await this.#lookup(ghost, this.#options.names.mxid(ghost))).name;
  }

  /** When the ghost was given a name last, as far as this run knows; Unix ms. */
  renamedAt(ghost: GhostRef): number {
    return this.#renamed.get(this.#options.names.mxid(ghost)) ?? 0;
  }

  async #setName(mxid: string, name: string): Promise<void> {
    this.#renamed.set(mxid, Date.now());
    await this.#options.library().as("set-name", mxid, (intent) => intent.setDisplayName(name));
  }

  /**
   * Registers a user and makes its device; for ghosts and the bot. Not by the library, which remembers for ever whom it has
   * registered and does nothing when a homeserver has forgotten them. @throws MatrixRefusal, HomeserverSilent.
   */
  async register(mxid: string): Promise<void> {
    const { client, bot } = this.#options;
    const username = mxid.slice(1, mxid.indexOf(":"));
    const body = { type: "m.login.application_service", username, inhibit_login: true };
    try {
      await client.call({ name: "register", method: "POST", path: "/_matrix/client/v3/register", as: bot, body });
    } catch (error) {
      if (!isRefusal(error, "M_USER_IN_USE")) throw error;
    }
    if (this.#deviceless) return;
    const call: Call = {
      name: "device",
      method: "PUT",
      path: `/_matrix/client/v3/devices/${DEVICE}`,
      as: mxid,
      body: { display_name: "msnbridge" },
    };
    try {
      await client.call(call);
    } catch (error) {
      if (!(error instanceof MatrixRefusal) || (error.status !== 404 && error.errcode !== "M_UNRECOGNIZED"))
        throw error;
      this.#deviceless = true;
      this.#options.log.warn(
        "the homeserver has no devices for application services (MSC4190, Synapse 1.141): after a restart of the homeserver a repeated message may appear twice",
      );
    }
  }

  /**
   * Runs a call of a ghost; when the homeserver does not know the ghost or its device, both are made and it runs once more.
   */
  async call(ghost: GhostRef, call: Call): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.#options.client.call(call);
    } catch (error) {
      if (!isUnknownUser(error)) throw error;
      await this.prepareAnew(ghost);
      const { device: _, ...rest } = call;
      return await this.#options.client.call(this.device === undefined ? rest : call);
    }
  }

  async #make(ghost: GhostRef, mxid: string): Promise<void> {
    await this.register(mxid);
    await this.#options.profiles.updateGhost(this.#options.home, ghost, { ready: "1" });
    const { name } = await this.#lookup(ghost, mxid);
    this.#known.set(mxid, { ready: true, name });
  }

  async #lookup(ghost: GhostRef, mxid: string): Promise<Known> {
    const cached = this.#known.get(mxid);
    if (cached) return cached;
    const stored = await this.#options.profiles.ghost(this.#options.home, ghost);
    const known = { ready: stored.ready === "1", name: stored.name };
    this.#known.set(mxid, known);
    return known;
  }

  async #once(mxid: string, work: () => Promise<void>): Promise<void> {
    const running = this.#preparing.get(mxid);
    if (running) return running;
    const started = work().finally(() => this.#preparing.delete(mxid));
    this.#preparing.set(mxid, started);
    return started;
  }
}

/** The homeserver does not know the device that a request is said to come from. */
export function isUnknownDevice(error: unknown): boolean {
  return isRefusal(error, "M_UNKNOWN_DEVICE", "ORG.MATRIX.MSC4326.M_UNKNOWN_DEVICE");
}

/** Synapse says 403 `M_FORBIDDEN` for an unregistered ghost and 400 `M_UNKNOWN_DEVICE` for a missing device. */
function isUnknownUser(error: unknown): boolean {
  if (isUnknownDevice(error)) return true;
  return isRefusal(error, "M_FORBIDDEN", "M_EXCLUSIVE") && /register/i.test(error.message);
}
