/** Passwords of conferences: given with a room's address or with an invitation, and kept sealed while the room is tied. */
import { type HomeName, type ResidentId, residentId } from "../../../bridge/model.ts";
import type { SecretStore } from "../../../bridge/ports/store.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import type { Secret } from "../../../bridge/secret.ts";
import type { BareJid } from "../../jid.ts";

const NAME = "room-password";
/** Passwords of rooms that nobody has tied yet. */
const GIVEN = 1000;

export class RoomKeys {
  readonly #home: HomeName;
  readonly #store: SecretStore;
  readonly #given = new RecentMap<string, Secret>(GIVEN);

  constructor(home: HomeName, store: SecretStore) {
    this.#home = home;
    this.#store = store;
  }

  /** Somebody knows it; in memory alone until they have tied the room. */
  give(room: BareJid, resident: ResidentId, password: Secret): void {
    this.#given.set(`${room} ${resident}`, password);
  }

  given(room: BareJid, resident: ResidentId): Secret | undefined {
    return this.#given.get(`${room} ${resident}`);
  }

  /** @throws BridgeError `store-down`; `internal` when the sealing key does not fit. */
  async kept(room: BareJid): Promise<Secret | undefined> {
    return await this.#store.secret(this.#of(room), NAME);
  }

  /** `undefined`: it has none any more. @throws BridgeError `store-down`. */
  async keep(room: BareJid, password: Secret | undefined): Promise<void> {
    if (password === undefined) await this.#store.dropSecret(this.#of(room), NAME);
    else await this.#store.keepSecret(this.#of(room), NAME, password);
  }

  /** Secrets are a resident's; a room's are its own. */
  #of(room: BareJid): ResidentId {
    return residentId(this.#home, room);
  }
}
